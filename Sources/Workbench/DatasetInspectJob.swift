// What a folder or archive of pictures holds, and a sheet of its pictures.

import Datasets
import Formats

/// Looks at the pictures of a folder or archive without decoding them all.
public struct DatasetInspectJob: Sendable {
  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// What is in the folder or archive.
    public let report: DatasetReport
    /// The sheet, if it was asked for.
    public let sheet: String?

    /// The outcome as lines for people.
    public var lines: [String] { report.lines + (sheet.map { [$0] } ?? []) }
  }

  /// A folder or ZIP archive.
  public var path: String

  /// A job for a folder or archive.
  public init(_ path: String) { self.path = path }

  /// Looks at the pictures.
  ///
  /// - Parameter outdir: The folder for `NAME-sheet.png`; nil for no sheet.
  /// - Returns: What is there.
  /// - Throws: `FileError` if it is neither a folder nor an archive, or has no pictures; or if the
  ///   sheet cannot be written.
  public func run(outdir: String?) throws -> Outcome {
    if let outdir { try OutputFolder.check(outdir) }
    let (files, survey) = try surveyed(path)
    let report = DatasetReport(files, survey)
    guard let outdir else { return Outcome(report: report, sheet: nil) }
    let file = OutputFolder.file("\(files.name)-sheet.png", in: outdir)
    guard !OutputFolder.isSame(file, orInside: path) else {
      throw RequestError("--outdir", expected: "a folder outside \(path)", found: outdir)
    }
    _ = try OutputFolder(making: outdir)
    let side = survey.headers.compactMap(\.self).map { max($0.width, $0.height) }.max() ?? 1
    try ContactSheet(of: files.pictures.count, side: side) { index in
      try Task.checkCancellation()
      return try? files.image(at: index)
    }.write(to: file, mayReplace: true)
    return Outcome(report: report, sheet: file)
  }
}

/// The pictures of a folder or archive that has some, and their sizes.
func surveyed(_ path: String) throws(FileError) -> (PictureFiles, PictureSurvey) {
  let files = try PictureFiles(path: path)
  guard !files.pictures.isEmpty else { throw files.emptiness }
  return (files, PictureSurvey(files))
}

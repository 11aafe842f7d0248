// Whether every picture of a data set can be decoded and fits the others.

import Crypto
import Datasets
import Formats
import Foundation

/// Decodes every picture of a folder or archive, and finds equal ones.
public struct DatasetVerifyJob: Sendable {
  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// What is in the folder or archive; its problems are all that was found.
    public let report: DatasetReport
    /// Pictures with the same pixels, together.
    public let duplicates: [[String]]

    /// Why the command ends with 2; nil if everything holds.
    public var failure: String? {
      let absent = report.labels?.absent.count ?? 0
      guard !report.problems.isEmpty || absent > 0 else { return nil }
      // What is bad may be a picture, a link to a folder, or the file of the labels.
      let bad = report.problems.isEmpty ? [] : [counted(report.problems.count, "bad file")]
      let lonely = absent == 0 ? [] : ["\(counted(absent, "label")) without a picture"]
      return "\(report.file): \((bad + lonely).joined(separator: ", ")); "
        + "\(counted(report.pictures, "picture")) in all"
    }

    /// The outcome as lines for people.
    public var lines: [String] {
      let shown = duplicates.prefix(16).map { "  the same picture: \(shortened($0))" }
      let more = duplicates.count - shown.count
      return report.lines + shown + (more > 0 ? ["  and \(more) more such groups"] : [])
        + (failure == nil ? ["  every picture holds"] : [])
    }
  }

  /// A folder or ZIP archive.
  public var path: String
  /// How many pictures are decoded at a time.
  public var threads = ProcessInfo.processInfo.activeProcessorCount

  /// A job for a folder or archive.
  public init(_ path: String) { self.path = path }

  private typealias Finding = Result<(size: PictureSize, hash: SHA256Digest), DatasetError>

  /// Decodes all pictures.
  ///
  /// - Parameter progress: Is told after every picture.
  /// - Returns: Every picture that cannot be decoded or does not fit, and which are the same.
  /// - Throws: `FileError` if it is neither a folder nor an archive, or has no pictures;
  ///   `CancellationError` between pictures.
  public func run(progress: ProgressHandler) throws -> Outcome {
    let (files, survey) = try surveyed(path)
    var items = files.pictures.indices.makeIterator()
    let findings = OrderedPrefetch(
      threads: threads, ahead: max(1, 4 * threads), items: { items.next() }
    ) {
      index in
      Finding { () throws(DatasetError) in
        let image = try files.image(at: index)
        let size = PictureSize(width: image.width, height: image.height, channels: image.channels)
        return (size, image.hash)
      }
    }
    var problems = Dictionary(
      survey.problems.map { ($0.index, $0.error) }, uniquingKeysWith: { first, _ in first })
    var places: [SHA256Digest: [Int]] = [:]
    var index = 0
    while let finding = findings.next() {
      try Task.checkCancellation()
      switch finding {
      case .success(let picture): places[picture.hash, default: []].append(index)
      // What cannot even be looked at is bad for the reason that the survey knows.
      case .failure(let error) where survey.headers[index] != nil || problems[index] == nil:
        problems[index] = error.error
      case .failure: break
      }
      index += 1
      progress(JobProgress(done: index, total: files.pictures.count, unit: "pictures"))
    }
    let errors = problems.sorted { $0.key < $1.key }.map(\.value)
    let duplicates = places.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    return Outcome(
      report: DatasetReport(files, survey, problems: errors),
      duplicates: duplicates.map { $0.map { files.pictures[$0] } })
  }
}

extension ByteImage {
  /// A hash of the size and the pixels.
  fileprivate var hash: SHA256Digest {
    var hash = SHA256()
    for number in [width, height, channels] {
      withUnsafeBytes(of: UInt64(number).littleEndian) { hash.update(bufferPointer: $0) }
    }
    pixels.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize()
  }
}

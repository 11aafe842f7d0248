// Data sets in the published form, made of pictures of any size.

import Datasets
import Formats
import Foundation

/// Makes a data set of the pictures in a folder or archive, as the published tool does.
///
/// Pictures are cropped and brought to a size, and stored as PNG without compression under
/// `00000/img00000000.png`, with their labels in `dataset.json`. The same source gives the same
/// bytes. The data set appears under its name when it is whole; nothing is replaced.
public struct DatasetCreateJob: Sendable {
  private let source: String
  private let destination: String
  private let transform: PictureTransform
  /// How many pictures are taken, the first ones; nil for all.
  public var maxImages: Int?
  /// CelebA's list of attributes, which gives the labels; nil for those of the source's
  /// `dataset.json`.
  public var attributes: String?
  /// A picture to write of the new pictures, small and side by side; nil for none.
  public var sheet: String?
  /// How many pictures are worked on at a time.
  public var threads = ProcessInfo.processInfo.activeProcessorCount

  /// A job that makes a data set.
  ///
  /// - Parameters:
  ///   - source: A folder or ZIP archive of pictures.
  ///   - destination: The ZIP archive to create, if it is so called, or else the folder.
  ///   - crop: `center-crop` or `center-crop-wide`, which need a size; nil for neither.
  ///   - size: The size to bring pictures to, such as `256` or `512x384`; nil to keep theirs.
  ///   - filter: How samples are weighed: `lanczos`, `bilinear` or `box`.
  ///   - makesRGB: Whether grey pictures become RGB, and those with alpha lose it.
  /// - Throws: `RequestError` if there is no such transform.
  public init(
    _ source: String, to destination: String, crop: String? = nil, size: String? = nil,
    filter: String = "lanczos", makesRGB: Bool = false
  ) throws(RequestError) {
    (self.source, self.destination) = (source, destination)
    let crops = PictureTransform.Crop.allCases.filter { $0 != .none }.map(\.rawValue)
    guard let chosen = crop.map(PictureTransform.Crop.init(rawValue:)) ?? PictureTransform.Crop.none
    else {
      throw RequestError(
        "--transform", expected: crops.joined(separator: " or "), found: crop ?? "none")
    }
    guard let filter = ResizeFilter(rawValue: filter) else {
      throw RequestError("--resize-filter", expected: "lanczos, bilinear or box", found: filter)
    }
    let size = try size.map { (text) throws(RequestError) in try Self.size(text) }
    guard chosen == .none || size != nil else {
      throw RequestError(
        "--transform", expected: "a resolution with \(chosen.rawValue)", found: "none")
    }
    if let size { try Self.check(size, chosen) }
    transform = PictureTransform(crop: chosen, size: size, filter: filter, makesRGB: makesRGB)
  }

  private static func size(_ text: String) throws(RequestError) -> PictureTransform.Size {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let sides = parts.compactMap { Int($0) }.filter { 1...16384 ~= $0 }
    guard 1...2 ~= parts.count, sides.count == parts.count else {
      throw RequestError(
        "--resolution", expected: "a size such as 256 or 512x384, each side from 1 to 16384",
        found: text)
    }
    return PictureTransform.Size(width: sides[0], height: sides[sides.count - 1])
  }

  /// Checks that pictures of this size can be those of a data set.
  private static func check(
    _ size: PictureTransform.Size, _ crop: PictureTransform.Crop
  ) throws(RequestError) {
    let isSquare = crop == .centerWide ? size.height <= size.width : size.height == size.width
    guard isSquare, size.width.nonzeroBitCount == 1 else {
      throw RequestError(
        "--resolution",
        expected: crop == .centerWide
          ? "a width that is a power of two, and a height of at most the width with \(crop.rawValue)"
          : "a square whose side is a power of two, such as 256",
        found: "\(size.width)x\(size.height)")
    }
  }

  private struct Prepared {
    let files: PictureFiles
    /// The numbers in the source of the pictures that are kept.
    let kept: [Int]
    let labels: DatasetLabels
    let summary: DatasetSummary

    /// The picture's place in the data set; what is left out leaves a gap, as published.
    func name(_ place: Int) -> String { DatasetDestination.name(ofPicture: kept[place]) }
  }

  /// What would be written.
  ///
  /// - Returns: The data set.
  /// - Throws: What `run` throws before it writes.
  public func plan() throws -> DatasetSummary { try prepared().summary }

  private func prepared() throws -> Prepared {
    if let maxImages, maxImages < 1 {
      throw RequestError("--max-images", expected: "1 or more", found: "\(maxImages)")
    }
    try DatasetDestination.check(destination, sheet: sheet, source: source)
    let list = try attributes.map { try AttributeListFile(ByteRegion(mapping: $0)) }
    let files = try PictureFiles(path: source, order: .byParts)
    if let objection = files.objections.first { throw objection }
    let survey = PictureSurvey(files, maxImages: maxImages) { [transform] header in
      transform.size(of: PictureSize(header))
    }
    if let failure = survey.failure { throw failure }
    let isKept = survey.headers.map { header in
      header.map { transform.size(of: PictureSize($0)) != nil } == true
    }
    let kept = isKept.indices.filter { isKept[$0] }
    guard let shape = survey.shape else {
      throw FileError(
        .damaged, file: source, expected: "pictures, of which some are large enough",
        found: counted(survey.headers.count, "picture") + " and "
          + counted(files.otherFiles.count, "other file"))
    }
    guard survey.headers.count <= 100_000_000 else {
      throw RequestError("--source", expected: "at most 100,000,000 pictures", found: "more")
    }
    let labels =
      try list.map { try DatasetLabels($0, of: files, kept) }
      ?? DatasetLabels(files.labelFile(), of: files, kept)
    let leftOut = isKept.indices.filter { !isKept[$0] }.map { files.pictures[$0] }
    return Prepared(
      files: files, kept: kept, labels: labels,
      summary: DatasetSummary(
        destination, pictures: kept.count, shape, labels.kind, leftOut: leftOut, sheet: sheet))
  }

  private typealias Encoded = Result<[UInt8], any Error>

  /// Makes the data set.
  ///
  /// - Parameter progress: Is told after every picture.
  /// - Returns: What was written.
  /// - Throws: `DatasetError` about the first picture that cannot be used; `RequestError`;
  ///   `FileError`; `CancellationError` between pictures; then nothing is written.
  public func run(progress: @escaping ProgressHandler) throws -> DatasetSummary {
    let prepared = try prepared()
    var items = prepared.kept.makeIterator()
    let pictures = OrderedPrefetch(
      threads: threads, ahead: max(1, 2 * threads), items: { items.next() }
    ) {
      [files = prepared.files, transform] index in
      Encoded { try encoded(index, of: files, transform) }
    }
    var entries = prepared.kept.indices.map { place in
      let name = prepared.name(place)
      return ZIPArchive.NewEntry(name: name) {
        try Task.checkCancellation()
        let content = try pictures.next()?.get() ?? []
        progress(JobProgress(done: place + 1, total: prepared.kept.count, unit: "pictures"))
        return ByteRegion(content, name: name)
      }
    }
    if let labels = prepared.labels.file(paths: prepared.kept.indices.map(prepared.name)) {
      entries.append(textEntry(LabelFile.name) { labels.encoded })
    }
    try DatasetDestination(path: destination).write(entries)
    if let sheet { try writeSheet(of: destination, to: sheet) }
    return prepared.summary
  }
}

/// A picture of the source as the file that it will be.
private func encoded(
  _ index: Int, of files: PictureFiles, _ transform: PictureTransform
) throws -> [UInt8] {
  guard let picture = transform(try files.image(at: index)) else {
    throw FileError(
      .damaged, file: files.place(of: files.pictures[index]),
      expected: "the same picture as before", found: "a smaller one")
  }
  return try PNG(image: picture).encoded(level: 0)
}

/// Writes a sheet of the pictures in a data set.
func writeSheet(of dataset: String, to file: String) throws {
  let set = try ImageDataset(path: dataset)
  try ContactSheet(of: set.count, side: set.shape.resolution) { try set.image(at: $0) }
    .write(to: file, mayReplace: false)
}

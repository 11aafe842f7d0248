// Data sets in the published form, made of pictures of any size.

import Datasets
import Formats
import Foundation

/// Makes a data set of the pictures in a folder, an archive or a published data set, as the published
/// tool does.
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
  /// Where labels come from: `folders`, `none`, or a file: a table, `dataset.json` or CelebA's list;
  /// nil for those of the source.
  public var labels: String?
  /// CelebA's list of attributes, which gives the labels; nil for what `labels` says.
  public var attributes: String?
  /// The parts of a published data set, such as `test` or `train+unlabeled`; nil for `train`.
  public var split: String?
  /// A picture to write of the new pictures, small and side by side; nil for none.
  public var sheet: String?
  /// How many pictures are worked on at a time.
  public var threads = ProcessInfo.processInfo.activeProcessorCount

  /// A job that makes a data set.
  ///
  /// - Parameters:
  ///   - source: A folder or ZIP archive of pictures, an LMDB database, or CIFAR-10, CIFAR-100, STL-10
  ///     or MNIST as they are published.
  ///   - destination: The ZIP archive to create, if it is so called, or else the folder.
  ///   - crop: `stretch`, `center-crop`, `center-crop-wide` or `pad`, which need a size, or
  ///     `celeba-crop`; nil for `stretch` if there is a size.
  ///   - size: The size to bring pictures to, such as `256` or `512x384`; nil to keep theirs.
  ///   - filter: How samples are weighed: the name of a `ResizeFilter`.
  ///   - makesRGB: Whether grey pictures become RGB, and those with alpha lose it.
  /// - Throws: `RequestError` if there is no such transform.
  public init(
    _ source: String, to destination: String, crop: String? = nil, size: String? = nil,
    filter: String = "lanczos", makesRGB: Bool = false
  ) throws(RequestError) {
    (self.source, self.destination) = (source, destination)
    guard let chosen = crop.map(PictureTransform.Crop.init(rawValue:)) ?? PictureTransform.Crop.none
    else {
      throw RequestError(
        "--transform", expected: Self.list(PictureTransform.Crop.allCases), found: crop ?? "none")
    }
    guard let filter = ResizeFilter(rawValue: filter) else {
      throw RequestError(
        "--resize-filter", expected: Self.list(ResizeFilter.allCases), found: filter)
    }
    let size = try size.map { (text) throws(RequestError) in try Self.size(text) }
    guard size != nil || crop == nil || chosen == .celebA else {
      throw RequestError(
        "--transform", expected: "a resolution with \(chosen.rawValue)", found: "none")
    }
    if let size { try Self.check(size, chosen) }
    transform = PictureTransform(crop: chosen, size: size, filter: filter, makesRGB: makesRGB)
  }

  /// Names, with commas and the last `or` between them.
  private static func list<Name: RawRepresentable<String>>(_ names: [Name]) -> String {
    let words = names.map(\.rawValue)
    return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
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
    guard isSquare, ImageShape.allows(size.width) else {
      let side = "a power of two, such as 256, or three times one"
      throw RequestError(
        "--resolution",
        expected: crop == .centerWide
          ? "a width that is \(side), and a height of at most the width with \(crop.rawValue)"
          : "a square whose side is \(side)",
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
    guard labels == nil || attributes == nil else {
      throw RequestError("--labels", expected: "no --attributes beside it", found: "both")
    }
    try DatasetDestination.check(destination, sheet: sheet, source: source)
    // Before the pictures, as it is looked at in a moment.
    let list = try attributes.map { try AttributeListFile(ByteRegion(mapping: $0)) }
    let files = try sourceFiles()
    if let objection = files.objections.first { throw objection }
    let survey = PictureSurvey(files, maxImages: maxImages) { [transform] header in
      transform.size(of: PictureSize(header))
    }
    if let failure = try survey.failure ?? misfit(of: survey, in: files) { throw failure }
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
      try list.map { try DatasetLabels($0, of: files, kept) } ?? sourceLabels(of: files, kept)
    let leftOut = isKept.indices.filter { !isKept[$0] }.map { files.pictures[$0] }
    return Prepared(
      files: files, kept: kept, labels: labels,
      summary: DatasetSummary(
        destination, pictures: kept.count, shape, labels.kind, leftOut: leftOut, sheet: sheet))
  }

  /// The pictures of the source, of the parts that are asked for.
  private func sourceFiles() throws -> PictureFiles {
    let splits = try split.map { text in
      guard let splits = PictureSplits(text) else {
        throw RequestError(
          "--split", expected: "all, or train, test and unlabeled with + between them", found: text)
      }
      return splits
    }
    let files = try PictureFiles(
      path: source, order: .byParts, splits: splits, side: transform.size?.width)
    guard splits == nil || files.hasSplits else {
      throw RequestError(
        "--split", expected: "a source that is published in parts, such as CIFAR-10",
        found: "\(source), a \(files.form)")
    }
    return files
  }

  /// The first picture that the transform is not made for, and how many there are.
  private func misfit(of survey: PictureSurvey, in files: PictureFiles) throws -> DatasetError? {
    let others = survey.headers.indices.filter { index in
      survey.headers[index].map { transform.objection(to: PictureSize($0)) != nil } == true
    }
    guard let first = others.first, let header = survey.headers[first],
      let expected = transform.objection(to: PictureSize(header))
    else { return nil }
    return DatasetError(
      FileError(
        .doesNotFit, file: files.place(of: files.pictures[first]), expected: expected,
        found: "\(PictureSize(header))"), index: first, others: others.count - 1)
  }

  private func sourceLabels(of files: PictureFiles, _ kept: [Int]) throws -> DatasetLabels {
    switch labels {
    case nil: try DatasetLabels(files.labelFile(), of: files, kept)
    case "none": .none
    case "folders": try DatasetLabels(foldersOf: files, kept)
    case let file?: try DatasetLabels(file: file, of: files, kept)
    }
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
    let entries = prepared.kept.indices.lazy.map { place in
      let name = prepared.name(place)
      return ZIPArchive.NewEntry(name: name) {
        try Task.checkCancellation()
        let content = try pictures.next()?.get() ?? []
        progress(JobProgress(done: place + 1, total: prepared.kept.count, unit: "pictures"))
        return ByteRegion(content, name: name)
      }
    }
    var texts: [ZIPArchive.NewEntry] = []
    if prepared.labels != .none {
      texts.append(
        textEntry(LabelFile.name) {
          prepared.labels.file(paths: prepared.kept.indices.map(prepared.name))?.encoded ?? []
        })
    }
    try DatasetDestination(path: destination).write(entries, and: texts)
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

// A data set of portraits, with everything that is known of them.

public import Datasets
import Formats
import Foundation

/// Draws portraits and writes them as a data set in the published form.
///
/// Beside the pictures stand `dataset.json` with the labels, if any are chosen, `attributes.csv` with all
/// attributes in the manner of CelebA's list (1 or -1), and `factors.csv` with the seeds and the
/// continuous factors.
public struct PortraitsJob: Sendable {
  /// The portraits.
  public let dataset: PortraitsDataset
  /// The ZIP archive to create, if it is so called, or else the folder.
  public var destination: String
  /// A picture to write of the portraits, small and side by side; nil for none.
  public var sheet: String?
  /// How many pictures are drawn at a time.
  public var threads = ProcessInfo.processInfo.activeProcessorCount

  /// A job that draws portraits.
  ///
  /// - Parameters:
  ///   - count: The number of pictures.
  ///   - resolution: Rows and columns.
  ///   - seed: The seed of the first picture.
  ///   - picturesPerIdentity: How many pictures in a row show the same person.
  ///   - attributes: The attributes that are the labels, under their CelebA names.
  ///   - destination: The ZIP archive or folder to create.
  /// - Throws: `RequestError` if there are no such portraits or attributes.
  public init(
    count: Int, resolution: Int, seed: UInt64, picturesPerIdentity: Int, attributes: [String],
    to destination: String
  ) throws(RequestError) {
    guard 1...100_000_000 ~= count else {
      throw RequestError("--count", expected: "1 to 100,000,000", found: "\(count)")
    }
    guard 8...1024 ~= resolution, resolution & (resolution - 1) == 0 else {
      throw RequestError(
        "--resolution", expected: "a power of two from 8 to 1024", found: "\(resolution)")
    }
    guard picturesPerIdentity > 0 else {
      throw RequestError("--per-identity", expected: "1 or more", found: "\(picturesPerIdentity)")
    }
    var chosen: [PortraitAttribute] = []
    for name in attributes {
      guard let attribute = PortraitAttribute(rawValue: name) else {
        let names = PortraitAttribute.allCases.map(\.rawValue)
        let hint = suggestion(for: name, among: names).map { "\(name); did you mean \($0)?" }
        throw RequestError(
          "--attribute", expected: "one of \(names.joined(separator: ", "))", found: hint ?? name)
      }
      guard !chosen.contains(attribute) else {
        throw RequestError("--attribute", expected: "each once", found: "\(name) twice")
      }
      chosen.append(attribute)
    }
    dataset = PortraitsDataset(
      count: count, resolution: resolution, seed: seed, picturesPerIdentity: picturesPerIdentity,
      attributes: chosen)
    self.destination = destination
  }

  /// What would be written.
  ///
  /// - Returns: The data set.
  /// - Throws: `FileError` of kind `cannotCreate`; `RequestError` for names that cannot be meant.
  public func plan() throws -> DatasetSummary {
    try DatasetDestination.check(destination, sheet: sheet)
    return DatasetSummary(
      destination, pictures: dataset.count, dataset.shape, dataset.labelKind, sheet: sheet)
  }

  private typealias Encoded = Result<[UInt8], any Error>

  /// Draws and writes the data set.
  ///
  /// - Parameter progress: Is told after every picture.
  /// - Returns: What was written.
  /// - Throws: `FileError`; `CancellationError` between pictures; then nothing is written.
  public func run(progress: @escaping ProgressHandler) throws -> DatasetSummary {
    let summary = try plan()
    let (dataset, names) = (dataset, (0..<dataset.count).map(DatasetDestination.name))
    var items = (0..<dataset.count).makeIterator()
    let pictures = OrderedPrefetch(
      threads: threads, ahead: max(1, 2 * threads), items: { items.next() }
    ) {
      index in
      Encoded { try PNG(image: dataset.image(at: index)).encoded(level: 0) }
    }
    let entries = names.enumerated().map { place, name in
      ZIPArchive.NewEntry(name: name) {
        try Task.checkCancellation()
        let content = try pictures.next()?.get() ?? []
        progress(JobProgress(done: place + 1, total: dataset.count, unit: "pictures"))
        return ByteRegion(content, name: name)
      }
    }
    var texts: [ZIPArchive.NewEntry] = []
    if !dataset.attributes.isEmpty {
      texts.append(
        textEntry(LabelFile.name) { dataset.labels.file(paths: names)?.encoded ?? [] })
    }
    texts.append(textEntry("attributes.csv") { attributeTable(dataset, names) })
    texts.append(textEntry("factors.csv") { factorTable(dataset, names) })
    try DatasetDestination(path: destination).write(entries, and: texts)
    if let sheet { try writeSheet(of: destination, to: sheet) }
    return summary
  }
}

/// All attributes, 1 or -1 as in CelebA's list.
private func attributeTable(_ dataset: PortraitsDataset, _ names: [String]) -> [UInt8] {
  table(["image_id"] + PortraitAttribute.allCases.map(\.rawValue), names) { index in
    let portrait = dataset.portrait(at: index)
    return PortraitAttribute.allCases.map { portrait[$0] ? "1" : "-1" }
  }
}

/// The seeds and all continuous factors.
private func factorTable(_ dataset: PortraitsDataset, _ names: [String]) -> [UInt8] {
  let titles = ["image_id", "identity_seed", "nuisance_seed"]
  return table(titles + PortraitFactor.allCases.map(\.rawValue), names) { index in
    let portrait = dataset.portrait(at: index)
    return ["\(portrait.identitySeed)", "\(portrait.nuisanceSeed)"]
      + PortraitFactor.allCases.map { "\(portrait[$0])" }
  }
}

/// Comma-separated values: a line of titles, and one for each picture.
private func table(
  _ titles: [String], _ names: [String], row: (Int) -> [String]
) -> [UInt8] {
  var text = Array((titles.joined(separator: ",") + "\n").utf8)
  for (index, name) in names.enumerated() {
    text += (([name] + row(index)).joined(separator: ",") + "\n").utf8
  }
  return text
}

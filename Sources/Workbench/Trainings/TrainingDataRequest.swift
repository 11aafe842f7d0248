// Which pictures a training is asked to learn from, and opening them.

import Datasets
import Formats
import Foundation
import Networks
import Tensors
import Training

/// Which pictures a training should learn from; nil for what was not said.
public struct TrainingDataRequest: Sendable {
  /// `portraits`, a folder or an archive.
  public var source: String?
  /// Rows and columns of portraits, in pixels; other data has its own.
  public var resolution: Int?
  /// Whether all pictures are seen mirrored, too.
  public var mirror: Bool?
  /// How many pictures are chosen at random.
  public var subset: Int?
  /// How many portraits in a row show the same person.
  public var picturesPerIdentity: Int?

  /// Nothing was said.
  public init() {}

  /// Portraits in an epoch; more than any training sees twice.
  static let portraitCount = 1 << 20

  /// Checks every value by itself.
  func check() throws(RequestError) {
    if let resolution, !(8...1024).contains(resolution) || resolution.nonzeroBitCount != 1 {
      throw RequestError("--res", expected: "a power of two from 8 to 1024", found: "\(resolution)")
    }
    try checkRanges(counts: [
      ("--subset", subset, 1...Int(UInt32.max)),
      ("--pictures-per-identity", picturesPerIdentity, 2...1 << 16),
    ])
  }

  /// The data of a new training, all of it.
  ///
  /// - Parameter labels: Which labels are wanted.
  /// - Returns: The pictures.
  /// - Throws: `RequestError` or `DatasetError` about the data.
  func open(_ labels: WantedLabels) throws -> any Dataset {
    guard let source else {
      throw RequestError(
        "--data", expected: "portraits, a folder or an archive", found: "nothing")
    }
    let base = try openDataset(
      source, resolution: resolution, portraits: Self.portraitCount, labels: labels,
      picturesPerIdentity: picturesPerIdentity ?? 1)
    if picturesPerIdentity != nil, !(base is PortraitsDataset) {
      throw RequestError(
        "--pictures-per-identity", expected: "--data=portraits beside it", found: source)
    }
    if let resolution, resolution != base.shape.resolution {
      throw RequestError(
        "--res", expected: "the \(base.shape.resolution) pixels of \(source)",
        found: "\(resolution)")
    }
    return base
  }

  /// The chosen pictures, mirrored ones among them.
  ///
  /// - Parameters:
  ///   - base: All pictures.
  ///   - seed: What chooses.
  ///   - mirror: Whether mirrored ones follow.
  /// - Returns: The pictures.
  /// - Throws: `RequestError` if there are not so many.
  func view(
    of base: any Dataset, seed: UInt32, mirror: Bool
  ) throws(RequestError) -> any Dataset {
    guard let subset else { return DatasetView(base, mirror: mirror) }
    guard (1...base.count).contains(subset) else {
      throw RequestError("--subset", expected: "1 to \(base.count) pictures", found: "\(subset)")
    }
    let indices = RandomState.subset(subset, of: base.count, seed: seed)
    return DatasetView(base, indices: indices, mirror: mirror)
  }

  /// What options keep of the data.
  ///
  /// - Parameters:
  ///   - base: All pictures.
  ///   - count: How many the training has.
  ///   - labelDim: The length of a label; 0 for training without labels.
  /// - Returns: The description.
  func described(_ base: any Dataset, count: Int, labelDim: Int) -> TrainingData {
    TrainingData(
      source: source ?? "", path: base is PortraitsDataset ? nil : source.map(Self.wholePath),
      name: base is PortraitsDataset ? "portraits\(base.shape.resolution)" : base.name,
      count: count, resolution: base.shape.resolution, channels: base.shape.channels,
      labelDim: labelDim, mirror: mirror ?? false, subset: subset,
      picturesPerIdentity: picturesPerIdentity)
  }

  /// The path from the root; links in it are left as they are.
  private static func wholePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }

  /// The data of a training that goes on.
  ///
  /// - Parameters:
  ///   - data: What the training had.
  ///   - seed: What chose.
  ///   - labels: Which labels are wanted.
  ///   - mirror: Whether mirrored pictures are among those that are counted.
  /// - Returns: The pictures.
  /// - Throws: `ConfigurationError` if it is not what the training had; an error about the data.
  func reopen(
    _ data: TrainingData, seed: UInt32, _ labels: WantedLabels, mirror: Bool
  ) throws -> any Dataset {
    let base = try opened(data, labels)
    let found = base.shape
    guard found == ImageShape(resolution: data.resolution, channels: data.channels) else {
      throw ConfigurationError(
        "--data: expected the \(data.count) pictures of \(data.resolution) pixels and "
          + "\(data.channels) channels that the training has, found \(base.count) of "
          + "\(found.resolution) and \(found.channels)")
    }
    var asked = self
    asked.subset = data.subset
    let dataset = try asked.view(of: base, seed: seed, mirror: mirror)
    guard dataset.count == data.count else {
      throw ConfigurationError(
        "--data: expected the \(data.count) pictures that the training has, mirrored ones among "
          + "them, found \(dataset.count)")
    }
    return dataset
  }

  private func opened(_ data: TrainingData, _ labels: WantedLabels) throws -> any Dataset {
    do {
      return try openDataset(
        source ?? data.path ?? data.source, resolution: data.resolution,
        portraits: Self.portraitCount, labels: labels,
        picturesPerIdentity: data.picturesPerIdentity ?? 1)
    } catch let error as DatasetError where error.error.kind == .missing && source == nil {
      throw FileError(
        .missing, file: error.file,
        expected: "the data of the training, or --data= with the place where it is now",
        found: error.found)
    }
  }

  /// What was asked for and is not so in a training, a line each.
  func differences(from data: TrainingData) -> [String?] {
    [
      difference("res", resolution, data.resolution), difference("mirror", mirror, data.mirror),
      difference("subset", subset, data.subset),
      difference("pictures-per-identity", picturesPerIdentity, data.picturesPerIdentity),
    ]
  }
}

// What was asked of a training, and what follows for a new one or one that goes on.

import Datasets
import Formats
import Foundation
import Networks
import Tensors
import Training

/// What was asked of a training with a generator and a discriminator; nil for what was not said.
///
/// A new training fills in what its recipe says. One that goes on takes what its state says, and
/// refuses what was asked differently.
public struct TrainGANRequest: Sendable {
  /// The recipe.
  public var cfg: String?
  /// `portraits`, a folder or an archive.
  public var data: String?
  /// Rows and columns of portraits, in pixels; other data has its own.
  public var resolution: Int?
  /// Whether the networks get labels.
  public var cond: Bool?
  /// Whether all pictures are seen mirrored, too.
  public var mirror: Bool?
  /// How many pictures are chosen at random.
  public var subset: Int?
  /// Images of each kind in an iteration.
  public var batchSize: Int?
  /// Images that go through a network together.
  public var microBatchSize: Int?
  /// γ, the weight of the R1 penalty.
  public var r1Gamma: Double?
  /// The learning rate of the generator.
  public var generatorLearningRate: Double?
  /// The learning rate of the discriminator.
  public var discriminatorLearningRate: Double?
  /// Thousands of images after which half of the old average generator is left.
  public var averageKimg: Double?
  /// Features at 1×1, of which each resolution has its share.
  public var channelBase: Int?
  /// The most features of a layer.
  public var channelMax: Int?
  /// The length of z.
  public var zDim: Int?
  /// The length of w.
  public var wDim: Int?
  /// Layers of the mapping network.
  public var mappingLayers: Int?
  /// Images whose deviation the discriminator sees together.
  public var mbstdGroupSize: Int?
  /// The number format of the highest resolutions.
  public var precision: Precision?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// A file whose networks the training starts from.
  public var initFrom: String?
  /// Thousands of images after which the training ends.
  public var kimg: Double?
  /// Thousands of images between two lines of the log.
  public var kimgPerTick: Double?
  /// Lines of the log between two snapshots.
  public var ticksPerSnapshot: Int?

  /// Nothing was said.
  public init() {}

  /// What is different from the recipe.
  var changes: GANRecipeChanges {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.microBatchSize) = (batchSize, microBatchSize)
    changes.r1Gamma = r1Gamma
    changes.generatorLearningRate = generatorLearningRate
    changes.discriminatorLearningRate = discriminatorLearningRate
    changes.averageKimg = averageKimg
    (changes.channelBase, changes.channelMax) = (channelBase, channelMax)
    (changes.zDim, changes.wDim) = (zDim, wDim)
    (changes.mappingLayers, changes.mbstdGroupSize) = (mappingLayers, mbstdGroupSize)
    changes.precision = precision?.dtype
    return changes
  }
}

/// The number format in which the highest resolutions are computed; parameters stay float32.
public enum Precision: String, CaseIterable, Sendable {
  /// 32 bits.
  case float32
  /// 16 bits with the exponents of float32: faster where the processor has instructions for it.
  case bfloat16

  var dtype: DType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}

extension TrainGANRequest {
  /// Portraits in an epoch; more than any training sees twice.
  private static let portraitCount = 1 << 20

  /// The options and the data of a new training.
  ///
  /// - Returns: The options, all filled in, and the pictures.
  /// - Throws: `RequestError`, `ConfigurationError`, or `DatasetError` about the data.
  func begin() throws -> (options: GANOptions, dataset: any Dataset) {
    try check()
    guard let data else {
      throw RequestError(
        "--data", expected: "portraits, a folder or an archive", found: "nothing")
    }
    let base = try openDataset(
      data, resolution: resolution, portraits: Self.portraitCount, readsLabels: cond ?? false)
    if let resolution, resolution != base.shape.resolution {
      throw RequestError(
        "--res", expected: "the \(base.shape.resolution) pixels of \(data)",
        found: "\(resolution)")
    }
    guard !(cond ?? false) || base.labelKind.dimension > 0 else {
      throw RequestError(
        "--cond", expected: "pictures with labels", found: "\(data), without labels")
    }
    let dataset = try view(of: base)
    let described = GANOptions.Data(
      source: data, path: base is PortraitsDataset ? nil : Self.wholePath(data),
      name: Self.label(of: base), count: dataset.count, resolution: base.shape.resolution,
      channels: base.shape.channels, labelDim: cond ?? false ? base.labelKind.dimension : 0,
      mirror: mirror ?? false, subset: subset)
    let options = GANOptions(
      cfg: cfg ?? "auto", data: described, changes: changes, seed: seed ?? 0, initFrom: initFrom,
      threads: threads ?? Machine.threadCount)
    try check(fitting: options)
    return (options, dataset)
  }

  /// The path from the root; links in it are left as they are.
  private static func wholePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }

  /// The data of a training that goes on.
  ///
  /// - Parameter options: What its state says.
  /// - Returns: The pictures.
  /// - Throws: `ConfigurationError` if it is not what the training had; an error about the data.
  func openData(of options: GANOptions) throws -> any Dataset {
    var asked = self
    (asked.mirror, asked.subset) = (options.data.mirror, options.data.subset)
    asked.seed = options.seed
    let base = try dataset(of: options)
    let (found, expected) = (base.shape, options.data)
    guard found == ImageShape(resolution: expected.resolution, channels: expected.channels) else {
      throw ConfigurationError(
        "--data: expected the \(expected.count) pictures of \(expected.resolution) pixels and "
          + "\(expected.channels) channels that the training has, found \(base.count) of "
          + "\(found.resolution) and \(found.channels)")
    }
    let dataset = try asked.view(of: base)
    guard dataset.count == expected.count else {
      throw ConfigurationError(
        "--data: expected the \(expected.count) pictures that the training has, mirrored ones among "
          + "them, found \(dataset.count)")
    }
    return dataset
  }

  private func dataset(of options: GANOptions) throws -> any Dataset {
    let source = data ?? options.data.path ?? options.data.source
    do {
      return try openDataset(
        source, resolution: options.data.resolution, portraits: Self.portraitCount,
        readsLabels: options.data.labelDim > 0)
    } catch let error as DatasetError where error.error.kind == .missing && data == nil {
      throw FileError(
        .missing, file: error.file,
        expected: "the data of the training, or --data= with the place where it is now",
        found: error.found)
    }
  }

  /// When to write, save and end.
  ///
  /// - Parameters:
  ///   - options: The options of the training.
  ///   - before: What was asked when the training began; nil for a new one.
  /// - Returns: The schedule.
  /// - Throws: `ConfigurationError` if a number does not fit.
  func schedule(for options: GANOptions, before: Schedule?) throws -> Schedule {
    let published = try options.recipe().kimg
    var schedule = before ?? Schedule(kimg: published)
    if let kimg { schedule.kimg = kimg }
    if let kimgPerTick { schedule.kimgPerTick = kimgPerTick }
    if let ticksPerSnapshot { schedule.ticksPerSnapshot = ticksPerSnapshot }
    try schedule.validate()
    return schedule
  }

  // MARK: Data

  private func view(of base: any Dataset) throws(RequestError) -> any Dataset {
    guard let subset else { return DatasetView(base, mirror: mirror ?? false) }
    guard (1...base.count).contains(subset) else {
      throw RequestError("--subset", expected: "1 to \(base.count) pictures", found: "\(subset)")
    }
    let indices = RandomState.subset(subset, of: base.count, seed: seed ?? 0)
    return DatasetView(base, indices: indices, mirror: mirror ?? false)
  }

  /// What the data is called in names of folders.
  private static func label(of dataset: any Dataset) -> String {
    dataset is PortraitsDataset ? "portraits\(dataset.shape.resolution)" : dataset.name
  }
}

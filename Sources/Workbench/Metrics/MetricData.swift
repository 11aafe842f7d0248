// What the pictures of a generator are compared with.

import Datasets
public import Formats
import Foundation
import Networks
import Tensors
import Training

/// What the pictures of a generator are compared with.
public struct MetricData: Hashable, Sendable {
  /// A folder, a zip archive, or `portraits`.
  public var source: String
  /// Whether mirror images count as data, where a metric does not name all pictures as they are.
  public var mirror = false
  /// How many pictures count, chosen as training chose them, where a metric does not name all.
  public var subset: Int?
  /// The seed that chose them.
  public var subsetSeed: UInt32 = 0
  /// Of portraits, how many in a row show the same person.
  var picturesPerIdentity = 1

  /// Portraits that stand for all of them.
  private static let portraitCount = 50_000

  /// All pictures of a source.
  ///
  /// - Parameter source: A folder, a zip archive, or `portraits`.
  public init(_ source: String) { self.source = source }

  /// The data of the training that made a network; nil if the network lies in no training's folder.
  ///
  /// Trainings of other programs are none, though their files have the same names.
  ///
  /// - Parameter network: The network's file, in the training's folder, or the name of a model that
  ///   comes with the program.
  /// - Throws: `FileError` if what is there cannot be opened.
  public init?(ofTrainingOf network: String) throws(FileError) {
    let record: RunRecord
    do throws(FileError) {
      record = try RunRecord(in: runFolder(of: ShippedModels.file(network)))
    } catch {
      guard [.missing, .damaged].contains(error.kind) else { throw error }
      return nil
    }
    self.init(record.options)
  }

  /// The data of a training.
  init(_ options: any TrainingOptions) {
    let data = options.data
    self.init(data.path ?? data.source)
    (mirror, subset, subsetSeed) = (data.mirror, data.subset, options.seed)
    picturesPerIdentity = data.picturesPerIdentity ?? 1
  }

  /// Opens all of the data, with labels if a generator takes them; portraits in its size.
  func open(for traits: GeneratorTraits) throws -> any Dataset {
    try openDataset(
      source, resolution: traits.resolution,
      // A part is one of all that training chose from.
      portraits: subset == nil ? Self.portraitCount : TrainingDataRequest.portraitCount,
      labels: traits.labelDim > 0 ? .own : .none, picturesPerIdentity: picturesPerIdentity)
  }

  /// How many pictures a metric compares with.
  ///
  /// - Parameters:
  ///   - dataset: All of the data.
  ///   - isFull: Whether the metric names all pictures as they are.
  /// - Returns: The number, mirror images among them.
  func count(of dataset: any Dataset, isFull: Bool) -> Int {
    guard !isFull else {
      return dataset is PortraitsDataset
        ? min(dataset.count, Self.portraitCount) : dataset.count
    }
    return min(subset ?? dataset.count, dataset.count) * (mirror ? 2 : 1)
  }

  /// Whether a metric would compare with the same pictures as with other data.
  ///
  /// - Parameters:
  ///   - other: The other data.
  ///   - isFull: Whether the metric names all pictures as they are.
  /// - Returns: Whether it would.
  func isSame(as other: MetricData, isFull: Bool) -> Bool {
    func whole(_ data: MetricData) -> MetricData {
      var data = data
      if isFull { (data.mirror, data.subset, data.subsetSeed) = (false, nil, 0) }
      if data.source != "portraits" {
        data.source = URL(filePath: data.source).standardizedFileURL.path(percentEncoded: false)
      }
      return data
    }
    return whole(self) == whole(other)
  }

  /// The pictures that a metric compares with: all as they are, or those of the training.
  ///
  /// - Parameters:
  ///   - dataset: All of the data.
  ///   - isFull: Whether the metric names all pictures as they are.
  /// - Returns: The pictures.
  /// - Throws: An error about a file that cannot be read.
  func pictures(of dataset: any Dataset, isFull: Bool) throws -> StoredPictures {
    guard !isFull else {
      let count = count(of: dataset, isFull: true)
      return count == dataset.count
        ? try StoredPictures(dataset) : try StoredPictures(dataset, indices: Array(0..<count))
    }
    let indices = subset.map {
      RandomState.subset(min($0, dataset.count), of: dataset.count, seed: subsetSeed)
    }
    return try StoredPictures(dataset, indices: indices, mirror: mirror)
  }
}

/// The folder that a network's file lies in.
func runFolder(of network: String) -> String {
  let folder = (network as NSString).deletingLastPathComponent
  return folder.isEmpty ? "." : folder
}

/// Which labels of pictures are wanted.
enum WantedLabels {
  /// None.
  case none
  /// Those of a file; portraits have none.
  case own
  /// What is true of each picture, a 0 or 1 for each attribute; portraits know it themselves.
  case attributes
}

/// Opens pictures that are numbered, and have one size.
///
/// - Parameters:
///   - source: A folder, a zip archive, or `portraits`.
///   - resolution: The size of portraits; nil for 64 pixels.
///   - portraits: How many portraits there are.
///   - labels: Which labels are wanted.
///   - picturesPerIdentity: How many portraits in a row show the same person.
/// - Returns: The pictures.
/// - Throws: `DatasetError` if they cannot be read; `RequestError` if portraits have no such size.
func openDataset(
  _ source: String, resolution: Int?, portraits: Int, labels: WantedLabels,
  picturesPerIdentity: Int = 1
) throws -> any Dataset {
  guard source == "portraits" else {
    return try ImageDataset(path: source, readsLabels: labels != .none)
  }
  return PortraitsDataset(
    count: portraits, resolution: resolution ?? 64, picturesPerIdentity: picturesPerIdentity,
    attributes: labels == .attributes ? PortraitAttribute.allCases : [])
}

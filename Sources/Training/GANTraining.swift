// A generator and a discriminator learning from a data set, as the engine sees them.

public import Checkpoints
public import Datasets
public import Formats
import Foundation
import Layers
public import Networks
import OrderedCollections
import Tensors

/// Trains a generator against a discriminator on the pictures of a data set.
public final class GANTraining: Trainable {
  /// What is trained, and how.
  public let trainer: GANTrainer
  private var pictures: TrainingPictures
  private var labelDraws: RandomState
  private let sheetZ: Tensor
  private let sheetLabels: Tensor?
  private let grid: PictureGrid

  private var dataset: any Dataset { pictures.dataset }

  /// Networks with first values, and the first picture.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - dataset: The pictures that the options describe, mirrored ones among them.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(_ options: GANOptions, on dataset: any Dataset) throws(ConfigurationError) {
    let recipe = try options.recipe()
    let random = TorchGenerator(seed: UInt64(options.seed))
    let g = recipe.generator.makeGenerator(Scope(ParameterStore(), generator: random))
    let d = recipe.discriminator.makeDiscriminator(Scope(ParameterStore(), generator: random))
    recipe.freeze(d.parameters)
    trainer = try GANTrainer(
      generator: g, discriminator: d, configuration: recipe.training, seed: UInt64(options.seed))
    pictures = TrainingPictures(
      dataset, batchSize: trainer.stage.batchSize, seed: options.seed)
    labelDraws = RandomState(seed: options.seed)
    grid = PictureGrid(of: dataset)
    let count = grid.count
    var seeds = RandomState(seed: 0)
    sheetZ = Tensor(
      seeds.randn(count * g.traits.zDim).map(Float.init), shape: [count, g.traits.zDim])
    sheetLabels =
      g.traits.labelDim > 0
      ? Tensor(grid.indices(in: dataset).flatMap(dataset.label), shape: [count, g.traits.labelDim])
      : nil
  }

  // MARK: Steps

  /// Runs one iteration on the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let (stage, traits) = (trainer.stage, trainer.generator.traits)
    let batch = try pictures.next(
      stage.batchSize, reducedBy: traits.resolution / stage.resolution)
    let labelDim = traits.labelDim
    let real = RealBatch(
      images: traits.pixelEncoding.encoded(batch.images),
      labels: labelDim > 0
        ? Tensor(batch.labels, shape: [batch.indices.count, labelDim]) : nil)
    try trainer.runIteration(real: real, drawLabels: labelDim > 0 ? drawLabels : nil)
    statistics.add(trainer.takeStatistics())
    return batch.indices.count
  }

  /// Labels as frequent as those of the pictures.
  private func drawLabels(_ count: Int) -> Tensor {
    let labels = labelDraws.randint(0..<dataset.count, count).flatMap(dataset.label)
    return Tensor(labels, shape: [count, trainer.generator.traits.labelDim])
  }

  /// The losses of both networks, and the mean scores of real and of made images.
  public var shownStatistics: [(word: String, name: String)] {
    [
      ("G", "Loss/G/loss"), ("D", "Loss/D/loss"), ("real", "Loss/scores/real"),
      ("fake", "Loss/scores/fake"),
    ]
  }

  /// The probability of augmentation, 0 where there is none; of networks that grow the level of detail
  /// and the resolution.
  public var currentNumbers: [CurrentNumber] {
    let augmentation = CurrentNumber(
      "augment", "Progress/augment", trainer.augmentation?.p ?? 0, digits: 3)
    guard trainer.configuration.growth != nil,
      let lod = (trainer.generator as? any GrowingNetwork)?.lod
    else { return [augmentation] }
    let side = GrowingSchedule.resolution(atLod: lod, of: trainer.generator.traits.resolution)
    return [
      augmentation, CurrentNumber("lod", "Progress/lod", lod, digits: 3),
      CurrentNumber("res", "Progress/resolution", Double(side), digits: 0),
    ]
  }

  // MARK: States

  private enum Key {
    static let random = "random."
    static let labels = "labels"
    static let iterations = "iterations"
    static let images = "images"
    static let stageImages = "stage_images"
  }

  /// Adds the networks, optimisers, random streams and the place in the data.
  public func save(into state: inout TrainingState) throws {
    let found = trainer.state
    for (name, tensor) in found.tensors {
      if name.hasPrefix(Key.random) {
        state.generators[String(name.dropFirst(Key.random.count))] =
          try tensor.read().values(as: UInt8.self)
      } else {
        state.tensors[name] = tensor
      }
    }
    state.values.counters[Key.iterations] = found.counters.iteration
    state.values.counters[Key.images] = found.counters.imageCount
    if trainer.configuration.growth != nil {
      state.values.counters[Key.stageImages] = found.counters.stageImageCount
    }
    state.values.randomStates[Key.labels] = labelDraws
    try pictures.save(into: &state)
  }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    let counters = state.values.counters
    guard let iterations = counters[Key.iterations], let images = counters[Key.images],
      let labels = state.values.randomStates[Key.labels], state.values.dataPosition != nil,
      (counters[Key.stageImages] != nil) == (trainer.configuration.growth != nil)
    else {
      throw TrainingError.misfit(
        "state", expected: "that of a generator and a discriminator", found: "another")
    }
    let order = try pictures.order(in: state)
    var tensors = state.tensors
    for (name, bytes) in state.generators {
      tensors[Key.random + name] = StoredParameter(Tensor(bytes))
    }
    try trainer.restore(
      GANTrainerState(
        counters: GANTrainer.Counters(
          iteration: iterations, imageCount: images,
          stageImageCount: counters[Key.stageImages] ?? 0),
        tensors: tensors))
    pictures.go(to: order)
    labelDraws = labels
  }

  // MARK: What people see

  /// Writes the average generator.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    notes.kimg = kimg
    notes.wAvgSource = trainer.average.wAvgSource
    try writeNetworkFile(
      trainer.average.parameters, configuration: trainer.average.configuration, role: "G_ema",
      notes: notes, to: path)
  }

  /// Pictures of the data, chosen at random; with labels of classes, a row for each class.
  public func dataSheet() throws -> ByteImage? { try grid.sheet(of: dataset) }

  /// The classes that rows show, by their names or numbers.
  public var sheetRows: [String] { grid.rowNames(in: dataset) }

  /// Pictures of the average generator, of the same z every time, with the labels of the data's sheet.
  public func sampleSheet() throws -> ByteImage? {
    let average = trainer.average
    let pictures = withoutGradients {
      (0..<grid.count).map { index in
        let row = index..<index + 1
        let w = average.map(
          z: sheetZ.sliced(row, axis: 0), labels: sheetLabels?.sliced(row, axis: 0))
        let image = average.synthesize(
          average.broadcast(w, truncation: Truncation()), options: SynthesisOptions())
        let bytes = average.traits.pixelEncoding.bytes(image)
        return ByteImage(
          width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
          pixels: bytes.values(as: UInt8.self))
      }
    }
    return grid.sheet(of: pictures)
  }
}

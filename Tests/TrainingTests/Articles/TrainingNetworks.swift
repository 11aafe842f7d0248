// The code of the article on training: the trainer of generators, and a training of one's own.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Learns the mean colour of the pictures of a data set.
final class ColourTraining: Trainable {
  private let dataset: any Dataset
  private var loader: BatchLoader
  private let store = ParameterStore()
  private let colour: Tensor  // [3]
  private let optimizer: Adam

  init(on dataset: any Dataset) {
    self.dataset = dataset
    loader = BatchLoader(
      dataset, order: DataOrder(count: dataset.count, seed: 0), batchSize: 8, threads: 1)
    colour = Scope(store).parameter("colour", .zeros([3]))
    optimizer = Adam(store, settings: Adam.Settings(learningRate: 0.01, beta1: 0.9))
  }

  func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try loader.next()
    let (n, side) = (batch.indices.count, batch.shape.resolution)
    let pixels = Tensor(batch.pixels, shape: [n, 3, side * side]).cast(to: .float32) / 255
    store.setRequiresGrad(true)
    let losses = (colour - pixels.mean(over: 2)).square().sum(over: 1)  // [N]
    optimizer(gradients(of: [losses.mean()], withRespectTo: optimizer.parameters))
    store.setRequiresGrad(false)
    statistics.add(losses.values(as: Double.self), to: "Loss/colour")
    return n
  }

  var shownStatistics: [(word: String, name: String)] { [("colour", "Loss/colour")] }

  /// Everything that decides the next step, but the place in the data.
  private var tensors: ParameterStore {
    let all = ParameterStore()
    all.include(store, under: "learned")
    all.include(optimizer.state, under: "optimizer")
    return all
  }

  func save(into state: inout TrainingState) throws {
    state.tensors = tensors.entries.mapValues { StoredParameter($0.tensor) }
    state.values.dataPosition = TrainingState.DataPosition(
      seed: 0, epoch: loader.order.epoch, index: loader.order.position % dataset.count)
  }

  func restore(from state: TrainingState) throws {
    guard let place = state.values.dataPosition, place.epoch >= 0, place.index >= 0 else {
      throw TrainingError.misfit("state", expected: "a place in the data", found: "none")
    }
    try tensors.load(state.tensors)  // all of them, or an error and none
    let order = DataOrder(
      count: dataset.count, seed: UInt64(place.seed),
      position: place.epoch * dataset.count + place.index)
    loader = BatchLoader(dataset, order: order, batchSize: 8, threads: 1)
  }

  func writeNetwork(to path: String, kimg: Double) throws {
    let bytes = colour.values().withUnsafeBytes { [UInt8]($0) }
    let entry = Safetensors.Entry(name: "colour", elementType: .float32, shape: [3]) {
      ByteRegion(bytes, name: "colour")
    }
    try Safetensors.write([entry], metadata: ["kimg": "\(kimg)"], to: path)
  }

  func dataSheet() throws -> ByteImage? { try dataset.image(at: 0) }

  func sampleSheet() throws -> ByteImage? {
    let bytes = (colour * 255).clamped(from: 0, to: 255).cast(to: .uint8)
    return ByteImage(width: 1, height: 1, channels: 3, pixels: bytes.values(as: UInt8.self))
  }
}

@Suite("Training, the article") struct TrainingArticleTests {
  @Test("the trainer runs its phases and reports them")
  func trainer() throws {
    let images = Tensor.seeded([8, 3, 16, 16], seed: 4, dtype: .float32).clamped(from: -1, to: 1)

    var g = StyleGAN2Configuration(resolution: 16)
    (g.channelBase, g.channelMax, g.mappingLayers) = (128, 8, 2)
    var d = StyleGAN2DiscriminatorConfiguration(resolution: 16)
    (d.channelBase, d.channelMax) = (128, 8)
    let settings = GANTrainerConfiguration(
      batchSize: 8, learningRate: 0.0025, r1Gamma: 0.01,
      average: MovingAverage(halfLife: 10_000, rampUp: 0.05))

    let random = TorchGenerator(seed: 0)
    let trainer = try GANTrainer(
      generator: g.makeGenerator(Scope(ParameterStore(), generator: random)),
      discriminator: d.makeDiscriminator(Scope(ParameterStore(), generator: random)),
      configuration: settings, seed: 0)
    let reports = try trainer.runIteration(real: RealBatch(images: images))
    for (name, statistic) in trainer.takeStatistics().byName { print(name, statistic.mean) }

    #expect(
      Array(reports.keys) == [
        .generatorMain, .generatorRegularization, .discriminatorMain, .discriminatorRegularization,
      ])
    #expect(trainer.counters.iteration == 1 && trainer.counters.imageCount == 8)
    #expect(
      Array(try trainer.runIteration(real: RealBatch(images: images)).keys) == [
        .generatorMain, .discriminatorMain,
      ])
  }

  @Test("recipes and corrections are those of the article")
  func numbers() throws {
    let recipe = try GANRecipe(
      named: "paper256", resolution: 64, imgChannels: 3, labelDim: 0)
    print(recipe.training.batchSize, recipe.training.r1Gamma)  // 64 1.0

    let adam = Adam.Settings(learningRate: 0.002)
    let lazy = adam.corrected(forLazyRegularizationEvery: 16)
    print(lazy.learningRate / adam.learningRate)  // 16 / 17

    let average = MovingAverage(halfLife: 10_000, rampUp: 0.05)
    print(average.beta(batchSize: 32, imageCount: 0))  // 0: the average begins as the network
    print(average.beta(batchSize: 32, imageCount: 1_000_000))  // 0.5 ^ (32 / 10000)

    #expect(recipe.training.batchSize == 64 && recipe.training.r1Gamma == 1)
    #expect(abs(lazy.learningRate / adam.learningRate - 16.0 / 17) < 1e-12)
    #expect(average.beta(batchSize: 32, imageCount: 0) == 0)
    #expect(abs(average.beta(batchSize: 32, imageCount: 1_000_000) - 0.99778) < 1e-5)
  }

  @Test("a training of one's own runs, and goes on bit for bit")
  func engine() throws {
    try withScratchFolder { outdir in
      let dataset = PortraitsDataset(count: 100, resolution: 16)
      let folder = try RunFolder(in: outdir, description: "colour-portraits16")
      let schedule = Schedule(kimg: 2, kimgPerTick: 0.4, ticksPerSnapshot: 5)
      let engine = TrainingEngine(
        ColourTraining(on: dataset), in: folder, schedule: schedule, options: "{}"
      ) { event in
        if case .line(let line) = event { print(line) }
      }
      try engine.run()

      let (state, _) = try RunFolder.newestState(in: folder.path) { remark in print(remark) }
      let longer = Schedule(kimg: 4, kimgPerTick: 0.4, ticksPerSnapshot: 5)
      let later = TrainingEngine(
        ColourTraining(on: dataset), in: folder, schedule: longer, options: "{}"
      ) { _ in }
      try later.restore(from: state)
      try later.run()

      #expect(names(in: folder.path).contains("training-state-000004.safetensors"))
      #expect(names(in: outdir) == ["00000-colour-portraits16"])
      let atOnce = try RunFolder(in: outdir, description: "at-once")
      try TrainingEngine(
        ColourTraining(on: dataset), in: atOnce, schedule: longer, options: "{}"
      ) { _ in }.run()
      let (a, _) = try RunFolder.newestState(in: folder.path) { _ in }
      let (b, _) = try RunFolder.newestState(in: atOnce.path) { _ in }
      #expect(a.tensors.keys == b.tensors.keys && a.values.dataPosition == b.values.dataPosition)
      for (name, tensor) in a.tensors {
        #expect(try bits(tensor.read()) == bits(#require(b.tensors[name]).read()), "\(name)")
      }
      let learned = try #require(a.tensors["learned.colour"]).read()
      #expect(learned.min().item() > 0.1 && learned.max().item() < 0.9)
    }
  }
}

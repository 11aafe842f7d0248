// Networks that grow while they are trained: stages by hand, sizes, optimisers that begin anew, going on.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Growth from 4×4 to 16×16: 16 images at each resolution, 16 to fade the next in, two iterations from
/// one look at the schedule to the next.
func smallGrowth() -> ProgressiveGrowth {
  var schedule = GrowingSchedule()
  (schedule.initialResolution, schedule.stableKimg, schedule.fadeKimg) = (4, 0.016, 0.016)
  let sizes = [(4, 4, 2, 0.001), (8, 4, 4, 0.002), (16, 2, 2, 0.003)]
  var growth = ProgressiveGrowth(
    schedule,
    stages: sizes.enumerated().map { index, size in
      TrainingStage(
        lod: Double(2 - index), resolution: size.0, batchSize: size.1, microBatchSize: size.2,
        learningRate: size.3)
    })
  growth.iterationsPerStage = 2
  return growth
}

/// Settings such as StyleGAN's, for networks of 16×16.
func growingSettings(wasserstein: Bool = false) -> GANTrainerConfiguration {
  var settings = GANTrainerConfiguration(
    batchSize: 2, learningRate: 0.003, r1Gamma: wasserstein ? 0 : 10,
    average: MovingAverage(halfLife: 20))
  settings.wasserstein = wasserstein ? WassersteinLoss() : nil
  settings.pathLength.weight = 0
  settings.generatorRegularizationInterval = nil
  settings.discriminatorRegularizationInterval = nil
  settings.phaseOrder = .discriminatorFirst
  settings.averagesBeforeGenerator = true
  settings.growth = smallGrowth()
  return settings
}

/// A trainer of StyleGAN's networks at 16×16.
func growingTrainer(
  _ settings: GANTrainerConfiguration = growingSettings(), imageCount: Int = 0, seed: UInt64 = 7
) throws -> GANTrainer {
  var g = StyleGAN1Configuration(resolution: 16)
  (g.zDim, g.wDim, g.mappingWidth, g.mappingLayers) = (8, 8, 8, 2)
  (g.featureBase, g.featureMax) = (64, 8)
  var d = StyleGAN1DiscriminatorConfiguration(resolution: 16)
  (d.featureBase, d.featureMax, d.mbstdGroupSize) = (64, 8, 2)
  let networks = (
    StyleGAN1(g, Scope(ParameterStore(), generator: TorchGenerator(seed: seed))),
    StyleGAN1Discriminator(d, Scope(ParameterStore(), generator: TorchGenerator(seed: seed + 1)))
  )
  return try GANTrainer(
    generator: networks.0, discriminator: networks.1, configuration: settings, seed: seed,
    counters: .init(imageCount: imageCount))
}

/// Random images as many and as large as the next iteration wants.
private func images(for trainer: GANTrainer, _ number: Int) -> RealBatch {
  let stage = trainer.stage
  return RealBatch(
    images: .seeded(
      [stage.batchSize, 3, stage.resolution, stage.resolution], seed: UInt64(100 + number),
      dtype: .float32))
}

@Suite("Growing") struct GrowthTests {
  // MARK: Stages

  @Test("stages are those of the schedule, with the batch and rate of what is there")
  func stages() {
    // images, lod, resolution, batch, learning rate
    let table: [(Int, Double, Int, Int, Double)] = [
      (0, 2, 4, 4, 0.001), (16, 2, 4, 4, 0.001), (20, 1.75, 8, 4, 0.002), (24, 1.5, 8, 4, 0.002),
      (32, 1, 8, 4, 0.002), (48, 1, 8, 4, 0.002), (52, 0.75, 16, 2, 0.003),
      (64, 0, 16, 2, 0.003), (10_000, 0, 16, 2, 0.003),
    ]
    for (count, lod, resolution, batch, rate) in table {
      let stage = smallGrowth().stage(imageCount: count)
      #expect(abs(stage.lod - lod) < 1e-6, "\(count)")
      #expect(stage.resolution == resolution && stage.batchSize == batch, "\(count)")
      #expect(stage.generatorLearningRate == rate, "\(count)")
    }
    let growth = smallGrowth()
    #expect(growth.kimg(ofStage: 0) == (0, 0) && growth.kimg(ofStage: 1) == (0.016, 0.032))
  }

  @Test("a level of detail that the networks' numbers cannot tell from a whole one is that one")
  func precision() throws {
    var growth = smallGrowth()
    (growth.schedule.stableKimg, growth.schedule.fadeKimg) = (0.001, 1e8)
    // 2 - 1e-8 is 2 in float32: nothing is faded in yet, whatever the schedule says.
    let stage = growth.stage(imageCount: 1002)
    #expect(stage.lod == 2 && stage.resolution == 4 && stage.missingDoublings == 2)
  }

  @Test(
    "an iteration grows the networks, and optimisers begin anew where a resolution comes in or is whole"
  )
  func growing() throws {
    let trainer = try growingTrainer()
    // images before, lod, resolution, batch, steps since optimisers began
    var found: [[Double]] = []
    for i in 0..<22 {
      let (stage, before) = (trainer.stage, trainer.counters.imageCount)
      let reports = try trainer.runIteration(real: images(for: trainer, i))
      #expect(reports.keys == [.discriminatorMain, .generatorMain])
      #expect(reports[.discriminatorMain]?["Loss/scores/fake"]?.size(0) == stage.batchSize)
      let networks: [any GrowingNetwork] = [
        try #require(trainer.generator as? StyleGAN1),
        try #require(trainer.discriminator as? StyleGAN1Discriminator),
        try #require(trainer.average as? StyleGAN1),
      ]
      #expect(networks.allSatisfy { $0.lod == stage.lod }, "iteration \(i)")
      let steps = trainer.generatorOptimizer.stepCount
      #expect(trainer.discriminatorOptimizer.stepCount == steps)
      #expect(trainer.generatorOptimizer.settings.learningRate == stage.generatorLearningRate)
      found.append([
        Double(before), (stage.lod * 100).rounded() / 100, Double(stage.resolution),
        Double(stage.batchSize), Double(steps),
      ])
    }
    // By hand: the schedule is looked at every second iteration, so that a batch of 4 takes it 8 images
    // on. Anew at 24, where 8×8 begins to come in, at 32, where it is whole, at 56 and at 64.
    #expect(
      found == [
        [0, 2, 4, 4, 1], [4, 2, 4, 4, 2], [8, 2, 4, 4, 3], [12, 2, 4, 4, 4],
        [16, 2, 4, 4, 5], [20, 2, 4, 4, 6], [24, 1.5, 8, 4, 1], [28, 1.5, 8, 4, 2],
        [32, 1, 8, 4, 1], [36, 1, 8, 4, 2], [40, 1, 8, 4, 3], [44, 1, 8, 4, 4],
        [48, 1, 8, 4, 5], [52, 1, 8, 4, 6], [56, 0.5, 16, 2, 1], [58, 0.5, 16, 2, 2],
        [60, 0.25, 16, 2, 3], [62, 0.25, 16, 2, 4], [64, 0, 16, 2, 1], [66, 0, 16, 2, 2],
        [68, 0, 16, 2, 3], [70, 0, 16, 2, 4],
      ])
  }

  @Test("images of other sizes than the stage's are refused")
  func sizes() throws {
    let trainer = try growingTrainer()
    let error = TrainingError.misfit(
      "real images", expected: "[4, 3, 4, 4]", found: "[4, 3, 16, 16]")
    #expect(throws: error) { try trainer.runIteration(real: realBatch(0)) }
  }

  // MARK: As the published program does it, with images of full size

  // Sums over 16×16 pixels in another order, and means of equal numbers.
  @Test(
    "losses and gradients are those by images of full size",
    arguments: [0, 24, 40, 60], [false, true])
  func fullSize(imageCount: Int, wasserstein: Bool) throws {
    let settings = growingSettings(wasserstein: wasserstein)
    let growing = try growingTrainer(settings, imageCount: imageCount)
    let stage = growing.stage
    var plain = settings
    (plain.growth, plain.batchSize, plain.microBatchSize) = (
      nil, stage.batchSize, stage.microBatchSize
    )
    let reference = try growingTrainer(plain)
    for network in [reference.generator, reference.discriminator] as [AnyObject] {
      (network as? any GrowingNetwork)?.lod = stage.lod
    }
    let real = images(for: growing, 1)
    let whole = RealBatch(images: fadedReals(real.images, lod: stage.lod))
    #expect(whole.images.shape == [stage.batchSize, 3, 16, 16])
    var inputs = PhaseInputs(
      z: .seeded([stage.batchSize, 8], seed: 3, dtype: .float32), noise: .const)
    inputs.interpolation =
      Tensor.seeded([stage.batchSize, 1, 1, 1], seed: 4, dtype: .float32).sigmoid()
    for phase in [TrainingPhase.discriminatorMain, .generatorMain] {
      let found = try growing.differentiate(phase, real: real, inputs: inputs)
      let expected = try reference.differentiate(phase, real: whole, inputs: inputs)
      #expect(found.reports.keys == expected.reports.keys)
      for (name, report) in expected.reports {
        expectClose(
          try #require(found.reports[name]), report, atol: 1e-6, rtol: 1e-4, "\(phase) \(name)")
      }
      let scale = expected.gradients.map { $0.abs().max().item() }.max() ?? 0
      #expect(scale > 1e-3)
      for (a, b) in zip(found.gradients, expected.gradients) {
        expectClose(a, b, atol: 1e-5 * scale, rtol: 1e-3, "\(phase)")
      }
    }
  }

  @Test("the average moves before the generator does")
  func average() throws {
    var settings = growingSettings()
    settings.average = MovingAverage(halfLife: 0)
    let trainer = try growingTrainer(settings)
    let name = "G_synthesis/4x4/Conv/weight"
    let before = bits(trainer.generator.parameters[name])
    try trainer.runIteration(real: images(for: trainer, 0))
    #expect(bits(trainer.generator.parameters[name]) != before)
    #expect(bits(trainer.average.parameters[name]) == before)
    let between = bits(trainer.generator.parameters[name])
    try trainer.runIteration(real: images(for: trainer, 1))
    #expect(bits(trainer.average.parameters[name]) == between)
  }

  @Test("styles are mixed within the rows of the resolutions that run")
  func mixing() {
    let randomness = TrainingRandomness(seed: 4)
    let traits = smallGenerator().traits
    for (missing, rows) in [(0, 1...5), (1, 1...3), (2, 1...1)] {
      let found = (0..<200).compactMap { _ in
        randomness.drawMixing(probability: 1, count: 1, traits: traits, missing: missing)?.cutoff
      }
      #expect(Set(found) == Set(rows) && found.count == 200)
    }
  }

  // MARK: Going on

  // Twelve iterations in: within 4×4, in the middle of a look at the schedule, where 8×8 comes in, while
  // it does, where it is whole, where the batch shrinks, while 16×16 comes in, and where it is whole.
  @Test(
    "a restored trainer goes on with the same bits, wherever it stopped",
    arguments: [1, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18])
  func resuming(iterations: Int) throws {
    for wasserstein in [false, true] {
      var settings = growingSettings(wasserstein: wasserstein)
      settings.styleMixingProbability = 0.5
      let first = try growingTrainer(settings)
      for i in 0..<iterations { try first.runIteration(real: images(for: first, i)) }
      let state = first.state
      let saved = GANTrainerState(
        counters: state.counters,
        tensors: try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) })
      let second = try growingTrainer(settings, seed: 90)
      try second.restore(saved)
      #expect(second.stage == first.stage)
      for i in iterations..<iterations + 5 {
        try first.runIteration(real: images(for: first, i))
        try second.runIteration(real: images(for: second, i))
      }
      #expect(first.counters == second.counters)
      let (a, b) = (first.state.tensors, second.state.tensors)
      #expect(a.keys == b.keys && a.keys.contains("random.interpolation") == wasserstein)
      let differing = try a.filter { try bits($1.read()) != bits(b[$0]?.read() ?? .zeros([])) }
      #expect(differing.keys == [])
    }
  }

  @Test("a state whose networks grew after its last image is refused")
  func stateOfTheFuture() throws {
    let trainer = try growingTrainer()
    try trainer.runIteration(real: images(for: trainer, 0))
    var state = trainer.state
    state.counters.stageImageCount = 5
    let error = TrainingError.misfit(
      "images when networks last grew", expected: "0 to 4", found: "5")
    #expect(throws: error) { try trainer.restore(state) }
  }

  // MARK: What is refused

  @Test("growth that cannot be, or not with these networks, is refused")
  func refusals() throws {
    func expectError(_ words: String, _ adjust: (inout GANTrainerConfiguration) -> Void) {
      var settings = growingSettings()
      adjust(&settings)
      #expect {
        try growingTrainer(settings)
      } throws: {
        "\($0)".contains(words)
      }
    }
    expectError("expected a stage for each resolution from 4 on, found [4, 16]") {
      $0.growth?.stages.remove(at: 1)
    }
    expectError("lod at 4×4: expected 2, found 1.0") { $0.growth?.stages[0].lod = 1 }
    expectError("microBatchSize at 8×8: expected a divisor of 4, found 3") {
      $0.growth?.stages[1].microBatchSize = 3
    }
    expectError("learningRate: expected from 0 to 10, found -1.0") {
      $0.growth?.stages[1].discriminatorLearningRate = -1
    }
    expectError("one of them above 0") {
      $0.growth?.schedule.stableKimg = 0
      $0.growth?.schedule.fadeKimg = 0
    }
    expectError("resolution of the last stage of growth: expected from 16 to 16, found 8") {
      $0.growth?.stages.removeLast()
      $0.growth?.stages[0].lod = 1
      $0.growth?.stages[1].lod = 0
    }
    expectError("expected none beside growth") {
      $0.augmentation = TrainingAugmentation(
        pipe: AugmentationPipe(.bgc), control: .init(initialP: 0, target: nil))
    }
    expectError("r1Gamma: expected 0 beside wasserstein, found 10.0") {
      $0.wasserstein = WassersteinLoss()
    }
    expectError("pathLength.weight: expected 0") { $0.pathLength.weight = 2 }
    expectError("phaseOrder: expected discriminatorFirst") { $0.phaseOrder = .generatorFirst }
    var settings = growingSettings()
    settings.growth?.stages[2].microBatchSize = 2
    #expect {
      try GANTrainer(
        generator: smallGenerator(), discriminator: smallDiscriminator(), configuration: settings,
        seed: 1)
    } throws: {
      "\($0)".contains("expected networks that grow, found StyleGAN2")
    }
  }
}

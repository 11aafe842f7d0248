// The recipes of StyleGAN: what was published of the ladder, what may be changed, and a training of
// portraits.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training

@Suite("StyleGAN recipes") struct StyleGANRecipeTests {
  private func recipe(
    _ name: String, resolution: Int = 1024, labelDim: Int = 0,
    _ change: (inout GANRecipeChanges) -> Void = { _ in }
  ) throws -> GANRecipe {
    var changes = GANRecipeChanges()
    change(&changes)
    return try GANRecipe(
      named: name, resolution: resolution, imgChannels: 3, labelDim: labelDim, changes: changes)
  }

  @Test("the ladder is trained as published")
  func ladder() throws {
    // name, Wasserstein, mixing, first resolution, kimg, noise, styles
    let table: [(String, Bool, Double, Int, Double, Bool, Bool)] = [
      ("stylegan", false, 0.9, 8, 25_000, true, true),
      ("stylegan1-config-a", true, 0, 4, 12_000, false, false),
      ("stylegan1-config-b", false, 0, 8, 25_000, false, false),
      ("stylegan1-config-c", false, 0, 8, 25_000, false, true),
      ("stylegan1-config-d", false, 0, 8, 25_000, false, true),
      ("stylegan1-config-e", false, 0, 8, 25_000, true, true),
      ("stylegan1-config-f", false, 0.9, 8, 25_000, true, true),
    ]
    for (name, wasserstein, mixing, first, kimg, noise, styles) in table {
      let found = try recipe(name)
      let training = found.training
      #expect((training.wasserstein != nil) == wasserstein, "\(name)")
      #expect(training.r1Gamma == (wasserstein ? 0 : 10), "\(name)")
      #expect(training.styleMixingProbability == mixing && found.kimg == kimg, "\(name)")
      #expect(training.growth?.schedule.initialResolution == first, "\(name)")
      #expect(found.stages.first?.resolution == first, "\(name)")
      // R1 is part of the loss, and optimisers are not corrected for a lazy one.
      #expect(training.discriminatorRegularizationInterval == nil, "\(name)")
      #expect(
        training.generatorOptimizer == Adam.Settings(learningRate: wasserstein ? 0.002 : 0.003))
      #expect(training.phaseOrder == .discriminatorFirst && training.averagesBeforeGenerator)
      #expect(training.average.beta(batchSize: 10_000, imageCount: 0) == 0.5, "\(name)")
      #expect(training.pathLength.weight == 0 && training.wAvgBeta == 0.995, "\(name)")
      #expect(GANRecipe.mirrors(named: name) && GANRecipe.usualAugmentation(of: name) == .noaug)
      let g = try #require(found.generator as? StyleGAN1Configuration)
      #expect((g.useNoise, g.useStyles) == (noise, styles), "\(name)")
    }
    #expect(try recipe("stylegan").parameterCounts == (26_219_627, 23_087_249))
  }

  @Test("resolutions have their published batches, rates and times")
  func stages() throws {
    // resolution, batch, part, rate, rate with the Wasserstein loss
    let table: [(Int, Int, Int, Double, Double)] = [
      (8, 256, 32, 0.001, 0.001), (16, 128, 16, 0.001, 0.001), (32, 64, 8, 0.001, 0.001),
      (64, 32, 4, 0.001, 0.001), (128, 32, 4, 0.0015, 0.0015), (256, 32, 4, 0.002, 0.002),
      (512, 32, 4, 0.003, 0.002), (1024, 32, 4, 0.003, 0.002),
    ]
    let plain = try recipe("stylegan").stages
    let capped = try recipe("stylegan") {
      var own = StyleGANChanges()
      own.loss = .wassersteinGP
      $0.stylegan = own
    }.stages
    #expect(plain.count == table.count && capped.count == table.count)
    for (row, (stage, other)) in zip(table, zip(plain, capped)) {
      #expect(stage.resolution == row.0 && stage.batchSize == row.1, "\(row)")
      #expect(stage.microBatchSize == row.2 && stage.generatorLearningRate == row.3, "\(row)")
      #expect(stage.discriminatorLearningRate == row.3, "\(row)")
      #expect(other.generatorLearningRate == row.4 && other.discriminatorLearningRate == row.4)
    }
    #expect(try recipe("stylegan1-config-a").stages[0].batchSize == 512)
    let growth = try #require(try recipe("stylegan").training.growth)
    // kimg, lod, resolution: 600 of each, then 600 for the next to come in.
    let times: [(Double, Double, Int)] = [
      (0, 7, 8), (600, 7, 8), (900, 6.5, 16), (1200, 6, 16), (1800, 6, 16), (2100, 5.5, 32),
      (8399.999, 0, 1024), (8400, 0, 1024), (25_000, 0, 1024),
    ]
    for (kimg, lod, resolution) in times {
      let stage = growth.stage(imageCount: Int(kimg * 1000))
      #expect(abs(stage.lod - lod) < 1e-5 && stage.resolution == resolution, "\(kimg)")
    }
    #expect(growth.iterationsPerStage == 4)
  }

  @Test("changes arrive where they belong, and are told again")
  func changes() throws {
    let found = try recipe("stylegan", resolution: 64, labelDim: 3) {
      ($0.batchSize, $0.r1Gamma, $0.averageKimg) = (16, 2, 5)
      ($0.generatorLearningRate, $0.discriminatorLearningRate) = (0.01, 0.02)
      ($0.channelBase, $0.channelMax, $0.zDim, $0.wDim) = (2048, 64, 24, 40)
      ($0.mappingLayers, $0.mbstdGroupSize) = (3, 8)
      $0.styleMixingProbability = 0.5
      var own = StyleGANChanges()
      (own.initialResolution, own.stableKimg, own.fadeKimg) = (16, 20, 10)
      $0.stylegan = own
    }
    let g = try #require(found.generator as? StyleGAN1Configuration)
    let d = try #require(found.discriminator as? StyleGAN1DiscriminatorConfiguration)
    #expect((g.zDim, g.wDim, g.mappingWidth, g.mappingLayers) == (24, 40, 40, 3))
    #expect((g.channels(at: 64), d.channels(at: 64), g.channels(at: 4)) == (32, 32, 64))
    #expect((g.labelDim, d.labelDim, d.mbstdGroupSize) == (3, 3, 8))
    #expect(found.stages.map(\.resolution) == [16, 32, 64])
    for stage in found.stages {
      #expect(stage.batchSize == 16 && stage.microBatchSize == 16)
      #expect((stage.generatorLearningRate, stage.discriminatorLearningRate) == (0.01, 0.02))
    }
    let growth = try #require(found.training.growth)
    #expect(growth.kimg(ofStage: 2) == (fade: 50, whole: 60))
    let told = found.inEffect
    #expect((told.channelBase, told.channelMax, told.zDim, told.wDim) == (2048, 64, 24, 40))
    #expect((told.mbstdGroupSize, told.r1Gamma, told.averageKimg) == (8, 2, 5))
    #expect(told.styleMixingProbability == 0.5)
    #expect(told.stylegan?.initialResolution == 16 && told.stylegan?.stableKimg == 20)
    #expect(told.stylegan?.fadeKimg == 10 && told.stylegan?.loss == .logistic)
    let traditional = try recipe("stylegan1-config-b", resolution: 32, labelDim: 3) { $0.zDim = 24 }
    #expect((traditional.generator as? StyleGAN1Configuration)?.wDim == 48)
  }

  @Test("what has no place is refused in one line that names it")
  func refusals() throws {
    func expectRefusal(
      _ words: String, _ name: String = "stylegan", _ change: (inout GANRecipeChanges) -> Void
    ) {
      #expect {
        try recipe(name, resolution: 64, change)
      } throws: { error in
        "\(error)".contains(words) && !"\(error)".contains("\n")
      }
    }
    func growth(_ set: (inout StyleGANChanges) -> Void) -> StyleGANChanges {
      var own = StyleGANChanges()
      set(&own)
      return own
    }
    expectRefusal("expected no --precision=bfloat16, no --aug=ada, no --freezed=2") {
      ($0.precision, $0.augmentation, $0.frozenLayers) = (.bfloat16, AugmentationChoice(), 2)
    }
    expectRefusal("expected no --w-dim=8, no --map-depth=2", "stylegan1-config-b") {
      ($0.wDim, $0.mappingLayers) = (8, 2)
    }
    expectRefusal("expected no --gamma with --loss=wgan-gp", "stylegan1-config-a") {
      $0.r1Gamma = 1
    }
    expectRefusal("expected no --channel-multiplier") { $0.channelMultiplier = 1 }
    expectRefusal("cbase: expected an even number, found 1001") { $0.channelBase = 1001 }
    expectRefusal("--initial-res: expected a power of two from 4 to 64, found 128") {
      $0.stylegan = growth { $0.initialResolution = 128 }
    }
    expectRefusal("--initial-res: expected a power of two from 4 to 64, found 12") {
      $0.stylegan = growth { $0.initialResolution = 12 }
    }
    expectRefusal("without which nothing grows") {
      $0.stylegan = growth { ($0.stableKimg, $0.fadeKimg) = (0, 0) }
    }
    for name in ["auto", "styleformer", "styleswin"] {
      expectRefusal("expected no --initial-res=4, no --loss=logistic", name) {
        $0.stylegan = growth { ($0.initialResolution, $0.loss) = (4, .logistic) }
      }
    }
  }

  // MARK: A training

  /// The squared distance between the mean picture of the data and of what the average draws.
  private func distance(_ training: GANTraining, from dataset: any Dataset) throws -> Double {
    let average = training.trainer.average
    let w = average.map(z: .seeded([64, 8], seed: 5, dtype: .float32), labels: nil)
    let made = average.synthesize(average.broadcast(w), options: SynthesisOptions())
      .clamped(from: -1, to: 1).mean(over: 0)
    return try (made - dataset.batch(0..<200).images.mean(over: 0)).square().mean().item()
  }

  @Test("a small training on portraits comes nearer to them, resolution by resolution")
  func portraits() throws {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.channelBase, changes.channelMax) = (8, 128, 16)
    (changes.zDim, changes.wDim, changes.mappingLayers) = (8, 8, 2)
    (changes.averageKimg, changes.mbstdGroupSize) = (0.1, 4)
    (changes.generatorLearningRate, changes.discriminatorLearningRate) = (0.006, 0.006)
    var own = StyleGANChanges()
    (own.initialResolution, own.stableKimg, own.fadeKimg) = (4, 0.32, 0.16)
    changes.stylegan = own
    let dataset = PortraitsDataset(count: 500, resolution: 16)
    let data = TrainingData(
      source: "portraits", name: "portraits16", count: 500, resolution: 16, channels: 3,
      labelDim: 0, mirror: false, subset: nil)
    let training = try GANTraining(
      GANOptions(
        cfg: "stylegan", data: data, changes: changes, seed: 1, initFrom: nil, threads: 1),
      on: dataset)
    let before = try distance(training, from: dataset)
    var (images, statistics, sides) = (0, Statistics(), Set<Double>())
    while images < 1280 {
      images += try training.step(imagesSeen: images, &statistics)
      let numbers = training.currentNumbers
      #expect(numbers.map(\.name) == ["Progress/augment", "Progress/lod", "Progress/resolution"])
      sides.insert(numbers[2].value)
    }
    #expect(sides == [4, 8, 16])
    let after = try distance(training, from: dataset)
    #expect(after < before / 2, "\(before), then \(after)")
    #expect(statistics.byName["Loss/r1_penalty"]?.num == 1280)
    #expect(try training.sampleSheet()?.width == 16 * 16)
  }
}

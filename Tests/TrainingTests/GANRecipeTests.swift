// The recipes that people name: what is published of them, and that every change arrives.

import Layers
import Networks
import Tensors
import Testing
import Training

@Suite("GAN recipes")
struct GANRecipeTests {
  private func recipe(
    _ name: String, resolution: Int, _ change: (inout GANRecipeChanges) -> Void = { _ in }
  ) throws -> GANRecipe {
    var changes = GANRecipeChanges()
    change(&changes)
    return try GANRecipe(
      named: name, resolution: resolution, imgChannels: 3, labelDim: 0, changes: changes)
  }

  @Test("train as published")
  func published() throws {
    // name, resolution, batch, part, learning rate, γ, half-life in images, ramp-up, kimg
    let table: [(String, Int, Int, Int, Double, Double, Double, Double?, Double)] = [
      ("auto", 256, 16, 16, 0.0025, 0.8192, 5000, 0.05, 25_000),
      ("auto", 64, 32, 32, 0.0025, 0.0256, 10_000, 0.05, 25_000),
      ("auto", 1024, 4, 4, 0.002, 52.4288, 1250, 0.05, 25_000),
      ("stylegan2", 1024, 32, 4, 0.002, 10, 10_000, nil, 25_000),
      ("paper256", 256, 64, 8, 0.0025, 1, 20_000, nil, 25_000),
      ("paper512", 512, 64, 8, 0.0025, 0.5, 20_000, nil, 25_000),
      ("paper1024", 1024, 32, 4, 0.002, 2, 10_000, nil, 25_000),
      ("cifar", 32, 64, 32, 0.0025, 0.01, 500_000, 0.05, 100_000),
    ]
    for (name, resolution, batch, part, rate, gamma, halfLife, rampUp, kimg) in table {
      let found = try recipe(name, resolution: resolution)
      let training = found.training
      #expect(training.batchSize == batch && training.microBatchSize == part, "\(name)")
      #expect(training.generatorOptimizer.learningRate == rate, "\(name)")
      #expect(training.discriminatorOptimizer.learningRate == rate, "\(name)")
      #expect(abs(training.r1Gamma - gamma) < 1e-9, "\(name)")
      #expect(abs(training.average.halfLife - halfLife) < 1e-9, "\(name)")
      #expect(training.average.rampUp == rampUp && found.kimg == kimg, "\(name)")
      #expect((training.pathLength.weight == 0) == (name == "cifar"), "\(name)")
    }
  }

  @Test("train StyleSwin and StyleNAT as published")
  func transformers() throws {
    // name, resolution, batch, part, γ, consistency, mirrored, kimg, kimg before rates fall
    let table: [(String, Int, Int, Int, Double, Bool, Bool, Double, Double?)] = [
      ("styleswin", 64, 32, 4, 10, true, false, 32_000, 24_800),
      ("styleswin-ffhq256", 256, 32, 4, 10, true, false, 32_000, 24_800),
      ("styleswin-celebahq256", 256, 32, 4, 5, true, false, 25_600, 16_000),
      ("styleswin-church256", 256, 32, 4, 5, false, true, 48_000, 41_600),
      ("styleswin-ffhq1024", 1024, 16, 2, 10, false, false, 12_800, 9600),
      ("styleswin-celebahq1024", 1024, 16, 2, 10, false, false, 12_800, nil),
      ("stylenat", 64, 64, 8, 10, true, true, 64_000, 49_600),
      ("stylenat-ffhq256", 256, 64, 8, 10, true, true, 64_000, 49_600),
    ]
    for (name, resolution, batch, part, gamma, consistency, mirrors, kimg, decay) in table {
      let found = try recipe(name, resolution: resolution)
      let training = found.training
      #expect(training.batchSize == batch && training.microBatchSize == part, "\(name)")
      #expect(training.generatorOptimizer.learningRate == 5e-5, "\(name)")
      #expect(training.discriminatorOptimizer.learningRate == 2e-4, "\(name)")
      #expect(training.r1Gamma == gamma && found.kimg == kimg, "\(name)")
      #expect((training.consistency?.weight == 10) == consistency, "\(name)")
      #expect(GANRecipe.mirrors(named: name) == mirrors, "\(name)")
      #expect(training.learningRateDecay?.startKimg == decay, "\(name)")
      #expect(training.discriminatorGradientBound == 5, "\(name)")
      #expect(training.phaseOrder == .discriminatorFirst && training.pathLength.weight == 0)
      // 0.5^(32 / 10000) of the average stays in an iteration, however many images it has.
      let beta = training.average.beta(batchSize: batch, imageCount: 0)
      #expect(abs(beta - 0.997784) < 1e-6, "\(name): \(beta)")
      #expect(found.generator.resolution == resolution)
    }
    #expect(
      try recipe("styleswin-ffhq1024", resolution: 1024).parameterCounts.generator == 40_862_990)
    #expect(
      try recipe("stylenat-ffhq256", resolution: 256).parameterCounts == (48_921_000, 26_211_585))
    let small = try recipe("stylenat", resolution: 64) {
      ($0.channelMax, $0.channelMultiplier, $0.wDim, $0.mappingLayers) = (96, 1, 128, 4)
      ($0.batchSize, $0.discriminatorLearningRate) = (16, 1e-3)
    }
    let g = try #require(small.generator as? StyleNATConfiguration)
    #expect((g.shape.channels(at: 32), g.shape.channels(at: 64)) == (96, 48))
    #expect((g.shape.wDim, g.shape.mappingLayers) == (128, 4))
    #expect(small.training.generatorOptimizer.learningRate == 2.5e-4)
    #expect(small.training.learningRateDecay?.endKimg == 16_000)
  }

  @Test("train Styleformer as its program does")
  func styleformers() throws {
    let cifar = try recipe("styleformer-cifar10", resolution: 32)
    #expect((cifar.training.batchSize, cifar.training.microBatchSize) == (32, 32))
    #expect(cifar.training.pathLength.weight == 0 && cifar.kimg == 100_000)
    let d = try #require(cifar.discriminator as? StyleGAN2DiscriminatorConfiguration)
    #expect(d.architecture == .orig && d.mbstdGroupSize == 32)
    let faces = try recipe("styleformer", resolution: 64) {
      var layers = StyleformerChanges()
      layers.hiddenSizes = [128, 96, 64, 32]
      (layers.headSize, layers.linformer) = (16, false)
      $0.styleformer = layers
    }
    let g = try #require(faces.generator as? StyleformerConfiguration)
    #expect(g.hiddenSizes == [128, 96, 64, 32] && g.numLayers == [1, 2, 1, 1])
    #expect((g.headSize, g.linformer) == (16, false))
    #expect(faces.training.pathLength.weight == 2 && faces.kimg == 25_000)
    #expect(faces.inEffect.styleformer?.hiddenSizes == [128, 96, 64, 32])
    // Only where keys are projected is p bounded; adaptive augmentation is what is usual.
    for (name, resolution, bound) in [
      ("styleformer-lsun128l", 128, 0.7), ("styleformer-celeba64l", 64, 0.7),
      ("styleformer-cifar10", 32, nil),
    ] {
      #expect(GANRecipe.usualAugmentation(of: name) == .ada)
      let augmented = try recipe(name, resolution: resolution) {
        $0.augmentation = AugmentationChoice()
      }
      let control = try #require(augmented.training.augmentation?.control)
      #expect(control.mostEffectiveP == bound && control.target == 0.6, "\(name)")
    }
  }

  @Test("take what papers leave out to the layers, and nowhere else")
  func ablations() throws {
    let published = try recipe("styleformer", resolution: 32)
    #expect((published.generator as? StyleformerConfiguration)?.ablation == nil)
    let found = try recipe("styleformer", resolution: 32) {
      var layers = StyleformerChanges()
      (layers.normalization, layers.demodulates) = (.beforeModulation, false)
      (layers.residual, layers.feedForwardRatio) = (.input, 4)
      $0.styleformer = layers
    }
    let ablation = try #require((found.generator as? StyleformerConfiguration)?.ablation)
    #expect(ablation.normalization == .beforeModulation && !ablation.demodulates)
    #expect(ablation.residual == .input && ablation.feedForwardRatio == 4)
    #expect(found.inEffect.styleformer?.feedForwardRatio == 4)
    #expect(published.inEffect.styleformer?.demodulates == true)
    expectRefusal("no --no-demodulate, no --residual=none") {
      _ = try recipe("auto", resolution: 32) {
        var layers = StyleformerChanges()
        (layers.demodulates, layers.residual) = (false, StyleformerAblation.Residual.none)
        $0.styleformer = layers
      }
    }
  }

  @Test("give StyleNAT's heads other dilations")
  func dilations() throws {
    func found(
      _ dilations: StyleNATConfiguration.Dilations?, _ partitions: Int? = nil
    ) throws -> [[Int]]? {
      let made = try recipe("stylenat", resolution: 64) {
        var heads = StyleNATChanges()
        (heads.dilations, heads.partitions) = (dilations, partitions)
        $0.stylenat = heads
      }
      // What is in effect makes the same again.
      let g = try #require(made.generator as? StyleNATConfiguration)
      #expect(made.inEffect.stylenat?.applied(to: g).dilations == g.dilations)
      return g.dilations
    }
    #expect(try found(nil) == [[1], [1, 2], [1, 4], [1, 8]])
    #expect(try found(.dual) == [[1], [1, 2], [1, 4], [1, 8]])
    #expect(try found(.dense) == [[1], [1], [1], [1]])
    #expect(try found(.progressive) == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8]])
    #expect(try found(.progressive, 3) == [[1], [1, 2], [1, 2, 4], [1, 2, 4]])
    expectRefusal("--partitions with --dilations=progressive") { _ = try found(.dual, 2) }
    expectRefusal("--partitions with --dilations=progressive") { _ = try found(nil, 2) }
    expectRefusal("no --dilations=dense") {
      _ = try recipe("styleswin", resolution: 64) {
        var heads = StyleNATChanges()
        heads.dilations = .dense
        $0.stylenat = heads
      }
    }
  }

  @Test("take every change to where it belongs")
  func changes() throws {
    let found = try recipe("auto", resolution: 64) {
      ($0.batchSize, $0.microBatchSize, $0.r1Gamma, $0.averageKimg) = (8, 4, 3, 2)
      ($0.generatorLearningRate, $0.discriminatorLearningRate) = (0.5, 0.25)
      ($0.channelBase, $0.channelMax, $0.mappingLayers) = (1024, 48, 3)
      ($0.zDim, $0.wDim, $0.mbstdGroupSize, $0.precision) = (24, 40, 2, .bfloat16)
      ($0.pathLengthWeight, $0.styleMixingProbability) = (0, 0.25)
    }
    let g = try #require(found.generator as? StyleGAN2Configuration)
    let d = try #require(found.discriminator as? StyleGAN2DiscriminatorConfiguration)
    #expect((g.zDim, g.wDim, g.mappingLayers) == (24, 40, 3))
    #expect((g.channelBase, g.channelMax) == (1024, 48))
    #expect((d.channelBase, d.channelMax, d.mbstdGroupSize) == (1024, 48, 2))
    let training = found.training
    #expect((training.batchSize, training.microBatchSize, training.r1Gamma) == (8, 4, 3))
    #expect(training.average.halfLife == 2000 && training.precision == .bfloat16)
    #expect(training.generatorOptimizer.learningRate == 0.5)
    #expect(training.discriminatorOptimizer.learningRate == 0.25)
    #expect((training.pathLength.weight, training.styleMixingProbability) == (0, 0.25))
    let told = found.inEffect
    #expect((told.pathLengthWeight, told.styleMixingProbability) == (0, 0.25))
  }

  @Test(
    "say what is in effect as it was asked for, so that trainings go on with their own options",
    arguments: ["auto", "stylegan", "styleformer", "styleswin", "stylenat"])
  func effect(name: String) throws {
    let told = try recipe(name, resolution: 64) {
      ($0.channelMax, $0.wDim, $0.mappingLayers) = (32, 40, 3)
      ($0.batchSize, $0.r1Gamma, $0.averageKimg) = (16, 3, 2)
      guard !["styleswin", "stylenat"].contains(name) else { return }
      ($0.channelBase, $0.zDim, $0.mbstdGroupSize) = (1024, 24, 2)
    }.inEffect
    #expect((told.channelMax, told.wDim, told.mappingLayers) == (32, 40, 3))
    #expect((told.batchSize, told.r1Gamma, told.averageKimg) == (16, 3, 2))
    guard !["styleswin", "stylenat"].contains(name) else { return }
    #expect((told.channelBase, told.zDim, told.mbstdGroupSize) == (1024, 24, 2))
  }

  @Test("name the recipe or the value that does not fit")
  func refusals() {
    expectRefusal("--channel-multiplier") {
      _ = try recipe("auto", resolution: 64) { $0.channelMultiplier = 1 }
    }
    expectRefusal("--cbase=1024, no --mbstd-group=4") {
      _ = try recipe("styleswin", resolution: 64) {
        ($0.channelBase, $0.mbstdGroupSize) = (1024, 4)
      }
    }
    expectRefusal("--num-layers=1,1, no --aug=ada") {
      _ = try recipe("stylenat", resolution: 64) {
        var layers = StyleformerChanges()
        layers.numLayers = [1, 1]
        ($0.styleformer, $0.augmentation) = (layers, AugmentationChoice())
      }
    }
    expectRefusal("RGB pictures without labels") {
      _ = try GANRecipe(named: "stylenat", resolution: 64, imgChannels: 1, labelDim: 0)
    }
    #expect(throws: ConfigurationError.self) { try recipe("stylegan4", resolution: 64) }
    #expect(throws: ConfigurationError.self) { try recipe("auto", resolution: 64) { $0.wDim = 0 } }
    #expect(throws: ConfigurationError.self) {
      try recipe("auto", resolution: 64) { ($0.batchSize, $0.microBatchSize) = (8, 3) }
    }
  }

  private func expectRefusal(_ words: String, _ body: () throws -> Void) {
    #expect {
      try body()
    } throws: {
      "\($0)".contains(words)
    }
  }
}

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

  @Test("take every change to where it belongs")
  func changes() throws {
    let found = try recipe("auto", resolution: 64) {
      ($0.batchSize, $0.microBatchSize, $0.r1Gamma, $0.averageKimg) = (8, 4, 3, 2)
      ($0.generatorLearningRate, $0.discriminatorLearningRate) = (0.5, 0.25)
      ($0.channelBase, $0.channelMax, $0.mappingLayers) = (1024, 48, 3)
      ($0.zDim, $0.wDim, $0.mbstdGroupSize, $0.precision) = (24, 40, 2, .bfloat16)
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
  }

  @Test("name the recipe or the value that does not fit")
  func refusals() {
    #expect(throws: ConfigurationError.self) { try recipe("stylegan4", resolution: 64) }
    #expect(throws: ConfigurationError.self) { try recipe("auto", resolution: 64) { $0.wDim = 0 } }
    #expect(throws: ConfigurationError.self) {
      try recipe("auto", resolution: 64) { ($0.batchSize, $0.microBatchSize) = (8, 3) }
    }
  }
}

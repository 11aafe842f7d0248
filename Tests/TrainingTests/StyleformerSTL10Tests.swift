// Styleformer's training at 48×48, for which the discriminator is ours.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Styleformer at 48×48") struct StyleformerSTL10Tests {
  private func recipe(_ augmentation: AugmentationChoice) throws -> GANRecipe {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.channelBase, changes.channelMax) = (4, 256, 16)
    (changes.zDim, changes.wDim, changes.mappingLayers) = (8, 8, 2)
    var layers = StyleformerChanges()
    (layers.hiddenSizes, layers.headSize) = ([16, 16, 8], 8)
    changes.styleformer = layers
    changes.augmentation = augmentation
    var recipe = try GANRecipe(
      named: "styleformer-stl10", resolution: 48, imgChannels: 3, labelDim: 0, changes: changes)
    recipe.training.generatorRegularizationInterval = 2
    recipe.training.discriminatorRegularizationInterval = 2
    return recipe
  }

  private func trainer(_ recipe: GANRecipe, seed: UInt64) throws -> GANTrainer {
    let random = TorchGenerator(seed: seed)
    return try GANTrainer(
      generator: recipe.generator.makeGenerator(Scope(ParameterStore(), generator: random)),
      discriminator: recipe.discriminator.makeDiscriminator(
        Scope(ParameterStore(), generator: random)),
      configuration: recipe.training, seed: seed)
  }

  private func real(_ number: Int) -> RealBatch {
    RealBatch(
      images: .seeded([4, 3, 48, 48], seed: UInt64(number), dtype: .float32)
        .clamped(from: -1, to: 1))
  }

  private func allBits(_ trainer: GANTrainer) throws -> OrderedDictionary<String, [UInt8]> {
    try trainer.state.tensors.mapValues { bits(try $0.read()) }
  }

  @Test("has the published layers, and a discriminator down to 6×6")
  func layers() throws {
    let found = try GANRecipe(
      named: "styleformer-stl10", resolution: 48, imgChannels: 3, labelDim: 0)
    let g = try #require(found.generator as? StyleformerConfiguration)
    #expect(g.stageResolutions == [12, 24, 48] && g.hiddenSizes == [1024, 256, 64])
    let d = try #require(found.discriminator as? StyleGAN2DiscriminatorConfiguration)
    #expect(d.blockResolutions == [48, 24, 12] && d.lastResolution == 6)
  }

  @Test(
    "trains with augmentation and both penalties, and goes on with the same bits",
    arguments: [AugmentationSet.bgc, .bgcfnc])
  func training(set: AugmentationSet) throws {
    let recipe = try recipe(AugmentationChoice(.fixed, pipe: set, p: 0.8))
    let first = try trainer(recipe, seed: 1)
    let before = try allBits(first)
    for i in 0..<2 { try first.runIteration(real: real(i)) }
    let moved = try allBits(first)
    for part in ["G", "D", "G_ema"] {
      #expect(before.contains { $0.key.hasPrefix("\(part).") && moved[$0.key] != $0.value })
    }
    let saved = GANTrainerState(
      counters: first.state.counters,
      tensors: try first.state.tensors.mapValues { StoredParameter(try $0.read().cloned()) })
    let second = try trainer(recipe, seed: 9)
    try second.restore(saved)
    for trainer in [first, second] { try trainer.runIteration(real: real(2)) }
    #expect(try allBits(first) == allBits(second))
  }
}

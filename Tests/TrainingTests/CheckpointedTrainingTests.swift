// Trainings whose blocks run once more for gradients: the same bits, less memory.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Trainings with gradient checkpointing") struct CheckpointedTrainingTests {
  static let recipes = [
    "auto", "cifar", "styleformer-cifar10", "styleformer-stl10", "stylenat", "styleswin",
  ]

  /// A small recipe of every family; Styleformer with projected keys, whose matrix has two names.
  private func recipe(_ name: String, checkpointing: Bool) throws -> GANRecipe {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.microBatchSize, changes.channelMax) = (4, 4, 16)
    (changes.wDim, changes.mappingLayers) = (16, 2)
    if name.hasPrefix("styleformer") {
      var layers = StyleformerChanges()
      (layers.hiddenSizes, layers.headSize) = ([16, 16, 8], 8)
      layers.linformer = name == "styleformer-cifar10"
      changes.styleformer = layers
    }
    if !name.hasPrefix("style") || name.hasPrefix("styleformer") {
      (changes.zDim, changes.channelBase) = (16, 512)
      changes.augmentation = AugmentationChoice(.fixed, p: 0.5)
    }
    let resolution = ["styleformer-cifar10": 32, "styleformer-stl10": 48][name] ?? 16
    var recipe = try GANRecipe(
      named: name, resolution: resolution, imgChannels: 3, labelDim: 0, changes: changes)
    recipe.training.usesCheckpointing = checkpointing ? true : nil
    // All phases in every second iteration, where a recipe has them.
    if recipe.training.pathLength.weight > 0 { recipe.training.generatorRegularizationInterval = 2 }
    recipe.training.discriminatorRegularizationInterval = 2
    return recipe
  }

  private func trainer(_ recipe: GANRecipe) throws -> GANTrainer {
    let random = TorchGenerator(seed: 3)
    return try GANTrainer(
      generator: recipe.generator.makeGenerator(Scope(ParameterStore(), generator: random)),
      discriminator: recipe.discriminator.makeDiscriminator(
        Scope(ParameterStore(), generator: random)),
      configuration: recipe.training, seed: 7)
  }

  private func real(_ trainer: GANTrainer, _ number: Int) -> RealBatch {
    let (count, side) = (trainer.stage.batchSize, trainer.stage.resolution)
    return RealBatch(
      images: .seeded([count, 3, side, side], seed: UInt64(50 + number), dtype: .float32)
        .clamped(from: -1, to: 1))
  }

  private func allBits(_ trainer: GANTrainer) throws -> OrderedDictionary<String, [UInt8]> {
    try trainer.state.tensors.mapValues { bits(try $0.read()) }
  }

  @Test("the gradients of both losses have the same bits", arguments: recipes)
  func gradients(name: String) throws {
    let found = try [false, true].map { checkpointing in
      let trainer = try trainer(recipe(name, checkpointing: checkpointing))
      // Noise has no strength at the start.
      for (name, p) in trainer.generator.parameters.trainable where name.hasSuffix("strength") {
        p.assign(.full(0.5, p.shape))
      }
      let real = real(trainer, 0)
      return try [TrainingPhase.generatorMain, .discriminatorMain].flatMap { phase in
        try trainer.differentiate(phase, real: real, inputs: trainer.draw(for: phase)).gradients
          .map { $0.values() }
      }
    }
    #expect(found[0].count > 50 && found[0].contains { $0.contains { abs($0) > 1e-3 } })
    #expect(zip(found[0], found[1]).allSatisfy { $0 == $1 })
  }

  @Test("two iterations of all phases leave the same bits", arguments: recipes)
  func iterations(name: String) throws {
    let states = try [false, true].map { checkpointing in
      let trainer = try trainer(recipe(name, checkpointing: checkpointing))
      for i in 0..<2 { try trainer.runIteration(real: real(trainer, i)) }
      return try allBits(trainer)
    }
    #expect(states[0].keys == states[1].keys)
    #expect(states[0].keys.filter { states[0][$0] != states[1][$0] } == [])
  }

  @Test("so do those of networks that grow, with either loss", arguments: [false, true])
  func growing(wasserstein: Bool) throws {
    let states = try [nil, true].map { checkpointing in
      var settings = growingSettings(wasserstein: wasserstein)
      settings.usesCheckpointing = checkpointing
      // From within a fade up to 16×16.
      let trainer = try growingTrainer(settings, imageCount: 52)
      for i in 0..<6 { try trainer.runIteration(real: real(trainer, i)) }
      return try allBits(trainer)
    }
    #expect(states[0].keys.filter { states[0][$0] != states[1][$0] } == [])
  }

  @Test("it may come and go while a training goes on")
  func switching() throws {
    let states = try [[false, false, false], [true, false, true]].map { choices in
      var saved: GANTrainerState?
      for (i, checkpointing) in choices.enumerated() {
        let trainer = try trainer(recipe("auto", checkpointing: checkpointing))
        if let saved { try trainer.restore(saved) }
        try trainer.runIteration(real: real(trainer, i))
        saved = trainer.state
      }
      return try #require(saved).tensors.mapValues { bits(try $0.read()) }
    }
    #expect(states[0] == states[1])
  }

  @Test("networks keep less for gradients", arguments: recipes + ["stylegan"])
  func memory(name: String) throws {
    let recipe = try recipe(name, checkpointing: false)
    let g = recipe.generator.makeGenerator(Scope(ParameterStore()))
    let d = recipe.discriminator.makeDiscriminator(Scope(ParameterStore()))
    g.parameters.setRequiresGrad(true)
    d.parameters.setRequiresGrad(true)
    let wPlus = Tensor.seeded([4, g.traits.numWs, g.traits.wDim], seed: 1, dtype: .float32)
    let img = Tensor.seeded([4, 3, g.traits.resolution, g.traits.resolution], dtype: .float32)
    let made = [false, true].map { checkpointing in
      bytesHeld {
        g.synthesize(
          wPlus,
          options: SynthesisOptions(purpose: .training, usesCheckpointing: checkpointing))
      }
    }
    let judged = [false, true].map { checkpointing in
      bytesHeld {
        d(
          img, labels: nil,
          options: DiscriminatorOptions(purpose: .training, usesCheckpointing: checkpointing))
      }
    }
    #expect(made[1] < made[0] / 2, "\(made)")
    // The weights of the wavelet discriminator, divided by their norms, are kept, and are much of it here.
    #expect(judged[1] < judged[0] * 2 / 3, "\(judged)")
  }

  @Test("the cost says so", arguments: ["auto", "stylenat"])
  func cost(name: String) throws {
    let (plain, kept) = try (
      recipe(name, checkpointing: false).cost, recipe(name, checkpointing: true).cost
    )
    // StyleGAN2's penalties hold as much as its losses would, and are left as they are.
    #expect(name == "auto" || kept.passingBytes < plain.passingBytes)
    #expect(kept.passingBytes <= plain.passingBytes && kept.lastingBytes == plain.lastingBytes)
    let more = kept.multiplyAdds / plain.multiplyAdds
    #expect(more > 1.1 && more < 1.4, "\(more)")
  }
}

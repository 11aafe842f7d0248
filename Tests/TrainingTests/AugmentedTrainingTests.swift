// Trainings with augmentation: how p follows the discriminator, the R1 penalty through augmentation,
// going on in the middle of everything, and layers that do not learn.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Small settings with augmentation whose p moves by a tenth at a time.
private func augmentedSettings(
  _ set: AugmentationSet = .bgc, target: Double? = 0.6, p: Double = 0.5
) -> GANTrainerConfiguration {
  var settings = smallSettings()
  var control = AugmentationControl.Settings(initialP: p, target: target)
  control.kimg = 0.16  // an interval has 16 images
  settings.augmentation = TrainingAugmentation(pipe: AugmentationPipe(set), control: control)
  return settings
}

@Suite("The probability of augmentation") struct AugmentationControlTests {
  @Test("moves by a fixed step towards the target, never below its least")
  func steps() {
    let settings = AugmentationControl.Settings.adaptive
    let step = 64.0 * 4 / 500_000
    #expect(settings.moved(0.25, signMean: 0.7, batchSize: 64) == 0.25 + step)
    #expect(settings.moved(0.25, signMean: 0.5, batchSize: 64) == 0.25 - step)
    #expect(settings.moved(0.25, signMean: 0.6, batchSize: 64) == 0.25)
    #expect(settings.moved(step / 2, signMean: -1, batchSize: 64) == 0)
    #expect(settings.moved(1, signMean: 1, batchSize: 64) == 1 + step)
    let fixed = AugmentationControl.Settings(initialP: 0.3, target: nil)
    #expect(fixed.moved(0.3, signMean: 1, batchSize: 64) == 0.3)
  }

  @Test("follows the signs of an interval of iterations, and only those")
  func intervals() throws {
    let trainer = try smallTrainer(augmentedSettings(target: 1, p: 0.5))
    let control = try #require(trainer.augmentation)
    var found: [Double] = []
    for i in 0..<9 {
      try trainer.runIteration(real: realBatch(i))
      found.append(control.p)
    }
    // No discriminator of two iterations is right about all of its pictures here.
    #expect(Set(found[0..<3]) == [0.5] && Set(found[3..<7]).count == 1)
    #expect(abs(found[3] - 0.4) < 1e-12 && abs(found[7] - 0.3) < 1e-12 && found[8] == found[7])
  }

  @Test("rises while the discriminator is surer of real pictures than it may be")
  func rises() throws {
    // A mean sign is above -1 as soon as one picture looks real; 0 is the least target.
    var settings = augmentedSettings(target: 0, p: 0)
    settings.discriminatorOptimizer.learningRate = 0.05
    settings.generatorOptimizer.learningRate = 0
    let trainer = try smallTrainer(settings)
    for i in 0..<16 { try trainer.runIteration(real: realBatch(i % 2)) }
    let control = try #require(trainer.augmentation)
    let signs = try #require(trainer.takeStatistics().byName["Loss/signs/real"])
    #expect(signs.mean > 0 && control.p > 0)
  }

  @Test("is bounded where pictures are augmented, not where it is kept")
  func bound() {
    var settings = AugmentationControl.Settings(initialP: 0.9, target: 0.6)
    settings.mostEffectiveP = 0.7
    let control = AugmentationControl(settings)
    #expect(control.p == 0.9 && control.effectiveP == 0.7)
  }
}

@Suite("Training with augmentation") struct AugmentedTrainingTests {
  private func allBits(_ trainer: GANTrainer) throws -> OrderedDictionary<String, [UInt8]> {
    try trainer.state.tensors.mapValues { bits(try $0.read()) }
  }

  // An interval of p has 4 iterations: 3, 5 and 6 lie within one, with signs already counted.
  @Test("a restored trainer goes on with the same bits, also within an interval", arguments: 3...6)
  func resuming(iterations: Int) throws {
    // p only falls, as no discriminator of ten iterations is right about everything.
    var settings = augmentedSettings(target: 1)
    settings.augmentation?.pipe.noise = 1
    let first = try smallTrainer(settings)
    for i in 0..<iterations { try first.runIteration(real: realBatch(i)) }
    let state = first.state
    let saved = GANTrainerState(
      counters: state.counters,
      tensors: try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) })
    #expect(saved.tensors.keys.contains("augmentation.sign_sum"))
    let second = try smallTrainer(settings, networkSeed: 20, seed: 99)
    try second.restore(saved)
    for i in iterations..<iterations + 6 {
      try first.runIteration(real: realBatch(i))
      try second.runIteration(real: realBatch(i))
    }
    let (a, b) = (try allBits(first), try allBits(second))
    #expect(a.keys == b.keys && a.keys.filter { a[$0] != b[$0] } == [])
    #expect(first.augmentation?.p == second.augmentation?.p && first.augmentation?.p != 0.5)
  }

  @Test("what nothing happens to trains as if there were no augmentation")
  func nothing() throws {
    let (plain, augmented) = (
      try smallTrainer(), try smallTrainer(augmentedSettings(target: nil, p: 0))
    )
    for i in 0..<3 {
      for trainer in [plain, augmented] { try trainer.runIteration(real: realBatch(i)) }
    }
    let (a, b) = (try allBits(plain), try allBits(augmented))
    #expect(a.keys.filter { a[$0] != b[$0] } == [])
    #expect(Set(b.keys).subtracting(a.keys).allSatisfy { $0.contains("augmentation") })
  }

  @Test("the discriminator judges augmented pictures in every phase, made ones and real ones")
  func phases() throws {
    let trainer = try smallTrainer()
    var inverted = PictureAugmentation()
    (inverted.isLumaFlipped, inverted.contrast) = (true, 2)
    let change = BatchAugmentation(Array(repeating: inverted, count: 4))
    let inputs = PhaseInputs(z: .seeded([4, 8], seed: 5, dtype: .float32), noise: .none)
    func reports(_ phase: TrainingPhase, _ augmentation: PhaseAugmentation) throws -> LossReports {
      try trainer.differentiate(
        phase, real: realBatch(0), inputs: inputs, augmentation: augmentation
      ).reports
    }
    for (phase, name, augmentation) in [
      (TrainingPhase.generatorMain, "Loss/scores/fake", PhaseAugmentation(fake: change)),
      (.discriminatorMain, "Loss/scores/fake", PhaseAugmentation(fake: change)),
      (.discriminatorMain, "Loss/scores/real", PhaseAugmentation(real: change)),
      (.discriminatorRegularization, "Loss/scores/real", PhaseAugmentation(real: change)),
    ] {
      let (with, without) = (
        try reports(phase, augmentation)[name], try reports(phase, PhaseAugmentation())[name]
      )
      let (a, b) = (try #require(with), try #require(without))
      #expect((a - b).abs().max().item() > 1e-3, "\(name) of \(phase.rawValue)")
    }
  }

  @Test("the R1 penalty is by the pictures as they were before augmentation")
  func penalty() throws {
    let trainer = try smallTrainer()
    var contrast = PictureAugmentation()
    contrast.contrast = 3
    let augmentation = PhaseAugmentation(
      real: BatchAugmentation(Array(repeating: contrast, count: 4)))
    func penalty(_ real: RealBatch, _ augmentation: PhaseAugmentation) throws -> Tensor {
      let found = try trainer.differentiate(
        .discriminatorRegularization, real: real, inputs: nil, augmentation: augmentation)
      return try #require(found.reports["Loss/r1_penalty"])
    }
    let bright = RealBatch(images: realBatch(0).images * 3)
    // By the chain rule: the same logits, slopes three times as steep.
    expectClose(
      try penalty(realBatch(0), augmentation), try penalty(bright, PhaseAugmentation()) * 9,
      atol: 0, rtol: 1e-4)
  }

  @Test("no augmentation beside consistency, and none that pictures are too small for")
  func refusals() throws {
    var both = augmentedSettings()
    both.consistency = BalancedConsistency()
    #expect(throws: ConfigurationError.self) { try both.validate() }
    #expect(throws: ConfigurationError.self) {
      try GANTrainer(
        generator: smallGenerator(), discriminator: smallDiscriminator(),
        configuration: augmentedSettings(.bgcf), seed: 1)
    }
  }
}

@Suite("Augmentation and frozen layers in recipes") struct AugmentationRecipeTests {
  private func recipe(_ change: (inout GANRecipeChanges) -> Void) throws -> GANRecipe {
    var changes = GANRecipeChanges()
    change(&changes)
    return try GANRecipe(
      named: "auto", resolution: 16, imgChannels: 3, labelDim: 0, changes: changes)
  }

  private func options(_ changes: GANRecipeChanges, initFrom: String? = nil) -> GANOptions {
    let data = TrainingData(
      source: "portraits", name: "portraits16", count: 10, resolution: 16, channels: 3,
      labelDim: 0, mirror: false, subset: nil)
    return GANOptions(
      cfg: "auto", data: data, changes: changes, seed: 0, initFrom: initFrom, threads: 1)
  }

  @Test("follow what people choose, with the published numbers")
  func choices() throws {
    #expect(try recipe { _ in }.training.augmentation == nil)
    #expect(try recipe { $0.augmentation = .init(.noaug) }.training.augmentation == nil)
    let adaptive = try #require(try recipe { $0.augmentation = .init() }.training.augmentation)
    #expect(adaptive.pipe == AugmentationPipe(.bgc))
    let control = adaptive.control
    #expect((control.initialP, control.target, control.interval, control.kimg) == (0, 0.6, 4, 500))
    let fixed = try recipe { $0.augmentation = .init(.fixed, pipe: .bg, p: 0.3) }
    #expect(fixed.training.augmentation?.control.initialP == 0.3)
    #expect(fixed.training.augmentation?.control.target == nil)
    #expect(fixed.inEffect.augmentation == .init(.fixed, pipe: .bg, p: 0.3))
    #expect(throws: ConfigurationError.self) {
      try recipe { $0.augmentation = .init(.fixed, p: 1.5) }
    }
  }

  @Test("p moves five times as fast where networks have learned already")
  func transfer() throws {
    var changes = GANRecipeChanges()
    changes.augmentation = AugmentationChoice()
    let control = try options(changes, initFrom: "cats.pkl").recipe().training.augmentation?.control
    #expect(control?.kimg == 100)
  }

  @Test("names of folders say what is not usual")
  func folders() throws {
    func name(_ change: (inout GANRecipeChanges) -> Void) throws -> String {
      var changes = GANRecipeChanges()
      change(&changes)
      return try options(changes).folderName()
    }
    let plain = try name { _ in }
    #expect(try name { $0.augmentation = .init() } == plain)
    #expect(try name { $0.augmentation = .init(.noaug) } == "\(plain)-noaug")
    #expect(
      try name { $0.augmentation = .init(.fixed, pipe: .bg, p: 0.25) } == "\(plain)-fixed-p0.25-bg")
    #expect(
      try name {
        $0.augmentation = .init(.ada, target: 0.7)
        $0.frozenLayers = 3
      } == "\(plain)-target0.7-freezed3")
  }

  @Test("options from before there was augmentation have none")
  func oldOptions() throws {
    var changes = GANRecipeChanges()
    changes.augmentation = AugmentationChoice(.fixed, p: 0.5)
    let json = try options(changes).canonicalJSON()
    let old = json.replacing(
      #""augmentation":{"mode":"fixed","p":0.5,"pipe":"bgc"}"#, with: "")
    #expect(old != json)
    let found = try GANOptions(canonicalJSON: old)
    #expect(found.changes == GANRecipeChanges())
    #expect(try found.recipe().training.augmentation == nil)
    #expect(try GANOptions(canonicalJSON: json).changes == changes)
  }

  @Test("layers are frozen from the image on, and do not change in training")
  func frozen() throws {
    let recipe = try recipe { $0.frozenLayers = 5 }
    #expect(
      Array(recipe.discriminator.layersFromImage.prefix(5))
        == ["b16.fromrgb", "b16.conv0", "b16.conv1", "b16.skip", "b8.conv0"])
    let all = try self.recipe { _ in }.parameterCounts.discriminator
    #expect(recipe.parameterCounts.discriminator < all)
    #expect(throws: ConfigurationError.self) { try self.recipe { $0.frozenLayers = 8 } }
    let d = smallDiscriminator()
    for layer in d.configuration.layersFromImage.prefix(5) {
      d.parameters.setTrainable(false, under: layer)
    }
    let before = d.parameters.entries.mapValues { bits($0.tensor) }
    let trainer = try GANTrainer(
      generator: smallGenerator(), discriminator: d, configuration: smallSettings(), seed: 1)
    for i in 0..<2 { try trainer.runIteration(real: realBatch(i)) }
    let changed = d.parameters.entries.filter { before[$0.key] != bits($0.value.tensor) }.keys
    #expect(Set(changed.map { $0.prefix { $0 != "." } }) == ["b8", "b4"])
    #expect(!changed.contains { $0.hasPrefix("b8.conv0") })
  }
}

// The trainer: its schedule, what each phase moves, statistics, and what it refuses.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("GANTrainer") struct GANTrainerTests {
  private func allBits(_ store: ParameterStore) -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: store.entries.map { ($0, bits($1.tensor)) })
  }

  @Test("runs regularisers once in their intervals, from the first iteration on")
  func schedule() throws {
    var settings = smallSettings()
    settings.generatorRegularizationInterval = 2
    settings.discriminatorRegularizationInterval = 3
    let trainer = try smallTrainer(settings)
    let phases = try (0..<7).map { i in
      try trainer.runIteration(real: realBatch(i)).keys.map(\.rawValue)
    }
    let main = ["Gmain", "Dmain"]
    #expect(
      phases == [
        ["Gmain", "Greg", "Dmain", "Dreg"], main, ["Gmain", "Greg", "Dmain"],
        ["Gmain", "Dmain", "Dreg"], ["Gmain", "Greg", "Dmain"], main,
        ["Gmain", "Greg", "Dmain", "Dreg"],
      ])
    #expect(trainer.counters == .init(iteration: 7, imageCount: 28))
    #expect(trainer.generatorOptimizer.stepCount == 7 + 4)
    #expect(trainer.discriminatorOptimizer.stepCount == 7 + 3)
  }

  @Test("leaves regularisers of weight 0 out")
  func unregularized() throws {
    var settings = smallSettings()
    (settings.r1Gamma, settings.pathLength.weight) = (0, 0)
    let trainer = try smallTrainer(settings)
    #expect(
      try trainer.runIteration(real: realBatch(0)).keys == [.generatorMain, .discriminatorMain])
    #expect(trainer.pathLength.mean.item() == 0)
  }

  @Test("corrects each optimiser for its own interval")
  func lazyRegularization() throws {
    var settings = smallSettings()
    settings.generatorRegularizationInterval = 4
    settings.discriminatorRegularizationInterval = 16
    let trainer = try smallTrainer(settings)
    #expect(abs(trainer.generatorOptimizer.settings.learningRate - 0.0016) < 1e-15)
    let d = trainer.discriminatorOptimizer.settings
    #expect(abs(d.learningRate - 0.002 * 16 / 17) < 1e-15)
    #expect(d == settings.discriminatorOptimizer.corrected(forLazyRegularizationEvery: 16))
  }

  @Test("moves both networks, the average after them, and both running means")
  func whatMoves() throws {
    let trainer = try smallTrainer()
    let (g, d) = (allBits(trainer.generator.parameters), allBits(trainer.discriminator.parameters))
    try trainer.runIteration(real: realBatch(0))
    let (g1, d1) = (
      allBits(trainer.generator.parameters), allBits(trainer.discriminator.parameters)
    )
    for (name, entry) in trainer.generator.parameters.entries {
      let moves = entry.role == .parameter || name == "mapping.w_avg"
      #expect((g[name] != g1[name]) == moves, "\(name)")
    }
    for (name, entry) in trainer.discriminator.parameters.entries {
      #expect((d[name] != d1[name]) == (entry.role == .parameter), "\(name)")
    }
    // With no image seen before, nothing of the old average is left.
    #expect(allBits(trainer.average.parameters) == g1)
    #expect(trainer.pathLength.mean.item() > 0)
    try trainer.runIteration(real: realBatch(1))
    let (average, moved) = (trainer.average.parameters, trainer.generator.parameters)
    #expect(bits(average["synthesis.b4.const"]) != bits(moved["synthesis.b4.const"]))
    #expect(bits(average["synthesis.b4.const"]) != g1["synthesis.b4.const"])
    #expect(bits(average["mapping.w_avg"]) == bits(moved["mapping.w_avg"]))
  }

  @Test("leaves frozen parameters alone")
  func frozen() throws {
    let d = smallDiscriminator()
    d.parameters.setTrainable(false, under: "b16")
    let trainer = try GANTrainer(
      generator: smallGenerator(), discriminator: d, configuration: smallSettings(), seed: 1)
    let before = allBits(d.parameters)
    try trainer.runIteration(real: realBatch(0))
    for name in d.parameters.entries.keys where d.parameters.entries[name]?.role == .parameter {
      #expect((bits(d.parameters[name]) == before[name]) == name.hasPrefix("b16."), "\(name)")
    }
  }

  @Test("starts the average as a copy, or from the average given")
  func average() throws {
    let trainer = try smallTrainer()
    #expect(allBits(trainer.average.parameters) == allBits(trainer.generator.parameters))
    #expect(
      !trainer.average.parameters["synthesis.b4.const"].sharesMemory(
        with: trainer.generator.parameters["synthesis.b4.const"]))
    let given = smallGenerator(seed: 9)
    let other = try GANTrainer(
      generator: smallGenerator(), discriminator: smallDiscriminator(), average: given,
      configuration: smallSettings(), seed: 1)
    #expect(other.average === given)
  }

  @Test("trains networks with labels, the made images with labels of their own")
  func labels() throws {
    let trainer = try GANTrainer(
      generator: smallGenerator(labelDim: 3), discriminator: smallDiscriminator(labelDim: 3),
      configuration: smallSettings(), seed: 1)
    let real = RealBatch(images: realBatch(0).images, labels: .oneHot([0, 1, 2, 0], count: 3))
    var asked: [Int] = []
    try trainer.runIteration(real: real) { count in
      asked.append(count)
      return .oneHot([2, 1, 0, 1], count: 3)
    }
    #expect(asked == [4, 4, 4])
    let error = TrainingError.misfit(
      "labels of real images", expected: "[4, 3]", found: "none")
    #expect(throws: error) { try trainer.runIteration(real: realBatch(0)) }
  }

  @Test("learns to tell images apart that differ")
  func learning() throws {
    var settings = smallSettings()
    (settings.generatorOptimizer.learningRate, settings.r1Gamma) = (0, 0)
    settings.discriminatorOptimizer.learningRate = 0.01
    let trainer = try smallTrainer(settings)
    let real = RealBatch(images: .full(0.9, [4, 3, 16, 16]))
    var losses: [Double] = []
    for _ in 0..<30 {
      let reports = try trainer.runIteration(real: real)[.discriminatorMain]
      losses.append(try #require(reports?["Loss/D/loss"]).mean().item())
    }
    let (first, last) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
    #expect(last < first / 2, "\(losses)")
  }

  // MARK: Statistics

  @Test("reports statistics under the published names, of both kinds of images")
  func statistics() throws {
    let trainer = try smallTrainer()
    let reports = try trainer.runIteration(real: realBatch(0))
    let statistics = trainer.takeStatistics().byName
    #expect(
      Set(statistics.keys) == [
        "Loss/scores/fake", "Loss/scores/real", "Loss/signs/fake", "Loss/signs/real",
        "Loss/G/loss", "Loss/D/loss", "Loss/r1_penalty", "Loss/D/reg", "Loss/pl_penalty",
        "Loss/G/reg",
      ])
    #expect(statistics["Loss/scores/fake"]?.num == 8 && statistics["Loss/scores/real"]?.num == 8)
    #expect(statistics["Loss/G/reg"]?.num == 2 && statistics["Loss/D/reg"]?.num == 4)
    let logits = try [TrainingPhase.discriminatorMain, .discriminatorRegularization].flatMap {
      try #require(reports[$0]?["Loss/scores/real"]).values(as: Double.self)
    }
    let real = try #require(statistics["Loss/scores/real"])
    let mean = logits.reduce(0, +) / 8
    let variance = logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8
    #expect(abs(real.mean - mean) < 1e-9 && abs(real.std - variance.squareRoot()) < 1e-6)
    let signs = logits.map { $0 > 0 ? 1.0 : -1 }.reduce(0, +) / 8
    #expect(statistics["Loss/signs/real"]?.mean == signs)
    #expect(trainer.takeStatistics() == Statistics())
  }

  @Test("a statistic of one number has no deviation, of none nothing at all")
  func fewNumbers() {
    var statistic = RunningStatistic()
    #expect(statistic.mean.isNaN && statistic.std.isNaN)
    statistic.add([3])
    #expect(statistic.mean == 3 && statistic.std == 0)
    statistic.add([5])
    #expect(statistic.num == 2 && statistic.mean == 4 && statistic.std == 1)
  }

  // MARK: What is refused

  @Test("stops at a loss that is not finite, before that phase moves anything")
  func nonFiniteLoss() throws {
    let trainer = try smallTrainer()
    trainer.discriminator.parameters["b4.out.bias"].assign(.full(.infinity, []))
    let before = allBits(trainer.generator.parameters).filter { $0.key != "mapping.w_avg" }
    let expected = TrainingError.nonFiniteLoss(
      phase: .generatorMain, loss: "Loss/scores/fake", iteration: 0, count: 4, of: 4)
    #expect(throws: expected) { try trainer.runIteration(real: realBatch(0)) }
    #expect(
      allBits(trainer.generator.parameters).filter { $0.key != "mapping.w_avg" } == before)
    #expect(
      "\(expected)" == "Loss/scores/fake in phase Gmain of iteration 0: "
        + "expected finite numbers, found 4 of 4 that are not")
  }

  @Test("puts finite numbers in the place of gradients that are not finite")
  func sanitizing() {
    let gradients = [Tensor([1, Float.nan, -.infinity, .infinity]), Tensor([Float(-2)])]
    #expect(sanitized(gradients).map { $0.values() } == [[1, 0, -1e5, 1e5], [-2]])
  }

  @Test("refuses batches of other sizes")
  func batches() throws {
    let trainer = try smallTrainer()
    #expect(
      throws: TrainingError.misfit(
        "real images", expected: "[4, 3, 16, 16]", found: "[2, 3, 16, 16]")
    ) { try trainer.runIteration(real: realBatch(0, count: 2)) }
    var labelled = realBatch(0)
    labelled.labels = .zeros([4, 2])
    #expect(
      throws: TrainingError.misfit("labels of real images", expected: "none", found: "[4, 2]")
    ) { try trainer.runIteration(real: labelled) }
  }

  @Test("traps on fewer draws than a batch needs")
  func fewDraws() async {
    await #expect(processExitsWith: .failure) {
      let inputs = PhaseInputs(z: .zeros([3, 8]), noise: .none)
      _ = try smallTrainer().differentiate(.generatorMain, real: realBatch(0), inputs: inputs)
    }
    await #expect(processExitsWith: .failure) {
      _ = try smallTrainer().differentiate(.discriminatorMain, real: realBatch(0), inputs: nil)
    }
  }

  @Test("refuses settings that cannot be, and networks that do not go together")
  func configurations() throws {
    func expectError(_ text: String, _ adjust: (inout GANTrainerConfiguration) -> Void) {
      var settings = smallSettings()
      adjust(&settings)
      #expect(throws: ConfigurationError(text)) { try smallTrainer(settings) }
    }
    expectError("microBatchSize: expected a divisor of batchSize, found 3") {
      $0.microBatchSize = 3
    }
    expectError("generatorOptimizer.beta: expected at least 0 and below 1, found 1.0") {
      $0.generatorOptimizer.beta2 = 1
    }
    expectError("regularization interval: expected from 1 to 10000000, found 0") {
      $0.discriminatorRegularizationInterval = 0
    }
    expectError("precision: expected float32, bfloat16 or float16, found int8") {
      $0.precision = .int8
    }
    expectError("r1Gamma: expected from 0.0 to 1000000.0, found nan") { $0.r1Gamma = .nan }
    expectError(
      "images judged together: expected a multiple of mbstdGroupSize 2, or fewer, found 3"
    ) { ($0.batchSize, $0.microBatchSize) = (3, 3) }
    let error = ConfigurationError("labelDim of the discriminator: expected from 0 to 0, found 2")
    #expect(throws: error) {
      try GANTrainer(
        generator: smallGenerator(), discriminator: smallDiscriminator(labelDim: 2),
        configuration: smallSettings(), seed: 1)
    }
  }

  // In a process of its own, since other tests that run meanwhile would be counted too. The gradients
  // and records of one iteration take some 5 MB: keeping those of every fourth would show.
  @Test("keeps nothing of past iterations")
  func memory() async {
    await #expect(processExitsWith: .success) {
      Machine.setThreadCount(1)
      let trainer = try smallTrainer()
      for i in 0..<10 { try trainer.runIteration(real: realBatch(i)) }
      let before = residentBytes() ?? 0
      for i in 0..<24 { try trainer.runIteration(real: realBatch(i)) }
      let growth = (residentBytes() ?? 0) - before
      #expect(growth < 8_000_000, "\(growth) bytes more after 24 iterations")
    }
  }
}

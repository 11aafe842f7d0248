// The gradients of the four phases: what finite differences say, and what parts of a batch add up
// to.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Gradients of the phases") struct PhaseGradientTests {
  /// The mean loss of a phase for the tiny family in float64, and its gradients.
  private func differentiate(_ phase: TrainingPhase, _ trainer: GANTrainer)
    throws -> (loss: Double, gradients: [Tensor])
  {
    // A number that float32 holds, so that the running mean is the same in every call.
    trainer.pathLength.mean.assign(.full(0.25, []))
    var inputs = PhaseInputs(
      z: .seeded([4, 5], seed: 1), mixing: StyleMixing(z: .seeded([4, 5], seed: 2), cutoff: 1),
      noise: .none)
    if phase == .generatorRegularization {
      inputs.pathLengthNoise = .seeded([2, 3, 4, 4], seed: 3)
    }
    let real = RealBatch(images: .seeded([4, 3, 4, 4], seed: 4))
    let outcome = try trainer.differentiate(phase, real: real, inputs: inputs, gain: 3)
    let names: [TrainingPhase: String] = [
      .generatorMain: "Loss/G/loss", .generatorRegularization: "Loss/G/reg",
      .discriminatorMain: "Loss/D/loss", .discriminatorRegularization: "Loss/D/reg",
    ]
    let loss = try #require(outcome.reports[names[phase] ?? ""])
    return (3 * loss.mean().item(), outcome.gradients)
  }

  // In float64 a step of 1e-5 leaves 1e-10 by curvature and 1e-11 by rounding.
  @Test("are those of the losses that are reported", arguments: TrainingPhase.allCases)
  func finiteDifferences(phase: TrainingPhase) throws {
    let trainer = try tinyTrainer()
    let parameters =
      (phase.trainsGenerator ? trainer.generatorOptimizer : trainer.discriminatorOptimizer)
      .parameters
    let (_, gradients) = try differentiate(phase, trainer)
    #expect(gradients.allSatisfy { $0.abs().max().item() > 1e-3 })
    for seed in UInt64(0)..<3 {
      let directions = parameters.enumerated().map {
        Tensor.seeded($1.shape, seed: 10 * seed + UInt64($0))
      }
      func moved(by step: Double) throws -> Double {
        for (p, d) in zip(parameters, directions) { p.addInPlace(d * step) }
        defer { for (p, d) in zip(parameters, directions) { p.addInPlace(d * -step) } }
        return try differentiate(phase, trainer).loss
      }
      let expected = try (moved(by: 1e-5) - moved(by: -1e-5)) / 2e-5
      let found = zip(gradients, directions).map { ($0 * $1).sum().item() }.reduce(0, +)
      #expect(abs(found - expected) < 1e-7 * (1 + abs(expected)), "\(found), \(expected)")
    }
  }

  /// The mean of all that the discriminator's main phase minimises, and its gradients.
  private func discriminatorLoss(_ trainer: GANTrainer) throws -> (Double, [Tensor]) {
    var inputs = PhaseInputs(z: .seeded([4, 5], seed: 1), noise: .none)
    inputs.interpolation = Tensor.seeded([4, 1, 1, 1], seed: 3).sigmoid()
    let real = RealBatch(images: .seeded([4, 3, 4, 4], seed: 4))
    let (gradients, reports) = try trainer.differentiate(
      .discriminatorMain, real: real, inputs: inputs)
    let names = ["Loss/D/loss", "Loss/D/reg", "Loss/gradient_penalty", "Loss/epsilon_penalty"]
    return (names.compactMap { reports[$0]?.mean().item() }.reduce(0, +), gradients)
  }

  // As above.
  @Test(
    "of penalties within the discriminator's loss are those of what is reported",
    arguments: [false, true])
  func penaltiesInLoss(wasserstein: Bool) throws {
    var settings = smallSettings()
    (settings.r1Gamma, settings.discriminatorRegularizationInterval) = (wasserstein ? 0 : 10, nil)
    settings.wasserstein = wasserstein ? WassersteinLoss() : nil
    settings.wasserstein?.driftWeight = 0.5
    let trainer = try tinyTrainer(settings)
    let parameters = trainer.discriminatorOptimizer.parameters
    let (loss, gradients) = try discriminatorLoss(trainer)
    #expect(loss.isFinite && gradients.allSatisfy { $0.abs().max().item() > 1e-3 })
    for seed in UInt64(0)..<3 {
      let directions = parameters.enumerated().map {
        Tensor.seeded($1.shape, seed: 10 * seed + UInt64($0))
      }
      func moved(by step: Double) throws -> Double {
        for (p, d) in zip(parameters, directions) { p.addInPlace(d * step) }
        defer { for (p, d) in zip(parameters, directions) { p.addInPlace(d * -step) } }
        return try discriminatorLoss(trainer).0
      }
      let expected = try (moved(by: 1e-5) - moved(by: -1e-5)) / 2e-5
      let found = zip(gradients, directions).map { ($0 * $1).sum().item() }.reduce(0, +)
      #expect(abs(found - expected) < 1e-7 * (1 + abs(expected)), "\(found), \(expected)")
    }
  }

  @Test("the Wasserstein losses and their penalties are what their formulas say")
  func wasserstein() {
    let (fake, real) = (Tensor([1.5, -2], shape: [2, 1]), Tensor([3.0, 0.5], shape: [2, 1]))
    var loss = WassersteinLoss()
    #expect(loss.generatorLoss(fakeLogits: fake).values(as: Double.self) == [-1.5, 2])
    #expect(
      loss.discriminatorLoss(fakeLogits: fake, realLogits: real).values(as: Double.self)
        == [-1.5, -2.5])
    #expect(loss.gradientPenalty(norms: Tensor([1.5, 0])).values(as: Double.self) == [2.5, 10])
    loss.driftWeight = 0.25
    #expect(loss.drift(realLogits: real).values(as: Double.self) == [2.25, 0.0625])
    let mixed = WassersteinLoss.mixed(
      real: .full(1, [2, 1, 2, 2]), fake: .full(5, [2, 1, 2, 2]),
      factors: Tensor([Float(0), 0.25], shape: [2, 1, 1, 1]))
    #expect(mixed.values() == [1, 1, 1, 1, 2, 2, 2, 2])
    // logit = 3 · Σ img has the slope 3 at each of 12 numbers.
    let images = Tensor.seeded([2, 3, 2, 2], seed: 1).requiringGrad()
    let norms = gradientNorms(
      logits: (images * 3).sum(over: 1, 2, 3).reshaped(2, 1), images: images)
    expectClose(norms, .full(3 * 12.0.squareRoot(), [2], dtype: .float64), atol: 1e-12)
  }

  @Test("R1 and path lengths are what their formulas say")
  func penalties() {
    // logit = Σ a · img² has the slope 2 a · img.
    let a = Tensor.seeded([2, 3, 3], seed: 1)
    let images = Tensor.seeded([5, 2, 3, 3], seed: 2).requiringGrad()
    let logits = (images.square() * a).sum(over: 1, 2, 3).reshaped(5, 1)
    let slopes = (images.detached() * a * 2).square().sum(over: 1, 2, 3)
    expectClose(r1Penalty(logits: logits, images: images), slopes, atol: 1e-12, rtol: 1e-12)

    // img[n, p] = Σ_l Σ_d ws[n, l, d] A[l, d, p] has the gradient A y in each row.
    let wPlus = Tensor.seeded([3, 2, 4], seed: 3).requiringGrad()
    let matrix = Tensor.seeded([8, 6], seed: 4)
    let noise = Tensor.seeded([3, 1, 2, 3], seed: 5)
    let img = wPlus.reshaped(3, 8).matmul(matrix).reshaped(3, 1, 2, 3)
    let y = noise.reshaped(3, 6) / 6.0.squareRoot()
    let g = y.matmul(matrix.transposed(0, 1)).reshaped(3, 2, 4)
    let lengths = (g.square().sum(over: 2).sum(over: 1) / 2).sqrt()
    expectClose(
      pathLengths(images: img, wPlus: wPlus, noise: noise), lengths, atol: 1e-12, rtol: 1e-12)
  }

  @Test("the path length penalty's gradient flows through the mean that the lengths move")
  func pathLengthMean() {
    let lengths = Tensor.seeded([6], seed: 1) + 3
    let mean = Tensor.full(2, [], dtype: .float64)
    let (penalty, moved) = pathLengthPenalty(lengths, mean: mean, decay: 0.3)
    #expect(abs(moved.item() - (2 + 0.3 * (lengths.mean().item() - 2))) < 1e-12)
    expectClose(penalty, (lengths - moved).square(), atol: 1e-12)
    expectGradients(at: [lengths]) { pathLengthPenalty($0[0], mean: mean, decay: 0.3).penalty }
  }

  @Test("logistic losses are those of the logits' probabilities")
  func logistic() {
    let (fake, real) = (Tensor.seeded([9, 1], seed: 1), Tensor.seeded([9, 1], seed: 2))
    expectClose(generatorLogisticLoss(fakeLogits: fake), -fake.sigmoid().log(), atol: 1e-12)
    let expected = -(1 - fake.sigmoid()).log() - real.sigmoid().log()
    expectClose(
      discriminatorLogisticLoss(fakeLogits: fake, realLogits: real), expected, atol: 1e-12)
  }

  /// The rows of a batch in another order.
  private func reordered(_ x: Tensor, _ rows: [Int]) -> Tensor {
    .concatenate(rows.map { x.sliced($0..<$0 + 1, axis: 0) }, axis: 0)
  }

  // The discriminator compares sample n with n + 2 in a batch of four, and neighbours in parts of
  // two. The running mean of lengths moves with each part, so it is held still here.
  @Test("of parts of a batch add up to those of the whole", arguments: TrainingPhase.allCases)
  func microBatches(phase: TrainingPhase) throws {
    func outcome(microBatchSize: Int, rows: [Int]) throws -> ([Tensor], LossReports) {
      var settings = smallSettings(microBatchSize: microBatchSize)
      settings.pathLength = .init(weight: 2, decay: 0, batchShrink: 1)
      let trainer = try smallTrainer(settings)
      trainer.pathLength.mean.assign(.full(0.5, []))
      func drawn(_ shape: [Int], _ seed: UInt64) -> Tensor {
        reordered(.seeded(shape, seed: seed, dtype: .float32), rows)
      }
      let inputs = PhaseInputs(
        z: drawn([4, 8], 1), mixing: StyleMixing(z: drawn([4, 8], 2), cutoff: 3),
        pathLengthNoise: drawn([4, 3, 16, 16], 3), noise: .const)
      let real = RealBatch(images: drawn([4, 3, 16, 16], 4))
      let outcome = try trainer.differentiate(phase, real: real, inputs: inputs)
      return (outcome.gradients, outcome.reports)
    }
    let (whole, wholeReports) = try outcome(microBatchSize: 4, rows: [0, 1, 2, 3])
    let (parts, partReports) = try outcome(microBatchSize: 2, rows: [0, 2, 1, 3])
    for (a, b) in zip(parts, whole) {
      expectClose(a, b, atol: 1e-5 * max(b.abs().max().item(), 1e-3))
    }
    for (name, report) in wholeReports {
      let found = try #require(partReports[name])
      expectClose(found, reordered(report, [0, 2, 1, 3]), atol: 1e-5, rtol: 1e-4, name)
    }
  }

  @Test("in bfloat16 stay close to those in float32, and parameters stay float32")
  func narrow() throws {
    func reports(_ precision: DType) throws -> [TrainingPhase: LossReports] {
      var settings = smallSettings()
      settings.precision = precision
      let trainer = try GANTrainer(
        generator: smallGenerator { ($0.numFP16Res, $0.convClamp) = (2, 256) },
        discriminator: smallDiscriminator { ($0.numFP16Res, $0.convClamp) = (2, 256) },
        configuration: settings, seed: 3)
      var found: [TrainingPhase: LossReports] = [:]
      for (phase, reports) in try trainer.runIteration(real: realBatch(0)) {
        found[phase] = reports
      }
      let stores = [trainer.generator.parameters, trainer.discriminator.parameters]
      for entry in stores.flatMap(\.entries.values) { #expect(entry.tensor.dtype == .float32) }
      for adam in [trainer.generatorOptimizer, trainer.discriminatorOptimizer] {
        #expect(adam.state.entries.values.allSatisfy { $0.tensor.dtype != .bfloat16 })
      }
      return found
    }
    let (wide, narrow) = (try reports(.float32), try reports(.bfloat16))
    #expect(wide.count == 4)
    // bfloat16 keeps 8 bits. Some ten roundings in a row, of terms that partly cancel, leave an
    // error of some ten times 2⁻⁸ of the largest value.
    for (phase, reports) in wide {
      for (name, report) in reports {
        let found = try #require(narrow[phase]?[name])
        #expect(bits(found) != bits(report), "\(phase) \(name)")
        expectClose(
          found, report, atol: 10 * 0x1p-8 * max(1, report.abs().max().item()), "\(phase) \(name)")
      }
    }
  }
}

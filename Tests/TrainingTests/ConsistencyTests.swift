// Transformations of images, gradients that are bounded together, learning rates that fall, and
// trainers that use them.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("DifferentiableAugmentation") struct DifferentiableAugmentationTests {
  private let images = Tensor.seeded([2, 3, 8, 8], seed: 1, dtype: .float32)

  private func settings(cut: Double = 0) -> DifferentiableAugmentation {
    var settings = DifferentiableAugmentation()
    (settings.flipProbability, settings.translationRatio, settings.cutoutRatio) = (0, 0, cut)
    return settings
  }

  private func draw(_ settings: DifferentiableAugmentation, count: Int = 2, seed: UInt64 = 3)
    -> DrawnAugmentation
  {
    settings.draw(count: count, resolution: 8, generator: TorchGenerator(seed: seed))
  }

  @Test("every image is moved, mirrored and recoloured by its own numbers")
  func published() {
    let drawn = draw(DifferentiableAugmentation(), count: 64)
    #expect(Set(drawn.flip.values().map { $0 < 0.5 }).count == 2)
    for shift in [drawn.rowShift, drawn.columnShift] {
      #expect(Set(shift.values(as: Int.self)) == [-1, 0, 1])
    }
    for place in [drawn.cutRow, drawn.cutColumn] {
      #expect(Set(place.values(as: Int.self)) == Set(0...8))
    }
    let many = Tensor.seeded([64, 3, 8, 8], seed: 1, dtype: .float32)
    let all = drawn(many)
    expectClose(drawn.rows(5..<7)(many.sliced(5..<7, axis: 0)), all.sliced(5..<7, axis: 0), atol: 0)
  }

  @Test("brightness is added, saturation and contrast scale around means")
  func colours() {
    let drawn = draw(settings())
    let found = drawn(images)
    let bright = images + (drawn.brightness - 0.5)
    let mean = bright.mean(over: 1, 2, 3, keepAxes: true)
    expectClose(found.mean(over: 1, 2, 3, keepAxes: true), mean, atol: 1e-5)
    let grey = bright.mean(over: 1, keepAxes: true)
    let expected = (bright - grey) * (drawn.saturation * 2) * (drawn.contrast + 0.5)
    expectClose(found - found.mean(over: 1, keepAxes: true), expected, atol: 1e-5)
  }

  @Test("mirrored images are mirrored, moved ones have zeros where nothing was")
  func geometry() {
    var mirrored = settings()
    mirrored.flipProbability = 1
    expectClose(draw(mirrored)(images), draw(settings())(images.flipped(3)), atol: 1e-6)
    var moved = settings()
    moved.translationRatio = 0.25
    let drawn = draw(moved, count: 16)
    let ones = Tensor.ones([16, 1, 8, 8])
    let found = drawn(ones)
    // A single colour: brightness and contrast aside, what was inside differs from what was not.
    for n in 0..<16 {
      let down = drawn.rowShift.values(as: Int.self)[n]
      let right = drawn.columnShift.values(as: Int.self)[n]
      let rows = (0..<8).filter { 0..<8 ~= $0 + down }.count
      let columns = (0..<8).filter { 0..<8 ~= $0 + right }.count
      let pixels = found.selected(n, axis: 0).values()
      let inside = pixels[max(0, -down) * 8 + max(0, -right)]
      #expect(pixels.count { abs($0 - inside) < 1e-4 } == rows * columns)
    }
  }

  @Test("a square around its centre is 0, as far as it lies inside")
  func cutout() {
    let drawn = draw(settings(cut: 0.5), count: 16)
    let found = drawn(.seeded([16, 3, 8, 8], seed: 1, dtype: .float32) + 10)
    for n in 0..<16 {
      let centre = [drawn.cutRow, drawn.cutColumn].map { $0.values(as: Int.self)[n] }
      let sides = centre.map { c in (c - 2..<c + 2).filter { 0..<8 ~= $0 } }
      let zeros = found.selected(n, axis: 0).values().count { $0 == 0 }
      #expect(zeros == 3 * sides[0].count * sides[1].count)
      for (y, x) in zip(sides[0], sides[1]) {
        let pixel = found.selected(n, axis: 0).selected(y, axis: 1).selected(x, axis: 1)
        #expect(pixel.abs().max().item() == 0)
      }
    }
  }

  @Test("gradients pass to the images")
  func gradientsOfImages() {
    let drawn = draw(DifferentiableAugmentation(), seed: 4)
    expectGradients(at: [.seeded([2, 3, 8, 8], seed: 1)]) { drawn($0[0]) }
  }
}

@Suite("Gradients, rates and phases") struct ConsistencyTrainingTests {
  @Test("gradients that are too long together are shortened together, others stay")
  func bounds() {
    let list = [Tensor([3, 0] as [Double]), Tensor([4] as [Double])]
    let (short, norm) = bounded(list, to: 1)
    #expect(norm.item() == 5)
    // The published code adds 1e-6 to the length.
    expectClose(short[0], Tensor([0.6, 0]), atol: 2e-7)
    expectClose(short[1], Tensor([0.8]), atol: 2e-7)
    expectClose(bounded(list, to: 6).gradients[0], list[0], atol: 0)
  }

  @Test("a learning rate falls in a straight line from its start to its end")
  func decay() throws {
    let decay = LearningRateDecay(startKimg: 2, endKimg: 6)
    #expect(decay.factor(imageCount: 2000) == nil)
    #expect(decay.factor(imageCount: 3000) == 0.75)
    #expect(decay.factor(imageCount: 7000) == 0)
    var settings = smallSettings()
    settings.learningRateDecay = LearningRateDecay(startKimg: 3, endKimg: 3)
    #expect(throws: ConfigurationError.self) { try settings.validate() }
  }

  /// Settings of the programs of StyleSwin and StyleNAT.
  private func settings() -> GANTrainerConfiguration {
    var settings = smallSettings()
    settings.phaseOrder = .discriminatorFirst
    settings.consistency = BalancedConsistency()
    settings.discriminatorGradientBound = 5
    return settings
  }

  @Test("the discriminator learns first where that is asked for")
  func order() throws {
    #expect(
      PhaseOrder.discriminatorFirst.phases
        == [
          .discriminatorMain, .discriminatorRegularization, .generatorMain,
          .generatorRegularization,
        ])
    let trainer = try smallTrainer(settings())
    let reports = try trainer.runIteration(real: realBatch(0))
    #expect(reports.keys.first == .discriminatorMain)
    let penalty = try #require(reports[.discriminatorMain]?["Loss/consistency_penalty"])
    #expect(penalty.shape == [4, 1] && penalty.min().item() >= 0 && penalty.max().item() > 0)
  }

  @Test("training goes on from a state exactly, transformations included")
  func states() throws {
    let (a, b) = (try smallTrainer(settings()), try smallTrainer(settings(), seed: 99))
    try a.runIteration(real: realBatch(0))
    try b.restore(a.state)
    for trainer in [a, b] { try trainer.runIteration(real: realBatch(0)) }
    let (first, second) = (a.state.tensors, b.state.tensors)
    #expect(first.keys.contains("random.augmentation"))
    for (name, tensor) in first {
      let (x, y) = (try tensor.read(), try #require(try second[name]?.read()))
      #expect(x.values(as: Double.self) == y.values(as: Double.self), "\(name)")
    }
  }

  @Test("the bound holds for the gradients that the optimiser is given")
  func boundHolds() throws {
    var settings = self.settings()
    settings.discriminatorGradientBound = 1e-3
    let trainer = try smallTrainer(settings)
    let drawn = PhaseInputs(
      z: .seeded([4, trainer.generator.traits.zDim], seed: 3, dtype: .float32), noise: .none)
    var inputs = drawn
    inputs.transforms = trainer.randomness.drawTransforms(
      DifferentiableAugmentation(), count: 4, resolution: trainer.generator.traits.resolution)
    let outcome = try trainer.runPhase(.discriminatorMain, real: realBatch(0), inputs: inputs)
    let norm = try #require(outcome.gradientNorm?.item())
    let length = Tensor.stack(outcome.gradients.map { $0.norm() }).norm().item()
    // The published code adds 1e-6 to the norm, at most 1e-4 of it here.
    #expect(norm > 1e-2 && abs(length - 1e-3) < 1e-3 * 2e-4)
    let other = try trainer.runPhase(.generatorMain, real: realBatch(0), inputs: drawn)
    #expect(other.gradientNorm == nil)
  }
}

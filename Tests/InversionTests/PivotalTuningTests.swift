// Pivotal tuning: the generator comes to the picture, frozen parts do not move, and other pictures
// can be kept.

import Inversion
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Pivotal tuning") struct PivotalTuningTests {
  private let target = Tensor.seeded([1, 3, 16, 16], seed: 21, dtype: .float32) * 0.3

  private func settings(_ change: (inout PivotalTuningSettings) -> Void = { _ in })
    -> PivotalTuningSettings
  {
    var settings = PivotalTuningSettings()
    (settings.steps, settings.learningRate, settings.stopDistance) = (60, 3e-3, 0)
    change(&settings)
    return settings
  }

  private func tuning(
    _ generator: any Generator, _ settings: PivotalTuningSettings, locality: LocalityTerm? = nil
  ) throws -> PivotalTuning {
    try PivotalTuning(
      generator, pivot: code(of: 7, generator), target: target, distance: .pyramid,
      settings: settings, locality: locality)
  }

  @Test("the picture of the pivot becomes the target, though no code has it", arguments: 0..<6)
  func families(index: Int) throws {
    let configurations = smallConfigurations()
    let generator = makeGenerator(configurations[index])
    let tuning = try PivotalTuning(
      generator, pivot: code(of: 7, generator),
      target: picture(of: code(of: 7, generator), by: generator) + 0.1, distance: .pyramid,
      settings: settings())
    try tuning.run()
    let (first, last) = (tuning.history[0].loss, tuning.history[59].loss)
    #expect(last < first / 2, "\(generator.traits): from \(first) to \(last)")
    for (name, entry) in generator.parameters.entries {
      #expect(!entry.tensor.requiresGrad, "\(name)")
    }
  }

  @Test("buffers and frozen parameters stay as they were")
  func frozen() throws {
    let generator = makeGenerator(smallStyleGAN2())
    generator.parameters.setTrainable(false, under: "synthesis.b4")
    let before = generator.parameters.entries.mapValues { bits($0.tensor) }
    try tuning(generator, settings { $0.steps = 3 }).run()
    for (name, entry) in generator.parameters.entries {
      let mayMove =
        entry.isTrainable && !name.hasPrefix("mapping.") && !name.hasPrefix("synthesis.b4.")
      #expect((bits(entry.tensor) != before[name]) == mayMove, "\(name)")
    }
  }

  @Test("tuning ends where the picture is near enough, before anything moves")
  func stopDistance() throws {
    let generator = makeGenerator(smallStyleGAN2())
    let before = generator.parameters.entries.mapValues { bits($0.tensor) }
    let tuning = try tuning(generator, settings { $0.stopDistance = 1e6 })
    try tuning.run()
    #expect(tuning.isNearEnough && tuning.history.count == 1)
    for (name, entry) in generator.parameters.entries {
      #expect(bits(entry.tensor) == before[name])
    }
  }

  @Test("with the locality term, pictures near the pivot change less")
  func locality() throws {
    func change(_ isKept: Bool) throws -> Double {
      let (generator, original) = (
        makeGenerator(smallStyleGAN2()), makeGenerator(smallStyleGAN2())
      )
      var term = LocalityTerm(original: original)
      (term.radius, term.pixelWeight, term.distanceWeight) = (2, 3, 3)
      try tuning(generator, settings(), locality: isKept ? term : nil).run()
      // The term compares pictures without noise, at its radius from the pivot.
      let pivot = code(of: 7, original)
      func made(_ wPlus: Tensor, by generator: any Generator) -> Tensor {
        withoutGradients {
          generator.synthesize(wPlus, options: SynthesisOptions(noise: .none))
        }
      }
      let changes = (UInt64(30)..<40).map { seed in
        let away = code(of: seed, original) - pivot
        let near = pivot + away * (2 / away.norm().item())
        return (made(near, by: generator) - made(near, by: original)).square().mean().item()
      }
      return changes.reduce(0, +)
    }
    let (free, kept) = (try change(false), try change(true))
    #expect(kept < free * 0.8, "\(kept) with the term, \(free) without")
  }

  @Test("a locality term that is not finite is said, and nothing moves")
  func infiniteLocality() throws {
    let (generator, original) = (makeGenerator(smallStyleGAN2()), makeGenerator(smallStyleGAN2()))
    let before = generator.parameters.entries.mapValues { bits($0.tensor) }
    var term = LocalityTerm(original: original)
    term.radius = .nan
    let tuning = try tuning(generator, settings(), locality: term)
    let error = #expect(throws: InversionError.self) { try tuning.step() }
    #expect(error?.description.contains("expected a finite loss") == true)
    #expect(tuning.history.isEmpty)
    for (name, entry) in generator.parameters.entries {
      #expect(bits(entry.tensor) == before[name], "\(name)")
    }
  }

  @Test("networks and codes that do not fit are refused")
  func refusals() throws {
    let generator = makeGenerator(smallStyleGAN2())
    let same = #expect(throws: InversionError.self) {
      _ = try tuning(generator, settings(), locality: LocalityTerm(original: generator))
    }
    #expect(
      same?.description == "the locality term: expected the generator before tuning in a network "
        + "of its own, found the one that is tuned")
    let code = #expect(throws: InversionError.self) {
      _ = try PivotalTuning(
        generator, pivot: .zeros([1, 2, 8]), target: target, distance: .pyramid)
    }
    #expect(code?.description == "the pivot: expected [1, 6, 8], found [1, 2, 8]")
    let rate = #expect(throws: ConfigurationError.self) {
      _ = try tuning(generator, settings { $0.learningRate = -1 })
    }
    #expect(rate?.description == "learningRate: expected above 0, at most 100, found -1.0")
  }
}

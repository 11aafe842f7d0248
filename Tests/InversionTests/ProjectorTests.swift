// The projector: it finds codes in every family, leaves the generator alone, and can be stopped.

import Inversion
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Projector") struct ProjectorTests {
  private let generator = makeGenerator(smallStyleGAN2())

  private func projector(
    _ settings: ProjectionSettings, of seed: UInt64 = 7, start: Tensor? = nil,
    encoder: ((Tensor) -> Tensor)? = nil, seed stream: UInt64 = 303
  ) throws -> Projector {
    try Projector(
      of: picture(of: code(of: seed, generator), by: generator), by: generator,
      distance: .pyramid, statistics: LatentStatistics(of: generator, count: 200),
      settings: settings, start: start, encoder: encoder, seed: stream)
  }

  // MARK: Finding

  @Test("the code of a generator's own picture is found, in every family", arguments: 0..<6)
  func families(index: Int) throws {
    let configurations = smallConfigurations()
    // None is forgotten when a family is added.
    #expect(
      Set(configurations.map { type(of: $0).kind }) == Set(Registry.families.map { $0.kind }))
    let generator = makeGenerator(configurations[index])
    let target = picture(of: code(of: 7, generator), by: generator)
    let settings = shortSettings(steps: 60) { $0.noise = .stored }
    let projector = try Projector(
      of: target, by: generator, distance: .pyramid,
      statistics: LatentStatistics(of: generator, count: 200), settings: settings)
    let found = try projector.run()
    let traits = generator.traits
    #expect(found.wPlus.shape == [1, traits.numWs, traits.wDim] && found.noise == nil)
    let (first, last) = (found.history[0].distance, found.history[59].distance)
    #expect(last < first / 4, "\(traits): from \(first) to \(last)")
    let again = traits.pixelEncoding.colours(found.picture(by: generator))
    let near = ImageDistance.pyramid.prepare(target)(again).item()
    #expect(near < first / 4, "\(traits): \(near)")
  }

  @Test("a row for every layer comes nearer than one for all, to a picture of mixed styles")
  func spaces() throws {
    let mixed = generator.mix(
      code(of: 7, generator), with: code(of: 8, generator), rows: [3, 4, 5])
    let target = picture(of: mixed, by: generator)
    let distances = try [ProjectionSettings.Space.w, .wPlus].map { space in
      let settings = shortSettings(steps: 80) { ($0.space, $0.noise) = (space, .stored) }
      let projector = try Projector(
        of: target, by: generator, distance: .pyramid,
        statistics: LatentStatistics(of: generator, count: 200), settings: settings)
      let found = try projector.run()
      let rows = found.wPlus.sliced(0..<1, axis: 1)
      let areAlike = (found.wPlus - rows).abs().max().item() == 0
      #expect(areAlike == (space == .w))
      return found.history[79].distance
    }
    #expect(distances[1] < distances[0] / 2, "\(distances)")
  }

  @Test("noise images are sought too, stay noise, and never stay in the generator")
  func noise() throws {
    let before = generator.parameters.entries.mapValues { bits($0.tensor) }
    let found = try projector(shortSettings(steps: 20)).run { step in
      #expect(step.noiseAutocorrelation > 0)
    }
    for (name, entry) in generator.parameters.entries {
      #expect(bits(entry.tensor) == before[name], "\(name)")
      #expect(!entry.tensor.requiresGrad, "\(name)")
    }
    let noise = try #require(found.noise)
    #expect(noise.map(\.shape) == generator.noiseInputs.map(\.tensor.shape))
    for image in noise {
      #expect(abs(image.mean().item()) < 1e-6)
      #expect(abs(image.square().mean().item() - 1) < 1e-5)
    }
    // The found noise is part of the found picture.
    var without = found
    without.noise = nil
    let difference = found.picture(by: generator) - without.picture(by: generator)
    #expect(difference.abs().max().item() > 1e-4)
    for (name, entry) in generator.parameters.entries {
      #expect(bits(entry.tensor) == before[name], "\(name) after the picture")
    }
  }

  @Test("the same seed gives the same code, another one another")
  func determinism() throws {
    func code(_ seed: UInt64) throws -> [UInt8] {
      bits(try projector(shortSettings(steps: 10), seed: seed).run().wPlus)
    }
    #expect(try code(1) == code(1))
    #expect(try code(1) != code(2))
  }

  // MARK: Stopping

  private struct Stop: Error {}

  @Test("what is stopped and taken up again ends where it would have")
  func resuming() throws {
    let whole = try projector(shortSettings(steps: 12)).run()
    let stopped = try projector(shortSettings(steps: 12))
    #expect(throws: Stop.self) {
      _ = try stopped.run { if $0.step == 4 { throw Stop() } }
    }
    #expect(stopped.history.count == 5 && !stopped.isFinished)
    let parts = try stopped.run()
    #expect(bits(parts.wPlus) == bits(whole.wPlus) && parts.history == whole.history)
  }

  @Test("the search ends where the picture is near enough, and no further")
  func stopDistance() throws {
    // With noise on w the picture is not that of the code, so the first 45 of 60 steps do not count.
    for (wNoise, from) in [(0, 0), (0.05, 45)] {
      let all = try projector(shortSettings(steps: 60) { $0.wNoise = wNoise }).run().history
      let distances = all.map(\.distance)
      let bound = try #require(distances.dropFirst(10).max())
      let first = try #require(distances.indices.first { $0 >= from && distances[$0] <= bound })
      let projector = try projector(
        shortSettings(steps: 60) { ($0.wNoise, $0.stopDistance) = (wNoise, bound) })
      let found = try projector.run()
      #expect(projector.isNearEnough && projector.isFinished)
      #expect(found.history.count == first + 1)
    }
  }

  @Test("a loss that is not finite is said, and nothing moves")
  func nonFinite() throws {
    let infinite = ImageDistance { _ in { $0.sum() / 0 } }
    let projector = try Projector(
      of: picture(of: code(of: 7, generator), by: generator), by: generator, distance: infinite,
      statistics: LatentStatistics(of: generator, count: 200))
    let before = bits(projector.wPlus)
    let error = #expect(throws: InversionError.self) { _ = try projector.run() }
    #expect(
      error?.description.hasPrefix("step 0 of a projection: expected a finite loss, found")
        == true)
    #expect(bits(projector.wPlus) == before)
  }

  // MARK: Starting from a code

  @Test("from a code that is nearly right, few small steps stay near it and come nearer")
  func refinement() throws {
    let wanted = code(of: 7, generator)
    let start = wanted + .seeded(wanted.shape, seed: 3, dtype: .float32) * 0.05
    let found = try projector(.refinement(steps: 40), start: start).run()
    #expect((found.wPlus - start).abs().max().item() < 0.4)
    #expect(found.history[39].distance < found.history[0].distance / 2)
    #expect(found.noise == nil)
  }

  @Test("an encoder's term draws the code to where the encoder finds it again")
  func domain() throws {
    let wanted = code(of: 7, generator)
    let start = wanted + 0.3
    func distanceAfter(_ weight: Double) throws -> Double {
      var settings = ProjectionSettings.inDomain
      (settings.steps, settings.domainWeight) = (60, weight)
      // An encoder that always finds the right code.
      let found = try projector(settings, start: start, encoder: { _ in wanted }).run()
      return (found.wPlus - wanted).square().mean().item()
    }
    #expect(try distanceAfter(100) < 0.1 * distanceAfter(1e-9))
    #expect(throws: InversionError.self) { _ = try projector(.inDomain, start: start) }
  }

  @Test("the prior keeps codes among those that the mapping network makes")
  func prior() throws {
    let statistics = LatentStatistics(of: generator, count: 2000)
    let space = try statistics.whitenedSpace()
    let target = Tensor.seeded([1, 3, 16, 16], seed: 9, dtype: .float32)
    let lengths = try [0, 10.0].map { weight in
      let settings = shortSettings(steps: 40) {
        ($0.priorWeight, $0.noise, $0.space) = (weight, .stored, .wPlus)
      }
      let projector = try Projector(
        of: target, by: generator, distance: .pyramid, statistics: statistics, settings: settings)
      return space.meanSquare(try projector.run().wPlus).item()
    }
    #expect(lengths[1] < lengths[0] / 2, "\(lengths)")
  }

  // MARK: Refusals

  @Test("pictures, codes and statistics that do not fit are refused")
  func refusals() throws {
    let statistics = LatentStatistics(of: generator, count: 20)
    func refuses(
      _ words: String, target: Tensor = .zeros([1, 3, 16, 16]), start: Tensor? = nil,
      statistics: LatentStatistics, _ settings: ProjectionSettings = .init()
    ) {
      let error = #expect(throws: InversionError.self) {
        _ = try Projector(
          of: target, by: generator, distance: .pyramid, statistics: statistics,
          settings: settings, start: start)
      }
      #expect(error?.description == words)
    }
    refuses(
      "the target: expected [1, 3, 16, 16], found [1, 3, 8, 16]", target: .zeros([1, 3, 8, 16]),
      statistics: statistics)
    refuses(
      "the target: expected finite numbers, found others",
      target: .full(.nan, [1, 3, 16, 16]), statistics: statistics)
    refuses(
      "the code to start from: expected [1, 1, 8], found [1, 6, 8]", start: .zeros([1, 6, 8]),
      statistics: statistics)
    refuses(
      "the code to start from: expected [1, 1, 8] or [1, 6, 8], found [1, 5, 8]",
      start: .zeros([1, 5, 8]), statistics: statistics, .refinement())
    refuses(
      "the statistics of w: expected [8], found [4]",
      statistics: LatentStatistics(samples: .ones([3, 4])))
  }

  @Test("generators with labels are projected with the statistics of a label")
  func labels() throws {
    let labelled = makeGenerator(smallStyleGAN2(labelDim: 3))
    let label = labelled.label(classIndex: 2)
    let statistics = LatentStatistics(of: labelled, count: 50, labels: label)
    let zero = LatentStatistics(of: labelled, count: 50)
    #expect((statistics.mean - zero.mean).abs().max().item() > 1e-3)
    let projector = try Projector(
      of: .zeros([1, 3, 16, 16]), by: labelled, distance: .pyramid, statistics: statistics,
      settings: shortSettings(steps: 3))
    #expect(try projector.run().wPlus.isFinite().all)
  }

  @Test("only rows that are meant to be seen are compared")
  func visibleRows() throws {
    var configuration = smallStyleGAN2()
    configuration.visibleRows = 2..<14
    let barred = makeGenerator(configuration)
    let projector = try Projector(
      of: picture(of: code(of: 7, barred), by: barred), by: barred, distance: .meanSquare,
      statistics: LatentStatistics(of: barred, count: 50), settings: shortSettings(steps: 40))
    let found = try projector.run()
    #expect(found.history[39].pixelDifference < found.history[0].pixelDifference / 2)
  }
}

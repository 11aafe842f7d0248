// Saving and restoring a trainer: the same bits as going on, and all or nothing.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("GANTrainerState") struct StateTests {
  /// A copy of a state that later iterations do not change.
  private func copy(_ state: GANTrainerState) throws -> GANTrainerState {
    GANTrainerState(
      counters: state.counters,
      tensors: try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) })
  }

  private func allBits(_ trainer: GANTrainer) throws -> OrderedDictionary<String, [UInt8]> {
    try trainer.state.tensors.mapValues { bits(try $0.read()) }
  }

  @Test("a restored trainer goes on with the same bits", arguments: [1, 2, 3])
  func resuming(iterations: Int) throws {
    let first = try smallTrainer()
    for i in 0..<iterations { try first.runIteration(real: realBatch(i)) }
    let saved = try copy(first.state)
    let second = try smallTrainer(networkSeed: 20, seed: 99)
    try second.restore(saved)
    _ = (first.takeStatistics(), second.takeStatistics())
    for i in iterations..<iterations + 4 {
      try first.runIteration(real: realBatch(i))
      try second.runIteration(real: realBatch(i))
    }
    #expect(first.counters == second.counters)
    #expect(first.takeStatistics() == second.takeStatistics())
    let (a, b) = (try allBits(first), try allBits(second))
    #expect(a.keys == b.keys)
    #expect(a.keys.filter { a[$0] != b[$0] } == [])
  }

  @Test("one seed gives the same bits again, another seed others")
  func seeds() throws {
    func run(seed: UInt64) throws -> OrderedDictionary<String, [UInt8]> {
      let trainer = try smallTrainer(seed: seed)
      for i in 0..<3 { try trainer.runIteration(real: realBatch(i)) }
      return try allBits(trainer)
    }
    let first = try run(seed: 5)
    #expect(try run(seed: 5) == first)
    #expect(try run(seed: 6)["G.synthesis.b4.const"] != first["G.synthesis.b4.const"])
  }

  @Test("names everything that the next iteration depends on")
  func names() throws {
    let trainer = try smallTrainer()
    let names = trainer.state.tensors.keys
    #expect(
      Set(names.map { $0.prefix { $0 != "." } }) == [
        "G", "D", "G_ema", "G_optimizer", "D_optimizer", "path_length", "random",
      ])
    let moments = trainer.generator.parameters.trainable.count * 2 + 1
    #expect(names.count { $0.hasPrefix("G_optimizer.") } == moments)
    #expect(
      names.filter { $0.hasPrefix("random.") } == [
        "random.z", "random.noise", "random.path_length", "random.mixing",
      ])
  }

  @Test("changes nothing unless all of a state fits")
  func allOrNothing() throws {
    let trainer = try smallTrainer()
    try trainer.runIteration(real: realBatch(0))
    let other = try smallTrainer(networkSeed: 20)
    try other.runIteration(real: realBatch(1))
    let good = try copy(other.state)
    func expectRefusal(_ part: String, _ adjust: (inout GANTrainerState) -> Void) throws {
      var state = good
      adjust(&state)
      let before = (try allBits(trainer), trainer.counters)
      do {
        try trainer.restore(state)
        Issue.record("restored a state with a wrong \(part)")
      } catch {
        #expect("\(error)".contains(part))
      }
      #expect(try allBits(trainer) == before.0 && trainer.counters == before.1)
    }
    try expectRefusal("D_optimizer.step") { $0.tensors["D_optimizer.step"] = nil }
    try expectRefusal("other") { $0.tensors["other"] = StoredParameter(.zeros([1])) }
    try expectRefusal("G.mapping.w_avg") {
      $0.tensors["G.mapping.w_avg"] = StoredParameter(.zeros([5]))
    }
    try expectRefusal("G.mapping.w_avg") {
      $0.tensors["G.mapping.w_avg"] = StoredParameter(.zeros([8], dtype: .bfloat16))
    }
    try expectRefusal("random stream noise") {
      let size = $0.tensors["random.noise"]?.shape ?? []
      $0.tensors["random.noise"] = StoredParameter(.full(255, size, dtype: .uint8))
    }
    try expectRefusal("images so far") { $0.counters.imageCount = -1 }
    struct Unreadable: Error, CustomStringConvertible { let description = "unreadable" }
    try expectRefusal("unreadable") {
      let step = StoredParameter(shape: [], dtype: .int64) { throw Unreadable() }
      $0.tensors["D_optimizer.step"] = step
    }
    try trainer.restore(good)
    #expect(try allBits(trainer) == allBits(other) && trainer.counters == other.counters)
  }
}

@Suite("Randomness of training") struct RandomnessTests {
  @Test("mixes as often as said, at every row after the first alike")
  func mixing() throws {
    let randomness = TrainingRandomness(seed: 4)
    let traits = smallGenerator().traits
    var counts: [Int: Int] = [:]
    for _ in 0..<2000 {
      let mixing = randomness.drawMixing(probability: 0.9, count: 2, traits: traits)
      if let mixing { #expect(mixing.z.shape == [2, 8]) }
      counts[mixing?.cutoff ?? 0, default: 0] += 1
    }
    #expect(counts.keys.sorted() == Array(0..<traits.numWs))
    // 2000 draws: five standard deviations of each count.
    let unmixed = counts[0] ?? 0
    #expect(abs(unmixed - 200) < 67)
    let each = Double(2000 - unmixed) / Double(traits.numWs - 1)
    for row in 1..<traits.numWs {
      #expect(abs(Double(counts[row] ?? 0) - each) < 5 * each.squareRoot(), "row \(row)")
    }
  }

  @Test("the ends of the uniform numbers give the first and the last row")
  func ends() {
    func cutoff(_ chance: Double, _ place: Double) -> Int? {
      StyleMixing.cutoff(probability: 0.9, numWs: 6, chance: chance, place: place)
    }
    #expect(cutoff(0, 0) == 1 && cutoff(0.89, 1 - 0x1p-24) == 5)
    #expect(cutoff(0.9, 0) == nil)
    #expect(StyleMixing.cutoff(probability: 1, numWs: 1, chance: 0, place: 0) == nil)
    #expect(StyleMixing.cutoff(probability: 0, numWs: 6, chance: 0, place: 0) == nil)
  }

  @Test("rows from the cutoff on come from the second z")
  func mixedRows() {
    let generator = smallGenerator()
    let z = [Tensor.seeded([2, 8], seed: 1), .seeded([2, 8], seed: 2)]
    let wPlus = z.map { generator.broadcast(generator.map(z: $0)) }
    let mixed = StyleMixing(z: z[1], cutoff: 4).applied(to: wPlus[0], of: generator, labels: nil)
    for row in 0..<6 {
      let source = row < 4 ? wPlus[0] : wPlus[1]
      #expect(bits(mixed.selected(row, axis: 1)) == bits(source.selected(row, axis: 1)))
    }
  }

  @Test("the draws of one matter do not change those of another")
  func independentStreams() {
    let (a, b) = (TrainingRandomness(seed: 4), TrainingRandomness(seed: 4))
    _ = a.drawPathLengthNoise([100])
    let traits = smallGenerator().traits
    _ = a.drawMixing(probability: 0, count: 2, traits: traits)
    #expect(bits(a.drawZ(count: 3, zDim: 8)) == bits(b.drawZ(count: 3, zDim: 8)))
    #expect(bits(a.drawZ(count: 3, zDim: 8)) != bits(a.drawPathLengthNoise([3, 8])))
  }
}

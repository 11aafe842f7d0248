// The state of a training: what is written is what is read, bit for bit.

import Checkpoints
import Formats
import Layers
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Training states")
struct TrainingStateTests {
  private func state() -> TrainingState {
    var state = TrainingState()
    let moments = Tensor.seeded([3, 4], seed: 1, dtype: .float32)
    state.tensors["optimizer.G.exp_avg.const"] = StoredParameter(moments)
    state.tensors["D.half"] = StoredParameter(moments.cast(to: .bfloat16))
    state.tensors["D.steps"] = StoredParameter(Tensor([7] as [Int64]))
    state.generators["noise"] = TorchGenerator(seed: 5).state
    var random = RandomState(seed: 9)
    _ = random.randn(3)
    state.values.randomStates["data"] = random
    state.values.counters = ["images": 200_000, "steps": 6250]
    state.values.numbers = [
      "ada_p": 0.1 + 0.2, "pl_mean": -0.0, "smallest": .leastNonzeroMagnitude, "third": 1.0 / 3,
      "overflown": .infinity,
    ]
    state.values.dataPosition = TrainingState.DataPosition(seed: 3, epoch: 2, index: 17)
    state.values.options = #"{"batch":32}"#
    return state
  }

  private func reopened(_ state: TrainingState) throws -> TrainingState {
    try withScratchFolder { folder in
      let path = "\(folder)/\(TrainingState.fileName(kimg: 200))"
      try state.write(to: path)
      return try TrainingState(reading: path)
    }
  }

  @Test("tensors, random states, counters and numbers come back bit for bit")
  func roundTrip() throws {
    let (written, read) = (state(), try reopened(state()))
    #expect(read.values == written.values)
    #expect(
      read.values.numbers.mapValues(\.bitPattern) == written.values.numbers.mapValues(\.bitPattern))
    #expect(read.generators == written.generators)
    #expect(Set(read.tensors.keys) == Set(written.tensors.keys))
    for (name, parameter) in written.tensors {
      let found = try #require(read.tensors[name])
      #expect(found.shape == parameter.shape && found.dtype == parameter.dtype)
      #expect(try found.read().values() == parameter.read().values(), "\(name)")
    }
  }

  @Test("a restored random stream goes on where it was left")
  func streams() throws {
    let written = state()
    let read = try reopened(written)
    var (first, second) = (
      try #require(written.values.randomStates["data"]),
      try #require(read.values.randomStates["data"])
    )
    // Three normals leave the second of a pair waiting, which must come back too.
    #expect(first.randn(8) == second.randn(8))
    let generator = TorchGenerator(seed: 0)
    try generator.restore(try #require(read.generators["noise"]))
    let expected = Tensor.randn([4], generator: TorchGenerator(seed: 5))
    #expect(Tensor.randn([4], generator: generator).values() == expected.values())
  }

  @Test("says what differs where the training would go on")
  func elsewhere() {
    var state = TrainingState()
    (state.values.threads, state.values.featureLevel) = (2, "AVX2")
    #expect(state.differences(threads: 2, featureLevel: "AVX2").isEmpty)
    #expect(
      state.differences(threads: 8, featureLevel: "AVX512") == [
        "the state was saved with 2 threads; here are 8",
        "the state was saved with AVX2; here is AVX512",
      ])
  }

  @Test("is named after the snapshot that it belongs to")
  func names() {
    #expect(TrainingState.fileName(kimg: 0) == "training-state-000000.safetensors")
    #expect(TrainingState.fileName(kimg: 200) == "training-state-000200.safetensors")
    #expect(TrainingState.fileName(kimg: 12_345_678) == "training-state-12345678.safetensors")
  }

  @Test("a state is no network, and a network no state")
  func confusion() throws {
    try withScratchFolder { folder in
      let (first, second) = ("\(folder)/state.safetensors", "\(folder)/network.safetensors")
      try state().write(to: first)
      let g = tinyGenerator()
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: second)
      expect(.doesNotFit, says: "network") { _ = try Checkpoint.open(first) }
      expect(.damaged, says: "training-state") { _ = try TrainingState(reading: second) }
    }
  }

  @Test("refuses values that no stream or counter can have")
  func damagedValues() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/state.safetensors"
      for json in ["", "{}", "[]", #"{"threads":"two"}"#] {
        try Safetensors.write(
          [],
          metadata: [
            "stylist.format": "1", "stylist.kind": "training-state", "stylist.state": json,
          ], to: path)
        expect(.damaged, says: "stylist.state") { _ = try TrainingState(reading: path) }
      }
    }
  }
}

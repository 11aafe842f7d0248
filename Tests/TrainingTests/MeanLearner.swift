// A training that is small enough to run thousands of times: a weight that learns the mean of
// random numbers.

import Checkpoints
import Formats
import Layers
import OrderedCollections
import Tensors
import Training

/// Learns the mean of the numbers of a random stream, with momentum; every bit of its state decides
/// the next step.
final class MeanLearner: Trainable {
  private(set) var weight = Tensor([0, 0, 0, 0] as [Float])
  private var momentum = Tensor([0, 0, 0, 0] as [Float])
  private var random = RandomState(seed: 1)
  private let noise = TorchGenerator(seed: 2)
  private let batch: Int
  /// Is told the number of each step before it is made.
  var beforeStep: (Int) throws -> Void = { _ in }
  /// Is told the thousands of images before a network is written.
  var beforeNetwork: (Double) throws -> Void = { _ in }
  /// What the rows of its sheets show.
  var sheetRows: [String] = []
  private var steps = 0

  init(batch: Int = 4) { self.batch = batch }

  func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    try beforeStep(steps)
    steps += 1
    let numbers = Tensor(random.randn(4).map(Float.init))
    let slope = weight - numbers + Tensor.randn([4], generator: noise)
    momentum = momentum * 0.9 + slope
    weight = weight - momentum * 0.1
    statistics.add(weight.values().map(Double.init), to: "Loss/mean")
    return batch
  }

  var shownStatistics: [(word: String, name: String)] { [("mean", "Loss/mean")] }

  func save(into state: inout TrainingState) throws {
    state.tensors["weight"] = StoredParameter(weight)
    state.tensors["momentum"] = StoredParameter(momentum)
    state.generators["noise"] = noise.state
    state.values.randomStates["data"] = random
    state.values.counters["learner.steps"] = steps
  }

  func restore(from state: TrainingState) throws {
    guard let weight = state.tensors["weight"], let momentum = state.tensors["momentum"],
      let noise = state.generators["noise"], let random = state.values.randomStates["data"]
    else {
      throw FileError(.damaged, file: "state", expected: "a learner of means", found: "others")
    }
    try self.noise.restore(noise)
    (self.weight, self.momentum, self.random) = (try weight.read(), try momentum.read(), random)
    steps = state.values.counters["learner.steps"] ?? 0
  }

  func writeNetwork(to path: String, kimg: Double) throws {
    try beforeNetwork(kimg)
    try Safetensors.write(
      [.init(name: "weight", elementType: .float32, shape: [4]) { self.weight.region }],
      metadata: ["kimg": "\(kimg)"], to: path)
  }

  func dataSheet() throws -> ByteImage? { sheet(200) }
  func sampleSheet() throws -> ByteImage? { sheet(UInt8(steps % 256)) }

  private func sheet(_ grey: UInt8) -> ByteImage {
    ByteImage(width: 2, height: 2, channels: 1, pixels: [grey, grey, grey, grey])
  }
}

extension Tensor {
  fileprivate var region: ByteRegion {
    let bytes = values().flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    return ByteRegion(bytes, name: "weight")
  }
}

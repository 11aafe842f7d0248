// MTCNN's three networks: names, sizes, and what they compute against plain operations.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

private func makeMTCNN(dtype: DType = .float64) -> MTCNN {
  let network = MTCNN(Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 5)))
  // Slopes of their own for every channel.
  for (i, name) in network.parameters.entries.keys.enumerated() where name.contains("prelu") {
    let slopes = network.parameters[name]
    slopes.assign(Tensor.seeded(slopes.shape, seed: UInt64(i), dtype: dtype) * 0.3)
  }
  return network
}

/// The networks again, from sums and maxima of single windows.
private struct PlainNetwork {
  let store: ParameterStore
  let prefix: String

  private func parameter(_ name: String) -> Tensor { store["\(prefix).\(name)"] }

  func sloped(_ x: Tensor, _ number: Int) -> Tensor {
    let slopes = parameter("prelu\(number).weight")
    let shape = x.rank == 4 ? [1, slopes.count, 1, 1] : [1, slopes.count]
    return x.relu() - (-x).relu() * slopes.reshaped(shape)
  }

  func convolved(_ x: Tensor, _ name: String) -> Tensor {
    let bias = parameter("\(name).bias")
    return x.conv2d(parameter("\(name).weight")) + bias.reshaped(1, bias.count, 1, 1)
  }

  /// Maxima of windows two apart, of which the last may be filled in part.
  func pooled(_ x: Tensor, _ k: Int) -> Tensor {
    func starts(_ length: Int) -> [Int] {
      Array(stride(from: 0, to: length, by: 2)).filter { $0 == 0 || $0 - 2 + k < length }
    }
    let rows = starts(x.size(2)).map { row in
      let columns = starts(x.size(3)).map { column in
        x.sliced(row..<min(row + k, x.size(2)), axis: 2)
          .sliced(column..<min(column + k, x.size(3)), axis: 3).max(over: 2, 3)
      }
      return Tensor.stack(columns, axis: 2)
    }
    return .stack(rows, axis: 2)
  }

  /// The matrix, whose columns go through the columns, then the rows, then the channels of x.
  func multiplied(_ x: Tensor, _ name: String) -> Tensor {
    let matrix = parameter("\(name).weight")
    var sum = parameter("\(name).bias").unsqueezed(0)
    let (channels, height, width) = (x.size(1), x.size(2), x.size(3))
    for column in 0..<width {
      for row in 0..<height {
        let first = (column * height + row) * channels
        let pixel = x.selected(column, axis: 3).selected(row, axis: 2)
        sum =
          sum + pixel.matmul(matrix.sliced(first..<first + channels, axis: 1).transposed(0, 1))
      }
    }
    return sum
  }

  func head(_ x: Tensor, _ name: String) -> Tensor {
    x.matmul(parameter("\(name).weight").transposed(0, 1)) + parameter("\(name).bias")
  }

  /// e to the second class over the sum of both.
  func probability(_ x: Tensor) -> Tensor {
    let powers = x.exp()
    return powers.selected(1, axis: 1) / powers.sum(over: 1)
  }
}

@Suite("MTCNN") struct MTCNNTests {
  @Test("names and sizes of parameters are those of the published weights")
  func names() throws {
    let network = MTCNN(Scope(ParameterStore()))
    try expectNames(network.parameters, "mtcnn")
    #expect(network.parameters.parameterCount == 6632 + 100_178 + 389_040)
    #expect(MTCNNConfiguration.kind == "mtcnn")
    #expect(throws: Never.self) { try MTCNNConfiguration().validate() }
  }

  @Test("the first network gives a number for every window, two pixels apart")
  func proposalSizes() {
    let network = makeMTCNN()
    for (side, windows) in [(12, 1), (13, 2), (14, 2), (15, 3), (31, 11)] {
      let evidence = network.propose(.zeros([1, 3, side, 12], dtype: .float64))
      #expect(evidence.probability.shape == [1, windows, 1])
      #expect(evidence.offsets.shape == [1, 4, windows, 1] && evidence.points == nil)
    }
  }

  @Test("the first network is what plain operations give")
  func proposal() {
    let network = makeMTCNN()
    let plain = PlainNetwork(store: network.parameters, prefix: "pnet")
    let img = Tensor.seeded([2, 3, 17, 22], seed: 1)
    var x = plain.sloped(plain.convolved(img * (127.5 / 128), "conv1"), 1)
    x = plain.sloped(plain.convolved(plain.pooled(x, 2), "conv2"), 2)
    x = plain.sloped(plain.convolved(x, "conv3"), 3)
    let evidence = network.propose(img)
    expectClose(
      evidence.probability, plain.probability(plain.convolved(x, "conv4_1")), atol: 1e-12)
    expectClose(evidence.offsets, plain.convolved(x, "conv4_2"), atol: 1e-12)
  }

  @Test("the first network sees of a window what it sees of it alone")
  func windows() {
    let network = makeMTCNN()
    let img = Tensor.seeded([1, 3, 20, 24], seed: 2)
    let all = network.propose(img)
    let alone = network.propose(img.sliced(4..<16, axis: 2).sliced(6..<18, axis: 3))
    expectClose(
      all.probability.selected(2, axis: 1).selected(3, axis: 1),
      alone.probability.reshaped(1), atol: 1e-12)
  }

  @Test("the second network is what plain operations give")
  func refinement() {
    let network = makeMTCNN()
    let plain = PlainNetwork(store: network.parameters, prefix: "rnet")
    let img = Tensor.seeded([2, 3, 24, 24], seed: 3)
    var x = plain.pooled(plain.sloped(plain.convolved(img * (127.5 / 128), "conv1"), 1), 3)
    x = plain.pooled(plain.sloped(plain.convolved(x, "conv2"), 2), 3)
    x = plain.sloped(plain.convolved(x, "conv3"), 3)
    x = plain.sloped(plain.multiplied(x, "dense4"), 4)
    let evidence = network.refine(img)
    expectClose(evidence.probability, plain.probability(plain.head(x, "dense5_1")), atol: 1e-12)
    expectClose(evidence.offsets, plain.head(x, "dense5_2"), atol: 1e-12)
    #expect(evidence.points == nil)
  }

  @Test("the third network is what plain operations give")
  func output() throws {
    let network = makeMTCNN()
    let plain = PlainNetwork(store: network.parameters, prefix: "onet")
    let img = Tensor.seeded([2, 3, 48, 48], seed: 4)
    var x = plain.pooled(plain.sloped(plain.convolved(img * (127.5 / 128), "conv1"), 1), 3)
    x = plain.pooled(plain.sloped(plain.convolved(x, "conv2"), 2), 3)
    x = plain.pooled(plain.sloped(plain.convolved(x, "conv3"), 3), 2)
    x = plain.sloped(plain.convolved(x, "conv4"), 4)
    x = plain.sloped(plain.multiplied(x, "dense5"), 5)
    let evidence = network.locate(img)
    expectClose(evidence.probability, plain.probability(plain.head(x, "dense6_1")), atol: 1e-12)
    expectClose(evidence.offsets, plain.head(x, "dense6_2"), atol: 1e-12)
    expectClose(try #require(evidence.points), plain.head(x, "dense6_3"), atol: 1e-12)
  }
}

// Counting multiply-adds: products, convolutions, and what other operators come down to.

import Tensors
import Testing

@Suite("Counting multiply-adds") struct MultiplyAddTests {
  private func zeros(_ shape: Int...) -> Tensor { .zeros(shape) }

  @Test("a product of matrices is rows times columns times what is summed")
  func products() {
    #expect(countingMultiplyAdds { _ = zeros(2, 3).matmul(zeros(3, 5)) } == 30)
    #expect(countingMultiplyAdds { _ = zeros(7, 2, 3).matmul(zeros(3, 5)) } == 210)
    #expect(countingMultiplyAdds { _ = zeros(7, 2, 3).matmul(zeros(7, 3, 5)) } == 210)
    #expect(countingMultiplyAdds { _ = zeros(2, 3).matmul(zeros(3)) } == 6)
    #expect(countingMultiplyAdds { _ = call("aten::linear", zeros(2, 3), zeros(5, 3)) } == 30)
  }

  @Test("operators are counted one by one, and an inner counting belongs to the outer one")
  func calls() {
    let x = zeros(2, 3)
    func chain(_ count: Int) -> Int {
      countingWork { _ = (0..<count).reduce(x) { y, _ in y.exp() } }.calls
    }
    #expect(chain(0) == 0 && chain(7) - chain(3) == 4 * chain(1) && chain(1) >= 1)
    var inner = 0
    let outer = countingWork {
      inner = countingWork { _ = x.exp() }.calls
      _ = x.exp()
    }
    #expect(inner == chain(1) && outer.calls == 2 * inner && outer.multiplyAdds == 0)
  }

  @Test("a convolution is its output times the taps of a group, a true one its input")
  func convolutions() {
    // 4×4 outputs of 6 channels, each of 2 · 3 · 3 taps.
    #expect(
      countingMultiplyAdds {
        _ = zeros(1, 4, 8, 8).conv2d(zeros(6, 2, 3, 3), stride: 2, padding: [1, 1], groups: 2)
      } == 1728)
    #expect(
      countingMultiplyAdds { _ = zeros(1, 4, 5, 5).convTranspose2d(zeros(4, 6, 3, 3), stride: 2) }
        == 5400)
  }

  @Test("attention is twice queries times keys times width, fused or not")
  func attention() {
    let x = zeros(2, 3, 4, 8)
    let expected = 1536
    #expect(
      countingMultiplyAdds { _ = call("aten::scaled_dot_product_attention", x, x, x) } == expected)
    #expect(
      countingMultiplyAdds {
        _ = x.matmul(x.transposed(2, 3)).softmax(axis: -1).matmul(x)
      } == expected)
  }

  @Test("element-wise work is not counted, nor is anything outside")
  func others() {
    _ = zeros(2, 3).matmul(zeros(3, 5))
    #expect(countingMultiplyAdds { _ = (zeros(8, 8) * 2 + 1).softmax(axis: 0).sum() } == 0)
    #expect(countingMultiplyAdds {} == 0)
  }

  @Test("gradients are counted as the products that they are")
  func gradientsCount() {
    let (a, b) = (zeros(2, 3).requiringGrad(), zeros(3, 5).requiringGrad())
    let sum = a.matmul(b).sum()
    #expect(countingMultiplyAdds { _ = gradients(of: [sum], withRespectTo: [a, b]) } == 60)
  }

  @Test("a counting inside another counts for both")
  func nested() {
    var inner = 0
    let outer = countingMultiplyAdds {
      _ = zeros(2, 3).matmul(zeros(3, 5))
      inner = countingMultiplyAdds { _ = zeros(1, 3).matmul(zeros(3, 5)) }
      _ = zeros(1, 1).matmul(zeros(1, 1))
    }
    #expect(inner == 15 && outer == 46)
  }

  @Test("tensors without numbers count as much")
  func meta() {
    func empty(_ shape: Int...) -> Tensor { .empty(shape, device: .meta) }
    #expect(
      countingMultiplyAdds { _ = empty(1 << 20, 1 << 20).matmul(empty(1 << 20, 2)) } == 1 << 41)
    #expect(
      countingMultiplyAdds { _ = empty(1, 2, 4, 4).conv2d(empty(3, 2, 1, 1)) } == 96)
  }
}

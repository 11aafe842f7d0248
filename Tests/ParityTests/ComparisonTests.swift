// The comparison rule, case by case.

import ParityCases
import Tensors
import Testing

/// The difference of float64 vectors under a tolerance.
private func found(
  _ got: [Double], _ want: [Double], atol: Double = 0, rtol: Double = 0, relativeToMax: Double = 0
) -> Difference? {
  difference(
    of: Tensor(got), from: Tensor(want),
    tolerance: Tolerance(atol: atol, rtol: rtol, relativeToMax: relativeToMax))
}

private let exact = Tolerance(atol: 0, rtol: 0, relativeToMax: 0)
private let loose = Tolerance(atol: 1000, rtol: 1, relativeToMax: 1)

@Suite struct ComparisonTests {
  @Test("lets an error through that equals the bound, and none that is larger")
  func absoluteBound() {
    #expect(found([1.5, -2.5], [1, -2], atol: 0.5) == nil)
    #expect(found([1.5 + 1e-15], [1], atol: 0.5) != nil)
    #expect(found([1], [1]) == nil)
  }

  @Test("scales the relative bound by the expected element, not by the computed one")
  func relativeBound() {
    #expect(found([6, -6], [4, -4], rtol: 0.5) == nil)
    #expect(found([4], [2.5], rtol: 0.5) != nil)
    #expect(found([1.5], [3], rtol: 0.5) == nil)
  }

  @Test("scales the third bound by the largest magnitude of the whole expected tensor")
  func boundByLargest() {
    #expect(found([1, -8], [0, -8], relativeToMax: 0.125) == nil)
    #expect(found([1.25, -8], [0, -8], relativeToMax: 0.125) != nil)
  }

  @Test("adds the three bounds")
  func sumOfBounds() {
    #expect(found([4 + 1.75], [4], atol: 0.5, rtol: 0.25, relativeToMax: 0.0625) == nil)
    #expect(found([4 + 1.8], [4], atol: 0.5, rtol: 0.25, relativeToMax: 0.0625) != nil)
  }

  @Test("fails on what is not a number, on either side and on both")
  func notANumber() {
    #expect(found([.nan], [1], atol: 1e9, rtol: 1e9) != nil)
    #expect(found([1], [.nan], atol: 1e9, rtol: 1e9) != nil)
    #expect(found([.nan], [.nan], atol: .infinity) != nil)
    #expect(found([.infinity], [1], atol: 1e9) != nil)
  }

  @Test("wants integers equal, whatever the tolerance")
  func integers() {
    let want = Tensor([1, 2, 3])
    #expect(difference(of: Tensor([1, 2, 3]), from: want, tolerance: exact) == nil)
    #expect(
      difference(of: Tensor([1, 4, 3]), from: want, tolerance: loose)
        == .integers(off: 1, of: 3, worst: 2))
  }

  @Test("tells integers from floating-point numbers, but not their widths")
  func kinds() {
    let integers = Tensor([1, 2])
    let numbers = Tensor([1, 2] as [Float])
    #expect(
      difference(of: numbers, from: integers, tolerance: loose)
        == .kind(found: .float32, expected: .int64))
    #expect(
      difference(of: integers, from: numbers, tolerance: loose)
        == .kind(found: .int64, expected: .float32))
    #expect(difference(of: integers.cast(to: .uint8), from: integers, tolerance: exact) == nil)
    #expect(difference(of: numbers.cast(to: .float64), from: numbers, tolerance: exact) == nil)
  }

  @Test("fails on a missing tensor")
  func missing() {
    #expect(difference(of: nil, from: Tensor([1.0]), tolerance: loose) == .missing)
  }

  @Test("fails on another shape, even with as many elements")
  func shapes() {
    let want = Tensor.zeros([2, 3])
    for shape in [[3, 2], [6], [1, 2, 3], [2, 3, 1]] {
      #expect(
        difference(of: .zeros(shape), from: want, tolerance: loose)
          == .shape(found: shape, expected: [2, 3]))
    }
  }

  @Test("lets one number stand with one axis or none, and with no more")
  func oneNumber() {
    let (scalar, vector) = (Tensor.ones([]), Tensor.ones([1]))
    #expect(difference(of: scalar, from: vector, tolerance: exact) == nil)
    #expect(difference(of: vector, from: scalar, tolerance: exact) == nil)
    #expect(difference(of: .ones([1, 1]), from: vector, tolerance: exact) != nil)
    #expect(difference(of: vector, from: .ones([1, 1]), tolerance: exact) != nil)
    #expect(difference(of: .ones([2]), from: vector, tolerance: loose) != nil)
  }

  @Test("turns rows or columns around only where that is allowed")
  func signs() {
    let want = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let rows = Tensor([-1, -2, 3, 4] as [Float], shape: [2, 2])
    let columns = Tensor([1, -2, 3, -4] as [Float], shape: [2, 2])
    #expect(difference(of: rows, from: want, tolerance: exact, upToSign: .rows) == nil)
    #expect(difference(of: rows, from: want, tolerance: exact, upToSign: .columns) != nil)
    #expect(difference(of: columns, from: want, tolerance: exact, upToSign: .columns) == nil)
    #expect(difference(of: columns, from: want, tolerance: exact, upToSign: .rows) != nil)
    #expect(difference(of: rows, from: want, tolerance: exact) != nil)
  }

  @Test("reports the worst errors of all elements and how many are off")
  func report() {
    let tolerance = Tolerance(atol: 0.25, rtol: 0, relativeToMax: 0)
    #expect(
      found([1, 2.5, 9, 0.5], [1, 2, 8, 0.25], atol: 0.25)
        == .numbers(off: 2, of: 4, worstAbsolute: 1, worstRelative: 1, tolerance))
    #expect(
      "\(Difference.numbers(off: 2, of: 4, worstAbsolute: 1, worstRelative: 0.5, tolerance))"
        == "2 of 4 off, worst absolute error 1, worst relative error 0.5, tolerance atol 0.25")
  }
}

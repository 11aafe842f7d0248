// Tensor views: what is laid out, and which views are refused.

import Formats
import TestSupport
import Testing

@Suite("Stored tensors")
struct StoredTensorTests {
  private func storage(_ count: Int) -> ByteRegion {
    ByteRegion(floatBytes((0..<count).map(Float.init)), name: "storage")
  }

  private func tensor(_ shape: [Int], _ strides: [Int], offset: Int = 0, of count: Int = 24) throws
    -> StoredTensor
  {
    try StoredTensor(
      elementType: .float32, shape: shape, strides: strides, bytes: storage(count),
      storageOffset: offset)
  }

  @Test("a contiguous view is a slice of its storage, not a copy")
  func contiguous() throws {
    let view = try tensor([2, 3], [3, 1], offset: 4)
    #expect(view.isContiguous)
    #expect(view.contiguousBytes().fileOffset == 16)
    #expect(floats(view) == [4, 5, 6, 7, 8, 9])
  }

  @Test("a transposed view is laid out in row-major order")
  func transposed() throws {
    #expect(try floats(tensor([3, 2], [1, 3])) == [0, 3, 1, 4, 2, 5])
  }

  @Test("a channels-last view is laid out in row-major order")
  func channelsLast() throws {
    let view = try tensor([2, 3, 2, 2], [12, 1, 6, 3])
    var expected: [Float] = []
    for n in 0..<2 {
      for c in 0..<3 {
        for y in 0..<2 {
          for x in 0..<2 { expected.append(Float(n * 12 + c + y * 6 + x * 3)) }
        }
      }
    }
    #expect(!view.isContiguous)
    #expect(floats(view) == expected)
  }

  @Test("stride 0 repeats elements")
  func expanded() throws {
    #expect(try floats(tensor([2, 3], [0, 1])) == [0, 1, 2, 0, 1, 2])
    #expect(try floats(tensor([3], [0], offset: 5)) == [5, 5, 5])
  }

  @Test("strides of axes with one element do not matter")
  func unitAxes() throws {
    #expect(try tensor([1, 3, 1], [99, 1, 7], of: 3).isContiguous)
  }

  @Test("scalars and empty tensors are tensors")
  func small() throws {
    #expect(try floats(tensor([], [], offset: 23)) == [23])
    #expect(try floats(tensor([0, 5], [5, 1])) == [])
    #expect(try floats(tensor([2, 0, 3], [0, 3, 1], of: 0)) == [])
  }

  @Test("elements of every width are gathered", arguments: ElementType.allCases)
  func widths(type: ElementType) throws {
    let width = type.byteCount
    let region = ByteRegion((0..<UInt8(4 * width)).map { $0 }, name: "storage")
    let view = try StoredTensor(elementType: type, shape: [2, 2], strides: [1, 2], bytes: region)
    let order = [0, 2, 1, 3].flatMap { element in
      (0..<width).map { UInt8(element * width + $0) }
    }
    #expect(view.contiguousBytes().copy() == order)
  }

  @Test(
    "refuses views that leave the storage",
    arguments: [
      ([25], [1], 0), ([24], [1], 1), ([2], [24], 0), ([4, 6], [6, 2], 0), ([], [], 24),
      ([2, 2], [Int.max, Int.max], 0), ([2], [Int.max], Int.max), ([1], [1], Int.max),
      ([0], [1], 25),
    ])
  func outside(shape: [Int], strides: [Int], offset: Int) {
    expect(.damaged) { _ = try tensor(shape, strides, offset: offset) }
  }

  @Test(
    "refuses negative numbers, odd ranks and sizes that overflow",
    arguments: [
      ([-1], [1], 0), ([2], [-1], 1), ([2], [1], -1), ([2, 2], [1], 0), ([2], [1, 1], 0),
      ([Int](repeating: 1, count: 9), [Int](repeating: 1, count: 9), 0),
      ([Int.max, 2], [0, 0], 0), ([1 << 40, 1 << 40, 0], [0, 0, 0], 0),
    ])
  func geometry(shape: [Int], strides: [Int], offset: Int) {
    expect(.damaged) { _ = try tensor(shape, strides, offset: offset) }
  }

  @Test("refuses to lay out gigabytes from one element")
  func repetition() {
    expect(.damaged, says: "at most") { _ = try tensor([1 << 20, 1 << 20], [0, 0]) }
  }

  @Test("a row-major tensor fills its bytes exactly", arguments: [23, 25])
  func exact(count: Int) {
    expect(.damaged) {
      _ = try StoredTensor(elementType: .float32, shape: [4, 6], bytes: storage(count))
    }
  }
}

// Numbers in and out of tensors, their order, and views of them.

import TestSupport
import Tensors
import Testing

@Suite("Values of tensors") struct TensorValueTests {
  @Test("Swift's number types go in and out unchanged, at their extremes too")
  func roundTrips() {
    func expectRoundTrip<Element: TensorElement & Equatable>(_ values: [Element]) {
      let x = Tensor(values)
      #expect(x.dtype == Element.dtype && x.shape == [values.count])
      #expect(x.values(as: Element.self) == values)
    }
    expectRoundTrip([0, 1, -1, Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity])
    expectRoundTrip([0, 1, -1, Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.infinity])
    expectRoundTrip([0, 1, UInt8.max])
    expectRoundTrip([0, Int8.min, .max])
    expectRoundTrip([0, Int16.min, .max])
    expectRoundTrip([0, Int32.min, .max])
    expectRoundTrip([0, Int64.min, .max])
    expectRoundTrip([0, Int.min, .max])
    expectRoundTrip([Float]())
  }

  @Test("not-a-numbers keep their bits")
  func notANumber() {
    let x = Tensor([Float(bitPattern: 0x7FC0_0123)])
    #expect(x.values()[0].bitPattern == 0x7FC0_0123)
  }

  @Test("raw bytes of every element type go in and out unchanged")
  func rawBytes() {
    for dtype in DType.allCases {
      let bytes = (0..<UInt8(6 * dtype.byteCount)).map { dtype == .bool ? $0 % 2 : $0 &* 3 }
      let x = bytes.withUnsafeBytes { Tensor(copying: $0, shape: [2, 3], dtype: dtype) }
      #expect(x.dtype == dtype && x.shape == [2, 3])
      #expect(bits(x) == bytes, "\(dtype)")
    }
  }

  @Test("element types keep their bytes and kind")
  func dtypes() {
    #expect(DType.allCases.map(\.byteCount) == [1, 1, 2, 4, 8, 2, 2, 4, 8, 1])
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.float16, .bfloat16, .float32, .float64])
  }

  @Test("16-bit formats round to nearest even")
  func narrowFormats() {
    let x = Tensor([1 as Float, 1 + 1 / 2048, 1 + 3 / 2048, 65504, 1e-8])
    #expect(x.cast(to: .float16).values() == [1, 1, 1 + 2 / 1024, 65504, 0])
    #expect(
      Tensor([1 as Float, 1 + 1 / 256, 1 + 3 / 256]).cast(to: .bfloat16).values()
        == [1, 1, 1 + 2 / 128])
  }

  @Test("values are converted to the type asked for")
  func conversion() {
    #expect(Tensor([1.5, -2.5]).values(as: Int.self) == [1, -2])
    #expect(Tensor([1, 2]).values(as: Double.self) == [1, 2])
    #expect(Tensor([3 as UInt8]).item() == 3)
  }

  @Test("transposed, sliced, expanded and flipped tensors come out in row-major order")
  func nonContiguous() {
    let x = Tensor((0..<6).map(Float.init), shape: [2, 3])
    #expect(x.isContiguous && x.strides == [3, 1])
    let t = x.transposed(0, 1)
    #expect(!t.isContiguous && t.strides == [1, 3] && t.shape == [3, 2])
    #expect(t.values() == [0, 3, 1, 4, 2, 5])
    #expect(t.sharesMemory(with: x))
    #expect(t.contiguous().isContiguous && !t.contiguous().sharesMemory(with: x))
    #expect(x.sliced(0..<3, axis: 1, step: 2).values() == [0, 2, 3, 5])
    #expect(x.selected(1, axis: 1).values() == [1, 4])
    #expect(x.selected(-1, axis: 0).values() == [3, 4, 5])
    #expect(x.sliced(1..<2, axis: 0).expanded(2, -1).values() == [3, 4, 5, 3, 4, 5])
    #expect(x.flipped(0, 1).values() == [5, 4, 3, 2, 1, 0])
    #expect(x.permuted(1, 0).values() == t.values())
  }

  @Test("a tensor that records gradients can be read")
  func recording() {
    let x = Tensor([1 as Float, 2]).requiringGrad()
    #expect((x * 2).values() == [2, 4])
    #expect((x.sum()).item() == 3)
  }

  @Test("shapes, sizes and counts of tensors with none, one and no elements")
  func shapes() {
    let x = Tensor.zeros([2, 3, 4])
    #expect(x.rank == 3 && x.count == 24 && x.size(-1) == 4 && x.size(0) == 2)
    #expect(Tensor.zeros([]).count == 1 && Tensor.zeros([]).rank == 0)
    #expect(Tensor.zeros([3, 0]).count == 0 && Tensor.zeros([3, 0]).values() == [])
    #expect("\(x)" == "float32[2, 3, 4] on cpu")
  }

  @Test("padding adds zeros from the last axis on, and crops where negative")
  func padding() {
    let x = Tensor((1...6).map(Float.init), shape: [2, 3])
    #expect(x.padded(1, 2).values() == [0, 1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0])
    #expect(x.padded(0, 0, 1, 0).values() == [0, 0, 0, 1, 2, 3, 4, 5, 6])
    #expect(x.padded(-1, 0).values() == [2, 3, 5, 6])
    #expect(x.padded(-1, 1, 0, -1).values() == [2, 3, 0])
  }

  @Test("joins, repeats and stacks")
  func joining() {
    let x = Tensor([1 as Float, 2], shape: [1, 2])
    #expect(Tensor.concatenate([x, x], axis: 1).values() == [1, 2, 1, 2])
    #expect(Tensor.stack([x, x], axis: 2).values() == [1, 1, 2, 2])
    #expect(x.repeated(2, 1).values() == [1, 2, 1, 2])
    #expect(x.unsqueezed(0).squeezed(1).shape == [1, 2])
    #expect(x.reshaped(-1, 1).shape == [2, 1])
    #expect(Tensor.zeros([2, 3, 4]).flattened(from: 1).shape == [2, 12])
  }

  @Test("constants, ranges and one-hot rows")
  func constants() {
    #expect(Tensor.full(2.5, [2]).values() == [2.5, 2.5])
    #expect(Tensor.arange(3).values(as: Int.self) == [0, 1, 2] && Tensor.arange(3).dtype == .int64)
    #expect(Tensor.oneHot([2, 0], count: 3).values() == [0, 0, 1, 1, 0, 0])
    #expect(Tensor.ones([2], dtype: .int32).dtype == .int32)
    #expect(Tensor.empty([2, 2]).shape == [2, 2])
    let like = Tensor([1.0, 2])
    #expect(
      like.zerosLike().dtype == .float64 && like.onesLike().values(as: Double.self) == [1, 1])
  }

  @Test("arithmetic with numbers on either side")
  func arithmetic() {
    let x = Tensor([1 as Float, -2])
    #expect((x + 1).values() == [2, -1] && (1 + x).values() == [2, -1])
    #expect((x - 1).values() == [0, -3] && (1 - x).values() == [0, 3])
    #expect((x * 2).values() == [2, -4] && (2 * x).values() == [2, -4])
    #expect((x / 2).values() == [0.5, -1] && (-x).values() == [-1, 2])
    #expect((x / x).values() == [1, 1] && (x - x).values() == [0, 0])
    #expect(Tensor([0.5 as Float, 1.5, -1.5]).rounded().values() == [0, 2, -2])
    #expect(Tensor([1.7 as Float, -1.7]).truncated().values() == [1, -1])
  }

  @Test("lerp is exact at both ends")
  func lerp() {
    let (a, b) = (
      Tensor.seeded([50], seed: 1, dtype: .float32), Tensor.seeded([50], seed: 2, dtype: .float32)
    )
    #expect(a.lerp(to: b, weight: 0).values() == a.values())
    #expect(a.lerp(to: b, weight: 1).values() == b.values())
  }

  @Test("extremes, and whether all elements hold")
  func reductions() {
    let x = Tensor([1 as Float, -3, 2, 5], shape: [2, 2])
    #expect(x.max().item() == 5 && x.min().item() == -3)
    #expect(x.max(over: 1).values() == [1, 5])
    #expect(x.sum(over: 0, 1).item() == 5 && x.mean(over: 1, keepAxes: true).shape == [2, 1])
    #expect(x.isFinite().all)
    #expect(!Tensor([1, Float.infinity]).isFinite().all && !Tensor([Float.nan]).isFinite().all)
  }

  @Test("assigning converts, and is seen through every handle")
  func assignment() {
    let x = Tensor.zeros([2])
    let view = x.sliced(0..<1, axis: 0)
    x.assign(Tensor([1.5, 2.5]))
    #expect(x.dtype == .float32 && view.values() == [1.5])
    #expect(!x.cloned().sharesMemory(with: x))
    #expect(
      x.cast(to: .float32).isSame(as: x) == false || x.cast(to: .float32).sharesMemory(with: x))
  }
}

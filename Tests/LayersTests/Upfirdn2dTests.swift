// Resampling: the operator that makes no enlarged image against the reference that does.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("upfirdn2d") struct Upfirdn2dTests {
  private struct Choice {
    var up: PerAxis = 1
    var down: PerAxis = 1
    var padding: Padding = 0
    var flip = false
    var gain = 1.0
  }

  private let paddings: [Padding] = [
    0, 2, -1, Padding(left: 3, right: -1, top: -1, bottom: 4),
    Padding(left: -2, right: 1, top: 5, bottom: -2),
  ]

  private func expectEqualToReference(_ x: Tensor, _ filter: Tensor?, _ c: Choice, atol: Double) {
    let found = upfirdn2d(
      x, filter: filter, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
      gain: c.gain)
    let expected = upfirdn2dReference(
      x, filter: filter, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
      gain: c.gain)
    expectClose(found, expected, atol: atol, "\(x.shape), filter \(filter?.shape ?? []), \(c)")
  }

  /// Runs `body` for all factors 1…3 and filters up to 5 taps, separately for each axis, and all
  /// paddings.
  private func forEachChoice(
    of x: Tensor, taps: [Int], _ body: (Tensor, Choice) -> Void
  ) {
    let (h, w) = (x.size(2), x.size(3))
    for (upX, upY) in pairs([1, 2, 3]) {
      for (downX, downY) in pairs([1, 2, 3]) {
        for (fx, fy) in pairs(taps) {
          for (i, p) in paddings.enumerated() {
            guard w * upX + p.left + p.right >= fx, h * upY + p.top + p.bottom >= fy,
              // libtorch's own padding does not cut an axis away.
              w * upX + min(p.left, 0) + min(p.right, 0) > 0,
              h * upY + min(p.top, 0) + min(p.bottom, 0) > 0
            else { continue }
            body(
              .seeded([fy, fx], seed: 9),
              Choice(
                up: PerAxis(x: upX, y: upY), down: PerAxis(x: downX, y: downY), padding: p,
                flip: (fx + i) % 2 == 0, gain: i == 1 ? 2.5 : 1))
          }
        }
      }
    }
  }

  private func pairs(_ list: [Int]) -> [(Int, Int)] { list.flatMap { a in list.map { (a, $0) } } }

  // Sums of at most 25 products of numbers of size 1, in float64, in another order.
  @Test("equals the reference for all factors, filters and paddings")
  func equalsReference() {
    let x = Tensor.seeded([2, 3, 4, 5], seed: 1)
    var count = 0
    forEachChoice(of: x, taps: [1, 2, 3, 4, 5]) { filter, choice in
      expectEqualToReference(x, filter, choice, atol: 1e-13)
      count += 1
    }
    #expect(count > 5000)
  }

  // The same in float32, which has code of its own.
  @Test("equals the reference in float32")
  func equalsReferenceInFloat32() {
    let x = Tensor.seeded([1, 2, 9, 70], seed: 1).cast(to: .float32)
    forEachChoice(of: x, taps: [1, 4]) { filter, choice in
      expectEqualToReference(x, filter.cast(to: .float32), choice, atol: 1e-5)
    }
  }

  @Test("images that are filtered in several parts have no seams", arguments: [1, 2])
  func parts(down: Int) {
    for dtype in [DType.float32, .float64] {
      let x = Tensor.seeded([1, 2, 131, 140], seed: 2).cast(to: dtype)
      let filter = Tensor.seeded([4, 3], seed: 9).cast(to: dtype)
      for padding in paddings {
        expectEqualToReference(
          x, filter, Choice(down: PerAxis(down), padding: padding),
          atol: dtype == .float32 ? 1e-5 : 1e-13)
      }
    }
  }

  @Test("gradients equal the reference's for all factors, filters and paddings")
  func gradientsEqualReference() {
    let x = Tensor.seeded([1, 2, 3, 4], seed: 1).requiringGrad()
    forEachChoice(of: x, taps: [1, 2, 5]) { filter, c in
      func gradient(_ y: Tensor) -> Tensor {
        gradients(of: [y], withRespectTo: [x], weights: [.seeded(y.shape, seed: 4)])[0]
      }
      let found = gradient(
        upfirdn2d(
          x, filter: filter, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
          gain: c.gain))
      let expected = gradient(
        upfirdn2dReference(
          x, filter: filter, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
          gain: c.gain))
      expectClose(found, expected, atol: 1e-12, "filter \(filter.shape), \(c)")
    }
  }

  @Test("first and second gradients agree with differences of the function")
  func differences() {
    let filter = Tensor.seeded([3, 4], seed: 9)
    for (up, down) in pairs([1, 2, 3]) {
      expectSecondGradients(at: [.seeded([2, 2, 4, 3], seed: 1)], "up \(up), down \(down)") {
        upfirdn2d(
          $0[0], filter: filter, up: PerAxis(up), down: PerAxis(down),
          padding: Padding(left: 2, right: -1, top: 0, bottom: 3), gain: 1.5)
      }
    }
  }

  @Test("applies one-dimensional filters along both axes, as their outer product")
  func separable() {
    let x = Tensor.seeded([2, 3, 6, 7], seed: 1)
    let taps = Tensor.seeded([5], seed: 2)
    let outer = taps.unsqueezed(1) * taps.unsqueezed(0)
    for c in [
      Choice(up: 2, padding: 3, gain: 4), Choice(down: 2, padding: 2, flip: true),
      Choice(up: PerAxis(x: 1, y: 3), down: PerAxis(x: 2, y: 1), padding: 2, gain: 0.25),
    ] {
      expectEqualToReference(x, taps, c, atol: 1e-13)
      let found = upfirdn2d(
        x, filter: taps, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
        gain: c.gain)
      let expected = upfirdn2d(
        x, filter: outer, up: c.up, down: c.down, padding: c.padding, flipFilter: c.flip,
        gain: c.gain)
      expectClose(found, expected, atol: 1e-12)
    }
  }

  @Test("no filter is a single 1")
  func withoutFilter() {
    let x = Tensor.seeded([1, 2, 3, 4], seed: 1)
    for c in [Choice(), Choice(up: 2, padding: 1, gain: 4), Choice(down: 2), Choice(padding: -1)] {
      expectEqualToReference(x, nil, c, atol: 0)
      expectClose(
        upfirdn2d(x, filter: nil, up: c.up, down: c.down, padding: c.padding, gain: c.gain),
        upfirdn2d(
          x, filter: .ones([1, 1]), up: c.up, down: c.down, padding: c.padding, gain: c.gain),
        atol: 0)
    }
  }

  @Test("images of one pixel, of no channels, and more planes than threads")
  func extremeShapes() {
    let filter = Tensor.seeded([4, 4], seed: 9)
    let c = Choice(up: 2, down: 3, padding: 4)
    expectEqualToReference(.seeded([1, 1, 1, 1], seed: 1), filter, c, atol: 1e-13)
    expectEqualToReference(.seeded([40, 7, 3, 2], seed: 1), filter, c, atol: 1e-13)
    expectEqualToReference(.seeded([1, 1, 90, 70], seed: 1), filter, c, atol: 1e-13)
    #expect(upfirdn2d(.zeros([0, 3, 4, 4]), filter: filter).shape == [0, 3, 1, 1])
  }

  @Test("x need not lie in row-major order")
  func strided() {
    let filter = Tensor.seeded([3, 3], seed: 9)
    let x = Tensor.seeded([2, 5, 6, 3], seed: 1).permuted(0, 3, 2, 1)
    expectEqualToReference(x, filter, Choice(up: 2, padding: 1), atol: 1e-13)
    expectEqualToReference(x, filter.transposed(0, 1), Choice(down: 2), atol: 1e-13)
  }

  // 16 products of numbers of size 1 are summed in float32 and rounded once: half a unit of a sum
  // below 16.
  @Test(
    "narrower formats round the result once",
    arguments: [(DType.float32, 1e-5), (.float16, 0x1p-7), (.bfloat16, 0x1p-4)])
  func narrowFormats(dtype: DType, atol: Double) {
    let x = Tensor.seeded([2, 3, 6, 5], seed: 1).cast(to: dtype)
    let filter = resampleFilter([1, 3, 3, 1])
    let y = upfirdn2d(x, filter: filter, up: 2, down: 1, padding: 2, gain: 4)
    #expect(y.dtype == dtype)
    expectClose(
      y,
      upfirdn2dReference(
        x.cast(to: .float64), filter: filter.cast(to: .float64), up: 2, padding: 2, gain: 4),
      atol: atol)
  }

  @Test("upsampling, downsampling and filtering give sizes that fit, whatever the filter")
  func everydayForms() {
    let x = Tensor.seeded([1, 2, 6, 12], seed: 1)
    for taps in 1...7 {
      for filter in [Tensor.seeded([taps, taps], seed: 2), .seeded([taps], seed: 2)] {
        for factor in 1...3 {
          let label = "\(filter.shape) by \(factor)"
          #expect(
            upsample2d(x, filter: filter, up: PerAxis(factor)).shape
              == [1, 2, 6 * factor, 12 * factor], "up \(label)")
          #expect(
            downsample2d(x, filter: filter, down: PerAxis(factor)).shape
              == [1, 2, 6 / factor, 12 / factor], "down \(label)")
        }
        #expect(filter2d(x, filter: filter).shape == x.shape, "\(filter.shape)")
      }
    }
    for factor in 1...3 {
      #expect(
        upsample2d(x, filter: nil, up: PerAxis(factor)).shape == [1, 2, 6 * factor, 12 * factor])
      #expect(
        downsample2d(x, filter: nil, down: PerAxis(factor)).shape == [
          1, 2, 6 / factor, 12 / factor,
        ])
    }
  }

  @Test("padding amounts round down as the published code's do")
  func publishedPadding() {
    // One tap, three times as large: pads (1 + 3 - 1) / 2 = 1 before and (1 - 3) / 2 = -1 after.
    let x = Tensor([1.0, 2], shape: [1, 1, 1, 2])
    let up = upsample2d(x, filter: .ones([1, 1], dtype: .float64), up: PerAxis(x: 3, y: 1))
    #expect(up.values(as: Double.self) == [0, 3, 0, 0, 6, 0])
    // One tap, every third: pads floor((1 - 3 + 1) / 2) = -1 before and (1 - 3) / 2 = -1 after.
    let row = Tensor((1...9).map(Double.init), shape: [1, 1, 1, 9])
    let down = downsample2d(
      row, filter: .ones([1, 1], dtype: .float64), down: PerAxis(x: 3, y: 1))
    #expect(down.values(as: Double.self) == [2, 5, 8])
  }

  @Test("a constant image keeps its brightness away from the border")
  func brightness() {
    let x = Tensor.ones([1, 1, 8, 8])
    let filter = defaultResampleFilter()
    let up = upsample2d(x, filter: filter).sliced(4..<12, axis: 2).sliced(4..<12, axis: 3)
    let down = downsample2d(x, filter: filter).sliced(1..<3, axis: 2).sliced(1..<3, axis: 3)
    expectClose(up, up.onesLike(), atol: 1e-6)
    expectClose(down, down.onesLike(), atol: 1e-6)
  }

  @Test("filters are prepared as published")
  func filters() {
    let f = defaultResampleFilter()
    #expect(f.shape == [4, 4] && f.sum().item() == 1)
    #expect(f.values().prefix(4).map { $0 * 64 } == [1, 3, 3, 1])
    let long = resampleFilter([1, 2, 3, 4, 5, 6, 7, 8], gain: 9)
    #expect(long.shape == [8])
    expectClose(long, Tensor((1...8).map { Float($0) / 36 * 3 }), atol: 1e-6)
    #expect(resampleFilter([1, 2, 3, 4], separable: true).shape == [4])
    #expect(resampleFilter([1, 3], flip: true).values().map { $0 * 16 } == [9, 3, 3, 1])
    #expect(
      resampleFilter(rows: [[1, 2], [3, 4]], normalize: false, gain: 2).values() == [2, 4, 6, 8])
  }

  @Test("errors begin with the operator that was called")
  func operatorNames() {
    // The axes of both operators are made by the same code.
    let (x, filter) = (Tensor.ones([1, 16, 2, 2]), Tensor.ones([3, 3]))
    let (factors, padding, nothing) = ([1, 1], [0, 0, 0, 0], nil as Tensor?)
    let plain = #expect(throws: TorchError.self) {
      try tryCall("stylist::upfirdn2d", x, filter, factors, factors, padding, false, 1.0)
    }
    let finished = #expect(throws: TorchError.self) {
      try tryCall(
        "stylist::filter_finish", x, filter, padding, nothing, nothing, nothing, nothing, 0.2, 1.0,
        nil as Double?)
    }
    let zero = #expect(throws: TorchError.self) {
      try tryCall("stylist::upfirdn2d", x, filter, [0, 1], factors, padding, false, 1.0)
    }
    #expect(plain?.description.hasPrefix("upfirdn2d: 2 padded samples for 3 taps") == true)
    #expect(finished?.description.hasPrefix("filter_finish: 2 padded samples for 3 taps") == true)
    #expect(zero?.description.hasPrefix("upfirdn2d: up 0 and down 1") == true)
  }

  @Test("traps on a filter that does not fit and factors below 1")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = upfirdn2d(.ones([1, 1, 2, 2]), filter: .ones([3, 3]))
    }
    await #expect(processExitsWith: .failure) {
      _ = upfirdn2d(.ones([1, 1, 2, 2]), filter: .ones([1, 1]), up: 0)
    }
  }
}

// From numbers to bytes, level by level.

import Networks
import TestSupport
import Tensors
import Testing

@Suite("PixelEncoding") struct PixelEncodingTests {
  private func bytes(_ values: [Float], _ encoding: PixelEncoding) -> [Int] {
    encoding.bytes(Tensor(values, shape: [1, 1, 1, values.count])).values(as: Int.self)
  }

  @Test("truncated: x * 127.5 + 128 without its fraction, bounded")
  func truncated() {
    #expect(bytes([-1, 0, 1], .truncated) == [0, 128, 255])
    // -128 / 127.5 is the first number that reaches 0, 127 / 127.5 the first that reaches 255.
    #expect(
      bytes([-1.0039216, -2, 127 / 127.5, 0.99607, 1.5], .truncated) == [0, 0, 255, 254, 255])
    // Just below and at a whole number.
    #expect(
      bytes([(100 - 128) / 127.5 - 1e-4, (100 - 128) / 127.5 + 1e-4], .truncated) == [99, 100])
    #expect(bytes([-0.0001, 0.0001], .truncated) == [127, 128])
  }

  @Test("rounded: half levels go up, bounded")
  func rounded() {
    #expect(bytes([-1, 0, 1], .rounded) == [0, 128, 255])
    #expect(bytes([-2, 2, 0.9961, 0.9960], .rounded) == [0, 255, 255, 254])
    #expect(bytes([2 * 100.4 / 255 - 1, 2 * 100.6 / 255 - 1], .rounded) == [100, 101])
  }

  @Test("infinities and huge numbers become the bounds, never wrap around")
  func unbounded() {
    let values: [Float] = [.infinity, -.infinity, 1e30, -1e30, .greatestFiniteMagnitude, 300, -300]
    for encoding in [PixelEncoding.truncated, .rounded] {
      #expect(bytes(values, encoding) == [255, 0, 255, 0, 255, 255, 0], "\(encoding)")
    }
    let images = Tensor(values.flatMap { [$0, $0, $0] }, shape: [values.count, 3, 1, 1])
    #expect(
      PixelEncoding.imageNet.bytes(images).values(as: Int.self)
        == [255, 0, 255, 0, 255, 255, 0].flatMap { [$0, $0, $0] })
  }

  @Test("every 8-bit level comes back from the numbers that training makes of it")
  func levels() {
    let levels = Array(0...255)
    #expect(bytes(levels.map { Float($0) / 127.5 - 1 }, .truncated) == levels)
    #expect(bytes(levels.map { Float($0) / 127.5 - 1 }, .rounded) == levels)
    let mean: [Float] = [0.485, 0.456, 0.406]
    let deviation: [Float] = [0.229, 0.224, 0.225]
    let normalised = (0..<3).flatMap { c in
      levels.map { (Float($0) / 255 - mean[c]) / deviation[c] }
    }
    let images = Tensor(normalised, shape: [1, 3, 1, 256])
    #expect(
      PixelEncoding.imageNet.bytes(images).values(as: Int.self)
        == levels.flatMap { [$0, $0, $0] })
  }

  @Test("pixels are interleaved: [N, C, H, W] becomes [N, H, W, C]")
  func interleaving() {
    let values = (0..<24).map { Float($0) / 127.5 - 1 }
    let x = PixelEncoding.truncated.bytes(Tensor(values, shape: [2, 3, 2, 2]))
    #expect(x.shape == [2, 2, 2, 3] && x.dtype == .uint8 && x.isContiguous)
    #expect(x.values(as: Int.self).prefix(12) == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    for channels in [1, 4] {
      #expect(
        PixelEncoding.rounded.bytes(.zeros([2, channels, 3, 5])).shape == [2, 3, 5, channels])
    }
  }

  @Test("narrower formats are widened first")
  func narrowFormats() {
    let x = Tensor([-1 as Float, 0, 1], shape: [1, 1, 1, 3])
    for dtype in [DType.float16, .bfloat16, .float64] {
      #expect(
        PixelEncoding.truncated.bytes(x.cast(to: dtype)).values(as: Int.self) == [0, 128, 255])
    }
  }
}

// WebP: still pictures and animations that are read back, and broken files.

import Formats
import TestSupport
import Testing

@Suite("WebP")
struct WebPTests {
  /// A smooth picture; `shade` tells frames apart.
  private func image(_ channels: Int = 3, shade: Int = 0) -> ByteImage {
    let pixels = (0..<16 * 24).flatMap { index in
      (0..<channels).map { UInt8(index % 16 * 8 + index / 16 * 3 + $0 * 9 + shade) }
    }
    return ByteImage(width: 16, height: 24, channels: channels, pixels: pixels)
  }

  private func animation(
    frames: Int, quality: WebP.Quality = .lossless, at path: String
  ) throws {
    let animation = try WebPAnimation(
      path: path, width: 16, height: 24, frameMilliseconds: 40, quality: quality)
    for frame in 0..<frames { try animation.append(image(shade: frame)) }
    #expect(animation.frameCount == frames)
    try animation.finish()
  }

  @Test("lossless pictures survive; grey becomes colour", arguments: 1...4)
  func lossless(channels: Int) throws {
    try withScratchFolder { folder in
      try WebP.write(image(channels), quality: .lossless, to: "\(folder)/a.webp")
      let read = try WebP.read(ByteRegion(mapping: "\(folder)/a.webp"))
      #expect(read.first == image(channels).inColour)
      #expect(read.frameCount == 1)
    }
  }

  @Test("lossy pictures stay close")
  func lossy() throws {
    try withScratchFolder { folder in
      try WebP.write(image(), quality: .lossy(95), to: "\(folder)/a.webp")
      let read = try WebP.read(ByteRegion(mapping: "\(folder)/a.webp")).first
      let distances = zip(read.pixels, image().pixels).map { abs(Int($0) - Int($1)) }
      // A grey ramp at quality 95; chroma is stored at half the resolution.
      #expect(distances.reduce(0, +) < 6 * distances.count)
    }
  }

  @Test("an animation has its frames, and starts with the first")
  func frames() throws {
    try withScratchFolder { folder in
      try animation(frames: 12, at: "\(folder)/a.webp")
      let read = try WebP.read(ByteRegion(mapping: "\(folder)/a.webp"))
      #expect(read.frameCount == 12)
      #expect(read.first == image())
      #expect(names(in: folder) == ["a.webp"])
    }
  }

  @Test("an animation of one frame is a picture")
  func oneFrame() throws {
    try withScratchFolder { folder in
      try animation(frames: 1, quality: .lossy(80), at: "\(folder)/a.webp")
      #expect(try WebP.read(ByteRegion(mapping: "\(folder)/a.webp")).frameCount == 1)
    }
  }

  @Test("nothing is written until the end")
  func unfinished() throws {
    try withScratchFolder { folder in
      let animation = try WebPAnimation(
        path: "\(folder)/a.webp", width: 16, height: 24, frameMilliseconds: 40, quality: .lossless)
      try animation.append(image())
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("says that the format has no such size")
  func size() {
    expect(.cannotCreate, says: "16383") {
      _ = try WebPAnimation(
        path: "a.webp", width: 16384, height: 1, frameMilliseconds: 40, quality: .lossless)
    }
    let wide = ByteImage(
      width: 16384, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 16384))
    expect(.cannotCreate) { try WebP.write(wide, quality: .lossless, to: "a.webp") }
  }

  @Test("keeps to its limits")
  func limits() throws {
    try withScratchFolder { folder in
      try animation(frames: 2, at: "\(folder)/a.webp")
      let bytes = try ByteRegion(mapping: "\(folder)/a.webp")
      var limits = ImageLimits()
      limits.pixels = 16 * 24 - 1
      expect(.damaged, says: "16 x 24") { _ = try WebP.read(bytes, limits: limits) }
    }
  }

  @Test("refuses every prefix of a file, and other files")
  func prefixes() throws {
    try withScratchFolder { folder in
      try animation(frames: 3, at: "\(folder)/a.webp")
      let whole = try ByteRegion(mapping: "\(folder)/a.webp").copy()
      for count in 0..<whole.count {
        let region = ByteRegion(Array(whole.prefix(count)), name: "cut.webp")
        expect(.damaged) { _ = try WebP.read(region) }
      }
      expect(.damaged) { _ = try WebP.read(ByteRegion(Array("RIFF....WAVE".utf8), name: "a")) }
    }
  }
}

// WebP animations read back frame by frame, the chunks around pixels, and hostile files.

import Formats
import TestSupport
import Testing

@Suite("WebP frames")
struct WebPFramesTests {
  private func image(
    _ width: Int = 4, _ height: Int = 6, _ pixel: [UInt8] = [10, 20, 30]
  ) -> ByteImage {
    ByteImage(
      width: width, height: height, channels: pixel.count,
      pixels: (0..<width * height).flatMap { _ in pixel })
  }

  private func frames(_ file: ByteRegion) throws -> [WebPFrames.Frame] {
    var frames: [WebPFrames.Frame] = []
    try WebPFrames(file).forEach { frames.append($0) }
    return frames
  }

  private func gradient(_ shade: Int) -> ByteImage {
    let pixels = (0..<16 * 24 * 3).map { index -> UInt8 in
      UInt8(index * 7 % 200) + (index.isMultiple(of: 5) ? UInt8(shade) : 0)
    }
    return ByteImage(width: 16, height: 24, channels: 3, pixels: pixels)
  }

  @Test("the frames that were written come back")
  func roundTrip() throws {
    try withScratchFolder { folder in
      let animation = try WebPAnimation(
        path: "\(folder)/a.webp", width: 16, height: 24, frameMilliseconds: 40, quality: .lossless,
        loopCount: 7)
      for shade in 0..<9 { try animation.append(gradient(shade)) }
      try animation.finish()
      let file = try ByteRegion(mapping: "\(folder)/a.webp")
      let read = try frames(file)
      #expect(read.map { $0.image.pixels.count / 24 / 16 }.allSatisfy { 3...4 ~= $0 })
      #expect(read.map { rgb($0.image) } == (0..<9).map { gradient($0).pixels })
      #expect(read.map(\.milliseconds) == [Int](repeating: 40, count: 9))
      #expect(try (WebPFrames(file).count, WebPFrames(file).loopCount) == (9, 7))
    }
  }

  private func rgb(_ image: ByteImage) -> [UInt8] {
    stride(from: 0, to: image.pixels.count, by: image.channels).flatMap {
      image.pixels[$0..<$0 + 3]
    }
  }

  @Test("a still picture is one frame", arguments: 3...4)
  func still(channels: Int) throws {
    let picture = image(4, 6, Array([10, 20, 30, 40].prefix(channels)))
    let file = try WebPAssembler().still(picture).region
    #expect(try frames(file).map(\.image) == [picture])
    #expect(try frames(file).map(\.milliseconds) == [0])
    #expect(try (WebPFrames(file).count, WebPFrames(file).loopCount) == (1, 1))
  }

  @Test("frames are composed on the canvas")
  func composed() throws {
    let file = try WebPAssembler().header(2 | 16, width: 4, height: 2).animation(loops: 0)
      .frame(image(2, 2, [1, 2, 3, 255]), x: 2, milliseconds: 5)
      .frame(image(2, 1, [9, 9, 9, 255]), milliseconds: 6)
      .frame(image(4, 1, [50, 60, 70, 0]), milliseconds: 0, blended: true).region
    let read = try frames(file)
    let (none, one, nine): ([UInt8], [UInt8], [UInt8]) = (
      [0, 0, 0, 0], [1, 2, 3, 255], [9, 9, 9, 255]
    )
    #expect(read[0].image.pixels == none + none + one + one + none + none + one + one)
    #expect(read[1].image.pixels == nine + nine + one + one + none + none + one + one)
    #expect(read[2].image.pixels == read[1].image.pixels)
    #expect(read.map(\.milliseconds) == [5, 6, 0])
    #expect(try WebP.read(file).first == read[0].image)
    #expect(try WebP.read(file).frameCount == 3)
  }

  @Test("an error of the caller ends the reading")
  func ended() throws {
    struct Enough: Error {}
    let file = try animation(of: 3).region
    var count = 0
    #expect(throws: Enough.self) {
      try WebPFrames(file).forEach { _ in
        count += 1
        if count == 2 { throw Enough() }
      }
    }
    #expect(count == 2)
  }

  private func animation(of count: Int, milliseconds: Int = 40) throws -> WebPAssembler {
    let frame = try WebPAssembler().frame(image(), milliseconds: milliseconds).chunks
    let start = WebPAssembler().header(2, width: 4, height: 6).animation(loops: 0)
    return (0..<count).reduce(into: start) { file, _ in file = file.raw(frame) }
  }

  // MARK: Chunks around the pixels

  @Test("EXIF turns the picture", arguments: UInt16(1)...8, [false, true])
  func orientation(number: UInt16, isAnimated: Bool) throws {
    let rows = try #require(EXIFAssembler.shownRows[number])
    let stored = ByteImage(width: 2, height: 3, channels: 1, pixels: Array("abcdef".utf8)).inColour
    let header = WebPAssembler().header(isAnimated ? 2 | 8 : 8, width: 2, height: 3)
    let pixels = try isAnimated ? header.animation(loops: 1).frame(stored) : header.still(stored)
    let file = pixels.chunk("EXIF", EXIFAssembler().record(orientation: number)).region
    let shown = ByteImage(
      width: rows[0].count, height: rows.count, channels: 1, pixels: Array(rows.joined().utf8))
    #expect(try WebP.read(file).first == shown.inColour)
  }

  @Test("broken EXIF is ignored", arguments: EXIFAssembler.broken)
  func brokenEXIF(record: [UInt8]) throws {
    let file = try WebPAssembler().header(8, width: 4, height: 6).still(image())
      .chunk("EXIF", record).region
    #expect(try WebP.read(file).first == image())
  }

  @Test("EXIF may begin with the signature that it has in JPEG")
  func signedEXIF() throws {
    let record = Array("Exif\0\0".utf8) + EXIFAssembler().record(orientation: 6)
    let file = try WebPAssembler().header(8, width: 4, height: 6).still(image())
      .chunk("EXIF", record).region
    #expect(try WebP.read(file).first.width == 6)
  }

  @Test("megabytes beside the pixels are skipped")
  func largeChunks() throws {
    let large = [UInt8](repeating: 0xFF, count: 5 << 20 | 1)
    let file = try WebPAssembler().header(4 | 8 | 32, width: 4, height: 6).chunk("ICCP", large)
      .still(image()).chunk("EXIF", large).chunk("XMP ", large).region
    #expect(try WebP.read(file).first == image())
  }

  @Test("ignores what follows the picture")
  func trailing() throws {
    let bytes = try WebPAssembler().still(image()).region.copy() + [1, 2, 3]
    #expect(try WebP.read(ByteRegion(bytes, name: "long.webp")).first == image())
  }

  // MARK: Hostile files

  @Test("refuses a flood of chunks and of frames")
  func floods() throws {
    for name in ["junk", "EXIF", "VP8X"] {
      let flood = (0..<2000).flatMap { _ in WebPAssembler().chunk(name, []).chunks }
      let file = try WebPAssembler().header(0, width: 4, height: 6).raw(flood).still(image()).region
      expect(.damaged, says: "chunks") { _ = try WebPFrames(file) }
    }
    var limits = ImageLimits()
    limits.frames = 9
    let ten = try animation(of: 10).region
    expect(.damaged, says: "at most 9 frames") { _ = try WebPFrames(ten, limits: limits) }
    limits.frames = 10
    #expect(try WebPFrames(ten, limits: limits).count == 10)
    limits.framePixels = 10 * 24 - 1
    expect(.damaged, says: "1 frame to 9") { _ = try WebPFrames(ten, limits: limits) }
  }

  @Test("refuses more milliseconds than libwebp can add up")
  func durations() throws {
    let file = try animation(of: 129, milliseconds: 0xFF_FFFF).region
    expect(.damaged, says: "milliseconds") { _ = try WebPFrames(file) }
    let less = try animation(of: 128, milliseconds: 0xFF_FFFF).region
    #expect(try frames(less).map(\.milliseconds) == [Int](repeating: 0xFF_FFFF, count: 128))
  }

  @Test("refuses animations without frames, and frames outside the canvas or cut short")
  func broken() throws {
    let header = WebPAssembler().header(2, width: 4, height: 6).animation(loops: 0)
    expect(.damaged) { _ = try WebPFrames(header.region) }
    let outside = try header.frame(image(), x: 2).region
    expect(.damaged) { _ = try frames(outside) }
    let short = header.chunk("ANMF", [0, 0, 0]).region
    expect(.damaged) { _ = try WebPFrames(short) }
    let still = try WebPAssembler().header(2, width: 4, height: 6).still(image()).region
    expect(.damaged) { _ = try WebPFrames(still) }
    let other = try WebPAssembler().header(0, width: 5, height: 6).still(image()).region
    expect(.damaged) { _ = try WebPFrames(other) }
  }

  @Test("a broken frame is refused when its turn comes")
  func brokenFrame() throws {
    let frame = try WebPAssembler().frame(image(4, 6, [1, 2, 3])).chunks
    let cut = Array(frame.dropFirst(8).dropLast(8)) + [UInt8](repeating: 0xFF, count: 8)
    let file = try animation(of: 2).chunk("ANMF", cut).region
    var count = 0
    expect(.damaged, says: "frame 2") { try WebPFrames(file).forEach { _ in count += 1 } }
    #expect(count == 2)
  }

  @Test("refuses canvases over the limits before taking memory")
  func gigantic() throws {
    let before = try #require(residentBytes())
    for side in [1 << 24, 1 << 15, 10000] {
      let file = try WebPAssembler().header(2, width: side, height: side).animation(loops: 0)
        .frame(image()).region
      expect(.damaged) { _ = try WebPFrames(file) }
    }
    // Each takes more than a gigabyte; other tests take some memory meanwhile.
    #expect(try #require(residentBytes()) - before < 1 << 28)
  }

  @Test("refuses every prefix of an animation")
  func prefixes() throws {
    let whole = try animation(of: 2).region.copy()
    for count in 0..<whole.count {
      expect(.damaged) {
        _ = try WebPFrames(ByteRegion(Array(whole.prefix(count)), name: "cut.webp"))
      }
    }
  }
}

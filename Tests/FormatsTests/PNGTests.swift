// PNG: round trips, every way of storing pixels, and hostile files.

import Formats
import TestSupport
import Testing

@Suite("PNG")
struct PNGTests {
  private func image(_ width: Int, _ height: Int, _ channels: Int) -> ByteImage {
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
    return ByteImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test("pictures of every kind survive", arguments: 1...4, [(1, 1), (7, 3), (64, 65)])
  func roundTrip(channels: Int, size: (Int, Int)) throws {
    let picture = image(size.0, size.1, channels)
    for level in [0, 6, 9] {
      let content = try PNG(image: picture).encoded(level: level)
      #expect(try PNG(ByteRegion(content, name: "memory")).image == picture)
    }
  }

  @Test("texts survive, in Latin-1 or not")
  func texts() throws {
    let texts = [
      PNG.Text(key: "Software", value: "stylist"),
      PNG.Text(key: "stylist.command", value: "stylist generate --seeds=0-3 --name='größe'"),
      PNG.Text(key: "seed", value: "🎨 十"), PNG.Text(key: "é", value: ""),
      PNG.Text(key: "long", value: String(repeating: "x", count: 100_000)),
    ]
    try withScratchFolder { folder in
      let png = PNG(image: image(2, 2, 3), texts: texts)
      try png.write(to: "\(folder)/picture.png")
      #expect(try PNG(path: "\(folder)/picture.png") == png)
    }
  }

  @Test("says that a file cannot be created")
  func cannotCreate() throws {
    try withScratchFolder { folder in
      expect(.cannotCreate) { try PNG(image: image(1, 1, 1)).write(to: "\(folder)/none/a.png") }
      expect(.missing) { _ = try PNG(path: "\(folder)/a.png") }
    }
  }

  @Test("palettes are expanded, with alpha if they have it")
  func palette() throws {
    let file = PNGAssembler(width: 2, height: 1, colour: 3).chunk("PLTE", [1, 2, 3, 4, 5, 6])
    #expect(try file.rows([[1, 0]]).read().image.pixels == [4, 5, 6, 1, 2, 3])
    let transparent = try file.chunk("tRNS", [9]).rows([[1, 0]]).read().image
    #expect(transparent.channels == 4)
    #expect(transparent.pixels == [4, 5, 6, 255, 1, 2, 3, 9])
  }

  @Test("fewer bits are expanded to eight")
  func bits() throws {
    let one = PNGAssembler(width: 8, height: 1, depth: 1, colour: 0).rows([[0b1010_0001]])
    #expect(try one.read().image.pixels == [255, 0, 255, 0, 0, 0, 0, 255])
    let two = PNGAssembler(width: 4, height: 1, depth: 2, colour: 0).rows([[0b0001_1011]])
    #expect(try two.read().image.pixels == [0, 85, 170, 255])
  }

  @Test("sixteen bits are rounded to eight")
  func sixteen() throws {
    let file = PNGAssembler(width: 3, height: 1, depth: 16, colour: 0)
      .rows([[0xFF, 0xFF, 0x12, 0x34, 0x00, 0xFF]])
    #expect(try file.read().image.pixels == [255, 18, 1])
  }

  @Test("a transparent colour becomes an alpha channel")
  func transparentColour() throws {
    let grey = PNGAssembler(width: 2, height: 1, colour: 0).chunk("tRNS", [0, 7]).rows([[7, 8]])
    #expect(try grey.read().image.pixels == [7, 0, 8, 255])
    #expect(try grey.read().image.channels == 2)
  }

  @Test("sixteen bits of every kind are read", arguments: [(0, 1), (2, 3), (4, 2), (6, 4)])
  func sixteenBitKinds(colour: UInt8, channels: Int) throws {
    // 0x8100 is 128.499 of 255, and 0x7EFF is 126.502: neither is its first byte.
    let samples: [[UInt8]] = [[0, 0], [0xFF, 0xFF], [0x81, 0x00], [0x7E, 0xFF]]
    let file = PNGAssembler(width: 1, height: 1, depth: 16, colour: colour)
    let image = try file.rows([samples.prefix(channels).flatMap { $0 }]).read().image
    #expect(image.channels == channels)
    #expect(image.pixels == Array([0, 255, 128, 127].prefix(channels)))
  }

  @Test("palettes of one bit are expanded")
  func smallPalette() throws {
    let file = PNGAssembler(width: 9, height: 1, depth: 1, colour: 3)
      .chunk("PLTE", [1, 2, 3, 4, 5, 6])
    let pixels = try file.rows([[0b1000_0001, 0b1000_0000]]).read().image.pixels
    let (off, on): ([UInt8], [UInt8]) = ([1, 2, 3], [4, 5, 6])
    #expect(pixels == on + off + off + off + off + off + off + on + on)
  }

  @Test("a transparent colour in RGB becomes an alpha channel")
  func transparentRGB() throws {
    let file = PNGAssembler(width: 2, height: 1).chunk("tRNS", [0, 1, 0, 2, 0, 3])
    let image = try file.rows([[1, 2, 3, 1, 2, 4]]).read().image
    #expect(image.pixels == [1, 2, 3, 0, 1, 2, 4, 255])
  }

  @Test("EXIF turns the picture, before and after the pixels", arguments: UInt16(1)...8)
  func orientation(number: UInt16) throws {
    let record = EXIFAssembler().record(orientation: number)
    let rows = try #require(EXIFAssembler.shownRows[number])
    let file = PNGAssembler(width: 2, height: 3, colour: 0)
    let pixels = ["ab", "cd", "ef"].map { Array($0.utf8) }
    for turned in [
      file.chunk("eXIf", record).rows(pixels), file.rows(pixels).chunk("eXIf", record),
    ] {
      let image = try turned.read().image
      #expect((image.width, image.height) == (rows[0].count, rows.count))
      #expect(image.pixels == Array(rows.joined().utf8))
    }
  }

  @Test("broken EXIF is ignored", arguments: EXIFAssembler.broken)
  func brokenEXIF(record: [UInt8]) throws {
    let file = PNGAssembler(width: 2, height: 1, colour: 0).chunk("eXIf", record).rows([[1, 2]])
    #expect(try file.read().image.pixels == [1, 2])
  }

  @Test("of an animation the picture for others is read")
  func animated() throws {
    let frame: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 14)
    let file = PNGAssembler(width: 1, height: 1, colour: 0)
      .chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]).rows([[5]]).chunk("fcTL", frame)
      .chunk("fdAT", [0, 0, 0, 1, 1, 2, 3])
    #expect(try file.read().image.pixels == [5])
  }

  @Test("interlaced pictures are read")
  func interlaced() throws {
    let steps = [
      (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
      (0, 1, 1, 2),
    ]
    let picture = image(9, 10, 1)
    var rows: [[UInt8]] = []
    for (x, y, stepX, stepY) in steps {
      for row in stride(from: y, to: 10, by: stepY) {
        rows.append(stride(from: x, to: 9, by: stepX).map { picture.pixels[row * 9 + $0] })
      }
    }
    let file = PNGAssembler(width: 9, height: 10, colour: 0, interlaced: true)
    #expect(try file.rows(rows.filter { !$0.isEmpty }).read().image == picture)
  }

  @Test(
    "refuses pictures over the limits before taking memory",
    arguments: [(1 << 31 - 1, 1 << 31 - 1), (65537, 1), (1, 65537), (60000, 60000), (0, 1), (1, 0)]
      as [(UInt32, UInt32)])
  func size(width: UInt32, height: UInt32) {
    expect(.damaged) { _ = try PNGAssembler(width: width, height: height).rows([[0]]).read() }
  }

  @Test("keeps to the limits that it is given")
  func limits() {
    let file = PNGAssembler(width: 10, height: 10, colour: 0).rows(
      [[UInt8]](repeating: [UInt8](repeating: 0, count: 10), count: 10))
    var limits = ImageLimits()
    limits.pixels = 99
    expect(.damaged, says: "10 x 10") { _ = try file.read(limits: limits) }
    limits.pixels = 100
    #expect(throws: Never.self) { try file.read(limits: limits) }
    limits.side = 9
    expect(.damaged) { _ = try file.read(limits: limits) }
    limits = ImageLimits()
    limits.memoryBytes = 99
    expect(.damaged, says: "memory") { _ = try file.read(limits: limits) }
    limits = ImageLimits()
    limits.fileBytes = 100
    expect(.damaged, says: "at most 100 bytes") { _ = try file.read(limits: limits) }
  }

  @Test("a tiny picture whose data inflates to many megabytes stays tiny")
  func bomb() throws {
    let file = PNGAssembler(width: 1, height: 1, colour: 0)
      .chunk("IDAT", zlibZeros(repeats: 200_000))
    #expect(try file.read().image.pixels == [0])
  }

  @Test("a text that inflates to many megabytes is left out")
  func textBomb() throws {
    let bomb = Array("key".utf8) + [0, 0] + zlibZeros(repeats: 40_000)
    let file = PNGAssembler(width: 1, height: 1, colour: 0).chunk("zTXt", bomb).rows([[5]])
    #expect(try file.read().image.pixels == [5])
    #expect(try file.read().texts.isEmpty)
  }

  @Test("a chunk that claims more bytes than the file has is refused before taking memory")
  func longChunk() {
    for type in ["iTXt", "tEXt", "PLTE", "IDAT", "IEND", "tIME"] {
      let chunk = [0x7F, 0xFF, 0xFF, 0xF0] + Array("\(type)key".utf8) + [0, 0, 0, 0, 0]
      let file = PNGAssembler(width: 1, height: 1, colour: 0)
      expect(.damaged, says: "at byte 33: expected a valid PNG, found a chunk longer") {
        _ = try PNG(ByteRegion(file.bytes + chunk, name: "long.png"))
      }
    }
  }

  @Test("of thousands of texts some are kept", arguments: ["tEXt", "iTXt"])
  func manyTexts(type: String) throws {
    let separator: [UInt8] = type == "tEXt" ? [0] : [0, 0, 0, 0, 0]
    let content = Array("key".utf8) + separator + Array("value".utf8)
    let file = PNGAssembler(width: 1, height: 1, colour: 0).chunk(type, content, times: 30_000)
    let texts = try file.rows([[5]]).read().texts
    #expect(1...128 ~= texts.count)
    #expect(texts.first == PNG.Text(key: "key", value: "value"))
  }

  @Test(
    "megabytes beside the pixels are skipped",
    arguments: ["iCCP", "eXIf", "tEXt", "zTXt", "iTXt", "juNk"])
  func largeChunks(type: String) throws {
    let large = Array("key".utf8) + [UInt8](repeating: 0, count: 1_100_000)
    let file = PNGAssembler(width: 1, height: 1, colour: 0).chunk("tEXt", Array("a\0b".utf8))
      .chunk(type, large, times: 4).rows([[5]])
    #expect(try file.read().image.pixels == [5])
    #expect(try file.read().texts.isEmpty == ["tEXt", "zTXt", "iTXt"].contains(type))
  }

  @Test("a text whose keyword the format forbids is left out")
  func keywords() throws {
    let keys = ["key\u{1}", " key", "key ", "a  key", "a\u{A0}key"]
    let start = PNGAssembler(width: 1, height: 1, colour: 0)
    let file = (keys + ["a key"]).reduce(start) { file, key in
      file.chunk("tEXt", key.unicodeScalars.map { UInt8($0.value) } + [0, 0x61])
    }
    #expect(try file.rows([[5]]).read().texts == [PNG.Text(key: "a key", value: "a")])
  }

  @Test("texts after the pixels are read")
  func lateText() throws {
    let file = PNGAssembler(width: 1, height: 1, colour: 0).rows([[5]])
      .chunk("tEXt", Array("key".utf8) + [0, 0xE9])
    #expect(try file.read().texts == [PNG.Text(key: "key", value: "é")])
  }

  @Test("refuses every prefix of a file")
  func prefixes() throws {
    let whole = try PNG(image: image(3, 3, 3), texts: [PNG.Text(key: "k", value: "v")]).encoded()
    for count in 0..<whole.count {
      let region = ByteRegion(Array(whole.prefix(count)), name: "cut.png")
      expect(.damaged) { _ = try PNG(region) }
    }
  }

  @Test("ignores what follows the picture")
  func trailing() throws {
    let whole = try PNG(image: image(3, 3, 3)).encoded()
    #expect(try PNG(ByteRegion(whole + [1, 2, 3], name: "long.png")).image == image(3, 3, 3))
  }

  @Test("refuses pixels that end early, wherever they do", arguments: [0, 1, 9, 10, 11, 89])
  func shortPixels(count: Int) {
    let pixels = [UInt8](repeating: 7, count: count)
    for interlaced in [false, true] {
      let file = PNGAssembler(width: 10, height: 9, colour: 0, interlaced: interlaced)
      expect(.damaged) { _ = try file.rows([pixels]).read() }
    }
  }

  @Test("refuses wrong check sums, missing palettes, missing data and other files")
  func broken() {
    let file = PNGAssembler(width: 1, height: 1, colour: 0)
    expect(.damaged) { _ = try file.chunk("IDAT", [0x78, 0x01], damage: 1).read() }
    expect(.damaged) { _ = try file.read() }
    expect(.damaged) { _ = try file.chunk("IDAT", [1, 2, 3, 4]).read() }
    expect(.damaged) { _ = try PNGAssembler(width: 1, height: 1, colour: 3).rows([[0]]).read() }
    expect(.damaged) { _ = try PNGAssembler(width: 1, height: 1, colour: 5).rows([[0]]).read() }
    expect(.damaged) {
      _ = try PNGAssembler(width: 1, height: 1, depth: 3, colour: 0).rows([[0]]).read()
    }
    expect(.damaged) { _ = try PNG(ByteRegion(Array("GIF89a...".utf8), name: "a.png")) }
  }
}

@Suite("Pictures")
struct ByteImageTests {
  @Test("grey becomes colour, with its alpha")
  func inColour() {
    let grey = ByteImage(width: 2, height: 1, channels: 1, pixels: [1, 2])
    #expect(grey.inColour.pixels == [1, 1, 1, 2, 2, 2])
    let alpha = ByteImage(width: 2, height: 1, channels: 2, pixels: [1, 8, 2, 9])
    #expect(alpha.inColour.pixels == [1, 1, 1, 8, 2, 2, 2, 9])
    #expect(alpha.inColour.hasAlpha)
    #expect(grey.inColour.inColour == grey.inColour)
  }

  @Test("samples that do not fill the picture are a mistake of the program")
  func wrongCount() async {
    await #expect(processExitsWith: .failure) {
      _ = ByteImage(width: 2, height: 2, channels: 3, pixels: [1, 2, 3])
    }
  }
}

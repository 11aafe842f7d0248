// JPEG: every way of storing colours, EXIF, round trips, and hostile files.

import Formats
import TestSupport
import Testing

@Suite("JPEG")
struct JPEGTests {
  private let grey = JPEGAssembler(columns: 3, levels: [[0, 255, 128, 7, 200, 9]])
  private let colour = JPEGAssembler(columns: 1, levels: [[90, 100], [128, 128], [128, 178]])

  @Test("grey pictures are read as they are")
  func readsGrey() throws {
    let image = try grey.frame().scan().read()
    #expect((image.width, image.height, image.channels) == (24, 16, 1))
    #expect(image.blocks == [[0], [255], [128], [7], [200], [9]])
  }

  @Test("brightness and two colour differences become RGB")
  func readsColour() throws {
    // Red is 100 + 1.402 * 50, green 100 - 0.714 * 50.
    #expect(try colour.frame().scan().read().blocks == [[90, 90, 90], [170, 64, 100]])
    #expect(try colour.adobe(1).frame().scan().read().blocks == [[90, 90, 90], [170, 64, 100]])
  }

  @Test("RGB stays RGB")
  func readsRGB() throws {
    let image = try colour.adobe(0).frame().scan().read()
    #expect(image.blocks == [[90, 128, 128], [100, 128, 178]])
  }

  @Test("the inks of CMYK become RGB, however they are stored")
  func readsInks() throws {
    // Cyan, magenta, yellow, black: 255 is all ink; Adobe's programs store 255 for no ink.
    let ink = JPEGAssembler(columns: 1, levels: [[0, 255], [0, 51], [0, 0], [0, 102]])
    #expect(try ink.frame().scan().read().blocks == [[255, 255, 255], [0, 122, 153]])
    let white = JPEGAssembler(
      columns: 1, levels: [[255, 0], [255, 204], [255, 255], [255, 153]])
    #expect(try white.adobe(0).frame().scan().read().blocks == [[255, 255, 255], [0, 122, 153]])
  }

  @Test("brightness, two colour differences and black become RGB")
  func readsYCCK() throws {
    // As RGB the first three are 170, 64 and 100, which are inks; the fourth takes a fifth away.
    let file = JPEGAssembler(columns: 1, levels: [[100], [128], [178], [204]])
    #expect(try file.adobe(2).frame().scan().read().blocks == [[68, 153, 124]])
  }

  @Test("progressive pictures and separate scans hold the same pixels")
  func scans() throws {
    let whole = try colour.frame().scan().read()
    #expect(try colour.frame().scan([0]).scan([1]).scan([2]).read() == whole)
    let progressive = colour.frame(0xC2).scan(part: .first)
      .scan([0], part: .rest).scan([1], part: .rest).scan([2], part: .rest)
    #expect(try progressive.read() == whole)
  }

  @Test("part of a block is cut off at the edges", arguments: [1, 7, 8] as [UInt16])
  func odd(side: UInt16) throws {
    let file = JPEGAssembler(columns: 1, levels: [[77]]).frame(width: side, height: side)
    let image = try file.scan().read()
    #expect((image.width, image.height) == (Int(side), Int(side)))
    #expect(image.pixels == [UInt8](repeating: 77, count: Int(side) * Int(side)))
  }

  // MARK: EXIF

  @Test("EXIF turns the picture", arguments: UInt16(1)...8, [false, true])
  func orientation(number: UInt16, isBigEndian: Bool) throws {
    let file = JPEGAssembler(columns: 2, levels: [Array("abcdef".utf8)])
      .exif(EXIFAssembler(isBigEndian: isBigEndian).record(orientation: number))
    let image = try file.frame().scan().read()
    let rows = try #require(EXIFAssembler.shownRows[number])
    #expect(image.blocks == rows.joined().utf8.map { [$0] })
    #expect((image.width, image.height) == (8 * rows[0].count, 8 * rows.count))
  }

  @Test("broken EXIF is ignored", arguments: EXIFAssembler.broken)
  func brokenEXIF(record: [UInt8]) throws {
    let image = try grey.exif(record).frame().scan().read()
    #expect(image == (try grey.frame().scan().read()))
  }

  @Test("the first EXIF counts, wherever it stands before the pixels")
  func severalEXIF() throws {
    let record = EXIFAssembler().record(orientation: 2)
    let other = EXIFAssembler().record(orientation: 3)
    let file = grey.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8))
      .raw([0, 0xFF, 0xFF]).segment(0xFE, [1, 2, 3]).exif(record).exif(other)
    #expect(
      try file.frame().scan().read().blocks == [[128], [255], [0], [9], [200], [7]])
  }

  @Test("megabytes of segments beside the picture are skipped")
  func manySegments() throws {
    let megabytes = (0..<32).reduce(grey) { file, _ in
      file.segment(0xE2, [UInt8](repeating: 0xFF, count: 65533))
    }
    #expect(try megabytes.frame().scan().read().blocks?.count == 6)
  }

  // MARK: Broken and hostile files

  @Test("says which codings are not read")
  func codings() {
    let codings: [(UInt8, String)] = [
      (0xC3, "lossless"), (0xC5, "hierarchical"), (0xC9, "arithmetic"), (0xCA, "arithmetic"),
    ]
    for (marker, name) in codings {
      expect(.damaged, says: name) { _ = try grey.frame(marker).scan().read() }
    }
    expect(.damaged, says: "12 bits") { _ = try grey.frame(0xC1, bits: 12).scan().read() }
    let two = JPEGAssembler(columns: 1, levels: [[1], [2]])
    expect(.damaged, says: "neither grey") { _ = try two.frame().scan().read() }
  }

  @Test("refuses every prefix of a file")
  func prefixes() {
    for file in [grey.frame().scan().file, colour.frame().scan([0]).scan([1, 2]).file] {
      for count in 0..<file.count {
        let region = ByteRegion(Array(file.prefix(count)), name: "cut.jpg")
        expect(.damaged) { _ = try JPEG.read(region) }
      }
    }
  }

  @Test("ignores what follows the picture, and surplus bytes before its end")
  func surplus() throws {
    let file = grey.frame().scan()
    let whole = try file.read()
    #expect(try JPEG.read(ByteRegion(file.file + [1, 2, 3], name: "a")) == whole)
    #expect(try file.raw([0, 0, 0]).read() == whole)
  }

  @Test("refuses missing pixels, tables and components")
  func broken() {
    expect(.damaged) { _ = try grey.read() }
    expect(.damaged) { _ = try grey.frame().read() }
    expect(.damaged) { _ = try grey.scan().read() }
    expect(.damaged) { _ = try grey.frame(height: 24).scan().read() }
    expect(.damaged, says: "component") { _ = try colour.frame().scan([0]).read() }
    expect(.damaged) { _ = try colour.frame().segment(0xDA, [1, 4, 0, 0, 63, 0]).read() }
    let size: [UInt8] = [8, 0, 8, 0, 8, 1, 1, 0x11, 0]
    expect(.damaged) {
      _ = try JPEGAssembler(columns: 1, levels: [[1]]).segment(0xC0, size).scan().read()
    }
    expect(.damaged) { _ = try JPEG.read(ByteRegion(Array("GIF89a".utf8), name: "a.jpg")) }
  }

  @Test("refuses thousands of scans")
  func manyScans() throws {
    let some = (0..<50).reduce(colour.frame().scan([1]).scan([2])) { file, _ in file.scan([0]) }
    #expect(try some.read() == colour.frame().scan().read())
    let many = (0..<2000).reduce(some) { file, _ in file.scan([0]) }
    expect(.damaged, says: "scans") { _ = try many.read() }
  }

  @Test("refuses pictures over the limits before taking memory")
  func gigantic() throws {
    let before = try #require(residentBytes())
    expect(.damaged, says: "65000 x 65000") {
      _ = try colour.frame(width: 65000, height: 65000).scan().read()
    }
    expect(.damaged, says: "65500") { _ = try colour.frame(width: 65501, height: 1).scan().read() }
    // Within the limit of pixels; their coefficients take more than the limit of memory.
    expect(.damaged, says: "memory") {
      _ = try colour.frame(0xC2, width: 11000, height: 11000).scan(part: .first).read()
    }
    // Either takes a gigabyte or more; other tests take some memory meanwhile.
    #expect(try #require(residentBytes()) - before < 1 << 28)
  }

  @Test("keeps to the limits that it is given")
  func limits() throws {
    let record = EXIFAssembler().record(orientation: 3)
    var limits = ImageLimits()
    limits.memoryBytes = 24 * 16
    #expect(throws: Never.self) { try grey.frame().scan().read(limits: limits) }
    expect(.damaged, says: "memory") {
      _ = try grey.exif(record).frame().scan().read(limits: limits)
    }
    expect(.damaged, says: "memory") {
      _ = try grey.frame(0xC2).scan(part: .first).read(limits: limits)
    }
    limits = ImageLimits()
    limits.side = 23
    expect(.damaged, says: "24 x 16") { _ = try grey.frame().scan().read(limits: limits) }
    limits = ImageLimits()
    limits.fileBytes = 100
    expect(.damaged, says: "at most 100 bytes") {
      _ = try grey.frame().scan().read(limits: limits)
    }
  }
}

@Suite("JPEG writing")
struct JPEGWritingTests {
  /// A smooth picture with colours that change from pixel to pixel.
  private func image(_ width: Int, _ height: Int, channels: Int) -> ByteImage {
    let pixels = (0..<width * height).flatMap { index in
      (0..<channels).map { UInt8(60 + (index % width * (3 + $0) + index / width * 5) % 120) }
    }
    return ByteImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  private func written(_ image: ByteImage, quality: Int) throws -> ByteRegion {
    try withScratchFolder { folder in
      try JPEG.write(image, quality: quality, to: "\(folder)/a.jpg")
      return ByteRegion(try ByteRegion(mapping: "\(folder)/a.jpg").copy(), name: "a.jpg")
    }
  }

  private func meanDistance(_ first: ByteImage, _ second: ByteImage) -> Double {
    let sum = zip(first.pixels, second.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(first.pixels.count)
  }

  @Test("pictures come back close", arguments: [1, 3], [(1, 1), (17, 9), (64, 64), (300, 200)])
  func roundTrip(channels: Int, size: (Int, Int)) throws {
    let picture = image(size.0, size.1, channels: channels)
    let read = try JPEG.read(written(picture, quality: 100))
    #expect((read.width, read.height, read.channels) == (size.0, size.1, channels))
    // At 100 coefficients are rounded to whole numbers, and so are colours on the way.
    #expect(meanDistance(read, picture) < 1.5)
  }

  @Test("a lower quality makes smaller files that are further off")
  func quality() throws {
    let picture = image(120, 80, channels: 3)
    let files = try [1, 30, 75, 95].map { try written(picture, quality: $0) }
    let distances = try files.map { meanDistance(try JPEG.read($0), picture) }
    #expect(files.map(\.count) == files.map(\.count).sorted())
    #expect(distances == distances.sorted(by: >))
  }

  @Test("colours are kept at the full resolution from 90 on")
  func fullColour() throws {
    // Red and blue columns by turns: at half the resolution both become violet.
    let stripes = (0..<16 * 16).flatMap { $0 % 2 == 0 ? [255, 0, 0] : [0, 0, 255] as [UInt8] }
    let picture = ByteImage(width: 16, height: 16, channels: 3, pixels: stripes)
    #expect(meanDistance(try JPEG.read(written(picture, quality: 90)), picture) < 10)
    #expect(meanDistance(try JPEG.read(written(picture, quality: 89)), picture) > 50)
  }

  @Test("refuses alpha and sizes that the format does not have, and leaves no file")
  func refusals() throws {
    try withScratchFolder { folder in
      for channels in [2, 4] {
        expect(.cannotCreate, says: "alpha") {
          try JPEG.write(image(2, 2, channels: channels), quality: 90, to: "\(folder)/a.jpg")
        }
      }
      expect(.cannotCreate, says: "65501 x 1") {
        try JPEG.write(image(65501, 1, channels: 1), quality: 90, to: "\(folder)/a.jpg")
      }
      expect(.cannotCreate) {
        try JPEG.write(image(1, 1, channels: 1), quality: 90, to: "\(folder)/none/a.jpg")
      }
      #expect(names(in: folder).isEmpty)
    }
  }
}

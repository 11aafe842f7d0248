// Pictures of any format: opened by their first bytes, written by the extension of their name.

import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Picture files")
struct ImageFileTests {
  /// A ramp from left to right.
  private let picture = ByteImage(
    width: 16, height: 8, channels: 3,
    pixels: (0..<384).map { (index: Int) -> UInt8 in UInt8(50 + index % 48 / 3 * 9) })

  private func distance(_ first: ByteImage, _ second: ByteImage) -> Int {
    zip(first.pixels, second.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  /// The bytes of the picture in a format.
  private func content(_ name: String) throws -> [UInt8] {
    try withScratchFolder { folder in
      try picture.write(to: "\(folder)/a.\(name)")
      return try ByteRegion(mapping: "\(folder)/a.\(name)").copy()
    }
  }

  // MARK: Reading

  @Test("the content decides, not the name", arguments: ["png", "jpg", "webp"])
  func lyingName(name: String) throws {
    let content = try content(name)
    try withScratchFolder { folder in
      for other in ["a.png", "a.jpg", "a.webp", "a.gif", "a"] {
        try put(content, at: "\(folder)/\(other)")
        let read = try ByteImage(path: "\(folder)/\(other)")
        #expect((read.width, read.height, read.channels) == (16, 8, 3))
        // At quality 95 a smooth picture is hardly changed.
        #expect(distance(read, picture) <= (name == "png" ? 0 : 12))
      }
    }
  }

  @Test("every format's picture is turned as EXIF says")
  func orientation() throws {
    let record = EXIFAssembler().record(orientation: 6)
    let png = PNGAssembler(width: 2, height: 1).chunk("eXIf", record).rows([[1, 2, 3, 4, 5, 6]])
    let jpeg = JPEGAssembler(columns: 2, levels: [[1, 2]]).exif(record).frame().scan()
    let webP = try WebPAssembler().header(8, width: 16, height: 8).still(picture)
      .chunk("EXIF", record)
    for region in [png.region, ByteRegion(jpeg.file, name: "a"), webP.region] {
      let image = try ByteImage(region)
      #expect(image.width * 2 == image.height)
    }
  }

  @Test("the same limits hold for every format", arguments: ["png", "jpg", "webp"])
  func limits(name: String) throws {
    let region = ByteRegion(try content(name), name: "a")
    var limits = ImageLimits()
    limits.side = 15
    expect(.damaged) { _ = try ByteImage(region, limits: limits) }
    limits = ImageLimits()
    limits.pixels = 127
    expect(.damaged, says: "16 x 8") { _ = try ByteImage(region, limits: limits) }
    limits.pixels = 128
    limits.memoryBytes = 383
    expect(.damaged, says: "383 bytes of memory") { _ = try ByteImage(region, limits: limits) }
    limits.memoryBytes = 384
    limits.fileBytes = 20
    expect(.damaged, says: "at most 20 bytes") { _ = try ByteImage(region, limits: limits) }
  }

  @Test(
    "names what else a file is",
    arguments: [
      ("", "an empty file"), ("GIF87a", "GIF"), ("GIF89a", "GIF"), ("BM\u{46}\0", "BMP"),
      ("II*\0", "TIFF"), ("MM\0*", "TIFF"), ("\0\0\0\u{18}ftypheic", "HEIC"),
      ("\0\0\0\u{18}ftypavif", "AVIF"), ("\0\0\0\u{18}ftypmif1", "HEIC or AVIF"),
      ("\0\0\0\u{18}ftypisom", "video"), ("\u{FF}\u{0A}", "JPEG XL"), ("%PDF-1.7", "PDF"),
      ("8BPS", "Photoshop"), ("PK\u{3}\u{4}", "zip"), ("\n\n <!DOCTYPE HTML><p>", "web page"),
      ("<?xml version='1.0'?><svg>", "SVG"), ("<html>", "web page"), ("RIFF\0\0\0\0WAVE", "other"),
      ("version https://git-lfs.github.com/spec/v1", "git lfs pull"), ("\u{FF}\u{D8}", "other"),
      ("\u{89}PN", "other"), ("RIFF\0", "other"), ("\u{1}text", "other content"),
    ])
  func foreign(start: String, name: String) {
    let bytes = start.unicodeScalars.map { UInt8($0.value) }
    for rest in [[], [UInt8](repeating: 0x80, count: bytes.isEmpty ? 0 : 1000)] {
      let error = expect(.damaged, at: 0, says: name) {
        _ = try ByteImage(ByteRegion(bytes + rest, name: "a.png"))
      }
      #expect(error?.expected == "a PNG, JPEG or WebP picture")
    }
  }

  @Test("refuses what is no file to read, without waiting for it")
  func irregular() throws {
    try withScratchFolder { folder in
      expect(.missing) { _ = try ByteImage(path: "\(folder)/none.png") }
      symlink("nowhere.png", "\(folder)/dangling.png")
      expect(.missing) { _ = try ByteImage(path: "\(folder)/dangling.png") }
      expect(.unreadable, says: "directory") { _ = try ByteImage(path: folder) }
      expect(.unreadable, says: "device") { _ = try ByteImage(path: "/dev/zero") }
      try #require(mkfifo("\(folder)/pipe.jpg", 0o600) == 0)
      expect(.unreadable, says: "pipe") { _ = try ByteImage(path: "\(folder)/pipe.jpg") }
      try put([], at: "\(folder)/empty.webp")
      expect(.damaged, says: "an empty file") { _ = try ByteImage(path: "\(folder)/empty.webp") }
    }
  }

  @Test("says that a file may not be read", .enabled(if: geteuid() != 0))
  func unreadable() throws {
    try withScratchFolder { folder in
      try put(try content("png"), at: "\(folder)/a.png")
      try #require(chmod("\(folder)/a.png", 0) == 0)
      expect(.unreadable) { _ = try ByteImage(path: "\(folder)/a.png") }
    }
  }

  @Test("any name that the system allows is written and read", arguments: ["png", "jpg", "webp"])
  func strangeNames(name: String) throws {
    try withScratchFolder { folder in
      for strange in ["a\nb", "🎨", "; rm -rf .", "-", " ", "%s%n", "größe"] {
        let path = "\(folder)/\(strange).\(name)"
        try picture.write(to: path)
        #expect(distance(try ByteImage(path: path), picture) <= 12)
        try put([], at: path)
        expect(.damaged, says: "empty") { _ = try ByteImage(path: path) }
      }
      #expect(names(in: folder).count == 7)
    }
  }

  // MARK: Writing

  @Test(
    "the extension decides the format",
    arguments: [
      ("a.png", ImageFormat.png), ("a.PNG", .png), ("a.jpg", .jpeg), ("a.JPEG", .jpeg),
      ("b.png/a.webp", .webP), ("a.png.jpg", .jpeg),
    ])
  func format(name: String, format: ImageFormat) throws {
    #expect(try ImageFormat(extensionOf: name) == format)
    try withScratchFolder { folder in
      try #require(mkdir("\(folder)/b.png", 0o700) == 0)
      try picture.write(to: "\(folder)/\(name)")
      #expect(try ImageFormat(of: ByteRegion(mapping: "\(folder)/\(name)")) == format)
    }
  }

  @Test("refuses other extensions", arguments: ["a", "a.gif", "a.png ", ".png", "png", "a.", ""])
  func otherExtension(name: String) throws {
    try withScratchFolder { folder in
      expect(.cannotCreate, says: ".png, .jpg, .jpeg, .webp") {
        try picture.write(to: "\(folder)/\(name)")
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("alpha is kept or refused, never dropped", arguments: [2, 4])
  func alpha(channels: Int) throws {
    let image = ByteImage(
      width: 2, height: 1, channels: channels, pixels: (0..<UInt8(2 * channels)).map { $0 * 20 })
    try withScratchFolder { folder in
      try image.write(to: "\(folder)/a.png")
      #expect(try ByteImage(path: "\(folder)/a.png") == image)
      try image.write(to: "\(folder)/a.webp")
      let read = try ByteImage(path: "\(folder)/a.webp")
      #expect(read.channels == 4)
      // Transparency is stored exactly whatever the quality.
      #expect(
        [read.pixels[3], read.pixels[7]] == [image.inColour.pixels[3], image.inColour.pixels[7]])
      expect(.cannotCreate, says: "alpha") { try image.write(to: "\(folder)/a.jpg") }
      #expect(names(in: folder) == ["a.png", "a.webp"])
    }
  }

  @Test("a higher quality is closer", arguments: ["jpg", "webp"])
  func quality(name: String) throws {
    try withScratchFolder { folder in
      let distances = try [5, 50, 100].map { quality in
        try picture.write(to: "\(folder)/a.\(name)", quality: quality)
        return distance(try ByteImage(path: "\(folder)/a.\(name)"), picture)
      }
      #expect(distances[0] > distances[1] && distances[1] >= distances[2])
    }
  }
}

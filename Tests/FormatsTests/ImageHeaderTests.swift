// What a file says before its pixels is what the decoded picture is.

import Formats
import TestSupport
import Testing

@Suite("Picture headers")
struct ImageHeaderTests {
  /// Expects a header to be that of the picture in the same bytes.
  private func agrees(
    _ bytes: ByteRegion, _ format: ImageFormat, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (header, image) = (try ImageHeader(bytes), try ByteImage(bytes))
    #expect(header.format == format, sourceLocation: sourceLocation)
    #expect(
      [header.width, header.height, header.channels] == [
        image.width, image.height, image.channels,
      ],
      sourceLocation: sourceLocation)
  }

  @Test("every format's header says the size and channels of its picture", arguments: 1...4)
  func formats(channels: Int) throws {
    let picture = noise(width: 17, height: 9, channels: channels, seed: 1)
    try withScratchFolder { folder in
      for (name, format) in [("a.png", ImageFormat.png), ("a.webp", .webP), ("a.jpg", .jpeg)] {
        if format == .jpeg && picture.hasAlpha { continue }
        try picture.write(to: "\(folder)/\(name)")
        try agrees(ByteRegion(mapping: "\(folder)/\(name)"), format)
      }
    }
  }

  @Test("a picture that is turned has the size that is seen, wherever EXIF stands")
  func turned() throws {
    let record = EXIFAssembler().record(orientation: 6)
    let rows: [[UInt8]] = [[1, 2, 3, 4, 5, 6]]
    try agrees(
      PNGAssembler(width: 2, height: 1).chunk("eXIf", record).rows(rows).region, .png)
    try agrees(
      PNGAssembler(width: 2, height: 1).rows(rows).chunk("eXIf", record).region, .png)
    let jpeg = JPEGAssembler(columns: 2, levels: [[1, 2]]).exif(record).frame().scan()
    try agrees(ByteRegion(jpeg.file, name: "a"), .jpeg)
  }

  @Test("nothing behind the header is looked at")
  func damagedPixels() throws {
    let content = try PNG(image: noise(width: 64, height: 64, channels: 3, seed: 2)).encoded()
    let cut = ByteRegion(Array(content.prefix(200)), name: "a.png")
    let header = try ImageHeader(cut)
    #expect((header.width, header.height, header.channels) == (64, 64, 3))
    expect(.damaged) { _ = try ByteImage(cut) }
  }

  @Test("sizes beyond the limits, unknown colours and files that end early are refused")
  func hostile() throws {
    var content = try PNG(image: noise(width: 4, height: 4, channels: 1, seed: 2)).encoded()
    for count in 8..<29 {
      expect(.damaged) { _ = try ImageHeader(ByteRegion(Array(content.prefix(count)), name: "a")) }
    }
    content[25] = 5
    expect(.damaged, says: "a kind of colour") {
      _ = try ImageHeader(ByteRegion(content, name: "a"))
    }
    content[25] = 0
    content[16] = 0x7F
    expect(.damaged, says: "pixels a side") { _ = try ImageHeader(ByteRegion(content, name: "a")) }
  }
}

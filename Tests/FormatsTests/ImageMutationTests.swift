// Damaged pictures: whatever happens to a file, reading ends in a picture or an error.

import Formats
import TestSupport
import Testing

@Suite("Damaged pictures")
struct ImageMutationTests {
  /// Numbers that depend on the seed alone.
  private struct Noise: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private static let picture = ByteImage(
    width: 19, height: 11, channels: 4, pixels: (0..<19 * 11 * 4).map { UInt8($0 * 5 % 251) })

  /// Small files that use much of their formats.
  private static func files() throws -> [ByteRegion] {
    let colour = JPEGAssembler(columns: 1, levels: [[90, 100], [128, 128], [128, 178]])
      .exif(EXIFAssembler().record(orientation: 6))
    let progressive = colour.frame(0xC2).scan(part: .first).scan([0], part: .rest)
      .scan([1], part: .rest).scan([2], part: .rest)
    let animation = try WebPAssembler().header(2 | 8 | 16, width: 19, height: 11)
      .animation(loops: 1).frame(picture).frame(picture, blended: true)
      .chunk("EXIF", EXIFAssembler().record(orientation: 5))
    let written = try ["a.png", "a.webp"].map { name in
      try withScratchFolder { folder in
        try picture.write(to: "\(folder)/\(name)", quality: 80)
        return ByteRegion(try ByteRegion(mapping: "\(folder)/\(name)").copy(), name: name)
      }
    }
    return written + [
      ByteRegion(colour.frame().scan().file, name: "a.jpg"),
      ByteRegion(progressive.file, name: "b.jpg"), animation.region,
    ]
  }

  private func damage(_ bytes: inout [UInt8], _ noise: inout Noise) {
    let place = Int.random(in: 0..<bytes.count, using: &noise)
    switch Int.random(in: 0..<4, using: &noise) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &noise)
    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &noise)
    case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
    default: if bytes.count > 20 { bytes.removeSubrange(place..<min(place + 9, bytes.count)) }
    }
  }

  @Test("reading ends in a picture or in an error of one line", arguments: UInt64(1)...5)
  func mutations(seed: UInt64) throws {
    var noise = Noise(state: seed)
    var limits = ImageLimits()
    limits.pixels = 1 << 16
    var (pictures, errors) = (0, 0)
    for file in try Self.files() {
      for _ in 0..<300 {
        var bytes = file.copy()
        for _ in 0..<Int.random(in: 1...4, using: &noise) { damage(&bytes, &noise) }
        do {
          let region = ByteRegion(bytes, name: file.name)
          _ = try ByteImage(region, limits: limits)
          if try ImageFormat(of: region) == .webP {
            try WebPFrames(region, limits: limits).forEach { _ in }
          }
          pictures += 1
        } catch let error as FileError {
          #expect(error.kind == .damaged)
          #expect(!error.description.contains { $0.isNewline })
          errors += 1
        }
      }
    }
    // Some damage hits only samples, some the structure.
    #expect(pictures > 50 && errors > 50)
  }
}

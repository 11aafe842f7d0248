// Sixels, read back by a reader that knows only what the terminals' manual says.

import Formats
import Foundation
import Testing
import TestSupport

@Suite("Sixel")
struct SixelTests {
  /// What a terminal draws: RGB for each pixel.
  private func drawn(_ bytes: [UInt8]) throws -> (width: Int, height: Int, pixels: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let match = try #require(
      text.wholeMatch(of: /\u{1B}P0;1;0q"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)*)(.*)\u{1B}\\/))
    let (width, height) = (try #require(Int(match.1)), try #require(Int(match.2)))
    var palette: [Substring: [UInt8]] = [:]
    for entry in match.3.matches(of: /#(\d+);2;(\d+);(\d+);(\d+)/) {
      palette[entry.1] = [entry.2, entry.3, entry.4].map { UInt8((Double($0) ?? 0) * 2.55 + 0.5) }
    }
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for (index, band) in match.4.split(separator: "-").enumerated() {
      for line in band.split(separator: "$") {
        let parts = try #require(line.wholeMatch(of: /#(\d+)(.*)/))
        let colour = try #require(palette[parts.1])
        var x = 0
        for run in parts.2.matches(of: /(?:!(\d+))?([?-~])/) {
          let bits = (run.2.first?.asciiValue ?? 63) - 63
          for _ in 0..<(run.1.flatMap { Int($0) } ?? 1) {
            for row in 0..<6 where bits >> row & 1 == 1 {
              let start = ((index * 6 + row) * width + x) * 3
              pixels.replaceSubrange(start..<start + 3, with: colour)
            }
            x += 1
          }
        }
        #expect(x == width)
      }
    }
    return (width, height, pixels)
  }

  @Test("colours that there are come out as they are, at any size", arguments: [1, 5, 6, 7, 13])
  func exact(height: Int) throws {
    var random = SeededGenerator(seed: 3)
    let pixels = (0..<9 * height * 3).map { _ in UInt8.random(in: 0...5, using: &random) * 51 }
    let image = ByteImage(width: 9, height: height, channels: 3, pixels: pixels)
    let found = try drawn(Sixel.bytes(of: image))
    #expect((found.width, found.height) == (9, height))
    #expect(found.pixels == pixels)
  }

  @Test("a colour between is mixed so that its mean stays")
  func mixed() throws {
    let image = ByteImage(
      width: 60, height: 60, channels: 3,
      pixels: (0..<3600).flatMap { _ in [UInt8(70), 128, 200] })
    let found = try drawn(Sixel.bytes(of: image)).pixels
    for (channel, expected) in [70.0, 128, 200].enumerated() {
      let values = stride(from: channel, to: found.count, by: 3).map { Double(found[$0]) }
      // One shade is 51 wide; what the last row and column cannot pass on is lost.
      #expect(abs(values.reduce(0, +) / 3600 - expected) < 1.5)
    }
  }

  @Test("grey is drawn as grey")
  func grey() throws {
    let image = ByteImage(width: 2, height: 1, channels: 1, pixels: [0, 255])
    #expect(try drawn(Sixel.bytes(of: image)).pixels == [0, 0, 0, 255, 255, 255])
  }
}

// Which terminals show pictures, and what they are sent.

import Formats
import Foundation
import TestSupport
import Testing
import Workbench

@Suite("Pictures in terminals")
struct TerminalPictureTests {
  @Test("terminals that say who they are get what they know; others are asked")
  func names() {
    #expect(TerminalPicture.named(in: ["TERM": "xterm-kitty"]) == .kitty)
    #expect(TerminalPicture.named(in: ["KITTY_WINDOW_ID": "1", "TERM": "xterm"]) == .kitty)
    #expect(TerminalPicture.named(in: ["TERM_PROGRAM": "iTerm.app"]) == .iTerm2)
    #expect(TerminalPicture.named(in: ["TERM_PROGRAM": "WezTerm"]) == .iTerm2)
    #expect(TerminalPicture.named(in: ["TERM": "xterm-256color"]) == nil)
    #expect(TerminalPicture.named(in: ["TERM": "xterm-kitty", "TMUX": "/tmp/tmux"]) == nil)
  }

  @Test(
    "a terminal draws sixels if attribute 4 is among those that it lists",
    arguments: [
      ("\u{1B}[?62;4;6c", true), ("\u{1B}[?62;4c", true), ("\u{1B}[?4c", false),
      ("\u{1B}[?62;14;24c", false), ("", false), ("\u{1B}[?62;4", false), ("62;4c", false),
    ])
  func sixels(answer: String, expected: Bool) {
    #expect(TerminalPicture.drawsSixels(answer) == expected)
  }

  @Test("what is sent holds the file, in parts that are marked as such for kitty")
  func contents() throws {
    try withScratchFolder { folder in
      var random = SeededGenerator(seed: 1)
      let pixels = (0..<64 * 64 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
      let file = "\(folder)/a.png"
      try PNG(image: ByteImage(width: 64, height: 64, channels: 3, pixels: pixels)).write(to: file)
      let png = try Data(contentsOf: URL(filePath: file))

      let kitty = String(decoding: try TerminalPicture.kitty.bytes(showing: file), as: UTF8.self)
      let parts = kitty.matches(of: /\u{1B}_G(f=100,a=T,)?m=([01]);([^\u{1B}]*)\u{1B}\\/)
      #expect(parts.count == (png.base64EncodedString().count + 4095) / 4096 && parts.count > 2)
      #expect(parts.map { $0.1 != nil } == [true] + parts.dropFirst().map { _ in false })
      #expect(parts.map(\.2) == parts.dropLast().map { _ in "1" } + ["0"])
      #expect(Data(base64Encoded: parts.map { String($0.3) }.joined()) == png)

      let iTerm = String(decoding: try TerminalPicture.iTerm2.bytes(showing: file), as: UTF8.self)
      let match = try #require(
        iTerm.wholeMatch(of: /\u{1B}\]1337;File=inline=1;size=(\d+):(.*)\u{7}\n/))
      #expect(Int(match.1) == png.count && Data(base64Encoded: String(match.2)) == png)

      let sixel = try TerminalPicture.sixel.bytes(showing: file)
      #expect(sixel.starts(with: Array("\u{1B}P0;1;0q\"1;1;64;64".utf8)))
    }
  }
}

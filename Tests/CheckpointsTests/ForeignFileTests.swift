// Files that are no checkpoints: each is refused in one line that says what it is.

import Checkpoints
import Formats
import Foundation
import OrderedCollections
import TestSupport
import Testing

@Suite("Foreign files")
struct ForeignFileTests {
  private func refuses(
    _ bytes: [UInt8], as kind: FileError.Kind = .notRecognised, says words: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withScratchFolder { folder in
      try put(bytes, at: "\(folder)/network.pkl")
      expect(kind, says: words, sourceLocation: sourceLocation) {
        _ = try Checkpoint.open("\(folder)/network.pkl")
      }
    }
  }

  @Test("says what was found instead")
  func contents() throws {
    try refuses([], says: "an empty file")
    try refuses(Array("<!DOCTYPE html><p>Quota exceeded".utf8), says: "a web page")
    try refuses(Array("\n<HTML>".utf8), says: "a web page")
    try refuses(
      [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 40), as: .damaged,
      says: "end record of a ZIP archive")
    let png = PNG(image: ByteImage(width: 1, height: 1, channels: 1, pixels: [0]))
    try refuses(try png.encoded(), says: "a PNG picture")
    try refuses([1, 2, 3], says: "other content")
    try refuses(Array("Text.\n".utf8), says: "network.pkl: not recognised: expected a pickle of")
    try refuses(Array("version https://git-lfs.github.com/spec/v1\n".utf8), says: "Git LFS")
  }

  @Test("refuses code", arguments: ["os", "posix", "builtins"])
  func code(module: String) throws {
    try withScratchFolder { folder in
      let pickle = PickleAssembler().call(module, "system") { $0.text("touch \(folder)/canary") }
      try put(pickle.region.copy(), at: "\(folder)/network.pkl")
      expect(.refusedAsUnsafe, says: "\(module).system") {
        _ = try Checkpoint.open("\(folder)/network.pkl")
      }
      #expect(names(in: folder) == ["network.pkl"])
    }
  }

  @Test(
    "refuses code in pickles of the first protocols",
    arguments: ["cposix\nsystem\n(Vtouch canary\ntR.", "(cos\nsystem\nVtouch canary\no."])
  func oldCode(text: String) throws {
    try withScratchFolder { folder in
      try put(Array(text.utf8), at: "\(folder)/network.pkl")
      expect(.refusedAsUnsafe, says: "system") {
        _ = try Checkpoint.open("\(folder)/network.pkl")
      }
    }
  }

  @Test("a whole checkpoint cut short anywhere is refused")
  func truncated() throws {
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
    let bytes = try ByteRegion(mapping: path).copy()
    for count in stride(from: 1, to: bytes.count, by: 9973) {
      #expect(throws: FileError.self) {
        let scratch = try withScratchFolder { folder in
          try put(Array(bytes.prefix(count)), at: "\(folder)/cut.pkl")
          return try Checkpoint.open("\(folder)/cut.pkl")
        }
        Issue.record("\(count) bytes gave \(scratch.networks.count) networks")
      }
    }
  }

  @Test("what is no regular file is refused without waiting")
  func notRegular() throws {
    try withScratchFolder { folder in
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      #expect(symlink("\(folder)/nowhere", "\(folder)/dangling") == 0)
      expect(.unreadable, says: "a pipe") { _ = try Checkpoint.open("\(folder)/pipe") }
      expect(.unreadable, says: "a directory") { _ = try Checkpoint.open(folder) }
      expect(.unreadable, says: "a device") { _ = try Checkpoint.open("/dev/zero") }
      expect(.missing) { _ = try Checkpoint.open("\(folder)/dangling") }
      expect(.missing) { _ = try Checkpoint.open("\(folder)/a\nb; rm 🎨") }
      expect(.missing) { _ = try Checkpoint.open("") }
    }
  }
}

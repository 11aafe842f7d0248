// `stylist dataset`: names that cannot be meant, what other systems leave behind, and what is said.

import Foundation
import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Data sets in trouble")
struct DatasetTroubleTests {
  private func png(_ width: Int, _ height: Int, channels: Int = 3, seed: UInt32 = 1) throws
    -> [UInt8]
  {
    try PNG(image: noise(width: width, height: height, channels: channels, seed: seed)).encoded()
  }

  private func dataset(_ arguments: [String], in folder: String) async throws -> Outcome {
    try await stylist(["dataset"] + arguments, in: folder)
  }

  // MARK: Names

  @Test("a sheet never replaces a file, nor lands in the source or the new data set")
  func sheets() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/a", withIntermediateDirectories: false)
      try put(try png(8, 8), at: "\(folder)/a/1.png")
      try put(Array("mine".utf8), at: "\(folder)/notes.png")
      try #require(symlink("a", "\(folder)/link") == 0)
      let runs: [(Int32, String, String)] = [
        (73, "--sheet=notes.png", "notes.png: cannot be created: expected a free name"),
        (64, "--sheet=a/1.png", "--sheet: expected a name outside --source"),
        (64, "--sheet=a/new/2.png", "outside --source"),
        (64, "--sheet=link/2.png", "outside --source"),
        (64, "--sheet=./x/../a/2.png", "outside --source"),
        (64, "--sheet=b/3.png", "--sheet: expected a name outside --dest"),
        (64, "--sheet=c3.jpg", "--sheet: expected a name that ends in .png"),
        (64, "--dest=c.jpg", "--dest: expected a .zip archive or a folder"),
      ]
      for (code, argument, words) in runs {
        let dest = argument.hasPrefix("--dest") ? [] : ["--dest=b"]
        for dry in [[], ["-n"]] {
          let created = try await dataset(
            ["create", "--source=a", argument] + dest + dry, in: folder)
          expect(created, endsWith: code, saying: words)
          guard !words.contains("--source") else { continue }
          let drawn = try await dataset(
            ["portraits", "--count=1", "--res=8", argument] + dest + dry, in: folder)
          expect(drawn, endsWith: code, saying: words)
        }
      }
      #expect(
        names(in: folder) == ["a", "link", "notes.png"] && names(in: "\(folder)/a") == ["1.png"])
      #expect(try Data(contentsOf: URL(filePath: "\(folder)/notes.png")) == Data("mine".utf8))
      let inside = try await dataset(["inspect", "a", "--outdir=a/out"], in: folder)
      expect(inside, endsWith: 64, saying: "--outdir: expected a folder outside a")
      for _ in 0..<2 {
        #expect(try await dataset(["inspect", "a", "--outdir=out"], in: folder).exitCode == 0)
      }
    }
  }

  @Test("sizes that no data set has are refused by their option")
  func sizes() async throws {
    try await withScratchFolder { folder in
      try put(try png(8, 8), at: "\(folder)/1.png")
      for size in ["30", "32x16", "0", "16384x1"] {
        let outcome = try await dataset(
          ["create", "--source=.", "--dest=b.zip", "--resolution=\(size)"], in: folder)
        expect(outcome, endsWith: 64, saying: "--resolution: expected a")
      }
      let wide = try await dataset(
        [
          "create", "--source=.", "--dest=b.zip", "--transform=center-crop-wide",
          "--resolution=8x16",
        ],
        in: folder)
      expect(wide, endsWith: 64, saying: "a height of at most the width")
    }
  }

  @Test("a folder that is closed is said to be, and not to hold nothing")
  func closedFolder() async throws {
    try await withScratchFolder { folder in
      let closed = "\(folder)/closed"
      #expect(mkdir(closed, 0) == 0)
      #expect(chmod(folder, 0o755) == 0)
      // Nothing is closed to the superuser.
      let arguments =
        getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"] : []
      try #require(arguments.isEmpty || FileManager.default.isExecutableFile(atPath: arguments[0]))
      for command in ["inspect", "verify"] {
        let outcome = try await stylist(
          ["dataset", command, closed], after: ":", through: arguments, in: folder)
        expect(outcome, endsWith: 74, saying: "found one that is closed")
      }
    }
  }

  @Test("a link to a folder is shown, is bad, and is refused as what does not fit")
  func linkToFolder() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/a", withIntermediateDirectories: false)
      try put(try png(8, 8), at: "\(folder)/a/1.png")
      try #require(symlink("..", "\(folder)/a/link") == 0)
      let words = "a/link: does not fit: expected a file or folder, found a link to a folder"
      let inspected = try await dataset(["inspect", "a"], in: folder)
      #expect(inspected.exitCode == 0 && inspected.stdout.contains("  bad: \(words)\n"))
      let verified = try await dataset(["verify", "a"], in: folder)
      #expect(verified.stdout.contains("  bad: \(words)\n"))
      #expect(verified.exitCode == 2)
      #expect(verified.words.last?.contains("a: 1 bad file; 1 picture in all") == true)
      expect(
        try await dataset(["create", "--source=a", "--dest=b"], in: folder), endsWith: 65,
        saying: words)
      let training = ["train", "gan", "--data=a", "--outdir=runs", "-n"]
      expect(try await stylist(training, in: folder), endsWith: 65, saying: words)
      #expect(names(in: folder) == ["a"])
    }
  }

  // MARK: What other systems leave behind

  @Test("what macOS puts beside pictures is no picture, and is counted")
  func leftovers() async throws {
    try await withScratchFolder { folder in
      let entries: [(String, [UInt8])] = [
        ("1.png", try png(8, 8)), ("._1.png", Array("x".utf8)), (".DS_Store", Array("x".utf8)),
        ("__MACOSX/._1.png", Array("x".utf8)), ("__MACOSX/2.png", Array("x".utf8)),
        ("dataset.json", [0xEF, 0xBB, 0xBF] + Array(#"{"labels": [["1.png", 0]]}"#.utf8)),
      ]
      try put(ZIPAssembler(entries).bytes, at: "\(folder)/a.zip")
      let outcome = try await dataset(["verify", "a.zip"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stdout) \(outcome.stderr)")
      #expect(outcome.stdout.hasPrefix("a.zip: zip, 1 picture (1 PNG), "), "\(outcome.stdout)")
      #expect(outcome.stdout.contains("  4 other files\n"))
      #expect(outcome.stdout.contains("labels: 1 class, pictures 0: 1\n"), "\(outcome.stdout)")
    }
  }

  // MARK: What is said

  @Test("pictures of other sizes and kinds do not fit, and one command makes them fit")
  func oddPictures() async throws {
    try await withScratchFolder { folder in
      for (name, bytes) in [
        ("1", try png(40, 33)), ("2", try png(36, 50, channels: 4)),
        ("3", try png(64, 64, channels: 1)),
      ] { try put(bytes, at: "\(folder)/\(name).png") }
      let arguments = ["train", "gan", "--data=\(folder)", "--outdir=\(folder)/runs"]
      let refused = try await stylist(arguments)
      let advice = "--transform=center-crop --resolution=32 --to-rgb"
      expect(refused, endsWith: 65, saying: "1.png: does not fit: expected a square")
      #expect(refused.stderr.contains("(stylist dataset create \(advice) makes all alike)"))
      let created = try await dataset(
        ["create", "--source=.", "--dest=b.zip"] + advice.split(separator: " ").map(String.init),
        in: folder)
      #expect(created.stdout == "b.zip: 3 pictures, 32×32 RGB, no labels\n", "\(created.stderr)")
      let plain = try await dataset(
        ["create", "--source=.", "--dest=c.zip", "--transform=center-crop", "--resolution=32"],
        in: folder)
      #expect(plain.exitCode == 65 && plain.stderr.contains("(stylist dataset create --to-rgb"))
    }
  }

  @Test("a header that promises too much is bad for the same reason for inspect and verify")
  func hugeHeader() async throws {
    try await withScratchFolder { folder in
      var bytes = try png(8, 8)
      // The width, and the sum of the chunk.
      bytes.replaceSubrange(16..<20, with: [0, 1, 0x86, 0xA0])
      bytes.replaceSubrange(29..<33, with: crc32(Array(bytes[12..<29])))
      try put(bytes, at: "\(folder)/1.png")
      try put(try png(8, 8), at: "\(folder)/2.png")
      let inspected = try await dataset(["inspect", "."], in: folder)
      let verified = try await dataset(["verify", "."], in: folder)
      let bad = [inspected, verified].map { outcome in
        outcome.stdout.split(separator: "\n").filter { $0.hasPrefix("  bad: ") }
      }
      #expect(bad[0].count == 1 && bad[0] == bad[1], "\(bad)")
      #expect(bad[0][0].contains("pixels a side"))
    }
  }

  /// The sum of a PNG chunk.
  private func crc32(_ bytes: [UInt8]) -> [UInt8] {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return withUnsafeBytes(of: (~crc).bigEndian, Array.init)
  }
}

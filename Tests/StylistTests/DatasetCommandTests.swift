// `stylist dataset`: exit codes, JSON, hostile data sets, interruption, and what is written.

import Foundation
import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Data set commands")
struct DatasetCommandTests {
  /// Makes a small data set of portraits in a folder.
  private func makeSet(_ name: String, in folder: String) async throws {
    let outcome = try await stylist(
      ["dataset", "portraits", "--count=5", "--res=16", "--dest=\(name)", "--attribute=Smiling"],
      in: folder)
    try #require(outcome.exitCode == 0, "\(outcome.stderr)")
  }

  private func png(_ width: Int, _ height: Int, seed: UInt32 = 1) throws -> [UInt8] {
    try PNG(image: noise(width: width, height: height, channels: 3, seed: seed)).encoded()
  }

  // MARK: What is written

  @Test("portraits, created again at another size, inspected and verified")
  func chain() async throws {
    try await withScratchFolder { folder in
      let first = try await stylist(
        [
          "dataset", "portraits", "--count=5", "--resolution=32", "--seed=3", "--dest=a.zip",
          "--sheet=a.png", "--attribute=Smiling", "--attribute=Bald", "--json",
        ], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      let json = try first.json()
      #expect(json["file"] as? String == "a.zip" && json["pictures"] as? Int == 5)
      #expect(json["labels"] as? String == "vectors" && json["label_dimension"] as? Int == 2)
      let second = try await stylist(
        ["dataset", "create", "--source=a.zip", "--dest=b", "--resolution=16"], in: folder)
      #expect(second.stdout == "b: 5 pictures, 16×16 RGB, labels: vectors, 2\n")
      let inspected = try await stylist(
        ["dataset", "inspect", "b", "--json", "--outdir=out"], in: folder)
      let report = try #require(try inspected.json()["report"] as? [String: Any])
      #expect(report["pictures"] as? Int == 5 && report["form"] as? String == "folder")
      let verified = try await stylist(["dataset", "verify", "b"], in: folder)
      #expect(verified.exitCode == 0 && verified.stdout.contains("every picture holds"))
      #expect(verified.stderr.contains(#""unit":"pictures""#))
      #expect(names(in: folder) == ["a.png", "a.zip", "b", "out"])
      #expect(names(in: "\(folder)/out") == ["b-sheet.png"])
    }
  }

  @Test("CelebA's list gives labels with names, which go on to data sets made of that one")
  func attributeList() async throws {
    try await withScratchFolder { folder in
      try await makeSet("a", in: folder)
      let list = (0..<5).map {
        "img0000000\($0).jpg  \($0 == 3 ? 1 : -1) -1 1 -1 -1 \($0 < 2 ? 1 : 0)"
      }
      try put(
        Array("5\nA B C D E F \n\(list.joined(separator: "\r\n"))\n".utf8), at: "\(folder)/list.txt"
      )
      let first = try await stylist(
        ["dataset", "create", "--source=a", "--dest=b.zip", "--attributes=list.txt"], in: folder)
      #expect(
        first.stdout == "b.zip: 5 pictures, 16×16 RGB, labels: vectors, 6\n", "\(first.stderr)")
      let second = try await stylist(
        [
          "dataset", "create", "--source=b.zip", "--dest=c", "--resolution=8", "--max-images=2",
        ], in: folder)
      #expect(second.exitCode == 0, "\(second.stderr)")
      let text = String(
        decoding: try ByteRegion(mapping: "\(folder)/c/dataset.json").copy(), as: UTF8.self)
      let pairs = (0..<2).map {
        #"["00000/img0000000\#($0).png", [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]]"#
      }
      #expect(
        text == #"{"labels": [\#(pairs.joined(separator: ", "))], "#
          + #""attributes": ["A", "B", "C", "D", "E", "F"]}"#)
      let lines = try await stylist(["dataset", "inspect", "b.zip"], in: folder).stdout
      #expect(
        lines.contains(
          "  labels: vectors of 6, means 0.2, 0.0, 1.0, 0.0, 0.0, 0.4\n"
            + "  names of the numbers: A, B, C, D and 2 more\n"), "\(lines)")
      let json = try await stylist(["dataset", "inspect", "b.zip", "--json"], in: folder).json()
      let labels = (json["report"] as? [String: Any])?["labels"] as? [String: Any]
      #expect(labels?["names"] as? [String] == ["A", "B", "C", "D", "E", "F"])
      let unnamed = try await stylist(["dataset", "inspect", "a", "--json"], in: folder)
      #expect(!unnamed.stdout.contains(#""names""#))
    }
  }

  @Test("the table beside drawn portraits is such a list, and says what their labels say")
  func portraitsTable() async throws {
    try await withScratchFolder { folder in
      let drawn = try await stylist(
        [
          "dataset", "portraits", "--count=4", "--res=8", "--dest=a",
          "--attribute=Smiling", "--attribute=Young",
        ], in: folder)
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
      let made = try await stylist(
        ["dataset", "create", "--source=a", "--dest=b", "--attributes=a/attributes.csv"],
        in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let files = try ["a", "b"].map { name in
        try #require(
          try LabelFile.read(ByteRegion(mapping: "\(folder)/\(name)/dataset.json")))
      }
      #expect(files[0].names == ["Smiling", "Young"] && files[0].paths == files[1].paths)
      guard case .vectors(let some, _) = files[0].values,
        case .vectors(let all, let dimension) = files[1].values
      else { throw Unexpected() }
      #expect(dimension == files[1].names.count && dimension > 2)
      for (place, name) in files[0].names.enumerated() {
        let column = try #require(files[1].names.firstIndex(of: name))
        for row in 0..<4 { #expect(some[row * 2 + place] == all[row * dimension + column]) }
      }
    }
  }

  /// Labels of another kind than those asked for.
  private struct Unexpected: Error {}

  @Test("the older tool's width and height mean the resolution")
  func olderSpelling() async throws {
    try await withScratchFolder { folder in
      try await makeSet("a", in: folder)
      for (name, size) in [
        ("b.zip", ["--width=8", "--height=8"]), ("c.zip", ["--resolution=8x8"]),
      ] {
        let outcome = try await stylist(
          ["dataset", "create", "--source=a", "--dest=\(name)", "--max_images=3"] + size,
          in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      }
      let first = try ByteRegion(mapping: "\(folder)/b.zip").copy()
      #expect(try ByteRegion(mapping: "\(folder)/c.zip").copy() == first)
    }
  }

  @Test("a dry run checks everything, says what would be, and writes nothing")
  func dryRun() async throws {
    try await withScratchFolder { folder in
      try await makeSet("a", in: folder)
      for arguments in [
        ["create", "--source=a", "--dest=b/c.zip", "--resolution=8", "--sheet=s.png"],
        ["portraits", "--count=5", "--res=8", "--dest=b", "--sheet=s.png"],
      ] {
        let outcome = try await stylist(["dataset"] + arguments + ["-n"], in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.contains("would write") && outcome.stdout.contains("5 pictures"))
        let json = try await stylist(["dataset"] + arguments + ["-n", "--json"], in: folder).json()
        #expect(json["dry_run"] as? Bool == true)
      }
      #expect(names(in: folder) == ["a"])
    }
  }

  // MARK: How it ends

  @Test("2 if a picture is bad, and every bad one is listed")
  func verify() async throws {
    try await withScratchFolder { folder in
      for (name, content) in [
        ("a.png", try png(8, 8)), ("b.png", try png(8, 8)), ("c.png", try png(8, 9)),
        ("d.png", Array("hello".utf8)), ("e.png", try png(8, 8, seed: 2)),
      ] { try put(content, at: "\(folder)/\(name)") }
      let outcome = try await stylist(["dataset", "verify", folder])
      #expect(outcome.exitCode == 2)
      #expect(outcome.words == ["stylist: \(folder): 2 bad files; 5 pictures in all"])
      let bad = outcome.stdout.split(separator: "\n").filter { $0.hasPrefix("  bad: ") }
      #expect(bad.count == 2 && bad[0].contains("/c.png") && bad[1].contains("/d.png"))
      #expect(outcome.stdout.contains("the same picture: a.png, b.png"))
      let json = try await stylist(["dataset", "verify", folder, "--json"]).json()
      #expect(json["duplicates"] as? [[String]] == [["a.png", "b.png"]])
    }
  }

  @Test("64, 65, 66, 73, 74 and 77, each with one line, and nothing is written")
  func exitCodes() async throws {
    try await withScratchFolder { folder in
      try put(try png(8, 8), at: "\(folder)/a.png")
      try put(Array("hello".utf8), at: "\(folder)/text.zip")
      try put(ZIPAssembler([("../a.png", try png(8, 8))]).bytes, at: "\(folder)/evil.zip")
      try put(ZIPAssembler([("a.png", try png(8, 9))]).bytes, at: "\(folder)/high.zip")
      try put(Array("1\nA\nb.jpg 1\n".utf8), at: "\(folder)/other.txt")
      try put(Array("1\nA\na.jpg 2\n".utf8), at: "\(folder)/bad.txt")
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      let before = names(in: folder)
      let runs: [(Int32, String, [String])] = [
        (
          64, "center-crop-wide, pad or celeba-crop",
          ["create", "--source=.", "--dest=b", "--transform=x"]
        ),
        (64, "resolution", ["create", "--source=.", "--dest=b", "--resolution=0"]),
        (64, "both --width and --height", ["create", "--source=.", "--dest=b", "--width=8"]),
        (
          64, "did you mean Smiling?",
          ["portraits", "--count=1", "--dest=b", "--attribute=smiling"]
        ),
        (64, "count", ["portraits", "--count=0", "--dest=b"]),
        (65, "found text", ["inspect", "text.zip"]), (65, "found text", ["verify", "text.zip"]),
        (
          65, "other.txt: damaged: expected a line for each picture, found none for a.png",
          ["create", "--source=.", "--dest=b", "--attributes=other.txt"]
        ),
        (
          65, "bad.txt: damaged: expected -1, 0 or 1 for A of a.jpg in line 3, found 2",
          ["create", "--source=.", "--dest=b", "--attributes=bad.txt"]
        ),
        (
          65, "a.png: not recognised: expected a list of attributes",
          ["create", "--source=.", "--dest=b", "--attributes=a.png"]
        ),
        (66, "missing", ["create", "--source=.", "--dest=b", "--attributes=absent"]),
        (74, "found a pipe", ["create", "--source=.", "--dest=b", "--attributes=pipe"]),
        (65, "a square", ["create", "--source=high.zip", "--dest=b"]),
        (66, "missing", ["inspect", "absent"]), (66, "missing", ["verify", "absent"]),
        (66, "missing", ["create", "--source=absent", "--dest=b"]),
        (73, "a free name", ["create", "--source=high.zip", "--dest=text.zip"]),
        (64, "not the name of a picture", ["create", "--source=high.zip", "--dest=a.png"]),
        (73, "a free name", ["portraits", "--count=1", "--dest=pipe"]),
        (73, "cannot be created", ["portraits", "--count=1", "--dest=a.png/b"]),
        (74, "a regular file, found a pipe", ["inspect", "pipe"]),
        (77, "refused as unsafe", ["verify", "evil.zip"]),
      ]
      for (code, words, arguments) in runs {
        let outcome = try await stylist(["dataset"] + arguments, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
      #expect(names(in: folder) == before)
    }
  }

  @Test(
    "129, 130 and 143: interrupted, with nothing half-written",
    arguments: [(SignalName.hangUp, 129), (.interrupt, 130), (.terminate, 143)])
  func interruption(signal: SignalName, code: Int) async throws {
    try await withScratchFolder { folder in
      for name in ["set.zip", "set"] {
        let outcome = try await stylist(
          ["dataset", "portraits", "--count=5000000", "--res=8", "--dest=\(folder)/\(name)"],
          signal: signal.signal)
        #expect(outcome.exitCode == Int32(code), "\(outcome.stderr.suffix(200))")
        #expect(names(in: folder).isEmpty)
      }
    }
  }

  // MARK: Hostile

  @Test("hostile labels end at once with 65 and one line, whatever they are")
  func hostileLabels() async throws {
    try await withScratchFolder { folder in
      let deep = String(repeating: "[", count: 100_000)
      let texts = [
        "{\"labels\": \(deep)", "{\"x\": \(deep)", #"{"labels": [["a.png", 1], ["b.png", [1]]]}"#,
        #"{"labels": [["a.png", NaN], ["b.png", 1]]}"#, #"{"labels": [["a.png", 1e9], 3]}"#,
        #"{"labels": [["a.png", 4294967296], ["b.png", 0]]}"#, "\u{0}", "",
      ]
      for text in texts {
        let archive = ZIPAssembler([
          ("a.png", try png(8, 8)), ("b.png", try png(8, 8)), ("dataset.json", Array(text.utf8)),
        ])
        try put(archive.bytes, at: "\(folder)/set.zip")
        let created = try await stylist(
          ["dataset", "create", "--source=set.zip", "--dest=b.zip"], in: folder)
        expect(created, endsWith: 65, saying: "set.zip/dataset.json: damaged")
        let verified = try await stylist(["dataset", "verify", "set.zip"], in: folder)
        #expect(verified.exitCode == 2 && verified.stdout.contains("bad: set.zip/dataset.json"))
      }
      #expect(names(in: folder) == ["set.zip"])
    }
  }

  @Test("names that would forge lines are escaped")
  func forgedNames() async throws {
    try await withScratchFolder { folder in
      try put(Array("x".utf8), at: "\(folder)/a\n  every picture holds\u{1B}[2J.png")
      let outcome = try await stylist(["dataset", "verify", folder])
      #expect(outcome.exitCode == 2)
      #expect(!outcome.stdout.contains("\u{1B}"))
      #expect(!outcome.stdout.split(separator: "\n").contains("  every picture holds"))
    }
  }
}

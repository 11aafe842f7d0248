// Ladders as people run them: those that come with the program, and those of files.

import Foundation
import TestSupport
import Testing

@Suite("Train ladder") struct TrainLadderCommandTests {
  private let tiny = [
    "train", "ladder", "--data=portraits", "--batch=4", "--map-depth=1", "--threads=1",
    "--kimg=0.008", "--tick=0.004",
  ]

  @Test(
    "every ladder that comes with the program can be trained",
    arguments: [
      ("stylegan", 6, ["--res=8", "--cbase=32"]),
      ("styleformer", 10, ["--res=16", "--num-layers=1,1", "--g-dict=64,64"]),
      ("stylenat", 6, ["--res=16", "--cmax=16", "--w-dim=16"]),
    ])
  func known(_ name: String, _ count: Int, _ options: [String]) async throws {
    try await withScratchFolder { folder in
      // Configurations A and B have no mapping network.
      let common = name == "stylegan" ? tiny.filter { $0 != "--map-depth=1" } : tiny
      let outcome = try await stylist(
        common + options + [name, "--seeds=0-2", "--outdir=\(folder)/ladder", "-n", "--json"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let plan = try #require(
        JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [String: Any])
      let rungs = try #require(plan["rungs"] as? [[String: Any]])
      #expect(rungs.count == count)
      let networks = rungs.compactMap { ($0["networks"] as? [[String: Any]])?.first }
      #expect(networks.count == count)
      #expect(
        rungs.compactMap { $0["kimg_left"] as? Double } == [Double](repeating: 0.024, count: count))
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("a file's rungs are trained, with what is common to all")
  func file() async throws {
    try await withScratchFolder { folder in
      let text = """
        # Two widths.
        wide:  --cmax=8
        narrow: --cmax=4 --no-mirror   # and not mirrored

        """
      try put(Array(text.utf8), at: "\(folder)/widths.txt")
      let outcome = try await stylist(
        tiny + [
          "\(folder)/widths.txt", "--res=8", "--cbase=32", "--z-dim=8", "--w-dim=8", "--mirror",
          "--metrics=fid-portraits1k", "--outdir=\(folder)/ladder",
        ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(lines[0].hasPrefix("rung    generator  kimg   fid-portraits1k, 1 seed"))
      #expect(lines[1].hasPrefix("wide ") && lines[2].hasPrefix("narrow "))
      #expect(
        names(in: "\(folder)/ladder") == [
          "curves.png", "ladder.json", "ladder.md", "narrow-seed0", "pictures.png", "wide-seed0",
        ])
      let narrow = try onlyRun(in: "\(folder)/ladder/narrow-seed0")
      let options = try String(contentsOfFile: "\(narrow)/training_options.json", encoding: .utf8)
      #expect(options.contains(/"mirror" ?: ?false/) && options.contains(/"channel_max" ?: ?4/))
    }
  }

  @Test("a ladder that is none is refused in one line")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let cases: [(text: String, words: String)] = [
        ("no colon\n", "line 1: expected a name, a colon and options"),
        ("a: --cmax=8\na: --cmax=4\n", "line 2: expected each name once, found a again"),
        ("# nothing\n", "expected 1 to 64 lines with a name, found 0"),
        ("a: --kimg=5\n", "rung a: Unknown option '--kimg'"),
        ("../a: --cmax=8\n", "line 1: expected a name"),
        ("a: --cmax=many\n", "rung a: "),
      ]
      for (text, words) in cases {
        try put(Array(text.utf8), at: "\(folder)/ladder.txt")
        let outcome = try await stylist(
          tiny + ["\(folder)/ladder.txt", "--outdir=\(folder)/ladder"])
        #expect(outcome.exitCode == 64, "\(text)")
        #expect(outcome.stderr.contains(words), "\(outcome.stderr)")
        #expect(outcome.stderr.split(separator: "\n").count <= 2, "\(outcome.stderr)")
      }
      let none = try await stylist(tiny + ["stylegan4", "--outdir=\(folder)/ladder"])
      #expect(none.exitCode == 64)
      #expect(none.stderr.contains("expected stylegan, styleformer, stylenat, or a file"))
      #expect(names(in: folder) == ["ladder.txt"])
    }
  }
}

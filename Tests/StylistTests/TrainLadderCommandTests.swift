// Ladders as people run them: those that come with the program, and those of files.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
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

  @Test(
    "every ladder of encoders that comes with the program can be trained",
    arguments: [("encoders", 4), ("parts", 6)])
  func encoders(_ name: String, _ count: Int) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist([
        "train", "encoder-ladder", name, "--network=stylegan2-portraits64", "--data=portraits",
        "--kimg=0.016", "--seeds=0-1", "--outdir=\(folder)/ladder", "-n", "--json",
      ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let plan = try #require(
        JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [String: Any])
      let rungs = try #require(plan["rungs"] as? [[String: Any]])
      let sizes = rungs.compactMap { rung in
        (rung["networks"] as? [[String: Any]])?.first?["parameters"] as? Int
      }
      #expect(sizes.count == count && sizes.allSatisfy { 500_000...3_000_000 ~= $0 }, "\(sizes)")
      #expect(
        rungs.compactMap { $0["kimg_left"] as? Double } == [Double](repeating: 0.032, count: count))
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("encoders of a file are trained, and the table has the average code beside them")
  func encoderFile() async throws {
    try await withScratchFolder { folder in
      try put(Array("wide: --ffn=8\nnarrow: --ffn=4 --lr=0.001\n".utf8), at: "\(folder)/ffn.txt")
      let generator = EncoderFiles().generator
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration, to: "\(folder)/g.safetensors")
      let outcome = try await stylist([
        "train", "encoder-ladder", "\(folder)/ffn.txt", "--network=\(folder)/g.safetensors",
        "--data=codes", "--subset=40", "--lpips=0", "--id=0", "--widths=16,16,16",
        "--units=1,1,1", "--batch=4", "--held-out=8", "--kimg=0.008", "--tick=0.004", "--snap=1",
        "--threads=1", "--seeds=0-1", "--outdir=\(folder)/ladder",
      ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(lines[0].hasPrefix("rung              encoder  kimg   inversion_loss, 2 seeds"))
      #expect(lines[1].hasPrefix("wide ") && lines[2].hasPrefix("narrow "))
      #expect(lines[3].hasPrefix("the average code ") && !lines[0].contains("inversion_average"))
      #expect(
        names(in: "\(folder)/ladder") == [
          "curves.png", "ladder.json", "ladder.md", "narrow-seed0", "narrow-seed1", "pictures.png",
          "wide-seed0", "wide-seed1",
        ])
      let sheet = try PNG(path: "\(folder)/ladder/pictures.png").image
      #expect(sheet.width > 8 * 96 && sheet.height > 3 * 96)
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

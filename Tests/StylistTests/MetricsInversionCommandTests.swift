// `stylist metrics inversion` as people run it: its files, plans, and bad input.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import TestSupport
import Testing

@Suite("Metrics inversion") struct MetricsInversionCommandTests {
  private let start = ["metrics", "inversion", "--network=g.safetensors", "--data=photos"]

  /// A folder with a generator of 8×8 pixels and two photographs.
  private func withFiles(_ body: (_ folder: String) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      let generator = EncoderFiles().generator
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration,
        to: "\(folder)/g.safetensors")
      try FileManager.default.createDirectory(
        atPath: "\(folder)/photos", withIntermediateDirectories: true)
      for index in 0..<2 {
        try PNG(image: noise(width: 8, height: 8, channels: 3, seed: UInt32(index)))
          .write(to: "\(folder)/photos/\(index).png")
      }
      try await body(folder)
    }
  }

  @Test("ways of a file and of the command line are compared; a plan makes nothing")
  func comparison() async throws {
    try await withFiles { folder in
      try put(
        Array(
          "w: --refine-steps=20\n# later\ntuned: --refine-steps=20 --tune-generator --tune-steps=2"
            .utf8),
        at: "\(folder)/ways.txt")
      let arguments =
        start + [
          "--methods=ways.txt", "--method=w-plus: --refine-steps=20 --space=w+", "--seeds=1-2",
          "--outdir=out",
        ]
      let plan = try await stylist(arguments + ["-n"], in: folder)
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      #expect(plan.stdout.hasPrefix("would invert 2 photographs into g.safetensors in 3 ways\n"))
      #expect(!names(in: folder).contains("out"))
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(lines[0].contains("repetitions  mse"))
      let begun = lines.dropFirst().prefix(4).map { $0.split(separator: " ").prefix(2) }
      #expect(begun == [["average", "1"], ["w", "2"], ["tuned", "2"], ["w-plus", "2"]])
      #expect(
        names(in: "\(folder)/out")
          == ["inversion.json", "inversion.md", "inverted.png", "tradeoff.png"])
      #expect(lines.suffix(4).allSatisfy { $0.hasPrefix("out/") || $0.contains("/out/") })
    }
  }

  @Test("bad input is said on one line, and makes nothing")
  func refusals() async throws {
    try await withFiles { folder in
      try put(Array("w --refine-steps=20".utf8), at: "\(folder)/ways.txt")
      let cases: [(options: [String], code: Int32, words: String)] = [
        ([], 64, "give --method='NAME: OPTIONS', or --methods=FILE"),
        (["--methods=none.txt"], 64, "--methods: expected a file, found none.txt"),
        (["--methods=ways.txt"], 64, "options such as `search: --refine-steps=300`, found w --ref"),
        (["--method=w: --steps=20"], 64, "method w: Unknown option '--steps'"),
        (["--method=w: --space=w"], 64, "method w: expected --encoder, --refine-steps, or both"),
        (["--method=w: --refine-steps=0"], 64, "method w: --refine-steps: expected 1 to"),
        (["--method=w: --refine-steps=9 --tune-steps=9"], 64, "goes with --tune-generator"),
        (["--method=w: --encoder=e.pt --space=w"], 64, "goes with --refine-steps without"),
        (["--method=w: --encoder=e.pt"], 66, "e.pt: missing"),
        (["--method=w: --refine-steps=9", "--strength=2"], 64, "--strength goes with --direction"),
        (["--method=w: --refine-steps=9", "--direction=d.npy"], 66, "d.npy: missing"),
        (["--method=w: --refine-steps=9", "--attributes=g.safetensors"], 65, "does not fit"),
      ]
      for (options, code, words) in cases {
        expect(
          try await stylist(start + options + ["--outdir=out"], in: folder), endsWith: code,
          saying: words)
      }
      #expect(!names(in: folder).contains("out"))
    }
  }

  @Test("a photograph whose name a result would take is kept, and a plan says so, too")
  func keeping() async throws {
    try await withFiles { folder in
      let picture = noise(width: 8, height: 8, channels: 3, seed: 9)
      try PNG(image: picture).write(to: "\(folder)/photos/inverted.png")
      for more in [[], ["-n"]] {
        let outcome = try await stylist(
          start + ["--method=w: --refine-steps=1", "--outdir=photos"] + more, in: folder)
        expect(outcome, endsWith: 64, saying: "inverted.png")
        #expect(names(in: "\(folder)/photos") == ["0.png", "1.png", "inverted.png"])
        #expect(try PNG(path: "\(folder)/photos/inverted.png").image == picture)
      }
    }
  }
}

// `stylist metrics editing` as people run it: its files, plans, and bad input.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import TestSupport
import Testing

@Suite("Metrics editing") struct MetricsEditingCommandTests {
  private let start = ["metrics", "editing", "--network=g.safetensors"]

  /// A folder with a generator of 8×8 pixels, classifiers of its pictures and codes, an edit
  /// transformer and a direction.
  private func withFiles(_ body: (_ folder: String) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      let generator = EncoderFiles().generator
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration,
        to: "\(folder)/g.safetensors")
      let classifier = smallAttributeClassifier(["Smiling", "Eyeglasses"])
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration,
        to: "\(folder)/c.safetensors")
      try EditingFile.writeClassifier(to: "\(folder)/l.pt", codeLength: 4 * 4)
      try EditingFile.writeEditor(to: "\(folder)/e.pt", width: 4)
      let found = try await stylist(
        ["directions", "sefa", "--network=g.safetensors", "--count=1", "--out=d.safetensors"],
        in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      try await body(folder)
    }
  }

  @Test("ways of a file and of the command line are compared; a plan makes nothing")
  func comparison() async throws {
    try await withFiles { folder in
      try put(
        Array("label: --classifier=l.pt --steps=2\n# later\nreference: --editor=e.pt".utf8),
        at: "\(folder)/ways.txt")
      let arguments =
        start + [
          "--attribute=smiling", "--methods=ways.txt",
          "--method=direction: --direction=d.safetensors --index=0", "--attributes=c.safetensors",
          "--count=3", "--seeds=0-1", "--outdir=out",
        ]
      let before = names(in: folder)
      let plan = try await stylist(arguments + ["-n"], in: folder)
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      #expect(
        plan.stdout.hasPrefix(
          "would edit 3 codes of g.safetensors in 3 ways: Smiling; 2 repetitions, at most "))
      #expect(plan.stdout.contains("label      --classifier=l.pt --steps=2"), "\(plan.stdout)")
      #expect(names(in: folder) == before)
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(lines[0].contains("repetitions  success"), "\(outcome.stdout)")
      let begun = lines.dropFirst().prefix(4).map { $0.split(separator: " ").prefix(2) }
      #expect(
        begun == [["unedited", "2"], ["label", "2"], ["reference", "2"], ["direction", "2"]])
      #expect(
        names(in: "\(folder)/out") == ["edited.png", "editing.json", "editing.md", "tradeoff.png"])
      #expect(lines.suffix(4).allSatisfy { $0.hasPrefix("out/") })
      let json = try await stylist(arguments + ["--json"], in: folder).json()
      #expect(json["attributes"] as? [String] == ["Smiling"] && json["success"] as? Double == 0.8)
      #expect(json["repetitions"] as? [Int] == [0, 1] && json["count"] as? Int == 3)
      #expect((json["methods"] as? [[String: Any]])?.count == 3)
    }
  }

  @Test("bad input is said on one line, and makes nothing")
  func refusals() async throws {
    try await withFiles { folder in
      let along = ["--method=w: --direction=d.safetensors --index=0"]
      let smile = ["--attribute=Smiling", "--attributes=c.safetensors"]
      let both = "--method=w: --direction=d.safetensors --editor=e.pt"
      let cases: [(options: [String], code: Int32, words: String)] = [
        (along, 64, "give --attribute=NAMES"),
        (smile, 64, "give --method='NAME: OPTIONS', or --methods=FILE"),
        (smile + ["--methods=none.txt"], 64, "--methods: expected a file, found none.txt"),
        (smile + ["--method=w: --strength=2"], 64, "method w: Unknown option '--strength'"),
        (smile + ["--method=w: --steps=2"], 64, "method w: expected --classifier, --direction"),
        (smile + [both], 64, "method w: expected one of --classifier, --direction and --editor"),
        (smile + ["--method=w: --editor=e.pt --index=1"], 64, "--index goes with --direction"),
        (smile + ["--method=w: --editor=none.pt"], 66, "none.pt: missing"),
        (smile + ["--method=w: --direction=d.safetensors"], 65, "else one called Smiling, found"),
        (smile + ["--method=w: --classifier=e.pt"], 65, "e.pt: does not fit"),
        (along + ["--attribute=Smiling"], 64, "--attributes: expected a folder with celebahq"),
        (along + smile + ["--attribute=Smilin"], 64, "found Smilin; did you mean Smiling?"),
        (along + smile + ["--count=1"], 64, "--count: expected 2 to 100,000 codes, found 1"),
        (along + smile + ["--success=2"], 64, "--success: expected above 0, at most 1, found 2"),
        (along + smile + ["--latents=none.npz"], 66, "none.npz: missing"),
        (along + smile + ["--latents=n.npz", "--trunc=0.5"], 64, "--trunc and --trunc-cutoff go"),
        (along + smile + ["--cache=c", "--no-cache"], 64, "--cache and --no-cache contradict"),
        (along + ["--attribute=Smiling", "--attributes=g.safetensors"], 65, "does not fit"),
      ]
      for (options, code, words) in cases {
        expect(
          try await stylist(start + options + ["--outdir=out"], in: folder), endsWith: code,
          saying: words)
      }
      #expect(!names(in: folder).contains("out"))
    }
  }
}

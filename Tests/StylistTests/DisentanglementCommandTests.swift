// `stylist metrics disentanglement`: without anybody's weights, JSON, what is kept, bad input.

import Foundation
import TestSupport
import Testing

@Suite("Command for disentanglement") struct DisentanglementCommandTests {
  private let study = [
    "metrics", "disentanglement", "--network=\(plainNetwork)", "--data=portraits", "--paths=8",
    "--pictures=16", "--latents=3", "--outdir=out", "--cache=kept",
  ]

  @Test("portraits are studied without anybody's weights, under names of their own")
  func portraits() async throws {
    try await withScratchFolder { folder in
      let plan = try await stylist(study + ["-n"], in: folder)
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      #expect(plan.stdout.contains(/ppl_zfull-portraits +8 paths +16 pictures\n/))
      #expect(plan.stdout.contains(/fid-portraits16-mix3 +16 pictures\n/))
      // Its pictures are too small for the classifier that comes with the program.
      #expect(plan.stdout.contains("separability is left out: it needs --attributes"))
      #expect(plan.stdout.contains("112 pictures in all"))
      #expect(names(in: folder).isEmpty)
      let found = try await stylist(study + ["--json"], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      #expect(found.stderr.contains(#""unit":"paths, 1 of 7""#))
      let json = try found.json()
      let rows = try #require(json["rows"] as? [[String: Any]])
      #expect(
        rows.compactMap { $0["name"] as? String } == [
          "ppl_zfull-portraits", "ppl_wfull-portraits", "ppl_zend-portraits", "ppl_wend-portraits",
          "fid-portraits16", "fid-portraits16-mix2", "fid-portraits16-mix3",
        ])
      #expect(rows.allSatisfy { (($0["values"] as? [Double])?.first ?? -1) > 0 })
      let hashes = try #require(json["extractors"] as? [String: String])
      #expect(hashes.keys.sorted() == ["attributes-portraits64"])
      let written = ["disentanglement.json", "disentanglement.md", "mixed.png", "mixing.png"]
      #expect(names(in: "\(folder)/out") == written + ["path-lengths.png"])
      let command = try #require(json["command"] as? String)
      #expect(command.hasPrefix("stylist metrics disentanglement --network="))
      #expect(
        command.hasSuffix("--data=portraits --paths=8 --pictures=16 --latents=3 --outdir=out"))
      // Everything is known by now.
      let again = try await stylist(study, in: folder)
      #expect(again.exitCode == 0 && !again.stderr.contains(#""unit""#), "\(again.stderr)")
      #expect(again.stdout.contains("path length in W, at the path's start"))
      #expect(again.stdout.hasSuffix("out/mixed.png\n"))
    }
  }

  @Test("the model that comes with the program needs to be told nothing")
  func shipped() async throws {
    try await withScratchFolder { folder in
      let plan = try await stylist(
        ["metrics", "disentanglement", "--network=stylegan2-portraits64", "--outdir=out", "-n"],
        in: folder)
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      for words in ["  ls ", "200,000 pictures", "ppl_wend-portraits", "fid-portraits50k-mix4"] {
        #expect(plan.stdout.contains(words))
      }
      #expect(!plan.stdout.contains("left out"))
    }
  }

  @Test("bad input is said on one line before anything is computed")
  func refusals() async throws {
    try await withScratchFolder { folder in
      func refused(_ arguments: [String], _ code: Int32, _ words: String) async throws {
        expect(try await stylist(arguments, in: folder), endsWith: code, saying: words)
      }
      let bare = ["metrics", "disentanglement", "--outdir=out"]
      try await refused(bare, 64, "give --network=FILE")
      try await refused(bare + ["--network=none.pkl"], 66, "none.pkl")
      try await refused(
        bare + ["--network=\(plainNetwork)"], 64, "expected --data=portraits, or weights: --vgg")
      try await refused(
        bare + ["--network=attributes-portraits64"], 65, "a generator, G_ema or G")
      try await refused(study + ["--latents=7"], 64, "--latents: expected at most 6")
      try await refused(study + ["--vgg=none.pt"], 66, "none.pt")
      try await refused(study + ["--attributes=none"], 66, "none")
      try await refused(study + ["--attributes=\(plainNetwork)"], 65, "only G")
      try await refused(
        study + ["--attributes=attributes-portraits64"], 64, "a generator of 64×64 pixels")
      try await refused(study + ["--no-cache"], 64, "--cache and --no-cache contradict")
      try await refused(study + ["--threads=0"], 64, "--threads: expected 1 to 4096")
      try put(Array("file".utf8), at: "\(folder)/out")
      try await refused(study, 73, "a folder to write to")
      #expect(names(in: folder) == ["out"])
    }
  }
}

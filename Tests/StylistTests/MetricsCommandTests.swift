// `stylist metrics`: exit codes, JSON, what is kept, and bad input.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Metrics commands") struct MetricsCommandTests {
  /// A folder with a small Inception-v3 and two sets of six portraits.
  private func withPortraits(_ body: (_ folder: String) async throws -> Void) async throws {
    let network = smallInception()
    try await withScratchFolder { folder in
      try writeNetworkFile(
        network.parameters, configuration: network.configuration,
        to: "\(folder)/inception.safetensors")
      for (name, seed) in [("a", 1), ("b", 2)] {
        let made = try await stylist(
          [
            "dataset", "portraits", "--count=6", "--res=16", "--dest=\(name).zip", "--seed=\(seed)",
          ],
          in: folder)
        try #require(made.exitCode == 0, "\(made.stderr)")
      }
      try await body(folder)
    }
  }

  private let compare = [
    "metrics", "folders", "a.zip", "b.zip", "--inception=inception.safetensors", "--cache=kept",
  ]

  @Test("numbers, how they were made, and a check of them")
  func folders() async throws {
    try await withPortraits { folder in
      let plan = try await stylist(compare + ["-n"], in: folder)
      #expect(plan.stdout == "would compare 6 pictures with 6 pictures\n")
      #expect(names(in: folder).contains("kept") == false)
      let first = try await stylist(compare + ["--metrics=fid,is", "--json"], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      let json = try first.json()
      let results = try #require(json["results"] as? [String: Double])
      let fid = try #require(results["fid"])
      #expect(fid > 1e-4 && (results["is"] ?? 0) >= 1)
      #expect((json["pictures"] as? [String: Any])?["count"] as? Int == 6)
      let rules = try #require(json["rules"] as? [String: Any])
      #expect(rules["resizing"] as? String == "tensorflow" && rules["score_parts"] as? Int == 6)
      #expect(rules["kid_subset_size"] as? Int == 6, "no more than there are")
      #expect(first.stderr.contains("6 pictures are too few"))
      #expect(names(in: "\(folder)/kept").count == 2)
      let good = try await stylist(compare + ["--max-fid=\(fid * 1.01)"], in: folder)
      #expect(good.exitCode == 0 && good.stdout.hasPrefix("fid "))
      // Nothing was computed again.
      #expect(!good.stderr.contains(#""unit":"pictures""#))
      let poor = try await stylist(compare + ["--max-fid=\(fid * 0.99)"], in: folder)
      #expect(poor.exitCode == 2 && poor.stdout == good.stdout)
      #expect(poor.words.last?.contains("fid: expected at most") == true)
    }
  }

  @Test("bad input is said on one line before anything is computed")
  func refusals() async throws {
    try await withPortraits { folder in
      func refused(_ arguments: [String], _ code: Int32, _ words: String) async throws {
        expect(
          try await stylist(arguments, in: folder), endsWith: code, saying: words)
      }
      let bare = ["metrics", "folders", "a.zip", "b.zip"]
      try await refused(bare, 64, "inception-2015-12-05.pt")
      try await refused(compare + ["--metrics=fid,pr"], 64, "vgg16.pt")
      try await refused(compare + ["--metrics=fd"], 64, "expected fid, kid, is or pr, found fd")
      try await refused(compare + ["--protocol=mine"], 64, "legacy, clean, pytorch-fid")
      try await refused(compare + ["--no-cache"], 64, "contradict")
      try await refused(compare + ["--kid-subset-size=1"], 64, "2 to 1000000")
      try await refused(compare + ["--metrics=kid", "--max-fid=3"], 64, "--metrics=fid")
      try await refused(bare + ["--inception=none.pt"], 66, "none.pt")
      try await refused(bare + ["--inception=\(plainNetwork)"], 65, "pt_inception")
      try await refused(
        ["metrics", "folders", "a.zip", "none", "--inception=inception.safetensors"], 66, "none")
      try put(Array("no picture".utf8), at: "\(folder)/moments.npz")
      try await refused(
        ["metrics", "folders", "a.zip", "moments.npz", "--inception=inception.safetensors"], 65,
        "moments.npz")
    }
  }
}

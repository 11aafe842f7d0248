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

  @Test("portraits are compared without anybody's weights, under another name than FID")
  func portraits() async throws {
    try await withPortraits { folder in
      let own = ["metrics", "folders", "--metrics=fid-portraits,kid-portraits", "--cache=kept"]
      func results(_ arguments: [String]) async throws -> [String: Double] {
        let outcome = try await stylist(arguments + ["--json"], in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        return try #require(try outcome.json()["results"] as? [String: Double])
      }
      let same = try await results(own + ["a.zip", "a.zip"])
      let apart = try await results(own + ["a.zip", "b.zip"])
      #expect(apart.keys.sorted() == ["fid-portraits", "kid-portraits", "kid-portraits_std"])
      let (zero, distance) = (try #require(same["fid-portraits"]), apart["fid-portraits"] ?? 0)
      #expect(abs(zero) < 1e-3 * distance && distance > 1)
      let drawn = try await stylist(
        [
          "metrics", "--network=stylegan2-portraits64", "--data=portraits",
          "--metrics=fid-portraits1k", "-n",
        ], in: folder)
      #expect(drawn.stdout.hasPrefix("would measure "), "\(drawn.stderr)")
      #expect(drawn.stdout.contains("stylegan2-portraits64"))
      #expect(
        drawn.stdout.hasSuffix(
          "  fid-portraits1k: 1,000 generated pictures, against at most 1,000 of portraits\n"),
        "\(drawn.stdout)")
      let strict = try await stylist(own + ["a.zip", "b.zip", "--max-fid=1"], in: folder)
      expect(strict, endsWith: 64, saying: "--max-fid goes with fid")
      let file = try await stylist(
        own.dropLast() + ["a.zip", "b.zip", "--cache=b.zip"], in: folder)
      expect(file, endsWith: 73, saying: "a folder that keeps features")
      // A program without its models says which one is missing.
      let bare = try await stylist(
        own + ["a.zip", "b.zip"], after: "export STYLIST_MODELS=\(folder)/none", in: folder)
      expect(bare, endsWith: 66, saying: "attributes-portraits64: missing")
      // Another classifier in its place would give numbers that compare with nobody's.
      let foreign = smallAttributeClassifier(["Smiling"])
      try FileManager.default.createDirectory(
        atPath: "\(folder)/models/attributes-portraits64", withIntermediateDirectories: true)
      try writeNetworkFile(
        foreign.parameters, configuration: foreign.configuration, role: "attributes",
        to: "\(folder)/models/attributes-portraits64/network.safetensors")
      let other = try await stylist(
        own + ["a.zip", "b.zip"], after: "export STYLIST_MODELS=\(folder)/models", in: folder)
      expect(other, endsWith: 65, saying: "found another, content hash")
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
      try await refused(compare + ["--metrics=fd"], 64, "or kid-portraits, found fd")
      try await refused(compare + ["--protocol=mine"], 64, "legacy, clean, pytorch-fid")
      try await refused(compare + ["--no-cache"], 64, "contradict")
      try await refused(compare + ["--kid-subset-size=1"], 64, "2 to 1000000")
      try await refused(compare + ["--metrics=kid", "--max-fid=3"], 64, "goes with fid")
      for limit in ["nan", "inf", "-1"] {
        try await refused(compare + ["--max-fid=\(limit)"], 64, "--max-fid: expected a number")
      }
      try await refused(
        ["metrics", "--network=\(plainNetwork)", "--metrics=fid"], 64, "did you mean fid50k")
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

  @Test("a generator: path lengths as JSON, a dry run, and what is refused")
  func generator() async throws {
    let lpips = smallLPIPS()
    try await withPortraits { folder in
      try writeNetworkFile(
        lpips.parameters, configuration: lpips.configuration, to: "\(folder)/lpips.safetensors")
      let measure = ["metrics", "--network=\(plainNetwork)", "--cache=kept"]
      let lengths = measure + ["--metrics=ppl2_wend", "--vgg=lpips.safetensors", "--samples=8"]
      let plan = try await stylist(lengths + ["-n"], in: folder)
      #expect(plan.stdout.hasSuffix(":\n  ppl2_wend: 8 paths\n"), "\(plan.stdout)")
      #expect(!names(in: folder).contains("kept"))
      let found = try await stylist(lengths + ["--json"], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let json = try found.json()
      let finding = try #require((json["findings"] as? [[String: Any]])?.first)
      #expect(finding["metric"] as? String == "ppl2_wend" && finding["generated"] as? Int == 8)
      let value = try #require((finding["results"] as? [String: Double])?["ppl2_wend"])
      #expect(value > 0)
      #expect(json["noise"] as? String == "random" && json["truncation"] as? Double == 1)
      #expect((json["extractors"] as? [String: String])?["lpips-vgg16"]?.count == 64)
      // The subcommand's own name does the same, and knows the paths by now.
      let again = try await stylist(
        ["metrics", "generator"] + lengths.dropFirst(), in: folder)
      #expect(again.stdout == "ppl2_wend \(String(format: "%.6g", value))\n")
      #expect(!again.stderr.contains(#""unit":"paths""#))
      func refused(_ arguments: [String], _ code: Int32, _ words: String) async throws {
        expect(try await stylist(arguments, in: folder), endsWith: code, saying: words)
      }
      let distance = measure + ["--metrics=fid1k_full", "--inception=inception.safetensors"]
      try await refused(measure, 64, "--inception: expected for fid50k_full")
      try await refused(distance, 64, "--data: expected the pictures that fid1k_full compares")
      try await refused(distance + ["--data=none.zip"], 66, "none.zip")
      try await refused(
        distance + ["--data=a.zip", "--samples=9"], 64, "--samples: expected a path")
      try await refused(measure + ["--metrics=fid1"], 64, "--metrics: expected fid50k_full")
      try await refused(lengths + ["--max-fid=1"], 64, "--max-fid goes with fid")
      try await refused(["metrics", "--metrics=is1k"], 64, "give either --network=FILE or --cfg")
      try await refused(
        measure + ["--metrics=ppl_wend", "--vgg=inception.safetensors"], 65, "vgg16.pt")
      let training = ["train", "gan", "--data=a.zip", "--outdir=runs", "-n"]
      try await refused(training + ["--vgg=lpips.safetensors"], 64, "go with --metrics")
      try await refused(training + ["--cache=here"], 64, "--cache go with --metrics")
      try await refused(
        training + ["--metrics=fid1k_full"], 64, "--inception: expected for fid1k_full")
      try await refused(
        training + ["--metrics=fid1k_full", "--inception=none.pt"], 66, "none.pt")
    }
  }

  @Test("published classifiers: looked into, converted, and how they judge a generator's latents")
  func separability() async throws {
    try await withScratchFolder { folder in
      let file = "celebahq-classifier-00-male.pkl"
      try FileManager.default.createDirectory(
        atPath: "\(folder)/classifiers", withIntermediateDirectories: false)
      for (name, seed) in [("00-male", 1), ("19-eyeglasses", 2)] {
        let classifier = smallStyleGAN1Classifier(seed: UInt64(seed))
        try put(
          tensorFlowPickle(of: classifier),
          at: "\(folder)/classifiers/celebahq-classifier-\(name).pkl")
      }
      let pickle = "classifiers/\(file)"
      let inspected = try await stylist(["model", "inspect", pickle], in: folder)
      #expect(inspected.stdout.contains("attributes: stylegan1-classifier"), "\(inspected.stderr)")
      let verified = try await stylist(["model", "verify", pickle], in: folder)
      #expect(verified.exitCode == 0, "\(verified.stdout)")
      let converted = try await stylist(
        ["model", "convert", pickle, "male.safetensors"], in: folder)
      #expect(converted.exitCode == 0, "\(converted.stderr)")
      #expect(converted.stdout.contains("attributes: logits differ by 0.0"))

      let measure = ["metrics", "--network=\(plainNetwork)", "--cache=kept", "--metrics=ls"]
      let ls = measure + ["--attributes=classifiers", "--samples=40"]
      let found = try await stylist(ls + ["--json"], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let finding = try #require((try found.json()["findings"] as? [[String: Any]])?.first)
      let results = try #require(finding["results"] as? [String: Double])
      let attributes = try #require(finding["attributes"] as? [[String: Any]])
      #expect(attributes.map { $0["name"] as? String } == ["Male", "Eyeglasses"])
      #expect(attributes.allSatisfy { $0["entropy_z"] is Double && $0["entropy_w"] is Double })
      let entropies = attributes.compactMap { $0["entropy_w"] as? Double }
      let product = exp2(entropies.reduce(0, +))
      #expect(abs((results["ls_w"] ?? 0) - product) < 1e-9 && (results["ls_z"] ?? 0) >= 1)
      #expect(found.stderr.contains("2 of the 40 attributes"))
      let again = try await stylist(ls, in: folder)
      #expect(again.stdout.split(separator: "\n").map { $0.prefix(5) } == ["ls_z ", "ls_w "])
      #expect(!again.stderr.contains("judged pictures"), "they are known by now")
      let single = try await stylist(
        measure + ["--attributes=male.safetensors", "--samples=40"], in: folder)
      #expect(single.exitCode == 0, "\(single.stderr)")

      func refused(_ arguments: [String], _ code: Int32, _ words: String) async throws {
        expect(try await stylist(arguments, in: folder), endsWith: code, saying: words)
      }
      try await refused(measure, 64, "--attributes: expected for ls, a folder with celebahq-")
      try await refused(measure + ["--attributes=none"], 66, "none")
      try await refused(measure + ["--attributes=\(plainNetwork)"], 65, "only G")
      try await refused(ls + ["--samples=1"], 64, "2 to 10000000")
      try await refused(
        ["train", "gan", "--data=portraits", "--outdir=runs", "--metrics=ls", "-n"], 64,
        "ls is measured after a training")
    }
  }

  @Test("pairs: means and deviations, every pair in JSON, and pictures without a partner")
  func pairs() async throws {
    try await withPortraits { folder in
      let compare = ["metrics", "pairs", "a.zip", "b.zip"]
      let plan = try await stylist(compare + ["-n"], in: folder)
      #expect(plan.stdout == "would compare 6 pairs\n", "\(plan.stderr)")
      let found = try await stylist(compare, in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let lines = found.stdout.split(separator: "\n")
      #expect(lines.map { $0.prefix { $0 != " " } } == ["mse", "psnr", "ssim"])
      let json = try await stylist(compare + ["--json"], in: folder).json()
      let pairs = try #require(json["pairs"] as? [[String: Any]])
      #expect(pairs.count == 6 && (json["mean"] as? [String: Any])?["l2"] is Double)
      let made = try await stylist(
        ["dataset", "portraits", "--count=7", "--res=16", "--dest=c.zip"], in: folder)
      try #require(made.exitCode == 0)
      expect(
        try await stylist(["metrics", "pairs", "a.zip", "c.zip"], in: folder), endsWith: 65,
        saying: "a.zip: expected a picture for each of c.zip, found none for")
    }
  }
}

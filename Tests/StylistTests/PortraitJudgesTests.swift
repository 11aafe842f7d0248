// Little portraits judged with the networks that come with the program, and a distance of one's own.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing

@Suite("Judges of portraits")
struct PortraitJudgesTests {
  /// Writes portraits of some people as some nuisances have them.
  private func write(
    _ portraits: [(identity: UInt64, nuisance: UInt64)], to folder: String
  ) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, seeds) in portraits.enumerated() {
      let portrait = Portrait(identity: seeds.identity, nuisance: seeds.nuisance)
      try PNG(image: portrait.image(size: 64)).write(to: "\(folder)/\(index).png")
    }
  }

  private func figures(_ a: String, _ b: String, in folder: String) async throws -> (
    identity: Double, distance: Double, json: [String: Any]
  ) {
    let outcome = try await stylist(
      ["metrics", "pairs", a, b, "--portraits", "--json"], in: folder)
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    let json = try outcome.json()
    let mean = try #require(json["mean"] as? [String: Any])
    return (
      try #require(mean["identity_portraits"] as? Double),
      try #require(mean["perceptual_portraits"] as? Double), json
    )
  }

  @Test("pairs of one person are nearer than pairs of two, and equal pictures are one")
  func pairs() async throws {
    try await withScratchFolder { folder in
      let first = UInt64(1) << 23
      try write((0..<8).map { (first + $0, first + $0) }, to: "\(folder)/a")
      try write((0..<8).map { (first + $0, first + 100 + $0) }, to: "\(folder)/same")
      try write((0..<8).map { (first + 50 + $0, first + $0) }, to: "\(folder)/others")
      let same = try await figures("a", "same", in: folder)
      let others = try await figures("a", "others", in: folder)
      let equal = try await figures("a", "a", in: folder)
      #expect(same.identity > others.identity + 0.3, "\(same.identity), \(others.identity)")
      #expect(abs(equal.identity - 1) < 1e-5 && equal.distance == 0)
      #expect(same.distance > 0.01 && others.distance > 0.01)
      // Neither is called what published networks measure.
      let mean = try #require(same.json["mean"] as? [String: Any])
      #expect(mean["identity"] == nil && mean["lpips"] == nil)
      let extractors = try #require(same.json["portraits"] as? [String: [String: String]])
      #expect(extractors["identity-portraits"]?["kind"] == "identity-network")
      #expect(extractors["perceptual-portraits"]?["kind"] == "perceptual-distance")
      #expect(extractors.values.allSatisfy { $0["hash"]?.count == 64 })
      let lines = try await stylist(["metrics", "pairs", "a", "same", "--portraits"], in: folder)
      #expect(
        lines.stdout.contains("\nperceptual-portraits ")
          && lines.stdout.contains("\nidentity-portraits "))
      #expect(!lines.stdout.contains("\nidentity ") && !lines.stdout.contains("lpips"))
      let own = try await stylist(
        [
          "metrics", "pairs", "a", "same",
          "--identity=\(repository)/Models/identity-portraits64/network.safetensors", "--json",
        ], in: folder)
      let named = try own.json()
      #expect((named["identity"] as? [String: String])?["kind"] == "identity-network")
      let cosine = try #require((named["mean"] as? [String: Any])?["identity"] as? Double)
      #expect(abs(cosine - same.identity) < 1e-6)
      let absent = try await stylist(
        ["metrics", "pairs", "a", "same", "--portraits"],
        after: "export STYLIST_MODELS=\(folder)/none", in: folder)
      expect(absent, endsWith: 66, saying: "identity-portraits64")
    }
  }

  @Test("a search lessens the distance of portraits")
  func search() async throws {
    try await withScratchFolder { folder in
      try write([(5, 5)], to: "\(folder)/a")
      let outcome = try await stylist(
        [
          "project", "--network=stylegan2-portraits64", "--target=a/0.png", "--num-steps=12",
          "--distance=perceptual-portraits", "--outdir=out",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let grey = try await stylist(
        [
          "invert", "--cfg=stylegan2-256", "--res=16", "--data=a", "--refine-steps=1",
          "--distance=perceptual", "--outdir=out2",
        ], in: folder)
      expect(
        grey, endsWith: 64, saying: "--distance: expected pyramid, l2, lpips, perceptual-portraits")
    }
  }

  @Test("a distance is fitted the same every time, to a classifier of one's own")
  func fit() async throws {
    try await withScratchFolder { folder in
      let trained = try await stylist(
        [
          "train", "attributes", "--data=portraits", "--res=16", "--cbase=64", "--cmax=8",
          "--batch=4", "--held-out=8", "--kimg=0.008", "--threads=1", "--outdir=runs",
        ], in: folder)
      #expect(trained.exitCode == 0, "\(trained.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      let classifier = "\(run)/network-snapshot-000000.safetensors"
      let options = [
        "train", "perceptual", "--classifier=\(classifier)", "--data=portraits", "--count=12",
        "--held-out=6", "--threads=1",
      ]
      let first = try await stylist(
        options + ["--out=out/a.safetensors", "--sheet=out/s.png", "--json"], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      let fit = try first.json()
      let rows = try #require(fit["agreement"] as? [[String: Any]])
      #expect(rows.count == 10 && rows[0]["distortion"] == nil)
      #expect(rows[1]["distortion"] as? String == "noise")
      #expect(rows.allSatisfy { ($0["distance"] as? Double).map((-1...1).contains) == true })
      #expect(try PNG(path: "\(folder)/out/s.png").image.width > 200)
      let again = try await stylist(options + ["--out=b.safetensors"], in: folder)
      #expect(again.exitCode == 0 && again.stdout.contains("rank correlations"))
      let (a, b) = ("\(folder)/out/a.safetensors", "\(folder)/b.safetensors")
      #expect(FileManager.default.contentsEqual(atPath: a, andPath: b))
      let inspected = try await stylist(["model", "inspect", a])
      #expect(inspected.stdout.contains("perceptual-distance"), "\(inspected.stdout)")
      let verified = try await stylist(["model", "verify", a])
      #expect(verified.exitCode == 0, "\(verified.stderr)")
      let dry = try await stylist(options + ["--out=c.safetensors", "-n"], in: folder)
      #expect(dry.exitCode == 0 && dry.stdout.contains("18 pictures"))
      #expect(!names(in: folder).contains("c.safetensors"))
      let cases: [(options: [String], code: Int32, words: String)] = [
        (["--classifier=\(plainNetwork)", "--data=portraits"], 65, "attribute-classifier"),
        (["--classifier=\(classifier)", "--data=none"], 66, "none"),
        (["--classifier=\(classifier)", "--data=portraits", "--held-out=1"], 64, "--held-out"),
        (
          [
            "--classifier=\(classifier)", "--data=portraits", "--count=1000000", "--held-out=99999",
          ],
          64, "--count"
        ),
      ]
      for (options, code, words) in cases {
        let outcome = try await stylist(
          ["train", "perceptual", "--out=d.safetensors"] + options, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
    }
  }
}

// What `stylist bench` prints; how fast it is stands nowhere.

import Foundation
import TestSupport
import Testing

@Suite("Bench command")
struct BenchCommandTests {
  private static let generator = [
    "bench", "generate", "--cfg=auto", "--res=16", "--batch=2", "--rounds=2", "--threads=1",
  ]

  @Test("a generator: one line of JSON with times, memory and speeds")
  func generator() async throws {
    let report = try await stylist(Self.generator + ["--json"]).json()
    #expect(report["system"] as? String == "stylist")
    #expect(report["command"] as? String == "generate" && report["cfg"] as? String == "auto")
    #expect(report["dtype"] as? String == "float32")
    func number(_ name: String) throws -> Double {
      try #require(report[name] as? Double, "\(name)")
    }
    #expect(try number("batch") == 2 && number("threads") == 1 && number("rounds") == 2)
    #expect(try number("best") > 0 && number("best") <= number("s_per_image"))
    #expect(try number("first_image_s") > 0)
    #expect(try number("peak_mib") > number("runtime_mib") && number("runtime_mib") > 10)
    #expect(try number("parameters") > 1000)
    let gflops = try number("gflop_per_image") / number("s_per_image")
    #expect(try abs(number("gflops") / gflops - 1) < 1e-6)
    #expect(try abs(number("fraction") - gflops / number("ceiling_gflops")) < 1e-6)
  }

  @Test("bfloat16: how near pictures are to those in float32, if that is asked for")
  func ratio() async throws {
    let narrow = [
      "bench", "generate", "--cfg=styleswin-ffhq256", "--res=16", "--rounds=1", "--dtype=bfloat16",
      "--json",
    ]
    let outcome = try await stylist(narrow + ["--psnr"])
    let report = try outcome.json()
    #expect(report["dtype"] as? String == "bfloat16")
    #expect(try #require(report["psnr"] as? Double) > 20)
    #expect(report["equals_float32"] as? Bool == false && !outcome.stderr.contains("whatever"))
    #expect(try await stylist(narrow).json()["psnr"] == nil)
    expect(
      try await stylist(Self.generator + ["--psnr"]), endsWith: 64,
      saying: "--psnr: expected --dtype=bfloat16 beside it, found float32")
  }

  @Test("a network without layers in bfloat16: said in a line on standard error")
  func wide() async throws {
    let outcome = try await stylist([
      "bench", "generate", "--cfg=stylegan2-256", "--res=16", "--rounds=1", "--dtype=bfloat16",
      "--json",
    ])
    #expect(try outcome.json()["equals_float32"] as? Bool == true)
    #expect(
      outcome.stderr.contains(
        "stylegan2-256 is computed in float32 on this machine, whatever the format"))
  }

  @Test("the generator of a file is timed as well")
  func network() async throws {
    let report = try await stylist([
      "bench", "generate", "--network=stylegan2-portraits64", "--rounds=1", "--json",
    ]).json()
    #expect(report["cfg"] as? String == "stylegan2-portraits64")
    #expect(report["resolution"] as? Int == 64)
    #expect(try #require(report["gflop_per_image"] as? Double) > 0.1)
  }

  @Test("for people: a few lines that fit the terminal")
  func lines() async throws {
    let outcome = try await stylist(Self.generator)
    let lines = outcome.stdout.split(separator: "\n")
    #expect(lines.first == "generate auto at 16 pixels: batch 2, float32, 1 thread, 2 rounds")
    #expect(lines.count == 5 && lines[4].hasPrefix("  speed    "), "\(outcome.stdout)")
  }

  @Test("an encoder: the work of its convolutions and products is counted")
  func encoder() async throws {
    let report = try await stylist([
      "bench", "encode", "--cfg=style-transformer-small", "--rounds=1", "--json",
    ]).json()
    #expect(report["command"] as? String == "encode")
    #expect(try #require(report["gflop_per_image"] as? Double) > 0.1)
    #expect(try #require(report["fraction"] as? Double) > 0)
  }

  @Test("a training: each phase, and their mix as often as they run")
  func training() async throws {
    let report = try await stylist([
      "bench", "train", "--res=16", "--batch=4", "--cbase=256", "--cmax=16", "--rounds=1", "--json",
    ]).json()
    let phases = try #require(report["phases"] as? [String: Double])
    #expect(Set(phases.keys) == ["Gmain", "Greg", "Dmain", "Dreg"])
    let shares: [(String, Double)] = [("Gmain", 1), ("Greg", 0.25), ("Dmain", 1), ("Dreg", 0.0625)]
    let mix = shares.reduce(0.0) { sum, share in sum + share.1 * (phases[share.0] ?? .nan) }
    let total = try #require(report["s_per_image"] as? Double)
    #expect(abs(mix / total - 1) < 1e-6)
    #expect(report["first_image_s"] == nil && report["gflop_per_image"] == nil)
    #expect(report["cbase"] as? Int == 256 && report["cmax"] as? Int == 16)
  }

  @Test("lines become a page; full attention is another network")
  func tables() async throws {
    try await withScratchFolder { folder in
      var lines = ""
      for attention in [[], ["--full-attention"]] {
        for resolution in [8, 16] {
          let outcome = try await stylist(
            [
              "bench", "generate", "--cfg=styleswin-ffhq256", "--res=\(resolution)", "--rounds=1",
              "--json",
            ] + attention)
          #expect(outcome.exitCode == 0, "\(outcome.stderr)")
          #expect(
            try outcome.json()["attention"] as? String == (attention.isEmpty ? nil : "full"))
          lines += outcome.stdout
        }
      }
      try put(Array(lines.utf8), at: "\(folder)/windows.jsonl")
      let tables = ["bench", "tables", "--growth=windows.jsonl", "--outdir=out"]
      let dry = try await stylist(tables + ["-n"], in: folder)
      #expect(dry.exitCode == 0 && names(in: folder) == ["windows.jsonl"])
      let made = try await stylist(tables, in: folder)
      #expect(made.stdout == "out/RESULTS.md\nout/growth-windows.png\n", "\(made.stderr)")
      let page = try String(contentsOfFile: "\(folder)/out/RESULTS.md", encoding: .utf8)
      #expect(page.contains("| styleswin-ffhq256, full attention | 16 | 1 |"))
      #expect(page.contains("Made by `stylist \(tables.joined(separator: " "))`."))
      expect(
        try await stylist(["bench", "tables", "--lines=absent", "--outdir=out2"], in: folder),
        endsWith: 66, saying: "absent: missing")
    }
  }

  @Test("64 or 65: what cannot be timed is said on one line")
  func refusals() async throws {
    expect(
      try await stylist(["bench", "generate", "--cfg=stylegan9"]), endsWith: 64,
      saying: "expected a name that `stylist model list` shows, found stylegan9")
    expect(
      try await stylist(Self.generator + ["--full-attention"]), endsWith: 64,
      saying: "--full-attention: expected a generator whose attention is limited")
    expect(
      try await stylist(Self.generator + ["--network=stylegan2-portraits64"]), endsWith: 64,
      saying: "give either --cfg=NAME or --network=FILE")
    expect(
      try await stylist(["bench", "generate", "--network=absent.pkl"]), endsWith: 66,
      saying: "absent.pkl")
    expect(
      try await stylist(["bench", "generate", "--network=stylegan2-portraits64", "--res=32"]),
      endsWith: 64, saying: "--res and --full-attention go with --cfg")
    expect(
      try await stylist(["bench", "tables", "--outdir=out"]), endsWith: 64,
      saying: "give --lines=FILE, --growth=FILE, or both")
    expect(
      try await stylist(Self.generator + ["--batch=0"]), endsWith: 64,
      saying: "--batch: expected 1 to 1024, found 0")
    expect(
      try await stylist(["bench", "generate", "--cfg=stylegan1-256", "--dtype=bfloat16"]),
      endsWith: 64,
      saying: "--dtype: expected float32, found bfloat16, in which stylegan1-256 is not computed")
    expect(
      try await stylist(["bench", "generate", "--cfg=psp"]), endsWith: 64,
      saying: "--cfg=psp is an encoder: `stylist bench encode --cfg=psp` times it")
    expect(
      try await stylist(["bench", "generate", "--cfg=auto", "--res=0"]), endsWith: 64,
      saying: "--res: expected")
    expect(
      try await stylist(["bench", "train", "--cbase=0"]), endsWith: 64, saying: "--cbase: expected")
    expect(
      try await stylist(["bench", "encode", "--cfg=psp", "--dtype=bfloat16"]), endsWith: 64,
      saying: "--dtype: expected float32")
  }
}

// Trainings of encoders as people run them: files, going on, inverting with what was trained, and what
// goes wrong.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// The smallest encoder for the generator of `EncoderFiles`, 8×8, with W+ of 4 rows of 4.
private let tinyEncoder = [
  "train", "encoder", "--network=g.safetensors", "--widths=16,16,16", "--units=1,1,1",
  "--batch=4", "--held-out=6", "--threads=1",
]

@Suite("Train encoder")
struct TrainEncoderCommandTests {
  private func writeGenerator(_ folder: String) throws -> String {
    let generator = EncoderFiles().generator
    let path = "\(folder)/g.safetensors"
    try writeNetworkFile(
      generator.parameters, configuration: generator.configuration, to: path)
    return try generator.parameters.contentHash()
  }

  /// What the log of a run says of every snapshot.
  private func results(_ run: String) throws -> [[String: Double]] {
    let log = try String(contentsOfFile: "\(run)/metric-inversion.jsonl", encoding: .utf8)
    return try log.split(separator: "\n").map {
      let line = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      return try #require(line?["results"] as? [String: Double])
    }
  }

  @Test("a training leaves logs, losses of pictures held out, sheets, and an encoder that inverts")
  func files() async throws {
    try await withScratchFolder { folder in
      let hash = try writeGenerator(folder)
      let outcome = try await stylist(
        tinyEncoder + [
          "--data=portraits", "--kimg=0.032", "--tick=0.008", "--snap=2", "--outdir=runs",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(
        outcome.stderr.contains(
          "1 × L2 + 0.8 × perceptual-portraits64 in the place of LPIPS + 0.1 × "
            + "identity-portraits64 in the place of identity, compared 8 pixels wide"),
        "\(outcome.stderr)")
      #expect(outcome.stderr.contains("--encoder=runs/00000-"), "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-style-transformer-portraits8-mirror-batch4"))
      #expect(
        names(in: run).filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "fakes000000.016.png", "fakes000000.032.png", "fakes_init.png", "log.txt",
          "metric-inversion.jsonl", "network-snapshot-000000.016.safetensors",
          "network-snapshot-000000.032.safetensors", "reals.png", "stats.jsonl",
          "training-state-000000.016.safetensors", "training-state-000000.032.safetensors",
          "training_options.json",
        ])
      let results = try results(run)
      #expect(results.count == 2)
      let losses = ["identity_portraits", "l2", "loss", "perceptual_portraits"]
      #expect(
        results[0].keys.sorted()
          == losses.map { "inversion_average_\($0)" } + losses.map { "inversion_\($0)" })
      for name in losses {
        // The average code's losses stay; the encoder's change.
        let average = results.map { $0["inversion_average_\(name)"] }
        #expect(average[0] == average[1], "\(name)")
        let own = results.map { $0["inversion_\(name)"] }
        #expect(own[0] != own[1] && own[1]?.isFinite == true, "\(name)")
      }
      let encoder = "\(run)/network-snapshot-000000.032.safetensors"
      #expect(try Checkpoint.open(encoder).notes.parentHash == hash)
      let made = try await stylist(
        ["dataset", "portraits", "--count=2", "--resolution=8", "--dest=photos"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let inverted = try await stylist(
        [
          "invert", "--network=g.safetensors", "--encoder=\(encoder)", "--data=photos",
          "--outdir=inverted", "--threads=1",
        ], in: folder)
      #expect(inverted.exitCode == 0, "\(inverted.stderr)")
      #expect(names(in: "\(folder)/inverted").contains("codes.safetensors"))
      let shown = try await stylist(["runs", "show", "latest", "--plot=p.png"], in: folder)
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      for words in [
        "train encoder --resume=", "inversion_l2", "widths 16,16,16", "network g.safetensors",
        "distance perceptual-portraits64",
      ] {
        #expect(shown.stdout.contains(words), "\(words): \(shown.stdout)")
      }
      // Of all the numbers the list shows the one that says most.
      let listed = try await stylist(["runs", "list"], in: folder)
      #expect(listed.stdout.contains("  inversion_loss "), "\(listed.stdout)")
    }
  }

  @Test(
    "N steps, a stop and M steps are N + M steps, bit for bit",
    arguments: [
      ["--data=portraits", "--encoder=psp", "--id=0"],
      ["--data=codes", "--lpips=0", "--id=0", "--code-loss=0.5", "--trunc=0.8"],
      [
        "--data=codes", "--lpips=0", "--id=0", "--no-self-attention", "--levels=coarse,fine",
        "--space=w", "--no-average",
      ],
    ])
  func resume(options: [String]) async throws {
    try await withScratchFolder { folder in
      _ = try writeGenerator(folder)
      let new = tinyEncoder + options
      let whole = try await stylist(new + ["--kimg=0.04", "--outdir=whole"], in: folder)
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(new + ["--kimg=0.016", "--outdir=parts"], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      // From another folder: the whole path of the generator belongs to the training.
      let second = try await stylist([
        "train", "encoder", "--resume=latest", "--outdir=\(folder)/parts", "--kimg=0.04",
      ])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), try onlyRun(in: "\(folder)/parts")]
      let states = runs.map { "\($0)/training-state-000000.safetensors" }
      try expectEqualStates(states[0], states[1], atLeast: 40)
      #expect(try results(runs[0]).last == results(runs[1]).last)
    }
  }

  @Test("a training goes on with its own generator alone, wherever that is now")
  func generators() async throws {
    try await withScratchFolder { folder in
      _ = try writeGenerator(folder)
      let options = ["--data=codes", "--lpips=0", "--id=0", "--kimg=0.008", "--outdir=runs"]
      let trained = try await stylist(tinyEncoder + options, in: folder)
      #expect(trained.exitCode == 0, "\(trained.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      let again = ["train", "encoder", "--resume=\(run)", "--kimg=0.012"]
      let files = FileManager.default
      try files.moveItem(atPath: "\(folder)/g.safetensors", toPath: "\(folder)/h.safetensors")
      expect(try await stylist(again), endsWith: 66, saying: "g.safetensors")
      let other = EncoderFiles().generator
      other.parameters["mapping.fc0.bias"].assign(.full(1, [4]))
      try writeNetworkFile(
        other.parameters, configuration: other.configuration, to: "\(folder)/g.safetensors")
      expect(
        try await stylist(again), endsWith: 65,
        saying: "expected the generator of the training, content hash")
      expect(
        try await stylist(again + ["--network=\(folder)/g.safetensors"]), endsWith: 78,
        saying: "--network: has content hash")
      let found = try await stylist(again + ["--network=\(folder)/h.safetensors"])
      #expect(found.exitCode == 0, "\(found.stderr)")
    }
  }

  @Test("a plan says what would learn, from what, with which networks, and makes nothing")
  func plan() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        [
          "train", "encoder", "--network=stylegan2-portraits64", "--data=codes", "--encoder=psp",
          "--outdir=runs", "-n",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      for words in [
        "runs/00000-psp-codes-batch8", "from 0 to 200 kimg", "that the generator draws of seeds",
        "the last 256 held out", "stylegan2-portraits64, content hash", "encoder: psp, 2,",
        "sees 64×64", "codes of 10 rows of 256", "perceptual-portraits64 in the place of LPIPS",
        "batch 8, ranger, learning rate 0.0001",
      ] {
        #expect(outcome.stdout.contains(words), "\(words): \(outcome.stdout)")
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("what cannot be is refused in one line, and makes nothing")
  func refusals() async throws {
    try await withScratchFolder { folder in
      _ = try writeGenerator(folder)
      let new = ["--network=g.safetensors", "--outdir=runs"]
      let portraits = new + ["--data=portraits"]
      let codes = new + ["--data=codes"]
      let cases: [(options: [String], code: Int32, words: String)] = [
        (["--data=portraits", "--outdir=runs"], 64, "--network: expected the generator"),
        (["--network=none", "--data=codes", "--outdir=runs"], 66, "none: missing"),
        (new, 64, "--data"), (portraits + ["--encoder=e4e"], 64, "--encoder: expected one of"),
        (portraits + ["--size=tiny"], 64, "--size: expected one of published, small"),
        (portraits + ["--widths=16,16"], 64, "--widths: expected 3 to 8 numbers"),
        (portraits + ["--widths=16,16,16"], 64, "--widths: expected as many numbers as stages"),
        (portraits + ["--ffn=8", "--encoder=psp"], 64, "--ffn: expected --encoder=style-trans"),
        (
          portraits + ["--no-self-attention", "--encoder=psp"], 64,
          "--no-self-attention: expected --encoder=style-transformer"
        ),
        (portraits + ["--levels=near"], 64, "--levels: expected one of coarse, middle, fine"),
        (portraits + ["--levels=,"], 64, "--levels: expected 1 to 6 levels"),
        (portraits + ["--space=z"], 64, "--space: expected w or w+, found z"),
        (portraits + ["--recipe=none"], 64, "--recipe: expected one of encode"),
        (portraits + ["--trunc=0.5"], 64, "--trunc: expected --data=codes"),
        (portraits + ["--code-loss=1"], 64, "--code-loss: expected --data=codes"),
        (portraits + ["--l2-crop=1"], 64, "--l2-crop: expected square pictures and published"),
        (portraits + ["--l2=0", "--lpips=0", "--id=0"], 64, "expected a loss that counts"),
        (portraits + ["--lr=11"], 64, "--lr: expected 0 to 10"),
        (codes, 64, "--lpips-backbone: expected torchvision's alexnet-owt"),
        (codes + ["--lpips=0"], 64, "--identity: expected ArcFace's model_ir_se50.pth"),
        (codes + ["--mirror"], 64, "--mirror: expected other data than --data=codes"),
        (codes + ["--lpips-heads=alex.pth"], 64, "--lpips-heads: expected --lpips-backbone"),
        (
          codes + ["--lpips-backbone=alex.pth", "--lpips-heads=heads.pth"], 66,
          "alex.pth: missing"
        ),
        (codes + ["--portraits", "--subset=4", "--held-out=4"], 64, "--held-out: expected 1 to 3"),
        (["--data=codes", "--network=g.safetensors"], 64, "give --outdir=FOLDER"),
      ]
      for (options, code, words) in cases {
        let outcome = try await stylist(["train", "encoder"] + options, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
      #expect(names(in: folder) == ["g.safetensors"])
    }
  }
}

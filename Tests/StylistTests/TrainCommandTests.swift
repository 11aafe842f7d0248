// Trainings as people run them: folders, going on, signals, kills, and everything that can go wrong.

import Checkpoints
import Foundation
import Layers
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// The smallest networks that the recipe has, on one thread: trainings beside other tests would
/// wait for one another's threads.
let tinyTraining = [
  "train", "gan", "--data=portraits", "--res=8", "--cbase=32", "--cmax=8", "--batch=4",
  "--map-depth=1", "--threads=1",
]

/// StyleGAN from 4×4 to 16×16, with 8 images for each resolution and 8 to fade the next one in.
let tinyStyleGAN = [
  "--cfg=stylegan", "--res=16", "--initial-res=4", "--stable-kimg=0.008", "--fade-kimg=0.008",
  "--cbase=64", "--cmax=8",
]

/// The states of the two trainings agree in every bit that decides the next step.
func expectEqualStates(
  _ first: String, _ second: String, atLeast count: Int = 50,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (a, b) = (try TrainingState(reading: first), try TrainingState(reading: second))
  #expect(
    a.tensors.count > count && a.tensors.keys == b.tensors.keys, sourceLocation: sourceLocation)
  for (name, tensor) in a.tensors {
    let found = try #require(b.tensors[name], sourceLocation: sourceLocation)
    let (expected, values) = try withoutGradients { () throws in
      (try tensor.read().values(), try found.read().values())
    }
    #expect(expected == values, "\(name)", sourceLocation: sourceLocation)
  }
  #expect(a.generators == b.generators, sourceLocation: sourceLocation)
  #expect(a.values.dataPosition == b.values.dataPosition, sourceLocation: sourceLocation)
  #expect(a.values.randomStates == b.values.randomStates, sourceLocation: sourceLocation)
}

/// The newest file of a kind in the folder of a run, by the kimg in its name.
///
/// - Parameters:
///   - kind: `training-state` or `network-snapshot`.
///   - run: The folder.
/// - Returns: The path.
/// - Throws: What a test throws where there is none.
func newest(_ kind: String, in run: String) throws -> String {
  let found = names(in: run).compactMap { name -> (kimg: Double, name: String)? in
    guard name.hasPrefix("\(kind)-") else { return nil }
    return Double(name.dropFirst(kind.count + 1).replacing(".safetensors", with: ""))
      .map { ($0, name) }
  }
  return "\(run)/\(try #require(found.max { $0.kimg < $1.kimg }).name)"
}

/// The only run in a folder of runs.
func onlyRun(in folder: String) throws -> String {
  let names = names(in: folder)
  #expect(names.count == 1)
  return "\(folder)/\(try #require(names.first))"
}

@Suite("Train commands")
struct TrainCommandTests {
  @Test("a training leaves the files that people's scripts know, and a network that draws")
  func files() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + ["--kimg=0.032", "--tick=0.008", "--snap=2", "--outdir=\(folder)/runs"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-auto-portraits8-batch4-gamma0.0032"))
      #expect(outcome.stdout.split(separator: "\n").first.map(String.init) == run)
      #expect(
        names(in: run).filter { !$0.hasPrefix("events.out.tfevents.") } == [
          // Two snapshots of the same kimg.
          "fakes000000.016.png", "fakes000000.032.png", "fakes_init.png", "log.txt",
          "network-snapshot-000000.016.safetensors", "network-snapshot-000000.032.safetensors",
          "reals.png", "stats.jsonl", "training-state-000000.016.safetensors",
          "training-state-000000.032.safetensors", "training_options.json",
        ])
      let statistics = try String(contentsOfFile: "\(run)/stats.jsonl", encoding: .utf8)
      let lines = try statistics.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(lines.count == 4)
      for name in [
        "Loss/scores/fake", "Loss/scores/real", "Loss/signs/fake", "Loss/signs/real",
        "Loss/G/loss", "Loss/D/loss", "Progress/kimg", "Timing/sec_per_kimg",
      ] {
        let value = try #require(lines[1][name] as? [String: Any], "\(name)")
        #expect(value.keys.sorted() == ["mean", "num", "std"])
      }
      let drawn = try await stylist([
        "generate", "--network=\(try newest("network-snapshot", in: run))", "--seeds=0",
        "--outdir=\(folder)/out",
      ])
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
    }
  }

  @Test("a last batch that goes beyond the end fills the bar, and the training ends well")
  func terminal() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylistOnTerminal(
        tinyTraining + ["--batch=16", "--kimg=0.01", "--outdir=runs"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stdout)")
      #expect(outcome.stdout.contains("━━━━━━━━━━━━━━━━━━━━━━━━ 10/10 pictures"))
      // Lines of the log are a table, each column as wide as what stands in it.
      let lines = outcome.stdout.split(separator: /[\r\n]+(\x1B\[K)?/).map(String.init)
      let place = try #require(
        lines.firstIndex { $0.contains(/tick +kimg +time +left +s\/kimg +GiB +G +D +real +fake/) })
      #expect(lines[place + 1].contains(/^ +0 +0\.016 +0:00:/))
      #expect(lines[place].count == lines[place + 1].count)
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(names(in: run).contains("network-snapshot-000000.safetensors"))
    }
  }

  @Test("a dry run says what would be done and makes nothing")
  func dryRun() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(tinyTraining + ["--outdir=\(folder)/runs", "-n", "--json"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(names(in: folder).isEmpty)
      let plan = try outcome.json()
      #expect((plan["schedule"] as? [String: Any])?["kimg"] as? Double == 25_000)
      #expect((plan["options"] as? [String: Any])?["cfg"] as? String == "auto")
    }
  }

  @Test("pictures in folders, subsets, mirrored, are trained on; labels where there are some")
  func data() async throws {
    try await withScratchFolder { folder in
      let made = try await stylist([
        "dataset", "portraits", "--count=20", "--resolution=8", "--attribute=Smiling",
        "--dest=\(folder)/faces.zip",
      ])
      #expect(made.exitCode == 0, "\(made.stderr)")
      let short = tinyTraining.filter { !$0.contains("portraits") && !$0.contains("--res") }
      let outcome = try await stylist(
        short + [
          "--data=\(folder)/faces.zip", "--cond", "--mirror", "--subset=7", "--kimg=0.012",
          "--outdir=\(folder)/runs",
        ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("00000-auto-faces-cond-subset7-mirror-batch4-gamma0.0032"))
      let options = try String(contentsOfFile: "\(run)/training_options.json", encoding: .utf8)
      #expect(options.contains("\"count\" : 14") && options.contains("\"label_dim\" : 2"))
      // Going on finds the same pictures.
      let more = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=0.02"])
      #expect(more.exitCode == 0, "\(more.stderr)")
      // Labels that nobody asked for are spoken of, unless it is meant so.
      let plan = short + ["--data=\(folder)/faces.zip", "--outdir=\(folder)/runs", "-n"]
      let unsaid = try await stylist(plan)
      #expect(unsaid.stdout.contains("have labels, 2 classes, of which nothing is learned"))
      let said = try await stylist(plan + ["--no-cond"])
      #expect(said.exitCode == 0 && !said.stdout.contains("have labels"))
      #expect(
        said.stdout.contains(/estimated: [0-9.]+ images a second, .* in all; memory [0-9]+ MB/))
      let none = try await stylist(tinyTraining + ["--cond", "--outdir=\(folder)/runs"])
      expect(none, endsWith: 64, saying: "pictures with labels")
    }
  }

  @Test("N steps, a stop and M steps are N + M steps, bit for bit")
  func resume() async throws {
    try await withScratchFolder { folder in
      let whole = try await stylist(tinyTraining + ["--kimg=0.08", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(tinyTraining + ["--kimg=0.036", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let second = try await stylist([
        "train", "gan", "--resume=latest", "--outdir=\(folder)/parts", "--kimg=0.08",
      ])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), try onlyRun(in: "\(folder)/parts")]
      let states = runs.map { "\($0)/training-state-000000.safetensors" }
      try expectEqualStates(states[0], states[1])
    }
  }

  @Test(
    "every family trains, and goes on bit for bit",
    arguments: [
      ["--cfg=styleformer", "--res=16", "--num-layers=1,1", "--g-dict=16,16", "--depth=8"],
      ["--cfg=styleswin", "--res=16", "--cmax=16", "--map-depth=2"],
      ["--cfg=stylenat", "--res=16", "--cmax=16", "--map-depth=2"],
      // Stopped before 8×8 is there, which it is in the end.
      tinyStyleGAN,
      tinyStyleGAN + ["--cfg=stylegan1-config-c", "--loss=wgan-gp"],
    ])
  func families(own: [String]) async throws {
    try await withScratchFolder { folder in
      let training =
        ["train", "gan", "--data=portraits", "--w-dim=16", "--batch=4", "--threads=1"]
        + ["--tick=0.008", "--snap=1"] + own
      let whole = try await stylist(training + ["--kimg=0.024", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(training + ["--kimg=0.012", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let parts = try onlyRun(in: "\(folder)/parts")
      let second = try await stylist(["train", "gan", "--resume=\(parts)", "--kimg=0.024"])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), parts]
      let states = try runs.map { try newest("training-state", in: $0) }
      try expectEqualStates(states[0], states[1])
      let drawn = try await stylist(
        [
          "generate", "--network=\(try newest("network-snapshot", in: runs[0]))", "--seeds=0",
          "--outdir=\(folder)/out",
        ])
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
    }
  }

  // 8 images at each resolution, 12 to fade the next in, by a schedule that is looked at every four
  // iterations of 4 images: at 16, two thirds into the fade to 8×8, and at 32, a third into the next.
  @Test("a training that grows goes on bit for bit, wherever it stops", arguments: [4, 16, 20, 36])
  func growth(stop: Int) async throws {
    try await withScratchFolder { folder in
      let training =
        ["train", "gan", "--data=portraits", "--batch=4", "--threads=1", "--w-dim=8"]
        + ["--tick=0.008", "--snap=1"] + tinyStyleGAN.filter { !$0.contains("--fade") }
        + ["--fade-kimg=0.012"]
      let whole = try await stylist(training + ["--kimg=0.048", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let end = "--kimg=\(Double(stop) / 1000)"
      let first = try await stylist(training + [end, "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let parts = try onlyRun(in: "\(folder)/parts")
      let second = try await stylist(["train", "gan", "--resume=\(parts)", "--kimg=0.048"])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), parts]
      let states = try runs.map { try newest("training-state", in: $0) }
      try expectEqualStates(states[0], states[1])
      let counters = try states.map {
        try TrainingState(reading: $0).values.counters["stage_images"]
      }
      #expect(counters == [32, 32])
      // The network says how far it has grown, and draws in full size all the same.
      let network = try TrainingState(reading: states[0]).tensors["G_ema.lod"]?.read().values()
      #expect(network?.count == 1 && abs((network?[0] ?? 0) - 2.0 / 3) < 1e-6)
      let log = try String(contentsOfFile: "\(runs[0])/log.txt", encoding: .utf8)
      #expect(log.contains("lod 2.000  res 4") && log.contains("lod 1.333  res 8"))
      #expect(log.contains("lod 0.667  res 16"))
      let statistics = try String(contentsOfFile: "\(runs[0])/stats.jsonl", encoding: .utf8)
      #expect(
        statistics.contains("\"Progress/lod\"") && statistics.contains("\"Progress/resolution\""))
      let drawn = try await stylist([
        "generate", "--network=\(try newest("network-snapshot", in: runs[0]))", "--seeds=0",
        "--outdir=\(folder)/out",
      ])
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
    }
  }

  // Four iterations of 256 pictures of 8×8, then some of 128 pictures of 16×16.
  @Test("a training goes on bit for bit where the batch changes with the resolution")
  func batchChange() async throws {
    try await withScratchFolder { folder in
      let training = [
        "train", "gan", "--data=portraits", "--cfg=stylegan", "--res=16", "--stable-kimg=0.5",
        "--fade-kimg=0.5", "--cbase=32", "--cmax=8", "--z-dim=8", "--w-dim=8", "--map-depth=1",
        "--threads=1", "--tick=0.5", "--snap=1",
      ]
      let whole = try await stylist(training + ["--kimg=1.2", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(training + ["--kimg=0.7", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let parts = try onlyRun(in: "\(folder)/parts")
      let second = try await stylist(["train", "gan", "--resume=\(parts)", "--kimg=1.2"])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let states = try [try onlyRun(in: "\(folder)/whole"), parts].map {
        try newest("training-state", in: $0)
      }
      try expectEqualStates(states[0], states[1])
      let images = try states.map { try TrainingState(reading: $0).values.counters["images"] }
      #expect(images == [1024 + 256, 1024 + 256])
    }
  }

  @Test("a dry run shows when networks grow; what does not fit is refused; runs show tells it")
  func growthPlan() async throws {
    try await withScratchFolder { folder in
      let training = ["train", "gan", "--data=portraits", "--outdir=\(folder)/runs"]
      let plan = try await stylist(training + ["--cfg=stylegan", "--res=32", "-n"])
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      for line in [
        "  γ 10 in every iteration, average over 10 kimg, float32",
        "  grows with the kimg seen:",
        "    pictures  faded in        whole           batch               learning rates",
        "    8×8                       0 to 600        256 in parts of 32  0.001, 0.001",
        "    16×16     600 to 1,200    1,200 to 1,800  128 in parts of 16  0.001, 0.001",
        "    32×32     1,800 to 2,400  from 2,400 on   64 in parts of 8    0.001, 0.001",
        "  no augmentation",
      ] { #expect(plan.stdout.contains("\(line)\n"), "\(plan.stdout)") }
      let short = try await stylist(training + ["--cfg=stylegan", "--res=32", "--kimg=700", "-n"])
      #expect(short.stdout.contains("  700 kimg end at pictures of 16×16: 32×32 are whole from"))
      let json = try await stylist(training + ["--cfg=stylegan1-config-a", "-n", "--json"])
      let recipe = try #require(try json.json()["recipe"] as? [String: Any])
      let settings = try #require(recipe["training"] as? [String: Any])
      #expect(settings["wasserstein"] != nil)
      let stages = (settings["growth"] as? [String: Any])?["stages"] as? [[String: Any]]
      #expect(stages?.compactMap { $0["resolution"] as? Int } == [4, 8, 16, 32, 64])
      for (own, code, words) in [
        (
          ["--cfg=stylegan", "--aug=ada"], Int32(78),
          "expected no --aug=ada, which has no place in it"
        ),
        (
          ["--cfg=stylegan", "--initial-res=128"], 78,
          "--initial-res: expected a power of two from 4"
        ),
        (["--cfg=auto", "--fade-kimg=3"], 78, "expected no --fade-kimg"),
        (["--cfg=stylegan", "--loss=hinge"], 64, "expected one of logistic, wgan-gp"),
        (["--cfg=stylegan", "--fade-kimg=-1"], 64, "--fade-kimg"),
        (["--cfg=stylegan", "--batch-gpu=48"], 64, "a divisor of the batch, 256"),
        (["--cfg=stylegan", "--batch=6"], 64, "a multiple of 4"),
      ] {
        expect(try await stylist(training + own + ["-n"]), endsWith: code, saying: words)
      }
      let made = try await stylist(
        training + tinyStyleGAN + ["--batch=4", "--threads=1", "--kimg=0.004", "--loss=wgan-gp"])
      #expect(made.exitCode == 0, "\(made.stderr)")
      #expect(made.stderr.contains("0.004 kimg end at pictures of 4×4"), "\(made.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-stylegan-portraits16-mirror-batch4-wgan-gp-noaug"))
      let shown = try await stylist(["runs", "show", run])
      for words in ["initial-res", "stable-kimg", "wgan-gp"] {
        #expect(shown.stdout.contains(words), "\(shown.stdout)")
      }
      let other = try await stylist([
        "train", "gan", "--resume=\(run)", "--loss=logistic", "--fade-kimg=3", "--batch=8",
      ])
      expect(other, endsWith: 78, saying: "--loss: has wgan-gp, asked for logistic")
      #expect(other.stderr.contains("--fade-kimg: has 0.008, asked for 3"))
      #expect(other.stderr.contains("--batch: has 4, asked for 8"))
    }
  }

  @Test(
    "Ctrl-C, termination and a terminal that is gone save and end with the documented code",
    arguments: [(SignalName.hangUp, Int32(129)), (.interrupt, 130), (.terminate, 143)])
  func signals(name: SignalName, code: Int32) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + ["--kimg=100", "--outdir=\(folder)/runs"], signal: name.signal)
      #expect(outcome.exitCode == code, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(outcome.stderr.contains("--resume=\(run)"))
      #expect(!names(in: run).contains { $0.hasSuffix(".partial") })
      let more = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=0.004"])
      #expect(more.exitCode == 0, "\(more.stderr)")
    }
  }

  // MARK: What goes wrong

  @Test("going on with other options is refused, each named, and nothing is changed")
  func mismatch() async throws {
    try await withScratchFolder { folder in
      _ = try await stylist(tinyTraining + ["--kimg=0.008", "--outdir=\(folder)/runs"])
      let run = try onlyRun(in: "\(folder)/runs")
      let before = names(in: run)
      let outcome = try await stylist([
        "train", "gan", "--resume=\(run)", "--batch=8", "--cfg=cifar", "--data=portraits",
      ])
      expect(outcome, endsWith: 78, saying: "--cfg: has auto, asked for cifar")
      #expect(outcome.stderr.contains("--batch: has 4, asked for 8"))
      #expect(names(in: run) == before)
      let file = try await stylist([
        "train", "gan", "--resume=\(run)/network-snapshot-000000.safetensors",
      ])
      expect(file, endsWith: 64, saying: "--init-from=FILE")
      let both = try await stylist([
        "train", "gan", "--resume=\(run)", "--init-from=\(plainNetwork)",
      ])
      expect(both, endsWith: 64, saying: "either --resume")
      let none = try await stylist(["train", "gan", "--resume=latest", "--outdir=\(folder)/none"])
      expect(none, endsWith: 66, saying: "a folder with runs")
    }
  }

  @Test("a new training can start with the networks of another, if they fit")
  func initFrom() async throws {
    try await withScratchFolder { folder in
      _ = try await stylist(tinyTraining + ["--kimg=0.008", "--outdir=\(folder)/runs"])
      let run = try onlyRun(in: "\(folder)/runs")
      for (file, words) in [("network-snapshot", "D: 0 of"), ("training-state", "D: ")] {
        let source = "\(run)/\(file)-000000.safetensors"
        let outcome = try await stylist(
          tinyTraining + [
            "--init-from=\(source)", "--kimg=0.004", "--outdir=\(folder)/more-\(file)",
          ])
        let dry = try await stylist(
          tinyTraining + ["--init-from=\(source)", "--outdir=\(folder)/more-\(file)", "-n"])
        #expect(dry.exitCode == 0, "\(dry.stderr)")
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        #expect(outcome.stderr.contains(words))
        let made = try onlyRun(in: "\(folder)/more-\(file)")
        #expect(made.hasSuffix("-init"))
      }
      // Networks of another size take what both have.
      let larger = try await stylist(
        tinyTraining.filter { $0 != "--res=8" } + [
          "--res=16", "--init-from=\(run)/training-state-000000.safetensors", "--kimg=0.004",
          "--outdir=\(folder)/larger",
        ])
      #expect(larger.exitCode == 0, "\(larger.stderr)")
      let shares = larger.stderr.matches(of: /(G|G_ema|D): ([0-9]+) of ([0-9]+) tensors/)
      #expect(shares.count == 3)
      for share in shares {
        let (some, all) = (Int(share.2) ?? 0, Int(share.3) ?? 0)
        #expect(some > 5 && some < all, "\(share.1)")
      }
      for dry in [[], ["-n"]] {
        let misfit = try await stylist(
          tinyTraining + dry + [
            "--cmax=4", "--init-from=\(run)/training-state-000000.safetensors",
            "--outdir=\(folder)/no",
          ])
        #expect(misfit.exitCode == 65, "\(misfit.stderr)")
        #expect(misfit.stderr.contains("expected"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/no"))
      }
    }
  }

  @Test("a folder in which a training runs is not trained in twice")
  func lock() async throws {
    try await withScratchFolder { folder in
      _ = try await stylist(tinyTraining + ["--kimg=0.004", "--outdir=\(folder)/runs"])
      let run = try onlyRun(in: "\(folder)/runs")
      let outcome = try await stylist(
        ["train", "gan", "--resume=\(run)", "--kimg=1"], after: "exec 9<'\(run)'; flock -n 9",
        in: folder)
      expect(outcome, endsWith: 73, saying: "another process that is training in this folder")
    }
  }

  @Test("a disk that is full ends the training with the last good state kept")
  func fullDisk() async throws {
    try await withScratchFolder { folder in
      _ = try await stylist(tinyTraining + ["--kimg=0.004", "--outdir=\(folder)/runs"])
      let run = try onlyRun(in: "\(folder)/runs")
      let state = "\(run)/training-state-000000.safetensors"
      let before = try Data(contentsOf: URL(filePath: state))
      // Writing beyond a limit fails as a full disk does, if the signal for it is ignored.
      let outcome = try await stylist(
        ["train", "gan", "--resume=\(run)", "--kimg=0.02"],
        after: "trap '' XFSZ; ulimit -f 64", in: folder)
      #expect(outcome.exitCode == 74, "\(outcome.stderr)")
      #expect(outcome.words.last?.contains("training-state-000000.safetensors") == true)
      #expect(try Data(contentsOf: URL(filePath: state)) == before)
      #expect(!names(in: run).contains { $0.hasSuffix(".partial") })
      let more = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=0.02"])
      #expect(more.exitCode == 0, "\(more.stderr)")
    }
  }

  @Test("a damaged state is said to be, and the one before it goes on")
  func damage() async throws {
    try await withScratchFolder { folder in
      _ = try await stylist(
        tinyTraining + ["--kimg=2", "--tick=1", "--snap=1", "--outdir=\(folder)/runs"])
      let run = try onlyRun(in: "\(folder)/runs")
      let newest = URL(filePath: "\(run)/training-state-000002.safetensors")
      try Data(contentsOf: newest).dropLast(1000).write(to: newest)
      let outcome = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=1.004"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(outcome.words.first?.contains("training-state-000002.safetensors") == true)
      #expect(outcome.stderr.contains("an older state is tried"))
    }
  }

  // MARK: Kills

  @Test("a training killed at a hundred random moments goes on, and ends as if never killed")
  func kills() async throws {
    try await withScratchFolder { folder in
      let often = ["--tick=0.02", "--snap=1"]
      // How long a few snapshots take here and now.
      let start = ContinuousClock.now
      let few = try await stylist(tinyTraining + often + ["--kimg=0.1", "--outdir=\(folder)/few"])
      #expect(few.exitCode == 0, "\(few.stderr)")
      let seconds = min((ContinuousClock.now - start) / .seconds(2), 1)
      var random = SeededGenerator(seed: 1)
      var arguments = tinyTraining + often + ["--kimg=1000", "--outdir=\(folder)/killed"]
      for _ in 0..<100 {
        let moment = Double.random(in: 0..<seconds, using: &random)
        let outcome = try await stylist(arguments, killedAfter: .seconds(moment))
        #expect(outcome.exitCode == nil, "\(outcome.stderr)")
        #expect(outcome.words.allSatisfy { $0.contains("training in") }, "\(outcome.stderr)")
        if let run = names(in: "\(folder)/killed").first,
          names(in: "\(folder)/killed/\(run)").contains(where: { $0.hasPrefix("training-state") })
        {
          arguments = ["train", "gan", "--resume=\(folder)/killed/\(run)"]
          // Thousands of old snapshots are not needed.
          for kind in ["network-snapshot", "fakes0"] {
            for old in names(in: "\(folder)/killed/\(run)").filter({ $0.hasPrefix(kind) })
              .dropLast(3)
            { try FileManager.default.removeItem(atPath: "\(folder)/killed/\(run)/\(old)") }
          }
        } else {
          // Not even the first state was there: the next training begins again.
          try? FileManager.default.removeItem(atPath: "\(folder)/killed")
        }
      }
      let killed = try onlyRun(in: "\(folder)/killed")
      let state = try newest("training-state", in: killed)
      let images = try #require(TrainingState(reading: state).values.counters["images"])
      #expect(images > 20, "the training came no further than \(images) images")
      let kimg = "--kimg=\(Double(images + 40) / 1000)"
      let last = try await stylist(["train", "gan", "--resume=\(killed)", kimg])
      #expect(last.exitCode == 0, "\(last.stderr)")
      let whole = try await stylist(tinyTraining + [kimg, "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let states = try [killed, onlyRun(in: "\(folder)/whole")].map {
        try newest("training-state", in: $0)
      }
      try expectEqualStates(states[0], states[1])
    }
  }
}

// Trainings in trouble: wrong options, other data, strange files in the folder of a run.

import Foundation
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The options of the smallest training, but for its data.
private let small = tinyTraining.filter { !$0.contains("portraits") && !$0.contains("--res") }

@Suite("Trainings in trouble", .timeLimit(.minutes(10)))
struct TrainTroubleTests {
  /// Trains for one step, and returns the folder of the run.
  private func trainedRun(in folder: String, _ more: [String] = []) async throws -> String {
    let outcome = try await stylist(
      tinyTraining + ["--kimg=0.004", "--outdir=\(folder)/runs"] + more)
    try #require(outcome.exitCode == 0, "\(outcome.stderr)")
    return try onlyRun(in: "\(folder)/runs")
  }

  /// Draws a little data set.
  private func makeSet(_ path: String, seed: Int = 0, _ more: [String] = []) async throws {
    let outcome = try await stylist(
      ["dataset", "portraits", "--count=8", "--res=8", "--seed=\(seed)", "--dest=\(path)"] + more)
    try #require(outcome.exitCode == 0, "\(outcome.stderr)")
  }

  private func goOn(_ run: String, _ more: [String] = ["--kimg=0.008"]) async throws -> Outcome {
    try await stylist(["train", "gan", "--resume=\(run)"] + more)
  }

  // MARK: Signals

  @Test("a hang-up that is to be ignored is ignored")
  func ignoredHangUp() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + ["--kimg=0.2", "--outdir=\(folder)/runs"], signal: SignalName.hangUp.signal,
        after: "trap '' HUP")
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    }
  }

  // MARK: Files in the folder of a run

  @Test(
    "a log that is a pipe, a folder or a link is refused at once, and what a link points to stays",
    arguments: ["stats.jsonl", "log.txt"])
  func strangeLogs(name: String) async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let other = "\(folder)/other"
      try put(Array("mine".utf8), at: other)
      let makers: [(String, (String) -> Int32)] = [
        ("a pipe", { mkfifo($0, 0o600) }), ("a directory", { mkdir($0, 0o700) }),
        ("a link", { symlink(other, $0) }),
      ]
      for (found, make) in makers {
        try FileManager.default.removeItem(atPath: "\(run)/\(name)")
        try #require(make("\(run)/\(name)") == 0)
        let outcome = try await goOn(run)
        #expect(outcome.exitCode == 73, "\(outcome.stderr)")
        #expect(
          outcome.words.last?.hasSuffix("expected a regular file to append to, found \(found)")
            == true, "\(outcome.stderr)")
      }
      #expect(try Data(contentsOf: URL(filePath: other)) == Data("mine".utf8))
    }
  }

  @Test("pipes and folders in the places of states are passed over with a remark, and stay")
  func strangeStates() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let (pipe, directory) = (
        "\(run)/training-state-000009.safetensors", "\(run)/training-state-000008.safetensors"
      )
      #expect(mkfifo(pipe, 0o600) == 0 && mkdir(directory, 0o700) == 0)
      #expect(unlink("\(run)/training_options.json") == 0)
      #expect(mkfifo("\(run)/training_options.json", 0o600) == 0)
      let outcome = try await goOn(run)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(outcome.words[0].contains("000009.safetensors: unreadable: expected a regular file"))
      #expect(outcome.words[1].contains("000008.safetensors") && outcome.words.count > 2)
      #expect(
        Set(names(in: run)).isSuperset(
          of: [pipe, directory].map { ($0 as NSString).lastPathComponent }))
    }
  }

  @Test("a pipe in the place of a network ends the training with a line, not with waiting")
  func strangeNetwork() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let network = "\(run)/network-snapshot-000000.safetensors"
      #expect(unlink(network) == 0 && mkfifo(network, 0o600) == 0)
      let outcome = try await goOn(run)
      #expect(outcome.exitCode == 73, "\(outcome.stderr)")
      #expect(outcome.words.last?.contains("found a pipe") == true)
    }
  }

  // MARK: Which run

  @Test("the latest run is the newest one that has a state")
  func latest() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let empty = "\(folder)/runs/00007-empty"
      #expect(mkdir(empty, 0o700) == 0)
      let latest = ["train", "gan", "--resume=latest", "--outdir=\(folder)/runs"]
      let outcome = try await stylist(latest + ["--kimg=0.008"])
      #expect(outcome.exitCode == 0 && outcome.stdout.hasPrefix(run), "\(outcome.stderr)")
      let byNumber = ["train", "gan", "--resume=00000", "--outdir=\(folder)/runs", "--kimg=0.012"]
      #expect(try await stylist(byNumber).stdout.hasPrefix(run))
      try FileManager.default.removeItem(atPath: run)
      expect(try await stylist(latest), endsWith: 66, saying: "found 1 run without any")
    }
  }

  @Test("a training that cannot save its first state leaves no folder, nor anybody else's")
  func noFirstState() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + ["--kimg=1", "--outdir=\(folder)/runs"],
        after: "trap '' XFSZ; ulimit -f 64", in: folder)
      #expect(outcome.exitCode == 74, "\(outcome.stderr)")
      #expect(names(in: "\(folder)/runs").isEmpty)
    }
  }

  @Test("only a run's own folder, option and process are accepted for going on")
  func whichRun() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      expect(
        try await goOn(run, ["--outdir=\(folder)/other"]), endsWith: 64, saying: "--outdir goes")
      let dry = try await stylist(
        ["train", "gan", "--resume=\(run)", "--kimg=1", "-n"],
        after: "exec 9<'\(run)'; flock -n 9", in: folder)
      expect(dry, endsWith: 73, saying: "another process that is training in this folder")
      // Nothing is left to do, and nothing is written.
      let before = names(in: run)
      let finished = try await goOn(run, [])
      #expect(finished.exitCode == 0, "\(finished.stderr)")
      #expect(
        finished.words[0] == "stylist: already at 0.004 kimg; --kimg=N with a larger N goes on")
      #expect(names(in: run) == before)
    }
  }

  @Test("a schedule that was changed stays so, whatever the file of options says")
  func keptSchedule() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      try put(Array("{}".utf8), at: "\(run)/training_options.json")
      #expect(try await goOn(run, ["--kimg=0.012"]).exitCode == 0)
      #expect(try await goOn(run, []).stderr.contains("already at 0.012 kimg"))
    }
  }

  // MARK: Data

  @Test("other pictures of the same number, size and names are refused; the same elsewhere are not")
  func otherData() async throws {
    try await withScratchFolder { folder in
      try await makeSet("\(folder)/a.zip")
      try await makeSet("\(folder)/other.zip", seed: 100)
      try await makeSet("\(folder)/unzipped")
      let first = try await stylist(
        small + ["--data=a.zip", "--kimg=0.004", "--outdir=runs"], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      let other = try await goOn(run, ["--kimg=0.008", "--data=\(folder)/other.zip"])
      #expect(other.exitCode == 78, "\(other.stderr)")
      #expect(other.stderr.contains("found as many others"))
      // From another folder, where a.zip means nothing.
      #expect(try await goOn(run, ["--kimg=0.008"]).exitCode == 0)
      try FileManager.default.moveItem(atPath: "\(folder)/a.zip", toPath: "\(folder)/b.zip")
      let moved = try await goOn(run, ["--kimg=0.012"])
      expect(moved, endsWith: 66, saying: "or --data= with the place where it is now")
      for data in ["b.zip", "unzipped"] {
        let found = try await goOn(run, ["--kimg=0.012", "--data=\(folder)/\(data)"])
        #expect(found.exitCode == 0, "\(found.stderr)")
      }
    }
  }

  @Test("data of another size is not blamed on --res")
  func otherSize() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let made = try await stylist([
        "dataset", "portraits", "--count=8", "--res=16", "--dest=\(folder)/large.zip",
      ])
      #expect(made.exitCode == 0, "\(made.stderr)")
      let outcome = try await goOn(run, ["--kimg=1", "--data=\(folder)/large.zip"])
      expect(outcome, endsWith: 78, saying: "--data: expected the 1048576 pictures of 8 pixels")
    }
  }

  @Test(
    "a picture that cannot be decoded ends a training that is saved, and goes on when it is mended")
  func badPicture() async throws {
    try await withScratchFolder { folder in
      try await makeSet("\(folder)/set")
      let picture = "\(folder)/set/00000/img00000003.png"
      let good = [UInt8](try Data(contentsOf: URL(filePath: picture)))
      // The header stays; the sums of what follows are wrong.
      try put(good.dropLast(40) + [UInt8](repeating: 7, count: 40), at: picture)
      let outcome = try await stylist(
        small + ["--data=\(folder)/set", "--kimg=1", "--outdir=\(folder)/runs"])
      #expect(outcome.exitCode == 65, "\(outcome.stderr)")
      #expect(outcome.words.last?.contains("img00000003.png") == true)
      // The sheet of the data has it already.
      #expect(names(in: "\(folder)/runs").isEmpty)
      try put(good, at: picture)
      let first = try await stylist(
        small + ["--data=\(folder)/set", "--kimg=0.004", "--outdir=\(folder)/runs"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      try put(good.dropLast(40) + [UInt8](repeating: 7, count: 40), at: picture)
      let stopped = try await goOn(run, ["--kimg=1"])
      #expect(stopped.exitCode == 65, "\(stopped.stderr)")
      #expect(stopped.stderr.contains("`stylist dataset verify \(folder)/set` lists all bad"))
      #expect(stopped.words.last?.contains("img00000003.png") == true)
      try put(good, at: picture)
      #expect(try await goOn(run, ["--kimg=0.02"]).exitCode == 0)
    }
  }

  @Test("a folder called portraits is not what is drawn, and that is said")
  func folderCalledPortraits() async throws {
    try await withScratchFolder { folder in
      #expect(mkdir("\(folder)/portraits", 0o700) == 0)
      let outcome = try await stylist(tinyTraining + ["--outdir=runs", "-n"], in: folder)
      #expect(outcome.exitCode == 0 && outcome.stderr.contains("./portraits"), "\(outcome.stderr)")
    }
  }

  // MARK: Options

  @Test("every wrong value is refused with the option as it is typed, and 64")
  func wrongValues() async throws {
    try await withScratchFolder { folder in
      let values = [
        ("--batch", ["0", "-4", "65537", "6"]), ("--batch-gpu", ["0", "3"]),
        ("--gamma", ["-1", "nan", "inf", "1e7"]), ("--glr", ["-1", "nan"]), ("--dlr", ["11"]),
        ("--ema", ["-1", "1e10"]), ("--cbase", ["4", "100000000"]), ("--cmax", ["0", "70000"]),
        ("--z-dim", ["0", "65537"]), ("--w-dim", ["0"]), ("--map-depth", ["0", "65"]),
        ("--mbstd-group", ["0", "3", "9223372036854775807"]),
        ("--kimg", ["0", "-1", "nan", "1e10"]),
        ("--tick", ["0", "inf"]), ("--snap", ["0"]), ("--res", ["12", "4", "2048"]),
        ("--subset", ["0", "2000000"]), ("--cfg", ["nosuch"]), ("--threads", ["0", "5000"]),
      ]
      for (option, wrong) in values {
        for value in wrong {
          let outcome = try await stylist(
            tinyTraining.filter { !$0.hasPrefix("\(option)=") }
              + ["\(option)=\(value)", "--outdir=\(folder)/runs", "-n"])
          expect(outcome, endsWith: 64, saying: "stylist: \(option): expected")
        }
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("values of the recipe may be said again when going on; others are named with both values")
  func valuesInEffect() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let same = try await goOn(
        run, ["--kimg=0.008", "--glr=0.0025", "--gamma=0.0032", "--z-dim=512"])
      #expect(same.exitCode == 0, "\(same.stderr)")
      let other = try await goOn(run, ["--kimg=0.012", "--glr=0.002"])
      expect(other, endsWith: 78, saying: "--glr: has 0.0025, asked for 0.002")
    }
  }

  // MARK: What is said

  @Test("the file of options holds what the recipe filled in")
  func recipe() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let json = try Data(contentsOf: URL(filePath: "\(run)/training_options.json"))
      let record = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
      let recipe = try #require(record["recipe"] as? [String: Any])
      let training = try #require(recipe["training"] as? [String: Any])
      #expect((training["r1_gamma"] as? Double).map { abs($0 - 0.0032) < 1e-9 } == true)
      #expect(training["micro_batch_size"] as? Int == 4)
      #expect((training["generator_optimizer"] as? [String: Any])?["beta2"] as? Double == 0.99)
      #expect(training["discriminator_regularization_interval"] as? Int == 16)
      #expect((recipe["generator"] as? [String: Any])?["w_dim"] as? Int == 512)
      #expect((recipe["discriminator"] as? [String: Any])?["mbstd_group_size"] as? Int == 4)
      #expect((recipe["parameters"] as? [String: Any])?["generator"] as? Int ?? 0 > 1000)
    }
  }

  @Test("a plan says what the recipe filled in, and the name that the folder would have")
  func plan() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(tinyTraining + ["--outdir=\(folder)/runs", "-n"])
      for words in [
        "would train in \(folder)/runs/00000-auto-portraits8-batch4-gamma0.0032", "25,000 kimg",
        "γ 0.0032", "learning rates 0.0025 and 0.0025", "no labels", "z of 512",
      ] {
        #expect(outcome.stdout.contains(words), "\(outcome.stdout)")
      }
      let closed = try await stylist(tinyTraining + ["--outdir=/proc/zzz", "-n"])
      expect(closed, endsWith: 73, saying: "/proc/zzz: cannot be created")
    }
  }

  @Test("lines of the log are JSON where progress is, with losses and the time that is left")
  func lines() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + ["--kimg=0.016", "--tick=0.008", "--outdir=\(folder)/runs"])
      let lines = outcome.stderr.split(separator: "\n").filter { $0.hasPrefix(#"{"line":"#) }
      #expect(lines.count == 2, "\(outcome.stderr)")
      for words in ["kimg 0.008  ", "  left 0:00:", "  G ", "  D ", "  real ", "  fake "] {
        #expect(lines[0].contains(words), "\(lines)")
      }
      let last = try #require(outcome.words.last)
      #expect(last.contains("stylist generate --network=\(folder)/runs/00000-"), "\(last)")
      #expect(outcome.stdout.contains("/fakes000000.016.png\n"))
    }
  }

  @Test("a network without a discriminator says where one is; labels are named as the cause")
  func initFrom() async throws {
    try await withScratchFolder { folder in
      let run = try await trainedRun(in: folder)
      let hint = try await stylist(
        tinyTraining + [
          "--init-from=\(run)/network-snapshot-000000.safetensors", "--kimg=0.004",
          "--outdir=\(folder)/more",
        ])
      #expect(hint.stderr.contains("training-state-000000.safetensors has it"), "\(hint.stderr)")
      try await makeSet("\(folder)/smiles.zip", ["--attribute=Smiling"])
      let misfit = try await stylist(
        small + [
          "--data=\(folder)/smiles.zip", "--cond", "--outdir=\(folder)/no",
          "--init-from=\(run)/training-state-000000.safetensors",
        ])
      expect(misfit, endsWith: 65, saying: "training-state-000000.safetensors: does not fit")
      #expect(misfit.stderr.contains("labels of length 0, where the training has 2 (--cond)"))
    }
  }
}

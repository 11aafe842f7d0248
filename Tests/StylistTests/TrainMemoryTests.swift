// Trainings that keep less for gradients, and those of pictures whose sides are no powers of two.

import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Trainings with less memory, and at 48×48")
struct TrainMemoryTests {
  /// The newest file of a kind in the folder of a run.
  private func newest(_ kind: String, in run: String) throws -> String {
    let files = names(in: run).filter { $0.hasPrefix(kind) }.sorted()
    return "\(run)/\(try #require(files.last))"
  }

  @Test("gradient checkpointing changes no number, and may come and go with --resume")
  func checkpointing() async throws {
    try await withScratchFolder { folder in
      let training =
        tinyTraining.filter { $0 != "--res=8" } + ["--res=16", "--tick=0.004", "--snap=1"]
      func train(_ arguments: [String]) async throws {
        let outcome = try await stylist(arguments)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      }
      try await train(training + ["--kimg=0.016", "--outdir=\(folder)/plain"])
      try await train(
        training + ["--kimg=0.008", "--gradient-checkpointing", "--outdir=\(folder)/kept"])
      let run = try onlyRun(in: "\(folder)/kept")
      let plan = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=0.016", "-n"])
      #expect(plan.stdout.contains("blocks of the networks run once more for gradients"))
      let show = try await stylist(["runs", "show", run])
      #expect(show.stdout.contains("gradient-checkpointing"), "\(show.stdout)")
      try await train([
        "train", "gan", "--resume=\(run)", "--no-gradient-checkpointing", "--kimg=0.012",
      ])
      let state = try TrainingState(reading: try newest("training-state", in: run))
      #expect(state.values.options?.contains("gradient_checkpointing") == false)
      try await train([
        "train", "gan", "--resume=\(run)", "--gradient-checkpointing", "--kimg=0.016",
      ])
      let plain = try onlyRun(in: "\(folder)/plain")
      try expectEqualStates(
        try newest("training-state", in: run), try newest("training-state", in: plain))
    }
  }

  @Test("Styleformer of STL-10 learns from 48×48, goes on, and draws")
  func stl10() async throws {
    try await withScratchFolder { folder in
      for arguments in [
        ["portraits", "--count=8", "--res=64", "--dest=\(folder)/64.zip"],
        ["create", "--source=\(folder)/64.zip", "--dest=\(folder)/48.zip", "--resolution=48"],
      ] {
        let made = try await stylist(["dataset"] + arguments)
        try #require(made.exitCode == 0, "\(made.stderr)")
      }
      let training = [
        "train", "gan", "--data=\(folder)/48.zip", "--cfg=styleformer-stl10", "--batch=4",
        "--g-dict=16,16,8", "--depth=8", "--cbase=256", "--cmax=16", "--w-dim=16", "--z-dim=16",
        "--aug=fixed", "--p=0.5", "--threads=1", "--tick=0.004", "--snap=1",
      ]
      let plan = try await stylist(training + ["--outdir=\(folder)/runs", "-n"])
      #expect(plan.exitCode == 0, "\(plan.stderr)")
      #expect(plan.stdout.contains("pictures of 48×48"), "\(plan.stdout)")
      let whole = try await stylist(training + ["--kimg=0.008", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let part = try await stylist(training + ["--kimg=0.004", "--outdir=\(folder)/parts"])
      #expect(part.exitCode == 0, "\(part.stderr)")
      let run = try onlyRun(in: "\(folder)/parts")
      let rest = try await stylist(["train", "gan", "--resume=\(run)", "--kimg=0.008"])
      #expect(rest.exitCode == 0, "\(rest.stderr)")
      let other = try onlyRun(in: "\(folder)/whole")
      try expectEqualStates(
        try newest("training-state", in: run), try newest("training-state", in: other))
      let drawn = try await stylist([
        "generate", "--network=\(try newest("network-snapshot", in: run))", "--seeds=0-1",
        "--outdir=\(folder)/out",
      ])
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
      #expect(names(in: "\(folder)/out").count == 2)
    }
  }
}

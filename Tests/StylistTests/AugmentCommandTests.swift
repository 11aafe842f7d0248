// Trainings with augmentation and frozen layers as people run them, and the sheet that shows what
// augmentation does.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Augmentation commands")
struct AugmentCommandTests {
  /// Augments as often as it can, so that every bit of a state depends on it.
  private let augmented = tinyTraining + ["--aug=fixed", "--p=0.8", "--augpipe=bg", "--freezed=2"]

  @Test("the log, programs' numbers, and runs show tell the probability")
  func told() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(augmented + ["--kimg=0.008", "--outdir=\(folder)/runs"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("-fixed-p0.8-bg-freezed2"))
      let log = try String(contentsOfFile: "\(run)/log.txt", encoding: .utf8)
      #expect(log.contains("augment 0.800"))
      let statistics = try String(contentsOfFile: "\(run)/stats.jsonl", encoding: .utf8)
      let line = try #require(statistics.split(separator: "\n").last)
      let values = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let value = try #require(values["Progress/augment"] as? [String: Any])
      #expect(value["mean"] as? Double == 0.8 && value["num"] as? Int == 1)
      let shown = try await stylist(["runs", "show", run])
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      // Lines end where a narrow terminal would.
      let words = shown.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(words.contains("aug fixed, augpipe bg, p 0.8, freezed 2"))
      #expect(words.contains("augment p 0.8"))
    }
  }

  @Test("N steps, a stop and M steps are N + M steps with augmentation, too, bit for bit")
  func resume() async throws {
    try await withScratchFolder { folder in
      let whole = try await stylist(augmented + ["--kimg=0.04", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(augmented + ["--kimg=0.02", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let second = try await stylist([
        "train", "gan", "--resume=latest", "--outdir=\(folder)/parts", "--kimg=0.04",
      ])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), try onlyRun(in: "\(folder)/parts")]
      let states = runs.map { "\($0)/training-state-000000.safetensors" }
      try expectEqualStates(states[0], states[1])
      let other = try await stylist(["train", "gan", "--resume=\(runs[1])", "--aug=ada"])
      expect(other, endsWith: 78, saying: "--aug: has fixed, asked for ada")
    }
  }

  @Test("augmentation is adaptive unless it is said otherwise, and the plan says so")
  func plans() async throws {
    try await withScratchFolder { folder in
      func plan(_ options: [String]) async throws -> [String: Any] {
        let outcome = try await stylist(
          tinyTraining + options + ["--outdir=\(folder)/runs", "-n", "--json"])
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        let changes =
          (try outcome.json()["options"] as? [String: Any])?["changes"] as? [String: Any]
        return changes?["augmentation"] as? [String: Any] ?? [:]
      }
      let usual = try await plan([])
      #expect(usual["mode"] as? String == "ada" && usual["target"] as? Double == 0.6)
      #expect(try await plan(["--aug=noaug"])["mode"] as? String == "noaug")
      let lines = try await stylist(
        tinyTraining + ["--augpipe=bgc", "--target=0.7", "--outdir=\(folder)/runs", "-n"])
      #expect(
        lines.stdout.contains(
          "augmentation bgc with p from 0 on, towards a target of 0.7, by 1 in 500 kimg"))
    }
  }

  @Test(
    "options that do not go together are refused with the reason",
    arguments: [
      ("--p=0.3", "--p: expected --aug=fixed, found --aug=ada"),
      ("--aug=fixed", "--aug=fixed: expected --p"),
      ("--aug=noaug --target=0.5", "--target: expected --aug=ada, found --aug=noaug"),
      ("--aug=noaug --augpipe=bg", "--augpipe: expected --aug=ada or --aug=fixed"),
      ("--aug=some", "--aug: expected one of noaug, ada, fixed, found some"),
      ("--augpipe=bgx", "--augpipe: expected one of blit, geom"),
      ("--aug=fixed --p=2", "--p: expected 0 to 1, found 2"),
      ("--freezed=40", "frozen layers: expected"),
      ("--augpipe=bgcf", "resolution with augmentation.imageFilter: expected"),
    ])
  func refusals(options: String, reason: String) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyTraining + options.split(separator: " ").map(String.init)
          + ["--outdir=\(folder)/runs", "-n"])
      #expect(outcome.exitCode == 64 || outcome.exitCode == 78)
      #expect(outcome.stderr.contains(reason), "\(outcome.stderr)")
    }
  }

  @Test("the sheet shows pictures at every probability, the first as they are")
  func sheet() async throws {
    try await withScratchFolder { folder in
      let common = ["dataset", "augment", "--data=portraits", "--res=32", "--count=3"]
      let outcome = try await stylist(
        common + ["--augpipe=color", "--p=0,1", "--outdir=\(folder)/out"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(names(in: "\(folder)/out") == ["augmented.png"])
      let sheet = try PNG(path: "\(folder)/out/augmented.png").image
      // Words stand above and beside three rows of two pictures of three times their size.
      #expect(sheet.width > 2 * 96 && sheet.height > 3 * 96)
      for wrong in [["--p=0,2"], ["--p=a"], ["--augpipe=x"], ["--count=0"]] {
        let refused = try await stylist(common + wrong + ["--outdir=\(folder)/none"])
        expect(refused, endsWith: 64, saying: String(wrong[0].prefix { $0 != "=" }))
      }
      let planned = try await stylist(common + ["--outdir=\(folder)/none", "-n", "--json"])
      #expect(try planned.json()["pictures"] as? Int == 3)
      #expect(!names(in: folder).contains("none"))
    }
  }
}

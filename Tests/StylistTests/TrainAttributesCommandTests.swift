// Trainings of classifiers as people run them: files, going on, other data, and what goes wrong.

import Foundation
import TestSupport
import Testing

private let tinyAttributes = [
  "train", "attributes", "--data=portraits", "--res=8", "--cbase=32", "--cmax=8", "--batch=4",
  "--held-out=12", "--threads=1",
]

@Suite("Train attributes")
struct TrainAttributesCommandTests {
  @Test("a training leaves logs, accuracies of the pictures held out, sheets, and a classifier")
  func files() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyAttributes + ["--kimg=0.032", "--tick=0.008", "--snap=2", "--outdir=runs"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-attributes-portraits8-batch4"))
      #expect(
        names(in: run).filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "fakes000000.016.png", "fakes000000.032.png", "fakes_init.png", "log.txt",
          "metric-accuracy.jsonl", "metric-attributes.jsonl",
          "network-snapshot-000000.016.safetensors", "network-snapshot-000000.032.safetensors",
          "reals.png", "stats.jsonl", "training-state-000000.016.safetensors",
          "training-state-000000.032.safetensors", "training_options.json",
        ])
      func lines(_ name: String) throws -> [[String: Double]] {
        try String(contentsOfFile: "\(run)/\(name)", encoding: .utf8).split(separator: "\n").map {
          let line = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
          return try #require(line?["results"] as? [String: Double])
        }
      }
      let accuracies = try lines("metric-accuracy.jsonl")
      #expect(accuracies.count == 2)
      #expect(accuracies.allSatisfy { $0.keys.sorted() == ["accuracy", "accuracy_balanced"] })
      #expect(accuracies.allSatisfy { $0.values.allSatisfy((0.2...1).contains) })
      let each = try lines("metric-attributes.jsonl")
      #expect(each[0].keys.contains("attribute_Smiling"))
      let text = try String(contentsOfFile: "\(run)/log.txt", encoding: .utf8)
      #expect(text.contains("more in metric-attributes.jsonl"))
      let network = try await stylist([
        "model", "inspect", try newest("network-snapshot", in: run),
      ])
      #expect(network.exitCode == 0 && network.stdout.contains("attribute-classifier"))
      let shown = try await stylist(["runs", "show", "latest", "--plot=p.png"], in: folder)
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      for words in [
        "train attributes --resume=", "classifier ", "accuracy_balanced", "more, in --json",
        "cbase 32",
      ] {
        #expect(shown.stdout.contains(words), "\(words): \(shown.stdout)")
      }
    }
  }

  @Test("N steps, a stop and M steps are N + M steps, bit for bit")
  func resume() async throws {
    try await withScratchFolder { folder in
      let whole = try await stylist(tinyAttributes + ["--kimg=0.04", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(tinyAttributes + ["--kimg=0.016", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let second = try await stylist([
        "train", "attributes", "--resume=latest", "--outdir=\(folder)/parts", "--kimg=0.04",
      ])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), try onlyRun(in: "\(folder)/parts")]
      let states = runs.map { "\($0)/training-state-000000.safetensors" }
      try expectEqualStates(states[0], states[1], atLeast: 30)
    }
  }

  @Test("a data set's labels and their names are learned, of a subset, mirrored")
  func data() async throws {
    try await withScratchFolder { folder in
      let made = try await stylist(
        [
          "dataset", "portraits", "--count=20", "--resolution=8", "--attribute=Smiling",
          "--attribute=Bald", "--dest=faces.zip",
        ], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let other = tinyAttributes.filter { !$0.contains("portraits") && !$0.contains("held-out") }
      let outcome = try await stylist(
        other + [
          "--data=faces.zip", "--subset=15", "--mirror", "--kimg=0.008", "--outdir=runs",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-attributes-faces-subset15-mirror-batch4"))
      let network = try await stylist([
        "model", "inspect", "\(run)/network-snapshot-000000.safetensors", "--json",
      ])
      #expect(network.stdout.contains(#"["Smiling","Bald"]"#), "\(network.stdout)")
      let more = try await stylist(["train", "attributes", "--resume=\(run)", "--kimg=0.012"])
      #expect(more.exitCode == 0, "\(more.stderr)")
    }
  }

  @Test("what cannot be is refused in one line, and makes nothing")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let made = try await stylist(
        ["dataset", "portraits", "--count=8", "--resolution=8", "--dest=plain"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let smiling = try await stylist(
        [
          "dataset", "portraits", "--count=8", "--resolution=8", "--attribute=Smiling",
          "--dest=smiling",
        ], in: folder)
      #expect(smiling.exitCode == 0, "\(smiling.stderr)")
      try FileManager.default.copyItem(atPath: "\(folder)/plain", toPath: "\(folder)/odd")
      let labels = (0..<8).map { "[\"00000/img0000000\($0).png\",[1,\($0 == 5 ? -1 : 0)]]" }
      try put(
        Array("{\"labels\":[\(labels.joined(separator: ","))]}".utf8),
        at: "\(folder)/odd/dataset.json")
      let cases: [(options: [String], code: Int32, words: String)] = [
        (["--data=plain", "--outdir=runs"], 64, "--data: expected pictures with labels"),
        (["--data=portraits", "--res=8", "--cbase=4", "--outdir=runs"], 64, "--cbase"),
        (["--data=portraits", "--lr=11", "--outdir=runs"], 64, "--lr: expected 0 to 10"),
        (
          ["--data=portraits", "--subset=5", "--held-out=5", "--outdir=runs"], 64,
          "--held-out: expected 1 to 4 pictures"
        ),
        (["--data=smiling", "--outdir=runs"], 64, "with 2 classes"),
        (["--data=odd", "--outdir=runs"], 65, "found -1.0 for picture 5"),
        (["--data=portraits", "--subset=1", "--outdir=runs"], 64, "2 pictures or more"),
        (["--data=portraits"], 64, "give --outdir=FOLDER"), (["--outdir=runs"], 64, "--data"),
      ]
      for (options, code, words) in cases {
        let outcome = try await stylist(["train", "attributes"] + options, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
      #expect(names(in: folder) == ["odd", "plain", "smiling"])
      let attributes = try await stylist(
        tinyAttributes + ["--kimg=0.004", "--outdir=runs"], in: folder)
      #expect(attributes.exitCode == 0, "\(attributes.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      let other = try await stylist(["train", "gan", "--resume=\(run)"])
      expect(other, endsWith: 78, saying: "found one of `stylist train attributes`")
      let latest = try await stylist(
        ["train", "gan", "--resume=latest", "--outdir=runs"], in: folder)
      expect(latest, endsWith: 66, saying: "runs of `stylist train gan`")
      let changed = try await stylist([
        "train", "attributes", "--resume=\(run)", "--lr=0.5", "--held-out=3",
      ])
      expect(changed, endsWith: 78, saying: "--lr: has 0.01, asked for 0.5")
    }
  }
}

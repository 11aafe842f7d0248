// Trainings of identity networks as people run them: files, going on, data of one's own, and what goes
// wrong.

import Foundation
import TestSupport
import Testing

private let tinyIdentity = [
  "train", "identity", "--data=portraits", "--res=8", "--pictures-per-identity=4096", "--cbase=32",
  "--cmax=8", "--embedding=8", "--batch=4", "--held-out=5", "--threads=1",
]

@Suite("Train identity")
struct TrainIdentityCommandTests {
  @Test("a training leaves logs, verifications of the people held out, sheets, and a network")
  func files() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        tinyIdentity + ["--kimg=0.032", "--tick=0.008", "--snap=2", "--outdir=runs"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-identity-portraits8-batch4"))
      #expect(
        names(in: run).filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "fakes000000.016.png", "fakes000000.032.png", "fakes_init.png", "log.txt",
          "metric-verification.jsonl", "network-snapshot-000000.016.safetensors",
          "network-snapshot-000000.032.safetensors", "reals.png", "stats.jsonl",
          "training-state-000000.016.safetensors", "training-state-000000.032.safetensors",
          "training_options.json",
        ])
      let log = try String(contentsOfFile: "\(run)/metric-verification.jsonl", encoding: .utf8)
      let results = try log.split(separator: "\n").map {
        let line = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        return try #require(line?["results"] as? [String: Double])
      }
      #expect(results.count == 2)
      #expect(
        results[0].keys.sorted() == [
          "verification_accuracy", "verification_auc", "verification_tar_at_far_0.01",
        ])
      #expect(results.allSatisfy { $0.values.allSatisfy((0...1).contains) })
      let network = try await stylist([
        "model", "inspect", try newest("network-snapshot", in: run),
      ])
      #expect(network.exitCode == 0 && network.stdout.contains("identity-network"))
      let shown = try await stylist(["runs", "show", "latest", "--plot=p.png"], in: folder)
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      for words in [
        "train identity --resume=", "identity network ", "verification_auc", "embedding 8",
        "pictures-per-identity 4096",
      ] {
        #expect(shown.stdout.contains(words), "\(words): \(shown.stdout)")
      }
      let listed = try await stylist(["runs", "list"], in: folder)
      #expect(listed.stdout.contains("00000  identity  portrai"), "\(listed.stdout)")
    }
  }

  @Test("N steps, a stop and M steps are N + M steps, bit for bit")
  func resume() async throws {
    try await withScratchFolder { folder in
      let whole = try await stylist(tinyIdentity + ["--kimg=0.04", "--outdir=\(folder)/whole"])
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let first = try await stylist(tinyIdentity + ["--kimg=0.016", "--outdir=\(folder)/parts"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      let second = try await stylist([
        "train", "identity", "--resume=latest", "--outdir=\(folder)/parts", "--kimg=0.04",
      ])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let runs = [try onlyRun(in: "\(folder)/whole"), try onlyRun(in: "\(folder)/parts")]
      let states = runs.map { "\($0)/training-state-000000.safetensors" }
      try expectEqualStates(states[0], states[1], atLeast: 40)
    }
  }

  @Test("the classes of a data set are people, of a subset, mirrored")
  func data() async throws {
    try await withScratchFolder { folder in
      let made = try await stylist(
        ["dataset", "portraits", "--count=24", "--resolution=8", "--dest=people"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      try label("\(folder)/people", count: 24) { "\($0 % 6)" }
      let own = tinyIdentity.filter {
        !["--data", "--pictures", "--held"].contains(where: $0.hasPrefix)
      }
      let outcome = try await stylist(
        own + [
          "--data=people", "--subset=23", "--mirror", "--kimg=0.008", "--outdir=runs",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-identity-people-subset23-mirror-batch4"))
      let options = try String(contentsOfFile: "\(run)/training_options.json", encoding: .utf8)
      #expect(options.contains(#""people" : 6"#) && options.contains(#""held_out" : 4"#))
      let more = try await stylist(["train", "identity", "--resume=\(run)", "--kimg=0.012"])
      #expect(more.exitCode == 0, "\(more.stderr)")
    }
  }

  private func label(_ folder: String, count: Int, _ label: (Int) -> String) throws {
    let all = (0..<count).map { index in
      "[\"00000/img\(String(format: "%08d", index)).png\",\(label(index))]"
    }
    try put(
      Array("{\"labels\":[\(all.joined(separator: ","))]}".utf8), at: "\(folder)/dataset.json")
  }

  @Test("what cannot be is refused in one line, and makes nothing")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let made = try await stylist(
        ["dataset", "portraits", "--count=8", "--resolution=8", "--dest=plain"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      for (name, people) in [("few", 5), ("odd", 8)] {
        try FileManager.default.copyItem(atPath: "\(folder)/plain", toPath: "\(folder)/\(name)")
        try label("\(folder)/\(name)", count: 8) { "\($0 % people)" }
      }
      let cases: [(options: [String], code: Int32, words: String)] = [
        (["--data=plain", "--outdir=runs"], 64, "--data: expected pictures of people"),
        (["--data=few", "--outdir=runs"], 64, "--data: expected 6 people or more"),
        (
          ["--data=odd", "--held-out=7", "--outdir=runs"], 64,
          "--held-out: expected 4 to 6 people"
        ),
        (
          ["--data=odd", "--pictures-per-identity=4", "--outdir=runs"], 64,
          "--pictures-per-identity: expected --data=portraits"
        ),
        (["--data=portraits", "--res=8", "--cbase=4", "--outdir=runs"], 64, "--cbase"),
        (["--data=portraits", "--margin=2", "--outdir=runs"], 64, "--margin: expected 0 to 1.5"),
        (["--data=portraits", "--scale=0", "--outdir=runs"], 64, "--scale: expected 1 to 1000"),
        (["--data=portraits", "--embedding=1", "--outdir=runs"], 64, "--embedding"),
        (["--data=portraits"], 64, "give --outdir=FOLDER"), (["--outdir=runs"], 64, "--data"),
      ]
      for (options, code, words) in cases {
        let outcome = try await stylist(["train", "identity"] + options, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
      #expect(names(in: folder) == ["few", "odd", "plain"])
      let trained = try await stylist(tinyIdentity + ["--kimg=0.004", "--outdir=runs"], in: folder)
      #expect(trained.exitCode == 0, "\(trained.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      let other = try await stylist(["train", "attributes", "--resume=\(run)"])
      expect(other, endsWith: 78, saying: "found one of `stylist train identity`")
      let changed = try await stylist([
        "train", "identity", "--resume=\(run)", "--margin=0.5", "--pictures-per-identity=8",
      ])
      expect(changed, endsWith: 78, saying: "--pictures-per-identity: has 4096, asked for 8")
    }
  }
}

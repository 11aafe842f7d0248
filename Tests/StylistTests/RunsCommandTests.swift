// What `stylist runs` prints of trainings that the program has made.

import Formats
import Foundation
import TestSupport
import Testing

private let tiny = tinyTraining + ["--tick=0.004", "--outdir=runs"]

@Suite("Runs commands")
struct RunsCommandTests {
  @Test("trainings are listed, shown and compared")
  func commands() async throws {
    try await withScratchFolder { folder in
      for more in [["--kimg=0.008"], ["--kimg=0.012", "--gamma=3", "--seed=5"]] {
        #expect(try await stylist(tiny + more, in: folder).exitCode == 0)
      }
      let list = try await stylist(["runs", "list"], in: folder)
      #expect(list.exitCode == 0 && list.stderr.isEmpty)
      let lines = list.stdout.split(separator: "\n")
      #expect(lines.count == 3 && lines[0].hasPrefix("run    cfg   data"))
      #expect(lines[1].contains("0.008/0.008  finished"))
      #expect(lines.allSatisfy { $0.count <= 80 })

      let show = try await stylist(["runs", "show", "latest", "--plot=losses.png"], in: folder)
      #expect(show.exitCode == 0, "\(show.stderr)")
      for words in [
        "finished, 0.012/0.012 kimg", "--gamma=3 --seed=5", "gamma 3.0", "G loss", "tick 2 ",
        "goes on from here", "fakes_init.png", "--resume=runs/00001-auto-portraits8-",
      ] {
        #expect(show.stdout.contains(words), "\(words) in \(show.stdout)")
      }
      #expect(try PNG(path: "\(folder)/losses.png").image.width > 1000)

      let compare = try await stylist(
        ["runs", "compare", "0", "1", "--plot=both.png", "--sheet=fakes.png"], in: folder)
      #expect(compare.exitCode == 0, "\(compare.stderr)")
      #expect(compare.stdout.contains(/--gamma +0\.0032 +3\.0/))
      #expect(compare.stdout.contains(/--seed +0 +5/) && compare.stdout.contains("at 0.008 kimg"))
      #expect(names(in: folder).contains("both.png") && names(in: folder).contains("fakes.png"))
    }
  }

  @Test("the same is there as JSON, and a dry run writes no picture")
  func json() async throws {
    try await withScratchFolder { folder in
      #expect(try await stylist(tiny + ["--kimg=0.008"], in: folder).exitCode == 0)
      let list = try await stylist(["runs", "list", "--json"], in: folder)
      let listings = try #require(
        JSONSerialization.jsonObject(with: Data(list.stdout.utf8)) as? [[String: Any]])
      let run = try #require((listings[0]["runs"] as? [[String: Any]])?.first)
      #expect(run["state"] as? String == "finished" && run["planned_kimg"] as? Double == 0.008)
      let show = try await stylist(
        ["runs", "show", "0", "--plot=a.png", "-n", "--json"], in: folder)
      let report = try show.json()
      #expect((report["losses"] as? [String: Double])?["Loss/G/loss"] != nil)
      #expect((report["networks"] as? [[String: Any]])?.count == 1)
      let compare = try await stylist(["runs", "compare", "0", "latest", "--json"], in: folder)
      #expect((try compare.json()["differences"] as? [Any])?.isEmpty == true)
      #expect(names(in: folder) == ["runs"])
    }
  }

  @Test("a training that went on longer is listed with its new end")
  func longer() async throws {
    try await withScratchFolder { folder in
      #expect(try await stylist(tiny + ["--kimg=0.008"], in: folder).exitCode == 0)
      let more = ["train", "gan", "--resume=latest", "--outdir=runs", "--kimg=0.016"]
      #expect(try await stylist(more, in: folder).exitCode == 0)
      let list = try await stylist(["runs", "list"], in: folder)
      #expect(list.stdout.contains("0.016/0.016  finished"), "\(list.stdout)")
    }
  }

  @Test("networks of old snapshots are removed, and the training goes on")
  func prune() async throws {
    try await withScratchFolder { folder in
      let every = ["--snap=1", "--kimg=3", "--tick=1", "--outdir=runs"]
      #expect(try await stylist(tinyTraining + every, in: folder).exitCode == 0)
      let run = "runs/" + names(in: "\(folder)/runs")[0]
      func networks() -> [String] {
        names(in: "\(folder)/\(run)").filter { $0.hasPrefix("network-snapshot-") }
      }
      let all = networks()
      #expect(all.count >= 3)
      let plan = try await stylist(["runs", "prune", "latest", "-n"], in: folder)
      #expect(plan.exitCode == 0 && plan.stderr.contains("would free"))
      #expect(networks() == all)
      let pruned = try await stylist(["runs", "prune", "latest"], in: folder)
      #expect(pruned.exitCode == 0 && pruned.stdout == plan.stdout)
      // The two states that a training keeps are of its two newest networks.
      #expect(networks() == Array(all.suffix(2)))
      #expect(
        pruned.stdout.split(separator: "\n").map(String.init)
          == all.dropLast(2).reversed().map {
            "\(run)/\($0)"
          })
      let more = ["train", "gan", "--resume=latest", "--outdir=runs", "--kimg=3.1"]
      #expect(try await stylist(more, in: folder).exitCode == 0)
      expect(
        try await stylist(["runs", "prune", "latest", "--keep=0"], in: folder), endsWith: 64,
        saying: "--keep")
    }
  }

  @Test("what cannot be looked at ends with one line and its code")
  func failures() async throws {
    try await withScratchFolder { folder in
      func run(_ words: String...) async throws -> Outcome {
        try await stylist(["runs"] + words, in: folder)
      }
      expect(try await run("list"), endsWith: 66, saying: "runs: missing")
      expect(try await run("show", "latest"), endsWith: 66, saying: "runs: missing")
      #expect(try await stylist(tiny + ["--kimg=0.004"], in: folder).exitCode == 0)
      expect(try await run("show", "7"), endsWith: 66, saying: "only 00000-")
      expect(try await run("show", "0", "--plot=a.txt"), endsWith: 73, saying: "a.txt")
      expect(try await run("show", "0", "--plot=runs"), endsWith: 73, saying: "runs")
      expect(try await run("compare", "0"), endsWith: 64, saying: "2 to 8")
      let log = "\(folder)/runs/\(names(in: "\(folder)/runs")[0])/stats.jsonl"
      try put(Array("{}\n".utf8), at: log)
      let show = try await run("show", "0")
      #expect(show.exitCode == 65 && show.stderr.contains("in line 1"))
      #expect(show.stdout.contains("damaged"))
      let plot = try await run("show", "0", "--plot=a.png")
      expect(plot, endsWith: 65, saying: "in line 1")
      let list = try await run("list")
      #expect(list.exitCode == 0 && list.stdout.contains("00000: "))
      expect(try await run("compare", "0", "0"), endsWith: 65, saying: "in line 1")
    }
  }
}

// What is read from the folders of trainings, whole, cut off and damaged.

import Formats
import Foundation
import TestSupport
import Testing
import Workbench

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Runs")
struct RunTests {
  /// A line of `stats.jsonl`.
  private func line(_ kimg: Double, loss: String = "1.5") -> String {
    """
    {"Loss/G/loss":{"mean":\(loss),"num":4,"std":0.1},"Loss/D/loss":{"mean":\(kimg),"num":4,"std":0},\
    "Progress/kimg":{"mean":\(kimg),"num":1,"std":0},"Timing/sec_per_kimg":{"mean":7,"num":1,"std":0},\
    "Timing/total_sec":{"mean":\(kimg * 7),"num":1,"std":0},"timestamp":1795289771.5}

    """
  }

  /// Makes the folder of a training with a log.
  private func makeRun(
    _ name: String, in folder: String, log: String?, kimg: Double = 10, changes: String = ""
  ) throws -> String {
    let run = "\(folder)/\(name)"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    let options = """
      {"command": "stylist train gan --data=portraits", "version": "0.1.0",
       "options": {"cfg": "auto", "changes": {\(changes)}, "seed": 0, "threads": 1,
         "data": {"channels": 3, "count": 1000, "label_dim": 0, "mirror": false,
           "name": "portraits16", "resolution": 16, "source": "portraits"}},
       "schedule": {"kept_states": 2, "kimg": \(kimg), "kimg_per_tick": 1, "ticks_per_snapshot": 2}}
      """
    try put(Array(options.utf8), at: "\(run)/training_options.json")
    if let log { try put(Array(log.utf8), at: "\(run)/stats.jsonl") }
    return run
  }

  private func list(_ folder: String) throws -> [RunSummary] {
    try RunListJob([folder]).run()[0].runs
  }

  // MARK: Lists

  @Test("trainings are listed by number, each with how it stands")
  func states() throws {
    try withScratchFolder { folder in
      _ = try makeRun("00002-b", in: folder, log: line(4) + line(10))
      _ = try makeRun("00001-a", in: folder, log: line(4))
      _ = try makeRun("00003-c", in: folder, log: nil)
      let held = try makeRun("00004-d", in: folder, log: line(4) + "nonsense\n")
      let descriptor = open(held, O_RDONLY)
      defer { close(descriptor) }
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      try FileManager.default.createDirectory(
        atPath: "\(folder)/00005-e", withIntermediateDirectories: false)
      let runs = try list(folder)
      #expect(runs.map(\.number) == [1, 2, 3, 4, 5])
      #expect(runs.map(\.state) == [.stopped, .finished, .stopped, .running, .damaged])
      #expect(runs.map(\.kimg) == [4, 10, 0, 4, 0])
      #expect(runs[0].seconds == 28 && runs[0].secondsPerKimg == 7 && runs[0].plannedKimg == 10)
      #expect(runs[4].reason?.contains("training_options.json: missing") == true)
      #expect(runs.allSatisfy { ($0.reason != nil) == ($0.state == .damaged) })
      // Looking does not keep a training from beginning.
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    }
  }

  @Test("the folder of a training itself can be listed; other folders cannot")
  func folders() throws {
    try withScratchFolder { folder in
      let run = try makeRun("mine", in: folder, log: line(4))
      #expect(try list(run).map(\.name) == ["mine"])
      #expect(try list(run)[0].number == nil)
      expect(.missing, says: "00000-") { _ = try list(folder) }
      expect(.missing) { _ = try list("\(folder)/none") }
    }
  }

  // MARK: Logs

  @Test("a last line that was cut off is passed over, wherever it was cut")
  func cutLine() throws {
    try withScratchFolder { folder in
      let last = line(5)
      for count in [0, 1, 20, last.utf8.count - 1] {
        let run = try makeRun("00000-a", in: folder, log: line(4) + last.prefix(count))
        let report = try RunShowJob(run).run(plot: nil)
        #expect(report.damage == nil && report.summary.state == .stopped)
        #expect(report.curves.kimg == [4] && report.summary.kimg == 4)
        #expect(try list(folder)[0].kimg == 4)
      }
    }
  }

  @Test(
    "other damage is named with its line, and what comes before is kept",
    arguments: ["{\n", "\n", "[1]\n", "{\"timestamp\":1}\n", "\u{0}\u{0}\n"])
  func damagedLine(damage: String) throws {
    try withScratchFolder { folder in
      let run = try makeRun("00000-a", in: folder, log: line(1) + line(2) + damage + line(4))
      let report = try RunShowJob(run).run(plot: nil)
      let error = try #require(report.damage)
      #expect(error.kind == .damaged && "\(error)".contains("in line 3"), "\(error)")
      #expect(report.curves.kimg == [1, 2] && report.summary.state == .damaged)
      // A list reads the end only, and looks for the damage if it is there.
      _ = try makeRun("00000-a", in: folder, log: line(1) + line(2) + damage)
      #expect(try list(folder)[0].reason?.contains("in line 3") == true)
    }
  }

  @Test("a line without an end is refused before it takes all memory")
  func endlessLine() throws {
    try withScratchFolder { folder in
      let run = try makeRun(
        "00000-a", in: folder, log: line(1) + String(repeating: " ", count: 3 << 20))
      let report = try RunShowJob(run).run(plot: nil)
      #expect(report.damage.map { "\($0)" }?.contains("in line 2") == true)
    }
  }

  @Test("long logs become means of neighbouring lines, and keep their end")
  func longLog() throws {
    try withScratchFolder { folder in
      let log = (1...9000).map { line(Double($0)) }.joined()
      let curves = try RunShowJob(makeRun("00000-a", in: folder, log: log)).run(plot: nil).curves
      #expect(curves.kimg.count == 2250 && curves.kimg == curves.kimg.sorted())
      #expect(curves.kimg[0] == 2.5 && curves.kimg[2249] == 8998.5)
      #expect(curves.values[.discriminator] == curves.kimg)
      #expect(try #require(curves.value(of: .discriminator, at: 4321)) == 4321)
    }
  }

  @Test("losses that are no numbers are no damage, and leave gaps")
  func notNumbers() throws {
    try withScratchFolder { folder in
      let log = line(1) + line(2, loss: "\"nan\"") + line(3, loss: "2.5")
      let run = try makeRun("00000-a", in: folder, log: log)
      let report = try RunShowJob(run).run(plot: "\(folder)/plot.png")
      #expect(report.damage == nil)
      #expect(report.curves.sparkline(of: .generator, columns: 10) == "▁ █")
      #expect(report.curves.sparkline(of: .discriminator, columns: 2).count == 2)
      #expect(report.curves.sparkline(of: .r1, columns: 10).isEmpty)
    }
  }

  @Test("metrics are read with their best values, whichever direction is better")
  func metrics() throws {
    try withScratchFolder { folder in
      let run = try makeRun("00000-a", in: folder, log: line(4))
      func log(_ name: String, _ values: [String]) throws {
        let lines = values.enumerated().map { index, value in
          "{\"metric\":\"\(name)\",\"results\":{\"\(name)\":\(value)},"
            + "\"snapshot_pkl\":\"network-\(index)\",\"timestamp\":1.5}\n"
        }
        try put(Array(lines.joined().utf8), at: "\(run)/metric-\(name).jsonl")
      }
      try log("fid50k_full", ["20", "\"nan\"", "4.5", "6"])
      try log("is50k", ["2", "9", "3"])
      let found = try list(folder)[0].metrics
      #expect(found.map(\.name) == ["fid50k_full", "is50k"])
      #expect(found.map(\.best) == [4.5, 9] && found.map(\.last) == [6, 3])
      #expect(found.map(\.bestNetwork) == ["network-2", "network-1"])
      #expect(found.map(\.count) == [4, 3])
      // What is measured again is what the last line says.
      let (old, new) = (
        "{\"results\":{\"is50k\":9},\"snapshot_pkl\":\"network-1\"}\n",
        "{\"results\":{\"is50k\":1},\"snapshot_pkl\":\"network-1\"}\n"
      )
      let other = old.replacing("network-1", with: "network-2").replacing("9", with: "3")
      try put(Array((old + other + new).utf8), at: "\(run)/metric-is50k.jsonl")
      let score = try list(folder)[0].metrics[1]
      #expect((score.best, score.last, score.count) == (3, 1, 2))
      #expect(score.bestNetwork == "network-2")
      try put(Array("{\"results\":3}\n".utf8), at: "\(run)/metric-kid.jsonl")
      let reason = try #require(try list(folder)[0].reason)
      #expect(reason.contains("metric-kid.jsonl") && reason.contains("in line 1"))
    }
  }

  // MARK: Finding

  @Test("a training is found by folder, number, part of a name, or as the latest")
  func finding() throws {
    try withScratchFolder { folder in
      let cats = try makeRun("00003-auto-cats", in: folder, log: nil)
      let dogs = try makeRun("00012-auto-dogs", in: folder, log: nil)
      for (text, run) in [
        (cats, cats), ("\(cats)/", cats), ("3", cats), ("00012", dogs), ("dog", dogs),
        ("latest", dogs),
      ] {
        #expect(try RunFinder.folder(text, in: folder) == run, "\(text)")
      }
      expect(.missing, says: "00012-auto-dogs") { _ = try RunFinder.folder("7", in: folder) }
      expect(.missing) { _ = try RunFinder.folder("", in: folder) }
      expect(.missing) { _ = try RunFinder.folder("a", in: "\(folder)/none") }
      #expect {
        try RunFinder.folder("auto", in: folder)
      } throws: {
        exitCode(for: $0) == 64 && "\($0)".contains("found 2")
      }
    }
  }

  // MARK: Comparison

  @Test("trainings are compared where all have been, and in the options that differ")
  func comparison() throws {
    try withScratchFolder { folder in
      let first = try makeRun("00000-a", in: folder, log: line(2) + line(4))
      let second = try makeRun(
        "00001-b", in: folder, log: line(1) + line(3, loss: "2.5"), changes: "\"batch_size\": 8")
      let outcome = try RunCompareJob([first, second]).run(
        plot: "\(folder)/new/plot.png", sheet: nil)
      #expect(outcome.commonKimg == 3)
      let generator = try #require(outcome.losses.first { $0.name == "Loss/G/loss" })
      #expect(generator.values == [1.5, 2.5])
      let batch = try #require(outcome.differences.first { $0.name == "batch" })
      #expect(batch.values == ["32", "8"])
      // What follows from another batch differs too, and nothing else.
      #expect(outcome.differences.map(\.name) == ["batch", "batch-gpu", "gamma", "ema"])
      let plot = try ByteImage(path: "\(folder)/new/plot.png")
      let colours = Set(
        stride(from: 0, to: plot.pixels.count, by: 3).map {
          plot.pixels[$0..<$0 + 3].map { Int($0) }
        })
      #expect(colours.contains([0, 114, 178]) && colours.contains([213, 94, 0]))
      #expect(throws: RequestError.self) { try RunCompareJob([first]) }
    }
  }

  @Test("trainings of several kinds are compared, by what each of them has")
  func kinds() throws {
    try withScratchFolder { folder in
      let gan = try makeRun("00000-a", in: folder, log: line(4))
      let other = "\(folder)/00001-b"
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
      let options = """
        {"command": "stylist train attributes", "version": "0.1.0",
         "options": {"training": "attributes", "attributes": ["a", "b"], "held_out": 10, "seed": 0,
           "settings": {"batch_size": 16, "learning_rate": 0.5, "channel_base": 64, "channel_max": 8},
           "threads": 1, "data": {"channels": 3, "count": 1000, "label_dim": 2, "mirror": false,
             "name": "portraits16", "resolution": 16, "source": "portraits"}},
         "schedule": {"kept_states": 2, "kimg": 4, "kimg_per_tick": 1, "ticks_per_snapshot": 2}}
        """
      try put(Array(options.utf8), at: "\(other)/training_options.json")
      let log = line(4).replacing("Loss/G/loss", with: "Loss/attributes/loss")
      try put(Array(log.utf8), at: "\(other)/stats.jsonl")
      let outcome = try RunCompareJob([gan, other]).run(plot: nil, sheet: nil)
      func row(_ name: String) -> [String?]? {
        outcome.differences.first { $0.name == name }?.values
      }
      #expect(row("cfg") == ["auto", "attributes"] && row("lr") == [nil, "0.5"])
      #expect(row("gamma")?.last == .some(nil) && row("data") == nil)
      #expect(outcome.runs.map(\.kind) == ["gan", "attributes"])
      let loss = try #require(outcome.losses.first { $0.name == "Loss/attributes/loss" })
      #expect(loss.values == [nil, 1.5] && outcome.losses.map(\.name).contains("Loss/D/loss"))
      let report = try RunReport(of: other)
      #expect(report.trained.map(\.name) == ["classifier"] && report.summary.cfg == "attributes")
      // A kind that this version does not know is said to be none that can be read.
      let strange = options.replacing(#""training": "attributes""#, with: #""training": "dreams""#)
      try put(Array(strange.utf8), at: "\(other)/training_options.json")
      expect(.damaged) { _ = try RunReport(of: other) }
    }
  }

  @Test("sheets of the same kimg stand beside one another; without any, nothing is written")
  func sheets() throws {
    try withScratchFolder { folder in
      let runs = try ["00000-a", "00001-b"].map { try makeRun($0, in: folder, log: line(4)) }
      func sheet(_ run: Int, _ name: String, _ grey: UInt8) throws {
        try ByteImage(
          width: 400, height: 60, channels: 1, pixels: [UInt8](repeating: grey, count: 400 * 60)
        ).write(to: "\(runs[run])/\(name)")
      }
      let job = try RunCompareJob(runs)
      let (plot, file) = ("\(folder)/plot.png", "\(folder)/sheet.png")
      expect(.missing) { _ = try job.run(plot: plot, sheet: file) }
      #expect(!FileManager.default.fileExists(atPath: plot))
      try sheet(0, "fakes000002.png", 10)
      try sheet(0, "fakes000004.png", 20)
      try sheet(1, "fakes000002.png", 30)
      _ = try job.run(plot: nil, sheet: file)
      let picture = try ByteImage(path: file)
      #expect((picture.width, picture.height) == (848, 116))
      func grey(_ x: Int) -> UInt8 { picture.pixels[(80 * picture.width + x) * 3] }
      #expect(grey(200) == 10 && grey(600) == 30)
    }
  }

  // MARK: Drawing

  @Test("axes have a few round numbers, inside, whatever the values")
  func axes() {
    let some: [[Double]] = [
      [0, 1], [-3, 2.5], [1e-7, 3e-7], [1e9, 5e9], [7, 7], [0], [], [.nan, 2, 3], [-2, -1],
    ]
    for values in some {
      let axis = Axis(of: values)
      #expect((2...8).contains(axis.ticks.count), "\(values): \(axis.ticks)")
      #expect(axis.ticks.allSatisfy { $0.value >= axis.low && $0.value <= axis.high + 1e-9 })
      #expect(Set(axis.ticks.map(\.text)).count == axis.ticks.count, "\(axis.ticks)")
      #expect(values.filter(\.isFinite).allSatisfy { (0...1).contains(axis.place(of: $0)) })
    }
    #expect(Axis(from: 0, to: 60).ticks.map(\.text) == ["0", "10", "20", "30", "40", "50", "60"])
    // One value in a thousand does not make the others flat.
    #expect(Axis(of: (0..<1000).map { $0 == 3 ? 1e6 : Double($0 % 10) }).high < 20)
  }
}

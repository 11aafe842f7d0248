// The engine: what is saved is enough to go on bit for bit, and nothing that is saved is lost.

import Checkpoints
import Foundation
import Formats
import Layers
import OrderedCollections
import SwiftProtobuf
import TensorBoardEvents
import Tensors
import TestSupport
import Testing
import Training

/// What a test's training told.
private final class Told {
  var lines: [String] = []
  var remarks: [String] = []
  var progress: [Int] = []

  func hear(_ event: TrainingEngine.Event) {
    switch event {
    case .line(let line): lines.append(line.description)
    case .remark(let remark): remarks.append(remark)
    case .progress(let done, _): progress.append(done)
    case .saved: break
    }
  }
}

private struct Stopped: Error {}

@Suite("Training engine")
struct TrainingEngineTests {
  private let schedule = Schedule(kimg: 8, kimgPerTick: 1, ticksPerSnapshot: 2)

  /// Trains in a folder, from its newest state if it has one.
  @discardableResult
  private func train(
    _ learner: MeanLearner, in path: String, _ told: Told = Told(), schedule: Schedule? = nil,
    measure: ((String) throws -> [MetricResult])? = nil
  ) throws -> MeanLearner {
    let folder = try RunFolder(opening: path)
    let engine = TrainingEngine(
      learner, in: folder, schedule: schedule ?? self.schedule, options: "{}",
      measure: measure, tell: told.hear)
    if !RunFolder.states(in: path).isEmpty {
      let found = try RunFolder.newestState(in: path) { told.remarks.append($0) }
      try engine.restore(from: found.state)
    }
    try engine.run()
    return learner
  }

  private func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .filter { !$0.hasPrefix("events.") }
  }

  /// The lines of `stats.jsonl` without what depends on time.
  private func statistics(in path: String) throws -> [NSDictionary] {
    let text = try String(contentsOfFile: "\(path)/stats.jsonl", encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      var values = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      for name in values.keys where !name.hasPrefix("Loss") && !name.hasPrefix("Progress") {
        values[name] = nil
      }
      return values as NSDictionary
    }
  }

  @Test("a run has the files that people's scripts know")
  func files() throws {
    try withScratchFolder { path in
      let told = Told()
      try train(MeanLearner(), in: path, told)
      #expect(
        try names(in: path) == [
          "fakes000002.png", "fakes000004.png", "fakes000006.png", "fakes000008.png",
          "fakes_init.png", "log.txt", "network-snapshot-000002.safetensors",
          "network-snapshot-000004.safetensors", "network-snapshot-000006.safetensors",
          "network-snapshot-000008.safetensors", "reals.png", "stats.jsonl",
          "training-state-000006.safetensors", "training-state-000008.safetensors",
        ])
      #expect(told.progress == Array(stride(from: 4, through: 8000, by: 4)))
      #expect(told.lines.count == 8)
      let log = try String(contentsOfFile: "\(path)/log.txt", encoding: .utf8)
      #expect(log.split(separator: "\n").map(String.init) == told.lines)
      #expect(RunFolder.networks(in: path).first?.hasSuffix("000008.safetensors") == true)
      let lines = try statistics(in: path)
      #expect(lines.count == 8)
      #expect((lines[2]["Progress/kimg"] as? NSDictionary)?["mean"] as? Double == 3)
      #expect((lines[2]["Loss/mean"] as? NSDictionary)?["num"] as? Int == 1000)
    }
  }

  @Test(
    "a training that stops anywhere goes on from its last state as if it had never stopped",
    arguments: [[0], [1], [499], [500], [501, 502], [777, 1400, 1999], [1, 2, 3, 4, 5]])
  func resume(stops: [Int]) throws {
    try withScratchFolder { path in
      let (whole, parts) = ("\(path)/whole", "\(path)/parts")
      for folder in [whole, parts] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let expected = try train(MeanLearner(), in: whole)
      for stop in stops {
        let learner = MeanLearner()
        learner.beforeStep = { if $0 == stop { throw Stopped() } }
        #expect(throws: Stopped.self) { try train(learner, in: parts) }
      }
      let found = try train(MeanLearner(), in: parts)
      #expect(found.weight.values() == expected.weight.values())
      #expect(try statistics(in: parts) == statistics(in: whole))
      let states = try [whole, parts].map {
        try TrainingState(reading: "\($0)/training-state-000008.safetensors")
      }
      #expect(states[0].generators == states[1].generators)
      #expect(states[0].values.randomStates == states[1].values.randomStates)
      for (name, tensor) in states[0].tensors {
        #expect(try states[1].tensors[name]?.read().values() == tensor.read().values())
      }
    }
  }

  @Test("a cancelled training saves where it is, in the middle of a line, and goes on from there")
  func cancellation() async throws {
    try await withScratchFolder { path in
      let (whole, parts) = ("\(path)/whole", "\(path)/parts")
      for folder in [whole, parts] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let expected = try train(MeanLearner(), in: whole).weight.values()
      let work = Task {
        let learner = MeanLearner()
        learner.beforeStep = { if $0 == 1333 { withUnsafeCurrentTask { $0?.cancel() } } }
        try train(learner, in: parts)
      }
      await #expect(throws: CancellationError.self) { try await work.value }
      let state = try RunFolder.newestState(in: parts) { Issue.record("\($0)") }
      #expect(state.path.hasSuffix("training-state-000005.safetensors"))
      #expect(state.state.values.counters["learner.steps"] == 1334)
      #expect(try names(in: parts).contains("network-snapshot-000005.safetensors"))
      #expect(try train(MeanLearner(), in: parts).weight.values() == expected)
      #expect(try statistics(in: parts) == statistics(in: whole))
    }
  }

  @Test("a training that breaks down keeps its last good state")
  func nonFinite() throws {
    try withScratchFolder { path in
      let learner = MeanLearner()
      let error = TrainingError.nonFiniteLoss(
        phase: .generatorMain, loss: "Loss/mean", iteration: 1100, count: 1, of: 4)
      learner.beforeStep = { if $0 == 1100 { throw error } }
      #expect(throws: error) { try train(learner, in: path) }
      let state = try RunFolder.newestState(in: path) { Issue.record("\($0)") }
      #expect(state.state.values.counters["learner.steps"] == 1000)
    }
  }

  @Test("a damaged state is said to be, and the one before it is used")
  func damage() throws {
    try withScratchFolder { path in
      try train(MeanLearner(), in: path)
      let newest = "\(path)/training-state-000008.safetensors"
      var bytes = try Data(contentsOf: URL(filePath: newest))
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: URL(filePath: newest))
      var remarks: [String] = []
      let found = try RunFolder.newestState(in: path) { remarks.append($0) }
      #expect(found.path.hasSuffix("training-state-000006.safetensors"))
      #expect(remarks.count == 1)
      #expect(remarks.first?.contains("000008.safetensors") == true)
      #expect(remarks.first?.contains("content hash") == true)
      for state in RunFolder.states(in: path) {
        try Data(contentsOf: URL(filePath: state)).prefix(100).write(to: URL(filePath: state))
      }
      #expect {
        try RunFolder.newestState(in: path) { remarks.append($0) }
      } throws: {
        "\($0)".contains("damaged")
      }
    }
  }

  @Test("a longer schedule goes on, a finished one does nothing")
  func longer() throws {
    try withScratchFolder { path in
      try train(MeanLearner(), in: path)
      let before = try names(in: path)
      let done = try train(MeanLearner(), in: path)
      #expect(try names(in: path) == before)
      let longer = Schedule(kimg: 9, kimgPerTick: 1, ticksPerSnapshot: 2)
      let more = try train(MeanLearner(), in: path, schedule: longer)
      #expect(more.weight.values() != done.weight.values())
      #expect(try names(in: path).contains("training-state-000009.safetensors"))
    }
  }

  @Test("what rows of sheets show stands once in the log, before all its lines")
  func sheetRows() throws {
    try withScratchFolder { path in
      let (learner, told) = (MeanLearner(), Told())
      learner.sheetRows = ["cat", "dog"]
      try train(learner, in: path, told)
      #expect(told.lines.count == 9 && told.lines[0] == "rows of the sheets, from above: cat, dog")
      let longer = Schedule(kimg: 9, kimgPerTick: 1, ticksPerSnapshot: 2)
      try train(learner, in: path, told, schedule: longer)
      let log = try String(contentsOfFile: "\(path)/log.txt", encoding: .utf8)
      #expect(log.split(separator: "\n").map(String.init) == told.lines)
      #expect(told.lines.count { $0.hasPrefix("rows") } == 1)
    }
  }

  @Test("snapshots of one kimg have names of their own, and a training goes on by them")
  func exactNames() throws {
    func snapshots(_ schedule: Schedule, then longer: Schedule? = nil) throws -> [String] {
      try withScratchFolder { path in
        try train(MeanLearner(), in: path, schedule: schedule)
        if let longer { try train(MeanLearner(), in: path, schedule: longer) }
        let states = RunFolder.states(in: path).map { URL(filePath: $0).lastPathComponent }
        #expect(states.count == 2)
        let networks = RunFolder.networks(in: path).map { URL(filePath: $0).lastPathComponent }
        #expect(RunFolder.networkName(ofState: states[0]) == networks[0])
        #expect(RunFolder.sampleSheets(in: path).count == networks.count)
        let kimg = networks.compactMap(RunFolder.kimg(ofNetwork:))
        #expect(kimg.count == networks.count && kimg == kimg.sorted(by: >))
        #expect(kimg == RunFolder.sampleSheets(in: path).compactMap(RunFolder.kimg(ofSheet:)))
        return networks.reversed().map {
          String($0.dropFirst("network-snapshot-".count).dropLast(".safetensors".count))
        }
      }
    }
    let often = Schedule(kimg: 1.2, kimgPerTick: 0.2, ticksPerSnapshot: 2)
    #expect(try snapshots(often) == ["000000.400", "000000.800", "000001.200"])
    // The end may fall into the kimg of the last snapshot.
    let each = Schedule(kimg: 2.5, kimgPerTick: 1, ticksPerSnapshot: 1)
    #expect(try snapshots(each) == ["000001", "000002", "000002.500"])
    // An end that was not planned makes room for a later one of the same kimg.
    let longer = Schedule(kimg: 3.2, kimgPerTick: 1, ticksPerSnapshot: 10)
    let end = Schedule(kimg: 3.1, kimgPerTick: 1, ticksPerSnapshot: 10)
    #expect(try snapshots(end, then: longer) == ["000003"])
    #expect(
      try snapshots(often, then: longer)
        == ["000000.400", "000000.800", "000001.200", "000003"])
    #expect(
      try snapshots(Schedule(kimg: 1, kimgPerTick: 1, ticksPerSnapshot: 1), then: often)
        == ["000001", "000001.200"])
  }

  @Test("every network of a snapshot is measured once, and what is found out stands in each log")
  func measurements() throws {
    try withScratchFolder { path in
      var measured: [String] = []
      let told = Told()
      try train(MeanLearner(), in: path, told) { network in
        #expect(FileManager.default.fileExists(atPath: network))
        measured.append(network)
        let precision = measured.count == 1 ? Double.nan : Double(measured.count)
        return [
          MetricResult(
            metric: "pr50k3_full",
            results: ["pr50k3_full_precision": precision, "pr50k3_full_recall": 0.25], seconds: 3)
        ]
      }
      #expect(measured == RunFolder.networks(in: path).reversed())
      let log = try String(contentsOfFile: "\(path)/metric-pr50k3_full.jsonl", encoding: .utf8)
      let lines = try log.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(
        lines.compactMap { $0["snapshot_pkl"] as? String }
          == measured.map { URL(filePath: $0).lastPathComponent })
      let results = try lines.map { try #require($0["results"] as? [String: Any]) }
      #expect(results[0]["pr50k3_full_precision"] as? String == "nan")
      #expect(results[3]["pr50k3_full_precision"] as? Double == 4)
      #expect(lines[3]["metric"] as? String == "pr50k3_full")
      #expect(lines[3]["total_time"] as? Double == 3)
      let line = "pr50k3_full_precision 4.0000  pr50k3_full_recall 0.2500"
      #expect(told.lines.last == line)
      let text = try String(contentsOfFile: "\(path)/log.txt", encoding: .utf8)
      #expect(text.hasSuffix("\(line)\n"))
      let names = try FileManager.default.contentsOfDirectory(atPath: path)
      let events = try #require(names.first { $0.hasPrefix("events.out.tfevents.") })
      let shown = try Self.events(Data(contentsOf: URL(filePath: "\(path)/\(events)")))
        .filter { event in
          event.summary.value.contains { $0.tag == "Metrics/pr50k3_full_recall" }
        }
      #expect(shown.map(\.step) == [2, 4, 6, 8])
    }
  }

  @Test("a metric that fails loses nothing, and a training that is stopped does not wait for any")
  func failingMeasurement() async throws {
    try await withScratchFolder { path in
      #expect(throws: Stopped.self) {
        try train(MeanLearner(), in: path) { _ in throw Stopped() }
      }
      #expect(RunFolder.states(in: path).first?.hasSuffix("000002.safetensors") == true)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        var count = 0
        #expect(throws: CancellationError.self) {
          try train(MeanLearner(), in: path) { _ in
            count += 1
            return []
          }
        }
        return count
      }
      #expect(await task.value == 0)
    }
  }

  @Test("what a snapshot lacks after a full disk or an interruption is made on going on")
  func incomplete() throws {
    try withScratchFolder { path in
      // The state of the last snapshot is there, its network could not be written.
      let learner = MeanLearner()
      learner.beforeNetwork = { if $0 == 8 { throw Stopped() } }
      #expect(throws: Stopped.self) { try train(learner, in: path) }
      let last = "\(path)/network-snapshot-000008.safetensors"
      #expect(RunFolder.states(in: path).first?.hasSuffix("000008.safetensors") == true)
      #expect(!FileManager.default.fileExists(atPath: last))
      let (whole, state) = ("\(path)/whole", try RunFolder.newestState(in: path) { _ in }.state)
      #expect(!TrainingEngine.isSnapshotComplete(of: state, in: path, isMeasured: false))
      try train(MeanLearner(), in: path)
      #expect(TrainingEngine.isSnapshotComplete(of: state, in: path, isMeasured: false))
      try FileManager.default.createDirectory(atPath: whole, withIntermediateDirectories: true)
      try train(MeanLearner(), in: whole)
      let files = [path, whole].map { "\($0)/network-snapshot-000008.safetensors" }
      #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
      #expect(try names(in: path).contains("fakes000008.png"))
      // Its measurement was interrupted, then made, and is not made twice.
      var measured: [String] = []
      for fails in [true, false, false] {
        let work = { () throws -> Void in
          try train(MeanLearner(), in: path) { network in
            guard !fails else { throw Stopped() }
            measured.append(network)
            return [MetricResult(metric: "is1k", results: ["is1k": 2], seconds: 1)]
          }
        }
        if fails { #expect(throws: Stopped.self) { try work() } } else { try work() }
      }
      #expect(measured == [last])
    }
  }

  @Test("TensorBoard's file has a start at the place of going on, and every number with right sums")
  func events() throws {
    try withScratchFolder { path in
      let learner = MeanLearner()
      learner.beforeStep = { if $0 == 1333 { throw Stopped() } }
      #expect(throws: Stopped.self) { try train(learner, in: path) }
      try train(MeanLearner(), in: path)
      let files = try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { $0.hasPrefix("events.out.tfevents.") }
      var starts: [Int64] = []
      var steps: [Int64] = []
      for file in files {
        let events = try Self.events(Data(contentsOf: URL(filePath: "\(path)/\(file)")))
        #expect(events.first?.fileVersion == "brain.Event:2")
        for event in events {
          if event.sessionLog.status == .start { starts.append(event.step) }
          guard !event.summary.value.isEmpty else { continue }
          steps.append(event.step)
          #expect(event.summary.value.contains { $0.tag == "Loss/mean" && $0.simpleValue != 0 })
        }
      }
      #expect(starts.sorted() == [0, 4])
      #expect(steps.sorted() == [1, 2, 3, 4, 5, 5, 6, 7, 8])
    }
  }

  /// The events of a file, whose check sums are computed another way than when they were written.
  private static func events(_ file: Data) throws -> [Tensorboard_Event] {
    let table: [UInt32] = (0..<256).map { byte in
      var entry = UInt32(byte)
      for _ in 0..<8 { entry = entry & 1 == 1 ? (entry >> 1) ^ 0x82F6_3B78 : entry >> 1 }
      return entry
    }
    func checksum(_ bytes: Data) -> UInt32 {
      var crc = UInt32.max
      for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 255)] ^ (crc >> 8) }
      crc = ~crc
      return ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
    }
    func number(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var events: [Tensorboard_Event] = []
    var rest = file
    while !rest.isEmpty {
      let length = rest.prefix(8)
      #expect(number(rest.dropFirst(8).prefix(4)) == UInt64(checksum(length)))
      let message = rest.dropFirst(12).prefix(Int(number(length)))
      rest = rest.dropFirst(12 + message.count)
      #expect(number(rest.prefix(4)) == UInt64(checksum(message)))
      rest = rest.dropFirst(4)
      events.append(try Tensorboard_Event(serializedBytes: message))
    }
    return events
  }
}

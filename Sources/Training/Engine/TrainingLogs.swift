// The logs of a training: lines for people, lines of JSON for programs, and events for TensorBoard.

import Formats
import Foundation
import OrderedCollections

/// The logs of a training.
final class TrainingLogs {
  private let folder: RunFolder
  private let text: AppendedFile
  private let statistics: AppendedFile
  private let events: EventFile

  /// Opens the logs; of the one for programs only what the state knows is kept, so that no step
  /// stands in it twice.
  init(in folder: RunFolder, keeping counters: Counters) throws(FileError) {
    self.folder = folder
    text = try AppendedFile(folder.file(RunFolder.logName))
    statistics = try AppendedFile(
      folder.file(RunFolder.statisticsName), keeping: counters.logBytes)
    events = try EventFile(in: folder, at: counters.images / 1000)
  }

  /// The length of the log for programs.
  func statisticsSize() throws -> Int { try statistics.size() }

  /// Writes one line to each log.
  func write(_ line: TickLine, _ measured: Statistics) throws {
    var all = measured
    for (name, value) in line.numbers { all.add([value], to: name) }
    try text.append(Array("\(line)\n".utf8))
    try statistics.append(try JSONLine(all, at: Date()).bytes)
    try events.write(
      all.byName.map { (name: $0.key, value: $0.value.mean) }, at: line.images / 1000)
  }

  /// Writes a line for people.
  func write(_ line: String) throws { try text.append(Array("\(line)\n".utf8)) }

  /// Writes what a metric found out about a network to each log, that of the metric among them.
  func write(_ found: MetricResult, of network: String, at kimg: Int) throws {
    try found.log(in: folder.path, network: network)
    try text.append(Array("\(found.description)\n".utf8))
    try events.write(
      found.results.map { (name: "Metrics/\($0.key)", value: $0.value) }, at: kimg)
  }
}

/// A line of `stats.jsonl`: for each name the count, mean and deviation, and the time.
private struct JSONLine: Encodable {
  private let statistics: Statistics
  private let time: Date

  init(_ statistics: Statistics, at time: Date) {
    (self.statistics, self.time) = (statistics, time)
  }

  var bytes: [UInt8] {
    get throws {
      Array(try JSONEncoder.ofLogs.encode(self)) + [UInt8(ascii: "\n")]
    }
  }

  private struct Value: Encodable {
    let num: Int
    let mean: Double
    let std: Double
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, statistic) in statistics.byName {
      let value = Value(num: statistic.num, mean: statistic.mean, std: statistic.std)
      try container.encode(value, forKey: Name(name))
    }
    try container.encode(time.timeIntervalSince1970, forKey: Name("timestamp"))
  }
}

/// A line of the log as people see it while a training runs.
public struct LogLine: Sendable, CustomStringConvertible {
  /// The line.
  public let description: String
  /// What a table shows of it: a column's name and what stands in it; empty for lines that are no row
  /// of a table.
  public let cells: [(name: String, text: String)]

  init(_ description: String, cells: [(name: String, text: String)] = []) {
    (self.description, self.cells) = (description, cells)
  }
}

/// A line of the log for people, as the published programs print it.
struct TickLine: CustomStringConvertible {
  let tick: Int
  let images: Int
  let tickImages: Int
  let tickSeconds: Double
  let totalSeconds: Double
  /// Images until the training ends.
  let imagesLeft: Int
  /// Images until the next snapshot.
  let imagesToSnapshot: Int
  /// Means of what was measured, and numbers as they are.
  let shown: [CurrentNumber]
  private let memory = residentGigabytes()

  init(
    tick: Int, images: Int, tickImages: Int, tickSeconds: Double, totalSeconds: Double,
    imagesLeft: Int, imagesToSnapshot: Int, shown: [CurrentNumber]
  ) {
    (self.tick, self.images, self.tickImages) = (tick, images, tickImages)
    (self.tickSeconds, self.totalSeconds, self.shown) = (tickSeconds, totalSeconds, shown)
    self.imagesLeft = max(imagesLeft, 0)
    self.imagesToSnapshot = min(imagesToSnapshot, self.imagesLeft)
  }

  private var secondsPerKimg: Double {
    tickImages > 0 ? tickSeconds / Double(tickImages) * 1000 : 0
  }

  /// What programs get of it, by the published names.
  var numbers: [(String, Double)] {
    [
      ("Progress/tick", Double(tick)), ("Progress/kimg", Double(images) / 1000),
      ("Timing/total_sec", totalSeconds), ("Timing/sec_per_tick", tickSeconds),
      ("Timing/sec_per_kimg", secondsPerKimg), ("Resources/cpu_mem_gb", memory),
    ]
  }

  private var kimg: String {
    String(format: tickImages < 1000 ? "%.3f" : "%.1f", Double(images) / 1000)
  }

  /// What stands in a row of a table.
  var cells: [(name: String, text: String)] {
    [
      ("tick", "\(tick)"), ("kimg", kimg), ("time", clockText(totalSeconds)),
      ("left", estimate(imagesLeft)), ("s/kimg", String(format: "%.1f", secondsPerKimg)),
      ("GiB", String(format: "%.2f", memory)),
    ] + shown.map { ($0.word, $0.text) }
  }

  var description: String {
    let left =
      "left \(estimate(imagesLeft)) (\(estimate(imagesToSnapshot)) to the next snapshot)"
    let words = [
      "tick \(tick)", "kimg \(kimg)", "time \(clockText(totalSeconds))",
      imagesLeft > 0 ? left : nil, String(format: "sec/tick %.1f", tickSeconds),
      String(format: "sec/kimg %.2f", secondsPerKimg), String(format: "cpumem %.2f", memory),
    ]
    let numbers = shown.map { "\($0.word) \($0.text)" }
    return (words.compactMap(\.self) + numbers).joined(separator: "  ")
  }

  /// How long images take at the rate of this tick.
  private func estimate(_ images: Int) -> String {
    clockText(secondsPerKimg * Double(images) / 1000)
  }
}

private func clockText(_ seconds: Double) -> String {
  let whole = Int(min(seconds.rounded(), 1e9))
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
}

/// The memory that the process holds, in 2^30 bytes; 0 where the system does not say.
private func residentGigabytes() -> Double {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
    let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
  else { return 0 }
  return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(1 << 30)
}

/// How long a training has run, over all its parts.
struct TrainingClock {
  private let before: Double
  private let start = ContinuousClock.now
  private var tickStart = ContinuousClock.now
  /// Seconds that the tick took in an earlier part of the training.
  private var tickBefore: Double

  /// A clock that starts now, after `seconds` of training in earlier parts, of which the tick took
  /// the last.
  init(trained seconds: Double = 0, inTick tickSeconds: Double = 0) {
    (before, tickBefore) = (seconds, tickSeconds)
  }

  /// Seconds of training.
  var trained: Double { before + (.now - start) / .seconds(1) }

  /// Seconds of training since the last tick.
  var inTick: Double { tickBefore + (.now - tickStart) / .seconds(1) }

  /// Ends a tick: seconds of training since the last one.
  mutating func tick() -> Double {
    defer { skip() }
    return inTick
  }

  /// Begins a tick now, so that what was not training since the last one does not count for it.
  mutating func skip() { (tickStart, tickBefore) = (.now, 0) }
}

// The loop of every training: steps, lines of the log, snapshots, and going on where one stopped.

public import Checkpoints
import Datasets
import Formats
import Foundation
import OrderedCollections

/// Runs a training in its folder, and saves it so that nothing but the time since the last snapshot
/// can be lost.
///
/// The engine does not know what is trained. It counts images, writes what the steps measure, and
/// makes snapshots: the state first, then the network and a sheet of pictures. Every file appears
/// under its name when it is whole; the state is all that going on needs. What is measured of a
/// network is a closure's affair, and happens when the snapshot is safe.
public final class TrainingEngine {
  /// What a training tells while it runs.
  public enum Event: Sendable {
    /// Images seen, after every step; the last may go beyond the total, and counts up to it.
    case progress(done: Int, total: Int)
    /// A line of the log.
    case line(LogLine)
    /// A file of a snapshot is there.
    case saved(String)
    /// Something that whoever runs the training should know.
    case remark(String)
  }

  private let trainable: any Trainable
  private let folder: RunFolder
  private let schedule: Schedule
  private let options: String
  private let measure: ((_ network: String) throws -> [MetricResult])?
  private let tell: (Event) -> Void

  private var counters = Counters()
  private var statistics = Statistics()
  private var logs: TrainingLogs?
  private var clock = TrainingClock()

  /// An engine that starts at the first image.
  ///
  /// - Parameters:
  ///   - trainable: What is trained.
  ///   - folder: The folder of the run.
  ///   - schedule: When to write, save and end.
  ///   - options: The options of the training as canonical JSON; a state remembers them.
  ///   - measure: Measures the network in a file, of which there is one for every snapshot; nil if
  ///     nothing is measured.
  ///   - tell: Is told what happens.
  public init(
    _ trainable: any Trainable, in folder: RunFolder, schedule: Schedule, options: String,
    measure: ((_ network: String) throws -> [MetricResult])? = nil,
    tell: @escaping (Event) -> Void
  ) {
    (self.trainable, self.folder, self.schedule) = (trainable, folder, schedule)
    (self.options, self.measure, self.tell) = (options, measure, tell)
  }

  /// Thousands of images seen.
  public var kimg: Double { Double(counters.images) / 1000 }

  /// Whether there is a state to go on from.
  public var hasBegun: Bool { !RunFolder.states(in: folder.path).isEmpty }

  /// Images seen when a state was saved.
  ///
  /// - Parameter state: A state that an engine saved.
  /// - Returns: The count.
  public static func images(of state: TrainingState) -> Int { Counters(state.values).images }

  /// The schedule that a training followed when a state was saved.
  ///
  /// - Parameter state: A state that an engine saved.
  /// - Returns: The schedule; nil for states from before they kept it.
  public static func schedule(of state: TrainingState) -> Schedule? { Schedule(state.values) }

  /// Goes on from a state.
  ///
  /// - Parameter state: A state that an engine saved.
  /// - Throws: An error if it is not the state of such a training; nothing is changed then.
  public func restore(from state: TrainingState) throws {
    let (counters, statistics) = (Counters(state.values), Statistics(state.values))
    try trainable.restore(from: state)
    (self.counters, self.statistics) = (counters, statistics)
    clock = TrainingClock(
      trained: state.values.numbers[Key.seconds] ?? 0,
      inTick: state.values.numbers[Key.tickSeconds] ?? 0)
    for difference in state.differences() {
      tell(.remark("\(difference); the last bits will differ from an uninterrupted training"))
    }
  }

  /// Trains until the schedule ends, or the task is cancelled.
  ///
  /// - Throws: `CancellationError` or `DatasetError` after saving; `TrainingError` or an error about
  ///   files without: the last snapshot is then what is left.
  public func run() throws {
    let isComplete = Self.isSnapshotComplete(counters, in: folder.path, isMeasured: measure != nil)
    guard counters.images < schedule.images || !isComplete else { return }
    logs = try TrainingLogs(in: folder, keeping: counters)
    if counters.steps == 0 { try begin() }
    if !isComplete, !Task.isCancelled { try completeSnapshot() }
    while counters.images < schedule.images {
      guard !Task.isCancelled else {
        _ = try snapshot()
        throw CancellationError()
      }
      try step()
      counters.steps += 1
      tell(.progress(done: min(counters.images, schedule.images), total: schedule.images))
      let isDone = counters.images >= schedule.images
      if isDone || counters.images >= counters.tickStart + schedule.imagesPerTick {
        try endTick()
        let isPlanned = counters.ticks % schedule.ticksPerSnapshot == 0
        if isDone || isPlanned {
          try measure(network: snapshot(isPlanned: isPlanned))
          clock.skip()
        }
      }
    }
  }

  /// Takes a step; if its data cannot be used, saves what was learned before.
  private func step() throws {
    do {
      counters.images += try trainable.step(imagesSeen: counters.images, &statistics)
    } catch let error as DatasetError {
      _ = try snapshot()
      throw error
    }
  }

  /// Shows what there is before the first step, and makes the state that even a training which is
  /// killed at once goes on from.
  private func begin() throws {
    if let sheet = try trainable.dataSheet() { try write(sheet, RunFolder.dataSheetName) }
    if let sheet = try trainable.sampleSheet() { try write(sheet, RunFolder.firstSampleSheetName) }
    let rows = trainable.sheetRows
    if !rows.isEmpty {
      let line = "rows of the sheets, from above: \(rows.joined(separator: ", "))"
      try logs?.write(line)
      tell(.line(LogLine(line)))
    }
    try saveState()
  }

  private func write(_ sheet: ByteImage, _ name: String) throws {
    try sheet.write(to: folder.file(name))
    tell(.saved(folder.file(name)))
  }

  // MARK: Ticks and snapshots

  private func endTick() throws {
    let seconds = clock.tick()
    let images = counters.images - counters.tickStart
    let ticksLeft = schedule.ticksPerSnapshot - (counters.ticks + 1) % schedule.ticksPerSnapshot
    let means = trainable.shownStatistics.compactMap { shown in
      statistics.byName[shown.name].map {
        CurrentNumber(shown.word, shown.name, $0.mean, digits: 3)
      }
    }
    let current = trainable.currentNumbers
    for number in current { statistics.add([number.value], to: number.name) }
    let line = TickLine(
      tick: counters.ticks, images: counters.images, tickImages: images, tickSeconds: seconds,
      totalSeconds: clock.trained, imagesLeft: schedule.images - counters.images,
      imagesToSnapshot: ticksLeft * schedule.imagesPerTick,
      shown: means + current)
    try logs?.write(line, statistics)
    tell(.line(LogLine(line.description, cells: line.cells)))
    statistics = Statistics()
    counters.ticks += 1
    counters.tickStart = counters.images
  }

  /// Saves the state, then the network and a sheet, and returns the path of the network.
  private func snapshot(isPlanned: Bool = false) throws -> String {
    counters.nameSnapshot(by: schedule, isPlanned: isPlanned)
    try saveState()
    return try writeNetwork()
  }

  /// Whether the snapshot of a state has all that belongs to it: a full disk or an interruption may
  /// have left it without its network, or without what is measured of it.
  ///
  /// - Parameters:
  ///   - state: A state that an engine saved.
  ///   - folder: The folder of the run.
  ///   - isMeasured: Whether networks of snapshots are measured.
  /// - Returns: Whether going on would add nothing to the snapshot.
  public static func isSnapshotComplete(
    of state: TrainingState, in folder: String, isMeasured: Bool
  ) -> Bool {
    isSnapshotComplete(Counters(state.values), in: folder, isMeasured: isMeasured)
  }

  private static func isSnapshotComplete(
    _ counters: Counters, in folder: String, isMeasured: Bool
  ) -> Bool {
    guard counters.steps > 0 else { return true }
    let network = RunFolder.networkName(stamp: counters.stamp)
    guard FileManager.default.fileExists(atPath: "\(folder)/\(network)") else { return false }
    // A training that was stopped between two lines of its log does not wait for any measurement.
    let isPlanned = counters.images == counters.tickStart
    return !isMeasured || !isPlanned || RunFolder.isMeasured(network, in: folder)
  }

  /// Makes what the last snapshot should have and has not.
  private func completeSnapshot() throws {
    let network = try writeNetwork()
    if counters.images == counters.tickStart { try measure(network: network) }
    clock.skip()
  }

  private func writeNetwork() throws -> String {
    let network = folder.file(RunFolder.networkName(stamp: counters.stamp))
    try trainable.writeNetwork(to: network, kimg: self.kimg)
    tell(.saved(network))
    if let sheet = try trainable.sampleSheet() {
      try write(sheet, RunFolder.sampleSheetName(stamp: counters.stamp))
    }
    folder.removeStates(keeping: schedule.keptStates)
    return network
  }

  private func measure(network: String) throws {
    for found in try measure?(network) ?? [] {
      try logs?.write(
        found, of: URL(filePath: network).lastPathComponent, at: counters.images / 1000)
      tell(.line(LogLine(found.description)))
    }
  }

  private func saveState() throws {
    var state = TrainingState()
    try trainable.save(into: &state)
    counters.logBytes = try logs?.statisticsSize() ?? 0
    counters.save(into: &state.values)
    schedule.save(into: &state.values)
    statistics.save(into: &state.values)
    state.values.numbers[Key.seconds] = clock.trained
    state.values.numbers[Key.tickSeconds] = clock.inTick
    state.values.options = options
    let path = folder.file(TrainingState.fileName(stamp: counters.stamp))
    try state.write(to: path)
    tell(.saved(path))
  }
}

/// Names in a state that belong to the engine.
private enum Key {
  static let seconds = "engine.seconds"
  static let tickSeconds = "engine.tick_seconds"
  static let statistics = "statistics."
}

// MARK: - Counters

/// What the engine counts.
struct Counters: Hashable {
  /// Images of all steps.
  var images = 0
  /// Steps.
  var steps = 0
  /// Lines of the log.
  var ticks = 0
  /// Images at the last line of the log.
  var tickStart = 0
  /// The length of the log for programs.
  var logBytes = 0
  /// Images at the last snapshot that the schedule had planned.
  var plannedImages = 0
  /// Whether the files of the last snapshot have the images in their names, and not only kimg.
  var hasExactName = false

  init() {}

  init(_ values: TrainingState.Values) {
    func count(_ name: String) -> Int { max(values.counters["engine.\(name)"] ?? 0, 0) }
    (images, steps, ticks) = (count("images"), count("steps"), count("ticks"))
    (tickStart, logBytes) = (count("tick_start"), count("log_bytes"))
    (plannedImages, hasExactName) = (count("planned_images"), count("exact_name") == 1)
  }

  /// How the names of the last snapshot's files say when it was.
  var stamp: String { RunFolder.stamp(images: images, isExact: hasExactName) }

  /// Decides how the files of a snapshot are called: by whole kimg, as published, unless another of
  /// the same kimg is planned, or was.
  mutating func nameSnapshot(by schedule: Schedule, isPlanned: Bool) {
    // One that is made again keeps its name.
    guard plannedImages == 0 || plannedImages != images else { return }
    hasExactName =
      schedule.imagesPerSnapshot < 1000
      || plannedImages > 0 && plannedImages / 1000 == images / 1000
    if isPlanned { plannedImages = images }
  }

  func save(into values: inout TrainingState.Values) {
    let all = [
      ("images", images), ("steps", steps), ("ticks", ticks), ("tick_start", tickStart),
      ("log_bytes", logBytes), ("planned_images", plannedImages),
      ("exact_name", hasExactName ? 1 : 0),
    ]
    for (name, count) in all { values.counters["engine.\(name)"] = count }
  }
}

extension Schedule {
  private enum Key {
    static let kimg = "schedule.kimg"
    static let tick = "schedule.tick"
    static let snap = "schedule.snap"
    static let keptStates = "schedule.kept_states"
  }

  fileprivate init?(_ values: TrainingState.Values) {
    guard let kimg = values.numbers[Key.kimg], let tick = values.numbers[Key.tick],
      let snap = values.counters[Key.snap], let kept = values.counters[Key.keptStates]
    else { return nil }
    self.init(kimg: kimg, kimgPerTick: tick, ticksPerSnapshot: snap, keptStates: kept)
  }

  fileprivate func save(into values: inout TrainingState.Values) {
    (values.numbers[Key.kimg], values.numbers[Key.tick]) = (kimg, kimgPerTick)
    (values.counters[Key.snap], values.counters[Key.keptStates]) = (ticksPerSnapshot, keptStates)
  }
}

extension Statistics {
  fileprivate init(_ values: TrainingState.Values) {
    self.init()
    for (key, count) in values.numbers.sorted(by: { $0.key < $1.key }) {
      guard key.hasPrefix(Key.statistics), key.hasSuffix(".num"), let num = Int(exactly: count)
      else { continue }
      let stem = String(key.dropLast(".num".count))
      byName[String(stem.dropFirst(Key.statistics.count))] = RunningStatistic(
        num: num, sum: values.numbers["\(stem).sum"] ?? 0,
        sumOfSquares: values.numbers["\(stem).sum_of_squares"] ?? 0)
    }
  }

  fileprivate func save(into values: inout TrainingState.Values) {
    for (name, statistic) in byName {
      let stem = Key.statistics + name
      values.numbers["\(stem).num"] = Double(statistic.num)
      values.numbers["\(stem).sum"] = statistic.sum
      values.numbers["\(stem).sum_of_squares"] = statistic.sumOfSquares
    }
  }
}

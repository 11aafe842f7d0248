// What every kind of training is asked for: data, a schedule, and what the kind itself brings.

import Datasets
import Formats
import Networks
import Training

/// When a training should write, save and end; nil for what was not said.
public struct ScheduleRequest: Sendable {
  /// Thousands of images after which the training ends.
  public var kimg: Double?
  /// Thousands of images between two lines of the log.
  public var kimgPerTick: Double?
  /// Lines of the log between two snapshots.
  public var ticksPerSnapshot: Int?

  /// Nothing was said.
  public init() {}

  /// Checks every value by itself.
  func check() throws(RequestError) {
    try checkRanges(counts: [("--snap", ticksPerSnapshot, 1...1_000_000)])
    try checkRanges(numbers: [
      ("--kimg", kimg, 0.001...1e9, "0.001 to 1,000,000,000"),
      ("--tick", kimgPerTick, 0.001...1e6, "0.001 to 1,000,000 kimg"),
    ])
  }

  /// The schedule that follows.
  ///
  /// - Parameters:
  ///   - before: What was asked when the training began; nil for a new one.
  ///   - usual: Thousands of images after which such a training ends.
  /// - Returns: The schedule.
  /// - Throws: `ConfigurationError` if a number does not fit.
  func schedule(before: Schedule?, usual: Double) throws -> Schedule {
    var schedule = before ?? Schedule(kimg: usual)
    if let kimg { schedule.kimg = kimg }
    if let kimgPerTick { schedule.kimgPerTick = kimgPerTick }
    if let ticksPerSnapshot { schedule.ticksPerSnapshot = ticksPerSnapshot }
    try schedule.validate()
    return schedule
  }
}

/// A kind of training: what was asked for, and what follows for a new one or one that goes on.
protocol TrainingRequest: Sendable {
  /// Everything that decides what is learned.
  associatedtype Options: RunOptions

  /// When to write, save and end.
  var schedule: ScheduleRequest { get }
  /// Threads that one operation may use.
  var threads: Int? { get }

  /// Whether the network of every snapshot is measured.
  var measuresSnapshots: Bool { get }

  /// Checks every value by itself.
  ///
  /// - Throws: `RequestError` that names the first option whose value cannot be.
  func check() throws(RequestError)

  /// The options and the data of a new training.
  ///
  /// - Parameter remark: Is told what people should know of the data.
  /// - Returns: The options, all filled in, and the pictures.
  /// - Throws: `RequestError`, `ConfigurationError`, or `DatasetError` about the data.
  func begin(remark: (String) -> Void) throws -> (options: Options, dataset: any Dataset)

  /// Checks that what was asked for is what a training has.
  ///
  /// - Parameter options: What its state says.
  /// - Throws: `RequestError` for values that cannot be; `ConfigurationError` that names all that
  ///   differ.
  func check(against options: Options) throws

  /// The options of a training that goes on, with what may be asked for differently.
  ///
  /// - Parameter options: What its state says, which `check(against:)` accepts.
  /// - Returns: The options from now on.
  func continuing(_ options: Options) -> Options

  /// The data of a training that goes on.
  ///
  /// - Parameter options: What its state says.
  /// - Returns: The pictures.
  /// - Throws: `ConfigurationError` if it is not what the training had; an error about the data.
  func openData(of options: Options) throws -> any Dataset

  /// Thousands of images after which such a training ends.
  func usualKimg(_ options: Options) throws -> Double

  /// Checks what can be known before hours have been trained: other files that the training needs.
  ///
  /// - Parameters:
  ///   - options: Everything that decides what is learned.
  ///   - isNew: Whether the training starts at the first image.
  /// - Throws: An error about files, or about options that name them.
  func checkFiles(_ options: Options, isNew: Bool) throws

  /// What learns.
  ///
  /// - Parameters:
  ///   - options: Everything that decides what is learned.
  ///   - dataset: The pictures.
  ///   - isNew: Whether the training starts at the first image.
  ///   - remark: Is told what people should know.
  /// - Returns: The training, at its first image.
  /// - Throws: `ConfigurationError` if values do not fit; an error about files.
  func makeTraining(
    _ options: Options, on dataset: any Dataset, isNew: Bool, remark: (String) -> Void
  ) throws -> any Trainable

  /// What measures the network in a file at every snapshot; nil for nothing.
  ///
  /// - Parameters:
  ///   - options: Everything that decides what is learned.
  ///   - dataset: The pictures.
  ///   - tell: Is told what happens.
  /// - Returns: What measures.
  func measuring(
    _ options: Options, on dataset: any Dataset, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])?

  /// What a plan says of the options, a line for each part.
  ///
  /// - Parameters:
  ///   - options: Everything that decides what is learned.
  ///   - schedule: When to write, save and end.
  /// - Returns: The lines.
  /// - Throws: `ConfigurationError` if values do not fit.
  func lines(_ options: Options, _ schedule: Schedule) throws -> [String]

  /// What the training takes on this machine; nil if nothing is known of it.
  func estimate(_ options: Options) throws -> TrainingEstimate?
}

extension TrainingRequest {
  /// What is trained, as people type it.
  static var kind: String { Options.kind }

  /// Nothing may be asked for differently.
  func continuing(_ options: Options) -> Options { options }

  /// Nothing is known.
  func estimate(_ options: Options) throws -> TrainingEstimate? { nil }
}

/// Checks that counts lie in their ranges.
///
/// - Parameter counts: The options, what was said, and what may be.
/// - Throws: `RequestError` that names the first option whose value cannot be.
func checkRanges(
  counts: [(option: String, value: Int?, range: ClosedRange<Int>)]
) throws(RequestError) {
  for (option, value, range) in counts {
    guard let value, !range.contains(value) else { continue }
    throw RequestError(
      option, expected: "\(range.lowerBound) to \(grouped(range.upperBound))", found: "\(value)")
  }
}

/// Checks that numbers lie in their ranges.
///
/// - Parameter numbers: The options, what was said, what may be, and that in words.
/// - Throws: `RequestError` that names the first option whose value cannot be.
func checkRanges(
  numbers: [(option: String, value: Double?, range: ClosedRange<Double>, words: String)]
) throws(RequestError) {
  for (option, value, range, words) in numbers {
    guard let value, !range.contains(value) else { continue }
    throw RequestError(option, expected: words, found: "\(value)")
  }
}

/// Checks that every resolution of a network has features.
///
/// - Parameters:
///   - channelBase: What `--cbase` says, if anything.
///   - resolution: The pictures' width and height.
/// - Throws: `RequestError` if a resolution has none.
func checkChannelBase(_ channelBase: Int?, resolution: Int) throws(RequestError) {
  guard let channelBase, channelBase < resolution else { return }
  throw RequestError(
    "--cbase", expected: "at least the resolution, \(resolution)", found: "\(channelBase)")
}

/// Checks that pictures have no opacity, which classifiers do not see.
///
/// - Parameters:
///   - base: The pictures.
///   - source: Where they are.
/// - Throws: `RequestError` if they have.
func checkIsOpaque(_ base: any Dataset, _ source: String) throws(RequestError) {
  guard ![1, 3].contains(base.shape.channels) else { return }
  throw RequestError(
    "--data", expected: "grey or RGB pictures",
    found: "\(source), with \(base.shape.channels) channels "
      + "(`stylist dataset create --to-rgb` takes opacity away)")
}

/// What was asked for and is not so in a training.
///
/// - Parameters:
///   - option: The option's name.
///   - asked: What was asked for; nil for nothing.
///   - found: What the training has.
///   - text: The value as people type it.
/// - Returns: A line; nil if there is no difference.
func difference<Value>(
  _ option: String, _ asked: Value?, _ found: Value?, _ text: (Value) -> String = { "\($0)" }
) -> String? {
  guard let asked else { return nil }
  let (wanted, had) = (text(asked), found.map(text) ?? "none")
  return wanted == had ? nil : "--\(option): has \(had), asked for \(wanted)"
}

/// Refuses to go on with a training otherwise than it began.
///
/// - Parameters:
///   - differences: What was asked for and is not so, a line each.
///   - remedy: What else to do, in brackets; empty for nothing.
/// - Throws: `ConfigurationError` if there are any.
func refuse(_ differences: [String?], remedy: String = "") throws(ConfigurationError) {
  let all = differences.compactMap(\.self)
  guard !all.isEmpty else { return }
  throw ConfigurationError(
    "--resume goes on with the options that the training has; " + all.joined(separator: "; ")
      + remedy)
}

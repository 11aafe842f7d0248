// Training a generator against a discriminator in a run folder, from the start or from a state.

import Checkpoints
import Datasets
public import Formats
import Foundation
import Layers
import Networks
import Tensors
import Training

/// What a training tells while it runs.
public enum TrainingEvent: Sendable {
  /// Images seen, after every step.
  case progress(JobProgress)
  /// A line of the log.
  case line(String)
  /// A file is there.
  case saved(String)
  /// Something that whoever runs the training should know.
  case remark(String)
}

/// Trains a generator against a discriminator.
public struct TrainGANJob: Sendable {
  /// Where the training starts.
  public enum Start: Sendable {
    /// At the first image, in a new folder of `outdir`.
    case new(outdir: String)
    /// Where the newest whole state of a folder is.
    case resume(folder: String)
  }

  /// How a training ended.
  public struct Outcome: Encodable, Sendable {
    /// The folder of the run.
    public let folder: String
    /// Thousands of images seen.
    public let kimg: Double
    /// Whether there was anything left to train.
    public let hasTrained: Bool
    /// The newest network.
    public let network: String?
    /// The newest sheet of what it draws.
    public let sheet: String?
    /// The newest state.
    public let state: String?

    init(of folder: String, kimg: Double, hasTrained: Bool) {
      (self.folder, self.kimg, self.hasTrained) = (folder, kimg, hasTrained)
      network = RunFolder.networks(in: folder).first
      sheet = RunFolder.sampleSheets(in: folder).first
      state = RunFolder.states(in: folder).first
    }

    /// The files as lines for people.
    public var lines: [String] { [folder] + [network, sheet, state].compactMap(\.self) }
  }

  private let request: TrainGANRequest
  private let start: Start
  private let command: String
  /// What is measured of every snapshot, against the data of the training unless another is named;
  /// nil for nothing.
  public var metrics: MetricsGeneratorJob?

  /// A training.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainGANRequest, _ start: Start, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// The newest run in a folder of runs that can go on.
  ///
  /// - Parameter outdir: The folder of all runs.
  /// - Returns: Its folder.
  /// - Throws: `FileError` if there is none.
  public static func latestRun(in outdir: String) throws(FileError) -> String {
    let runs = RunFolder.runs(in: outdir)
    guard let last = runs.last(where: { !RunFolder.states(in: $0.path).isEmpty }) else {
      throw FileError(
        .missing, file: outdir, expected: "a folder with runs such as 00000-… that have a state",
        found: runs.isEmpty ? "none" : "\(counted(runs.count, "run")) without any")
    }
    return last.path
  }

  /// What would be done, with nothing made.
  ///
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options, data and files.
  public func plan() throws -> TrainGANPlan {
    switch start {
    case .new(let outdir):
      let (options, _) = try request.begin()
      try checkMetrics(of: options)
      if let file = options.initFrom {
        try GANTraining.checkStart(from: ShippedModels.file(file), of: options)
      }
      try OutputFolder.check(outdir)
      return try TrainGANPlan(
        folder: RunFolder.nextPath(in: outdir, description: options.folderName()),
        options: options, schedule: request.schedule(for: options, before: nil), kimg: 0)
    case .resume(let folder):
      try RunFolder.check(folder)
      let going = try goingOn(in: folder) { _ in }
      if !going.isFinished { _ = try request.openData(of: going.options) }
      try checkMetrics(of: going.options)
      return try TrainGANPlan(
        folder: folder, options: going.options, schedule: going.schedule, kimg: going.kimg)
    }
  }

  /// Trains until the schedule ends.
  ///
  /// - Parameter tell: Is told what happens.
  /// - Returns: Where everything is.
  /// - Throws: `CancellationError` after saving; an error about options, data or files.
  public func run(_ tell: @escaping @Sendable (TrainingEvent) -> Void) async throws
    -> Outcome
  {
    try await TrainingHost().run { try train(tell) }
  }

  /// Passes on what the engine tells.
  private static func passingOn(
    _ tell: @escaping (TrainingEvent) -> Void, doneBefore: Int
  ) -> (TrainingEngine.Event) -> Void {
    { event in
      switch event {
      case .progress(let done, let total):
        tell(
          .progress(
            JobProgress(done: done, total: total, unit: "pictures", doneBefore: doneBefore)))
      case .line(let line): tell(.line(line))
      case .saved(let path): tell(.saved(path))
      case .remark(let remark): tell(.remark(remark))
      }
    }
  }

  private func train(_ tell: @escaping (TrainingEvent) -> Void) throws -> Outcome {
    try request.check()
    if let threads = request.threads { Machine.setThreadCount(threads) }
    switch start {
    case .new(let outdir): return try begin(in: outdir, tell)
    case .resume(let path): return try goOn(in: path, tell)
    }
  }

  private func begin(
    in outdir: String, _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> Outcome {
    let (options, dataset) = try request.begin()
    try checkMetrics(of: options)
    let schedule = try request.schedule(for: options, before: nil)
    let training = try GANTraining(options, on: dataset)
    if let file = options.initFrom {
      try training.start(from: ShippedModels.file(file)).forEach { tell(.remark($0)) }
    }
    let folder = try RunFolder(in: outdir, description: options.folderName())
    // What cannot even save its first state leaves nothing to go on with.
    defer { if RunFolder.states(in: folder.path).isEmpty { folder.removeIfStateless() } }
    try RunRecord(options, schedule, command: command).write(in: folder)
    let engine = try TrainingEngine(
      training, in: folder, schedule: schedule, options: options.canonicalJSON(),
      measure: measuring(options, tell), tell: Self.passingOn(tell, doneBefore: 0))
    return try run(engine, in: folder, options, schedule, tell)
  }

  private func goOn(
    in path: String, _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> Outcome {
    let folder = try RunFolder(opening: path)
    let going = try goingOn(in: path) { tell(.remark($0)) }
    guard !going.isFinished else {
      tell(
        .remark("already at \(kimgText(going.kimg)) kimg; --kimg=N with a larger N goes on"))
      return Outcome(of: path, kimg: going.kimg, hasTrained: false)
    }
    let dataset = try request.openData(of: going.options)
    try checkMetrics(of: going.options)
    if request.threads == nil { Machine.setThreadCount(going.options.threads) }
    try (try? RunRecord(in: path))?.with(going.schedule).write(in: folder)
    let engine = try TrainingEngine(
      GANTraining(going.options, on: dataset), in: folder, schedule: going.schedule,
      options: going.options.canonicalJSON(), measure: measuring(going.options, tell),
      tell: Self.passingOn(tell, doneBefore: TrainingEngine.images(of: going.state)))
    try engine.restore(from: going.state)
    return try run(engine, in: folder, going.options, going.schedule, tell)
  }

  /// The metrics with the data of the training, unless another is named.
  private func metrics(of options: GANOptions) -> MetricsGeneratorJob? {
    guard var metrics else { return nil }
    metrics.data = metrics.data ?? MetricData(options)
    return metrics
  }

  /// Checks that snapshots can be measured, before hours have been trained.
  private func checkMetrics(of options: GANOptions) throws {
    guard let metrics = metrics(of: options) else { return }
    let scope = Scope(ParameterStore(), device: .meta)
    try metrics.check(options.recipe().generator.makeGenerator(scope).traits)
  }

  /// What measures the network in a file.
  private func measuring(
    _ options: GANOptions, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((String) throws -> [MetricResult])? {
    guard let metrics = metrics(of: options) else { return nil }
    return { file in
      tell(.remark("measuring \(metrics.metricNames.joined(separator: ", "))"))
      let generator = try NetworkSource.file(file).makeGenerator().generator
      let outcome = try metrics.run(on: generator) { tell(.progress($0)) }
      outcome.remarks.forEach { tell(.remark($0)) }
      return outcome.findings.map(\.result)
    }
  }

  private func run(
    _ engine: TrainingEngine, in folder: RunFolder, _ options: GANOptions, _ schedule: Schedule,
    _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> Outcome {
    tell(.remark("training in \(folder.path) to \(schedule.lengths)"))
    do {
      try engine.run()
    } catch is CancellationError {
      tell(
        .remark(
          "saved at \(kimgText(engine.kimg)) kimg; --resume=\(folder.path) goes on from there"))
      throw CancellationError()
    } catch let error as DatasetError where engine.hasBegun {
      tell(
        .remark(
          "saved at \(kimgText(engine.kimg)) kimg; `stylist dataset verify \(options.data.source)` lists all "
            + "bad pictures, and --resume=\(folder.path) goes on when they are mended"))
      throw error
    }
    return Outcome(of: folder.path, kimg: engine.kimg, hasTrained: true)
  }

  /// A training that stopped, with what was asked of it now.
  private struct GoingOn {
    let state: TrainingState
    let options: GANOptions
    let schedule: Schedule

    /// Thousands of images seen.
    var kimg: Double { Double(TrainingEngine.images(of: state)) / 1000 }
    /// Whether nothing is left to do.
    var isFinished: Bool { kimg >= schedule.kimg }
  }

  private func goingOn(in folder: String, remark: (String) -> Void) throws -> GoingOn {
    let found = try RunFolder.newestState(in: folder, remark: remark)
    guard let json = found.state.values.options else {
      throw FileError(
        .damaged, file: found.path, expected: "the options of a training", found: "none")
    }
    let options = try GANOptions(canonicalJSON: json)
    try request.check(against: options)
    let before = try TrainingEngine.schedule(of: found.state) ?? RunRecord.schedule(in: folder)
    return GoingOn(
      state: found.state, options: options,
      schedule: try request.schedule(for: options, before: before))
  }
}

/// Owns a training, whose tensors never leave it.
private actor TrainingHost {
  func run<Result: Sendable>(_ body: sending () throws -> Result) rethrows -> Result {
    try body()
  }
}

// Training in a run folder, from the start or from a state, whatever it is that learns.

import Checkpoints
import Datasets
public import Formats
import Foundation
import Networks
import Tensors
import Training

/// What a training tells while it runs.
public enum TrainingEvent: Sendable {
  /// Images seen, after every step.
  case progress(JobProgress)
  /// A line of the log, and what a table shows of it: a column's name and what stands in it.
  case line(String, cells: [(name: String, text: String)])
  /// A file is there.
  case saved(String)
  /// Something that whoever runs the training should know.
  case remark(String)
}

/// Where a training starts.
public enum TrainingStart: Sendable {
  /// At the first image, in a new folder of `outdir`.
  case new(outdir: String)
  /// Where the newest whole state of a folder is.
  case resume(folder: String)

  /// The newest run of a kind in a folder of runs that can go on.
  ///
  /// - Parameters:
  ///   - outdir: The folder of all runs.
  ///   - kind: What is trained, as people type it; runs that do not say it count, too.
  /// - Returns: Its folder.
  /// - Throws: `FileError` if there is none.
  public static func latestRun(in outdir: String, kind: String) throws(FileError) -> String {
    let runs = RunFolder.runs(in: outdir)
    let last = runs.last { run in
      !RunFolder.states(in: run.path).isEmpty
        && ((try? RunRecord(in: run.path))?.kind ?? kind) == kind
    }
    guard let last else {
      throw FileError(
        .missing, file: outdir,
        expected: "a folder with runs of `stylist train \(kind)` such as 00000-… that have a state",
        found: runs.isEmpty ? "none" : "\(counted(runs.count, "run")) without any")
    }
    return last.path
  }
}

/// How a training ended.
public struct TrainingOutcome: Encodable, Sendable {
  /// The folder of the run.
  public let folder: String
  /// Thousands of images seen.
  public let kimg: Double
  /// Whether there was anything left to train.
  public let hasTrained: Bool
  /// The newest network.
  public let network: String?
  /// The newest sheet of what it makes.
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

/// Trains a network, or two, in a run folder.
public struct TrainingJob: Sendable {
  private let request: any TrainingRequest
  private let start: TrainingStart
  private let command: String

  /// A training of any kind.
  init(of request: any TrainingRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of a generator against a discriminator.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainGANRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of a classifier of attributes.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainAttributesRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of an identity network.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainIdentityRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of an encoder.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainEncoderRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of a classifier of codes.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainLatentClassifierRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// A training of an edit transformer.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainEditRequest, _ start: TrainingStart, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// What would be done, with nothing made.
  ///
  /// - Parameter estimates: Whether it says what the training takes, for which the machine is timed.
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options, data and files.
  public func plan(estimates: Bool = true) throws -> TrainingPlan {
    try plan(request, estimates: estimates)
  }

  /// Trains until the schedule ends.
  ///
  /// - Parameter tell: Is told what happens.
  /// - Returns: Where everything is.
  /// - Throws: `CancellationError` after saving; an error about options, data or files.
  public func run(_ tell: @escaping @Sendable (TrainingEvent) -> Void) async throws
    -> TrainingOutcome
  {
    try await TrainingHost().run {
      try request.check()
      if let threads = request.threads { Machine.setThreadCount(threads) }
      switch start {
      case .new(let outdir): return try begin(request, in: outdir, tell)
      case .resume(let path): return try goOn(request, in: path, tell)
      }
    }
  }

  private func plan<Request: TrainingRequest>(
    _ request: Request, estimates: Bool
  ) throws -> TrainingPlan {
    switch start {
    case .new(let outdir):
      var remarks: [String] = []
      let (options, _) = try request.begin { remarks.append($0) }
      try request.checkFiles(options, isNew: true)
      try OutputFolder.check(outdir)
      return try TrainingPlan(
        request, folder: RunFolder.nextPath(in: outdir, description: options.folderName()),
        options: options, schedule: Self.schedule(request, options, before: nil), kimg: 0,
        remarks: remarks, estimates: estimates)
    case .resume(let folder):
      try RunFolder.check(folder)
      let going = try goingOn(request, in: folder) { _ in }
      if !going.isFinished { _ = try request.openData(of: going.options) }
      try request.checkFiles(going.options, isNew: false)
      return try TrainingPlan(
        request, folder: folder, options: going.options, schedule: going.schedule,
        kimg: going.kimg, isComplete: going.isComplete, estimates: estimates)
    }
  }

  private static func schedule<Request: TrainingRequest>(
    _ request: Request, _ options: Request.Options, before: Schedule?
  ) throws -> Schedule {
    try request.schedule.schedule(before: before, usual: request.usualKimg(options))
  }

  private func begin<Request: TrainingRequest>(
    _ request: Request, in outdir: String, _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let (options, dataset) = try request.begin { tell(.remark($0)) }
    try request.checkFiles(options, isNew: true)
    let schedule = try Self.schedule(request, options, before: nil)
    let training = try request.makeTraining(options, on: dataset, isNew: true) {
      tell(.remark($0))
    }
    let folder = try RunFolder(in: outdir, description: options.folderName())
    // What cannot even save its first state leaves nothing to go on with.
    defer { if RunFolder.states(in: folder.path).isEmpty { folder.removeIfStateless() } }
    try RunRecord(options, schedule, command: command).write(in: folder)
    let engine = try TrainingEngine(
      training, in: folder, schedule: schedule, options: options.canonicalJSON(),
      measure: request.measuring(options, on: dataset, tell),
      tell: Self.passingOn(tell, doneBefore: 0))
    return try run(engine, in: folder, options, schedule, tell)
  }

  private func goOn<Request: TrainingRequest>(
    _ request: Request, in path: String, _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
    let folder = try RunFolder(opening: path)
    let going = try goingOn(request, in: path) { tell(.remark($0)) }
    guard !going.isFinished else {
      tell(
        .remark("already at \(kimgText(going.kimg)) kimg; --kimg=N with a larger N goes on"))
      return TrainingOutcome(of: path, kimg: going.kimg, hasTrained: false)
    }
    let dataset = try request.openData(of: going.options)
    try request.checkFiles(going.options, isNew: false)
    if request.threads == nil { Machine.setThreadCount(going.options.threads) }
    try (try? RunRecord(in: path))?.with(going.schedule).write(in: folder)
    let training = try request.makeTraining(going.options, on: dataset, isNew: false) {
      tell(.remark($0))
    }
    let engine = try TrainingEngine(
      training, in: folder, schedule: going.schedule, options: going.options.canonicalJSON(),
      measure: request.measuring(going.options, on: dataset, tell),
      tell: Self.passingOn(tell, doneBefore: TrainingEngine.images(of: going.state)))
    try engine.restore(from: going.state)
    return try run(engine, in: folder, going.options, going.schedule, tell)
  }

  private func run(
    _ engine: TrainingEngine, in folder: RunFolder, _ options: some TrainingOptions,
    _ schedule: Schedule, _ tell: @escaping (TrainingEvent) -> Void
  ) throws -> TrainingOutcome {
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
    return TrainingOutcome(of: folder.path, kimg: engine.kimg, hasTrained: true)
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
      case .line(let line): tell(.line(line.description, cells: line.cells))
      case .saved(let path): tell(.saved(path))
      case .remark(let remark): tell(.remark(remark))
      }
    }
  }

  /// A training that stopped, with what was asked of it now.
  private struct GoingOn<Options> {
    let state: TrainingState
    let options: Options
    let schedule: Schedule

    /// Whether the last snapshot has all that belongs to it.
    let isComplete: Bool

    /// Thousands of images seen.
    var kimg: Double { Double(TrainingEngine.images(of: state)) / 1000 }
    /// Whether nothing is left to do.
    var isFinished: Bool { kimg >= schedule.kimg && isComplete }
  }

  private func goingOn<Request: TrainingRequest>(
    _ request: Request, in folder: String, remark: (String) -> Void
  ) throws -> GoingOn<Request.Options> {
    let found = try RunFolder.newestState(in: folder, remark: remark)
    guard let json = found.state.values.options else {
      throw FileError(
        .damaged, file: found.path, expected: "the options of a training", found: "none")
    }
    let had = try Request.Options(canonicalJSON: json)
    try request.check(against: had)
    let options = request.continuing(had)
    let before = try TrainingEngine.schedule(of: found.state) ?? RunRecord.schedule(in: folder)
    return GoingOn(
      state: found.state, options: options,
      schedule: try Self.schedule(request, options, before: before),
      isComplete: TrainingEngine.isSnapshotComplete(
        of: found.state, in: folder, isMeasured: request.measuresSnapshots))
  }
}

/// Owns a training, whose tensors never leave it.
private actor TrainingHost {
  func run<Result: Sendable>(_ body: sending () throws -> Result) rethrows -> Result {
    try body()
  }
}

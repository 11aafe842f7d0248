// Training a generator against a discriminator in a run folder, from the start or from a state.

import Checkpoints
import Datasets
public import Formats
import Foundation
import Tensors
public import Training

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

  /// What is known of a training before it runs.
  public struct Plan: Encodable, Sendable {
    /// The folder of a training that goes on, or the one of all runs.
    public let folder: String
    /// Everything that decides what is learned.
    public let options: GANOptions
    /// When to write, save and end.
    public let schedule: Schedule
    /// The numbers that training optimises in the generator.
    public let generatorParameters: Int
    /// The numbers that training optimises in the discriminator.
    public let discriminatorParameters: Int
    /// Thousands of images that were seen already.
    public let kimg: Double

    /// The plan as lines for people.
    public var lines: [String] {
      get throws {
        let recipe = try options.recipe()
        let training = recipe.training
        return [
          "would train in \(folder), from \(kimg) to \(schedule.kimg) kimg",
          "  data: \(options.data.source), \(grouped(options.data.count)) pictures of "
            + "\(options.data.resolution)×\(options.data.resolution)",
          "  generator: \(grouped(generatorParameters)) parameters; discriminator: "
            + "\(grouped(discriminatorParameters))",
          "  batch \(training.batchSize) in parts of \(training.microBatchSize), "
            + "γ \(training.r1Gamma), \(training.precision)",
          "  a line every \(schedule.kimgPerTick) kimg, a snapshot every "
            + "\(schedule.ticksPerSnapshot) lines",
        ]
      }
    }
  }

  /// How a training ended.
  public struct Outcome: Encodable, Sendable {
    /// The folder of the run.
    public let folder: String
    /// Thousands of images seen.
    public let kimg: Double
    /// The newest network.
    public let network: String?
    /// The newest state.
    public let state: String?
  }

  private let request: TrainGANRequest
  private let start: Start
  private let command: String

  /// A training.
  ///
  /// - Parameters:
  ///   - request: What was asked for.
  ///   - start: Where the training starts.
  ///   - command: The command line that starts it, to be kept in the folder.
  public init(_ request: TrainGANRequest, _ start: Start, command: String) {
    (self.request, self.start, self.command) = (request, start, command)
  }

  /// The newest run in a folder of runs.
  ///
  /// - Parameter outdir: The folder of all runs.
  /// - Returns: Its folder.
  /// - Throws: `FileError` if there is none.
  public static func latestRun(in outdir: String) throws(FileError) -> String {
    guard let last = RunFolder.runs(in: outdir).last else {
      throw FileError(
        .missing, file: outdir, expected: "a folder with runs such as 00000-…", found: "none")
    }
    return last.path
  }

  /// What would be done, with nothing made.
  ///
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options, data and files.
  public func plan() throws -> Plan {
    switch start {
    case .new(let outdir):
      let (options, _) = try request.begin()
      try request.checkInitFrom()
      try OutputFolder.check(outdir)
      return try plan(options, in: outdir, before: nil, kimg: 0)
    case .resume(let folder):
      let (state, options) = try Self.saved(in: folder) { _ in }
      _ = try request.goOn(with: options)
      return try plan(
        options, in: folder, before: (try? RunRecord(in: folder))?.schedule,
        kimg: Double(TrainingEngine.images(of: state)) / 1000)
    }
  }

  private func plan(
    _ options: GANOptions, in folder: String, before: Schedule?, kimg: Double
  ) throws -> Plan {
    let counts = try options.recipe().parameterCounts
    return Plan(
      folder: folder, options: options,
      schedule: try request.schedule(for: options, before: before),
      generatorParameters: counts.generator, discriminatorParameters: counts.discriminator,
      kimg: kimg)
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
            JobProgress(done: done, total: total, unit: "images", doneBefore: doneBefore)))
      case .line(let line): tell(.line(line))
      case .saved(let path): tell(.saved(path))
      case .remark(let remark): tell(.remark(remark))
      }
    }
  }

  private func train(_ tell: @escaping (TrainingEvent) -> Void) throws -> Outcome {
    if let threads = request.threads { Machine.setThreadCount(threads) }
    let engine: TrainingEngine
    let folder: RunFolder
    switch start {
    case .new(let outdir):
      let (options, dataset) = try request.begin()
      let schedule = try request.schedule(for: options, before: nil)
      let training = try GANTraining(options, on: dataset)
      if let file = options.initFrom {
        try training.start(from: ShippedModels.file(file)).forEach { tell(.remark($0)) }
      }
      folder = try RunFolder(in: outdir, description: options.folderName())
      try RunRecord(options, schedule, command: command).write(in: folder)
      engine = try TrainingEngine(
        training, in: folder, schedule: schedule, options: options.canonicalJSON(),
        tell: Self.passingOn(tell, doneBefore: 0))
    case .resume(let path):
      folder = try RunFolder(opening: path)
      let (state, options) = try Self.saved(in: path) { tell(.remark($0)) }
      let dataset = try request.goOn(with: options)
      if request.threads == nil { Machine.setThreadCount(options.threads) }
      let record = try? RunRecord(in: path)
      let schedule = try request.schedule(for: options, before: record?.schedule)
      try record?.with(schedule).write(in: folder)
      engine = try TrainingEngine(
        GANTraining(options, on: dataset), in: folder, schedule: schedule,
        options: options.canonicalJSON(),
        tell: Self.passingOn(tell, doneBefore: TrainingEngine.images(of: state)))
      try engine.restore(from: state)
    }
    tell(.remark("training in \(folder.path)"))
    do {
      try engine.run()
    } catch is CancellationError {
      tell(.remark("saved at \(engine.kimg) kimg; --resume=\(folder.path) goes on from there"))
      throw CancellationError()
    }
    return Outcome(
      folder: folder.path, kimg: engine.kimg, network: RunFolder.networks(in: folder.path).first,
      state: RunFolder.states(in: folder.path).first)
  }

  private static func saved(
    in folder: String, remark: (String) -> Void
  ) throws -> (TrainingState, GANOptions) {
    let found = try RunFolder.newestState(in: folder, remark: remark)
    guard let json = found.state.values.options else {
      throw FileError(
        .damaged, file: found.path, expected: "the options of a training", found: "none")
    }
    return (found.state, try GANOptions(canonicalJSON: json))
  }
}

extension TrainGANRequest {
  /// Checks that the file to start from holds networks.
  fileprivate func checkInitFrom() throws {
    if let initFrom { _ = try GANTraining.networks(in: ShippedModels.file(initFrom)) }
  }
}

/// Owns a training, whose tensors never leave it.
private actor TrainingHost {
  func run<Result: Sendable>(_ body: sending () throws -> Result) rethrows -> Result {
    try body()
  }
}

// Trainings that differ in one thing from rung to rung, one after the other, each from several seeds.

import Formats
import Foundation
import Networks
import Training

/// Trains a ladder: every rung from every seed, at the same budget.
///
/// What is finished stays as it is, and what stopped goes on, so that the same command given again does
/// what is left.
public struct LadderJob: Sendable {
  /// One of the things that are compared.
  public struct Rung: Sendable {
    /// What it is called, which is also the beginning of its folders' names.
    public let name: String
    /// The options that make it what it is.
    public let options: [String]
    /// The training, with what all rungs have in common.
    let request: any LadderRequest

    /// A rung that trains a generator.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and hyphens.
    ///   - options: The options that make it what it is, as they are typed.
    ///   - request: The whole training, but for its seed.
    public init(_ name: String, options: [String], request: TrainGANRequest) {
      (self.name, self.options, self.request) = (name, options, request)
    }

    /// A rung that trains an encoder.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and hyphens.
    ///   - options: The options that make it what it is, as they are typed.
    ///   - request: The whole training, but for its seed.
    public init(_ name: String, options: [String], request: TrainEncoderRequest) {
      (self.name, self.options, self.request) = (name, options, request)
    }
  }

  /// What the ladder is called.
  public let name: String
  /// What is compared, the first being what all others are compared with.
  public let rungs: [Rung]
  /// Where the random numbers of trainings start: each rung is trained once for each.
  public let seeds: [UInt32]
  /// The folder of all trainings and of the results.
  public let outdir: String
  /// The command line, to be kept with the results.
  public let command: String

  /// The names of the results, beside the folders of trainings.
  static let files = (
    numbers: "ladder.json", page: "ladder.md", curves: "curves.png", pictures: "pictures.png"
  )

  /// A ladder.
  ///
  /// - Parameters:
  ///   - name: What it is called.
  ///   - rungs: What is compared, at least one, all of one kind.
  ///   - seeds: Where the random numbers of trainings start, at least one.
  ///   - outdir: The folder of all trainings.
  ///   - command: The command line.
  public init(name: String, rungs: [Rung], seeds: [UInt32], outdir: String, command: String) {
    precondition(!rungs.isEmpty && !seeds.isEmpty, "a ladder without trainings")
    (self.name, self.rungs, self.seeds) = (name, rungs, seeds)
    (self.outdir, self.command) = (outdir, command)
  }

  /// What is trained, as people type it.
  var kind: String { type(of: rungs[0].request).kind }

  /// One training of the ladder.
  private struct Step {
    let rung: Rung
    let seed: UInt32
    /// The folder that its run is in, or will be.
    let folder: String
    let job: TrainingJob

    /// Does something with the training; that options do not fit is said with the rung's name.
    func named<Result>(_ body: (TrainingJob) async throws -> Result) async throws -> Result {
      do {
        return try await body(job)
      } catch let error as RequestError {
        throw RequestError(rung: rung.name, error)
      } catch let error as ConfigurationError {
        throw RequestError(rung: rung.name, error)
      }
    }
  }

  /// The folder of a training, which holds its run.
  static func folder(of rung: String, seed: UInt32, in outdir: String) -> String {
    OutputFolder.file("\(rung)-seed\(seed)", in: outdir)
  }

  /// The run of a training, if it has begun.
  func run(of rung: String, seed: UInt32) -> String? {
    let folder = Self.folder(of: rung, seed: seed, in: outdir)
    return try? TrainingStart.latestRun(in: folder, kind: kind)
  }

  /// The trainings: all rungs from the first seed, then from the next.
  private var steps: [Step] {
    seeds.flatMap { seed in
      rungs.map { rung in
        let folder = Self.folder(of: rung.name, seed: seed, in: outdir)
        let begun = run(of: rung.name, seed: seed)
        var request = rung.request
        request.seed = seed
        let start = begun.map { TrainingStart.resume(folder: $0) } ?? .new(outdir: folder)
        return Step(
          rung: rung, seed: seed, folder: folder,
          job: TrainingJob(of: request, start, command: command))
      }
    }
  }

  /// Checks what can be known before hours have been trained.
  private func check() throws {
    guard rungs.allSatisfy({ $0.request.measuresSnapshots }) else {
      throw RequestError("--metrics", expected: "what rungs are compared by", found: "none")
    }
    try OutputFolder.check(outdir)
  }

  // MARK: Plan

  /// What a ladder would be, before it runs.
  public struct Plan: Encodable, Sendable {
    /// One rung of it.
    public struct Rung: Encodable, Sendable {
      /// What it is called.
      public let name: String
      /// What makes it what it is.
      public let options: [String]
      /// Its networks.
      public let networks: [NetworkSize]
      /// Thousands of images that are left, over all seeds.
      public let kimgLeft: Double
      /// Seconds that they may take; nil if nothing is known.
      public let secondsLeft: Double?
    }

    /// The folder of all trainings.
    public let folder: String
    /// What is compared.
    public let rungs: [Rung]
    /// Where trainings start.
    public let seeds: [UInt32]

    /// The plan as lines for people.
    public var lines: [String] {
      let rows = rungs.map { rung in
        [
          "  \(rung.name)", rung.networks.map { grouped($0.parameters) }.joined(separator: " + "),
          "\(kimgText(rung.kimgLeft)) kimg", rung.secondsLeft.map(clock) ?? "",
          rung.options.joined(separator: " "),
        ]
      }
      let seconds = rungs.compactMap(\.secondsLeft).reduce(0, +)
      return [
        "would train \(counted(rungs.count, "rung")) from \(counted(seeds.count, "seed")) each, in "
          + folder
      ] + Table.lines(heading: ["  rung", "parameters", "left", "time", "options"], rows)
        + ["estimated: \(clock(seconds)) in all"]
    }
  }

  /// What would be done, with nothing made.
  ///
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options, data and files.
  public func plan() async throws -> Plan { try await plan(estimates: true) }

  private func plan(estimates: Bool) async throws -> Plan {
    try check()
    var plans: [String: [TrainingPlan]] = [:]
    for step in steps {
      try Task.checkCancellation()
      // The same network takes the same time from every seed.
      let isKnown = plans[step.rung.name, default: []].contains { $0.estimate != nil }
      plans[step.rung.name, default: []].append(
        try await step.named { try $0.plan(estimates: estimates && !isKnown) })
    }
    let planned = rungs.map { rung in
      let all = plans[rung.name] ?? []
      let left = all.map { max($0.schedule.kimg - $0.kimg, 0) }.reduce(0, +)
      let rate = all.lazy.compactMap(\.estimate?.imagesPerSecond).first
      return Plan.Rung(
        name: rung.name, options: rung.options, networks: all.first?.networks ?? [],
        kimgLeft: left, secondsLeft: rate.map { 1000 * left / $0 })
    }
    return Plan(folder: outdir, rungs: planned, seeds: seeds)
  }

  // MARK: Run

  /// Trains what is left, and writes what was found after each training.
  ///
  /// A training whose losses are no numbers any more ends there, and the others go on.
  ///
  /// - Parameter tell: Is told what happens.
  /// - Returns: What was found.
  /// - Throws: `CancellationError` after saving; an error about options, data or files.
  public func run(_ tell: @escaping @Sendable (TrainingEvent) -> Void) async throws
    -> LadderOutcome
  {
    // What does not fit is known before the first training, and not hours later.
    _ = try await plan(estimates: false)
    let folder = try OutputFolder(making: outdir)
    var diverged: [String] = []
    for (index, step) in steps.enumerated() {
      tell(
        .remark(
          "\(step.rung.name), seed \(step.seed): training \(index + 1) of \(rungs.count * seeds.count)"
        ))
      do {
        _ = try await step.named { try await $0.run(tell) }
      } catch let error as TrainingError {
        diverged.append("\(step.rung.name), seed \(step.seed): \(error)")
        tell(.remark("\(step.rung.name), seed \(step.seed) ends: \(error)"))
      }
      try LadderOutcome(of: self, diverged: diverged).write(into: folder)
    }
    let outcome = try LadderOutcome(of: self, diverged: diverged)
    try await outcome.writePictures(of: self, into: folder)
    return outcome
  }
}

extension RequestError {
  /// What does not fit in one rung of a ladder.
  fileprivate init(rung: String, _ error: any Error) {
    self.init("rung \(rung), \(error)")
  }
}

// What all trainings are told: where they run, from which pictures they learn, and for how long.

import ArgumentParser
import Foundation
import Workbench

/// Where a training runs, and where it starts.
struct TrainingPlaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder for the runs; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var outdir: String?

  @Option(
    help: ArgumentHelp(
      "Go on with the training of this folder; or, in --outdir, with the latest, or with the one of this number or name.",
      valueName: "run"), completion: .directory)
  var resume: String?

  /// Where the training starts.
  ///
  /// - Parameters:
  ///   - kind: What is trained, as people type it.
  ///   - hint: What else a file could be used for; empty for nothing.
  /// - Returns: A new folder, or the one of a training that goes on.
  /// - Throws: `UsageError` if neither is named.
  func start(of kind: String, hint: String = "") throws -> TrainingStart {
    guard let resume else {
      guard let outdir else {
        throw UsageError("give --outdir=FOLDER, where the folder of the run is made")
      }
      return .new(outdir: outdir)
    }
    if let outdir {
      guard !resume.contains("/") else {
        throw UsageError(
          "--outdir goes with new trainings, and with --resume=latest or a run's number or name; "
            + "--resume=\(resume) is the folder itself")
      }
      return .resume(
        folder: resume == "latest"
          ? try TrainingStart.latestRun(in: outdir, kind: kind)
          : try RunFinder.folder(resume, in: outdir))
    }
    guard resume == "latest" else {
      guard !FileManager.default.isRegularFile(resume) else {
        throw UsageError(
          "--resume=\(resume): expected the folder of a training, found a file\(hint)")
      }
      return .resume(folder: resume)
    }
    throw UsageError("--resume=latest needs --outdir=FOLDER")
  }
}

extension FileManager {
  fileprivate func isRegularFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}

/// From which pictures a training learns.
struct TrainingDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The pictures: a folder, a .zip, or portraits, which are drawn without end.",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "With portraits: width and height, a power of two from 8 to 1024 (default: 64).",
      valueName: "pixels"))
  var res: Int?

  @Flag(inversion: .prefixedNo, help: "See all pictures mirrored, too (default: no).")
  var mirror: Bool?

  @Option(
    help: ArgumentHelp(
      "Train on so many pictures, chosen at random (default: all).", valueName: "count"))
  var subset: Int?

  /// What was said of the pictures.
  ///
  /// - Parameter isNew: Whether the training starts at the first image.
  /// - Returns: The request.
  func request(isNew: Bool) -> TrainingDataRequest {
    if isNew { TrainingDataOptions.sayWhatPortraitsAre(data) }
    var request = TrainingDataRequest()
    (request.source, request.resolution) = (data, res)
    (request.mirror, request.subset) = (mirror, subset)
    return request
  }

  /// Says that portraits are drawn, where a folder of that name lies, too.
  ///
  /// - Parameter data: The pictures as they were named.
  static func sayWhatPortraitsAre(_ data: String?) {
    if data == "portraits", FileManager.default.fileExists(atPath: "portraits") {
      say("--data=portraits means the portraits that are drawn; ./portraits is what lies here")
    }
  }
}

/// Where a training's random numbers start.
struct TrainingSeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where all random numbers start, 0 to 4294967295 (default: 0).", valueName: "seed"))
  var seed: UInt32?
}

/// The batch and the sizes of a network that judges pictures.
struct ClassifierBodyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Pictures in a step (default: 32).", valueName: "count"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "Features at 1×1, halved with each doubling (default: 8192).", valueName: "count"))
  var cbase: Int?

  @Option(help: ArgumentHelp("The most features of a layer (default: 512).", valueName: "count"))
  var cmax: Int?

  /// What was asked for.
  var request: BodyRequest {
    var request = BodyRequest()
    (request.batchSize, request.channelBase, request.channelMax) = (batch, cbase, cmax)
    return request
  }
}

/// When a training writes, saves and ends.
struct ScheduleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "End after so many thousands of pictures (default: as the recipe says).", valueName: "kimg"))
  var kimg: Double?

  @Option(
    help: ArgumentHelp("A line of the log every so many kimg (default: 4).", valueName: "kimg"))
  var tick: Double?

  @Option(
    help: ArgumentHelp("A snapshot every so many lines (default: 50).", valueName: "count"))
  var snap: Int?

  /// What was said of the schedule.
  var request: ScheduleRequest {
    var request = ScheduleRequest()
    (request.kimg, request.kimgPerTick, request.ticksPerSnapshot) = (kimg, tick, snap)
    return request
  }
}

extension AsyncParsableCommand {
  /// The command line that started the program.
  func ownCommandLine() -> String { commandLine(Array(CommandLine.arguments.dropFirst())) }

  /// Runs a training, or says what it would be.
  ///
  /// - Parameters:
  ///   - job: The training.
  ///   - report: How results are printed, and whether anything is done.
  /// - Returns: The network, if anything was trained.
  /// - Throws: What the training throws.
  func train(_ job: TrainingJob, _ report: ReportOptions) async throws -> String? {
    if report.isDryRun {
      let plan = try job.plan()
      try report.print(plan, lines: plan.lines)
      return nil
    }
    let reporter = TrainingReporter()
    let outcome = try await interruptible { try await job.run(reporter.show) }
    try report.print(outcome, lines: outcome.lines)
    return outcome.hasTrained ? outcome.network : nil
  }
}

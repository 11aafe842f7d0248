// Times a network: how long an image takes, in how much memory, and how near that is to what the
// machine can do.

import Foundation
import Networks
import Tensors

/// Times a network, with random weights unless a file is given.
public struct BenchJob: Sendable {
  /// What is timed.
  public enum Work: Hashable, Sendable {
    /// From z to images.
    case generate
    /// From images to W+.
    case encode
    /// All phases of an iteration of training.
    case train(channelBase: Int?, channelMax: Int?)
  }

  /// What is timed.
  public var work: Work
  /// The name of a configuration: of a generator, of an encoder, or of a training.
  public var configuration: String
  /// A file whose generator is timed in place of one of the configuration, which is then its name.
  public var network: String?
  /// The images' width and height, in pixels; nil for the configuration's own.
  public var resolution: Int?
  /// Whether attention is among all pixels, for generators that limit it.
  public var hasFullAttention = false
  /// Images that are computed together.
  public var batch = 1
  /// The number format.
  public var precision = Precision.float32
  /// Processor threads for one operation; nil for as many as the machine has cores.
  public var threads: Int?
  /// How many times the work is timed, after a first time that is not.
  public var rounds = 5

  /// Whether pictures are also compared with those in float32; for generators.
  public var comparesPictures = false

  /// A job with one image at a time, in float32, timed five times.
  public init(_ work: Work, configuration: String, resolution: Int? = nil) {
    (self.work, self.configuration, self.resolution) = (work, configuration, resolution)
  }

  /// Makes the network, runs it, and measures what the machine can do.
  ///
  /// - Parameter progress: Is told after every round, the last of which measures the machine.
  /// - Returns: What was measured.
  /// - Throws: `ConfigurationError` if there is no such configuration, `RequestError` for numbers
  ///   that cannot be, `CancellationError`.
  public func run(progress: ProgressHandler = { _ in }) throws -> BenchReport {
    try check()
    if let threads { Machine.setThreadCount(threads) }
    let runtime = ProcessUsage.residentMib
    let subject = try made()
    try subject.runFirst()
    let first = ProcessUsage.seconds
    var seconds: [[Double]] = []  // of each round, by phase
    for round in -1..<rounds {
      try Task.checkCancellation()
      let taken = try subject.phases.map { phase in
        try Task.checkCancellation()
        return try ContinuousClock().measure(phase.run) / .seconds(1) / Double(batch)
      }
      if round >= 0 { seconds.append(taken) }
      progress(JobProgress(done: round + 2, total: rounds + 2, unit: "rounds"))
    }
    let peak = ProcessUsage.peakMib
    let ceiling = try ComputeCeiling.gflops(dtype: precision.dtype)
    progress(JobProgress(done: rounds + 2, total: rounds + 2, unit: "rounds"))
    let totals = seconds.map { zip($0, subject.phases).map { $0 * $1.weight }.reduce(0, +) }
    var report = BenchReport(
      command: subject.command, cfg: configuration, resolution: subject.resolution, batch: batch,
      dtype: precision.rawValue, threads: Machine.threadCount, rounds: rounds,
      attention: hasFullAttention ? "full" : nil, machine: Processor(SystemFiles()).model,
      date: Date().formatted(.iso8601.year().month().day()), libtorch: Machine.torchVersion,
      sPerImage: median(totals), best: totals.min() ?? 0,
      firstImageS: subject.isTraining ? nil : first, peakMib: peak, runtimeMib: runtime,
      parameters: subject.parameters, ceilingGflops: ceiling)
    if precision != .float32 { report.equalsFloat32 = subject.equalsFloat32?() }
    if comparesPictures, let psnr = subject.psnr?() {
      // Equal pictures have none.
      report.psnr = psnr.filter(\.isFinite).min()
    }
    if case .train(let base, let most) = work { (report.cbase, report.cmax) = (base, most) }
    if subject.isTraining {
      report.phases = [:]
      for (place, phase) in subject.phases.enumerated() {
        report.phases?[phase.name] = median(seconds.map { $0[place] })
      }
    }
    if let multiplyAdds = subject.multiplyAdds?() {
      let gflop = 2 * Double(multiplyAdds) / 1e9
      (report.gflopPerImage, report.gflops) = (gflop, gflop / report.sPerImage)
      report.fraction = gflop / report.sPerImage / report.ceilingGflops
    }
    return report
  }
}

extension BenchJob {
  /// What is timed; errors name options.
  private func made() throws -> BenchSubject {
    do {
      return try BenchSubject(self)
    } catch let error as ConfigurationError {
      throw RequestError(
        error,
        options: [
          "resolution": "--res", "fullResolution": "--res, with --full-attention",
          "channelBase": "--cbase", "channelMax": "--cmax", "batchSize": "--batch",
        ])
    }
  }

  /// Refuses numbers that cannot be.
  func check() throws(RequestError) {
    for (name, value, range) in [
      ("--batch", batch, 1...1024), ("--rounds", rounds, 1...10000),
    ] where !range.contains(value) {
      throw RequestError(
        name, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    guard !comparesPictures || precision != .float32 else {
      throw RequestError("--psnr", expected: "--dtype=bfloat16 beside it", found: "float32")
    }
  }
}

/// The number in the middle, or the mean of the two there; 0 of none.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return 0 }
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

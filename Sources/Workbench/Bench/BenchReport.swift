// What a benchmark measured: one line for programs, a few lines for people.

import Foundation

/// What a benchmark measured.
///
/// The names in JSON carry their units: seconds, MiB (2²⁰ bytes), and GFLOP, of which a multiply-add
/// takes two.
public struct BenchReport: Codable, Sendable {
  /// Whose program was measured.
  public var system = "stylist"
  /// `generate`, `encode` or `train`.
  public var command: String
  /// The name of the configuration.
  public var cfg: String
  /// The images' width and height, in pixels.
  public var resolution: Int
  /// Images that are computed together.
  public var batch: Int
  /// The number format.
  public var dtype: String
  /// Processor threads for one operation.
  public var threads: Int
  /// How many times the work was timed.
  public var rounds: Int
  /// `full` where attention is among all pixels and the network's own is not; else nil.
  public var attention: String?
  /// In training: features at 1×1, of which each resolution has its share.
  public var cbase: Int?
  /// In training: the most features of a layer.
  public var cmax: Int?
  /// The processor.
  public var machine: String
  /// The day, such as `2026-11-22`.
  public var date: String
  /// The version of libtorch.
  public var libtorch: String
  /// Seconds for an image, the median of all rounds; in training, of the usual mix of phases.
  public var sPerImage: Double
  /// Seconds for an image in the quickest round.
  public var best: Double
  /// Seconds from the start of the program to the first image; nil in training.
  public var firstImageS: Double?
  /// The most memory that the program has held.
  public var peakMib: Double
  /// What it held of it when libtorch was loaded and the network was not yet made.
  public var runtimeMib: Double
  /// The numbers that training optimises.
  public var parameters: Int
  /// Twice the multiply-adds of an image; nil in training.
  public var gflopPerImage: Double?
  /// How fast that was.
  public var gflops: Double?
  /// How fast this machine computes at best, with the same threads and number format.
  public var ceilingGflops: Double
  /// The share of it that was reached.
  public var fraction: Double?
  /// The peak signal-to-noise ratio of 8-bit pictures to those in float32, in decibels: the lowest
  /// of seeds 0 to 15 in which there is a difference; nil if none was asked for or found.
  public var psnr: Double?
  /// In other formats than float32: whether a picture was the same in float32, since the
  /// configuration has no narrow layers or float32 is quicker on this processor.
  public var equalsFloat32: Bool?
  /// In training: seconds for an image in each phase.
  public var phases: [String: Double]?
}

extension BenchReport {
  /// The report as lines for people.
  public var lines: [String] {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    let kind = attention.map { ", \($0) attention" } ?? ""
    var lines = [
      "\(command) \(cfg) at \(resolution) pixels\(kind): batch \(batch), \(dtype), "
        + "\(counted(threads, "thread")), \(counted(rounds, "round"))",
      "  time     \(fourDigits(sPerImage)) s an image, \(fourDigits(best)) s at best",
    ]
    if let firstImageS {
      lines.append("  first    \(number(firstImageS, 2)) s from the start of the program")
    }
    for (phase, seconds) in (phases ?? [:]).sorted(by: { $0.key < $1.key }) {
      lines.append(
        "  \(phase.padding(toLength: 9, withPad: " ", startingAt: 0))\(fourDigits(seconds)) s an image"
      )
    }
    lines.append(
      "  memory   \(number(peakMib, 0)) MiB at most, \(number(peakMib - runtimeMib, 0)) MiB of it "
        + "for \(counted(parameters, "parameter")) and the work")
    if let psnr {
      lines.append(
        "  pictures PSNR \(number(psnr, 1)) dB or more to those in float32, seeds 0 to 15")
    }
    guard let gflopPerImage, let gflops, let fraction else {
      return lines + ["  ceiling  \(number(ceilingGflops, 0)) GFLOP/s on this machine"]
    }
    return lines + [
      "  speed    \(number(gflopPerImage, 2)) GFLOP an image, \(number(gflops, 0)) GFLOP/s, "
        + "\(number(100 * fraction, 0)) % of the \(number(ceilingGflops, 0)) GFLOP/s that this "
        + "machine reaches at best"
    ]
  }
}

// When a training writes a line, saves its state and ends.

public import Networks

/// When a training writes a line, saves its state and ends; none of it changes what is learned.
public struct Schedule: Codable, Hashable, Sendable {
  /// Thousands of images after which the training ends.
  public var kimg: Double
  /// Thousands of images between two lines of the log.
  public var kimgPerTick: Double
  /// Lines of the log between two snapshots.
  public var ticksPerSnapshot: Int
  /// States that are kept, the newest ones; networks and pictures are all kept.
  public var keptStates: Int

  /// A schedule.
  ///
  /// - Parameters:
  ///   - kimg: Thousands of images after which the training ends.
  ///   - kimgPerTick: Thousands of images between two lines of the log.
  ///   - ticksPerSnapshot: Lines of the log between two snapshots.
  ///   - keptStates: States that are kept, at least 1.
  public init(
    kimg: Double, kimgPerTick: Double = 4, ticksPerSnapshot: Int = 50, keptStates: Int = 2
  ) {
    self.kimg = kimg
    self.kimgPerTick = kimgPerTick
    self.ticksPerSnapshot = ticksPerSnapshot
    self.keptStates = keptStates
  }

  /// Checks that a training can follow it.
  ///
  /// - Throws: `ConfigurationError` naming the first number that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("kimg", kimg, is: "more than 0 and at most 10⁹") {
      $0 > 0 && $0 <= 1e9
    }
    try ConfigurationError.check("tick", kimgPerTick, is: "more than 0 and at most 10⁶ kimg") {
      $0 > 0 && $0 <= 1e6
    }
    try ConfigurationError.check("snap", ticksPerSnapshot, in: 1...1_000_000)
    try ConfigurationError.check("kept states", keptStates, in: 1...1_000_000)
  }

  /// Images after which the training ends.
  var images: Int { Int((kimg * 1000).rounded(.up)) }
  /// Images between two lines of the log.
  var imagesPerTick: Int { max(Int((kimgPerTick * 1000).rounded(.up)), 1) }
  /// Images between two snapshots.
  var imagesPerSnapshot: Int {
    let (product, isTooMany) = imagesPerTick.multipliedReportingOverflow(by: ticksPerSnapshot)
    return isTooMany ? .max : product
  }
}

// What is asked of every network with the discriminator's body that learns what pictures show.

import Training

/// What was asked of a network with the discriminator's body and of how it learns; nil for what was
/// not said.
public struct BodyRequest: Sendable {
  /// How many of the last pictures, or people, are held out: learned from by nothing, judged at every
  /// snapshot.
  public var heldOut: Int?
  /// Pictures in a step.
  public var batchSize: Int?
  /// Adam's learning rate.
  public var learningRate: Double?
  /// Features at 1×1, of which each resolution has its share.
  public var channelBase: Int?
  /// The most features of a layer.
  public var channelMax: Int?

  /// Nothing was said.
  public init() {}

  /// Checks every value by itself.
  ///
  /// - Parameter fewestHeldOut: How many must be held out.
  /// - Throws: `RequestError` that names the first option whose value cannot be.
  func check(fewestHeldOut: Int) throws(RequestError) {
    try checkRanges(counts: [
      ("--held-out", heldOut, fewestHeldOut...1_000_000), ("--batch", batchSize, 1...65536),
      ("--cbase", channelBase, 8...(1 << 24)), ("--cmax", channelMax, 1...65536),
    ])
    try checkRanges(numbers: [("--lr", learningRate, 0...10, "0 to 10")])
  }

  /// Puts what was said into settings.
  ///
  /// - Parameter settings: What nobody changed.
  func fill(_ settings: inout some BodySettings) {
    if let batchSize { settings.batchSize = batchSize }
    if let learningRate { settings.learningRate = learningRate }
    if let channelBase { settings.channelBase = channelBase }
    if let channelMax { settings.channelMax = channelMax }
  }

  /// What was asked for and is not so in a training.
  ///
  /// - Parameters:
  ///   - settings: The training's.
  ///   - had: How many it holds out.
  /// - Returns: A line for each difference.
  func differences(from settings: some BodySettings, heldOut had: Int) -> [String?] {
    [
      difference("held-out", heldOut, had), difference("batch", batchSize, settings.batchSize),
      difference("lr", learningRate, settings.learningRate, fourDigits),
      difference("cbase", channelBase, settings.channelBase),
      difference("cmax", channelMax, settings.channelMax),
    ]
  }
}

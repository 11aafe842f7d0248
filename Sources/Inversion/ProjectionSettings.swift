// How a code is sought: the space, the steps, their sizes, and the terms of the loss.

import Foundation
public import Networks

/// How a projection seeks the code of a picture.
///
/// The defaults are those of `projector.py` of stylegan2-ada-pytorch. With t = step / steps the
/// learning rate of a step is
///
///     learningRate · (½ - ½ cos(π · min(1, (1 - t) / rampDown))) · min(1, t / rampUp)
///
/// so that the first step moves nothing, and the deviation of the noise added to w before the
/// picture is made is
///
///     deviation of w · wNoise · max(0, 1 - t / wNoiseRamp)²
public struct ProjectionSettings: Codable, Hashable, Sendable {
  /// The codes among which the nearest is sought.
  public enum Space: String, Codable, CaseIterable, Sendable {
    /// One w for all layers: the better to edit.
    case w
    /// A row for every layer: the nearer to the picture.
    case wPlus
  }

  /// What happens to the noise images of the layers.
  public enum Noise: String, Codable, CaseIterable, Sendable {
    /// Sought together with the code, from fresh random numbers on.
    case optimized
    /// The network's own.
    case stored
    /// No noise at all.
    case none
  }

  /// The codes among which the nearest is sought.
  public var space = Space.w
  /// How often the code is moved.
  public var steps = 1000
  /// The largest learning rate of Adam.
  public var learningRate = 0.1
  /// The share of the steps at the end over which the learning rate falls to 0; 0 for none.
  public var rampDown = 0.25
  /// The share of the steps at the beginning over which the learning rate rises; 0 for none.
  public var rampUp = 0.05
  /// The noise added to w at first, in deviations of w; 0 for none.
  public var wNoise = 0.05
  /// The share of the steps over which the noise added to w vanishes.
  public var wNoiseRamp = 0.75
  /// What happens to the noise images of the layers.
  public var noise = Noise.optimized
  /// The weight of `noiseAutocorrelation` of the noise images that are sought.
  public var noiseWeight = 1e5
  /// The weight of the distance between the pictures.
  public var distanceWeight = 1.0
  /// The weight of the mean squared difference of the pictures, in [-1, 1].
  public var pixelWeight = 0.0
  /// The weight of the squared length of the whitened code, which keeps it among those that the
  /// mapping network makes.
  public var priorWeight = 0.0
  /// The weight of the mean squared difference between the code and what an encoder makes of its
  /// picture, which keeps it where the encoder can find it.
  public var domainWeight = 0.0
  /// The distance at which the search ends before its steps are used up, once no noise is added to
  /// w; nil for never.
  public var stopDistance: Double?

  /// The settings of NVIDIA's projector.
  public init() {}

  /// Settings that start from a code which is nearly right, such as an encoder's, and stay near it:
  /// a row for every layer, small steps, nothing random.
  ///
  /// - Parameters:
  ///   - steps: How often the code is moved.
  ///   - stopDistance: The distance at which the search ends; nil for never.
  /// - Returns: The settings.
  public static func refinement(steps: Int = 100, stopDistance: Double? = nil)
    -> ProjectionSettings
  {
    var settings = ProjectionSettings()
    (settings.space, settings.steps, settings.learningRate) = (.wPlus, steps, 0.01)
    (settings.wNoise, settings.noise) = (0, .stored)
    settings.stopDistance = stopDistance
    return settings
  }

  /// The settings of in-domain inversion, which starts from an encoder's code and asks the encoder
  /// to find it again; the distance is `ImageDistance.meanFeatures` of VGG-16's features `conv4_3`.
  ///
  /// - Source: Zhu et al. (2020), "In-Domain GAN Inversion for Real Image Editing", and
  ///   genforce/idinvert_pytorch.
  public static var inDomain: ProjectionSettings {
    var settings = refinement()
    (settings.rampDown, settings.rampUp) = (0, 0)
    (settings.pixelWeight, settings.distanceWeight, settings.domainWeight) = (1, 5e-5, 2)
    return settings
  }

  /// The learning rate of a step.
  ///
  /// - Parameter step: Counted from 0.
  /// - Returns: From 0 to `learningRate`.
  public func learningRate(at step: Int) -> Double {
    let t = Double(step) / Double(steps)
    let down = rampDown > 0 ? min(1, (1 - t) / rampDown) : 1
    let up = rampUp > 0 ? min(1, t / rampUp) : 1
    return learningRate * (0.5 - 0.5 * cos(down * .pi)) * up
  }

  /// The deviation of the noise added to w in a step.
  ///
  /// - Parameters:
  ///   - step: Counted from 0.
  ///   - deviation: The deviation of w.
  /// - Returns: From 0 on.
  public func wNoiseScale(at step: Int, deviation: Double) -> Double {
    guard wNoise > 0, wNoiseRamp > 0 else { return 0 }
    let left = max(0, 1 - Double(step) / Double(steps) / wNoiseRamp)
    return deviation * wNoise * left * left
  }

  /// The largest learning rate of searches and of tuning: codes and weights are about 1 in size.
  public static let largestLearningRate = 100.0
  /// The largest weight of a term of a loss.
  public static let largestWeight = 1e9

  /// Checks that a projection can be run with these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("steps", steps, in: 1...1_000_000)
    try Self.check(learningRate: learningRate)
    for (name, share) in [("rampDown", rampDown), ("rampUp", rampUp), ("wNoiseRamp", wNoiseRamp)] {
      try ConfigurationError.check(name, share, is: "from 0 to 1") { (0...1).contains($0) }
    }
    let weights = [
      ("wNoise", wNoise), ("noiseWeight", noiseWeight), ("distanceWeight", distanceWeight),
      ("pixelWeight", pixelWeight), ("priorWeight", priorWeight), ("domainWeight", domainWeight),
      ("stopDistance", stopDistance ?? 0),
    ]
    for (name, weight) in weights { try Self.check(name, weight: weight) }
    guard distanceWeight > 0 || pixelWeight > 0 else {
      throw ConfigurationError(
        "distanceWeight and pixelWeight: expected one above 0, found \(distanceWeight) and "
          + "\(pixelWeight)")
    }
  }

  static func check(learningRate: Double) throws(ConfigurationError) {
    try ConfigurationError.check(
      "learningRate", learningRate, is: "above 0, at most \(Int(largestLearningRate))"
    ) { $0 > 0 && $0 <= largestLearningRate }
  }

  static func check(_ name: String, weight: Double) throws(ConfigurationError) {
    try ConfigurationError.check(name, weight, is: "from 0 to \(Int(largestWeight))") {
      (0...largestWeight).contains($0)
    }
  }
}

// Learning rates that fall towards the end of a training.

/// A learning rate that stays, and from some point on falls in a straight line to 0.
///
/// - Source: `train_styleswin.py` of microsoft/StyleSwin, which drops the correction for lazy
///   regularisation where the fall begins.
public struct LearningRateDecay: Codable, Hashable, Sendable {
  /// Thousands of images after which it begins to fall.
  public var startKimg: Double
  /// Thousands of images after which it is 0.
  public var endKimg: Double

  /// A fall between two points.
  public init(startKimg: Double, endKimg: Double) {
    (self.startKimg, self.endKimg) = (startKimg, endKimg)
  }

  /// The share of the learning rate that is left.
  ///
  /// - Parameter imageCount: The images seen so far.
  /// - Returns: From 0 to 1; nil as long as the fall has not begun.
  public func factor(imageCount: Int) -> Double? {
    let kimg = Double(imageCount) / 1000
    guard kimg > startKimg else { return nil }
    return max(1 - (kimg - startKimg) / (endKimg - startKimg), 0)
  }
}

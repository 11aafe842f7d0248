// StyleGAN: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial
// Networks" (2019): the sizes and choices of its generator.

public import Layers

/// The sizes and choices of a StyleGAN generator; the defaults are the paper's configuration F at
/// 1024×1024.
public struct StyleGAN1Configuration: GeneratorConfiguration {
  /// The name of this family in network files.
  public static let kind = "stylegan1"

  /// The length of z.
  public var zDim = 512
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// The length of w.
  public var wDim = 512
  /// The image's width and height, a power of two from 4 on.
  public var resolution = 1024
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels = 3
  /// Fully connected layers of the mapping network; 0 for none, where w is the normalised z.
  public var mappingLayers = 8
  /// The width of the mapping network's inner layers.
  public var mappingWidth = 512
  /// The learning rate of the mapping network relative to other layers, which scales what its
  /// weights are stored as.
  public var mappingLRMultiplier = 0.01
  /// Features at resolution r are `min(featureBase * 2 / r, featureMax)`.
  public var featureBase = 8192
  /// The most features of a layer.
  public var featureMax = 512
  /// Whether w gives every layer's channels their means and deviations.
  public var useStyles = true
  /// Whether synthesis starts from a learned constant, rather than from w.
  public var constInput = true
  /// Whether layers add noise.
  public var useNoise = true
  /// Whether layers normalise every pixel over the channels, as in "Progressive Growing of GANs".
  public var usePixelNorm = false
  /// Whether layers normalise every channel over the pixels.
  public var useInstanceNorm = true
  /// The low-pass filter after enlargement, an odd number of taps before normalisation; one tap for
  /// none.
  public var blurFilter: [Double] = [1, 2, 1]
  /// The lowest resolution to which convolutions enlarge with their kernel mirrored, as the fused
  /// operation of the published program does: 128 there, 8 for all, 8192 for none.
  public var mirroredFrom = 128
  /// The rows that are meant to be seen, such as 64 ..< 448 of 512 for cars; nil for all.
  public var visibleRows: Range<Int>?

  /// Configuration F of the paper at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The rows of W+: two for each resolution.
  public var numWs: Int { 2 * resolution.trailingZeroBitCount - 2 }

  /// The resolutions of the blocks: 4, 8, … up to `resolution`.
  public var blockResolutions: [Int] {
    Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution })
  }

  /// The features of the block at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of channels.
  public func channels(at r: Int) -> Int { min(featureBase * 2 / r, featureMax) }

  /// What the mapping network reads: z, and a label's row of as many numbers.
  var mappingInputs: Int { labelDim > 0 ? 2 * zDim : zDim }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 4 to 4096") {
      (4...4096).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check(
      "featureBase", featureBase, is: "at least half the resolution, at most \(1 << 24)"
    ) { (resolution / 2...1 << 24).contains($0) }
    try ConfigurationError.check("imgChannels", imgChannels, is: "1, 3 or 4", [1, 3, 4].contains)
    try ConfigurationError.check("zDim", zDim, in: 1...65536)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("featureMax", featureMax, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 0...64)
    try ConfigurationError.check("mappingWidth", mappingWidth, in: 1...65536)
    try ConfigurationError.check("mappingLRMultiplier", mappingLRMultiplier, is: "positive") {
      $0 > 0 && $0.isFinite
    }
    if mappingLayers == 0 {
      try ConfigurationError.check(
        "wDim", wDim, is: "\(mappingInputs), what the mapping of no layers gives"
      ) { $0 == mappingInputs }
    }
    try ConfigurationError.checkBlurFilter(blurFilter)
    try ConfigurationError.check("mirroredFrom", mirroredFrom, in: 0...8192)
    try ConfigurationError.check("visibleRows", visibleRows ?? 0..<1, is: "within the image") {
      !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= resolution
    }
  }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { StyleGAN1(self, p) }
}

extension ConfigurationError {
  static func checkBlurFilter(_ taps: [Double]) throws(ConfigurationError) {
    try check("blurFilter", taps, is: "an odd number of up to 63 finite taps with a sum") {
      let isOdd = $0.count % 2 == 1 && $0.count <= 63
      return isOdd && $0.allSatisfy(\.isFinite) && $0.reduce(0, +) != 0
    }
  }
}

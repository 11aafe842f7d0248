// StyleGAN: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial
// Networks" (2019): the sizes and choices of its networks, as checkpoints state them.

/// The sizes of a StyleGAN generator; the defaults are the paper's configuration F at 1024×1024.
public struct StyleGAN1Configuration: NetworkConfiguration {
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
  /// 1 grey, 3 RGB.
  public var imgChannels = 3
  /// Fully connected layers of the mapping network.
  public var mappingLayers = 8
  /// The width of the mapping network's inner layers.
  public var mappingWidth = 512
  /// Features at resolution 2^r are `min(featureBase / 2^(r - 1), featureMax)`.
  public var featureBase = 8192
  /// The most features of a layer.
  public var featureMax = 512

  /// Configuration F of the paper at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The rows of W+: two for each resolution.
  public var numWs: Int { 2 * resolution.trailingZeroBitCount - 2 }

  /// The features of the block at resolution `r`.
  public func channels(at r: Int) -> Int { min(featureBase * 2 / r, featureMax) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 4 to 4096") {
      (4...4096).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("featureBase", featureBase, is: "at least half the resolution") {
      ($0 * 2 >= resolution) && $0 <= 1 << 24
    }
    try ConfigurationError.check("imgChannels", imgChannels, in: 1...4)
    try ConfigurationError.check("zDim", zDim, in: 1...65536)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("featureMax", featureMax, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 0...64)
    try ConfigurationError.check("mappingWidth", mappingWidth, in: 1...65536)
  }
}

/// The sizes of a StyleGAN discriminator; the defaults are the paper's at 1024×1024.
public struct StyleGAN1DiscriminatorConfiguration: NetworkConfiguration {
  /// The name of this network in network files.
  public static let kind = "stylegan1-discriminator"

  /// The image's width and height, a power of two from 8 on.
  public var resolution = 1024
  /// 1 grey, 3 RGB.
  public var imgChannels = 3
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// Features at resolution 2^r are `min(featureBase / 2^(r - 1), featureMax)`.
  public var featureBase = 8192
  /// The most features of a layer.
  public var featureMax = 512

  /// The paper's sizes at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The features of the block at resolution `r`.
  public func channels(at r: Int) -> Int { min(featureBase * 2 / r, featureMax) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 8 to 4096") {
      (8...4096).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("featureBase", featureBase, is: "at least half the resolution") {
      ($0 * 2 >= resolution) && $0 <= 1 << 24
    }
    try ConfigurationError.check("imgChannels", imgChannels, in: 1...4)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("featureMax", featureMax, in: 1...65536)
  }
}

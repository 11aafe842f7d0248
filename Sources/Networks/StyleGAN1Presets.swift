// The configurations of StyleGAN that people name: the ladder of the paper's Table 1.

/// A step from the baseline to StyleGAN.
///
/// - Source: Table 1 of the paper; `train.py` of stylegan says how each differs from the last.
public enum StyleGAN1Preset: String, CaseIterable, Sendable {
  /// The generator of "Progressive Growing of GANs": no mapping, styles, noise or filters.
  case configA = "stylegan1-config-a"
  /// Configuration A with low-pass filters where it enlarges and reduces, and better settings of
  /// training.
  case configB = "stylegan1-config-b"
  /// Configuration B with a mapping network and styles, which normalise channels, not pixels.
  case configC = "stylegan1-config-c"
  /// Configuration C that starts from a learned constant.
  case configD = "stylegan1-config-d"
  /// Configuration D with noise.
  case configE = "stylegan1-config-e"
  /// Configuration E trained with style mixing: StyleGAN.
  case configF = "stylegan1-config-f"

  /// The generator of this preset.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  /// - Returns: Its configuration, not yet validated.
  public func generator(resolution: Int = 1024, labelDim: Int = 0, imgChannels: Int = 3)
    -> StyleGAN1Configuration
  {
    var g = StyleGAN1Configuration(resolution: resolution)
    (g.labelDim, g.imgChannels) = (labelDim, imgChannels)
    g.blurFilter = blurFilter
    g.useNoise = self == .configE || self == .configF
    g.constInput = g.useNoise || self == .configD
    g.useStyles = g.constInput || self == .configC
    (g.useInstanceNorm, g.usePixelNorm) = (g.useStyles, !g.useStyles)
    if !g.useStyles { (g.mappingLayers, g.wDim) = (0, g.mappingInputs) }
    return g
  }

  /// The discriminator of this preset.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  /// - Returns: Its configuration, not yet validated.
  public func discriminator(resolution: Int = 1024, labelDim: Int = 0, imgChannels: Int = 3)
    -> StyleGAN1DiscriminatorConfiguration
  {
    var d = StyleGAN1DiscriminatorConfiguration(resolution: resolution)
    (d.labelDim, d.imgChannels) = (labelDim, imgChannels)
    d.blurFilter = blurFilter
    return d
  }

  private var blurFilter: [Double] { self == .configA ? [1] : [1, 2, 1] }
}

extension StyleGAN1Preset {
  /// What was published for the step.
  ///
  /// - Source: Table 1 of the paper.
  fileprivate var results: [PublishedResult] {
    let (celebAHQ, ffhq) =
      switch self {
      case .configA: (7.79, 8.04)
      case .configB: (6.11, 5.25)
      case .configC: (5.34, 4.85)
      case .configD: (5.07, 4.88)
      case .configE: (5.06, 4.42)
      case .configF: (5.17, 4.40)
      }
    return [.fid("FFHQ", ffhq), .fid("CelebA-HQ", celebAHQ)]
  }
}

extension StyleGAN1Configuration {
  /// Configuration F at two resolutions, and every step of the ladder.
  public static var namedConfigurations: [NamedConfiguration] {
    [256, 1024].map { resolution in
      NamedConfiguration(
        name: "stylegan1-\(resolution)",
        summary: "StyleGAN, configuration F, \(resolution)×\(resolution)",
        results: resolution == 256
          ? [.fid("LSUN Bedroom", 2.65), .fid("LSUN Cat", 8.53)] : StyleGAN1Preset.configF.results
      ) { StyleGAN1Configuration(resolution: $0 ?? resolution) }
    }
      + StyleGAN1Preset.allCases.map { preset in
        NamedConfiguration(
          name: preset.rawValue,
          summary: "StyleGAN, configuration \(preset.rawValue.suffix(1).uppercased()), 1024×1024",
          results: preset.results
        ) { preset.generator(resolution: $0 ?? 1024) }
      }
  }
}

// The configurations of StyleGAN2 that people name: the paper's ladder and the presets of the
// training program.

/// A named choice of network sizes for StyleGAN2.
///
/// - Source: `train.py` of stylegan2-ada-pytorch; the StyleGAN2 paper, Table 1.
public enum StyleGAN2Preset: String, CaseIterable, Sendable {
  /// Sizes by resolution, for any data set.
  case auto
  /// The paper's configuration F as it was first published.
  case stylegan2
  /// The ADA paper's FFHQ and LSUN Cat at 256×256.
  case paper256
  /// The ADA paper's BreCaHAD and AFHQ at 512×512.
  case paper512
  /// The ADA paper's MetFaces at 1024×1024.
  case paper1024
  /// The ADA paper's CIFAR-10.
  case cifar
  /// Weight demodulation in the baseline's networks. What follows up to D differs in training only.
  case configB = "config-b"
  /// Configuration B with lazy regularisation.
  case configC = "config-c"
  /// Configuration C with path length regularisation.
  case configD = "config-d"
  /// No growing: skip generator, residual discriminator.
  case configE = "config-e"
  /// Configuration E with twice the features from 64×64 up.
  case configF = "config-f"

  /// The resolution that the preset was made for, in pixels.
  public var defaultResolution: Int {
    switch self {
    case .cifar: 32
    case .auto, .paper256: 256
    case .paper512: 512
    case .stylegan2, .paper1024, .configB, .configC, .configD, .configE, .configF: 1024
    }
  }

  /// The generator of this preset.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height; nil for the preset's own.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  /// - Returns: Its configuration, not yet validated.
  public func generator(resolution: Int? = nil, labelDim: Int = 0, imgChannels: Int = 3)
    -> StyleGAN2Configuration
  {
    var g = StyleGAN2Configuration(resolution: resolution ?? defaultResolution)
    g.labelDim = labelDim
    g.imgChannels = imgChannels
    g.mappingLayers = self == .auto || self == .cifar ? 2 : 8
    g.channelBase = channelBase(resolution: g.resolution)
    g.architecture = isOriginalArchitecture ? .orig : .skip
    (g.numFP16Res, g.convClamp) = (numFP16Res, convClamp)
    return g
  }

  /// The discriminator of this preset.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height; nil for the preset's own.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  ///   - batchPerDevice: Samples that one device judges together; bounds the groups of `auto`.
  /// - Returns: Its configuration, not yet validated.
  public func discriminator(
    resolution: Int? = nil, labelDim: Int = 0, imgChannels: Int = 3, batchPerDevice: Int = 4
  ) -> StyleGAN2DiscriminatorConfiguration {
    var d = StyleGAN2DiscriminatorConfiguration(resolution: resolution ?? defaultResolution)
    d.labelDim = labelDim
    d.imgChannels = imgChannels
    d.channelBase = channelBase(resolution: d.resolution)
    d.architecture = isOriginalArchitecture || self == .cifar ? .orig : .resnet
    d.mbstdGroupSize = mbstdGroupSize(batchPerDevice: batchPerDevice)
    (d.numFP16Res, d.convClamp) = (numFP16Res, convClamp)
    return d
  }

  private var isLadder: Bool { rawValue.hasPrefix("config-") }

  /// Before configuration E networks grew; once grown, only the last block makes RGB.
  private var isOriginalArchitecture: Bool { [.configB, .configC, .configD].contains(self) }

  /// The ladder was published without 16-bit formats; every preset of the ADA paper has them.
  private var numFP16Res: Int { isLadder ? 0 : 4 }
  private var convClamp: Double? { isLadder ? nil : 256 }

  private func channelBase(resolution: Int) -> Int {
    switch self {
    case .auto: resolution >= 512 ? 32768 : 16384
    case .paper256, .configB, .configC, .configD, .configE: 16384
    case .stylegan2, .paper512, .paper1024, .cifar, .configF: 32768
    }
  }

  private func mbstdGroupSize(batchPerDevice: Int) -> Int {
    switch self {
    case .auto: min(batchPerDevice, 4)
    case .paper256, .paper512: 8
    case .cifar: 32
    case .stylegan2, .paper1024, .configB, .configC, .configD, .configE, .configF: 4
    }
  }
}

extension StyleGAN2Preset {
  /// What was published for networks of the preset.
  ///
  /// - Source: The StyleGAN2 paper, Tables 1 and 3; the ADA paper; issue 283
  ///   of stylegan2-ada-pytorch.
  fileprivate var results: [PublishedResult] {
    switch self {
    case .auto, .paper512, .paper1024: []
    case .configB: [.fid("FFHQ", 4.39)]
    case .configC: [.fid("FFHQ", 4.38)]
    case .configD: [.fid("FFHQ", 4.34)]
    case .configE: [.fid("FFHQ", 3.31)]
    case .stylegan2, .configF: [.fid("FFHQ", 2.84)]
    case .paper256: [.fid("FFHQ", 4.30)]
    case .cifar: [.fid("CIFAR-10", 2.92), .inceptionScore("CIFAR-10", 9.83)]
    }
  }
}

extension StyleGAN2Configuration {
  /// What was published for configuration F, by resolution.
  private static let configF: [Int: [PublishedResult]] = [
    256: [.fid("LSUN Church", 3.86)],
    512: [.fid("LSUN Car", 2.32)], 1024: [.fid("FFHQ", 2.84)],
  ]

  /// Configuration F at three resolutions, and every preset.
  public static var namedConfigurations: [NamedConfiguration] {
    [256, 512, 1024].map { resolution in
      NamedConfiguration(
        name: "stylegan2-\(resolution)",
        summary: "StyleGAN2, configuration F, \(resolution)×\(resolution)",
        results: configF[resolution] ?? []
      ) { StyleGAN2Preset.configF.generator(resolution: $0 ?? resolution) }
    }
      + StyleGAN2Preset.allCases.map { preset in
        NamedConfiguration(
          name: preset.rawValue,
          summary:
            "StyleGAN2 \(preset.rawValue), \(preset.defaultResolution)×\(preset.defaultResolution)",
          results: preset.results
        ) { preset.generator(resolution: $0) }
      }
  }
}

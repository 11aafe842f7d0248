// The sizes and choices of Styleformer and Styleformer-L, and the configurations that were
// published: Park and Kim, "Styleformer: Transformer Based Generative Adversarial Networks with
// Style Vector" (2022).

import Foundation
public import Layers
public import Tensors

/// The sizes and choices of a Styleformer; the defaults are the network published for CIFAR-10.
///
/// A network has a stage for each resolution from `startResolution` up to `resolution`, each twice
/// as large as the one before; `numLayers` and `hiddenSizes` have an entry for each stage.
public struct StyleformerConfiguration: GeneratorConfiguration {
  /// The name of this family in network files.
  public static let kind = "styleformer"
  /// Also bfloat16, from 16×16 on.
  public static let numberFormats: [DType] = [.float32, .bfloat16]

  /// The length of z; with labels also 0, so that they alone decide.
  public var zDim = 512
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// The length of w.
  public var wDim = 512
  /// The image's width and height, in pixels.
  public var resolution = 32
  /// The width and height of the first stage, in pixels: 8 as published, 12 for images of 48.
  public var startResolution = 8
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels = 3
  /// Fully connected layers of the mapping network.
  public var mappingLayers = 2
  /// Encoder layers of each stage (`num_layers`).
  public var numLayers = [1, 3, 3]
  /// Channels of each stage's layers (`G_dict`); the last layer of a stage leads to those of the
  /// next.
  public var hiddenSizes = [1024, 512, 512]
  /// Channels of one attention head (`depth`): layers with more channels have more heads.
  public var headSize = 32
  /// The fewest heads of a layer (`minimum_head`).
  public var minimumHeads = 1
  /// Whether layers from 32×32 on attend to 256 projected keys rather than to every token, as
  /// Styleformer-L does.
  public var linformer = false
  /// The largest absolute value that encoder layers let through; nil for no bound.
  public var convClamp: Double? = 256
  /// What is changed to find out what it is good for; nil for the published layers.
  public var ablation: StyleformerAblation?

  /// The network published for CIFAR-10.
  public init() {}

  /// The resolutions of the stages.
  public var stageResolutions: [Int] {
    Array(sequence(first: startResolution) { $0 * 2 }.prefix(numLayers.count))
  }

  /// The resolution of each encoder layer.
  public var layerResolutions: [Int] {
    zip(stageResolutions, numLayers).flatMap { [Int](repeating: $0, count: $1) }
  }

  /// The rows of W+: one for each layer and one for each stage's toRGB, as the published code
  /// counts them.
  ///
  /// A toRGB reads the row of the next layer, so that all rows behind `usedWs` are never read.
  public var numWs: Int { numLayers.reduce(0, +) + numLayers.count }

  /// The rows of W+ that the image depends on: one for each layer, and one for the last toRGB.
  public var usedWs: Range<Int> { 0..<numLayers.reduce(0, +) + 1 }

  /// The attention heads of a layer.
  ///
  /// - Parameter channels: The layer's channels.
  /// - Returns: The number of heads.
  public func heads(of channels: Int) -> Int { max(minimumHeads, channels / headSize) }

  /// Whether layers of a resolution project keys and values.
  func projects(at resolution: Int) -> Bool { linformer && resolution >= 32 }

  /// Styleformer-L without its projection: every layer attends to every token; nil for others, which
  /// do so anyway.
  public var withFullAttention: (any GeneratorConfiguration)? {
    guard linformer else { return nil }
    var configuration = self
    configuration.linformer = false
    return configuration
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("numLayers", numLayers, is: "1 to 10 stages of 1 to 64 layers") {
      (1...10).contains($0.count) && $0.allSatisfy((1...64).contains)
    }
    try ConfigurationError.check("startResolution", startResolution, in: 4...64)
    let expected = startResolution << (numLayers.count - 1)
    try ConfigurationError.check(
      "resolution", resolution,
      is: "\(expected), startResolution \(startResolution) doubled for each further stage, "
        + "at most 4096"
    ) { $0 == expected && $0 <= 4096 }
    try ConfigurationError.check(
      "hiddenSizes", hiddenSizes, is: "\(numLayers.count) numbers from 1 to 65536, one a stage"
    ) { $0.count == numLayers.count && $0.allSatisfy((1...65536).contains) }
    try ConfigurationError.check("headSize", headSize, in: 1...65536)
    try ConfigurationError.check("minimumHeads", minimumHeads, in: 1...65536)
    for size in hiddenSizes {
      try ConfigurationError.check(
        "hiddenSizes", size, is: "a multiple of the \(heads(of: size)) heads of the layer"
      ) { $0 % heads(of: size) == 0 }
    }
    try ConfigurationError.check("imgChannels", imgChannels, is: "1, 3 or 4", [1, 3, 4].contains)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("zDim", zDim, in: (labelDim > 0 ? 0 : 1)...65536)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 1...64)
    try ConfigurationError.check(
      "feedForwardRatio", ablation?.feedForwardRatio ?? 1, in: 1...64)
    try ConfigurationError.checkConvClamp(convClamp)
  }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { Styleformer(self, p) }
}

/// Changes to Styleformer's layers, to find out what each part is good for.
///
/// The paper reports such experiments without settings; the readings are ours. The defaults are the
/// published layers.
public struct StyleformerAblation: Codable, Hashable, Sendable {
  /// What a layer's second branch starts from.
  public enum Residual: String, CaseIterable, Codable, Hashable, Sendable {
    /// The values after their modulation, as published.
    case modulatedValue = "modulated-value"
    /// The layer's input.
    case input
    /// There is no second branch.
    case none
  }

  /// Where a layer normalises tokens.
  public enum Normalization: String, CaseIterable, Codable, Hashable, Sendable {
    /// When they have been multiplied by the styles, as published.
    case afterModulation = "after-modulation"
    /// Before they are multiplied by the styles.
    case beforeModulation = "before-modulation"
    /// Not before attention but behind it, before the matrix that leads out of the heads.
    case afterAttention = "after-attention"
  }

  /// Where tokens are normalised.
  public var normalization = Normalization.afterModulation
  /// Whether outputs are demodulated.
  public var demodulates = true
  /// What the second branch starts from.
  public var residual = Residual.modulatedValue
  /// How many times as wide as the layer's results the hidden layer of a feed-forward network behind it
  /// is; nil for no such network, as published.
  public var feedForwardRatio: Int?

  /// The published layers.
  public init() {}
}

// MARK: - Published configurations

/// The networks that were published, by the data that they draw.
///
/// - Source: The pretrained networks of Jeeseung-Park/Styleformer; their lists of layers from the
///   port in BR-IDL/PaddleViT, which loaded them.
public enum StyleformerPreset: String, CaseIterable, Sendable {
  /// "Styleformer-Large" at 32×32.
  case cifar10
  /// "Styleformer-Medium" at 48×48.
  case stl10
  /// "Styleformer-Linformer" for CelebA at 64×64.
  case celeba64l
  /// "Styleformer-Linformer" for LSUN Church at 128×128.
  case lsun128l

  /// What the network is, in a few words.
  public var summary: String {
    switch self {
    case .cifar10: "Styleformer, as published for CIFAR-10, 32×32"
    case .stl10: "Styleformer, as published for STL-10, 48×48"
    case .celeba64l: "Styleformer-L, as published for CelebA, 64×64"
    case .lsun128l: "Styleformer-L, as published for LSUN Church, 128×128"
    }
  }

  /// The generator of this preset.
  ///
  /// At another resolution there are fewer stages, or more like the last one. Images of 3·2^k
  /// pixels start at 12×12, others at 8×8.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height; nil for the preset's own.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  /// - Returns: Its configuration, not yet validated.
  public func generator(resolution: Int? = nil, labelDim: Int = 0, imgChannels: Int = 3)
    -> StyleformerConfiguration
  {
    var g = StyleformerConfiguration()
    switch self {
    case .cifar10: (g.numLayers, g.hiddenSizes) = ([1, 3, 3], [1024, 512, 512])
    case .stl10: (g.numLayers, g.hiddenSizes) = ([1, 3, 3], [1024, 256, 64])
    case .celeba64l: (g.numLayers, g.hiddenSizes) = ([1, 2, 1, 1], [1024, 256, 64, 64])
    case .lsun128l: (g.numLayers, g.hiddenSizes) = ([1, 2, 1, 1, 1], [1024, 256, 64, 64, 64])
    }
    g.linformer = self == .celeba64l || self == .lsun128l
    g.startResolution = self == .stl10 ? 12 : 8
    g.resolution = g.startResolution << (g.numLayers.count - 1)
    if let resolution, resolution != g.resolution { g.resize(to: resolution) }
    (g.labelDim, g.imgChannels) = (labelDim, imgChannels)
    return g
  }
}

extension StyleformerConfiguration {
  /// Takes away stages, or repeats the last one, for images of another size.
  ///
  /// A size that no number of stages gives is left to `validate()`.
  fileprivate mutating func resize(to resolution: Int) {
    self.resolution = resolution
    startResolution = resolution % 3 == 0 ? 12 : 8
    let count = 1 + ((0..<9).first { startResolution << $0 >= resolution } ?? 9)
    func resized(_ list: [Int]) -> [Int] {
      Array((list + [Int](repeating: list.last ?? 1, count: count)).prefix(count))
    }
    (numLayers, hiddenSizes) = (resized(numLayers), resized(hiddenSizes))
  }
}

extension StyleformerPreset {
  /// What was published for the preset.
  ///
  /// - Source: README of Jeeseung-Park/Styleformer.
  fileprivate var results: [PublishedResult] {
    switch self {
    case .cifar10: [.fid("CIFAR-10", 2.82), .inceptionScore("CIFAR-10", 9.94)]
    case .stl10: [.fid("STL-10", 15.17), .inceptionScore("STL-10", 11.01)]
    case .celeba64l: [.fid("CelebA", 3.66)]
    case .lsun128l: [.fid("LSUN Church", 7.99)]
    }
  }
}

extension StyleformerConfiguration {
  /// Every preset.
  public static var namedConfigurations: [NamedConfiguration] {
    StyleformerPreset.allCases.map { preset in
      NamedConfiguration(
        name: "styleformer-\(preset.rawValue)", summary: preset.summary, results: preset.results
      ) { preset.generator(resolution: $0) }
    }
  }
}

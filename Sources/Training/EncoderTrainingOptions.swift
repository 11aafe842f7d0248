// Everything that decides what an encoder learns, as plain values that a run folder keeps.

public import Networks

/// Everything that decides what an encoder learns.
public struct EncoderTrainingOptions: TrainingOptions {
  /// What moves the parameters.
  public enum OptimizerKind: String, CaseIterable, Codable, Sendable {
    /// Ranger, as published.
    case ranger
    /// Adam with β₁ 0.9 and β₂ 0.999.
    case adam
  }

  /// What people may change, with what it is where they do not.
  public struct Settings: Codable, Hashable, Sendable {
    /// Pictures in a step.
    public var batchSize = 8
    /// The learning rate.
    public var learningRate = 1e-4
    /// What moves the parameters.
    public var optimizer = OptimizerKind.ranger
    /// How much the losses of pictures count.
    public var losses = InversionLossWeights()
    /// How much the squared differences of codes count, where true codes are known.
    public var codeLoss = 0.0
    /// ψ of the codes that the generator draws pictures from, where these are the data.
    public var truncationPsi = 1.0

    /// What nobody changed.
    public init() {}
  }

  /// `stylist train encoder`.
  public static let kind = "encoder"
  /// What stands for the pictures that the generator itself draws, where data are named.
  public static let codes = "codes"

  /// The pictures, those held out among them.
  public var data: TrainingData
  /// How many of the last pictures are not learned from, but tell how well others are inverted.
  public var heldOut: Int
  /// The generator.
  public var decoder: NamedGenerator
  /// The encoder.
  public var encoder: EncoderArchitecture
  /// What says how far pictures are apart: LPIPS, or what stands for it; nil where it does not count.
  public var distance: NamedNetwork?
  /// What knows people, or pictures, again; nil where it does not count.
  public var identity: NamedNetwork?
  /// The network for faces whose trunk the encoder's starts as; nil for one that starts at random.
  public var trunk: NamedNetwork?
  /// The width at which losses compare pictures, in pixels.
  public var comparedWidth: Int
  /// What may be changed.
  public var settings: Settings
  /// Where all random streams start.
  public var seed: UInt32
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    data: TrainingData, heldOut: Int, decoder: NamedGenerator, encoder: EncoderArchitecture,
    distance: NamedNetwork?, identity: NamedNetwork?, comparedWidth: Int,
    settings: Settings = Settings(), seed: UInt32, threads: Int
  ) {
    (self.data, self.heldOut, self.decoder, self.encoder) = (data, heldOut, decoder, encoder)
    (self.distance, self.identity, self.comparedWidth) = (distance, identity, comparedWidth)
    (self.settings, self.seed, self.threads) = (settings, seed, threads)
  }

  /// The encoder.
  public var cfg: String { encoder.kind.rawValue }

  /// Whether the pictures are those that the generator draws.
  public var learnsFromCodes: Bool { data.source == Self.codes }

  /// The network that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func network() throws(ConfigurationError) -> any EncoderConfiguration {
    try settings.losses.validate()
    let configuration = try encoder.configuration()
    // A channel's variance with divisor n - 1 is that of at least two numbers.
    let coarsest = configuration.shape.tapSizes[2]
    try ConfigurationError.check(
      "batch", settings.batchSize, is: "2 or more, of pictures whose coarsest features are 1×1"
    ) { $0 * coarsest.height * coarsest.width > 1 }
    return configuration
  }

  /// The encoder, the data and the batch.
  public func folderName() throws(ConfigurationError) -> String {
    ([cfg] + data.folderWords + ["batch\(settings.batchSize)"]).joined(separator: "-")
  }
}

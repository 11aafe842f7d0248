// Everything that decides what a classifier of codes learns, as plain values that a run folder keeps.

public import Networks

/// Everything that decides what a classifier of codes learns.
public struct LatentClassifierOptions: TrainingOptions {
  /// What people may change, with what it is where they do not.
  public struct Settings: Codable, Hashable, Sendable {
    /// Codes in a step.
    public var batchSize = 64
    /// Adam's learning rate.
    public var learningRate = 1e-3
    /// How much of a parameter is added to its gradient.
    public var weightDecay = 0.0
    /// The widths of the layers that all attributes share.
    public var hiddenWidths: [Int]

    /// The usual settings.
    ///
    /// - Parameter codeLength: The numbers of a code, which decide how wide layers are: those of the
    ///   published size get the published widths.
    public init(codeLength: Int) { hiddenWidths = codeLength > 4096 ? [2048, 512] : [384, 192] }
  }

  /// `stylist train latent-classifier`.
  public static let kind = LatentClassifierConfiguration.kind

  /// The codes, or the pictures that they are of, those held out among them.
  public var data: TrainingData
  /// Where the codes come from.
  public var origin: CodeOrigin
  /// The names of the attributes, in the order of the labels.
  public var attributes: [String]
  /// How many of the last codes are not learned from, but tell how well others are judged.
  public var heldOut: Int
  /// What may be changed.
  public var settings: Settings
  /// Where all random streams start.
  public var seed: UInt32
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    data: TrainingData, origin: CodeOrigin, attributes: [String], heldOut: Int, settings: Settings,
    seed: UInt32, threads: Int
  ) {
    (self.data, self.origin, self.attributes) = (data, origin, attributes)
    (self.heldOut, self.settings, self.seed, self.threads) = (heldOut, settings, seed, threads)
  }

  /// There is one recipe.
  public var cfg: String { Self.kind }

  /// The network that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func network() throws(ConfigurationError) -> LatentClassifierConfiguration {
    var network = LatentClassifierConfiguration()
    network.codeLength = origin.numWs * origin.wDim
    network.hiddenWidths = settings.hiddenWidths
    (network.attributeCount, network.attributes) = (attributes.count, attributes)
    try network.validate()
    return network
  }

  /// The recipe, the data and the batch.
  public func folderName() throws(ConfigurationError) -> String {
    var data = data
    data.labelDim = 0  // there is no training without labels
    return ([cfg] + data.folderWords + ["batch\(settings.batchSize)"]).joined(separator: "-")
  }
}

// Everything that decides what a classifier of attributes learns, as plain values that a run folder
// keeps.

public import Networks

/// Everything that decides what a classifier of attributes learns.
public struct AttributeOptions: TrainingOptions {
  /// What people may change, with what it is where they do not.
  public struct Settings: BodySettings {
    /// Pictures in a step.
    public var batchSize = 32
    /// Adam's learning rate.
    public var learningRate = 0.01
    /// Features at resolution r are `min(channelBase / r, channelMax)`.
    ///
    /// - Source: Karras et al. (2019), the classifiers of the separability study.
    public var channelBase = 8192
    /// The most features of a layer.
    public var channelMax = 512

    /// What nobody changed.
    public init() {}
  }

  /// `stylist train attributes`.
  public static let kind = "attributes"

  /// The pictures, those held out among them; labels are a 0 or 1 for each attribute.
  public var data: TrainingData
  /// The names of the attributes, in the order of the labels.
  public var attributes: [String]
  /// How many of the last pictures are not learned from, but tell how well others are judged.
  public var heldOut: Int
  /// What may be changed.
  public var settings: Settings
  /// Where all random streams start.
  public var seed: UInt32
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    data: TrainingData, attributes: [String], heldOut: Int, settings: Settings = Settings(),
    seed: UInt32, threads: Int
  ) {
    (self.data, self.attributes, self.heldOut) = (data, attributes, heldOut)
    (self.settings, self.seed, self.threads) = (settings, seed, threads)
  }

  /// There is one recipe.
  public var cfg: String { Self.kind }

  /// The network that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func network() throws(ConfigurationError) -> AttributeClassifierConfiguration {
    var network = AttributeClassifierConfiguration(
      resolution: data.resolution, attributes: attributes)
    network.imgChannels = data.channels
    (network.channelBase, network.channelMax) = (settings.channelBase, settings.channelMax)
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

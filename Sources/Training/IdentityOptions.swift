// Everything that decides what an identity network learns, as plain values that a run folder keeps.

public import Networks

/// Everything that decides what an identity network learns.
public struct IdentityOptions: TrainingOptions {
  /// What people may change, with what it is where they do not.
  public struct Settings: Codable, Hashable, Sendable {
    /// Pictures in a step.
    public var batchSize = 32
    /// Adam's learning rate.
    public var learningRate = 0.005
    /// Features at resolution r are `min(channelBase / r, channelMax)`.
    public var channelBase = 8192
    /// The most features of a layer.
    public var channelMax = 512
    /// The length of the embedding.
    public var embeddingSize = 128
    /// The angle that is added between a picture and its person, in radians.
    ///
    /// ArcFace has 0.5; with few people and short trainings less is learned sooner.
    public var margin = 0.3
    /// What cosines are multiplied by.
    ///
    /// ArcFace has 64, for 85,000 people; fewer need less.
    public var scale = 32.0

    /// What nobody changed.
    public init() {}
  }

  /// `stylist train identity`.
  public static let kind = "identity"

  /// The pictures, those of people held out among them.
  public var data: TrainingData
  /// How many people the pictures show, those held out among them.
  public var people: Int
  /// How many of the last people are not learned from, but tell how well others are known again.
  public var heldOut: Int
  /// What may be changed.
  public var settings: Settings
  /// Where all random streams start.
  public var seed: UInt32
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    data: TrainingData, people: Int, heldOut: Int, settings: Settings = Settings(), seed: UInt32,
    threads: Int
  ) {
    (self.data, self.people, self.heldOut) = (data, people, heldOut)
    (self.settings, self.seed, self.threads) = (settings, seed, threads)
  }

  /// There is one recipe.
  public var cfg: String { Self.kind }

  /// The network that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func network() throws(ConfigurationError) -> IdentityNetworkConfiguration {
    var network = IdentityNetworkConfiguration(resolution: data.resolution)
    (network.channelBase, network.channelMax) = (settings.channelBase, settings.channelMax)
    network.embeddingSize = settings.embeddingSize
    try network.validate()
    return network
  }

  /// The recipe, the data and the batch.
  public func folderName() throws(ConfigurationError) -> String {
    ([cfg] + data.folderWords + ["batch\(settings.batchSize)"]).joined(separator: "-")
  }
}

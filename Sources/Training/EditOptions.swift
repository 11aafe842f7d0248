// Everything that decides what an edit transformer learns, as plain values that a run folder keeps.

public import Layers
public import Networks

/// Everything that decides what an edit transformer learns.
public struct EditOptions: TrainingOptions {
  /// What people may change, with what it is where they do not.
  public struct Settings: Codable, Hashable, Sendable {
    /// Codes in a step, of which half are sources and half are references.
    public var batchSize = 32
    /// Adam's learning rate.
    public var learningRate = 1e-4
    /// How much of a parameter is added to its gradient.
    public var weightDecay = 5e-4
    /// The heads of both attentions.
    public var heads = 4
    /// The numbers between the two matrices.
    public var feedForward = 1024
    /// The share of numbers that training drops.
    public var dropout = 0.1
    /// Over what the attention to the reference is normalised.
    public var attention = AttentionNormalization.keys
    /// What of the classifier's judgement is compared.
    public var comparison = ReferenceEditingLoss.Comparison.features
    /// How much the difference between the edited code and the source's counts.
    public var codeWeight = 1.0
    /// How much the difference from the reference's attribute counts.
    public var attributeWeight = 1.0
    /// How much the difference from the source's other attributes counts.
    public var othersWeight = 1.0

    /// What nobody changed.
    public init() {}
  }

  /// `stylist train edit`.
  public static let kind = "edit"

  /// The codes, or the pictures that they are of, those held out among them.
  public var data: TrainingData
  /// Where the codes come from.
  public var origin: CodeOrigin
  /// The classifier of codes that says what was edited.
  public var classifier: NamedNetwork
  /// What the classifier tells, in the order of its logits.
  public var known: [String]
  /// The attributes that are taken over, a layer for each.
  public var attributes: [String]
  /// How many of the last codes are not learned from, but tell how well others are edited.
  public var heldOut: Int
  /// What may be changed.
  public var settings: Settings
  /// Where all random streams start.
  public var seed: UInt32
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    data: TrainingData, origin: CodeOrigin, classifier: NamedNetwork, known: [String],
    attributes: [String], heldOut: Int, settings: Settings = Settings(), seed: UInt32, threads: Int
  ) {
    (self.data, self.origin, self.classifier, self.known) = (data, origin, classifier, known)
    (self.attributes, self.heldOut, self.settings) = (attributes, heldOut, settings)
    (self.seed, self.threads) = (seed, threads)
  }

  /// There is one recipe.
  public var cfg: String { Self.kind }

  /// The network that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func network() throws(ConfigurationError) -> EditTransformerConfiguration {
    var network = EditTransformerConfiguration()
    (network.decoder.width, network.decoder.heads) = (origin.wDim, settings.heads)
    (network.decoder.feedForward, network.decoder.dropout) = (
      settings.feedForward, settings.dropout
    )
    network.decoder.memoryNormalization = settings.attention
    network.attributes = attributes
    try network.validate()
    let places = try places()
    try ConfigurationError.check("known", known.count, is: "2 attributes or more") { $0 > 1 }
    try ConfigurationError.check("attributes", places.count, in: 1...known.count)
    return network
  }

  /// The places of the attributes among those that the classifier tells.
  ///
  /// - Returns: From 0.
  /// - Throws: `ConfigurationError` if it does not tell one.
  public func places() throws(ConfigurationError) -> [Int] {
    try attributes.map { name throws(ConfigurationError) in
      guard let place = known.firstIndex(of: name) else {
        throw ConfigurationError("attributes: expected what the classifier tells, found \(name)")
      }
      return place
    }
  }

  /// The loss of one attribute.
  ///
  /// - Parameter place: The attribute's place among those that the classifier tells.
  /// - Returns: The loss.
  func loss(of place: Int) -> ReferenceEditingLoss {
    var loss = ReferenceEditingLoss(attribute: place)
    loss.comparison = settings.comparison
    (loss.codeWeight, loss.attributeWeight) = (settings.codeWeight, settings.attributeWeight)
    loss.othersWeight = settings.othersWeight
    return loss
  }

  /// The attribute, or how many there are, the data and the batch.
  public func folderName() throws(ConfigurationError) -> String {
    let what = attributes.count == 1 ? attributes[0] : "\(attributes.count)attributes"
    let word = what.filter { $0.isLetter || $0.isNumber || "-_.".contains($0) }
    var data = data
    data.labelDim = 0
    return ([cfg, word] + data.folderWords + ["batch\(settings.batchSize)"])
      .joined(separator: "-")
  }
}

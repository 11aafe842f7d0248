// A classifier that learns from labelled codes which attributes their pictures show, as the engine sees
// it.

public import Checkpoints
public import Formats
import Layers
public import Networks
import OrderedCollections
import Tensors

/// Trains a classifier of attributes on labelled codes.
///
/// Every attribute is a question of its own: the loss is the mean, over codes and attributes, of the
/// binary cross-entropy of the logit with the label, which may be a probability. The last codes are
/// held out: nothing is learned from them, and they tell how well the classifier judges others.
public final class LatentClassifierTraining: Trainable {
  /// The network that learns.
  public let classifier: LatentClassifier
  /// Draws what the classifier makes of codes, for the sheets of a run; nil for no sheets.
  public var draw: ((LatentClassifier, CodeBatch) throws -> ByteImage)?
  private let optimizer: Adam
  private let codes: TrainingCodes
  private let batchSize: Int
  private let generatorHash: String

  /// Codes on a sheet, at most.
  private static let shownCodes = 256

  /// A network with first values, and the first code.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - source: The codes that the options describe, with labels.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(
    _ options: LatentClassifierOptions, on source: any CodeSource
  ) throws(ConfigurationError) {
    let random = TorchGenerator(seed: UInt64(options.seed))
    classifier = LatentClassifier(
      try options.network(), Scope(ParameterStore(), generator: random))
    let settings = options.settings
    optimizer = Adam(
      classifier.parameters,
      settings: Adam.Settings(
        learningRate: settings.learningRate, beta1: 0.9, beta2: 0.999,
        weightDecay: settings.weightDecay))
    codes = try TrainingCodes(source, heldOut: options.heldOut, seed: options.seed)
    (batchSize, generatorHash) = (settings.batchSize, options.origin.generator.hash)
  }

  // MARK: Steps

  /// Learns from the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try codes.next(batchSize)
    guard let wanted = batch.labels else { preconditionFailure("codes without labels") }
    classifier.parameters.setRequiresGrad(true)
    defer { classifier.parameters.setRequiresGrad(false) }
    let logits = classifier(batch.codes).logits
    let losses = AttributeTraining.losses(logits, wanted).mean(over: 1)
    let values = try finiteLosses(losses, imagesSeen: imagesSeen)
    optimizer(gradients(of: [losses.mean()], withRespectTo: optimizer.parameters))
    let told = zip(logits.values(), wanted.values()).map { ($0 > 0) == ($1 > 0.5) ? 1.0 : 0 }
    statistics.add(values, to: "Loss/attributes/loss")
    statistics.add(told, to: "Accuracy/learned")
    return batch.codes.size(0)
  }

  /// The loss, and the share of labels that were told before they were learned.
  public var shownStatistics: [(word: String, name: String)] {
    [("loss", "Loss/attributes/loss"), ("right", "Accuracy/learned")]
  }

  // MARK: States

  /// The classifier below `C`, the optimiser below `optimizer`.
  private var store: ParameterStore {
    let store = ParameterStore()
    store.include(classifier.parameters, under: "C")
    store.include(optimizer.state, under: "optimizer")
    return store
  }

  /// Adds the network, the optimiser and the place among the codes.
  public func save(into state: inout TrainingState) throws { codes.save(with: store, into: &state) }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    try codes.restore(from: state, to: store)
  }

  // MARK: What people see

  /// Writes the classifier, with the content hash of the generator whose codes it judges.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    (notes.kimg, notes.parentHash) = (kimg, generatorHash)
    try writeNetworkFile(
      classifier.parameters, configuration: classifier.configuration, notes: notes, to: path)
  }

  /// Codes are no pictures.
  public func dataSheet() throws -> ByteImage? { nil }

  /// What the classifier makes of codes that were held out.
  public func sampleSheet() throws -> ByteImage? {
    guard let draw else { return nil }
    return try draw(classifier, heldOut(0..<min(heldOutCount, Self.shownCodes)))
  }

  // MARK: What is held out

  /// How many codes are held out.
  public var heldOutCount: Int { codes.heldOutCount }

  /// Codes that nothing is learned from.
  ///
  /// - Parameter range: Which of them, counted from 0.
  /// - Returns: The codes, with labels.
  /// - Throws: What the source throws.
  public func heldOut(_ range: Range<Int>) throws -> CodeBatch { try codes.heldOut(range) }
}

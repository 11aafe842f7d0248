// A classifier that learns from labelled pictures which attributes they show, as the engine sees it.

public import Checkpoints
public import Datasets
public import Formats
import Layers
public import Networks
import OrderedCollections
package import Tensors

/// Trains a classifier of attributes on the labelled pictures of a data set.
///
/// Every attribute is a question of its own: the loss is the mean, over pictures and attributes, of
/// the binary cross-entropy of the logit. The last pictures of the data are held out: nothing is
/// learned from them, and they tell how well the classifier judges pictures that it has not seen.
public final class AttributeTraining: Trainable {
  /// The network that learns.
  public let classifier: AttributeClassifier
  /// The pictures that nothing is learned from.
  public let heldOut: any Dataset
  /// Draws what the classifier makes of pictures, for the sheets of a run; nil for no sheets.
  public var draw: ((AttributeClassifier) throws -> ByteImage)?
  private let optimizer: Adam
  private var pictures: TrainingPictures

  /// A network with first values, and the first picture.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(_ options: AttributeOptions, on dataset: any Dataset) throws(ConfigurationError) {
    let configuration = try options.network()
    let names = options.attributes.count
    guard dataset.labelKind.dimension == names else {
      throw ConfigurationError(
        "labels: expected \(names) numbers, found \(dataset.labelKind.dimension)")
    }
    guard (1..<dataset.count).contains(options.heldOut) else {
      throw ConfigurationError(
        "heldOut: expected 1 to \(dataset.count - 1), found \(options.heldOut)")
    }
    let random = TorchGenerator(seed: UInt64(options.seed))
    classifier = AttributeClassifier(
      configuration, Scope(ParameterStore(), generator: random))
    let settings = options.settings
    optimizer = Adam(
      classifier.parameters,
      settings: Adam.Settings(learningRate: settings.learningRate, beta1: 0.9, beta2: 0.99))
    let learned = dataset.count - options.heldOut
    heldOut = Self.heldOut(options, of: dataset)
    pictures = TrainingPictures(
      DatasetView(dataset, indices: Array(0..<learned), mirror: options.data.mirror),
      batchSize: settings.batchSize, seed: options.seed)
  }

  /// The pictures that nothing is learned from.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  /// - Returns: The last of them.
  public static func heldOut(_ options: AttributeOptions, of dataset: any Dataset) -> any Dataset {
    DatasetView(dataset, indices: Array(dataset.count - options.heldOut..<dataset.count))
  }

  // MARK: Steps

  /// Learns from the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try pictures.next()
    let count = batch.indices.count
    classifier.parameters.setRequiresGrad(true)
    defer { classifier.parameters.setRequiresGrad(false) }
    let wanted = Tensor(batch.labels, shape: [count, heldOut.labelKind.dimension])
    let logits = classifier(batch.images)
    let losses = Self.losses(logits, wanted).mean(over: 1)
    let values = try finiteLosses(losses, imagesSeen: imagesSeen)
    optimizer(gradients(of: [losses.mean()], withRespectTo: optimizer.parameters))
    let told = zip(logits.values(), batch.labels).map { ($0 > 0) == ($1 > 0) ? 1.0 : 0 }
    statistics.add(values, to: "Loss/attributes/loss")
    statistics.add(told, to: "Accuracy/learned")
    return count
  }

  /// The binary cross-entropy of logits with labels of 0 and 1, one by one.
  package static func losses(_ logits: Tensor, _ wanted: Tensor) -> Tensor {
    logits.softplus() - logits * wanted
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

  /// Adds the network, the optimiser and the place in the data.
  public func save(into state: inout TrainingState) throws {
    try pictures.save(with: store, into: &state)
  }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    try pictures.restore(from: state, to: store)
  }

  // MARK: What people see

  /// Writes the classifier.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    notes.kimg = kimg
    try writeNetworkFile(
      classifier.parameters, configuration: classifier.configuration, role: "attributes",
      notes: notes, to: path)
  }

  /// Pictures of the data, chosen at random.
  public func dataSheet() throws -> ByteImage? {
    try PictureGrid(of: heldOut.shape).sheet(of: pictures.dataset)
  }

  /// What the classifier makes of pictures.
  public func sampleSheet() throws -> ByteImage? { try draw?(classifier) }
}

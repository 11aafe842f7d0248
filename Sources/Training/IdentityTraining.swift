// A network that learns to know people again from pictures of each, as the engine sees it.

public import Checkpoints
public import Datasets
public import Formats
import Layers
public import Networks
package import Tensors

/// Trains an identity network on pictures of people.
///
/// Every person has a vector that their pictures' embeddings shall point to, nearer by a margin than
/// to that of anybody else; these vectors belong to the training, not to the network. The last people
/// of the data are held out: nothing is learned from their pictures, and they tell how well people
/// are known again who were never seen. The network that is written is a moving average of the one
/// that learns, which spares it the noise of the last steps.
public final class IdentityTraining: Trainable {
  /// The average of the network that learns, which people use.
  public let network: IdentityNetwork
  /// The pictures of the people that nothing is learned from, person by person.
  public let heldOut: [[Int]]
  /// Draws what the network makes of pictures, for the sheets of a run; nil for no sheets.
  public var draw: ((IdentityNetwork) throws -> ByteImage)?
  private let learner: IdentityNetwork
  private let loss: AngularMarginLoss
  private let optimizer: Adam
  private var pictures: TrainingPictures
  private let learned: [Int]
  private let places: [Int: Int]
  private let dataset: any Dataset

  /// Half of the average comes from the last 10,000 pictures, and at first from the last twentieth.
  private static let average = MovingAverage(halfLife: 10_000, rampUp: 0.05)

  /// A network with first values, and the first picture.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(_ options: IdentityOptions, on dataset: any Dataset) throws(ConfigurationError) {
    let configuration = try options.network()
    let split = try PeopleSplit(dataset, heldOut: options.heldOut)
    let settings = options.settings
    let random = TorchGenerator(seed: UInt64(options.seed))
    learner = IdentityNetwork(configuration, Scope(ParameterStore(), generator: random))
    network = IdentityNetwork(configuration, Scope(ParameterStore()))
    MovingAverage.update(network.parameters, towards: learner.parameters, beta: 0)
    loss = AngularMarginLoss(
      Scope(ParameterStore(), generator: random), people: split.places.count,
      embeddingSize: settings.embeddingSize, margin: settings.margin, scale: settings.scale)
    let trained = ParameterStore()
    trained.include(learner.parameters, under: "I")
    trained.include(loss.parameters, under: "people")
    optimizer = Adam(
      trained,
      settings: Adam.Settings(learningRate: settings.learningRate, beta1: 0.9, beta2: 0.99))
    (heldOut, learned, places) = (split.heldOut, split.learned, split.places)
    self.dataset = dataset
    pictures = TrainingPictures(
      DatasetView(dataset, indices: split.learned, mirror: options.data.mirror),
      batchSize: settings.batchSize, seed: options.seed)
  }

  // MARK: Steps

  /// Learns from the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try pictures.next()
    let people = batch.indices.map(place)
    let count = people.count
    let trained = [learner.parameters, loss.parameters]
    trained.forEach { $0.setRequiresGrad(true) }
    defer { trained.forEach { $0.setRequiresGrad(false) } }
    let cosines = loss.cosines(learner.features(batch.imagesInRGB))
    let losses = loss(cosines, people: people)
    let values = try finiteLosses(losses, imagesSeen: imagesSeen)
    optimizer(gradients(of: [losses.mean()], withRespectTo: optimizer.parameters))
    MovingAverage.update(
      network.parameters, towards: learner.parameters,
      beta: Self.average.beta(batchSize: count, imageCount: imagesSeen))
    let own = (cosines * .oneHot(people, count: cosines.size(1))).sum(over: 1).values()
    let told = zip(own, cosines.max(over: 1).values()).map { $0 >= $1 ? 1.0 : 0 }
    statistics.add(values, to: "Loss/identity/loss")
    statistics.add(told, to: "Accuracy/learned")
    return count
  }

  /// The place of the person that a picture of the view shows.
  private func place(of index: Int) -> Int {
    guard let person = dataset.person(at: learned[index % learned.count]),
      let place = places[person]
    else { preconditionFailure("picture \(index) shows nobody who is learned") }
    return place
  }

  /// The loss, and the share of pictures whose person was nearest before they were learned.
  public var shownStatistics: [(word: String, name: String)] {
    [("loss", "Loss/identity/loss"), ("right", "Accuracy/learned")]
  }

  // MARK: States

  /// The network that learns below `I`, its average below `average`, the people's vectors below
  /// `people`, the optimiser below `optimizer`.
  private var store: ParameterStore {
    let store = ParameterStore()
    store.include(learner.parameters, under: "I")
    store.include(network.parameters, under: "average")
    store.include(loss.parameters, under: "people")
    store.include(optimizer.state, under: "optimizer")
    return store
  }

  /// Adds the networks, the people, the optimiser and the place in the data.
  public func save(into state: inout TrainingState) throws {
    try pictures.save(with: store, into: &state)
  }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    try pictures.restore(from: state, to: store)
  }

  // MARK: What people see

  /// Writes the average network.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    notes.kimg = kimg
    try writeNetworkFile(
      network.parameters, configuration: network.configuration, notes: notes, to: path)
  }

  /// Pictures of the data, chosen at random.
  public func dataSheet() throws -> ByteImage? {
    try PictureGrid(of: dataset.shape).sheet(of: pictures.dataset)
  }

  /// What the network makes of pictures.
  public func sampleSheet() throws -> ByteImage? { try draw?(network) }
}

extension Batch {
  /// The pictures as networks see them that know RGB: [N, 3, H, W] in [-1, 1].
  package var imagesInRGB: Tensor {
    shape.channels == 1 ? images.repeated(1, 3, 1, 1) : images
  }
}

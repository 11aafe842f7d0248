// An encoder that learns to find the codes of pictures, as the engine sees it.

public import Checkpoints
public import Datasets
public import Formats
import Layers
public import Networks
import OrderedCollections
import Tensors

/// Trains an encoder into a generator that stays as it is.
///
/// The encoder sees pictures, the generator draws the codes that it gives, and the losses compare what
/// is drawn with what was seen. The pictures are those of a data set, or drawn by the generator itself,
/// in which case their true codes are known. The last ones are held out: nothing is learned from them,
/// and they tell how well pictures are inverted that were never seen.
public final class EncoderTraining: Trainable {
  /// The encoder that learns, with what moves it.
  public let learner: EncoderLearner
  /// Draws a sheet of held-out pictures, each with what is drawn of its code; nil for no sheets.
  public var draw: (([(target: ByteImage, inverted: ByteImage)]) throws -> ByteImage)?
  /// Whether the queries start with the generator's mapping network; nil for encoders without one.
  public let startsWithMapping: Bool?
  private let pictures: EncoderPictures
  private let decoderHash: String
  private let random: TorchGenerator

  /// Names in a state.
  private enum Key { static let dropout = "dropout" }

  /// Held-out pictures on a sheet, at most.
  private static let shownPictures = 24

  /// An encoder with first values, and the first picture.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - decoder: The generator that the options name.
  ///   - losses: How far pictures are apart, as the options say.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(
    _ options: EncoderTrainingOptions, into decoder: any Generator, losses: EncoderLosses,
    on dataset: any Dataset
  ) throws(ConfigurationError) {
    let configuration = try options.network()
    try configuration.traits.check(fits: decoder.traits)
    let seed = UInt64(options.seed)
    let encoder = configuration.makeEncoder(
      Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
    startsWithMapping = EncoderLearner.start(encoder, from: decoder)
    let settings = options.settings
    let optimizer: any Optimizer =
      switch settings.optimizer {
      case .ranger:
        Ranger(
          encoder.parameters, settings: Ranger.Settings(learningRate: settings.learningRate))
      case .adam:
        Adam(
          encoder.parameters,
          settings: Adam.Settings(
            learningRate: settings.learningRate, beta1: 0.9, beta2: 0.999))
      }
    learner = EncoderLearner(encoder, into: decoder, losses: losses, optimizer: optimizer)
    pictures = try EncoderPictures(options, of: dataset, decoder: decoder)
    random = TorchGenerator(seed: seed &* 8 &+ 1)
    decoderHash = options.decoder.hash
  }

  // MARK: Steps

  /// Learns from the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try pictures.next()
    let (terms, gradients) = learner.gradients(
      at: batch.img, trueCodes: batch.codes, dropping: random)
    let named = terms.named
    _ = try finiteLosses(terms.total.reshaped(1), imagesSeen: imagesSeen)
    learner.optimizer(gradients)
    for (name, loss) in named { statistics.add([loss.item()], to: "Loss/encoder/\(name)") }
    return batch.img.size(0)
  }

  /// The sum of the losses, and the squared differences of pixels.
  public var shownStatistics: [(word: String, name: String)] {
    [("loss", "Loss/encoder/loss"), ("l2", "Loss/encoder/l2")]
  }

  // MARK: States

  /// The encoder below `E`, the optimiser below `optimizer`.
  private var store: ParameterStore {
    let store = ParameterStore()
    store.include(learner.encoder.parameters, under: "E")
    store.include(learner.optimizer.state, under: "optimizer")
    return store
  }

  /// Adds the encoder, the optimiser, the random stream of dropping and the place in the data.
  public func save(into state: inout TrainingState) throws {
    for (name, entry) in store.entries { state.tensors[name] = StoredParameter(entry.tensor) }
    state.generators[Key.dropout] = random.state
    try pictures.save(into: &state)
  }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    let order = try pictures.order(in: state)
    try random.restoring(Key.dropout, of: state) {
      let store = store
      let values = try store.values(fitting: state.tensors)
      try store.load(values.mapValues { StoredParameter($0) })
    }
    pictures.go(to: order)
  }

  // MARK: What people see

  /// Writes the encoder, with the content hash of the generator that it is for.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    (notes.kimg, notes.parentHash) = (kimg, decoderHash)
    let encoder = learner.encoder
    let configuration: any NetworkConfiguration = encoder.configuration
    try writeNetworkFile(encoder.parameters, configuration: configuration, notes: notes, to: path)
  }

  /// Pictures of the data, chosen at random.
  public func dataSheet() throws -> ByteImage? { try pictures.sheet() }

  /// Pictures that were held out, each with what the generator draws of its code.
  public func sampleSheet() throws -> ByteImage? {
    guard let draw else { return nil }
    let count = min(Self.shownPictures, pictures.heldOutCount)
    let pairs = try (0..<count).flatMap { index in
      let batch = try pictures.heldOut(index..<index + 1)
      let terms = learner.judged(batch.img, trueCodes: batch.codes)
      let target = ByteImage.eightBit(batch.img)
      return zip(target, ByteImage.eightBit(learner.drawn(terms.wPlus, like: batch.img)))
        .map { (target: $0, inverted: $1) }
    }
    return try draw(pairs)
  }
}

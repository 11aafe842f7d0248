// An edit transformer that learns to take attributes over from references, as the engine sees it.

public import Checkpoints
public import Formats
import Layers
public import Networks
import OrderedCollections
import Tensors

/// Trains an edit transformer: a layer for each attribute.
///
/// Half of the codes of a step are sources, half are references. Each layer edits every source by its
/// reference; a classifier of codes, which does not learn, says whether the edited code has the
/// reference's attribute and the source's others. Generator and pictures are not needed.
public final class EditTraining: Trainable {
  /// The network that learns.
  public let editor: EditTransformer
  /// Draws edits of codes, for the sheets of a run; nil for no sheets.
  public var draw: ((EditTransformer, CodeBatch) throws -> ByteImage)?
  private let classifier: LatentClassifier
  private let losses: [ReferenceEditingLoss]
  private let optimizer: Adam
  private let codes: TrainingCodes
  private let batchSize: Int
  private let generatorHash: String
  private let random: TorchGenerator

  /// Names in a state.
  private enum Key { static let dropout = "dropout" }

  /// Codes that a sheet is made of, at most.
  private static let shownCodes = 256

  /// A network with first values, and the first code.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - classifier: The classifier of codes that the options name.
  ///   - source: The codes that the options describe.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(
    _ options: EditOptions, judgedBy classifier: LatentClassifier, on source: any CodeSource
  ) throws(ConfigurationError) {
    let (configuration, seed, settings) = (
      try options.network(), UInt64(options.seed), options.settings
    )
    try ConfigurationError.check("batch", settings.batchSize, is: "an even number") {
      $0 > 0 && $0 % 2 == 0
    }
    editor = EditTransformer(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
    losses = try options.places().map(options.loss)
    optimizer = Adam(
      editor.parameters,
      settings: Adam.Settings(
        learningRate: settings.learningRate, beta1: 0.9, beta2: 0.999,
        weightDecay: settings.weightDecay))
    codes = try TrainingCodes(source, heldOut: options.heldOut, seed: options.seed)
    self.classifier = classifier
    (batchSize, generatorHash) = (settings.batchSize, options.origin.generator.hash)
    random = TorchGenerator(seed: seed &* 8 &+ 1)
  }

  // MARK: Steps

  /// Learns from the next batch.
  public func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int {
    let batch = try codes.next(batchSize).codes
    let half = batchSize / 2
    let source = batch.sliced(0..<half, axis: 0)
    let reference = batch.sliced(half..<batchSize, axis: 0)
    let (ofSource, ofReference) = withoutGradients { (classifier(source), classifier(reference)) }
    editor.parameters.setRequiresGrad(true)
    defer { editor.parameters.setRequiresGrad(false) }
    let terms = losses.enumerated().map { index, loss in
      let edited = editor(source, reference: reference, attribute: index, dropping: random)
      return loss(
        edited, judged: classifier(edited), source: source, judged: ofSource,
        reference: ofReference)
    }
    let total = terms.dropFirst().reduce(terms[0].sum) { $0 + $1.sum }
    _ = try finiteLosses(total.reshaped(1), imagesSeen: imagesSeen)
    optimizer(gradients(of: [total], withRespectTo: optimizer.parameters))
    for term in terms {
      statistics.add([term.sum.item()], to: "Loss/edit/loss")
      statistics.add([term.code.item()], to: "Loss/edit/code")
      statistics.add([term.attribute.item()], to: "Loss/edit/attribute")
      statistics.add([term.others.item()], to: "Loss/edit/others")
    }
    return batchSize
  }

  /// The loss, and its terms.
  public var shownStatistics: [(word: String, name: String)] {
    ["loss", "code", "attribute", "others"].map { ($0, "Loss/edit/\($0)") }
  }

  // MARK: States

  /// The edit transformer below `E`, the optimiser below `optimizer`.
  private var store: ParameterStore {
    let store = ParameterStore()
    store.include(editor.parameters, under: "E")
    store.include(optimizer.state, under: "optimizer")
    return store
  }

  /// Adds the network, the optimiser, the random stream of dropping and the place among the codes.
  public func save(into state: inout TrainingState) throws {
    codes.save(with: store, into: &state)
    state.generators[Key.dropout] = random.state
  }

  /// Goes on from what `save` added.
  public func restore(from state: TrainingState) throws {
    try random.restoring(Key.dropout, of: state) { try codes.restore(from: state, to: store) }
  }

  // MARK: What people see

  /// Writes the edit transformer, with the content hash of the generator whose codes it edits.
  public func writeNetwork(to path: String, kimg: Double) throws {
    var notes = NetworkFileNotes()
    (notes.kimg, notes.parentHash) = (kimg, generatorHash)
    try writeNetworkFile(
      editor.parameters, configuration: editor.configuration, notes: notes, to: path)
  }

  /// Codes are no pictures.
  public func dataSheet() throws -> ByteImage? { nil }

  /// Edits of codes that were held out.
  public func sampleSheet() throws -> ByteImage? {
    guard let draw else { return nil }
    return try draw(editor, heldOut(0..<min(heldOutCount, Self.shownCodes)))
  }

  // MARK: What is held out

  /// How many codes are held out.
  public var heldOutCount: Int { codes.heldOutCount }

  /// Codes that nothing is learned from.
  ///
  /// - Parameter range: Which of them, counted from 0.
  /// - Returns: The codes.
  /// - Throws: What the source throws.
  public func heldOut(_ range: Range<Int>) throws -> CodeBatch { try codes.heldOut(range) }
}

extension TorchGenerator {
  /// Goes on from the state that a training saved, if all else can go on, too.
  ///
  /// - Parameters:
  ///   - name: What the stream is called there.
  ///   - state: What the training saved.
  ///   - others: Restores all else; if it throws, the stream stays as it is.
  /// - Throws: `TrainingError` if there is no such stream; what `others` throws.
  func restoring(_ name: String, of state: TrainingState, _ others: () throws -> Void) throws {
    guard let stream = state.generators[name] else {
      throw TrainingError.misfit(
        "state", expected: "the random stream \(name)", found: "none")
    }
    let before = self.state
    do throws(TorchError) {
      try restore(stream)
    } catch {
      throw TrainingError.misfit(
        "random stream \(name)", expected: "a state of libtorch's generator",
        found: error.description)
    }
    do {
      try others()
    } catch {
      try? restore(before)
      throw error
    }
  }
}

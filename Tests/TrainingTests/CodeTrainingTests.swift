// Trainings from codes: where these come from, that classifiers and edit transformers learn from them,
// that trainings go on with the same bits, and the loss of editing by reference.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Attributes that can be read off codes of six rows of eight numbers: the signs of four numbers, each
/// the mean over the rows, which an edit transformer does not tell from one another.
private let names = ["A", "B", "C", "D"]

/// Codes whose rows are nearly alike, and whose labels are the signs of some of their numbers.
private func signed(_ count: Int) -> StoredCodes {
  let own = Tensor.seeded([count, 1, 8], seed: 4, dtype: .float32)
  let codes = own + Tensor.seeded([count, 6, 8], seed: 5, dtype: .float32) * 0.2
  let signs = codes.mean(over: 1).sliced(0..<4, axis: 1).values(as: Float.self)
  return StoredCodes(
    codes, labels: Tensor(signs.map { $0 > 0 ? Float(1) : 0 }, shape: [count, 4]))
}

private let origin = CodeOrigin(
  .stored, of: NamedGenerator(source: "g.safetensors", path: nil, hash: "abc"), numWs: 6, wDim: 8)

private let data = TrainingData(
  source: "codes.npz", name: "codes", count: 600, resolution: 16, channels: 3, labelDim: 4,
  mirror: false, subset: nil)

private func classifierOptions(
  _ change: (inout LatentClassifierOptions.Settings) -> Void = { _ in }
) -> LatentClassifierOptions {
  var settings = LatentClassifierOptions.Settings(codeLength: 48)
  (settings.hiddenWidths, settings.batchSize) = ([32, 16], 32)
  change(&settings)
  return LatentClassifierOptions(
    data: data, origin: origin, attributes: names, heldOut: 100, settings: settings, seed: 3,
    threads: 1)
}

private func editOptions(
  _ attributes: [String], _ change: (inout EditOptions.Settings) -> Void = { _ in }
) -> EditOptions {
  var settings = EditOptions.Settings()
  (settings.heads, settings.feedForward, settings.batchSize) = (2, 16, 16)
  (settings.learningRate, settings.comparison) = (1e-2, .logits)
  change(&settings)
  return EditOptions(
    data: data, origin: origin, classifier: NamedNetwork(kind: "c", files: [], hash: "def"),
    known: names, attributes: attributes, heldOut: 100, settings: settings, seed: 3, threads: 1)
}

/// Takes steps, and gives all tensors and random streams that decide the next one.
private func step(
  _ training: any Trainable, _ count: Int, of batch: Int
) throws -> OrderedDictionary<String, [UInt8]> {
  var statistics = Statistics()
  for step in 0..<count { _ = try training.step(imagesSeen: step * batch, &statistics) }
  var state = TrainingState()
  try training.save(into: &state)
  var all = try state.tensors.mapValues { bits(try $0.read()) }
  for (name, bytes) in state.generators { all["random.\(name)"] = bytes }
  return all
}

@Suite("Trainings from codes")
struct CodeTrainingTests {
  /// A classifier that tells the signs, trained once.
  private static func trained() throws -> LatentClassifier {
    let training = try LatentClassifierTraining(
      classifierOptions { $0.learningRate = 1e-2 }, on: signed(600))
    _ = try step(training, 150, of: 32)
    return training.classifier
  }

  /// The share of held-out labels that a classifier tells.
  private func share(_ training: LatentClassifierTraining) throws -> Double {
    let held = try training.heldOut(0..<training.heldOutCount)
    let told = training.classifier(held.codes).logits.values(as: Float.self).map { $0 > 0 }
    let wanted = try #require(held.labels).values(as: Float.self).map { $0 > 0.5 }
    return Double(zip(told, wanted).count { $0 == $1 }) / Double(told.count)
  }

  @Test("a classifier learns to tell attributes of codes that it has not seen")
  func classifierLearns() throws {
    let training = try LatentClassifierTraining(
      classifierOptions { $0.learningRate = 1e-2 }, on: signed(600))
    #expect(training.heldOutCount == 100)
    let before = try share(training)
    _ = try step(training, 150, of: 32)
    let after = try share(training)
    #expect(before < 0.7 && after > 0.9, "\(before), then \(after)")
    #expect(training.classifier.configuration.attributeNames == names)
  }

  @Test("an edit transformer learns to give codes what references have, each layer its own")
  func editorLearns() throws {
    let classifier = try Self.trained()
    let training = try EditTraining(
      editOptions(["B", "D"]) {
        ($0.dropout, $0.learningRate) = (0, 5e-3)
        ($0.codeWeight, $0.attributeWeight) = (0.02, 2)
      }, judgedBy: classifier, on: signed(600))
    _ = try step(training, 300, of: 16)
    let held = try training.heldOut(0..<100).codes
    let (source, reference) = (held.sliced(0..<50, axis: 0), held.sliced(50..<100, axis: 0))
    func told(_ codes: Tensor) -> [Bool] {
      classifier(codes).logits.values(as: Float.self).map { $0 > 0 }
    }
    for (layer, place) in [1, 3].enumerated() {
      let edited = withoutGradients {
        training.editor(source, reference: reference, attribute: layer)
      }
      let (found, wanted, had) = (told(edited), told(reference), told(source))
      let own = (0..<50).map { $0 * 4 + place }
      let changed = own.filter { wanted[$0] != had[$0] }
      let right = changed.count { found[$0] == wanted[$0] }
      #expect(changed.count > 10 && Double(right) > 0.8 * Double(changed.count), "\(right)")
      let others = (0..<200).filter { $0 % 4 != place }
      let kept = others.count { found[$0] == had[$0] }
      #expect(Double(kept) > 0.8 * Double(others.count), "\(kept)")
    }
  }

  @Test(
    "restored trainings go on with the same bits, others' states are refused", arguments: [0, 1])
  func resuming(kind: Int) throws {
    let classifier = LatentClassifier(
      try classifierOptions().network(),
      Scope(ParameterStore(), generator: TorchGenerator(seed: 8)))
    func training() throws -> any Trainable {
      kind == 0
        ? try LatentClassifierTraining(classifierOptions(), on: signed(600))
        : try EditTraining(editOptions(["A"]), judgedBy: classifier, on: signed(600))
    }
    let whole = try step(training(), 40, of: 16)
    let first = try training()
    _ = try step(first, 25, of: 16)
    var state = TrainingState()
    try first.save(into: &state)
    state.tensors = try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) }
    let second = try training()
    _ = try step(second, 1, of: 16)
    try second.restore(from: state)
    #expect(try step(second, 15, of: 16) == whole)
    let before = try step(second, 0, of: 16)
    for damage in ["tensor", "stream", "place"] where kind == 1 || damage != "stream" {
      var damaged = state
      switch damage {
      case "tensor": damaged.tensors["optimizer.step"] = nil
      case "stream": damaged.generators["dropout"] = [1, 2, 3]
      default: damaged.values.dataPosition = nil
      }
      #expect(throws: (any Error).self, "\(damage)") { try second.restore(from: damaged) }
      #expect(try step(second, 0, of: 16) == before, "\(damage)")
    }
  }

  @Test("codes of seeds are those that the generator maps them to, mixed as often as was asked")
  func seeds() throws {
    let generator = smallGenerator()
    let plain = SeedCodes(of: generator, truncationPsi: 0.5)([3, 9])
    for (row, seed) in [UInt32(3), 9].enumerated() {
      let w = generator.map(z: generator.z(seed: seed))
      let wanted = generator.broadcast(w, truncation: Truncation(psi: 0.5))
      expectClose(plain.sliced(row..<row + 1, axis: 0), wanted, atol: 1e-6)
    }
    let seeds = Array(0..<60)
    let mixed = SeedCodes(of: generator, truncationPsi: 1, styleMixing: 0.5)
    let codes = mixed(seeds)
    let unmixed = SeedCodes(of: generator, truncationPsi: 1)(seeds)
    let differing = seeds.count { seed in
      bits(codes.selected(seed, axis: 0)) != bits(unmixed.selected(seed, axis: 0))
    }
    #expect((15...45).contains(differing), "\(differing)")
    // The first row is always that of the seed itself, and a seed's code is the same in any batch.
    expectClose(codes.selected(0, axis: 1), unmixed.selected(0, axis: 1), atol: 0)
    expectClose(mixed([7]), codes.sliced(7..<8, axis: 0), atol: 1e-6)
  }

  @Test("pictures of sampled codes are judged; judgements are probabilities")
  func judged() throws {
    let generator = smallGenerator()
    var seen: [[Int]] = []
    let source = SampledCodes(
      count: 10, of: generator, SeedCodes(of: generator, truncationPsi: 1)
    ) { img in
      seen.append(img.shape)
      return img.mean(over: 1, 2, 3).unsqueezed(1)
    }
    let batch = try source.batch([1, 4])
    let img = withoutGradients { generator.synthesize(batch.codes) }
    let wanted = img.mean(over: 1, 2, 3).unsqueezed(1).sigmoid()
    #expect(seen == [[2, 3, 16, 16]])
    expectClose(try #require(batch.labels), wanted, atol: 1e-5)
    let bare = SampledCodes(
      count: 10, of: generator, SeedCodes(of: generator, truncationPsi: 1), judge: nil)
    #expect(try bare.batch([0]).labels == nil)
  }

  @Test("values that do not fit are refused by name")
  func refusals() throws {
    func refuses(_ words: String, _ make: () throws -> Void) {
      let error = #expect(throws: ConfigurationError.self) { try make() }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    let classifier = try Self.trained()
    refuses("heldOut: expected from 1 to 49, found 100") {
      _ = try LatentClassifierTraining(classifierOptions(), on: signed(50))
    }
    refuses("batch: expected an even number, found 3") {
      _ = try EditTraining(
        editOptions(["A"]) { $0.batchSize = 3 }, judgedBy: classifier, on: signed(200))
    }
    refuses("attributes: expected what the classifier tells, found Z") {
      _ = try editOptions(["Z"]).network()
    }
    #expect(
      try editOptions(["A", "B"]).folderName() == "edit-2attributes-codes-batch16")
    #expect(
      try classifierOptions().folderName() == "latent-classifier-codes-batch32")
  }

  @Test("options are read again from their JSON, and are of one kind")
  func json() throws {
    let (classifier, edit) = (classifierOptions(), editOptions(["A", "C"]))
    let read = try LatentClassifierOptions(canonicalJSON: classifier.canonicalJSON())
    #expect(try read.canonicalJSON() == classifier.canonicalJSON())
    let again = try EditOptions(canonicalJSON: edit.canonicalJSON())
    #expect(again.attributes == ["A", "C"] && again.settings == edit.settings)
    #expect(throws: ConfigurationError.self) {
      _ = try EditOptions(canonicalJSON: classifier.canonicalJSON())
    }
  }
}

@Suite("The loss of editing by reference")
struct ReferenceEditingLossTests {
  private let codes = Tensor.seeded([2, 3, 4], seed: 7)
  private let classifier: LatentClassifier = {
    var configuration = LatentClassifierConfiguration()
    (configuration.codeLength, configuration.hiddenWidths) = (12, [10, 8])
    (configuration.attributeCount, configuration.featureWidth) = (5, 4)
    return LatentClassifier(
      configuration,
      Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 1)))
  }()

  @Test(
    "it is 0 for what it asks for, and its gradients are right",
    arguments: ReferenceEditingLoss.Comparison.allCases)
  func reference(comparison: ReferenceEditingLoss.Comparison) throws {
    var loss = ReferenceEditingLoss(attribute: 2)
    loss.comparison = comparison
    let other = Tensor.seeded([2, 3, 4], seed: 8)
    let same = loss(codes, source: codes, reference: codes, classifier: classifier)
    #expect(same.sum.item() == 0)
    let terms = loss(other, source: codes, reference: other, classifier: classifier)
    #expect(terms.attribute.item() == 0 && terms.code.item() > 0 && terms.others.item() > 0)
    expectGradients(at: [.seeded([2, 3, 4], seed: 10), codes, other]) {
      loss($0[0], source: $0[1], reference: $0[2], classifier: classifier).sum.reshaped(1)
    }
  }

  @Test("logits are compared where that is asked for, one number for each attribute")
  func logits() {
    var loss = ReferenceEditingLoss(attribute: 1)
    (loss.comparison, loss.codeWeight) = (.logits, 0)
    let (other, edited) = (Tensor.seeded([2, 3, 4], seed: 8), Tensor.seeded([2, 3, 4], seed: 9))
    let terms = loss(edited, source: codes, reference: other, classifier: classifier)
    func logits(_ codes: Tensor) -> [Double] { classifier(codes).logits.values(as: Double.self) }
    let (found, had, wanted) = (logits(edited), logits(codes), logits(other))
    func apart(_ a: [Double], _ b: [Double], at places: [Int]) -> Double {
      let squares = places.map { (place: Int) -> Double in
        let difference = a[place] - b[place]
        return difference * difference
      }
      return squares.reduce(0, +) / Double(places.count)
    }
    let own = apart(found, wanted, at: [1, 6])
    let rest = apart(found, had, at: (0..<10).filter { $0 % 5 != 1 })
    #expect(abs(terms.attribute.item() - own) < 1e-12 && abs(terms.others.item() - rest) < 1e-12)
    #expect(abs(terms.sum.item() - own - rest) < 1e-12)
  }
}

// Networks that edit codes: names, attention as coded and as published, refusals, gradients.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// An edit transformer of codes with rows of 8, in two heads.
func smallEditTransformer(_ normalization: AttentionNormalization = .keys)
  -> EditTransformerConfiguration
{
  var configuration = EditTransformerConfiguration()
  (configuration.decoder.width, configuration.decoder.heads) = (8, 2)
  configuration.decoder.feedForward = 12
  configuration.decoder.memoryNormalization = normalization
  return configuration
}

/// A classifier of five attributes of codes with 3 rows of 4.
func smallLatentClassifier() -> LatentClassifierConfiguration {
  var configuration = LatentClassifierConfiguration()
  (configuration.codeLength, configuration.hiddenWidths) = (12, [10, 8])
  (configuration.attributeCount, configuration.featureWidth) = (5, 4)
  return configuration
}

@Suite("Networks that edit codes") struct EditingNetworkTests {
  private func scope(_ dtype: DType = .float64) -> Scope {
    Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 1))
  }

  @Test("names are the published ones")
  func names() throws {
    let editor = EditTransformer(smallEditTransformer(), Scope(ParameterStore()))
    try expectNames(editor.parameters, "edit-transformer")
    let classifier = LatentClassifier(smallLatentClassifier(), Scope(ParameterStore()))
    try expectNames(classifier.parameters, "latent-classifier")
  }

  @Test("the published sizes")
  func sizes() throws {
    let (editor, classifier) = (ParameterStore(), ParameterStore())
    _ = EditTransformer(EditTransformerConfiguration(), Scope(editor, device: .meta))
    _ = LatentClassifier(LatentClassifierConfiguration(), Scope(classifier, device: .meta))
    #expect(classifier.parameterCount == 20_583_464)
    #expect(editor.parameterCount == 3_154_432)
    #expect(CelebAAttributes.names.count == 40 && CelebAAttributes.names[5] == "Bangs")
    #expect(CelebAAttributes.names[31] == "Smiling" && Set(CelebAAttributes.names).count == 40)
  }

  @Test(
    "gradients are those of the values, for both attentions",
    arguments: [
      AttentionNormalization.keys, .queries,
    ])
  func gradients(normalization: AttentionNormalization) {
    let editor = EditTransformer(smallEditTransformer(normalization), scope())
    expectGradients(at: [.seeded([2, 3, 8], seed: 2), .seeded([2, 4, 8], seed: 3)]) {
      editor($0[0], reference: $0[1])
    }
    let steps = editor.reference(
      .seeded([2, 3, 8], seed: 2), reference: .seeded([2, 4, 8], seed: 3))
    let fused = editor(.seeded([2, 3, 8], seed: 2), reference: .seeded([2, 4, 8], seed: 3))
    expectClose(fused, steps.result, atol: 1e-12)
  }

  @Test("as published, a row of the reference is shared out among the rows of the source")
  func paper() {
    var (asCoded, asPublished) = (smallEditTransformer(), EditTransformerConfiguration.paper)
    #expect(asPublished.decoder.memoryNormalization == .queries)
    asPublished.decoder = smallEditTransformer(.queries).decoder
    asCoded.decoder.heads = 2
    let (source, reference) = (
      Tensor.seeded([1, 3, 8], seed: 4), Tensor.seeded([1, 4, 8], seed: 5)
    )
    let coded = EditTransformer(asCoded, scope())(source, reference: reference)
    let published = EditTransformer(asPublished, scope())(source, reference: reference)
    #expect((coded - published).abs().max().item() > 1e-6)
  }

  @Test("the classifier's logits are one number of each attribute's features")
  func classifier() {
    let classifier = LatentClassifier(smallLatentClassifier(), scope())
    let judgement = classifier(.seeded([2, 3, 4], seed: 6))
    #expect(judgement.logits.shape == [2, 5] && judgement.features.shape == [2, 5, 4])
    let third = judgement.features.selected(3, axis: 1)
    let weight = classifier.parameters["output_fcs.3.weight"]
    let bias = classifier.parameters["output_fcs.3.bias"]
    expectClose(
      judgement.logits.selected(3, axis: 1),
      (third.matmul(weight.transposed(0, 1)) + bias).squeezed(1), atol: 1e-12)
    expectGradients(at: [.seeded([2, 3, 4], seed: 7)]) { classifier($0[0]).logits }
  }

  @Test("sizes that cannot be built are refused by name")
  func refusals() {
    func refuses(_ words: String, _ change: (inout LatentClassifierConfiguration) -> Void) {
      var configuration = LatentClassifierConfiguration()
      change(&configuration)
      let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
      #expect(error?.description == words)
    }
    refuses("codeLength: expected from 1 to 1048576, found 0") { $0.codeLength = 0 }
    refuses("hiddenWidths: expected 1 to 16 from 1 to 65536, found []") { $0.hiddenWidths = [] }
    refuses("attributeCount: expected from 1 to 4096, found -1") { $0.attributeCount = -1 }
    refuses("featureWidth: expected from 1 to 4096, found 0") { $0.featureWidth = 0 }
    refuses("slope: expected from 0 to 1, found nan") { $0.slope = .nan }
    refuses("attributes: expected 40 names that differ, found [\"Bald\"]") {
      $0.attributes = ["Bald"]
    }
    refuses("attributes: expected 2 names that differ, found [\"A\", \"A\"]") {
      ($0.attributeCount, $0.attributes) = (2, ["A", "A"])
    }
    var several = smallEditTransformer()
    several.attributes = []
    let none = #expect(throws: ConfigurationError.self) { try several.validate() }
    #expect(none?.description == "attributes: expected 1 to 256 names that differ, found []")
    var editor = EditTransformerConfiguration()
    editor.decoder.heads = 3
    let error = #expect(throws: ConfigurationError.self) { try editor.validate() }
    #expect(error?.description.hasPrefix("decoder.heads: expected") == true)
  }

  @Test("attributes are called as a file says, as CelebA's where there are as many, or by numbers")
  func attributeNames() {
    var classifier = smallLatentClassifier()
    #expect(classifier.attributeNames.last == "attribute 4")
    #expect(LatentClassifierConfiguration().attributeNames == CelebAAttributes.names)
    classifier.attributes = ["A", "B", "C", "D", "E"]
    #expect(classifier.attributeNames == ["A", "B", "C", "D", "E"])
    #expect(throws: Never.self) { try classifier.validate() }
  }

  @Test("of several attributes each has a layer of its own, like that of a network of one")
  func layers() throws {
    var configuration = smallEditTransformer()
    configuration.attributes = ["Smiling", "Bald"]
    try configuration.validate()
    let editor = EditTransformer(configuration, scope())
    let one = EditTransformer(smallEditTransformer(), scope())
    #expect(editor.parameters.parameterCount == 2 * one.parameters.parameterCount)
    let (source, reference) = (
      Tensor.seeded([2, 3, 8], seed: 2), Tensor.seeded([2, 3, 8], seed: 3)
    )
    for index in 0..<2 {
      for (name, entry) in one.parameters.entries {
        let own = name.replacing("transformerlayer.", with: "transformerlayers.\(index).")
        entry.tensor.assign(editor.parameters[own])
      }
      let found = editor(source, reference: reference, attribute: index)
      #expect(bits(found) == bits(one(source, reference: reference)))
    }
    let both = (0..<2).map { bits(editor(source, reference: reference, attribute: $0)) }
    #expect(both[0] != both[1])
    let read = try Registry.networkConfiguration(
      kind: EditTransformerConfiguration.kind, json: configuration.canonicalJSON())
    #expect((read as? EditTransformerConfiguration)?.attributes == ["Smiling", "Bald"])
  }

  @Test("both kinds are read again from their canonical JSON", arguments: [0, 1])
  func json(index: Int) throws {
    let all: [any NetworkConfiguration] = [smallEditTransformer(.queries), smallLatentClassifier()]
    let configuration = all[index]
    let read = try Registry.networkConfiguration(
      kind: type(of: configuration).kind, json: configuration.canonicalJSON())
    #expect(try read.canonicalJSON() == configuration.canonicalJSON())
  }
}

// Files of networks that edit codes: Style Transformer's, our own, and files in which something is
// wrong.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

private typealias Entries = [(key: String, value: TorchArchive.Value)]

private func tinyEditor() -> EditTransformer {
  var configuration = EditTransformerConfiguration()
  (configuration.decoder.width, configuration.decoder.feedForward) = (8, 6)
  return EditTransformer(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
}

private func tinyClassifier() -> LatentClassifier {
  var configuration = LatentClassifierConfiguration()
  (configuration.codeLength, configuration.hiddenWidths) = (24, [5, 4])
  (configuration.attributeCount, configuration.featureWidth) = (3, 2)
  return LatentClassifier(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
}

/// The tensors of a store, with a prefix.
private func entries(_ store: ParameterStore, prefix: String) -> Entries {
  store.entries.map { name, entry in
    let bytes = floatBytes(entry.tensor.values())
    return (
      prefix + name,
      .tensor(
        TensorToWrite(elementType: .float32, shape: entry.tensor.shape) {
          ByteRegion(bytes, name: "x")
        })
    )
  }
}

private func open(_ state: Entries) throws -> Checkpoint {
  try withScratchFolder { folder in
    try TorchArchive.write(
      .dictionary([("state_dict", .dictionary(state))]), to: "\(folder)/a.pt")
    return try Checkpoint.open("\(folder)/a.pt")
  }
}

private let (source, reference) = (
  [Float](repeating: 0.5, count: 24), (0..<24).map { Float($0) / 12 - 1 }
)

/// What the networks make of two codes with 3 rows of 8.
private func output(_ editor: EditTransformer) -> [Float] {
  withoutGradients {
    editor(Tensor(source, shape: [1, 3, 8]), reference: Tensor(reference, shape: [1, 3, 8]))
      .values()
  }
}

private func output(_ classifier: LatentClassifier) -> [Float] {
  withoutGradients { classifier(Tensor(reference, shape: [1, 3, 8])).logits.values() }
}

@Suite("Files of networks that edit codes") struct EditingFileTests {
  @Test("both networks of one file, wrapped for training or not", arguments: ["module.", ""])
  func together(wrapper: String) throws {
    let (editor, classifier) = (tinyEditor(), tinyClassifier())
    let checkpoint = try open(
      entries(editor.parameters, prefix: "encoder.\(wrapper)")
        + entries(classifier.parameters, prefix: "classifier.\(wrapper)"))
    #expect(checkpoint.networks.keys == ["editor", "classifier"] && checkpoint.refusals.isEmpty)
    let read = try #require(checkpoint.networks["editor"]).makeEditTransformer()
    #expect(read.configuration == editor.configuration && output(read) == output(editor))
    let judge = try #require(checkpoint.networks["classifier"]).makeLatentClassifier()
    #expect(judge.configuration == classifier.configuration)
    #expect(output(judge) == output(classifier))
  }

  @Test("a classifier in a file of its own, as published")
  func classifier() throws {
    let classifier = tinyClassifier()
    let checkpoint = try open(entries(classifier.parameters, prefix: ""))
    #expect(checkpoint.networks.keys == ["classifier"])
    let network = try Checkpoint.open(caseFile("checkpoint-edit/latent_classifier.pt"))
      .networks["classifier"]
    let published = try #require(try network?.makeLatentClassifier())
    #expect(published.configuration.attributeCount == 40)
    #expect(published.configuration.hiddenWidths == [3, 3])
  }

  @Test("both as our own files, bit for bit")
  func ownFiles() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/network.safetensors"
      let editor = tinyEditor()
      try writeNetworkFile(editor.parameters, configuration: editor.configuration, to: path)
      let network = try #require(try Checkpoint.open(path).networks["editor"])
      #expect(try output(network.makeEditTransformer()) == output(editor))
      #expect(throws: FileError.self) { _ = try network.makeLatentClassifier() }
      #expect(throws: FileError.self) { _ = try network.makeGenerator() }
      let classifier = tinyClassifier()
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration, to: path)
      let judge = try #require(try Checkpoint.open(path).networks["classifier"])
      #expect(try output(judge.makeLatentClassifier()) == output(classifier))
      #expect(try judge.check().entries.count == classifier.parameters.entries.count)
    }
  }

  @Test("missing, surplus and misshapen tensors are named")
  func damaged() throws {
    func refuses(_ words: String, _ change: (inout Entries) -> Void) {
      expect(.damaged, says: words) {
        var state = entries(tinyClassifier().parameters, prefix: "")
        change(&state)
        _ = try open(state)
      }
    }
    refuses("1 missing: output_fcs.2.bias") { $0.removeAll { $0.key == "output_fcs.2.bias" } }
    refuses("1 unexpected: fcs.9.weight") { $0.append(("fcs.9.weight", $0[0].value)) }
    refuses("indep_fcs.1.weight") { state in
      let other = state[0].value
      state = state.map { $0.key == "indep_fcs.1.weight" ? ($0.key, other) : $0 }
    }
    // Heads are not in the file, and are no reason to refuse it.
    let classifier = entries(tinyClassifier().parameters, prefix: "classifier.")
    let width = TensorToWrite(elementType: .float32, shape: [3, 3]) {
      ByteRegion(floatBytes([Float](repeating: 0, count: 9)), name: "x")
    }
    let checkpoint = try open(
      classifier + [("encoder.transformerlayer.linear1.weight", .tensor(width))])
    #expect(checkpoint.networks.keys == ["classifier"])
    #expect(
      checkpoint.refusals["editor"]?.description.contains("missing: transformerlayer.") == true)
  }
}

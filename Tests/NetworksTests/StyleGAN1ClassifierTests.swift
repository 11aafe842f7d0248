// The published classifiers of one attribute: the discriminator's layers, without growing.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Classifier with StyleGAN's layers") struct StyleGAN1ClassifierTests {
  private let pictures = Tensor.seeded([6, 3, 8, 8], seed: 2, dtype: .float32)

  @Test("gives the logits of the discriminator with the same weights", arguments: [1, 2, 4, 8])
  func discriminator(group: Int) throws {
    let classifier = smallStyleGAN1Classifier(group: group)
    let discriminator = StyleGAN1Discriminator(
      classifier.configuration.body, Scope(ParameterStore(), generator: TorchGenerator(seed: 9)))
    for name in classifier.parameters.names(under: "") {
      discriminator.parameters[name].assign(classifier.parameters[name])
    }
    // Four at most are compared, as the batches of the published metric are.
    let together = min(group, 4)
    let logits = classifier(pictures)
    #expect(logits.shape == [6, 1])
    for start in stride(from: 0, to: 6, by: together) {
      let part = start..<min(start + together, 6)
      expectClose(
        logits.sliced(part, axis: 0), discriminator(pictures.sliced(part, axis: 0), lod: 0),
        atol: 1e-6)
    }
    let spread: Double = (logits.max() - -(-logits).max()).item()
    #expect(spread > 1e-3)
  }

  @Test("has one parameter less per resolution than a network that grows")
  func layers() {
    let names = Set(smallStyleGAN1Classifier().parameters.names(under: ""))
    #expect(names.contains("FromRGB_lod0/weight") && !names.contains("FromRGB_lod1/weight"))
    #expect(!names.contains("lod") && names.contains("4x4/Dense1/bias"))
    let published = StyleGAN1ClassifierConfiguration(attribute: "Male")
    let store = ParameterStore()
    _ = published.makeClassifier(Scope(store, device: .meta))
    #expect(store["4x4/Conv/weight"].shape == [3, 3, 512, 512])
    #expect(store["256x256/Conv1_down/weight"].shape == [3, 3, 64, 128])
  }

  @Test("refuses values from which no network can be built, and is read as it was written")
  func configuration() throws {
    func refuses(_ words: String, _ change: (inout StyleGAN1ClassifierConfiguration) -> Void) {
      var configuration = smallStyleGAN1Classifier().configuration
      change(&configuration)
      let changed = configuration
      let error = #expect(throws: ConfigurationError.self) { try changed.validate() }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    refuses("attribute: expected a name") { $0.attribute = "" }
    refuses("labelDim: expected 0, no labels") { $0.body.labelDim = 2 }
    refuses("imgChannels: expected 1 or 3") { $0.body.imgChannels = 4 }
    refuses("resolution") { $0.body.resolution = 20 }
    let written = smallStyleGAN1Classifier("Smiling", group: 4).configuration
    let read = try Registry.networkConfiguration(
      kind: "stylegan1-classifier", json: written.canonicalJSON())
    #expect(read as? StyleGAN1ClassifierConfiguration == written)
  }
}

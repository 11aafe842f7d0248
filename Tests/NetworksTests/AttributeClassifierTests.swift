// The classifier of pictures: its size, and that it judges each picture by itself.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Classifier of pictures") struct AttributeClassifierTests {
  private func small() -> AttributeClassifierConfiguration {
    var configuration = AttributeClassifierConfiguration(resolution: 16, attributes: ["a", "b"])
    (configuration.channelBase, configuration.channelMax) = (64, 8)
    return configuration
  }

  @Test("a picture's logits do not depend on those beside it, and differ from another's")
  func alone() {
    let classifier = AttributeClassifier(
      small(), Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let pictures = Tensor.seeded([3, 3, 16, 16], seed: 2, dtype: .float32)
    let all = classifier(pictures)
    #expect(all.shape == [3, 2] && classifier.features(pictures).shape == [3, 8])
    for n in 0..<3 {
      expectClose(
        classifier(pictures.sliced(n..<n + 1, axis: 0)), all.sliced(n..<n + 1, axis: 0),
        atol: 1e-5)
    }
    let difference: Double = (all.selected(0, axis: 0) - all.selected(1, axis: 0)).abs().max()
      .item()
    #expect(difference > 1e-3)
  }

  @Test("its embedding compares unit features of all blocks, averaged over places")
  func embedding() {
    let classifier = AttributeClassifier(
      small(), Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let pictures = Tensor.seeded([2, 3, 16, 16], seed: 3, dtype: .float32)
    let stages = classifier.stages(pictures)
    #expect(stages.map(\.shape) == [[2, 8, 8, 8], [2, 8, 4, 4]])
    let embedding = classifier.embedding(pictures)
    #expect(embedding.shape == [2, 8 * 8 * 8 + 8 * 4 * 4])
    func distance(_ x: Tensor) -> Double {
      (x.selected(0, axis: 0) - x.selected(1, axis: 0)).square().sum().item()
    }
    let expected = stages.reduce(0.0) { sum, stage in
      let places = Double(stage.size(2) * stage.size(3))
      let length = stage.square().sum(over: 1, keepAxes: true).sqrt()
      return sum + distance(stage / length) / places
    }
    #expect(abs(distance(embedding) / expected - 1) < 1e-4)
    #expect(expected > 1e-3 && expected < 8, "two unit vectors are at most 2 apart")
  }

  @Test("has the layers of StyleGAN2's discriminator, but for the deviation and the logits")
  func layers() throws {
    let store = ParameterStore()
    _ = AttributeClassifier(
      AttributeClassifierConfiguration(resolution: 64), Scope(store, device: .meta))
    let discriminator = ParameterStore()
    var body = StyleGAN2DiscriminatorConfiguration(resolution: 64)
    body.channelBase = 16384
    _ = StyleGAN2Discriminator(body, Scope(discriminator, device: .meta))
    #expect(Set(store.names(under: "")) == Set(discriminator.names(under: "")))
    #expect(store["b4.out.weight"].shape == [40, 512])
    #expect(store["b4.conv.weight"].shape == [512, 512, 3, 3])
  }

  @Test("refuses values from which no network can be built")
  func refusals() {
    func refuses(_ words: String, _ change: (inout AttributeClassifierConfiguration) -> Void) {
      var configuration = small()
      change(&configuration)
      let changed = configuration
      let error = #expect(throws: ConfigurationError.self) { try changed.validate() }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    refuses("attributes: expected 1 to 4096 names that differ") { $0.attributes = [] }
    refuses("attributes: expected 1 to 4096 names that differ") { $0.attributes = ["a", "a"] }
    refuses("imgChannels: expected 1 or 3") { $0.imgChannels = 4 }
    refuses("resolution") { $0.resolution = 20 }
  }
}

// The StyleGAN discriminator: labels, growing, batches, gradients.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// StyleGAN's discriminator at 16×16 with 8 channels at most.
func smallStyleGAN1Discriminator(
  _ change: (inout StyleGAN1DiscriminatorConfiguration) -> Void = { _ in }
) -> StyleGAN1DiscriminatorConfiguration {
  var configuration = StyleGAN1DiscriminatorConfiguration(resolution: 16)
  (configuration.featureBase, configuration.featureMax) = (32, 8)
  change(&configuration)
  return configuration
}

@Suite("StyleGAN's discriminator") struct StyleGAN1DiscriminatorTests {
  private func make(
    _ configuration: StyleGAN1DiscriminatorConfiguration = smallStyleGAN1Discriminator(),
    dtype: DType = .float32
  ) -> StyleGAN1Discriminator {
    let d = StyleGAN1Discriminator(
      configuration, Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 1)))
    fillZeros(of: d.parameters)
    d.lod = 0
    return d
  }

  private func images(_ batch: Int, dtype: DType = .float32) -> Tensor {
    .seeded([batch, 3, 16, 16], seed: 4, dtype: dtype)
  }

  @Test("gives a logit for each image, with labels that of the image's class")
  func logits() {
    #expect(make()(images(4)).shape == [4, 1])
    let d = make(smallStyleGAN1Discriminator { $0.labelDim = 3 })
    let all = (0..<3).map { d(images(4), labels: .oneHot([$0, $0, $0, $0], count: 3)) }
    #expect(all[0].shape == [4, 1])
    #expect((all[0] - all[1]).abs().max().item() > 1e-4)
    expectClose(
      d(images(4), labels: .oneHot([0, 1, 2, 0], count: 3)),
      .concatenate(
        [0, 1, 2, 0].enumerated().map { all[$1].sliced($0..<$0 + 1, axis: 0) }, axis: 0),
      atol: 1e-5)
  }

  @Test("at a level of detail nothing is seen but the image reduced so far", arguments: [1, 2])
  func growing(missing: Int) {
    let d = make()
    let img = images(4)
    let coarse = nearestUpsample2d(averagePool2d(img, factor: 1 << missing), factor: 1 << missing)
    expectClose(d(img, lod: Double(missing)), d(coarse, lod: Double(missing)), atol: 1e-5)
    #expect((d(img, lod: 0) - d(coarse, lod: 0)).abs().max().item() > 1e-4)
  }

  // Means of equal numbers are rounded.
  @Test("images may have the size of what runs", arguments: [0.6, 1, 1.3, 2])
  func smallSize(lod: Double) {
    let d = make()
    let factor = 1 << Int(lod)
    let small = averagePool2d(images(4), factor: factor)
    expectClose(
      d(small, lod: lod), d(nearestUpsample2d(small, factor: factor), lod: lod), atol: 1e-5)
    expectClose(d(small, lod: lod), d(images(4), lod: lod), atol: 1e-5)
  }

  @Test("traps on images of other sizes")
  func otherSizes() async {
    await #expect(processExitsWith: .failure) {
      let d = StyleGAN1Discriminator(smallStyleGAN1Discriminator(), Scope(ParameterStore()))
      _ = d(.zeros([4, 3, 8, 8]), lod: 0)
    }
    await #expect(processExitsWith: .failure) {
      let d = StyleGAN1Discriminator(smallStyleGAN1Discriminator(), Scope(ParameterStore()))
      _ = d(.zeros([4, 3, 4, 4]), lod: 1)
    }
  }

  @Test("fading is continuous: near a whole level the logits are near those of the level")
  func fading() {
    let d = make()
    for level in [1.0, 2] {
      let at = d(images(4), lod: level)
      expectClose(d(images(4), lod: level - 1e-5), at, atol: 1e-3)
      #expect((d(images(4), lod: level - 0.5) - at).abs().max().item() > 1e-3)
    }
  }

  @Test("the level of detail that the network says of itself is the one used")
  func storedLod() {
    let d = make()
    d.lod = 1.5
    #expect(d.parameters["lod"].values() == [1.5])
    #expect(bits(d(images(4))) == bits(d(images(4), lod: 1.5)))
  }

  @Test("judges fewer images than a group, and whole groups, and says which batches fit")
  func batchSizes() throws {
    let configuration = smallStyleGAN1Discriminator()
    for size in [1, 2, 4, 8] {
      try configuration.validate(batchSize: size)
      #expect(make()(images(size)).shape == [size, 1])
    }
    let error = ConfigurationError(
      "images judged together: expected a multiple of mbstdGroupSize 4, or fewer, found 6")
    #expect(throws: error) { try configuration.validate(batchSize: 6) }
  }

  @Test("without the minibatch standard deviation a batch of two is two batches of one")
  func batches() {
    let d = make(smallStyleGAN1Discriminator { $0.mbstdGroupSize = 1 })
    let alone = (0..<2).map { d(images(2).sliced($0..<$0 + 1, axis: 0)) }
    expectClose(d(images(2)), .concatenate(alone, axis: 0), atol: 1e-5, rtol: 1e-4)
    #expect(d.parameters["4x4/Conv/weight"].shape == [3, 3, 8, 8])
  }

  @Test("every parameter that runs has a gradient, and R1's second gradient reaches them")
  func parameterGradients() {
    let d = make(smallStyleGAN1Discriminator { $0.labelDim = 3 })
    d.parameters.setRequiresGrad(true)
    let img = images(4).requiringGrad()
    let logits = d(img, labels: .oneHot([0, 1, 2, 0], count: 3), lod: 0.5)
    let trainable = d.parameters.trainable
    let first = gradients(
      of: [logits.square().sum()], withRespectTo: Array(trainable.values), retainGraph: true)
    let silent = zip(trainable.keys, first).filter { $1.abs().max().item() == 0 }.map(\.0)
    #expect(silent == ["FromRGB_lod2/weight", "FromRGB_lod2/bias"])
    let r1 = gradients(of: [logits.sum()], withRespectTo: [img], createGraph: true)[0]
    let penalty = r1.square().sum(over: 1, 2, 3).mean()
    let weights = trainable.filter {
      $0.key.hasSuffix("/weight") && !$0.key.hasPrefix("FromRGB_lod2")
    }
    let second = gradients(of: [penalty], withRespectTo: Array(weights.values))
    for (name, g) in zip(weights.keys, second) {
      #expect(g.isFinite().all && g.abs().max().item() > 0, "\(name)")
    }
  }

  @Test("first and second gradients by images are those of the values")
  func differences() {
    let d = make(dtype: .float64)
    expectSecondGradients(at: [images(2, dtype: .float64)]) { d($0[0], lod: 0.4) }
  }
}

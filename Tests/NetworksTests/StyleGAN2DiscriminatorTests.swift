// The StyleGAN2 discriminator: shapes, labels, groups, formats, gradients.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("StyleGAN2Discriminator") struct StyleGAN2DiscriminatorTests {
  private static let architectures: [StyleGAN2Configuration.Architecture] = [.skip, .resnet, .orig]

  private func images(_ batch: Int, seed: UInt64 = 1) -> Tensor {
    .seeded([batch, 3, 16, 16], seed: seed, dtype: .float32)
  }

  @Test("gives one logit for each image", arguments: architectures)
  func shapes(architecture: StyleGAN2Configuration.Architecture) {
    let d = makeDiscriminator(smallDiscriminatorConfiguration(architecture: architecture))
    #expect(d(images(4)).shape == [4, 1])
    #expect(d(images(1)).shape == [1, 1])
    let logits = d(images(4)).values()
    #expect(Set(logits).count == 4)
  }

  @Test("with labels, the logit is the projection on the label")
  func labels() {
    let d = makeDiscriminator(smallDiscriminatorConfiguration(labelDim: 3))
    let img = images(1).repeated(3, 1, 1, 1)
    let logits = d(img, labels: .oneHot([0, 1, 2], count: 3))
    #expect(logits.shape == [3, 1])
    #expect(Set(logits.values()).count == 3)
  }

  @Test("samples of different groups do not see each other")
  func groups() {
    var configuration = smallDiscriminatorConfiguration()
    configuration.mbstdGroupSize = 2
    let d = makeDiscriminator(configuration)
    // Sample n belongs to group n mod 2: 0 with 2, 1 with 3.
    let (a, b) = (images(4), images(4, seed: 2))
    func mixed(_ rows: [Int]) -> Tensor {
      .concatenate(
        (0..<4).map { (rows.contains($0) ? b : a).sliced($0..<$0 + 1, axis: 0) }, axis: 0)
    }
    let before = d(a).values()
    let after = d(mixed([1, 3])).values()
    #expect(abs(before[0] - after[0]) < 1e-4 && abs(before[2] - after[2]) < 1e-4)
    #expect(abs(d(mixed([2])).values()[0] - before[0]) > 1e-4)
  }

  @Test("takes batches smaller than its groups or of whole ones, any without groups")
  func batchSizes() throws {
    var configuration = smallDiscriminatorConfiguration()
    configuration.mbstdGroupSize = 4
    for size in [1, 3, 4, 8] { try configuration.validate(batchSize: size) }
    for size in [5, 6] {
      let error = ConfigurationError(
        "images judged together: expected a multiple of mbstdGroupSize 4, or fewer, found \(size)")
      #expect(throws: error) { try configuration.validate(batchSize: size) }
    }
    configuration.mbstdGroupSize = nil
    try configuration.validate(batchSize: 6)
    (configuration.mbstdGroupSize, configuration.mbstdChannels) = (4, 0)
    try configuration.validate(batchSize: 6)
  }

  @Test("without the minibatch standard deviation a batch of two is two batches of one")
  func batches() {
    for architecture in Self.architectures {
      var configuration = smallDiscriminatorConfiguration(architecture: architecture)
      configuration.mbstdChannels = 0
      let d = makeDiscriminator(configuration)
      let img = images(2)
      let alone = (0..<2).map { d(img.sliced($0..<$0 + 1, axis: 0)) }
      expectClose(d(img), .concatenate(alone, axis: 0), atol: 1e-4, rtol: 1e-4)
    }
  }

  // bfloat16 keeps 8 bits; the logit is a sum over many features that each carry that error.
  @Test("16-bit formats in the highest resolutions stay close", arguments: architectures)
  func precision(architecture: StyleGAN2Configuration.Architecture) {
    var configuration = smallDiscriminatorConfiguration(architecture: architecture)
    (configuration.numFP16Res, configuration.convClamp) = (2, 256)
    let d = makeDiscriminator(configuration)
    let wide = d(images(4))
    for (dtype, rounding) in [(DType.bfloat16, 0x1p-8), (.float16, 0x1p-11)] {
      let narrow = d(images(4), labels: nil, options: .init(precision: dtype))
      #expect(narrow.dtype == .float32 && bits(narrow) != bits(wide))
      expectClose(narrow, wide, atol: 10 * rounding * max(1, wide.abs().max().item()), "\(dtype)")
    }
  }

  @Test("every parameter has a gradient, and R1's second gradient reaches those before the logit")
  func parameterGradients() {
    for architecture in Self.architectures {
      let d = makeDiscriminator(
        smallDiscriminatorConfiguration(architecture: architecture, labelDim: 3))
      d.parameters.setRequiresGrad(true)
      let img = images(4).requiringGrad()
      let logits = d(img, labels: .oneHot([0, 1, 2, 0], count: 3))
      let trainable = d.parameters.trainable
      let first = gradients(
        of: [logits.square().sum()], withRespectTo: Array(trainable.values), retainGraph: true)
      let silent = zip(trainable.keys, first).filter { $1.abs().max().item() == 0 }.map(\.0)
      #expect(silent.isEmpty, "\(architecture): \(silent)")
      let r1 = gradients(of: [logits.sum()], withRespectTo: [img], createGraph: true)[0]
      let penalty = r1.square().sum(over: 1, 2, 3).mean()
      let weights = trainable.filter { $0.key.hasSuffix(".weight") }
      let second = gradients(of: [penalty], withRespectTo: Array(weights.values))
      for (name, g) in zip(weights.keys, second) {
        #expect(g.isFinite().all && g.abs().max().item() > 0, "\(architecture): \(name)")
      }
    }
  }

  @Test("labels that are missing trap")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let d = makeDiscriminator(smallDiscriminatorConfiguration(labelDim: 3))
      _ = d(.zeros([1, 3, 16, 16]))
    }
  }

  @Test("halves three times a power of two down to 6×6", arguments: [12, 24, 48])
  func threeTimesAPowerOfTwo(resolution: Int) throws {
    for architecture in Self.architectures {
      var configuration = smallDiscriminatorConfiguration(architecture: architecture, labelDim: 3)
      configuration.resolution = resolution
      try configuration.validate()
      #expect(configuration.lastResolution == 6 && configuration.blockResolutions.last == 12)
      let d = makeDiscriminator(configuration)
      let img = Tensor.seeded([2, 3, resolution, resolution], dtype: .float32)
      let logits = d(img, labels: .oneHot([0, 2], count: 3)).values()
      #expect(logits.count == 2 && logits[0] != logits[1])
    }
  }

  @Test("at 48×48 every parameter learns, and the R1 penalty reaches every weight")
  func gradientsAt48() {
    for architecture in Self.architectures {
      var configuration = smallDiscriminatorConfiguration(architecture: architecture)
      configuration.resolution = 48
      let d = makeDiscriminator(configuration)
      d.parameters.setRequiresGrad(true)
      let img = Tensor.seeded([4, 3, 48, 48], dtype: .float32).requiringGrad()
      let logits = d(img)
      let trainable = d.parameters.trainable
      let first = gradients(
        of: [logits.square().sum()], withRespectTo: Array(trainable.values), retainGraph: true)
      let silent = zip(trainable.keys, first).filter { $1.abs().max().item() == 0 }.map(\.0)
      #expect(silent.isEmpty, "\(architecture): \(silent)")
      // The mean logit's slope along an image, by a difference: leaky ReLUs bend little on the way.
      let direction = Tensor.seeded([4, 3, 48, 48], seed: 2, dtype: .float32)
      let slopes = gradients(of: [logits.sum()], withRespectTo: [img], createGraph: true)[0]
      let expected = withoutGradients {
        (d(img + direction * 1e-2).sum() - d(img - direction * 1e-2).sum()).item() / 2e-2
      }
      let slope = (slopes * direction).sum().item()
      #expect(abs(slope - expected) < 0.02 * (1 + abs(expected)), "\(slope), \(expected)")
      let weights = trainable.filter { $0.key.hasSuffix(".weight") }
      let second = gradients(
        of: [slopes.square().sum(over: 1, 2, 3).mean()], withRespectTo: Array(weights.values))
      for (name, g) in zip(weights.keys, second) {
        #expect(g.isFinite().all && g.abs().max().item() > 0, "\(architecture): \(name)")
      }
    }
  }
}

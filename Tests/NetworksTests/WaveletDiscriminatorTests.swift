// The wavelet discriminator: sizes, groups, and what training changes.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("WaveletDiscriminator") struct WaveletDiscriminatorTests {
  private func configuration(isSpectral: Bool = true) -> WaveletDiscriminatorConfiguration {
    var configuration = WaveletDiscriminatorConfiguration(resolution: 32)
    (configuration.baseChannels, configuration.usesSpectralNorm) = (8, isSpectral)
    return configuration
  }

  private func discriminator(isSpectral: Bool = true) -> WaveletDiscriminator {
    WaveletDiscriminator(
      configuration(isSpectral: isSpectral),
      Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  private func images(_ count: Int, seed: UInt64 = 1) -> Tensor {
    .seeded([count, 3, 32, 32], seed: seed, dtype: .float32)
  }

  private func values(_ d: WaveletDiscriminator) -> [[Float]] {
    d.parameters.entries.values.map { $0.tensor.values() }
  }

  @Test("one logit for each image", arguments: [true, false])
  func logits(isSpectral: Bool) {
    let d = discriminator(isSpectral: isSpectral)
    withoutGradients {
      #expect(d(images(1)).shape == [1, 1])
      let logits = d(images(4)).values()
      #expect(Set(logits).count == 4)
    }
  }

  @Test("samples of different groups do not see each other")
  func groups() {
    let d = discriminator()
    // Sample n belongs to group n mod 2: 0, 2, 4 and 6 to one, the others to the other.
    let (a, b) = (images(8), images(8, seed: 2))
    let mixed = Tensor.concatenate(
      (0..<8).map { ($0 % 2 == 1 ? b : a).sliced($0..<$0 + 1, axis: 0) }, axis: 0)
    let (before, after) = withoutGradients { (d(a).values(), d(mixed).values()) }
    for n in 0..<8 { #expect((abs(before[n] - after[n]) < 1e-5) == (n % 2 == 0), "sample \(n)") }
    #expect(throws: ConfigurationError.self) { try configuration().validate(batchSize: 6) }
  }

  @Test("evaluation changes nothing; training changes u and v and nothing else")
  func purposes() {
    let d = discriminator()
    let before = values(d)
    withoutGradients { _ = d(images(4)) }
    #expect(values(d) == before)
    withoutGradients { _ = d(images(4), labels: nil, options: .init(purpose: .training)) }
    let changed = zip(d.parameters.entries.keys, zip(before, values(d))).filter { $1.0 != $1.1 }
    // u of the last layer has one element, which is 1 or -1 from the start.
    let vectors = d.parameters.entries.keys.filter {
      ($0.hasSuffix("_u") || $0.hasSuffix("_v")) && $0 != "final_linear.2.weight_u"
    }
    #expect(Set(changed.map(\.0)).subtracting(["final_linear.2.weight_u"]) == Set(vectors))
  }

  @Test("two judgements for training have the gradients of both")
  func twoForwards() {
    let d = discriminator()
    d.parameters.setRequiresGrad(true)
    let options = DiscriminatorOptions(purpose: .training)
    let sum =
      d(images(4), labels: nil, options: options).sum()
      + d(images(4, seed: 2), labels: nil, options: options).sum()
    let found = gradients(of: [sum], withRespectTo: Array(d.parameters.trainable.values))
    #expect(found.allSatisfy { $0.isFinite().all })
  }

  @Test("the published sizes have the published numbers of parameters")
  func published() {
    for (resolution, isSpectral, count) in [
      (256, true, 26_211_585), (256, false, 26_211_073), (1024, true, 27_736_641),
    ] {
      var configuration = WaveletDiscriminatorConfiguration(resolution: resolution)
      configuration.usesSpectralNorm = isSpectral
      let plan = ParameterStore()
      _ = WaveletDiscriminator(configuration, Scope(plan, device: .meta))
      #expect(plan.parameterCount == count)
    }
  }

  @Test("a configuration's nonsense is refused by name")
  func nonsense() {
    func message(_ change: (inout WaveletDiscriminatorConfiguration) -> Void) -> String? {
      var configuration = WaveletDiscriminatorConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(
      message { $0.resolution = 8 }
        == "resolution: expected a power of two from 16 to 1024, found 8")
    #expect(message { $0.baseChannels = 0 }?.hasPrefix("baseChannels: ") == true)
    #expect(message { $0.channelMultiplier = 65 }?.hasPrefix("channelMultiplier: ") == true)
    #expect(message { $0.resampleFilter = [1] }?.hasPrefix("resampleFilter: ") == true)
  }
}

// Other noise for a while, samples of w, and colours in one range for all families.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Noise, samples and colours") struct NoiseExchangeTests {
  private struct Stop: Error {}

  @Test("a generator has other noise inside, and its own again outside, also after an error")
  func exchange() {
    let generator = makeGenerator(smallConfiguration())
    let own = generator.noiseInputs.map { bits($0.tensor) }
    let other = generator.noiseInputs.enumerated().map { index, input in
      Tensor.seeded(input.tensor.shape, seed: UInt64(index), dtype: .float32)
    }
    let wPlus = generator.seededWPlus(1)
    let before = withoutGradients { generator.synthesize(wPlus) }
    let inside = generator.withNoise(other) {
      #expect(zip(generator.noiseInputs, other).allSatisfy { bits($0.tensor) == bits($1) })
      return withoutGradients { generator.synthesize(wPlus) }
    }
    #expect((inside - before).abs().max().item() > 1e-3)
    #expect(throws: Stop.self) { try generator.withNoise(other) { throw Stop() } }
    #expect(generator.noiseInputs.map { bits($0.tensor) } == own)
    #expect(bits(withoutGradients { generator.synthesize(wPlus) }) == bits(before))
  }

  @Test("noise images are [H, W] in every family", arguments: [0, 1, 2])
  func images(index: Int) {
    let generators: [any Generator] = [
      makeGenerator(smallConfiguration()), makeStyleGAN1(), makeGenerator(smallStyleformer()),
    ]
    let inputs = generators[index].noiseInputs
    #expect(!inputs.isEmpty)
    for input in inputs {
      let image = input.image
      #expect(image.rank == 2 && image.size(0) == image.size(1), "\(input.name)")
      #expect(image.sharesMemory(with: input.tensor))
    }
  }

  @Test("samples of w go on in the stream where the last ended")
  func samples() {
    let generator = makeGenerator(smallConfiguration())
    var (once, twice) = (RandomState(seed: 3), RandomState(seed: 3))
    let all = generator.sampleW(count: 1500, from: &once)
    let parts = [
      generator.sampleW(count: 700, from: &twice), generator.sampleW(count: 800, from: &twice),
    ]
    #expect(all.shape == [1500, 12] && once == twice && !all.requiresGrad)
    expectClose(.concatenate(parts, axis: 0), all, atol: 1e-6)
  }

  @Test("colours are in [-1, 1] for all families, and are those of the bytes")
  func colours() {
    let images = Tensor.seeded([1, 3, 8, 8], seed: 4, dtype: .float32) * 0.4
    for encoding in [PixelEncoding.truncated, .rounded, .imageNet] {
      let colours = encoding.colours(images)
      let pixels = (colours.permuted(0, 2, 3, 1) + 1) * 127.5
      let difference = pixels.clamped(from: 0, to: 255) - encoding.bytes(images).cast(to: .float32)
      #expect(difference.abs().max().item() <= 1, "\(encoding)")
    }
  }
}

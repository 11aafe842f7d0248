// Noise images: the penalty on their structure, and their scale.

import Inversion
import TestSupport
import Tensors
import Testing

@Suite("Noise images") struct NoiseImageTests {
  @Test("stripes are structure at every scale that they are seen at; random numbers nearly none")
  func structure() {
    // Columns of 1 and -1 repeat after two: moved by one along the rows every product is -1, along
    // the columns it is 1; averaged by halves nothing is left.
    let stripes = Tensor([1.0, -1]).repeated(16, 8)
    #expect(noiseAutocorrelation(stripes).item() == 2)
    let random = noiseAutocorrelation(.seeded([64, 64])).item()
    #expect(random < 0.01)
    #expect(noiseAutocorrelation(.ones([8, 8])).item() == 2)
    // 16×16 and 8×8.
    #expect(noiseAutocorrelation(.ones([16, 16])).item() == 4)
  }

  @Test("the penalty's gradients are those of its values")
  func gradients() {
    expectGradients(at: [.seeded([16, 16], seed: 3)]) { noiseAutocorrelation($0[0]) }
  }

  @Test("normalised noise has mean 0 and mean square 1")
  func normalization() {
    let noise = normalizedNoise(.seeded([32, 32], seed: 5) * 3 + 2)
    #expect(abs(noise.mean().item()) < 1e-12)
    #expect(abs(noise.square().mean().item() - 1) < 1e-12)
  }
}

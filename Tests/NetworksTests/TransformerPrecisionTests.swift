// The transformers in bfloat16 beside float32, and Styleformer's layers with the styles in their
// matrices beside the plain ones.

import Foundation
import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Transformers in bfloat16") struct TransformerPrecisionTests {
  static let names = ["Styleformer", "Styleformer-L", "Styleformer-C", "StyleSwin", "StyleNAT"]

  private func generator(_ name: String) -> any Generator {
    switch name {
    case "Styleformer": return makeGenerator(smallStyleformer())
    case "Styleformer-L": return makeGenerator(smallStyleformer(linformer: true))
    case "Styleformer-C": return makeGenerator(smallStyleformerC())
    case "StyleSwin":
      let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 1))
      let generator = StyleSwin(smallStyleSwin(), scope)
      fillZeros(of: generator.parameters)
      return generator
    default: return makeStyleNAT(smallStyleNAT())
    }
  }

  /// The pictures as numbers from 0 to 255, stretched to a deviation of 60, as in photographs: those
  /// of networks without training have little contrast.
  private func pictures(_ images: Tensor, like reference: Tensor) -> Tensor {
    let (x, same) = (images.cast(to: .float64), reference.cast(to: .float64))
    let deviation = (same - same.mean()).square().mean().sqrt()
    return ((x - same.mean()) / deviation * 60 + 128).clamped(from: 0, to: 255).rounded()
  }

  // Rounding to 8 bits of precision is an error of about 0.1 % of a number each time; 40 dB of 255
  // are 2.6 grey levels, or 4 % of the pictures' deviation.
  @Test("pictures keep 40 dB to those in float32, and are not the same", arguments: names)
  func ratio(name: String) {
    let generator = generator(name)
    withoutGradients {
      let wPlus = generator.broadcast(generator.map(z: generator.seededZ(16), labels: nil))
      let exact = generator.synthesize(wPlus, options: SynthesisOptions())
      let narrow = generator.synthesize(wPlus, options: SynthesisOptions(precision: .bfloat16))
      #expect(narrow.dtype == .float32)
      let difference = pictures(narrow, like: exact) - pictures(exact, like: exact)
      let squares = difference.square().mean(over: 1, 2, 3).values(as: Double.self)
      for (seed, square) in squares.enumerated() {
        #expect(10 * log10(255 * 255 / max(square, 1e-9)) >= 40, "\(seed): \(square)")
      }
      #expect((narrow - exact).abs().max().item() > 0)
    }
  }

  @Test("where gradients are recorded, and in other formats, nothing is narrowed", arguments: names)
  func recorded(name: String) {
    let generator = generator(name)
    let wPlus = generator.seededWPlus(1)
    let (narrow, plain) = (
      generator.synthesize(wPlus, options: SynthesisOptions(precision: .bfloat16)),
      generator.synthesize(wPlus, options: SynthesisOptions())
    )
    expectClose(narrow, plain, atol: 0)
  }

  @Test("the families say in which formats they are computed")
  func formats() {
    #expect(StyleSwinConfiguration.numberFormats == [.float32, .bfloat16])
    #expect(StyleNATConfiguration.numberFormats == [.float32, .bfloat16])
    #expect(StyleformerConfiguration.numberFormats == [.float32, .bfloat16])
    #expect(StyleGAN2Configuration.numberFormats.contains(.bfloat16))
    for family in Registry.families { #expect(family.numberFormats.contains(.float32)) }
  }
}

@Suite("Styleformer's layers with the styles in their matrices") struct FoldedStyleTests {
  private static let residuals = StyleformerAblation.Residual.allCases

  // In float64, where only the order of factors and sums differs.
  @Test(
    "give what the plain ones give", arguments: residuals, [false, true])
  func folded(residual: StyleformerAblation.Residual, linformer: Bool) {
    var configuration = smallStyleformer(linformer: linformer)
    var ablation = StyleformerAblation()
    ablation.residual = residual
    ablation.normalization = residual == .input ? .beforeModulation : .afterModulation
    ablation.feedForwardRatio = residual == .none ? 2 : nil
    configuration.ablation = ablation
    let scope = Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 1))
    let generator = Styleformer(configuration, scope)
    fillZeros(of: generator.parameters)
    let traits = generator.traits
    let wPlus = Tensor.seeded([3, traits.numWs, traits.wDim], seed: 2)
    let plain = generator.synthesize(wPlus)
    let folded = withoutGradients { generator.synthesize(wPlus) }
    expectClose(folded, plain, atol: 1e-9, rtol: 1e-9)
    #expect(bits(folded) != bits(plain))
  }

  @Test("random noise is drawn as where gradients are recorded")
  func noise() {
    let generator = makeGenerator(smallStyleformer())
    let wPlus = generator.seededWPlus(3)
    func image() -> Tensor {
      let noise = NoiseSource.random(TorchGenerator(seed: 4))
      return generator.synthesize(wPlus, options: SynthesisOptions(noise: noise))
    }
    // Sums of a few dozen products in another order.
    expectClose(withoutGradients { image() }, image(), atol: 1e-4, rtol: 1e-4)
  }
}

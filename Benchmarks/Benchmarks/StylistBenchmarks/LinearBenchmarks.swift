// Linear layers of the transformers at 64×64, 128×128 and 256×256: through oneDNN, where no gradients
// are recorded, and through libtorch's matrix product, which is MKL's in float32; in bfloat16 also our
// own product, which rounds tokens and matrix itself.

import Layers
import Tensors

func linearBenchmarks() {
  for (tokens, inFeatures, outFeatures) in [
    (4096, 512, 1536), (4096, 2048, 512), (16_384, 256, 1024), (65_536, 128, 384),
    (65_536, 128, 512), (65_536, 512, 128),
  ] {
    let name = "linear \(tokens) by \(inFeatures) to \(outFeatures)"
    let flop = 2 * tokens * inFeatures * outFeatures
    func operands(_ dtype: DType) -> (x: Tensor, weight: Tensor, bias: Tensor) {
      (
        random([tokens, inFeatures], dtype), random([outFeatures, inFeatures], dtype, seed: 1),
        random([outFeatures], dtype, seed: 2)
      )
    }
    for dtype in [DType.float32, .bfloat16] {
      for activation in [LinearActivation.none, .gelu] {
        let ending = (activation == .none ? "" : " with GELU") + suffix(dtype)
        benchmarkRate("\(name): oneDNN\(ending)", flop: flop) {
          let (x, weight, bias) = operands(dtype)
          return evaluation { linear(x, weight: weight, bias: bias, activation: activation) }
        }
      }
    }
    benchmarkRate("\(name): own\(suffix(.bfloat16))", flop: flop) {
      let (x, weight, bias) = operands(.float32)
      return evaluation { linear(x, weight: weight, bias: bias, dtype: .bfloat16) }
    }
    benchmarkRate("\(name): MKL", flop: flop) {
      let (x, weight, bias) = operands(.float32)
      return evaluation { linearReference(x, weight: weight, bias: bias) }
    }
  }
}

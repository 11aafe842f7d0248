// Attention among all tokens, on Styleformer's layers, and within windows, on StyleSwin's: our own
// operators beside libtorch's.

import Layers
import Networks
import Tensors

/// The width of all heads.
private let width = 32

func attentionBenchmarks() {
  // Styleformer for CIFAR-10 at 16×16 and 32×32, and Styleformer-L, whose keys are projected.
  for (queries, keys, heads) in [(256, 256, 16), (1024, 1024, 16), (16_384, 256, 2)] {
    let name = "tokens \(queries) by \(keys), \(heads) heads"
    let flop = 4 * heads * queries * keys * width
    for dtype in [DType.float32, .bfloat16] {
      func operands() -> [Tensor] {
        [queries, keys, keys].enumerated().map { i, tokens in
          random([1, tokens, heads, width], dtype, seed: UInt64(i)).transposed(1, 2)
        }
      }
      benchmarkRate("\(name): own\(suffix(dtype))", flop: flop) {
        let x = operands()
        return evaluation { scaledDotProductAttention(x[0], keys: x[1], values: x[2]) }
      }
      benchmarkRate("\(name): libtorch\(suffix(dtype))", flop: flop) {
        let x = operands()
        return evaluation { call("aten::scaled_dot_product_attention", x[0], x[1], x[2]) }
      }
    }
  }
  for resolution in [64, 128, 256] {
    for dtype in [DType.float32, .bfloat16] { windowBenchmarks(resolution, dtype) }
  }
}

/// One map of StyleSwin for FFHQ at 256×256, half of whose heads have moved windows.
private func windowBenchmarks(_ r: Int, _ dtype: DType) {
  let (heads, size) = (StyleSwinConfiguration().shape.heads(at: r), 8)
  let pixels = size * size
  let name = "windows \(r)x\(r), \(heads) heads"
  let flop = 4 * r * r * heads * pixels * width
  benchmarkRate("\(name): own\(suffix(dtype))", flop: flop) {
    let all = random([1, r, r, 3, heads, width], dtype)
    let biases = random([4, heads, pixels, pixels], seed: 1)
    let parts = (0..<3).map { all.selected($0, axis: 3) }
    let shifts = (0..<heads).map { $0 < heads / 2 ? 0 : size / 2 }
    return evaluation {
      guard
        let attended = windowAttention(
          parts[0], parts[1], parts[2], biases: biases, windowSize: size, shifts: shifts)
      else { preconditionFailure("no attention within windows of \(dtype)") }
      return attended
    }
  }
  // Windows are cut out already, which takes time of its own.
  benchmarkRate("\(name): libtorch, cut out\(suffix(dtype))", flop: flop) {
    let shape = [r * r / pixels, heads, pixels, width]
    let parts = (0..<3).map { random(shape, dtype, seed: $0) }
    let bias = random([1, heads, pixels, pixels], dtype, seed: 3)
    return evaluation {
      call("aten::scaled_dot_product_attention", parts[0], parts[1], parts[2], bias)
    }
  }
}

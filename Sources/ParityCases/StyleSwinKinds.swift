// Kinds of cases about StyleSwin: its block and its generator.

import Layers
import Networks
import Tensors

let styleSwinKinds = [
  ParityKind(
    "styleswin", "block",
    [
      .init(name: "fused") { try blocks($0, usesReference: false) },
      .init(name: "reference") { try blocks($0, usesReference: true) },
    ]),
  ParityKind("styleswin", "generator", generatedImages),
]

private func blocks(_ inputs: CaseInputs, usesReference: Bool) throws -> Computed {
  let config = inputs.config
  let (dim, r) = (try config.count("dim"), try config.count("resolution", in: 4...1024))
  let (heads, wDim) = (try config.count("num_heads"), try config.count("style_dim"))
  let ratio = try config.value("mlp_ratio", default: 4.0)
  let size = min(try config.count("window_size", in: 2...64), r)
  let facts = [
    try config.count("effective_window"), try config.count("shift", in: 0...64),
  ]
  guard facts == [size, r > size ? size / 2 : 0] else {
    throw CaseError("effective_window, shift: \(facts) of windows of \(size) in \(r) pixels")
  }
  guard heads % 2 == 0, dim % heads == 0, r % size == 0 else {
    throw CaseError("\(dim) channels, \(heads) heads, \(r) pixels in windows of \(size)")
  }
  let block: (TransformerBlock, ParameterStore) = try inputs.network { scope in
    let block = TransformerBlock(scope, dim: dim, wDim: wDim, mlpRatio: ratio) { place in
      DoubleAttention(
        place, dim: dim, resolution: r, heads: heads, windowSize: size,
        usesReference: usesReference)
    }
    return (block, scope.store)
  }
  let n = try inputs.shape("x", rank: 3)[0]
  let x = try inputs.input("x", shape: [n, r * r, dim])
  let style = try inputs.input("style", shape: [n, wDim])
  return try outcome(inputs, [("x", x), ("style", style)], block.1) { block.0(x, w: style) }
}

private func generatedImages(_ inputs: CaseInputs) throws -> Computed {
  var configuration = StyleSwinConfiguration()
  configuration.shape = try TransformerShape(inputs.config)
  configuration.fullResolution = try inputs.config.value("enable_full_resolution", default: 8)
  try configuration.validate()
  return try transformerImages(inputs, configuration)
}

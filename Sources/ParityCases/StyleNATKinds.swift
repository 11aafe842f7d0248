// Kinds of cases about neighbourhood attention and StyleNAT.

import Layers
import Networks
import Tensors

let styleNATKinds = [
  ParityKind("neighborhood-attention", "na", bothWays(neighborhoods)),
  ParityKind("stylenat", "hydra", bothWays(hydras)),
  ParityKind("stylenat", "block", bothWays(blocks)),
  ParityKind("stylenat", "mhsarpb", globalAttentions),
  ParityKind("stylenat", "generator", generators),
]

/// A kind computed with the operator and with its reference.
private func bothWays(
  _ compute: @escaping @Sendable (CaseInputs, @escaping NeighborhoodAttention) throws -> Computed
) -> [ParityKind.Way] {
  [
    .init(name: "fused") { try compute($0, neighborhoodAttention) },
    .init(name: "reference") { try compute($0, neighborhoodAttentionReference) },
  ]
}

// MARK: Layers

private func neighborhoods(_ inputs: CaseInputs, _ attention: NeighborhoodAttention) throws
  -> Computed
{
  let config = inputs.config
  guard try config.value("layout") == "BhHWD" else { throw CaseError("layout: not BhHWD") }
  let (n, heads) = (try config.count("batch"), try config.count("heads"))
  let (h, w) = (try config.count("height"), try config.count("width"))
  let d = try config.count("head_dim")
  let (kernelSize, dilation) = (try config.count("kernel_size"), try config.count("dilation"))
  let scale: Double = try config.value("scale")
  try checkNeighborhoods(in: [h, w], kernelSize: kernelSize, dilation: dilation)
  func input(_ name: String) throws -> Tensor {
    try inputs.input(name, shape: [n, heads, h, w, d])
  }
  let (q, k, v) = (try input("q"), try input("k"), try input("v"))
  let side = 2 * kernelSize - 1
  let bias =
    try config.value("rpb") ? try inputs.parameter("rpb", shape: [heads, side, side]) : nil
  let sources = [q, k, v] + (bias.map { [$0] } ?? [])
  for source in sources { source.requiringGrad() }
  let (qs, ks) = (q.permuted(0, 2, 3, 1, 4), k.permuted(0, 2, 3, 1, 4))
  let out = attention(qs, ks, v.permuted(0, 2, 3, 1, 4), bias, kernelSize, dilation, scale)
    .permuted(0, 3, 1, 2, 4)
  var computed = ["out": out]
  let found = gradients(of: [out], withRespectTo: sources, weights: [try input("grad_out")])
  for (name, gradient) in zip(["q", "k", "v", "rpb"], found) { computed["grad_\(name)"] = gradient }
  if try config.value("return_logits") {
    computed["logits"] = neighborhoodAttentionLogits(
      qs, ks, relativePositionBias: bias, kernelSize: kernelSize, dilation: dilation, scale: scale
    ).reshaped(n, heads, h, w, -1)
  }
  return computed
}

private func hydras(_ inputs: CaseInputs, _ attention: @escaping NeighborhoodAttention) throws
  -> Computed
{
  let config = inputs.config
  guard try config.value("layout") == "BHWC" else { throw CaseError("layout: not BHWC") }
  let (dim, heads) = (try config.count("dim"), try config.count("num_heads"))
  let kernelSizes: [Int] = try config.value("kernel_sizes")
  let dilations: [Int] = try config.value("dilations")
  let names = try config.biasNames()
  let qkvBias = try config.value("qkv_bias", default: true)
  let shape = try inputs.shape("x", rank: 4)
  try checkPartitions(
    dim: dim, heads: heads, map: [shape[1], shape[2]], kernelSizes, dilations, names)
  let layer: (HydraNeighborhoodAttention, ParameterStore) = try inputs.network { scope in
    let layer = HydraNeighborhoodAttention(
      scope, dim: dim, heads: heads, kernelSizes: kernelSizes, dilations: dilations,
      biasNames: names, qkvBias: qkvBias, attention: attention)
    return (layer, scope.store)
  }
  let x = try inputs.input("x", shape: [shape[0], shape[1], shape[2], dim])
  return try outcome(inputs, [("x", x)], layer.1) { layer.0(x) }
}

private func globalAttentions(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  guard try config.value("layout") == "BHWC" else { throw CaseError("layout: not BHWC") }
  let (dim, heads) = (try config.count("dim"), try config.count("num_heads"))
  let size = try config.count("size", in: 1...128)
  guard dim % heads == 0 else { throw CaseError("dim: \(dim) for \(heads) heads") }
  let layer: (BiasedSelfAttention, ParameterStore) = try inputs.network { scope in
    (BiasedSelfAttention(scope, dim: dim, heads: heads, size: size), scope.store)
  }
  let x = try inputs.input("x", shape: [try inputs.shape("x", rank: 4)[0], size, size, dim])
  return try outcome(inputs, [("x", x)], layer.1) {
    layer.0(x.reshaped(x.size(0), size * size, dim)).reshaped(x.shape)
  }
}

private func blocks(_ inputs: CaseInputs, _ attention: @escaping NeighborhoodAttention) throws
  -> Computed
{
  let config = inputs.config
  let (dim, heads) = (try config.count("dim"), try config.count("num_heads"))
  let (r, wDim) = (try config.count("resolution", in: 4...4096), try config.count("style_dim"))
  let ratio: Double = try config.value("mlp_ratio")
  let kernelSizes: [Int] = try config.value("kernels")
  let dilations: [Int] = try config.value("dilations")
  let names = try config.biasNames()
  guard dim % heads == 0 else { throw CaseError("dim: \(dim) for \(heads) heads") }
  if r > 4 {
    try checkPartitions(dim: dim, heads: heads, map: [r], kernelSizes, dilations, names)
  }
  let block: (TransformerBlock, ParameterStore) = try inputs.network { scope in
    let block = TransformerBlock(scope, dim: dim, wDim: wDim, mlpRatio: ratio) { p in
      guard r > 4 else { return BiasedSelfAttention(p / "attn", dim: dim, heads: heads, size: r) }
      return HydraAttention(
        HydraNeighborhoodAttention(
          p / "attn", dim: dim, heads: heads, kernelSizes: kernelSizes, dilations: dilations,
          biasNames: names, attention: attention))
    }
    return (block, scope.store)
  }
  let n = try inputs.shape("x", rank: 3)[0]
  let x = try inputs.input("x", shape: [n, r * r, dim])
  let style = try inputs.input("style", shape: [n, wDim])
  return try outcome(inputs, [("x", x), ("style", style)], block.1) { block.0(x, w: style) }
}

private func checkPartitions(
  dim: Int, heads: Int, map: [Int], _ kernelSizes: [Int], _ dilations: [Int],
  _ names: HydraBiasNames
) throws {
  guard dim % heads == 0 else { throw CaseError("dim: \(dim) for \(heads) heads") }
  let partitions = try HydraPartition.all(
    heads: heads, kernelSizes: kernelSizes, dilations: dilations, biasNames: names)
  for part in partitions {
    try checkNeighborhoods(in: map, kernelSize: part.kernelSize, dilation: part.dilation)
  }
}

private func checkNeighborhoods(in map: [Int], kernelSize: Int, dilation: Int) throws(CaseError) {
  for length in map {
    if let problem = NeighborhoodAxis.problem(
      length: length, kernelSize: kernelSize, dilation: dilation)
    {
      throw CaseError(problem)
    }
  }
}

extension StrictObject {
  /// The names of the biases, from whether the case has the old ones.
  fileprivate func biasNames() throws(CaseError) -> HydraBiasNames {
    try value("legacy", default: false) ? .halves : .list
  }
}

// MARK: Generators

private func generators(_ inputs: CaseInputs) throws -> Computed {
  let configuration = try StyleNATConfiguration(inputs.config)
  try configuration.validate()
  return try transformerImages(inputs, configuration)
}

extension StyleNATConfiguration {
  /// Reads a configuration as the kinds of cases write it.
  init(_ config: StrictObject) throws {
    self.init()
    shape = try TransformerShape(config)
    shape.minHeads = try config.value("min_heads")
    try takePartitions(from: config)
    biasNames = try config.biasNames()
    qkvBias = try config.value("qkv_bias", default: true)
    qkScale = try config.optional("qk_scale")
    // Recorded only: nothing is recomputed, and 8×8 is not special to neighbourhoods.
    let _: Bool = try config.value("use_checkpoint", default: false)
    let _: Int = try config.value("enable_full_resolution", default: 8)
    let drops: [Double] = [
      try config.value("proj_drop", default: 0), try config.value("attn_drop", default: 0),
    ]
    guard drops == [0, 0], try config.value("block_type", default: "nat") == "nat" else {
      throw CaseError("block_type nat without dropping: found another")
    }
  }

  /// Reads kernel sizes and dilations; the entry of 4×4 and those beyond the last resolution are
  /// not used.
  mutating func takePartitions(from config: StrictObject) throws {
    let stages = shape.resolutions.count
    let (kernelLists, dilationLists): ([[Int]], [[Int]]) = (
      try config.value("kernels"), try config.value("dilations")
    )
    kernelSizes = Array(kernelLists.prefix(stages).dropFirst())
    dilations = Array(dilationLists.prefix(stages).dropFirst())
  }
}

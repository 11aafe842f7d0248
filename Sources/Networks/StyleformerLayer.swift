// Styleformer's encoder layer: attention whose inputs, values and outputs are modulated by styles.

public import Layers
public import Tensors

/// One encoder layer: attention between the pixels of a feature map, modulated by styles.
///
/// The tokens are multiplied by the first half of the styles and then normalised; queries, keys and
/// values are demodulated by it all the same. The values are multiplied by the second half; what
/// attention makes of them, and the modulated values themselves through a matrix of their own, are
/// demodulated by it and added. Noise, bias, leaky ReLU without gain and a clamp follow. There is
/// no feed-forward network and no connection around the layer.
///
/// - Shape: N batch, L tokens (the pixels row by row), I channels, O channels behind the layer, h
///   heads, D = I / h head width, K keys: L, or 256 with a projection.
/// - Source: `training/networks_Generator.py` of Jeeseung-Park/Styleformer.
public final class StyleformerLayer {
  /// What the layers of a network have in common.
  public struct Context {
    let configuration: StyleformerConfiguration

    /// What the layers of a network of this configuration have in common.
    public init(_ configuration: StyleformerConfiguration) { self.configuration = configuration }
  }

  /// The styles of one layer.
  package struct Styles {
    /// Both halves, as they are made from w: [N, 2 · I].
    package let all: Tensor
    /// What the tokens are multiplied by: [N, I].
    package let input: Tensor
    /// What the values are multiplied by: [N, I].
    package let value: Tensor
  }

  /// What attention works on.
  package struct Operands {
    /// Queries [N, h, L, D].
    package let q: Tensor
    /// Keys [N, h, K, D].
    package let k: Tensor
    /// Modulated values [N, h, K, D].
    package let v: Tensor
    /// The same values before heads are split and tokens projected: [N, L, I].
    package let modulatedValue: Tensor
  }

  /// The layer's width and height, in pixels.
  public let resolution: Int
  /// The number of attention heads.
  public let headCount: Int
  /// The layer's name in the store.
  public let path: String
  /// All heads look at the same: all pixels, or mixtures of them.
  public var headGroups: [HeadGroup] {
    let name = projection.map { "\($0.size(0)) mixtures of all pixels" } ?? "all pixels"
    return [HeadGroup(name: name, heads: 0..<headCount)]
  }
  let affine: FullyConnectedLayer  // w [N, wDim] → styles [N, 2 · I]
  package let qWeight: Tensor  // [I, I]
  package let kWeight: Tensor  // [I, I]
  package let vWeight: Tensor  // [I, I]
  package let wWeight: Tensor  // [O, I]
  package let uWeight: Tensor?  // [O, I], of the residual branch
  private let feedForward: PixelMLP?  // O → O, only in ablations
  private let projection: Tensor?  // [256, L], only Linformer
  private let noiseStrength: Tensor  // []
  private let noiseConst: Tensor  // [L, 1]
  private let bias: Tensor  // [O]
  private let noiseIndex: Int
  private let clamp: Double?
  private let ablation: StyleformerAblation

  /// Makes the layer's parameters.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inChannels: I.
  ///   - outChannels: O.
  ///   - resolution: The width and height, in pixels; L is its square.
  ///   - projection: The name in the store of the matrix [256, L] that projects keys and values,
  ///     which the block owns; nil for full attention.
  ///   - noiseIndex: The place of the layer's noise among all noise inputs.
  ///   - context: What the layers of the network have in common.
  public init(
    _ p: Scope, inChannels: Int, outChannels: Int, resolution: Int, projection: String?,
    noiseIndex: Int, _ context: Context
  ) {
    let configuration = context.configuration
    ablation = configuration.ablation ?? StyleformerAblation()
    let bound = 1 / Double(inChannels).squareRoot()
    func matrix(_ name: String, _ outputs: Int) -> Tensor {
      p.parameter(name, .uniform([outputs, inChannels], bound: bound))
    }
    qWeight = matrix("q_weight", inChannels)
    kWeight = matrix("k_weight", inChannels)
    vWeight = matrix("v_weight", inChannels)
    wWeight = matrix("w_weight", outChannels)
    self.projection = projection.map { p.alias("proj_weight", of: $0) }
    uWeight = ablation.residual == .none ? nil : matrix("u_weight", outChannels)
    feedForward = ablation.feedForwardRatio.map { ratio in
      PixelMLP(p / "ffn", channels: outChannels, hidden: ratio * outChannels)
    }
    noiseStrength = p.parameter("noise_strength", .zeros([]))
    bias = p.parameter("bias", .zeros([outChannels]))
    noiseConst = p.buffer("noise_const", .randn([resolution * resolution, 1]))
    affine = FullyConnectedLayer(
      p / "affine1", inFeatures: configuration.wDim, outFeatures: 2 * inChannels, biasInit: 1)
    headCount = configuration.heads(of: inChannels)
    clamp = configuration.convClamp
    self.resolution = resolution
    self.noiseIndex = noiseIndex
    path = p.path
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: [N, L, I].
  ///   - w: [N, wDim].
  ///   - options: Noise and purpose: for evaluation what the style alone decides is folded into
  ///     the weights, for training all can be differentiated twice.
  /// - Returns: [N, L, O].
  public func callAsFunction(_ x: Tensor, w: Tensor, options: SynthesisOptions) -> Tensor {
    let styles = styles(w)
    let dtype = options.format(forTokens: x)
    if let y = folded(x, styles, dtype: dtype) {
      return fedForward(
        finishedTokens(
          y, noise: noise(options.noise, batch: x.size(0)), strength: noiseStrength, clamp: clamp))
    }
    let operands = operands(x, styles, dtype: dtype)
    let (q, k, v) = (operands.q, operands.k, operands.v)
    let heads = merged(
      scaledDotProductAttention(q, keys: k, values: v, purpose: options.purpose))
    var y = linear(
      ablation.normalization == .afterAttention ? heads.layerNormalized() : heads, wWeight,
      styles.value)
    if let uWeight {
      let start = ablation.residual == .input ? x : operands.modulatedValue
      y = y + linear(start, uWeight, styles.value)
    }
    return fedForward(finished(y, noise: noise(options.noise, batch: x.size(0))))
  }

  /// How much each pixel takes of each key, in every head.
  ///
  /// With a projection the keys are 256 mixtures of all pixels; `attention(at:_:w:)` leads back
  /// from them to pixels.
  ///
  /// - Parameters:
  ///   - x: [N, L, I].
  ///   - w: [N, wDim].
  /// - Returns: [N, h, L, K].
  public func attentionProbabilities(_ x: Tensor, w: Tensor) -> Tensor {
    let operands = operands(x, styles(w))
    return Layers.attentionProbabilities(operands.q, keys: operands.k)
  }

  /// How much one pixel takes of every other, in every head.
  ///
  /// With a projection these are the weights of the 256 projected keys times the projection: they
  /// may be negative, and their sum is not 1.
  ///
  /// - Parameters:
  ///   - token: The pixel, row by row from 0 up to L.
  ///   - x: [N, L, I].
  ///   - w: [N, wDim].
  /// - Returns: [N, h, r, r] with r the layer's resolution.
  public func attention(at token: Int, _ x: Tensor, w: Tensor) -> Tensor {
    let operands = operands(x, styles(w))
    let query = operands.q.sliced(token..<token + 1, axis: 2)
    var weights = Layers.attentionProbabilities(query, keys: operands.k)  // [N, h, 1, K]
    if let projection { weights = weights.matmul(projection) }  // [N, h, 1, L]
    return weights.reshaped(x.size(0), headCount, resolution, resolution)
  }

  // MARK: Steps

  package func styles(_ w: Tensor) -> Styles {
    let all = affine(w)
    let channels = all.size(1) / 2
    return Styles(
      all: all, input: all.sliced(0..<channels, axis: 1),
      value: all.sliced(channels..<2 * channels, axis: 1))
  }

  /// The tokens times the styles, normalised unless that comes later: what queries, keys and values are made from.
  ///
  /// - Parameters:
  ///   - x: [N, L, I].
  ///   - styles: Those of the layer.
  ///   - dtype: The number format of the result; nil for that of the tokens.
  /// - Returns: [N, L, I].
  package func normalized(_ x: Tensor, _ styles: Styles, dtype: DType? = nil) -> Tensor {
    let dtype = dtype ?? x.dtype
    let factors = styles.input.unsqueezed(1)  // [N, 1, I]
    return switch ablation.normalization {
    case .afterModulation: styledNorm(x, styles: styles.input, dtype: dtype)
    case .beforeModulation: (x.layerNormalized() * factors).cast(to: dtype)
    case .afterAttention: (x * factors).cast(to: dtype)
    }
  }

  /// What attention works on, in a number format; nil for that of the tokens.
  package func operands(_ x: Tensor, _ styles: Styles, dtype: DType? = nil) -> Operands {
    let dtype = dtype ?? x.dtype
    let y = normalized(x, styles, dtype: dtype)
    let q = split(linear(y, qWeight, styles.input).cast(to: dtype))
    var k = split(linear(y, kWeight, styles.input).cast(to: dtype))
    let value =
      (linear(y, vWeight, styles.input) * styles.value.unsqueezed(1)).cast(to: dtype)
    var v = split(value)
    if let projection = projection?.cast(to: dtype) {
      // All samples' tokens in one product, whose gradient sums over them.
      func mixed(_ x: Tensor) -> Tensor {
        Layers.linear(x.transposed(2, 3), weight: projection).transposed(2, 3)
      }
      (k, v) = (mixed(k), mixed(v))
    }
    return Operands(q: q, k: k, v: v, modulatedValue: value)
  }

  /// A matrix applied to tokens, and demodulated by styles [N, I].
  package func linear(_ x: Tensor, _ weight: Tensor, _ styles: Tensor) -> Tensor {
    ablation.demodulates
      ? demodulatedLinear(x, weight: weight, styles: styles) : Layers.linear(x, weight: weight)
  }

  /// [N, L, I] → [N, h, L, D].
  package func split(_ x: Tensor) -> Tensor {
    x.reshaped(x.size(0), x.size(1), headCount, x.size(2) / headCount).transposed(1, 2)
  }

  /// [N, h, L, D] → [N, L, I].
  package func merged(_ x: Tensor) -> Tensor { x.transposed(1, 2).flattened(from: 2) }

  /// What follows attention: noise times its strength, bias, activation and clamp.
  ///
  /// - Parameters:
  ///   - y: [N, L, O].
  ///   - noise: [L, 1] or [N, L, 1]; nil for none.
  /// - Returns: [N, L, O].
  package func finished(_ y: Tensor, noise: Tensor?) -> Tensor {
    let noisy = noise.map { y + $0 * noiseStrength } ?? y
    return biasAct(noisy + bias, axis: 0, activation: .lrelu, gain: 1, clamp: clamp)
  }

  /// What a feed-forward network adds to the layer's results [N, L, O]; those themselves without one.
  private func fedForward(_ y: Tensor) -> Tensor {
    guard let feedForward else { return y }
    return y + feedForward(y.layerNormalized())
  }

  /// The layer up to the bias, sample by sample, with all factors of the styles in the matrices
  /// rather than on tokens.
  ///
  /// Factors of queries and keys meet in their products, and those of values pass through attention,
  /// so that both can be taken elsewhere. Where values are projected, those that are not are never
  /// made: the matrices of the second branch and of the values are one.
  ///
  /// - Parameters:
  ///   - x: [N, L, I].
  ///   - styles: Those of the layer.
  ///   - dtype: The number format of matrices and attention.
  /// - Returns: [N, L, O]; nil where gradients are recorded, without demodulation, with a
  ///   normalisation between values and results, where there are so few tokens that factors on them
  ///   cost less, and on the device `meta`, where the multiplications of the definition are counted.
  private func folded(_ x: Tensor, _ styles: Styles, dtype: DType) -> Tensor? {
    guard !recordsGradients, ablation.demodulates, ablation.normalization != .afterAttention,
      x.size(1) >= x.size(2), x.device != .meta
    else { return nil }
    func factors(_ weight: Tensor, _ styles: Tensor) -> Tensor {
      demodulation(of: weight, styles: styles)
    }
    let (input, value) = (styles.input, styles.value)
    let query = factors(qWeight, input) * factors(kWeight, input)  // [N, I]
    let through = factors(vWeight, input) * value  // [N, I]
    let (last, side) = (factors(wWeight, value), uWeight.map { factors($0, value) })  // [N, O]
    let y = normalized(x, styles, dtype: dtype)
    let samples = (0..<x.size(0)).map { n in
      func row(_ all: Tensor) -> Tensor { all.sliced(n..<n + 1, axis: 0) }  // [1, …]
      func one(_ all: Tensor) -> Tensor { all.selected(n, axis: 0) }
      let scaling = LinearScaling(rows: one(last), columns: one(through))
      let heads = attended(row(y), queryFactors: one(query))
      guard let uWeight, let side else {
        return Layers.linear(heads.results, weight: wWeight, bias: bias, scaling: scaling)
      }
      let sideScaling = LinearScaling(
        rows: one(side), columns: ablation.residual == .input ? nil : one(through))
      // What is added to is as wide as the results.
      let other =
        if let tokens = ablation.residual == .input ? row(x) : heads.values {
          Layers.linear(
            tokens, weight: uWeight, bias: bias, scaling: sideScaling, dtype: dtype,
            results: x.dtype)
        } else {
          Layers.linear(
            row(y), weight: sideScaling.scaled(matrix: uWeight).matmul(vWeight), bias: bias,
            results: x.dtype)
        }
      return Layers.linear(
        heads.results, weight: wWeight, scaling: scaling, adding: other, replacing: true)
    }
    return samples.count == 1 ? samples[0] : .concatenate(samples, axis: 0)
  }

  /// What attention makes of the normalised tokens of one sample, without factors on values.
  ///
  /// Projected keys and values are made of projected tokens, which takes half the multiplications.
  ///
  /// - Parameters:
  ///   - y: [1, L, I].
  ///   - queryFactors: The factors of queries and keys, [I].
  /// - Returns: The results, [1, L, I], and the values, [1, L, I], where they were made.
  private func attended(_ y: Tensor, queryFactors: Tensor) -> (results: Tensor, values: Tensor?) {
    let i = y.size(2)
    func part(_ all: Tensor, _ index: Int) -> Tensor {
      all.sliced(index * i..<(index + 1) * i, axis: 2)
    }
    func attended(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
      merged(scaledDotProductAttention(split(q), keys: split(k), values: split(v)))
    }
    let queryScaling = LinearScaling(rows: queryFactors)
    func queries() -> Tensor { Layers.linear(y, weight: qWeight, scaling: queryScaling) }
    guard let projection = projection?.cast(to: y.dtype) else {
      if y.dtype == .bfloat16 {
        // Scaled and rounded as they are read, the matrices need not lie together.
        let (k, v) = (Layers.linear(y, weight: kWeight), Layers.linear(y, weight: vWeight))
        return (attended(queries(), k, v), v)
      }
      let weight = Tensor.concatenate(
        [queryScaling.scaled(matrix: qWeight), kWeight, vWeight], axis: 0)
      let all = Layers.linear(y, weight: weight)  // [1, L, 3 I]
      return (attended(part(all, 0), part(all, 1), part(all, 2)), part(all, 2))
    }
    // [K, I]
    let mixed = Layers.linear(projection, weight: y.selected(0, axis: 0).transposed(0, 1))
    let all = Layers.linear(
      mixed.unsqueezed(0), weight: .concatenate([kWeight, vWeight], axis: 0))  // [1, K, 2 I]
    return (
      attended(queries(), part(all, 0), part(all, 1)), nil
    )
  }

  /// One number for each token, [L, 1] or [N, L, 1].
  private func noise(_ source: NoiseSource, batch: Int) -> Tensor? {
    switch source.mode(forLayer: noiseIndex) {
    case .const: noiseConst
    case .random(let streams): streams.randn(batch: batch, [resolution * resolution, 1])
    case .none: nil
    }
  }
}

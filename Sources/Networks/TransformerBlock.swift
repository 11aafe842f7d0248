// The block that StyleSwin (Zhang et al., 2022) and StyleNAT (Walton et al., 2022) share: attention
// and a small network for each pixel, both behind a normalisation that the styles steer.

public import Layers
public import Tensors

/// Attention among the pixels of a feature map, which is what the families differ in.
///
/// - Shape: N batch, r height and width of the map, C channels, h heads.
public protocol PixelAttention {
  /// What the heads are, in groups of the same kind: which range of heads looks at what.
  var headGroups: [HeadGroup] { get }

  /// Lets every pixel look at others.
  ///
  /// - Parameters:
  ///   - x: [N, r · r, C], rows first.
  ///   - summand: [N, r · r, C], what is added at last, in the format of `x` or a wider one; nil for
  ///     nothing.
  /// - Returns: [N, r · r, C].
  func callAsFunction(_ x: Tensor, adding summand: Tensor?) -> Tensor

  /// How much one pixel looks at each of the others.
  ///
  /// - Parameters:
  ///   - x: [N, r · r, C], what `callAsFunction` is given.
  ///   - row: The pixel's row, from 0 up to r.
  ///   - column: The pixel's column.
  /// - Returns: [N, h, r, r], each head's weights; their sum is 1, and 0 is what the head does not
  ///   see.
  func weights(_ x: Tensor, row: Int, column: Int) -> Tensor
}

extension PixelAttention {
  /// Lets every pixel look at others, with nothing added.
  ///
  /// - Parameter x: [N, r · r, C], rows first.
  /// - Returns: [N, r · r, C].
  public func callAsFunction(_ x: Tensor) -> Tensor { self(x, adding: nil) }
}

/// Where an attention stands in a network: what it is built for.
public struct AttentionPlace: Hashable, Sendable {
  /// The stage, from 0 at 4×4.
  public var stage: Int
  /// The block in the stage, 0 or 1.
  public var block: Int
  /// The width and height of the feature map, in pixels.
  public var resolution: Int
  /// Channels of the feature map.
  public var dim: Int
  /// Attention heads.
  public var heads: Int

  /// A place of these sizes.
  public init(stage: Int, block: Int, resolution: Int, dim: Int, heads: Int) {
    self.stage = stage
    self.block = block
    self.resolution = resolution
    self.dim = dim
    self.heads = heads
  }
}

/// `x + attention(norm1(x))`, then `x + mlp(norm2(x))`.
///
/// - Shape: `x` [N, r · r, C], `w` [N, wDim], result [N, r · r, C].
public final class TransformerBlock {
  /// The block's attention.
  public let attention: any PixelAttention
  private let norm1: AdaptiveInstanceNorm
  private let norm2: AdaptiveInstanceNorm
  private let mlp: PixelMLP
  private let path: String

  /// Makes the block's layers.
  ///
  /// - Parameters:
  ///   - p: The block's place among the names.
  ///   - dim: C.
  ///   - wDim: The length of w.
  ///   - mlpRatio: The hidden width of the MLP relative to C.
  ///   - makeAttention: Makes the attention, given the block's own place among the names.
  public init(
    _ p: Scope, dim: Int, wDim: Int, mlpRatio: Double = 4,
    makeAttention: (Scope) -> any PixelAttention
  ) {
    norm1 = AdaptiveInstanceNorm(p / "norm1", channels: dim, wDim: wDim)
    attention = makeAttention(p)
    norm2 = AdaptiveInstanceNorm(p / "norm2", channels: dim, wDim: wDim)
    mlp = PixelMLP(p / "mlp", channels: dim, hidden: Int(Double(dim) * mlpRatio))
    path = p.path
  }

  /// The matrices from w to the styles of both normalisations, with their names.
  var affines: [(name: String, weight: Tensor)] {
    [
      ("\(path).norm1.style.weight", norm1.style.weight),
      ("\(path).norm2.style.weight", norm2.style.weight),
    ]
  }

  /// Runs the block.
  ///
  /// - Parameters:
  ///   - x: [N, r · r, C].
  ///   - w: [N, wDim].
  ///   - dtype: The number format of the attention and the MLP; nil for that of `x`.
  ///   - watch: Called with what the attention is given, [N, r · r, C].
  /// - Returns: [N, r · r, C], in the format of `x`.
  public func callAsFunction(
    _ x: Tensor, w: Tensor, dtype: DType? = nil, watch: ((Tensor) -> Void)? = nil
  ) -> Tensor {
    let dtype = dtype ?? x.dtype
    let y = attend(x, w: w, dtype: dtype, watch: watch)
    let scaling = norm2.scaling(of: y, w: w)
    return mapTokens(y, replacing: true) { piece, place in
      mlp(replacing: piece, scaling: scaling.sliced(place.samples), dtype: dtype)
    }
  }

  private func attend(_ x: Tensor, w: Tensor, dtype: DType, watch: ((Tensor) -> Void)?) -> Tensor {
    let scaling = norm1.scaling(of: x, w: w)
    let seen = scaledTokens(x, factor: scaling.factor, shift: scaling.shift, dtype: dtype)
    watch?(seen)
    return attention(seen, adding: x)
  }
}

/// Instance normalisation whose scale and offset are made from w: `γ (x - mean) / deviation + β`.
///
/// Nothing is added to γ, and the styles' bias starts at 0: a new network scales by numbers around
/// 0.
///
/// - Shape: `x` [N, P, C] with P pixels, `w` [N, wDim], result [N, P, C].
public final class AdaptiveInstanceNorm {
  let style: FullyConnectedLayer  // w [N, wDim] → γ and β [N, 2 C]
  private let epsilon = 1e-5

  init(_ p: Scope, channels: Int, wDim: Int) {
    style = FullyConnectedLayer(p / "style", inFeatures: wDim, outFeatures: 2 * channels)
  }

  /// What it does to each channel.
  func scaling(of x: Tensor, w: Tensor) -> ChannelScaling {
    let styles = style(w).unsqueezed(1)  // [N, 1, 2 C]
    let c = x.size(2)
    let (gamma, beta) = (
      styles.sliced(0..<c, axis: 2), styles.sliced(c..<2 * c, axis: 2)
    )
    let (variance, mean) = channelMoments(x)  // [N, 1, C]
    let factor = gamma * (variance + epsilon).rsqrt()
    return ChannelScaling(factor: factor, shift: beta - mean * factor)
  }
}

/// Two layers for each pixel by itself: wider, GELU, back.
///
/// - Shape: `x` [N, P, C], result the same.
public final class PixelMLP {
  private let fc1: LinearLayer  // C → hidden
  private let fc2: LinearLayer  // hidden → C

  init(_ p: Scope, channels: Int, hidden: Int) {
    fc1 = LinearLayer(p / "fc1", inFeatures: channels, outFeatures: hidden)
    fc2 = LinearLayer(p / "fc2", inFeatures: hidden, outFeatures: channels)
  }

  /// What the layers make of `x`.
  func callAsFunction(_ x: Tensor) -> Tensor { fc2(fc1(x, activation: .gelu)) }

  /// Adds what the layers make of `x`, scaled and rounded, to it; the sum may take its place.
  func callAsFunction(replacing x: Tensor, scaling: ChannelScaling, dtype: DType) -> Tensor {
    let hidden = fc1(x, activation: .gelu, scaling: LinearScaling(tokens: scaling), dtype: dtype)
    return fc2(hidden, adding: x, replacing: true)
  }
}

// From W+ to images as StyleSwin and StyleNAT do it: two transformer blocks at each resolution,
// enlargement between the resolutions, and RGB added up.

import Foundation
public import Layers
public import Tensors

/// From W+ to images, stage by stage from 4×4 up.
///
/// - Shape: `wPlus` [N, numWs, wDim], result [N, 3, H, W].
public final class TransformerSynthesis {
  /// What a caller may look at while images are made.
  public struct Watch {
    /// Called before the attention of a block, counted over all stages, with what it is given:
    /// [N, r · r, C].
    public var attention: (_ block: Int, _ x: Tensor) -> Void
    /// Called with what a stage hands on: [N, pixels, C], enlarged unless the stage is the last.
    public var stage: (_ stage: Int, _ x: Tensor) -> Void

    /// Looks at nothing unless told.
    public init(
      attention: @escaping (_ block: Int, _ x: Tensor) -> Void = { _, _ in },
      stage: @escaping (_ stage: Int, _ x: Tensor) -> Void = { _, _ in }
    ) {
      self.attention = attention
      self.stage = stage
    }
  }

  private let const: Tensor  // [1, C, 4, 4]
  private let stages: [TransformerStage]
  private let toRGBs: [TransformerToRGB]

  init<Configuration: TransformerConfiguration>(_ configuration: Configuration, _ p: Scope) {
    let shape = configuration.shape
    let resolutions = shape.resolutions
    const = (p / "input").parameter("input", .randn([1, shape.channels(at: 4), 4, 4]))
    stages = resolutions.indices.map { i in
      TransformerStage(p / "layers" / "\(i)", stage: i, configuration)
    }
    toRGBs = resolutions.indices.map { i in
      let seen = min(i + 1, resolutions.count - 1)
      return TransformerToRGB(
        p / "to_rgbs" / "\(i)", inChannels: shape.channels(at: resolutions[seen]),
        upsamples: i < resolutions.count - 1)
    }
  }

  /// The blocks of all stages in order, two for each.
  public var blocks: [TransformerBlock] { stages.flatMap(\.blocks) }

  /// Draws images.
  ///
  /// Where no gradients are recorded and nobody watches, the large feature maps are made one sample
  /// after the other: that takes no longer, and less memory.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - options: The number format of matrices and attention from 16×16 on, where no gradients
  ///     are recorded; there is no noise, and every purpose is the same.
  ///   - watch: Looks at what happens; nil for nobody.
  /// - Returns: [N, 3, H, W].
  public func callAsFunction(
    _ wPlus: Tensor, options: SynthesisOptions = .init(), watch: Watch? = nil
  ) -> Tensor {
    let numWs = 2 * stages.count
    precondition(wPlus.size(1) == numWs, "W+ has \(wPlus.size(1)) rows, expected \(numWs)")
    let (n, c) = (wPlus.size(0), const.size(1))
    let x = const.flattened(from: 2).transposed(1, 2).expanded(n, 16, c)
    return run(from: 0, x, img: nil, wPlus, options, watch)
  }

  /// Runs the stages from one on, given the map that it works on and the image so far.
  private func run(
    from first: Int, _ x: Tensor, img: Tensor?, _ wPlus: Tensor, _ options: SynthesisOptions,
    _ watch: Watch?
  ) -> Tensor {
    let n = x.size(0)
    var (x, img) = (x, img)
    for i in first..<stages.count {
      if n > 1, x.size(1) >= 1024, watch == nil, !recordsGradients {
        return sampleBySample(n) { one in
          run(from: i, one(x), img: img.map(one), one(wPlus), options, nil)
        }
      }
      let ws = [wPlus.selected(2 * i, axis: 1), wPlus.selected(2 * i + 1, axis: 1)]
      let seen = watch.map { watch in
        { (block: Int, x: Tensor) in watch.attention(2 * i + block, x) }
      }
      x = stages[i](
        x, ws: ws, dtype: options.format(forTokens: x),
        usesCheckpointing: options.usesCheckpointing && watch == nil, watch: seen)
      watch?.stage(i, x)
      img = toRGBs[i](grid(x), skip: img)
    }
    guard let img else { preconditionFailure("a network without stages") }
    return img
  }
}

/// Pixels in rows [N, r · r, C] as a feature map [N, C, r, r], without a copy.
private func grid(_ x: Tensor) -> Tensor {
  let r = Int(Double(x.size(1)).squareRoot())
  return x.reshaped(x.size(0), r, r, x.size(2)).permuted(0, 3, 1, 2)
}

/// One resolution: two blocks, then enlargement unless it is the last.
///
/// - Shape: `x` [N, r · r, C], two w of [N, wDim], result [N, 4 · r · r, O] or, at last,
///   [N, r · r, C].
final class TransformerStage {
  let blocks: [TransformerBlock]
  private let upsample: TransformerUpsample?
  private let resolution: Int

  init<Configuration: TransformerConfiguration>(
    _ p: Scope, stage: Int, _ configuration: Configuration
  ) {
    let shape = configuration.shape
    let r = shape.resolutions[stage]
    let dim = shape.channels(at: r)
    blocks = (0..<2).map { block in
      let place = AttentionPlace(
        stage: stage, block: block, resolution: r, dim: dim, heads: shape.heads(at: r))
      return TransformerBlock(
        p / "blocks" / "\(block)", dim: dim, wDim: shape.wDim, mlpRatio: shape.mlpRatio
      ) { configuration.makeAttention($0, at: place) }
    }
    upsample =
      r < shape.resolution
      ? TransformerUpsample(p / "upsample", dim: dim, outDim: shape.channels(at: 2 * r)) : nil
    resolution = r
  }

  func callAsFunction(
    _ x: Tensor, ws: [Tensor], dtype: DType, usesCheckpointing: Bool,
    watch: ((Int, Tensor) -> Void)?
  ) -> Tensor {
    if usesCheckpointing { return checkpointed(x, ws: ws, dtype: dtype) }
    var x = x
    for (i, block) in blocks.enumerated() {
      x = block(x, w: ws[i], dtype: dtype, watch: watch.map { watch in { watch(i, $0) } })
    }
    return upsample?(x, height: resolution, width: resolution, dtype: dtype) ?? x
  }

  /// Runs the stage, whose blocks and enlargement keep only what they are given for gradients.
  private func checkpointed(_ x: Tensor, ws: [Tensor], dtype: DType) -> Tensor {
    let x = zip(blocks, ws).reduce(x) { x, step in
      Tensors.checkpointed([x, step.1]) { kept in step.0(kept[0], w: kept[1], dtype: dtype) }
    }
    guard let upsample else { return x }
    return Tensors.checkpointed([x]) { [resolution] kept in
      upsample(kept[0], height: resolution, width: resolution, dtype: dtype)
    }
  }
}

/// A feature map enlarged to twice its size: bilinear, layer normalisation, a matrix, and a code of
/// each pixel's position.
///
/// - Shape: `x` [N, H · W, C], result [N, 4 · H · W, O].
public final class TransformerUpsample {
  private let alpha: Tensor  // [1], the strength of the position code
  private let norm: LayerNormLayer
  private let reduction: LinearLayer  // C → O
  private let outDim: Int
  private let alignsCorners: Bool

  /// Makes the layer's parameters.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - dim: C.
  ///   - outDim: O, a multiple of 4 from 8 on.
  ///   - normEpsilon: What the layer normalisation adds to the variance.
  ///   - alignsCorners: Whether the outermost pixels stay where they are.
  public init(
    _ p: Scope, dim: Int, outDim: Int, normEpsilon: Double = 1e-5, alignsCorners: Bool = false
  ) {
    alpha = p.parameter("alpha", .zeros([1]))
    norm = LayerNormLayer(p / "norm", features: dim, epsilon: normEpsilon)
    reduction = LinearLayer(p / "reduction", inFeatures: dim, outFeatures: outDim, hasBias: false)
    self.outDim = outDim
    self.alignsCorners = alignsCorners
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: [N, H · W, C].
  ///   - h: H.
  ///   - w: W.
  ///   - dtype: The number format that the matrix is applied in; nil for that of `x`.
  /// - Returns: [N, 4 · H · W, O], in the format of `x`.
  public func callAsFunction(_ x: Tensor, height h: Int, width w: Int, dtype: DType? = nil)
    -> Tensor
  {
    let map = x.reshaped(x.size(0), h, w, x.size(2)).permuted(0, 3, 1, 2)
    let large = map.enlargedBilinear(height: 2 * h, width: 2 * w, alignsCorners: alignsCorners)
    let code = PositionCode(height: 2 * h, width: 2 * w, channels: outDim, scale: alpha)
    let reduced = mapTokens(large.permuted(0, 2, 3, 1)) { rows, place in  // [n, rows, 2 W, C]
      code.added(to: reduction(norm(rows), dtype: dtype), rows: place.range)
    }
    return reduced.reshaped(x.size(0), 4 * h * w, outDim)
  }
}

/// A code of each pixel's position: sines and cosines of its column in the first half of the
/// channels, of its row in the second.
///
/// With e = C / 2 channels for an axis and f_k = 10000^(-k / (e / 2 - 1)), a position p has the
/// code sin(p f_0), sin(p f_1), …, cos(p f_0), cos(p f_1), …
///
/// - Parameters:
///   - h: H, rows.
///   - w: W, columns.
///   - channels: C, a multiple of 4 from 8 on.
///   - first: The position of the first row and column.
/// - Returns: [H, W, C], float32.
public func sinusoidalPositionCode(height h: Int, width w: Int, channels: Int, first: Int = 1)
  -> Tensor
{
  let half = channels / 2
  let columns = axisCode(w, channels: channels, first: first).unsqueezed(0).expanded(h, w, half)
  let rows = axisCode(h, channels: channels, first: first).unsqueezed(1).expanded(h, w, half)
  return .concatenate([columns, rows], axis: 2)
}

/// The code of the positions of one axis: [count, C / 2].
private func axisCode(_ count: Int, channels: Int, first: Int) -> Tensor {
  precondition(channels >= 8 && channels % 4 == 0, "\(channels) channels: not 8, 12, 16, …")
  let step = -Foundation.log(10000) / Double(channels / 4 - 1)
  let frequencies = (Tensor.arange(channels / 4).cast(to: .float32) * step).exp()
  let positions = Tensor.arange(count).cast(to: .float32) + Double(first)
  let angles = positions.unsqueezed(1) * frequencies
  return .concatenate([angles.sin(), angles.cos()], axis: 1)
}

/// The sinusoidal code of a map's positions times a number, as the two axes' parts.
private struct PositionCode {
  let columns: Tensor  // [W, C / 2]
  let rows: Tensor  // [H, 1, C / 2]

  init(height: Int, width: Int, channels: Int, scale: Tensor) {
    func part(_ count: Int) -> Tensor {
      axisCode(count, channels: channels, first: 1).moved(to: scale.device) * scale
    }
    (columns, rows) = (part(width), part(height).unsqueezed(1))
  }

  /// Some rows of a map, [n, rows, W, C], with the code of their positions.
  func added(to map: Tensor, rows range: Range<Int>) -> Tensor {
    placedTokens(map, columns: columns, rows: rows.sliced(range, axis: 0))
  }
}

/// A 1×1 convolution to RGB with two biases, added to the image so far.
///
/// - Shape: `x` [N, I, r, r], `skip` [N, 3, r / 2, r / 2] or, at last, [N, 3, r, r], result
///   [N, 3, r, r].
public final class TransformerToRGB {
  private let kernel: Tensor?  // [4, 4]
  private let weight: Tensor  // [3, I, 1, 1]
  private let convBias: Tensor  // [3]
  private let bias: Tensor  // [1, 3, 1, 1]

  /// Makes the layer's parameters.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inChannels: I.
  ///   - upsamples: Whether the image so far has half the size.
  ///   - taps: The low-pass filter of its enlargement, before normalisation.
  public init(
    _ p: Scope, inChannels: Int, upsamples: Bool, resampleFilter taps: [Double] = [1, 3, 3, 1]
  ) {
    // As published, the kernel holds the 4 that keeps the brightness of an enlarged image.
    kernel =
      upsamples ? (p / "upsample").buffer("kernel", .values(resampleFilter(taps, gain: 4))) : nil
    let deviation = 0.02 * (2 / Double(inChannels + 3)).squareRoot()
    weight = (p / "conv").parameter("weight", .randn([3, inChannels, 1, 1], std: deviation))
    convBias = (p / "conv").parameter("bias", .zeros([3]))
    bias = p.parameter("bias", .zeros([1, 3, 1, 1]))
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: [N, I, r, r].
  ///   - skip: The image so far; nil in the first stage.
  /// - Returns: [N, 3, r, r].
  public func callAsFunction(_ x: Tensor, skip: Tensor?) -> Tensor {
    let rgb = x.conv2d(weight) + (convBias.reshaped(1, 3, 1, 1) + bias)
    guard let skip else { return rgb }
    guard let kernel else { return rgb + skip }
    return rgb + upsample2d(skip, filter: kernel, gain: 0.25)
  }
}

// StyleSwin: Zhang et al., "StyleSwin: Transformer-based GAN for High-resolution Image Generation"
// (2022), with the layer names and configurations of microsoft/StyleSwin.

public import Layers
public import Tensors

/// The sizes and choices of a StyleSwin generator; the defaults are the published ones at 256×256.
public struct StyleSwinConfiguration: TransformerConfiguration {
  /// The name of this family in network files.
  public static let kind = "styleswin"

  /// The sizes that all transformer generators share.
  public var shape: TransformerShape
  /// Up to this resolution, in pixels, a window is the whole feature map.
  public var fullResolution = 8
  /// The width and height of windows above that, in pixels.
  public static let windowSize = 8

  /// The published configuration at a resolution: 256 with twice the channels above 32×32, others
  /// without.
  public init(resolution: Int = 256) {
    shape = TransformerShape(resolution: resolution, channelMultiplier: resolution > 256 ? 1 : 2)
  }

  /// The same network with windows as large as the feature maps; at most 64×64, beyond which the
  /// tables of places alone would take gigabytes.
  public var withFullAttention: (any GeneratorConfiguration)? {
    var configuration = self
    configuration.fullResolution = shape.resolution
    return configuration
  }

  /// The width and height of the windows at resolution `r`, in pixels.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: `r` itself where attention is not divided into windows.
  public func windowSize(at r: Int) -> Int { r <= fullResolution ? r : Self.windowSize }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try shape.validate()
    try ConfigurationError.check("fullResolution", fullResolution, is: "4, 8, 16, 32 or 64") {
      (4...64).contains($0) && $0.nonzeroBitCount == 1
    }
    for r in shape.resolutions {
      try ConfigurationError.check("heads at \(r)×\(r)", shape.heads(at: r), is: "an even number") {
        $0 % 2 == 0
      }
    }
  }

  /// The published sets.
  ///
  /// - Source: README of microsoft/StyleSwin.
  public static var namedConfigurations: [NamedConfiguration] {
    [
      ("ffhq", "FFHQ", 256, 2.81), ("church", "LSUN Church", 256, 2.95),
      ("celebahq", "CelebA-HQ", 256, 3.25), ("ffhq", "FFHQ", 1024, 5.07),
      ("celebahq", "CelebA-HQ", 1024, 4.43),
    ].map { name, dataset, resolution, fid in
      NamedConfiguration(
        name: "styleswin-\(name)\(resolution)",
        summary: "StyleSwin, as published for \(dataset), \(resolution)×\(resolution)",
        results: [.fid(dataset, fid)]
      ) { asked in
        var configuration = StyleSwinConfiguration(resolution: resolution)
        configuration.shape.resolution = asked ?? resolution
        return configuration
      }
    }
  }

  /// Makes the attention of one block.
  public func makeAttention(_ p: Scope, at place: AttentionPlace) -> any PixelAttention {
    DoubleAttention(
      p, dim: place.dim, resolution: place.resolution, heads: place.heads,
      windowSize: windowSize(at: place.resolution))
  }

  /// The tables of indices and the mask that the published module keeps beside its parameters.
  public func derivedBuffers(at place: AttentionPlace) -> [String: StoredParameter] {
    let (r, size) = (place.resolution, windowSize(at: place.resolution))
    let pixels = size * size
    let index = StoredParameter(shape: [pixels, pixels], dtype: .int64) {
      relativePositionIndex(size: size)
    }
    var buffers = [
      "attn.0.relative_position_index": index, "attn.1.relative_position_index": index,
    ]
    if r > size {
      let shape = [(r / size) * (r / size), pixels, pixels]
      buffers["attn_mask2"] = StoredParameter(shape: shape, dtype: .float32) {
        DoubleAttention.mask(resolution: r, windowSize: size)
      }
    }
    return buffers
  }
}

/// The StyleSwin generator.
public typealias StyleSwin = TransformerGenerator<StyleSwinConfiguration>

/// Attention within windows: half of the heads in a regular grid of them, the other half in a grid
/// moved by half a window.
///
/// The moved grid wraps around the borders; pixels that only meet across a border have a logit
/// lowered by 100, as published, rather than by infinity. At small resolutions one window is the
/// whole feature map, and both halves are the same kind of attention.
///
/// - Shape: `x` [N, r · r, C], result the same.
public final class DoubleAttention: PixelAttention {
  private let qkv: LinearLayer  // C → queries, keys and values, 3 C; each has the first half first
  private let proj: LinearLayer  // C → C
  private let tables: [Tensor]  // for each half [(2 s - 1)², h / 2], s the size of a window
  private let resolution: Int
  private let windowSize: Int
  private let shift: Int
  private let heads: Int
  private let headDim: Int
  private let usesReference: Bool
  private let attention: (_ q: Tensor, _ k: Tensor, _ v: Tensor, _ bias: Tensor) -> Tensor

  /// Makes the parameters `qkv`, `proj` and the two `relative_position_bias_table`s.
  ///
  /// - Parameters:
  ///   - p: The block's place among the names.
  ///   - dim: C, a multiple of `heads`.
  ///   - resolution: r, a multiple of `windowSize`.
  ///   - heads: h, an even number.
  ///   - windowSize: The width and height of a window, in pixels.
  ///   - usesReference: Whether attention is computed in plain tensor operations.
  public init(
    _ p: Scope, dim: Int, resolution: Int, heads: Int, windowSize: Int, usesReference: Bool = false
  ) {
    precondition(
      heads % 2 == 0 && dim % heads == 0 && resolution % windowSize == 0,
      "\(dim) channels, \(heads) heads, \(resolution) pixels in windows of \(windowSize)")
    qkv = LinearLayer(p / "qkv", inFeatures: dim, outFeatures: 3 * dim)
    proj = LinearLayer(p / "proj", inFeatures: dim, outFeatures: dim)
    let offsets = 2 * windowSize - 1
    tables = (0..<2).map { half in
      (p / "attn" / "\(half)").parameter(
        "relative_position_bias_table", .randn([offsets * offsets, heads / 2], std: 0.02))
    }
    self.resolution = resolution
    self.windowSize = windowSize
    shift = resolution > windowSize ? windowSize / 2 : 0
    self.heads = heads
    headDim = dim / heads
    self.usesReference = usesReference
    if usesReference {
      attention = { scaledDotProductAttentionReference($0, keys: $1, values: $2, bias: $3) }
    } else {
      attention = {
        scaledDotProductAttention($0, keys: $1, values: $2, bias: $3.cast(to: $0.dtype))
      }
    }
  }

  /// Windows, and windows moved by half of one.
  public var headGroups: [HeadGroup] {
    guard shift > 0 else { return [HeadGroup(name: "all pixels", heads: 0..<heads)] }
    return [
      HeadGroup(name: "windows of \(windowSize)", heads: 0..<heads / 2),
      HeadGroup(name: "windows of \(windowSize), moved by \(shift)", heads: heads / 2..<heads),
    ]
  }

  /// Lets every pixel look at those in its windows.
  public func callAsFunction(_ x: Tensor, adding summand: Tensor?) -> Tensor {
    let (n, r, half) = (x.size(0), resolution, headDim * heads / 2)
    let all = qkv(x).reshaped(n, r, r, 3, 2, half)
    if !usesReference, let attended = attendInPlace(all) {
      return proj(attended.reshaped(n, r * r, 2 * half), adding: summand)
    }
    let first = attendInWindows(all.selected(0, axis: 4), half: 0)
    let moved = all.selected(1, axis: 4).rolled(-shift, -shift, axes: 1)
    let second = attendInWindows(moved, half: 1).rolled(shift, shift, axes: 1)
    return proj(
      .concatenate([first, second], axis: 3).reshaped(n, r * r, 2 * half), adding: summand)
  }

  /// Queries, keys and values [N, r, r, 3, 2, C / 2] → [N, r, r, h, D], without windows cut out; nil
  /// where there is no operator for it.
  private func attendInPlace(_ qkv: Tensor) -> Tensor? {
    // Of larger windows the biases, which are copied, would take gigabytes.
    guard windowSize <= 16, takesOwnAttention(qkv) else { return nil }
    let parts = qkv.reshaped(qkv.size(0), resolution, resolution, 3, heads, headDim)
    let first = relativePositionBias(half: 0)
    let kinds = shift > 0 ? Self.windowKinds : [Self.windowKinds[0]]
    let biases = kinds.map { row, column in
      Tensor.concatenate([first, movedBias(isLastRow: row, isLastColumn: column)], axis: 0)
    }
    let half = heads / 2
    return windowAttention(
      parts.selected(0, axis: 3), parts.selected(1, axis: 3), parts.selected(2, axis: 3),
      biases: .stack(biases), windowSize: windowSize,
      shifts: [Int](repeating: 0, count: half) + [Int](repeating: shift, count: half))
  }

  /// One half of the heads: queries, keys and values [N, r, r, 3, C / 2] → [N, r, r, C / 2].
  private func attendInWindows(_ qkv: Tensor, half: Int) -> Tensor {
    let (n, s, h, d) = (qkv.size(0), windowSize, heads / 2, headDim)
    let count = resolution / s  // windows along an axis
    let windows = qkv.reshaped(n, count, s, count, s, 3, h, d)
      .permuted(5, 1, 0, 3, 6, 2, 4, 7).contiguous()  // [3, count, N, count, h, s, s, D]
    let attended =
      half == 1 && shift > 0
      ? attendAcrossBorders(windows) : attendWithinBorders(windows, half: half)
    return attended.reshaped(count, n, count, h, s, s, d).permuted(1, 0, 4, 2, 5, 3, 6)
      .reshaped(n, resolution, resolution, h * d)
  }

  /// Windows that lie within the map: all have the same bias.
  private func attendWithinBorders(_ windows: Tensor, half: Int) -> Tensor {
    let pixels = windowSize * windowSize
    let parts = windows.reshaped(3, -1, heads / 2, pixels, headDim)
    return attention(
      parts.selected(0, axis: 0), parts.selected(1, axis: 0), parts.selected(2, axis: 0),
      relativePositionBias(half: half).unsqueezed(0))
  }

  /// Windows of the moved grid: a row of them is taken as more heads, so that the bias of a whole
  /// row, which all rows but the last share, is all that is held.
  private func attendAcrossBorders(_ windows: Tensor) -> Tensor {
    let (count, n, pixels) = (windows.size(1), windows.size(2), windowSize * windowSize)
    let rows = windows.reshaped(3, count * n, count * heads / 2, pixels, headDim)
    func attended(_ range: Range<Int>, isLast: Bool) -> Tensor {
      let part = rows.sliced(range, axis: 1)
      let (inner, outer) = (
        movedBias(isLastRow: isLast, isLastColumn: false),
        movedBias(isLastRow: isLast, isLastColumn: true)
      )
      let bias = Tensor.concatenate(
        [inner.unsqueezed(0).expanded(count - 1, heads / 2, pixels, pixels), outer.unsqueezed(0)],
        axis: 0)
      return attention(
        part.selected(0, axis: 0), part.selected(1, axis: 0), part.selected(2, axis: 0),
        bias.reshaped(1, count * heads / 2, pixels, pixels))
    }
    let within = (count - 1) * n
    return .concatenate(
      [attended(0..<within, isLast: false), attended(within..<count * n, isLast: true)], axis: 0)
  }

  // MARK: Bias and mask

  /// Where a window of the moved grid lies.
  private static let windowKinds: [(isLastRow: Bool, isLastColumn: Bool)] = [
    (false, false), (false, true), (true, false), (true, true),
  ]

  /// What is added to logits, by the offset of the query from the key: [h / 2, s², s²].
  private func relativePositionBias(half: Int) -> Tensor {
    let (pixels, table) = (windowSize * windowSize, tables[half])
    let index = relativePositionIndex(size: windowSize, device: table.device)
    return table.picked(index.reshaped(pixels * pixels), axis: 0)
      .reshaped(pixels, pixels, heads / 2).permuted(2, 0, 1)
  }

  /// The bias of the moved grid's windows, lowered where a border lies between query and key:
  /// [h / 2, s², s²].
  private func movedBias(isLastRow: Bool, isLastColumn: Bool) -> Tensor {
    let bias = relativePositionBias(half: 1)
    guard isLastRow || isLastColumn else { return bias }
    let mask = Self.mask(windowSize: windowSize, isLastRow: isLastRow, isLastColumn: isLastColumn)
    return bias + mask.moved(to: bias.device)
  }

  /// What lowers the logits of one window of the moved grid: [s², s²].
  private static func mask(windowSize s: Int, isLastRow: Bool, isLastColumn: Bool) -> Tensor {
    let edge = s - s / 2
    // Which of up to four regions of the map each pixel of such a window is from.
    let regions = (0..<s * s).map { pixel in
      (isLastRow && pixel / s >= edge ? 2 : 0) + (isLastColumn && pixel % s >= edge ? 1 : 0)
    }
    let mask = regions.flatMap { a in regions.map { b in Float(a == b ? 0 : -100) } }
    return Tensor(mask, shape: [s * s, s * s])
  }

  /// What lowers the logits of all windows of the moved grid, rows first: [windows, s², s²].
  static func mask(resolution: Int, windowSize s: Int) -> Tensor {
    let count = resolution / s
    let kinds = windowKinds.map {
      mask(windowSize: s, isLastRow: $0.isLastRow, isLastColumn: $0.isLastColumn)
    }
    let places = (0..<count * count).map { window in
      (window / count == count - 1 ? 2 : 0) + (window % count == count - 1 ? 1 : 0)
    }
    return Tensor.stack(kinds).picked(Tensor(places), axis: 0)
  }

  // MARK: Weights

  /// How much one pixel looks at each of the others.
  public func weights(_ x: Tensor, row: Int, column: Int) -> Tensor {
    let map = x.reshaped(x.size(0), resolution, resolution, headDim * heads)
    return .concatenate(
      [
        weights(map, row: row, column: column, half: 0, moved: 0),
        weights(map, row: row, column: column, half: 1, moved: shift),
      ], axis: 1)
  }

  /// The weights of one half of the heads, [N, h / 2, r, r], in a grid moved by some pixels.
  private func weights(_ map: Tensor, row: Int, column: Int, half: Int, moved: Int) -> Tensor {
    let (n, r, s, h) = (map.size(0), resolution, windowSize, heads / 2)
    let (y, x) = ((row - moved + r) % r, (column - moved + r) % r)
    let (top, left) = (y / s * s, x / s * s)
    let query = (y - top) * s + x - left
    let window = map.rolled(-moved, -moved, axes: 1).sliced(top..<top + s, axis: 1)
      .sliced(left..<left + s, axis: 2).reshaped(n, s * s, headDim * heads)
    let all = qkv(window).reshaped(n, s * s, 3, 2, h, headDim).selected(half, axis: 3)
    let keys = all.selected(1, axis: 2).permuted(0, 2, 1, 3)  // [N, h / 2, s², D]
    let q = all.selected(0, axis: 2).selected(query, axis: 1).unsqueezed(3)  // [N, h / 2, D, 1]
    let bias =
      moved > 0
      ? movedBias(isLastRow: top + s == r, isLastColumn: left + s == r)
      : relativePositionBias(half: half)
    let logits = keys.matmul(q).squeezed(3) * (1 / Double(headDim).squareRoot())
    let weights = (logits + bias.selected(query, axis: 1)).softmax(axis: -1)
    return weights.reshaped(n, h, s, s).padded(left, r - left - s, top, r - top - s)
      .rolled(moved, moved, axes: 2)
  }
}

extension Tensor {
  /// An image moved along two axes, of which this is the first; what leaves enters at the other
  /// side.
  fileprivate func rolled(_ rows: Int, _ columns: Int, axes first: Int) -> Tensor {
    rows == 0 && columns == 0 ? self : rolled([rows, columns], axes: [first, first + 1])
  }
}

/// Where the bias of each query and key of a square of pixels stands in a table by offsets: rows of
/// the query minus those of the key first, from the most negative on.
///
/// - Parameters:
///   - s: The width and height of the square, in pixels.
///   - device: Where the numbers are.
/// - Returns: [s², s²], int64.
func relativePositionIndex(size s: Int, device: Device = .cpu) -> Tensor {
  let places = Tensor.arange(s, device: device).cast(to: .float32)
  func offsets(_ places: Tensor) -> Tensor {
    let all = places.reshaped(s * s)
    return all.unsqueezed(1) - all.unsqueezed(0) + Double(s - 1)
  }
  let rows = offsets(places.unsqueezed(1).expanded(s, s))
  let columns = offsets(places.unsqueezed(0).expanded(s, s))
  return (rows * Double(2 * s - 1) + columns).cast(to: .int64)
}

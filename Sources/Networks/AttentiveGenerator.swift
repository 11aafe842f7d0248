// What generators with attention can show: where a pixel looks, layer by layer and head by head.

public import Tensors

/// A generator whose layers attend: it can show where a pixel of the image looks.
public protocol AttentiveGenerator: Generator {
  /// Where a pixel of the image looks, in every layer with attention, in the order of the layers.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - pixel: The pixel; in each layer it stands for the token that it lies in.
  ///   - options: Noise and purpose.
  /// - Returns: A map for each layer.
  func attentionMaps(_ wPlus: Tensor, at pixel: PixelPosition, options: SynthesisOptions)
    -> [AttentionMap]
}

/// A pixel's place in an image, counted from the upper left corner.
public struct PixelPosition: Hashable, Sendable {
  /// From the top, from 0 on.
  public var row: Int
  /// From the left, from 0 on.
  public var column: Int

  /// The pixel in this row and column.
  public init(row: Int, column: Int) { (self.row, self.column) = (row, column) }

  /// The pixel of a smaller or larger image that shows the same place.
  ///
  /// - Parameters:
  ///   - resolution: The width and height that the position is in.
  ///   - other: The width and height of the other image.
  /// - Returns: The position in the other image.
  public func scaled(from resolution: Int, to other: Int) -> PixelPosition {
    precondition(
      (0..<resolution).contains(row) && (0..<resolution).contains(column),
      "row \(row), column \(column) of an image of \(resolution) pixels")
    return PixelPosition(row: row * other / resolution, column: column * other / resolution)
  }
}

/// Attention heads of one kind.
public struct HeadGroup: Hashable, Sendable {
  /// What they look at, such as `windows of 8`.
  public var name: String
  /// Which heads of the block they are.
  public var heads: Range<Int>

  /// Heads that look at the same kind of pixels.
  public init(name: String, heads: Range<Int>) { (self.name, self.heads) = (name, heads) }
}

/// Where one pixel looks in one layer.
public struct AttentionMap {
  /// The layer's name in the store.
  public let name: String
  /// The token that looks, at the layer's resolution.
  public let query: PixelPosition
  /// How much it takes of every token in each head: [N, h, r, r].
  ///
  /// Tokens that the layer does not let it see have 0. The numbers of a head have sum 1, but for
  /// layers that attend to mixtures of tokens, as Styleformer-L's do, whose mixtures may subtract.
  public let weights: Tensor
  /// What the heads are, in groups of the same kind.
  public let groups: [HeadGroup]

  /// The map of a layer.
  public init(name: String, query: PixelPosition, weights: Tensor, groups: [HeadGroup]) {
    (self.name, self.query, self.weights, self.groups) = (name, query, weights, groups)
  }

  /// The layer's width and height, in tokens.
  public var resolution: Int { weights.size(-1) }
}

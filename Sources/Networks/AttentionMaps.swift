// What the heads of a generator look at: the one protocol that families with attention meet.

public import Tensors

/// A generator whose blocks let pixels look at one another.
public protocol AttendingGenerator: Generator {
  /// The blocks in the order in which they run.
  var attentionBlocks: [AttentionBlock] { get }

  /// How much one place of an image looks at all others, in some blocks.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - blocks: Places in `attentionBlocks`.
  ///   - point: The place in the image.
  /// - Returns: By block, the weights of every head [N, h, r, r], which are not negative and of
  ///   which those of one head add up to 1.
  func attentionWeights(_ wPlus: Tensor, in blocks: Set<Int>, at point: ImagePoint)
    -> [Int: Tensor]
}

/// A block with attention.
public struct AttentionBlock: Hashable, Sendable {
  /// Its place among the names of parameters, such as `layers.3.blocks.0`.
  public var name: String
  /// The width and height of its feature map, in pixels.
  public var resolution: Int
  /// What its heads look at.
  public var headGroups: [HeadGroup]

  /// A block of this name, size and heads.
  public init(name: String, resolution: Int, headGroups: [HeadGroup]) {
    (self.name, self.resolution, self.headGroups) = (name, resolution, headGroups)
  }
}

/// A place in an image, whatever its size.
public struct ImagePoint: Hashable, Sendable {
  /// From 0 at the left border up to 1 at the right.
  public var x: Double
  /// From 0 at the upper border up to 1 at the lower.
  public var y: Double

  /// A place in an image.
  public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }

  /// The pixel of a feature map at this place.
  ///
  /// - Parameter resolution: The map's width and height, in pixels.
  /// - Returns: The row and the column, within the map.
  public func pixel(resolution: Int) -> (row: Int, column: Int) {
    func index(_ part: Double) -> Int {
      min(max(Int((part * Double(resolution)).rounded(.down)), 0), resolution - 1)
    }
    return (index(y), index(x))
  }
}

extension TransformerGenerator: AttendingGenerator {
  /// The blocks of all stages, two for each.
  public var attentionBlocks: [AttentionBlock] {
    zip(configuration.attentionPlaces, synthesis.blocks).map { place, block in
      AttentionBlock(
        name: "layers.\(place.stage).blocks.\(place.block)", resolution: place.resolution,
        headGroups: block.attention.headGroups)
    }
  }

  /// How much one place of an image looks at all others, in some blocks.
  public func attentionWeights(_ wPlus: Tensor, in blocks: Set<Int>, at point: ImagePoint)
    -> [Int: Tensor]
  {
    let (all, places) = (synthesis.blocks, configuration.attentionPlaces)
    var weights: [Int: Tensor] = [:]
    let watch = TransformerSynthesis.Watch(attention: { block, x in
      guard blocks.contains(block) else { return }
      let pixel = point.pixel(resolution: places[block].resolution)
      weights[block] = all[block].attention.weights(x, row: pixel.row, column: pixel.column)
    })
    _ = synthesis(wPlus, watch: watch)
    return weights
  }
}

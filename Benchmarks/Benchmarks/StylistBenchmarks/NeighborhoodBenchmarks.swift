// Neighbourhood attention on the maps of StyleNAT for FFHQ at 256×256, from 64×64 on: every
// partition of heads by itself.

import Layers
import Networks
import Tensors

/// One partition of the heads of a block.
private struct Partition {
  let resolution: Int
  let channels: Int
  let part: HydraPartition

  /// All partitions of the blocks from 64×64 on.
  static let all: [Partition] = [64, 128, 256].flatMap { r -> [Partition] in
    let configuration = StyleNATConfiguration()
    let parts = (try? configuration.partitions(at: r)) ?? []
    return parts.map {
      Partition(resolution: r, channels: configuration.shape.channels(at: r), part: $0)
    }
  }

  var name: String {
    "neighborhood \(resolution)x\(resolution), \(part.heads.count) heads, dilation \(part.dilation)"
  }

  /// The heads' width.
  private static let width = 32

  /// Each query meets K² keys and takes as many values.
  var flop: Int {
    4 * resolution * resolution * part.heads.count * Self.width * part.kernelSize * part.kernelSize
  }

  /// Queries, keys and values, as they lie behind the layer that makes them of tokens, and biases.
  func operands(_ dtype: DType) -> [Tensor] {
    let (r, side) = (resolution, 2 * part.kernelSize - 1)
    let all = random([1, r, r, 3, channels / Self.width, Self.width], dtype)
    return (0..<3).map { all.selected($0, axis: 3).sliced(part.heads, axis: 3) }
      + [random([part.heads.count, side, side], seed: 1)]
  }

  func attend(_ x: [Tensor]) -> Tensor {
    neighborhoodAttention(
      x[0], x[1], x[2], relativePositionBias: x[3], kernelSize: part.kernelSize,
      dilation: part.dilation, scale: 1 / Double(Self.width).squareRoot())
  }
}

func neighborhoodBenchmarks() {
  for partition in Partition.all {
    for dtype in [DType.float32, .bfloat16] {
      benchmarkRate("\(partition.name): forward\(suffix(dtype))", flop: partition.flop) {
        let x = partition.operands(dtype)
        return evaluation { partition.attend(x) }
      }
    }
    // The scores and what flows into them, and the gradients of queries, keys and values: five
    // products for two.
    benchmarkRate("\(partition.name): backward", flop: partition.flop * 5 / 2) {
      differentiation(partition.operands(.float32), of: partition.attend)
    }
  }
}

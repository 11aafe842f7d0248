// Codes of pictures: rows of W+ as plain numbers that can leave the actor that owns the network.

import Tensors

/// The W+ codes of some pictures.
public struct Codes: Hashable, Sendable {
  /// Pictures.
  public let count: Int
  /// Rows of each picture's W+.
  public let numWs: Int
  /// The length of a row.
  public let wDim: Int
  /// The numbers, row-major [count, numWs, wDim].
  public let values: [Float]

  /// Codes from their numbers; traps unless there are as many as the sizes need.
  public init(count: Int, numWs: Int, wDim: Int, values: [Float]) {
    precondition(
      values.count == count * numWs * wDim,
      "\(values.count) numbers for [\(count), \(numWs), \(wDim)]")
    (self.count, self.numWs, self.wDim, self.values) = (count, numWs, wDim, values)
  }

  /// The code of one picture.
  public subscript(index: Int) -> Codes {
    let size = numWs * wDim
    return Codes(
      count: 1, numWs: numWs, wDim: wDim, values: Array(values[index * size..<(index + 1) * size]))
  }

  /// Codes one after the other; traps unless their sizes agree and there is at least one.
  public static func joined(_ parts: [Codes]) -> Codes {
    guard let first = parts.first else { preconditionFailure("no codes to join") }
    return Codes(
      count: parts.reduce(0) { $0 + $1.count }, numWs: first.numWs, wDim: first.wDim,
      values: parts.flatMap(\.values))
  }

  /// The codes of a tensor [N, numWs, wDim].
  init(_ wPlus: Tensor) {
    self.init(
      count: wPlus.size(0), numWs: wPlus.size(1), wDim: wPlus.size(2), values: wPlus.values())
  }

  /// A tensor [count, numWs, wDim].
  var tensor: Tensor { Tensor(values, shape: [count, numWs, wDim]) }
}

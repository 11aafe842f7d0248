// Directions of a file as plain numbers, which may cross between tasks: a file is read once.

import Editing
import Formats
import Networks
import Tensors

/// The directions of a file, read.
public struct StoredDirections: Sendable {
  /// The file.
  public let path: String
  private let generatorHash: String?
  private let directions: [Direction]
  private let isPlainMatrix: Bool

  private struct Direction: Sendable {
    let vector: [Float]
    let shape: [Int]
    let name: String
    let deviation: Double?
    let rows: Range<Int>?
  }

  /// Reads a file, as `DirectionFile` does.
  ///
  /// - Parameter path: The file.
  /// - Throws: `FileError` if it cannot be read, is damaged, or holds something else.
  public init(reading path: String) throws {
    let file = try DirectionFile(reading: path)
    (self.path, generatorHash) = (path, file.generatorHash)
    isPlainMatrix = file.isPlainMatrix
    directions = file.directions.map { direction in
      Direction(
        vector: direction.vector.contiguous().values(), shape: direction.vector.shape,
        name: direction.name, deviation: direction.deviation, rows: direction.rows)
    }
  }

  /// What is questionable about taking the directions for a generator's; nil for nothing.
  func remark(of owner: CodeOwner) throws(MisfitError) -> String? {
    // Other programs' files never say whose they are.
    guard let generatorHash else { return nil }
    return try owner.remark(about: "directions", in: path, of: generatorHash)
  }

  /// One of the directions.
  ///
  /// - Parameters:
  ///   - named: Its place in the file, or its name.
  ///   - traits: What the generator is.
  /// - Returns: The direction, and what people call it.
  /// - Throws: `RequestError` if there is none; `MisfitError` if they are of codes of another size.
  func chosen(
    _ named: String, for traits: GeneratorTraits
  ) throws -> (name: String, direction: LatentDirection) {
    let all = try directions(for: traits)
    if let index = Int(named), all.indices.contains(index) {
      return (all[index].name.isEmpty ? "direction \(index)" : all[index].name, all[index])
    }
    if let found = all.first(where: { $0.name == named }) { return (found.name, found) }
    let names = all.map(\.name).filter { !$0.isEmpty }
    throw RequestError(
      "--index",
      expected: "0 to \(all.count - 1)"
        + (names.isEmpty ? "" : ", or one of \(shortened(names))"), found: named)
  }

  /// The directions of a generator.
  ///
  /// - Parameter traits: What the generator is.
  /// - Returns: The directions, in the order of the file.
  /// - Throws: `MisfitError` if they are of codes of another size.
  func directions(for traits: GeneratorTraits) throws(MisfitError) -> [LatentDirection] {
    var file = DirectionFile(
      directions.map {
        LatentDirection(
          Tensor($0.vector, shape: $0.shape), name: $0.name, deviation: $0.deviation,
          rows: $0.rows)
      })
    file.isPlainMatrix = isPlainMatrix
    if let misfit = file.misfit(numWs: traits.numWs, wDim: traits.wDim) {
      throw MisfitError(misfit, in: path)
    }
    return file.directions
  }
}

// Codes of pictures in files: safetensors with `w`, as projection and inversion write them.

import Checkpoints
import Formats
import Tensors

extension Codes {
  /// Reads the codes of a file.
  ///
  /// - Parameter path: A safetensors file with `w`, [N, numWs, wDim] in any floating-point type.
  /// - Throws: `FileError` if it cannot be read, or holds no such codes or numbers that are not
  ///   finite.
  public init(reading path: String) throws {
    let file = try Safetensors(path: path)
    guard let stored = file.tensors["w"], stored.shape.count == 3,
      stored.shape.allSatisfy({ $0 > 0 })
    else {
      let found = file.tensors.prefix(4).map { "\($0.key) \($0.value.shape)" }
      throw FileError(
        .damaged, file: path, expected: "codes w [N, numWs, wDim]",
        found: found.isEmpty ? "no tensors" : found.joined(separator: ", "))
    }
    let w = try Tensor.reading(stored)
    self.init(w)
    guard w.dtype.isFloatingPoint, values.allSatisfy(\.isFinite) else {
      throw FileError(
        .damaged, file: path, expected: "finite floating-point numbers in w",
        found: w.dtype.isFloatingPoint ? "others" : "\(w.dtype)")
    }
  }
}

// Codes of pictures in files: safetensors with `w`, as projection and inversion write them.

import Checkpoints
import Formats
import Tensors

extension Codes {
  /// Reads the codes of a file.
  ///
  /// - Parameter path: A safetensors file with `w`, [N, numWs, wDim] in any floating-point type.
  /// - Throws: `FileError` if it cannot be read or holds no such codes.
  public init(reading path: String) throws {
    let file = try Safetensors(path: path)
    guard let stored = file.tensors["w"], stored.shape.count == 3, stored.shape.allSatisfy({ $0 > 0 })
    else {
      let found = file.tensors.prefix(4).map { "\($0.key) \($0.value.shape)" }
      throw FileError(
        .damaged, file: path, expected: "codes w [N, numWs, wDim]",
        found: found.joined(separator: ", "))
    }
    self.init(try Tensor.reading(stored))
  }
}

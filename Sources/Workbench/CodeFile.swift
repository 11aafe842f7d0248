// Codes of pictures in files: `w` in safetensors or .npz, as projection writes it, or a bare .npy.

import Checkpoints
import Formats
import Tensors

extension Codes {
  /// Reads the codes of a file.
  ///
  /// - Parameter path: A safetensors or .npz file with `w`, or a .npy file, which its first bytes
  ///   tell; [N, numWs, wDim] in any floating-point type.
  /// - Throws: `FileError` if it cannot be read, or holds no such codes, numbers that are not finite
  ///   or too many.
  public init(reading path: String) throws {
    let tensors = try storedTensors(ByteRegion(mapping: path))
    guard let stored = tensors["w"], stored.shape.count == 3,
      stored.shape.allSatisfy({ $0 > 0 })
    else {
      let found = tensors.prefix(4).map { "\($0.key) \($0.value.shape)" }
      throw FileError(
        .damaged, file: path, expected: "codes w [N, numWs, wDim]",
        found: found.isEmpty ? "no tensors" : found.joined(separator: ", "))
    }
    guard stored.elementCount <= Self.numberLimit else {
      throw FileError(
        .damaged, file: path, expected: "at most \(Self.numberLimit) numbers in w",
        found: "\(stored.shape)")
    }
    let w = try Tensor.reading(stored)
    self.init(w)
    guard w.dtype.isFloatingPoint, values.allSatisfy(\.isFinite) else {
      throw FileError(
        .damaged, file: path, expected: "finite floating-point numbers in w",
        found: w.dtype.isFloatingPoint ? "others" : "\(w.dtype)")
    }
  }

  /// Numbers in a file: 1820 codes of 18 rows of 512, which become pictures one after another.
  private static let numberLimit = 1 << 24
}

/// The named tensors of a file; the nameless one of a .npy is taken for `w`.
private func storedTensors(_ file: ByteRegion) throws(FileError) -> [String: StoredTensor] {
  if NPY.recognises(file) { return ["w": try NPY(file).tensor] }
  if ZIPArchive.recognises(file) { return try NPZ(file).tensors }
  return try Safetensors(file).tensors
}

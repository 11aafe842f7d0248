// A hash of a network's numbers that does not depend on the form of the file.

import Crypto
import Formats
public import Layers
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// The SHA-256 of all tensors in the order of their names, as 64 hexadecimal digits.
  ///
  /// For each tensor go in: the length of its name, the name in UTF-8, the length of its type's
  /// name, that name as safetensors spells it (`F32`), the number of axes, each axis's length, the
  /// number of bytes, and the elements in row-major order; numbers are 64-bit little-endian. A
  /// checkpoint and a conversion that keeps all tensors have the same hash.
  ///
  /// - Returns: The hash.
  /// - Throws: `FileError` if a tensor cannot be read.
  public func contentHash() throws -> String { try Checkpoints.contentHash(of: tensors) }

  /// The tensors that another network lacks or has with other bytes, and those that only it has.
  ///
  /// - Parameter other: The network to compare with.
  /// - Returns: The names in the order of this network; none if the content hashes are equal.
  /// - Throws: `FileError` if a tensor cannot be read.
  public func changedNames(in other: Checkpoint.Network) throws -> [String] {
    let changed = try tensors.keys.filter { name in
      guard let a = tensors[name], let b = other.tensors[name], a.shape == b.shape,
        a.dtype == b.dtype
      else { return true }
      return try a.read().region(name: name).copy() != b.read().region(name: name).copy()
    }
    return changed + other.tensors.keys.filter { tensors[$0] == nil }
  }
}

extension ParameterStore {
  /// The SHA-256 of all tensors, as that of a checkpoint that holds them.
  ///
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: `FileError` if a tensor cannot be read.
  public func contentHash() throws -> String {
    try Checkpoints.contentHash(of: entries.mapValues { StoredParameter($0.tensor) })
  }
}

/// The SHA-256 of tensors, as `Checkpoint.Network.contentHash()` describes it.
///
/// - Parameter tensors: The tensors by name.
/// - Returns: The hash.
/// - Throws: `FileError` if a tensor cannot be read.
func contentHash(of tensors: StoredParameters) throws -> String {
  var hash = SHA256()
  for name in tensors.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
    guard let parameter = tensors[name] else { continue }
    hash.update(text: name)
    hash.update(text: parameter.dtype.elementType.safetensorsName)
    hash.update(parameter.shape.count)
    parameter.shape.forEach { hash.update($0) }
    let bytes = try parameter.read().region(name: name)
    hash.update(bytes.count)
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
  }
  return hash.finalize().map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0\(digits)" : digits
  }.joined()
}

extension SHA256 {
  fileprivate mutating func update(_ number: Int) {
    withUnsafeBytes(of: UInt64(number).littleEndian) { update(bufferPointer: $0) }
  }

  fileprivate mutating func update(text: String) {
    update(text.utf8.count)
    update(data: Array(text.utf8))
  }
}

// Codes of pictures in files: `w` in safetensors or .npz, as projection writes it, or a bare .npy.

import Checkpoints
import Formats
import Foundation
import Tensors

/// The codes of a file, with what it says of them.
public struct CodeFile: Hashable, Sendable {
  /// The file.
  public let path: String
  /// The codes.
  public let codes: Codes
  /// What each code is of; none if the file does not say.
  public let names: [String]
  /// The content hash of the generator that the codes belong to; nil if the file does not say.
  public let generatorHash: String?

  /// What codes are read for.
  public enum Use: Sendable {
    /// To be drawn, one after another: [N, numWs, wDim].
    case pictures
    /// To be looked at as a whole: [N, numWs, wDim], or w [N, wDim], and many more.
    case samples

    fileprivate var ranks: ClosedRange<Int> { self == .pictures ? 3...3 : 2...3 }
    fileprivate var shapes: String {
      self == .pictures ? "[N, numWs, wDim]" : "[N, wDim] or [N, numWs, wDim]"
    }
    /// Of samples a gigabyte, or half a million w of 512.
    fileprivate var numberLimit: Int { self == .pictures ? Codes.numberLimit : 1 << 28 }
  }

  /// Reads the codes of a file.
  ///
  /// - Parameters:
  ///   - path: A safetensors or .npz file with `w`, or a .npy file, which its first bytes tell; in
  ///     any floating-point type.
  ///   - use: What they are read for.
  /// - Throws: `FileError` if it cannot be read, or holds no such codes, numbers that are not finite
  ///   or too many.
  public init(reading path: String, for use: Use = .pictures) throws {
    let (tensors, metadata) = try storedTensors(ByteRegion(mapping: path))
    guard let stored = tensors["w"], use.ranks.contains(stored.shape.count),
      stored.shape.allSatisfy({ $0 > 0 })
    else {
      let found = tensors.prefix(4).map { "\($0.key) \($0.value.shape)" }
      throw FileError(
        .doesNotFit, file: path, expected: "codes w \(use.shapes)",
        found: found.isEmpty ? "no tensors" : found.joined(separator: ", "))
    }
    guard stored.elementCount <= use.numberLimit else {
      throw FileError(
        .doesNotFit, file: path, expected: "at most \(grouped(use.numberLimit)) numbers in w",
        found: "\(stored.shape)")
    }
    let w = try Tensor.reading(stored)
    let codes = Codes(w.rank == 2 ? w.unsqueezed(1) : w)
    guard w.dtype.isFloatingPoint, codes.values.allSatisfy(\.isFinite) else {
      throw FileError(
        .damaged, file: path, expected: "finite floating-point numbers in w",
        found: w.dtype.isFloatingPoint ? "others" : "\(w.dtype)")
    }
    let names = try metadata[Key.names].map { text throws(FileError) in
      let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
      guard let names, names.count == codes.count else {
        throw FileError(
          .damaged, file: path, expected: "\(Key.names), a list of \(codes.count) texts",
          found: names.map { "\($0.count) texts" } ?? "other text")
      }
      return names
    }
    (self.path, self.codes, self.names) = (path, codes, names ?? [])
    generatorHash = metadata[Key.generatorHash]
  }
}

/// Keys of the metadata.
private enum Key {
  static let names = "stylist.names"
  static let generatorHash = "stylist.generator_hash"
}

extension Codes {
  /// Reads the codes of a file, as `CodeFile` does.
  ///
  /// - Parameter path: A safetensors or .npz file with `w`, or a .npy file.
  /// - Throws: `FileError` if it cannot be read, or holds no such codes, numbers that are not finite
  ///   or too many.
  public init(reading path: String) throws { self = try CodeFile(reading: path).codes }

  /// Writes the codes as `w` [N, numWs, wDim], with what else belongs to them.
  ///
  /// - Parameters:
  ///   - path: The safetensors file to create or replace.
  ///   - generatorHash: The content hash of the generator that they belong to.
  ///   - names: What each code is of; none for nothing to say.
  ///   - noise: Noise images that belong to them, by the names of the generator's noise inputs.
  /// - Throws: `FileError` if it cannot be written.
  func write(
    to path: String, generatorHash: String, names: [String] = [], noise: [NoiseImage] = []
  ) throws {
    let all =
      [("w", [count, numWs, wDim], values)]
      + noise.map { ("noise.\($0.name)", $0.shape, $0.values) }
    let entries = all.map { name, shape, values in
      Safetensors.Entry(name: name, elementType: .float32, shape: shape) {
        values.withUnsafeBytes { ByteRegion(Array($0), name: name) }
      }
    }
    var metadata = [
      "stylist.format": "1", "stylist.kind": "codes", "stylist.space": "W+",
      Key.generatorHash: generatorHash,
    ]
    if !names.isEmpty {
      metadata[Key.names] = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
    }
    try Safetensors.write(entries, metadata: metadata, to: path)
  }

  /// Writes the codes as NVIDIA's projector does: `w` in a .npz file.
  ///
  /// - Parameter path: The file to create or replace.
  /// - Throws: `FileError` if it cannot be written.
  func writeNPZ(to path: String) throws {
    let bytes = values.withUnsafeBytes { ByteRegion(Array($0), name: "w") }
    let tensor = try StoredTensor(
      elementType: .float32, shape: [count, numWs, wDim], bytes: bytes)
    try NPZ.write([("w", tensor)], to: path)
  }

  /// Numbers in a file: 1820 codes of 18 rows of 512, which become pictures one after another.
  static let numberLimit = 1 << 24
}

/// The named tensors and the metadata of a file; the nameless tensor of a .npy is taken for `w`.
private func storedTensors(
  _ file: ByteRegion
) throws(FileError) -> (tensors: [String: StoredTensor], metadata: [String: String]) {
  switch FileForm(of: file) {
  case .numPy where NPY.recognises(file): return (["w": try NPY(file).tensor], [:])
  // An archive that cannot be read is refused for what is wrong with it.
  case .numPy, .zip: return (try NPZ(file).tensors, [:])
  case .safetensors:
    let contents = try Safetensors(file)
    return (contents.tensors, contents.metadata)
  default:
    throw FileError(
      .notRecognised, file: file.name, expected: "codes: a .safetensors, .npz or .npy file",
      found: FileForm.words(for: file))
  }
}

// What a file of tensors seems to be, told by its content and never by its name.

/// The form of a file that may hold tensors.
public enum FileForm: String, Sendable, Encodable {
  /// A pickle by itself.
  case pickle
  /// A torch file: pickles beside raw numbers.
  case torch
  /// A program of torch's with its numbers.
  case torchScript = "TorchScript"
  /// Tensors with a JSON header.
  case safetensors
  /// NumPy's arrays.
  case numPy = "NumPy"
  /// A ZIP archive of other files.
  case zip = "ZIP"
  /// None of these.
  case other

  /// The form that a file seems to have; only a strict reader knows whether it has it.
  public init(of bytes: ByteRegion) {
    let start = bytes.withUnsafeBytes { Array($0.prefix(9)) }
    if ZIPArchive.recognises(bytes) {
      self = Self.archive(bytes)
    } else if TorchArchive.recognises(bytes) != nil {
      self = .torch
    } else if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
      self = .numPy
    } else if start.count == 9, start[8] == UInt8(ascii: "{") {
      self = .safetensors
    } else if let first = start.first, first == 0x80 || Self.textStarts.contains(first) {
      self = .pickle
    } else {
      self = .other
    }
  }

  /// The instructions that a pickle without protocol may begin with: a name, a mark, an empty
  /// container, a text, a number.
  private static let textStarts = Array("c(])}VXSTUIJKLMN".utf8)

  /// What a ZIP archive holds, by the names in it.
  private static func archive(_ bytes: ByteRegion) -> FileForm {
    guard let names = (try? ZIPArchive(bytes))?.entries.map(\.name) else { return .zip }
    if names.contains(where: { $0.split(separator: "/").dropFirst().first == "code" }) {
      return .torchScript
    }
    if names.contains(where: { $0.hasSuffix(".pkl") }) { return .torch }
    return names.contains { $0.hasSuffix(".npy") } ? .numPy : .zip
  }
}

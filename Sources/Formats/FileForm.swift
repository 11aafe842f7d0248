// What a file of tensors seems to be, told by its content and never by its name.

/// The form of a file that may hold tensors.
public enum FileForm: String, Sendable, Encodable {
  /// A pickle by itself: what Python's pickle module takes for one.
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
  /// A tar archive of other files.
  case tar
  /// Clearly something else: a picture, a video, a document or text.
  case foreign
  /// None of these.
  case unknown

  /// The form that a file seems to have; only a strict reader knows whether it has it.
  public init(of bytes: ByteRegion) {
    if ZIPArchive.recognises(bytes) {
      self = Self.zipForm(bytes)
    } else if let torch = TorchArchive.recognises(bytes) {
      self = torch == .legacy || TorchTarArchive.isIn(bytes) ? .torch : .tar
    } else if NPY.recognises(bytes) {
      self = .numPy
    } else if Safetensors.hasHeader(bytes) {
      self = .safetensors
    } else if Self.isPickle(bytes) {
      self = .pickle
    } else if Safetensors.seemsToHaveHeader(bytes) {
      self = .safetensors
    } else if bytes.count > 0, bytes[0] == PickleOpcode.proto.rawValue {
      self = .pickle
    } else {
      self = FileStart(bytes).isForeign ? .foreign : .unknown
    }
  }

  /// What a file is, in a few words, for those who chose the wrong one.
  package static func words(for bytes: ByteRegion) -> String {
    switch FileForm(of: bytes) {
    case .pickle: "a pickle"
    case .torch: "a torch file"
    case .torchScript: "a program of torch's"
    case .safetensors: "a safetensors file"
    case .numPy: ZIPArchive.recognises(bytes) ? "a .npz file of NumPy's" : "a .npy file of NumPy's"
    case .zip, .tar, .foreign, .unknown: FileStart(bytes).description
    }
  }

  /// Whether the file is what Python takes for a pickle; text that happens to begin with one that
  /// mentions nothing is text.
  private static func isPickle(_ bytes: ByteRegion) -> Bool {
    let walk = PickleWalk(bytes)
    guard case .stop(let end) = walk.ending, end < bytes.count, walk.names.isEmpty else {
      return walk.isPickle
    }
    return !FileStart(bytes).isText
  }

  /// What a ZIP archive holds, by the names in it; torch finds its pickle in capitals too.
  private static func zipForm(_ bytes: ByteRegion) -> FileForm {
    guard let names = (try? ZIPArchive(bytes))?.entries.map(\.name) else { return .zip }
    let paths = names.map { $0.lowercased().split(separator: "/") }
    if paths.contains(where: { $0.dropFirst().first == "code" }) { return .torchScript }
    if paths.contains(where: { $0.count == 2 && $0[1] == "data.pkl" }) { return .torch }
    return names.contains { $0.hasSuffix(".npy") } ? .numPy : .zip
  }
}

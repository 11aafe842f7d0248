// Whether opening a file elsewhere would run code: the names that its pickles mention, and what a
// strict reader says.

/// What a file could do to a careless program.
public struct FileScan: Sendable {
  /// What the file is.
  public let form: FileForm
  /// The names that pickles in the file mention, as far as they can be read, in alphabetical order.
  public let names: [PickleGlobal]
  /// Those of the names that are not on the allow-list.
  public let unknownNames: [PickleGlobal]
  /// Why a strict reader refuses the file; nil if it does not.
  public let refusal: FileError?

  /// Whether the file asks for something that is never done here.
  public var isUnsafe: Bool { !unknownNames.isEmpty || refusal?.kind == .refusedAsUnsafe }

  /// Looks through a file without doing anything that it says.
  /// - Parameters:
  ///   - path: the file.
  ///   - allowed: the names that pickles may mention.
  /// - Throws: `FileError` of kind `missing`, `unreadable` or `ioFailed`; what is wrong inside the
  ///   file is told by `refusal`.
  public init(
    of path: String, allowing allowed: PickleAllowList = .standard
  ) throws(FileError) {
    self.init(try ByteRegion(mapping: path), allowing: allowed)
  }

  /// Looks through the bytes of a file without doing anything that it says.
  public init(_ bytes: ByteRegion, allowing allowed: PickleAllowList = .standard) {
    form = FileForm(of: bytes)
    names = Self.pickles(in: bytes, form).reduce(into: Set<PickleGlobal>()) { all, pickle in
      all.formUnion(mentionedNames(in: pickle))
    }.sorted { "\($0)" < "\($1)" }
    unknownNames = names.filter { !allowed.contains($0) }
    refusal = Self.refusal(of: bytes, form, allowed)
  }

  /// The places where pickles stand.
  private static func pickles(in bytes: ByteRegion, _ form: FileForm) -> [ByteRegion] {
    switch form {
    case .pickle: return [bytes]
    case .torch, .torchScript, .zip:
      guard ZIPArchive.recognises(bytes) else { return [bytes] }
      guard let archive = try? ZIPArchive(bytes) else { return [] }
      return archive.entries.filter { $0.name.hasSuffix(".pkl") }
        .compactMap { try? archive.contents(of: $0) }
    case .safetensors, .numPy, .other: return []
    }
  }

  /// What the reader of the form says.
  private static func refusal(
    of bytes: ByteRegion, _ form: FileForm, _ allowed: PickleAllowList
  ) -> FileError? {
    do throws(FileError) {
      switch form {
      case .pickle: _ = try PickleReader(bytes, allowing: allowed).readWhole()
      case .torch, .torchScript: _ = try TorchArchive(bytes, allowing: allowed)
      case .safetensors: _ = try Safetensors(bytes)
      case .numPy:
        if ZIPArchive.recognises(bytes) { _ = try NPZ(bytes) } else { _ = try NPY(bytes) }
      case .zip:
        let archive = try ZIPArchive(bytes)
        for entry in archive.entries { _ = try archive.contents(of: entry) }
      case .other: break
      }
      return nil
    } catch {
      return error
    }
  }
}

/// The names that the pickles from the start of `bytes` on mention, up to the first that cannot be
/// read.
private func mentionedNames(in bytes: ByteRegion) -> Set<PickleGlobal> {
  let reader = PickleReader(bytes, allowing: PickleAllowList([]))
  var (all, next) = (Set<PickleGlobal>(), Optional(0))
  // A torch file of before version 1.6 begins with five pickles.
  for _ in 0..<5 {
    guard let offset = next, offset < bytes.count else { break }
    let (names, end) = reader.names(at: offset)
    all.formUnion(names)
    next = end
  }
  return all
}

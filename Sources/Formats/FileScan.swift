// Whether opening a file elsewhere would run code: the names that its pickles mention, and what a
// strict reader says.

/// What a file could do to a careless program.
///
/// Python's `pickle.load` and `torch.load` are the careless programs. Whatever the file seems to
/// be, the names are found that Python would look up if it took the file for a pickle, and so for
/// every file inside a ZIP or tar archive. A file of which neither an unknown name nor a refusal is
/// told makes them run nothing, and looks up nothing but names on the allow-list; so does a file
/// that is refused only as unsupported.
public struct FileScan: Sendable {
  /// What the file is.
  public let form: FileForm
  /// The names that pickles in the file mention, as far as they can be read, in alphabetical order.
  public let names: [PickleGlobal]
  /// Those of the names that are not on the allow-list.
  public let unknownNames: [PickleGlobal]
  /// Why a strict reader refuses the file; nil if it does not.
  public let refusal: FileError?
  /// How many files are packed in it, those in archives inside archives included.
  public let packedCount: Int
  /// How many of those are nothing that is known, without the empty ones.
  public let unrecognisedCount: Int
  /// What the file is, in a few words, if its form is `foreign` or `unknown`.
  public let content: String?

  /// Whether the file asks for something that is never done here.
  public var isUnsafe: Bool { !unknownNames.isEmpty || refusal?.kind == .refusedAsUnsafe }

  /// Whether the file holds Python source that Python would run to build an object.
  public var holdsSource: Bool { names.contains(where: PickleAllowList.sourceHolders.contains) }

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
    var search = FileSearch(allowed: allowed)
    search.look(at: bytes, form, depth: 0)
    names = search.names.sorted { ($0.module, $0.name) < ($1.module, $1.name) }
    unknownNames = names.filter { !allowed.contains($0) }
    refusal = search.refusal
    packedCount = search.packedCount
    unrecognisedCount = search.unrecognisedCount
    content = form == .foreign || form == .unknown ? FileStart(bytes).description : nil
  }
}

/// What was found in a file and in those that are packed in it.
private struct FileSearch {
  let allowed: PickleAllowList
  private(set) var names: Set<PickleGlobal> = []
  /// The first of the gravest refusals.
  private(set) var refusal: FileError?
  private(set) var packedCount = 0
  private(set) var unrecognisedCount = 0
  /// Bytes that packed files may still inflate to.
  ///
  /// Nothing else is copied into memory; the values of a pickle, which are read one pickle at a
  /// time, take up to 300 MB beside them.
  private var inflatable = 180_000_000
  /// Archives inside archives.
  private static let depthLimit = 4

  init(allowed: PickleAllowList) { self.allowed = allowed }

  mutating func look(
    at bytes: ByteRegion, _ form: FileForm, knowsIDs: Bool = false, depth: Int
  ) {
    collectNames(in: bytes, form, knowsIDs: knowsIDs)
    do throws(FileError) {
      switch form {
      case .pickle: _ = try PickleReader(bytes, allowing: allowed).readWhole()
      case .torch, .torchScript: try lookIntoTorchFile(bytes, depth: depth)
      case .safetensors: _ = try Safetensors(bytes)
      case .numPy where NPY.recognises(bytes): _ = try NPY(bytes)
      case .numPy, .zip, .tar: lookIntoArchive(bytes, depth: depth)
      case .foreign, .unknown: break
      }
    } catch {
      note(error)
    }
  }

  private mutating func note(_ error: FileError) {
    if refusal.map({ Self.gravity($0) < Self.gravity(error) }) ?? true { refusal = error }
  }

  private static func gravity(_ error: FileError) -> Int {
    switch error.kind {
    case .refusedAsUnsafe: 2
    case .unsupported: 0
    default: 1
    }
  }

  /// Collects the names that the pickles from the start of `bytes` on mention, up to the first that
  /// Python cannot read.
  ///
  /// A program that took a file of another form for a pickle would find bytes there that nothing
  /// has checked as what the calls make of them, so no name is harmless in it.
  private mutating func collectNames(in bytes: ByteRegion, _ form: FileForm, knowsIDs: Bool) {
    let isPickle = form == .pickle || (form == .torch && TorchArchive.recognises(bytes) == .legacy)
    var next = 0
    // A torch file of before version 1.6 begins with five pickles.
    for _ in 0..<5 where next < bytes.count {
      // Those behind the first torch reads knowing persistent ids.
      let walk = PickleWalk(bytes, at: next, knowsIDs: knowsIDs || next > 0)
      guard walk.isPickle || isPickle else { return }
      names.formUnion(walk.names)
      if !isPickle, let name = walk.names.map(\.description).min() {
        note(
          bytes.error(
            .refusedAsUnsafe, at: next, expected: "nothing that Python takes for a pickle",
            found: "one that mentions \(name)"))
      }
      switch walk.ending {
      case .stop(let end): next = end
      case .failure: return
      case .unclear:
        return note(
          bytes.error(
            .refusedAsUnsafe, at: next, expected: "a pickle that all Pythons read alike",
            found: "one too long to follow, or with a frame that ends inside an instruction"))
      }
    }
  }
}

// MARK: - Archives

extension FileSearch {
  /// Looks into a torch file: as a whole, and if it is not what it seems to be, into each part.
  private mutating func lookIntoTorchFile(_ bytes: ByteRegion, depth: Int) throws(FileError) {
    guard TorchArchive.recognises(bytes) != .legacy else {
      _ = try TorchArchive(bytes, allowing: allowed)
      return
    }
    do throws(FileError) {
      _ = try TorchArchive(bytes, allowing: allowed)
    } catch {
      note(error)
      return lookIntoArchive(bytes, depth: depth)
    }
    forEachFile(in: bytes) { search, name, content in
      // The reader knows what else is in the archive, and what that may mention.
      if name == "pickle" || name.hasSuffix("/data.pkl") {
        search.collectNames(in: content, .pickle, knowsIDs: true)
      }
    }
  }

  /// Whether torch may read the file of this name in an archive knowing persistent ids.
  private static func isObject(_ name: String) -> Bool {
    name == "pickle" || name.lowercased().hasSuffix(".pkl")
  }

  /// Looks at each file in a ZIP or tar archive.
  private mutating func lookIntoArchive(_ bytes: ByteRegion, depth: Int) {
    guard depth < Self.depthLimit else {
      return note(
        bytes.error(
          at: 0, expected: "at most \(Self.depthLimit) archives inside one another", found: "more"))
    }
    forEachFile(in: bytes) { search, name, content in
      let form = FileForm(of: content)
      search.packedCount += 1
      if form == .unknown, content.count > 0 { search.unrecognisedCount += 1 }
      search.look(at: content, form, knowsIDs: Self.isObject(name), depth: depth + 1)
    }
  }

  private mutating func forEachFile(
    in bytes: ByteRegion,
    _ body: (inout FileSearch, _ name: String, _ content: ByteRegion) -> Void
  ) {
    do {
      if ZIPArchive.recognises(bytes) {
        let archive = try ZIPArchive(bytes)
        for entry in archive.entries {
          try bytes.checkCancellation()
          guard let content = contents(of: entry, in: archive, bytes) else { continue }
          body(&self, entry.name, content)
        }
      } else {
        var limits = TarArchive.Limits()
        (limits.entryBytes, limits.expandedBytes) = (.max, inflatable)
        try TarArchive.forEachEntry(in: bytes, limits: limits) { name, content in
          try content.checkCancellation()
          body(&self, name, content)
        }
      }
    } catch {
      note(error as? FileError ?? bytes.error(at: 0, expected: "an archive", found: "\(error)"))
    }
  }

  /// The content of an entry; the others are looked at even if it is damaged or too large.
  private mutating func contents(
    of entry: ZIPArchive.Entry, in archive: ZIPArchive, _ bytes: ByteRegion
  ) -> ByteRegion? {
    guard entry.isStored || entry.byteCount <= inflatable else {
      note(
        bytes.error(
          at: entry.packed.lowerBound,
          expected: "at most \(inflatable) more bytes after inflating",
          found: "\(entry.byteCount) in \(entry.name)"))
      return nil
    }
    if !entry.isStored { inflatable -= entry.byteCount }
    do throws(FileError) {
      return try archive.contents(of: entry)
    } catch {
      note(error)
      return nil
    }
  }
}

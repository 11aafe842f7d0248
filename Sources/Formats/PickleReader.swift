// The restricted pickle reader: it builds a tree of values and never calls or imports anything.

/// Reads pickles of protocols 0 to 5 as data.
///
/// Names must be on the allow-list, and calls are recorded instead of made. Classes that are
/// instantiated by name, extension codes and out-of-band buffers are refused, and so are torch files
/// inside the pickle that hold more than a storage.
public struct PickleReader {
  /// What one pickle held.
  public struct Result {
    /// The pickled value.
    public let value: PickleValue
    /// The offset in the region of the byte after the pickle.
    public let end: Int
    /// All persistent ids in the order of the file.
    public let persistentIDs: [PickleSequence]
  }

  private let bytes: ByteRegion
  private let allowed: PickleAllowList
  private let limits: PickleLimits

  /// A reader of pickles in `bytes` that may mention the names in `allowed`.
  public init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList, limits: PickleLimits = PickleLimits()
  ) {
    self.bytes = bytes
    self.allowed = allowed
    self.limits = limits
  }

  /// Reads the pickle that starts at `offset`; another may follow it.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`.
  /// - Returns: the value, and where the pickle ends.
  public func read(at offset: Int = 0) throws(FileError) -> Result {
    var machine = PickleMachine(bytes, at: offset, allowing: allowed, limits: limits)
    do throws(FileError) {
      let value = try machine.run()
      try checkShape(of: value, nesting: limits.nesting, in: bytes)
      for file in machine.embeddedFiles { _ = try TorchLegacyArchive(embedded: file) }
      machine.releaseNodes { $0.height == .unseen }
      let ids = machine.persistentIDs.filter { $0.height != .unseen }
      return Result(value: value, end: machine.cursor, persistentIDs: ids)
    } catch {
      machine.releaseNodes { _ in true }
      throw error
    }
  }

  /// Reads one pickle that must fill the region.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`.
  /// - Returns: the value.
  public func readWhole() throws(FileError) -> PickleValue {
    let result = try read()
    guard result.end == bytes.count else {
      throw bytes.error(
        at: result.end, expected: "the end of the file after the pickle",
        found: "\(bytes.count - result.end) more bytes")
    }
    return result.value
  }
}

// NumPy's .npy: a header in Python's notation that describes one array, then its elements.

/// The array of a .npy file; its elements stay in the file.
public struct NPY: Sendable {
  /// The array, with the strides of the order in which its elements lie.
  public let tensor: StoredTensor

  /// The most bytes of a header; NumPy itself stops at 10,000.
  static let headerLimit = 1 << 14

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Opens a file.
  /// - Throws: `FileError` if it cannot be read, or is not a whole and valid .npy of numbers.
  public init(path: String) throws(FileError) {
    try self.init(ByteRegion(mapping: path))
  }

  /// Reads the file that fills `bytes`: version 1, 2 or 3, little-endian numbers in either order.
  /// - Throws: `FileError` of kind `damaged`, `refusedAsUnsafe` if it holds Python objects, or
  ///   `unsupported` if it holds whatever else is no such numbers.
  public init(_ bytes: ByteRegion) throws(FileError) {
    let (header, elements) = try Self.parts(of: bytes)
    let elementType = try Self.elementType(of: header, elements)
    let shape = header.isFortranOrder ? header.shape.reversed() : header.shape
    let rows = try StoredTensor(elementType: elementType, shape: shape, bytes: elements)
    tensor =
      header.isFortranOrder
      ? try StoredTensor(
        elementType: elementType, shape: header.shape, strides: rows.strides.reversed(),
        bytes: elements)
      : rows
  }

  /// What the header says, and what follows it.
  static func parts(
    of bytes: ByteRegion
  ) throws(FileError) -> (header: NPYHeader, elements: ByteRegion) {
    let headerBytes = try header(of: bytes)
    let elements = try bytes.suffix(
      from: headerBytes.fileOffset - bytes.fileOffset + headerBytes.count)
    return (try NPYHeader(headerBytes), elements)
  }

  /// The type of numbers; an array of something else is looked at as far as its size.
  private static func elementType(
    of header: NPYHeader, _ elements: ByteRegion
  ) throws(FileError) -> ElementType {
    switch header.type {
    case .numbers(let type): return type
    case .objects(_, let refusal): throw refusal
    case .other(let name, let byteCount):
      let size = product(header.shape + [byteCount])
      guard size == elements.count else {
        throw elements.error(
          at: 0, expected: "\(size ?? .max) bytes for \(name) \(header.shape)",
          found: "\(elements.count) bytes")
      }
      throw elements.error(
        .unsupported, at: 0, expected: "little-endian numbers, such as <f4", found: name)
    }
  }

  /// Whether the bytes start like a .npy file, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    (try? bytes.slice(at: 0, count: magic.count).copy()) == magic
  }

  private static func header(of bytes: ByteRegion) throws(FileError) -> ByteRegion {
    guard recognises(bytes) else {
      throw bytes.error(at: 0, expected: "a .npy file", found: "another start")
    }
    let version = try bytes.integer(at: 6, as: UInt16.self)
    switch version {
    case 0x0001:
      return try header(of: bytes, at: 10, count: Int(bytes.integer(at: 8, as: UInt16.self)))
    case 0x0002, 0x0003:
      return try header(of: bytes, at: 12, count: Int(bytes.integer(at: 8, as: UInt32.self)))
    default:
      throw bytes.error(
        at: 6, expected: "version 1.0, 2.0 or 3.0", found: "\(version & 0xFF).\(version >> 8)")
    }
  }

  private static func header(
    of bytes: ByteRegion, at start: Int, count: Int
  ) throws(FileError) -> ByteRegion {
    guard count <= headerLimit else {
      throw bytes.error(
        at: 8, expected: "a header of at most \(headerLimit) bytes", found: "\(count)")
    }
    return try bytes.slice(at: start, count: count)
  }
}

// MARK: - Writing

extension NPY {
  /// The bytes of a file of version 1 that holds the tensor, its elements row-major and aligned.
  package static func encoded(_ tensor: StoredTensor) -> [UInt8] {
    guard let type = tensor.elementType.numpyName else {
      preconditionFailure("NumPy has no \(tensor.elementType)")
    }
    let sizes = tensor.shape.map { "\($0)," }.joined(separator: " ")
    let shape = tensor.shape.count > 1 ? String(sizes.dropLast()) : sizes
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }"
    let prefix = magic + [1, 0]
    let length = (prefix.count + 2 + text.utf8.count + 1 + 63) / 64 * 64 - prefix.count - 2
    let padding = String(repeating: " ", count: length - text.utf8.count - 1)
    return prefix + littleEndian(UInt16(length)) + Array("\(text)\(padding)\n".utf8)
      + tensor.contiguousBytes().copy()
  }
}

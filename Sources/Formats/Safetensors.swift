// Reading safetensors: a JSON header that places each tensor, then the tensors' bytes.

/// The content of a safetensors file; the tensors' bytes stay in the file.
public struct Safetensors: Sendable {
  /// The text that describes the file.
  public let metadata: [String: String]
  /// The tensors' names in the order of their bytes.
  public let names: [String]
  /// The tensors by name.
  public let tensors: [String: StoredTensor]

  /// How much a header may hold; one of 10,000 tensors needs about a megabyte.
  public struct Limits: Sendable {
    /// Bytes of the header.
    public var headerBytes = 1 << 25
    /// Tensors in the file.
    public var tensors = 1 << 18
    /// Bytes of a tensor's name.
    public var nameBytes = 1 << 12

    /// The default limits.
    public init() {}
  }

  /// The key of the header's descriptive text.
  static let metadataKey = "__metadata__"

  /// Opens a file.
  /// - Throws: `FileError` if it cannot be read, or is not a whole and valid safetensors file.
  public init(path: String, limits: Limits = Limits()) throws(FileError) {
    try self.init(ByteRegion(mapping: path), limits: limits)
  }

  /// Reads the file that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged` unless the file is valid and whole.
  public init(_ bytes: ByteRegion, limits: Limits = Limits()) throws(FileError) {
    let header = try Self.header(of: bytes, limits)
    let data = try bytes.suffix(from: 8 + header.count)
    let parsed = try SafetensorsHeader(header, limits)
    metadata = parsed.metadata
    let placed = parsed.entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    names = placed.map(\.name)
    tensors = try Self.view(placed, in: data, header)
  }

  /// Whether the bytes start like the length of a header that the file can hold, and a header.
  static func hasHeader(_ bytes: ByteRegion) -> Bool {
    guard bytes.count > 8, let length = try? bytes.integer(at: 0, as: UInt64.self) else {
      return false
    }
    return 2...formatLimit ~= length && length <= bytes.count - 8
      && bytes[8] == UInt8(ascii: "{")
  }

  /// Whether the bytes start like the length of a header and a header, of which more may be
  /// missing than there is.
  static func seemsToHaveHeader(_ bytes: ByteRegion) -> Bool {
    guard let length = try? bytes.integer(at: 0, as: UInt64.self), length <= formatLimit,
      let rest = try? bytes.slice(at: 8, count: min(16, bytes.count - 8)).copy(),
      rest.first == UInt8(ascii: "{")
    else { return false }
    let next = rest.dropFirst().first { !" \t\r\n".utf8.contains($0) }
    return next.map("\"}".utf8.contains) ?? true
  }

  /// The most bytes of a header that the format allows.
  private static let formatLimit: UInt64 = 100_000_000

  private static func header(of bytes: ByteRegion, _ limits: Limits) throws(FileError) -> ByteRegion
  {
    let length = try bytes.integer(at: 0, as: UInt64.self)
    guard length >= 2, length <= limits.headerBytes, length <= bytes.count - 8 else {
      let most = min(limits.headerBytes, bytes.count - 8)
      throw bytes.error(at: 0, expected: "a header of 2 to \(most) bytes", found: "\(length)")
    }
    return try bytes.slice(at: 8, count: Int(length))
  }

  /// Checks that the tensors cover the data without hole or overlap, and views them.
  private static func view(
    _ entries: [SafetensorsHeader.Entry], in data: ByteRegion, _ header: ByteRegion
  ) throws(FileError) -> [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    var end = 0
    for entry in entries {
      guard entry.begin == end, entry.end >= entry.begin, entry.end <= data.count else {
        throw header.error(
          at: entry.offset, expected: "bytes from \(end) to at most \(data.count)",
          found: "\(entry.begin) to \(entry.end) for \(entry.name)")
      }
      let bytes = try data.slice(at: entry.begin, count: entry.end - entry.begin)
      tensors[entry.name] = try StoredTensor(
        elementType: entry.elementType, shape: entry.shape, bytes: bytes)
      end = entry.end
    }
    guard end == data.count else {
      throw data.error(
        at: end, expected: "the end after the last tensor", found: "\(data.count - end) more bytes")
    }
    return tensors
  }
}

/// What the header says about the tensors.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let elementType: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int
    /// Where in the header the entry stands.
    let offset: Int
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [Entry] = []

  init(_ header: ByteRegion, _ limits: Safetensors.Limits) throws(FileError) {
    guard header.count > 0, header[0] == UInt8(ascii: "{") else {
      throw header.error(at: 0, expected: "'{'", found: "another character")
    }
    var scanner = JSONScanner(header)
    try scanner.object { (name, scanner) throws(FileError) in
      guard name.utf8.count <= limits.nameBytes else {
        throw scanner.damaged(
          "a name of at most \(limits.nameBytes) bytes", found: "\(name.utf8.count) bytes")
      }
      if name == Safetensors.metadataKey {
        try scanner.object { (key, scanner) throws(FileError) in
          metadata[key] = try scanner.string()
        }
      } else {
        guard entries.count < limits.tensors else {
          throw scanner.damaged("at most \(limits.tensors) tensors", found: "more")
        }
        entries.append(try Self.entry(name, &scanner))
      }
    }
    try scanner.requireEnd()
  }

  private static func entry(
    _ name: String, _ scanner: inout JSONScanner
  ) throws(FileError) -> Entry {
    let offset = scanner.cursor
    var elementType: ElementType?
    var shape: [Int]?
    var range: [Int]?
    try scanner.object { (key, scanner) throws(FileError) in
      switch key {
      case "dtype": elementType = try Self.elementType(&scanner)
      case "shape": shape = try scanner.sizes(limit: StoredTensor.rankLimit)
      case "data_offsets": range = try scanner.sizes(limit: 2)
      default: throw scanner.damaged("dtype, shape or data_offsets", found: key)
      }
    }
    guard let elementType, let shape, let range, range.count == 2 else {
      throw scanner.damaged("dtype, shape and two data_offsets", found: "less for \(name)")
    }
    return Entry(
      name: name, elementType: elementType, shape: shape, begin: range[0], end: range[1],
      offset: offset)
  }

  private static func elementType(_ scanner: inout JSONScanner) throws(FileError) -> ElementType {
    let name = try scanner.string()
    guard let type = ElementType(safetensors: name) else {
      throw scanner.damaged("a known element type", found: name)
    }
    return type
  }
}

extension ElementType {
  /// The name of the type in a safetensors header.
  public var safetensorsName: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint64: "U64"
    case .uint32: "U32"
    case .uint16: "U16"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  init?(safetensors name: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = type
  }
}

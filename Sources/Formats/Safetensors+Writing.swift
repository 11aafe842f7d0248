// Writing safetensors: one pass, a tensor at a time, into a file that appears when it is whole.

extension Safetensors {
  /// A tensor to be written, and its name.
  public struct Entry {
    /// The name in the file.
    public let name: String
    /// The tensor.
    public let tensor: TensorToWrite

    /// A tensor to be written under a name.
    public init(name: String, _ tensor: TensorToWrite) {
      precondition(name != Safetensors.metadataKey, "a tensor cannot be called \(name)")
      self.name = name
      self.tensor = tensor
    }

    /// A tensor whose elements `content` gives, row-major and little-endian.
    public init(
      name: String, elementType: ElementType, shape: [Int],
      content: @escaping () throws -> ByteRegion
    ) {
      let tensor = TensorToWrite(elementType: elementType, shape: shape, content: content)
      self.init(name: name, tensor)
    }

    /// A tensor that a file or memory holds.
    public init(name: String, _ tensor: StoredTensor) {
      self.init(name: name, TensorToWrite(tensor))
    }

    /// Bytes per element.
    fileprivate var width: Int { tensor.elementType.byteCount }
  }

  /// Writes a file; it appears under its name only when it is whole and on disk.
  ///
  /// Wider element types come first and the given order decides among equals, so that every tensor
  /// is aligned; metadata keys are sorted. Equal content therefore gives equal files.
  /// - Parameters:
  ///   - entries: the tensors; names must differ.
  ///   - metadata: descriptive text.
  ///   - path: the file to create or replace.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`, or what an entry's content throws.
  public static func write(
    _ entries: [Entry], metadata: [String: String] = [:], to path: String
  ) throws {
    precondition(
      Set(entries.map(\.name)).count == entries.count, "tensor names repeat: \(entries.map(\.name))"
    )
    let ordered = entries.enumerated().sorted {
      ($1.element.width, $0.offset) < ($0.element.width, $1.offset)
    }.map(\.element)
    try writeAtomically(to: path) { sink in
      try sink.write(header(ordered, metadata))
      for entry in ordered { try sink.write(entry.tensor.bytes()) }
    }
  }

  /// Length and JSON of the header, padded with spaces to a multiple of eight bytes.
  private static func header(_ entries: [Entry], _ metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0)):\(quoted($1))" }
      members.append("\(quoted(metadataKey)):{\(texts.joined(separator: ","))}")
    }
    var begin = 0
    for entry in entries {
      let end = begin + entry.tensor.byteCount
      let shape = entry.tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        #"\#(quoted(entry.name)):{"dtype":"\#(entry.tensor.elementType.safetensorsName)","#
          + #""shape":[\#(shape)],"data_offsets":[\#(begin),\#(end)]}"#)
      begin = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json += Array(repeating: 0x20, count: (8 - json.count % 8) % 8)
    return littleEndian(UInt64(json.count)) + json
  }

  /// The text as a JSON string.
  private static func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case "\u{0}"..<" ":
        let hex = String(scalar.value, radix: 16)
        json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }
}

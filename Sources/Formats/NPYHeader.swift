// The header of a .npy file: a dictionary of three entries in Python's notation, never evaluated.

/// What the header says about the elements.
struct NPYHeader {
  let elementType: ElementType
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ header: ByteRegion) throws(FileError) {
    var scanner = JSONScanner(header)
    var elementType: ElementType?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try scanner.dictionary { (key, scanner) throws(FileError) in
      switch key {
      case "descr": elementType = try scanner.numpyType()
      case "fortran_order": isFortranOrder = try scanner.boolean()
      case "shape": shape = try scanner.tuple()
      default: throw scanner.damaged("descr, fortran_order or shape", found: key)
      }
    }
    try scanner.requireEnd()
    guard let elementType, let isFortranOrder, let shape else {
      throw scanner.damaged("descr, fortran_order and shape", found: "less")
    }
    self.elementType = elementType
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }
}

extension JSONScanner {
  /// Calls `value` with each key of a dictionary, at the key's value; keys must differ.
  fileprivate mutating func dictionary(
    _ value: (String, inout JSONScanner) throws(FileError) -> Void
  ) throws(FileError) {
    var keys: Set<String> = []
    try require("{")
    while !skip("}") {
      let key = try quoted()
      guard keys.insert(key).inserted else {
        throw damaged("different keys", found: "\(key) twice")
      }
      try require(":")
      try value(key, &self)
      guard skip(",") else { return try require("}") }
    }
  }

  /// A tuple of sizes; one that holds a single size has a comma behind it.
  fileprivate mutating func tuple() throws(FileError) -> [Int] {
    var sizes: [Int] = []
    try require("(")
    while !skip(")") {
      guard sizes.count < StoredTensor.rankLimit else {
        throw damaged("at most \(StoredTensor.rankLimit) axes", found: "more")
      }
      sizes.append(try size())
      guard skip(",") else {
        guard sizes.count > 1 else { throw damaged("','") }
        try require(")")
        break
      }
    }
    return sizes
  }

  fileprivate mutating func boolean() throws(FileError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[cursor...].starts(with: word.utf8) {
      cursor += word.utf8.count
      return value
    }
    throw damaged("True or False")
  }

  /// Text between quotes of either kind, without escapes.
  private mutating func quoted() throws(FileError) -> String {
    let isSingle = skip("'")
    guard isSingle || skip("\"") else { throw damaged("text in quotes") }
    let quote = UInt8(ascii: isSingle ? "'" : "\"")
    let text = bytes[cursor...].prefix { $0 != quote && 0x20..<0x7F ~= $0 && $0 != 0x5C }
    cursor += text.count
    guard cursor < bytes.count, bytes[cursor] == quote else { throw damaged("a closing quote") }
    cursor += 1
    return String(decoding: text, as: UTF8.self)
  }

  /// The type of the elements, of which objects are pickles.
  fileprivate mutating func numpyType() throws(FileError) -> ElementType {
    skipSpace()
    let start = cursor
    guard cursor < bytes.count, bytes[cursor] != UInt8(ascii: "[") else {
      throw damaged("a type of numbers", found: "a structure")
    }
    let name = try quoted()
    guard !name.contains("O") else {
      throw header.error(
        .refusedAsUnsafe, at: start, expected: "numbers", found: "\(name), Python objects")
    }
    guard let type = ElementType.allCases.first(where: { $0.numpyName == name }) else {
      throw header.error(
        at: start, expected: "little-endian numbers, such as <f4", found: name)
    }
    return type
  }
}

extension ElementType {
  /// NumPy's name of the type, or nil if it has none.
  var numpyName: String? {
    switch self {
    case .float64: "<f8"
    case .float32: "<f4"
    case .float16: "<f2"
    case .bfloat16: nil
    case .int64: "<i8"
    case .int32: "<i4"
    case .int16: "<i2"
    case .int8: "|i1"
    case .uint64: "<u8"
    case .uint32: "<u4"
    case .uint16: "<u2"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }
}

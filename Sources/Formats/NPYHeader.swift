// The header of a .npy file: a dictionary of three entries in Python's notation, never evaluated.

/// What the header says about the elements.
struct NPYHeader {
  let type: NPYType
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ header: ByteRegion) throws(FileError) {
    var scanner = JSONScanner(header)
    var type: NPYType?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try scanner.dictionary { (key, scanner) throws(FileError) in
      switch key {
      case "descr": type = try scanner.numpyType()
      case "fortran_order": isFortranOrder = try scanner.boolean()
      case "shape": shape = try scanner.tuple()
      default: throw scanner.damaged("descr, fortran_order or shape", found: key)
      }
    }
    try scanner.requireEnd()
    guard let type, let isFortranOrder, let shape else {
      throw scanner.damaged("descr, fortran_order and shape", found: "less")
    }
    self.type = type
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
  mutating func tuple() throws(FileError) -> [Int] {
    var sizes: [Int] = []
    try require("(")
    while !skip(")") {
      guard sizes.count < StoredTensor.rankLimit else {
        throw damaged("at most \(StoredTensor.rankLimit) axes", found: "more")
      }
      sizes.append(try size())
      // Python 2 marks long integers.
      if cursor < bytes.count, bytes[cursor] == UInt8(ascii: "L") { cursor += 1 }
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
  mutating func quoted() throws(FileError) -> String {
    let isSingle = skip("'")
    guard isSingle || skip("\"") else { throw damaged("text in quotes") }
    let quote = UInt8(ascii: isSingle ? "'" : "\"")
    let text = bytes[cursor...].prefix { $0 != quote && 0x20..<0x7F ~= $0 && $0 != 0x5C }
    cursor += text.count
    guard cursor < bytes.count, bytes[cursor] == quote else { throw damaged("a closing quote") }
    cursor += 1
    return String(decoding: text, as: UTF8.self)
  }
}

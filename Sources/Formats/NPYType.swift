// NumPy's types of elements, as the headers of its files name them.

/// The type of an array's elements.
enum NPYType {
  /// Numbers that tensors can have.
  case numbers(ElementType)
  /// Something else that is no Python object: text, dates, structures, big-endian and other numbers.
  case other(name: String, byteCount: Int)
  /// Python objects, which are a pickle; whoever wants numbers refuses them with this error.
  case objects(name: String, refusal: FileError)
}

extension JSONScanner {
  /// The type of the elements.
  mutating func numpyType() throws(FileError) -> NPYType {
    skipSpace()
    guard cursor < bytes.count, bytes[cursor] == UInt8(ascii: "[") else { return try namedType() }
    return .other(name: "a structure", byteCount: try structure(depth: 0))
  }

  private mutating func namedType() throws(FileError) -> NPYType {
    skipSpace()
    let start = cursor
    let name = try quoted()
    guard !name.contains("O") else {
      let refusal = header.error(
        .refusedAsUnsafe, at: start, expected: "numbers", found: "\(name), Python objects")
      return .objects(name: name, refusal: refusal)
    }
    if let type = ElementType.allCases.first(where: { $0.numpyName == name }) {
      return .numbers(type)
    }
    guard let byteCount = otherByteCount(name) else {
      throw header.error(at: start, expected: "a type that NumPy writes, such as <f4", found: name)
    }
    return .other(name: name, byteCount: byteCount)
  }

  /// The bytes of a structure: a list of fields, each with a name, a type and perhaps a shape.
  private mutating func structure(depth: Int) throws(FileError) -> Int {
    guard depth < Self.depthLimit else {
      throw damaged("at most \(Self.depthLimit) structures inside one another", found: "more")
    }
    var total = 0
    try require("[")
    while !skip("]") {
      try require("(")
      try fieldName()
      try require(",")
      let size = try fieldByteCount(depth: depth)
      let shape = skip(",") ? try tuple() : []
      try require(")")
      guard let bytes = product(shape + [size]), bytes <= Int.max - total else {
        throw damaged("a size that 64 bits can count", found: "a larger one")
      }
      total += bytes
      guard skip(",") else {
        try require("]")
        break
      }
    }
    return total
  }

  /// A field's name, or its title and name.
  private mutating func fieldName() throws(FileError) {
    guard skip("(") else {
      _ = try quoted()
      return
    }
    _ = try quoted()
    try require(",")
    _ = try quoted()
    try require(")")
  }

  private mutating func fieldByteCount(depth: Int) throws(FileError) -> Int {
    skipSpace()
    guard cursor < bytes.count, bytes[cursor] != UInt8(ascii: "[") else {
      return try structure(depth: depth + 1)
    }
    switch try namedType() {
    case .numbers(let type): return type.byteCount
    case .other(_, let byteCount): return byteCount
    case .objects(_, let refusal): throw refusal
    }
  }

  private static var depthLimit: Int { 16 }
}

/// The bytes of an element of a type that no tensor has, such as `<U7`, or nil if NumPy writes no
/// such name.
private func otherByteCount(_ name: String) -> Int? {
  let unit = name.firstIndex(of: "[").map { name[$0...] } ?? ""
  let name = name.dropLast(unit.count)
  let digits = name.dropFirst(2)
  guard let order = name.first, let kind = name.dropFirst().first, let size = Int(digits),
    digits == "\(size)", size >= 0, unit.isEmpty || ("mM".contains(kind) && unit.last == "]")
  else { return nil }
  switch kind {
  case "S", "a", "V": return order == "|" ? size : nil
  case "b": return order == "|" && size == 1 ? size : nil
  case "U": return "<>".contains(order) ? product([size, 4]) : nil
  case "i", "u":
    let isOne = size == 1
    return [1, 2, 4, 8].contains(size) && (order == "|") == isOne && "<>|".contains(order)
      ? size : nil
  case "f": return [2, 4, 8, 12, 16].contains(size) && "<>".contains(order) ? size : nil
  case "c": return [8, 16, 24, 32].contains(size) && "<>".contains(order) ? size : nil
  case "m", "M": return size == 8 && "<>".contains(order) ? size : nil
  default: return nil
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

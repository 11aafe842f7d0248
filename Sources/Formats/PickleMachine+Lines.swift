// The operands that protocol 0 writes as lines of text: numbers, memo indices and quoted strings.

// MARK: - Numbers

extension PickleMachine {
  /// The operand of INT: a decimal integer, or a Boolean written as `00` or `01`.
  mutating func integerOrBooleanLine() throws(FileError) -> PickleValue {
    let digits = try numberLine()
    return switch digits {
    case "00": .bool(false)
    case "01": .bool(true)
    default: try decimal(digits)
    }
  }

  /// The operand of LONG: a decimal integer, after which Python 2 and 3 put an L.
  mutating func longLine() throws(FileError) -> PickleValue {
    let digits = try numberLine()
    return try decimal(digits.last == "L" ? digits.dropLast() : digits)
  }

  /// The operand of FLOAT: a decimal number as Python prints it.
  mutating func floatLine() throws(FileError) -> Double {
    let digits = try numberLine()
    switch digits {
    case "inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    default:
      guard digits.allSatisfy("0123456789.e+-".contains), let number = Double(digits),
        number.isFinite
      else { throw damaged("a floating-point number", found: String(digits)) }
      return number
    }
  }

  /// The operand of PUT and GET.
  mutating func memoIndexLine() throws(FileError) -> Int {
    let digits = try numberLine()
    guard let index = Int(digits), index >= 0, digits == "\(index)" else {
      throw damaged("a memo index", found: String(digits))
    }
    return index
  }

  /// A line that has room for the longest integer, three digits a byte.
  private mutating func numberLine() throws(FileError) -> Substring {
    try text(line(atMost: 3 * limits.integerBytes))[...]
  }

  private func decimal(_ digits: Substring) throws(FileError) -> PickleValue {
    if let value = Int64(digits), "\(value)" == digits { return .int(value) }
    let isNegative = digits.first == "-"
    let values = digits.dropFirst(isNegative ? 1 : 0).utf8.map { Int($0) - 0x30 }
    guard let first = values.first, values.allSatisfy((0...9).contains), first != 0 else {
      throw damaged("an integer", found: String(digits))
    }
    let bytes = twosComplement(values, isNegative: isNegative)
    guard bytes.count <= limits.integerBytes else {
      throw damaged(
        "an integer of at most \(limits.integerBytes) bytes", found: "\(bytes.count) bytes")
    }
    return .bigInt(bytes)
  }
}

/// The shortest two's complement of a decimal number, least significant byte first.
private func twosComplement(_ digits: [Int], isNegative: Bool) -> [UInt8] {
  var bytes: [UInt8] = []
  for digit in digits {
    var carry = digit
    for index in bytes.indices {
      carry += 10 * Int(bytes[index])
      bytes[index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    if carry > 0 { bytes.append(UInt8(carry)) }
  }
  bytes.append(0)
  if isNegative {
    var carry = true
    for index in bytes.indices {
      (bytes[index], carry) = (~bytes[index]).addingReportingOverflow(carry ? 1 : 0)
    }
  }
  let sign: UInt8 = isNegative ? 0xFF : 0
  while bytes.count > 1, bytes.last == sign, (bytes[bytes.count - 2] ^ sign) < 0x80 {
    bytes.removeLast()
  }
  return bytes
}

// MARK: - Text

extension PickleMachine {
  /// The operand of STRING: the bytes of a Python 2 string as Python 2 prints it.
  mutating func quotedLine() throws(FileError) -> ByteRegion {
    let line = try line(atMost: limits.stringBytes)
    guard line.count >= 2, let quote = [0x22, 0x27].first(where: { $0 == line[0] }),
      line[line.count - 1] == quote
    else { throw damaged("a string in quotes", found: "another line") }
    let quoted = try line.slice(at: 1, count: line.count - 2)
    let isPlain = quoted.withUnsafeBytes { $0.allSatisfy { $0 != backslash && $0 != quote } }
    guard !isPlain else { return quoted }
    return try ByteRegion(unescape(quoted, quote: quote), name: "a string of \(bytes.name)")
  }

  private func unescape(_ quoted: ByteRegion, quote: UInt8) throws(FileError) -> [UInt8] {
    var result: [UInt8] = []
    var rest = quoted.copy()[...]
    while let byte = rest.popFirst() {
      guard byte != quote else { throw damaged("one string", found: "a quote inside it") }
      guard byte == backslash else {
        result.append(byte)
        continue
      }
      guard let letter = rest.popFirst() else { throw damaged("a quote", found: "an escaped one") }
      switch Unicode.Scalar(letter) {
      case "\\", "'", "\"": result.append(letter)
      case "n": result.append(0x0A)
      case "r": result.append(0x0D)
      case "t": result.append(0x09)
      case "x": try result.append(UInt8(hexadecimal(&rest, digits: 2)))
      default: throw damaged("an escape of a Python string", found: "another")
      }
    }
    return result
  }

  /// The operand of UNICODE: text in Latin-1 with `\uXXXX` and `\UXXXXXXXX` for other characters;
  /// old versions of Python 2 wrote surrogate pairs, which are one character.
  mutating func unicodeLine() throws(FileError) -> String {
    var rest = try line(atMost: limits.stringBytes).copy()[...]
    var units: [UInt16] = []
    while let byte = rest.popFirst() {
      units.append(UInt16(byte))
      guard byte == backslash, let letter = rest.popFirst() else { continue }
      switch Unicode.Scalar(letter) {
      case "u": units[units.count - 1] = try UInt16(hexadecimal(&rest, digits: 4))
      case "U":
        guard let scalar = try Unicode.Scalar(hexadecimal(&rest, digits: 8)) else {
          throw damaged("a character", found: "a number beyond Unicode")
        }
        units.removeLast()
        units += String(scalar).utf16
      default: units.append(UInt16(letter))
      }
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw damaged("text", found: "half a surrogate pair")
    }
    return text
  }

  private func hexadecimal(
    _ rest: inout ArraySlice<UInt8>, digits count: Int
  ) throws(FileError) -> UInt32 {
    let digits = rest.prefix(count)
    rest = rest.dropFirst(count)
    guard digits.count == count, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw damaged("\(count) hexadecimal digits", found: "another escape") }
    return value
  }
}

private let backslash = UInt8(ascii: "\\")

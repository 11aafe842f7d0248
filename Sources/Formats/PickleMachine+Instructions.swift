// What each pickle instruction does: the dispatch, numbers, text and bytes.

extension PickleMachine {
  mutating func perform(_ opcode: PickleOpcode) throws(FileError) {
    switch opcode {
    case .stop: break
    case .proto: try checkProtocol()
    case .frame: try enterFrame()

    case .mark: try mark()
    case .pop: try popValueOrMark()
    case .popMark: _ = try popToMark()
    case .dup: try push(top())

    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binInt: try push(.int(Int64(integer(Int32.self))))
    case .binInt1: try push(.int(Int64(integer(UInt8.self))))
    case .binInt2: try push(.int(Int64(integer(UInt16.self))))
    case .long1: try pushLong(length(UInt8.self))
    case .long4: try pushLong(length(Int32.self))
    case .binFloat: try push(.float(Double(bitPattern: integer(UInt64.self).byteSwapped)))
    case .int: try push(integerOrBooleanLine())
    case .long: try push(longLine())
    case .float: try push(.float(floatLine()))

    case .shortBinUnicode: try push(.string(text(take(length(UInt8.self)))))
    case .binUnicode: try push(.string(text(take(length(UInt32.self)))))
    case .binUnicode8: try push(.string(text(take(length(UInt64.self)))))
    case .shortBinString: try push(.byteString(take(length(UInt8.self))))
    case .binString: try push(.byteString(take(length(Int32.self))))
    case .shortBinBytes: try push(.bytes(take(length(UInt8.self))))
    case .binBytes: try push(.bytes(take(length(UInt32.self))))
    case .binBytes8, .byteArray8: try push(.bytes(take(length(UInt64.self))))
    case .string: try push(.byteString(quotedLine()))
    case .unicode: try push(.string(unicodeLine()))

    case .emptyTuple, .tuple1, .tuple2, .tuple3, .tuple: try pushTuple(opcode)
    case .emptyList: try push(.list(newSequence([])))
    case .list: try push(.list(newSequence(popToMark())))
    case .append: try append([pop()])
    case .appends: try append(popToMark())
    case .emptySet: try push(.set(newSequence([])))
    case .frozenSet: try push(.set(newSequence(popToMark())))
    case .addItems: try addItems(popToMark())
    case .emptyDict: try push(.dictionary(newDictionary()))
    case .dict: try pushDictionary(popToMark())
    case .setItem: try setItem()
    case .setItems: try setItems(popToMark())

    case .memoize: try remember(as: nil)
    case .binPut: try remember(as: Int(integer(UInt8.self)))
    case .longBinPut: try remember(as: Int(integer(UInt32.self)))
    case .binGet: try recall(Int(integer(UInt8.self)))
    case .longBinGet: try recall(Int(integer(UInt32.self)))
    case .put: try remember(as: memoIndexLine())
    case .get: try recall(memoIndexLine())

    case .global: try pushGlobal(nameLine(), nameLine())
    case .stackGlobal: try pushStackGlobal()
    case .reduce, .newObj, .newObjEx: try pushObject(opcode)
    case .build: try build()
    case .binPersID: try pushPersistentID()

    case .inst: throw try instRefusal()
    case .obj, .ext1, .ext2, .ext4: throw unsafe("calls by name", found: "\(opcode) instruction")
    case .persID: throw damaged("a binary persistent id", found: "a line of text")
    case .nextBuffer, .readOnlyBuffer:
      throw damaged("all bytes inside the pickle", found: "an out-of-band buffer")
    }
  }

  private mutating func checkProtocol() throws(FileError) {
    let version = try integer(UInt8.self)
    guard version <= 5 else { throw damaged("pickle protocol 0 to 5", found: "\(version)") }
  }

  private mutating func pushLong(_ length: Int) throws(FileError) {
    guard length <= limits.integerBytes else {
      throw damaged(
        "an integer of at most \(limits.integerBytes) bytes", found: "\(length) bytes")
    }
    let digits = try take(length).copy()
    guard length <= 8 else { return try push(.bigInt(digits)) }
    let isNegative = digits.last.map { $0 >= 0x80 } ?? false
    let value = digits.reversed().reduce(isNegative ? Int64(-1) : 0) { $0 << 8 | Int64($1) }
    try push(.int(value))
  }
}

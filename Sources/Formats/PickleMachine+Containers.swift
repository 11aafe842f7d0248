// Tuples, lists, sets, dictionaries, names and recorded calls of the pickle machine.

// MARK: - Containers

extension PickleMachine {
  mutating func newSequence(_ items: [PickleValue]) -> PickleSequence {
    new(PickleSequence(items, offset: bytes.fileOffset + start))
  }

  mutating func newDictionary() -> PickleDictionary {
    new(PickleDictionary(offset: bytes.fileOffset + start))
  }

  mutating func pushTuple(_ opcode: PickleOpcode) throws(FileError) {
    var items: [PickleValue] = []
    switch opcode {
    case .tuple: items = try popToMark()
    case .tuple3: items = try [pop(), pop(), pop()].reversed()
    case .tuple2: items = try [pop(), pop()].reversed()
    case .tuple1: items = try [pop()]
    default: break
    }
    try push(.tuple(newSequence(items)))
  }

  mutating func append(_ items: [PickleValue]) throws(FileError) {
    switch try top() {
    case .list(let list): list.items += items
    case .object(let object): object.listItems += items
    case let other: throw damaged("a list to append to", found: other.kind)
    }
  }

  mutating func addItems(_ items: [PickleValue]) throws(FileError) {
    guard case .set(let set) = try top() else {
      throw try damaged("a set to add to", found: top().kind)
    }
    set.items += items
  }

  mutating func pushDictionary(_ items: [PickleValue]) throws(FileError) {
    let dictionary = newDictionary()
    try insert(items, into: dictionary)
    try push(.dictionary(dictionary))
  }

  mutating func setItem() throws(FileError) {
    let value = try pop()
    let key = try pop()
    try setItems([key, value])
  }

  mutating func setItems(_ items: [PickleValue]) throws(FileError) {
    switch try top() {
    case .dictionary(let dictionary): try insert(items, into: dictionary)
    case .object(let object):
      let dictionary = object.dictionaryItems ?? newDictionary()
      object.dictionaryItems = dictionary
      try insert(items, into: dictionary)
    case let other: throw damaged("a dictionary to fill", found: other.kind)
    }
  }

  private func insert(
    _ items: [PickleValue], into dictionary: PickleDictionary
  ) throws(FileError) {
    guard items.count.isMultiple(of: 2) else {
      throw damaged("pairs of key and value", found: "\(items.count) values")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      try checkKey(items[index])
      guard dictionary.insert(items[index], items[index + 1]) else {
        let key = items[index].asString ?? items[index].asInt.map(String.init) ?? ""
        throw damaged("different keys", found: "\(key) twice")
      }
    }
  }
}

extension PickleMachine {
  /// Keys are compared and found by their text, so it must be short; that of Python 2, which every
  /// dictionary decodes again, even shorter.
  private func checkKey(_ key: PickleValue) throws(FileError) {
    let (count, most) =
      switch key {
      case .string(let text): (text.utf8.count, limits.keyBytes)
      case .byteString(let bytes): (bytes.count, limits.nameBytes)
      default: (0, 0)
      }
    guard count <= most else {
      throw damaged("a key of at most \(most) bytes", found: "\(count) bytes")
    }
  }
}

// MARK: - Names and calls

extension PickleMachine {
  mutating func pushGlobal(_ module: String, _ name: String) throws(FileError) {
    let global = PickleGlobal(module, name)
    guard allowed.contains(global) else {
      throw unsafe("only names that checkpoints need", found: "\(global)")
    }
    try push(.global(global))
  }

  mutating func pushStackGlobal() throws(FileError) {
    let (name, module) = try (pop(), pop())
    guard let moduleText = module.text(atMost: limits.nameBytes),
      let nameText = name.text(atMost: limits.nameBytes)
    else {
      throw damaged(
        "a module and a name of at most \(limits.nameBytes) bytes",
        found: "\(module.kind) and \(name.kind)")
    }
    try pushGlobal(moduleText, nameText)
  }

  /// Records a call of REDUCE, NEWOBJ or NEWOBJ_EX.
  mutating func pushObject(_ opcode: PickleOpcode) throws(FileError) {
    var keywords: PickleDictionary?
    if opcode == .newObjEx {
      guard case .dictionary(let dictionary) = try pop() else {
        throw damaged("a dictionary of keyword arguments", found: "another value")
      }
      keywords = dictionary
    }
    guard case .tuple(let arguments) = try pop() else {
      throw damaged("a tuple of arguments", found: "another value")
    }
    let callee = try pop()
    guard case .global(let callable) = callee else {
      throw unsafe("a call by an allowed name", found: "a call of \(callee.kind)")
    }
    try checkEncoding(callable, arguments.items)
    try checkEmbedding(callable, arguments.items)
    let object = PickleObject(
      callable, arguments: arguments, keywordArguments: keywords,
      offset: bytes.fileOffset + start)
    try push(.object(new(object)))
  }

  /// Records the state that BUILD hands to an object.
  mutating func build() throws(FileError) {
    let state = try pop()
    guard case .object(let object) = try top() else {
      throw try unsafe("state for an object", found: "state for \(top().kind)")
    }
    guard object.state == nil else {
      throw damaged("one state for an object", found: "a second")
    }
    object.state = state
  }

  mutating func instRefusal() throws(FileError) -> FileError {
    let (module, name) = try (nameLine(), nameLine())
    return unsafe("no INST instruction", found: "INST of \(PickleGlobal(module, name))")
  }
}

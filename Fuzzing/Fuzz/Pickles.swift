// Fuzzing pickles and the torch files made of them: every value is visited, every tensor laid out.

import Formats

/// Reads the pickles that follow each other in the input, as a caller would.
func readPickles(_ input: ByteRegion) throws(FileError) {
  let reader = PickleReader(input, allowing: .standard)
  var end = 0
  repeat {
    let result = try reader.read(at: end)
    require(result.end > end && result.end <= input.count, "a pickle of no bytes, or too many")
    var visitor = PickleVisitor(storages: TorchStorages(), inputBytes: input.count)
    visitor.visit(result.value)
    end = result.end
  } while end < input.count
}

/// Reads a torch file of any form.
func readTorch(_ input: ByteRegion) throws(FileError) {
  let form = TorchArchive.recognises(input)
  let archive = try TorchArchive(input)
  require(archive.form == form, "a file of form \(archive.form) was taken for another")
  var visitor = PickleVisitor(storages: archive.storages, inputBytes: input.count)
  visitor.visit(archive.root)
}

/// Reads the tensors of a TorchScript archive.
func readTorchScript(_ input: ByteRegion) throws(FileError) {
  var bytesLeft = layoutLimit
  for tensor in try TorchScriptArchive(input).tensors.values where tensor.byteCount <= bytesLeft {
    bytesLeft -= tensor.byteCount
    layOut(tensor)
  }
}

/// Asks what a file would do to a careless program.
func readNames(_ input: ByteRegion) throws(FileError) {
  let scan = FileScan(input)
  require(
    scan.form != .pickle || scan.refusal != nil || scan.unknownNames.isEmpty,
    "a pickle was read that mentions \(scan.unknownNames)")
  // Text may begin with a pickle that mentions nothing.
  let end = try? PickleReader(input, allowing: .standard).read().end
  require(
    scan.content == nil || scan.refusal != nil || (scan.names.isEmpty && end != input.count),
    "a pickle was taken for \(scan.content ?? "nothing")")
  guard let refusal = scan.refusal else { return }
  guard refusal.file == input.name else {
    // A place in a file that was unpacked may lie beyond the input's end.
    return check(refusal, inputBytes: .max)
  }
  throw refusal
}

/// A walk through a pickle's values, each container once.
struct PickleVisitor {
  private let tensors: TorchTensors
  private let inputBytes: Int
  private var seen: Set<ObjectIdentifier> = []
  private var bytesLeft = layoutLimit

  init(storages: TorchStorages, inputBytes: Int) {
    tensors = TorchTensors(storages: storages, file: "fuzz")
    self.inputBytes = inputBytes
  }

  /// Asks the value, and all below it, for everything that it may be.
  mutating func visit(_ value: PickleValue) {
    ask(value)
    switch value {
    case .tuple(let node), .list(let node), .set(let node), .persistentID(let node):
      guard isNew(node) else { return }
      for item in node.items { visit(item) }
    case .dictionary(let node): visit(node)
    case .object(let node): visit(node)
    case .none, .bool, .int, .bigInt, .float, .string, .byteString, .bytes, .global: break
    }
  }

  private mutating func isNew(_ node: PickleNode) -> Bool {
    require(0..<inputBytes ~= node.offset, "a value from outside the file")
    return seen.insert(ObjectIdentifier(node)).inserted
  }

  private mutating func visit(_ dictionary: PickleDictionary) {
    guard isNew(dictionary) else { return }
    for (key, value) in dictionary.entries {
      if let name = key.asString {
        require(dictionary[name] != nil, "a key that is not found")
      }
      visit(key)
      visit(value)
    }
  }

  private mutating func visit(_ object: PickleObject) {
    guard isNew(object) else { return }
    for item in object.arguments.items { visit(item) }
    for item in object.listItems { visit(item) }
    for dictionary in [object.keywordArguments, object.dictionaryItems] {
      if let dictionary { visit(dictionary) }
    }
    if let state = object.state { visit(state) }
    layOutTensor(.object(object))
  }

  private func ask(_ value: PickleValue) {
    require(!value.kind.isEmpty, "a value of no kind")
    _ = (value.asString, value.asInt, value.asDouble, value.asBool, value.isNone)
    _ = (value.asItems, value.asDictionary?.entries)
    if let bytes = value.asBytes { touch(bytes) }
  }

  private mutating func layOutTensor(_ value: PickleValue) {
    do throws(FileError) {
      var tensor = try tensors.tensor(value)
      if tensor == nil { tensor = try StoredTensor(numPy: value, file: "fuzz") }
      guard let tensor, tensor.byteCount <= bytesLeft else { return }
      bytesLeft -= tensor.byteCount
      layOut(tensor)
    } catch {
      check(error, inputBytes: inputBytes)
    }
  }
}

/// Lays out a tensor and counts its bytes.
func layOut(_ tensor: StoredTensor) {
  let elements = tensor.contiguousBytes()
  require(elements.count == tensor.byteCount, "a tensor of \(tensor.byteCount) bytes has more")
  touch(elements)
}

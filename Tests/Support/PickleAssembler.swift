// A little assembler for pickles: the tests spell out instructions, valid and hostile.

package import Formats

/// A pickle being written, one instruction after another.
package struct PickleAssembler {
  package private(set) var bytes: [UInt8] = []

  /// A pickle that starts with the protocol, if one is given.
  package init(protocol version: UInt8? = 2) {
    if let version { bytes = [0x80, version] }
  }

  /// Raw bytes.
  package func raw(_ more: [UInt8]) -> Self {
    var copy = self
    copy.bytes += more
    return copy
  }

  /// Instructions of one character each.
  package func ops(_ characters: String) -> Self { raw(Array(characters.utf8)) }

  package func op(_ code: UInt8, _ operand: [UInt8] = []) -> Self { raw([code] + operand) }

  package func int(_ value: Int32) -> Self { op(0x4A, littleEndian(value)) }

  package func bool(_ value: Bool) -> Self { op(value ? 0x88 : 0x89) }

  package func text(_ text: String) -> Self {
    op(0x58, littleEndian(UInt32(text.utf8.count)) + Array(text.utf8))
  }

  package func bytes(_ content: [UInt8]) -> Self {
    op(0x42, littleEndian(UInt32(content.count)) + content)
  }

  package func global(_ module: String, _ name: String) -> Self { ops("c\(module)\n\(name)\n") }

  package func put(_ index: UInt8) -> Self { op(0x71, [index]) }

  package func get(_ index: UInt8) -> Self { op(0x68, [index]) }

  /// A tuple of what `items` assembles.
  package func tuple(_ items: (Self) -> Self) -> Self { items(ops("(")).ops("t") }

  /// A tuple of integers.
  package func ints(_ values: [Int32]) -> Self {
    tuple { values.reduce($0) { $0.int($1) } }
  }

  /// A call of `module.name` with the arguments that `arguments` assembles.
  package func call(_ module: String, _ name: String, _ arguments: (Self) -> Self) -> Self {
    global(module, name).tuple(arguments).ops("R")
  }

  /// Another pickle's instructions.
  package func then(_ part: (Self) -> Self) -> Self { part(self) }

  /// The finished pickle.
  package var region: ByteRegion { ByteRegion(ops(".").bytes, name: "test.pkl") }

  /// What the reader makes of the finished pickle.
  package func read(
    allowing allowed: PickleAllowList = .standard, limits: PickleLimits = PickleLimits()
  ) throws -> PickleValue {
    try PickleReader(region, allowing: allowed, limits: limits).readWhole()
  }
}

/// A legacy torch file of one storage and an object that refers to it.
package struct TorchFileAssembler {
  package var magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  package var version: Int32 = 1001
  package var littleEndianFlag = true
  package var storageClass = "FloatStorage"
  package var key = "0"
  package var listedKeys = ["0"]
  package var declaredCount: Int32 = 0
  package var storedCount: Int64 = 0
  package var data: [UInt8] = []
  /// Assembles the object around the storage, which the first argument pushes.
  package var object: (PickleAssembler, (PickleAssembler) -> PickleAssembler) -> PickleAssembler = {
    $1($0)
  }
  /// Assembles the view info of the persistent id.
  package var view: (PickleAssembler) -> PickleAssembler = { $0.ops("N") }

  package init(_ values: [Float]) {
    data = floatBytes(values)
    declaredCount = Int32(values.count)
    storedCount = Int64(values.count)
  }

  /// The object that is a tensor of the given geometry.
  package mutating func makeTensor(_ shape: [Int32], _ strides: [Int32], offset: Int32 = 0) {
    object = { pickle, storage in
      pickle.call("torch._utils", "_rebuild_tensor_v2") { arguments in
        arguments.then(storage).int(offset).ints(shape).ints(strides).bool(false).call(
          "collections", "OrderedDict"
        ) { $0 }
      }
    }
  }

  package var bytes: [UInt8] {
    let storage = { (pickle: PickleAssembler) in
      pickle.tuple {
        $0.text("storage").global("torch", storageClass).text(key).text("cpu").int(declaredCount)
          .then(view)
      }.ops("Q")
    }
    let keys = PickleAssembler().ops("](").then { listedKeys.reduce($0) { $0.text($1) } }.ops("e")
    let machine = PickleAssembler().ops("}").text("little_endian").bool(littleEndianFlag).ops("s")
    return PickleAssembler().op(0x8A, [UInt8(magic.count)] + magic).region.copy()
      + PickleAssembler().int(version).region.copy() + machine.region.copy()
      + object(PickleAssembler(), storage).region.copy() + keys.region.copy()
      + littleEndian(storedCount) + data
  }

  package var region: ByteRegion { ByteRegion(bytes, name: "test.pt") }
}

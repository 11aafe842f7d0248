// A little assembler for torch files: the tests spell out every part, valid and hostile.

package import Formats

/// A torch file of one storage and an object that refers to it.
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

  /// The pickle of the object, with persistent ids of six parts or of five.
  private func pickle(hasView: Bool) -> [UInt8] {
    let object = object(PickleAssembler(protocol: 2)) { pickle in
      pickle.tuple {
        let id = $0.text("storage").global("torch", storageClass).text(key).text("cpu")
          .int(declaredCount)
        return hasView ? id.then(view) : id
      }.ops("Q")
    }
    return object.region.copy()
  }

  /// The legacy form: a magic number, then pickles and storages one after another.
  package var legacy: ByteRegion { ByteRegion(legacyBytes, name: "test.pt") }

  package var legacyBytes: [UInt8] {
    let keys = PickleAssembler().ops("](").then { listedKeys.reduce($0) { $0.text($1) } }.ops("e")
    let machine = PickleAssembler().ops("}").text("little_endian").bool(littleEndianFlag).ops("s")
    return PickleAssembler().op(0x8A, [UInt8(magic.count)] + magic).region.copy()
      + PickleAssembler().int(version).region.copy() + machine.region.copy()
      + pickle(hasView: true) + keys.region.copy() + littleEndian(storedCount) + data
  }

  /// The files of the zip form.
  package var zipFiles: [(name: String, content: [UInt8])] {
    [
      ("archive/data.pkl", pickle(hasView: false)), ("archive/byteorder", Array("little".utf8)),
      ("archive/data/\(key)", data), ("archive/version", Array("3\n".utf8)),
    ]
  }

  /// The zip form, after a change of its files.
  package func zip(
    _ change: (inout [(name: String, content: [UInt8])]) -> Void = { _ in }
  ) -> ByteRegion {
    var files = zipFiles
    change(&files)
    return ByteRegion(ZIPAssembler(files).bytes, name: "test.pt")
  }
}

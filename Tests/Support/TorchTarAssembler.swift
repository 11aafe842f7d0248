// A little assembler for torch files of the oldest form: a tar archive of four members.

package import Formats

/// A tar archive of one storage with key 1, one tensor of it with key 2, and an object.
package struct TorchTarAssembler {
  package var machine = PickleAssembler().ops("}(").text("protocol_version").int(1000)
    .text("little_endian").bool(true).text("type_sizes").ops("}").text("long").int(8).ops("su")
  package var storageCount: Int32 = 1
  package var storageClass = "FloatStorage"
  package var storedCount: Int64
  package var data: [UInt8]
  /// The list of views of storages.
  package var views = PickleAssembler().ops("]")
  package var tensorCount: Int32 = 1
  package var tensorClass = "torch FloatTensor"
  /// Assembles the key of the tensor's storage.
  package var root: (PickleAssembler) -> PickleAssembler = { $0.int(1) }
  package var rank: Int32
  package var numbers: [Int64]
  /// The object, which by default is the tensor.
  package var pickle: [UInt8]

  package init(_ values: [Float], pickle: [UInt8]? = nil) {
    data = floatBytes(values)
    storedCount = Int64(values.count)
    rank = 1
    numbers = [Int64(values.count), 1, 0]
    self.pickle = pickle ?? PickleAssembler().text("2").ops("Q").region.copy()
  }

  /// Gives the tensor another geometry.
  package mutating func makeTensor(_ shape: [Int64], _ strides: [Int64], offset: Int64 = 0) {
    rank = Int32(shape.count)
    numbers = shape + strides + [offset]
  }

  package var members: [(name: String, content: [UInt8])] {
    let storage = PickleAssembler().tuple {
      $0.int(1).text("cpu").global("torch", storageClass)
    }
    let names = tensorClass.split(separator: " ").map(String.init)
    let tensor = PickleAssembler().tuple { $0.int(2).then(root).global(names[0], names[1]) }
    return [
      ("sys_info", machine.region.copy()), ("pickle", pickle),
      (
        "tensors",
        PickleAssembler().int(tensorCount).region.copy() + tensor.region.copy()
          + littleEndian(rank) + [0xAA, 0xAA, 0xAA, 0xAA] + numbers.flatMap(littleEndian)
      ),
      (
        "storages",
        PickleAssembler().int(storageCount).region.copy() + storage.region.copy()
          + littleEndian(storedCount) + data + views.region.copy()
      ),
    ]
  }

  package var region: ByteRegion {
    let archive = TarAssembler(members.map { TarAssembler.Entry($0.name, $0.content) })
    return ByteRegion(archive.bytes, name: "test.pt")
  }
}

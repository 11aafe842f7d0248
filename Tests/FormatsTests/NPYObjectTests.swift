// NumPy's files of one Python object: dictionaries of arrays are read, and nothing is run.

import Formats
import TestSupport
import Testing

@Suite("NumPy files of objects")
struct NPYObjectTests {
  private func read(_ bytes: [UInt8]) throws -> NPYObject {
    try NPYObject(ByteRegion(bytes, name: "test.npy"))
  }

  @Test("reads a dictionary of arrays")
  func dictionary() throws {
    let object = try read(
      npyOfObjects { $0.dictionary([("a", [1, 2], [2]), ("b.c", [3, 4, 5, 6], [2, 2])]) })
    let entries = try #require(object.value.asDictionary)
    #expect(entries.entries.map(\.key.asString) == ["a", "b.c"])
    let b = try #require(entries["b.c"])
    let tensor = try #require(try StoredTensor(numPy: b, file: object.file))
    #expect(tensor.shape == [2, 2] && floats(tensor) == [3, 4, 5, 6])
  }

  @Test("reads bytes that are dressed as text, as Python 3 writes them with protocol 2")
  func textBytes() throws {
    let text = String(String.UnicodeScalarView(floatBytes([1.5, -2]).map { Unicode.Scalar($0) }))
    let object = try read(
      npyOfObjects {
        $0.ops("}").text("a").numPyArray(
          [2], type: { $0.numPyType("f4") },
          elements: { $0.call("_codecs", "encode") { $0.text(text).text("latin1") } }
        ).ops("s")
      })
    let a = try #require(object.value.asDictionary?["a"])
    #expect(try StoredTensor(numPy: a, file: "x").map(floats) == [1.5, -2])
  }

  @Test("arrays still refuse objects")
  func arrays() {
    let bytes = ByteRegion(npyOfObjects { $0.dictionary([("a", [1], [1])]) }, name: "test.npy")
    expect(.refusedAsUnsafe, says: "Python objects") { _ = try NPY(bytes) }
    #expect(FileScan(bytes).isUnsafe)
  }

  @Test(
    "refuses names that arrays do not need, though other checkpoints do",
    arguments: [
      "os system", "builtins eval", "numpy.core.multiarray fromfile", "numpy load",
      "torch.storage _load_from_bytes", "torch._utils _rebuild_tensor_v2", "argparse Namespace",
      "dnnlib.tflib.network Network", "numpy.f2py.crackfortran getlincoef",
    ])
  func forbidden(name: String) {
    let parts = name.split(separator: " ").map(String.init)
    expect(.refusedAsUnsafe, says: "\(parts[0]).\(parts[1])") {
      _ = try read(
        npyOfObjects { $0.call(parts[0], parts[1]) { $0.text("touch canary") } })
    }
  }

  @Test("refuses a pickle that is no array, and arrays of other things")
  func others() {
    expect(.damaged, says: "an array of one object") {
      _ = try read(npyStart() + PickleAssembler().int(1).region.copy())
    }
    expect(.damaged, says: "an array of one object") {
      _ = try read(npyStart() + PickleAssembler(protocol: 3).numPyArray([1], [1]).region.copy())
    }
    expect(.damaged, says: "found one of 2") { _ = try read(npyOfObjects { $0.int(1).int(2) }) }
    expect(.unsupported, says: "one Python object") {
      _ = try read(npyOfObjects(shape: "(1,)") { $0.int(1) })
    }
    expect(.damaged, says: "version, shape, dtype") {
      let call = PickleAssembler().call("numpy.core.multiarray", "_reconstruct") { $0 }
      _ = try read(npyStart() + call.region.copy())
    }
    let numbers = StoredNumbers.npy
    expect(.unsupported, says: "one Python object") { _ = try read(numbers) }
  }

  @Test("refuses every file that is cut short, and one that goes on")
  func cut() throws {
    let whole = npyOfObjects { $0.dictionary([("a", [1, 2], [2])]) }
    for count in 0..<whole.count {
      expect(.damaged) { _ = try read(Array(whole.prefix(count))) }
    }
    expect(.damaged, says: "1 more bytes") { _ = try read(whole + [0]) }
  }
}

/// A .npy file of one number.
private enum StoredNumbers {
  static var npy: [UInt8] {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n"
    return [0x93] + Array("NUMPY\u{1}\u{0}".utf8) + littleEndian(UInt16(header.utf8.count))
      + Array(header.utf8) + floatBytes([1])
  }
}

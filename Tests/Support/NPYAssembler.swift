// A little assembler for .npy files that hold a Python object: the tests spell out the pickle.

import Formats

extension PickleAssembler {
  /// NumPy's type of elements, such as `f4`.
  package func numPyType(_ code: String, order: String = "<") -> Self {
    call("numpy", "dtype") { $0.text(code).int(0).int(1) }
      .tuple { $0.int(3).text(order).ops("NNN").int(-1).int(-1).int(0) }.ops("b")
  }

  /// An array of NumPy's: its type, and its elements or a list of objects.
  package func numPyArray(
    _ shape: [Int32], type: (Self) -> Self, elements: (Self) -> Self
  ) -> Self {
    call("numpy.core.multiarray", "_reconstruct") {
      $0.global("numpy", "ndarray").ints([0]).bytes([0x62])
    }
    .tuple { $0.int(1).ints(shape).then(type).bool(false).then(elements) }.ops("b")
  }

  /// An array of numbers.
  package func numPyArray(_ values: [Float], _ shape: [Int32]) -> Self {
    numPyArray(shape, type: { $0.numPyType("f4") }, elements: { $0.bytes(floatBytes(values)) })
  }

  /// A dictionary of arrays.
  package func dictionary(_ arrays: [(name: String, values: [Float], shape: [Int])]) -> Self {
    arrays.reduce(ops("}(")) { pickle, array in
      pickle.text(array.name).numPyArray(array.values, array.shape.map(Int32.init))
    }.ops("u")
  }
}

/// A .npy file of Python objects: the bytes that `numpy.save` writes for one that is no array.
///
/// - Parameters:
///   - shape: The shape in the header.
///   - objects: Assembles the items of the list.
/// - Returns: The bytes.
package func npyOfObjects(
  shape: String = "()", _ objects: (PickleAssembler) -> PickleAssembler
) -> [UInt8] {
  let pickle = PickleAssembler(protocol: 3).numPyArray(
    [], type: { $0.numPyType("O8", order: "|") }, elements: { $0.ops("](").then(objects).ops("e") })
  return npyStart(shape: shape) + pickle.region.copy()
}

/// What stands before the pickle of a .npy file of Python objects.
package func npyStart(shape: String = "()") -> [UInt8] {
  let header = "{'descr': '|O', 'fortran_order': False, 'shape': \(shape), }\n"
  return [0x93] + Array("NUMPY\u{1}\u{0}".utf8) + littleEndian(UInt16(header.utf8.count))
    + Array(header.utf8)
}

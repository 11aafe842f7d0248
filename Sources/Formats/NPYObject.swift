// NumPy's .npy of one Python object: a pickle behind the header, read as data and never run.

/// The object of a .npy file that `numpy.save` wrote of something else than numbers, such as a
/// dictionary of arrays.
///
/// Only names that NumPy's own arrays need may be mentioned in it; all others are refused.
public struct NPYObject {
  /// The object.
  public let value: PickleValue
  /// The file's name.
  public let file: String

  /// Reads the file that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged`; `refusedAsUnsafe` if the pickle mentions what no
  ///   array needs; `unsupported` if the file holds an array of numbers, or of several objects.
  public init(_ bytes: ByteRegion) throws(FileError) {
    let (header, elements) = try NPY.parts(of: bytes)
    guard case .objects("|O", _) = header.type, header.shape.isEmpty else {
      throw bytes.error(
        .unsupported, at: 0, expected: "one Python object", found: "an array \(header.shape)")
    }
    let array = try PickleReader(elements, allowing: .numPy).readWhole()
    let objects = try array.numPyObjects(file: bytes.name)
    guard let objects, objects.count == 1 else {
      throw elements.error(
        at: 0, expected: "an array of one object",
        found: objects.map { "one of \($0.count)" } ?? array.kind)
    }
    (value, file) = (objects[0], bytes.name)
  }
}

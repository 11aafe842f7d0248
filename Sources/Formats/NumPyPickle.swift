// NumPy's arrays and scalars as pickles record them.

extension StoredTensor {
  /// The array or scalar that a pickle's value records, or nil if it records something else.
  ///
  /// An array is `_reconstruct(ndarray, …)` with the state (version, shape, dtype, is column-major,
  /// bytes); a scalar is `scalar(dtype, bytes)` and has no axes.
  /// - Parameters:
  ///   - value: A value of a pickle.
  ///   - file: The file's name for errors.
  /// - Throws: `FileError` of kind `damaged` if the record contradicts itself, `unsupported` if its
  ///   elements are not little-endian numbers.
  public init?(numPy value: PickleValue, file: String) throws(FileError) {
    guard case .object(let call) = value, Self.numPyModules.contains(call.callable.module) else {
      return nil
    }
    let record = NumPyRecord(call: call, file: file)
    switch call.callable.name {
    case "scalar": self = try record.scalar()
    case "_reconstruct": self = try record.array()
    default: return nil
    }
  }

  private static let numPyModules: Set = ["numpy.core.multiarray", "numpy._core.multiarray"]
}

extension PickleValue {
  /// The objects of the array of Python objects that the value records, or nil if it records
  /// something else.
  func numPyObjects(file: String) throws(FileError) -> [PickleValue]? {
    guard case .object(let call) = self, call.callable.name == "_reconstruct" else { return nil }
    return try NumPyRecord(call: call, file: file).objects()
  }
}

/// The recorded call that makes an array or a scalar.
private struct NumPyRecord {
  let call: PickleObject
  let file: String

  func scalar() throws(FileError) -> StoredTensor {
    let items = call.arguments.items
    guard items.count == 2, let bytes = items[1].asBytes else {
      throw damaged("a scalar's dtype and bytes", found: kinds(items))
    }
    return try StoredTensor(elementType: try elementType(items[0]), shape: [], bytes: bytes)
  }

  /// The objects of an array of objects; nil if it is one of numbers.
  func objects() throws(FileError) -> [PickleValue]? {
    let (_, dtype, _, elements) = try arrayState()
    guard let code = dtype.asCall(of: .dtype)?.arguments.items.first?.asString,
      ["O", "O4", "O8"].contains(code), case .list(let objects) = elements
    else { return nil }
    return objects.items
  }

  private func arrayState() throws(FileError) -> (
    axes: [PickleValue], dtype: PickleValue, isColumnMajor: Bool, elements: PickleValue
  ) {
    guard let state = call.state?.asItems, state.count == 5, let axes = state[1].asItems,
      let isColumnMajor = state[3].asBool
    else {
      throw damaged(
        "an array's version, shape, dtype, order and bytes", found: kinds(call.state?.asItems ?? [])
      )
    }
    return (axes, state[2], isColumnMajor, state[4])
  }

  func array() throws(FileError) -> StoredTensor {
    let (axes, dtype, isColumnMajor, elements) = try arrayState()
    let type = try elementType(dtype)
    guard let bytes = elements.asBytes else {
      throw damaged("an array of numbers", found: "one of \(elements.kind)")
    }
    let shape = axes.compactMap { $0.asInt.map(Int.init) }
    guard shape.count == axes.count else { throw damaged("a shape", found: kinds(axes)) }
    guard isColumnMajor else {
      return try StoredTensor(elementType: type, shape: shape, bytes: bytes)
    }
    let transposed = try StoredTensor(elementType: type, shape: shape.reversed(), bytes: bytes)
    return try StoredTensor(
      elementType: type, shape: shape, strides: transposed.strides.reversed(), bytes: bytes)
  }

  /// A dtype: `dtype(code, …)` with the state (version, byte order, …).
  private func elementType(_ value: PickleValue) throws(FileError) -> ElementType {
    guard let dtype = value.asCall(of: .dtype),
      let code = dtype.arguments.items.first?.asString
    else { throw damaged("a dtype", found: value.kind) }
    let order = dtype.state?.asItems?.dropFirst().first?.asString ?? "|"
    guard ["<", "|", "="].contains(order), let type = ElementType(numPy: code) else {
      throw FileError(
        .unsupported, file: file, offset: call.offset, expected: "little-endian numbers",
        found: "dtype \(order)\(code)")
    }
    return type
  }

  private func kinds(_ values: [PickleValue]) -> String {
    "(\(values.prefix(6).map(\.kind).joined(separator: ", ")))"
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, offset: call.offset, expected: expected, found: found)
  }
}

extension PickleGlobal {
  /// The class of NumPy's types of elements.
  fileprivate static let dtype = PickleGlobal("numpy", "dtype")
}

extension ElementType {
  /// The type that a NumPy type code without its byte order means, such as `f4`.
  init?(numPy code: String) {
    guard let type = Self.allCases.first(where: { $0.numpyName?.dropFirst() == code[...] }) else {
      return nil
    }
    self = type
  }
}

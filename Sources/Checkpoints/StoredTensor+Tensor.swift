// From a file's tensors to the engine's, and back.

public import Formats
public import Layers
import OrderedCollections
public import Tensors

extension DType {
  /// The engine's type for a file's, or nil where the engine has none.
  init?(_ type: ElementType) {
    switch type {
    case .float64: self = .float64
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .int64: self = .int64
    case .int32: self = .int32
    case .int16: self = .int16
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .bool: self = .bool
    case .uint64, .uint32, .uint16: return nil
    }
  }

  /// The file's type for the engine's.
  var elementType: ElementType {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int64: .int64
    case .int32: .int32
    case .int16: .int16
    case .int8: .int8
    case .uint8: .uint8
    case .bool: .bool
    }
  }
}

extension Tensor {
  /// Copies a file's tensor into memory.
  ///
  /// - Parameter stored: The tensor in the file.
  /// - Returns: A tensor on the processor, row-major.
  /// - Throws: `FileError` if the engine has no such type.
  public static func reading(_ stored: StoredTensor) throws(FileError) -> Tensor {
    guard let dtype = DType(stored.elementType) else {
      throw FileError(
        .damaged, file: stored.bytes.name, expected: "an element type that networks use",
        found: "\(stored.elementType)")
    }
    return stored.contiguousBytes().withUnsafeBytes {
      Tensor(copying: $0, shape: stored.shape, dtype: dtype)
    }
  }
}

extension StoredParameter {
  /// A file's tensor, read when the network is known to fit.
  ///
  /// - Parameter stored: The tensor in the file.
  /// - Throws: `FileError` if the engine has no such type.
  public init(_ stored: StoredTensor) throws(FileError) {
    guard let dtype = DType(stored.elementType) else {
      throw FileError(
        .damaged, file: stored.bytes.name, expected: "an element type that networks use",
        found: "\(stored.elementType)")
    }
    self.init(shape: stored.shape, dtype: dtype) { try Tensor.reading(stored) }
  }
}

extension Safetensors.Entry {
  /// A parameter to be written in the type that it has.
  package init(name: String, _ parameter: StoredParameter) {
    self.init(name: name, TensorToWrite(parameter, name: name))
  }
}

extension TensorToWrite {
  /// A parameter to be written in the type that it has.
  convenience init(_ parameter: StoredParameter, name: String) {
    self.init(elementType: parameter.dtype.elementType, shape: parameter.shape) {
      try parameter.read().region(name: name)
    }
  }
}

extension Tensor {
  /// A copy of the elements in row-major order.
  func region(name: String) -> ByteRegion {
    let size = count * dtype.byteCount
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = size
    }
    return ByteRegion(bytes, name: name)
  }
}

extension OrderedDictionary<String, StoredTensor> {
  /// The tensors as parameters of a network.
  func storedParameters() throws(FileError) -> StoredParameters {
    var parameters: StoredParameters = [:]
    for (name, tensor) in self { parameters[name] = try StoredParameter(tensor) }
    return parameters
  }
}

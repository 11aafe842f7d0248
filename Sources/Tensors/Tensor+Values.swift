// Tensors from Swift numbers and raw bytes, and back.

import CTorch

extension Tensor {
  /// A CPU tensor with the given numbers in row-major order.
  ///
  /// - Parameters:
  ///   - values: As many numbers as the shape needs.
  ///   - shape: The length of each axis; left out, one axis as long as the list.
  public convenience init<Element: TensorElement>(_ values: [Element], shape: [Int]? = nil) {
    let shape = shape ?? [values.count]
    self.init(
      owning: values.withUnsafeBytes { Self.copying($0, shape: shape, dtype: Element.dtype) })
  }

  /// A CPU tensor with a copy of raw bytes: row-major elements in the machine's byte order.
  ///
  /// - Parameters:
  ///   - bytes: Exactly as many bytes as shape and type need.
  ///   - shape: The length of each axis.
  ///   - dtype: The type of the elements.
  public convenience init(copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) {
    self.init(owning: Self.copying(bytes, shape: shape, dtype: dtype))
  }

  private static func copying(_ bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType)
    -> CTorchTensorRef?
  {
    var error = CTorchError()
    let handle = ctorch_from_bytes(
      bytes.baseAddress, Int64(bytes.count), shape.map(Int64.init), Int64(shape.count),
      Int32(dtype.scalarType.rawValue), &error)
    if handle == nil { TorchError(error).endProgram() }
    return handle
  }

  /// The elements in row-major order, converted to a Swift number type.
  ///
  /// - Parameter type: The number type wanted.
  /// - Returns: As many numbers as the tensor has elements.
  public func values<Element: TensorElement>(as type: Element.Type = Float.self) -> [Element] {
    let converted = dtype == Element.dtype ? self : cast(to: Element.dtype)
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      converted.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// Copies the elements in row-major order into memory that is exactly as large as they are.
  ///
  /// - Parameter memory: `count * dtype.byteCount` bytes.
  public func copyBytes(to memory: UnsafeMutableRawBufferPointer) {
    let size = count * dtype.byteCount
    precondition(memory.count >= size, "room for \(memory.count) bytes, the tensor has \(size)")
    var error = CTorchError()
    if !ctorch_copy_bytes(handle, memory.baseAddress, Int64(size), &error) {
      TorchError(error).endProgram()
    }
  }

  /// The number in a tensor of one element.
  ///
  /// - Returns: The element as a `Double`.
  public func item() -> Double {
    precondition(count == 1, "item() of a tensor with shape \(shape)")
    return values(as: Double.self)[0]
  }
}

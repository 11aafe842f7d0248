// The tensor: a handle to an array that libtorch owns.

import CTorch

/// A multidimensional array of numbers of one type, living on one device.
///
/// A tensor is a handle: assigning it to another name shares the same memory, and in-place methods
/// (their names end in `InPlace`, or say `assign`) are seen through every handle. Tensors are not
/// `Sendable`: a network and its tensors live in one actor.
public final class Tensor {
  let handle: CTorchTensorRef

  /// Takes over the reference that `handle` owns.
  init(owning handle: CTorchTensorRef?) {
    guard let handle else { preconditionFailure("libtorch returned a tensor that is not defined") }
    self.handle = handle
  }

  deinit { ctorch_release(handle) }

  // MARK: What it is

  /// The length of each axis.
  public var shape: [Int] { (0..<rank).map { Int(ctorch_size(handle, Int64($0))) } }
  /// The number of axes.
  public var rank: Int { Int(ctorch_rank(handle)) }
  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// The distance between neighbours along each axis, in elements.
  public var strides: [Int] { (0..<rank).map { Int(ctorch_stride(handle, Int64($0))) } }
  /// The type of the elements.
  public var dtype: DType { DType(scalarType: ctorch_scalar_type(handle)) }
  /// True if the elements lie in row-major order without gaps.
  public var isContiguous: Bool { ctorch_is_contiguous(handle) }

  /// The place where the tensor lives.
  public var device: Device {
    let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      ctorch_device(handle, text.baseAddress, 32)
      return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    guard let device = Device(name) else {
      preconditionFailure("the device \(name) is not one that Stylist uses")
    }
    return device
  }

  /// The length of one axis; negative numbers count from the last.
  ///
  /// - Parameter axis: The axis, from `-rank` to `rank - 1`.
  /// - Returns: Its length.
  public func size(_ axis: Int) -> Int {
    precondition(axis >= -rank && axis < rank, "axis \(axis) of a tensor with \(rank) axes")
    return Int(ctorch_size(handle, Int64(axis < 0 ? axis + rank : axis)))
  }

  /// True if both names stand for one and the same tensor object of libtorch.
  ///
  /// - Parameter other: The other tensor.
  /// - Returns: Whether they are the same object.
  public func isSame(as other: Tensor) -> Bool { ctorch_is_same(handle, other.handle) }

  /// True if both tensors' first elements are the same memory.
  ///
  /// - Parameter other: The other tensor.
  /// - Returns: Whether they start at one address.
  public func sharesMemory(with other: Tensor) -> Bool {
    ctorch_data_address(handle) == ctorch_data_address(other.handle)
  }
}

extension Tensor: CustomStringConvertible {
  /// The element type, shape and device, such as `float32[1, 3, 64, 64] on cpu`.
  public var description: String { "\(dtype)\(shape) on \(device)" }
}

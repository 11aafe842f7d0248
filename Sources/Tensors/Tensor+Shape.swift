// Other views of the same elements, and tensors put together.

extension Tensor {
  /// The same elements in row-major order with another shape; one length may be -1.
  public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

  /// The same elements in row-major order with another shape; one length may be -1.
  public func reshaped(_ shape: [Int]) -> Tensor { call("aten::reshape", self, shape) }

  /// All axes from `start` on made one.
  public func flattened(from start: Int = 0) -> Tensor {
    call("aten::flatten.using_ints", self, start)
  }

  /// The axes in another order.
  public func permuted(_ axes: Int...) -> Tensor { permuted(axes) }

  /// The tensor with its axes in another order.
  ///
  /// - Parameter axes: For each new axis, which old axis it is.
  /// - Returns: A view of the same elements.
  public func permuted(_ axes: [Int]) -> Tensor { call("aten::permute", self, axes) }

  /// Two axes exchanged.
  public func transposed(_ a: Int, _ b: Int) -> Tensor { call("aten::transpose.int", self, a, b) }

  /// A new axis of length 1 before `axis`.
  public func unsqueezed(_ axis: Int) -> Tensor { call("aten::unsqueeze", self, axis) }

  /// The tensor without its axis `axis`, which must have length 1.
  public func squeezed(_ axis: Int) -> Tensor { call("aten::squeeze.dim", self, axis) }

  /// Axes of length 1 seen as longer ones; -1 keeps a length.
  public func expanded(_ shape: Int...) -> Tensor { call("aten::expand", self, shape) }

  /// The whole tensor repeated as often as said along each axis.
  public func repeated(_ times: Int...) -> Tensor { call("aten::repeat", self, times) }

  /// A part of one axis.
  public func sliced(_ range: Range<Int>, axis: Int, step: Int = 1) -> Tensor {
    call("aten::slice.Tensor", self, axis, range.lowerBound, range.upperBound, step)
  }

  /// One position of one axis, which goes.
  public func selected(_ index: Int, axis: Int) -> Tensor {
    call("aten::select.int", self, axis, index)
  }

  /// The elements along some axes in reverse order.
  public func flipped(_ axes: Int...) -> Tensor { call("aten::flip", self, axes) }

  /// Elements moved along axes by numbers of places; what leaves at one end enters at the other.
  ///
  /// - Parameters:
  ///   - places: How far along each of `axes`; negative numbers move towards the start.
  ///   - axes: As many axes.
  /// - Returns: A tensor of the same shape.
  public func rolled(_ places: [Int], axes: [Int]) -> Tensor {
    call("aten::roll", self, places, axes)
  }

  /// The elements at some places along an axis, in the order and as often as they are listed.
  ///
  /// - Parameters:
  ///   - places: Int64, one axis.
  ///   - axis: The axis that the places count along.
  /// - Returns: A tensor whose `axis` is as long as the list.
  public func picked(_ places: Tensor, axis: Int) -> Tensor {
    call("aten::index_select", self, axis, places)
  }

  /// The elements at places of their own along an axis, for every place along the others.
  ///
  /// - Parameters:
  ///   - places: Int64, of this tensor's shape but for the length of `axis`.
  ///   - axis: The axis that the places count along.
  /// - Returns: A tensor of the shape of `places`.
  public func gathered(_ places: Tensor, axis: Int) -> Tensor {
    call("aten::gather", self, axis, places)
  }

  /// Zeros added (or, where negative, elements cut off) at both ends of the last axes, from the
  /// last one on.
  ///
  /// - Parameter amounts: Before and after the last axis, before and after the one before it, and
  ///   so on.
  /// - Returns: The padded or cropped tensor.
  public func padded(_ amounts: Int...) -> Tensor {
    call("aten::constant_pad_nd", self, amounts)
  }

  /// The same elements in row-major order without gaps; itself if they already are.
  public func contiguous() -> Tensor { call("aten::contiguous", self) }

  /// The same images [N, C, H, W], the channels of a pixel side by side in memory.
  public func channelsLast() -> Tensor {
    let channelsLast = 2  // libtorch's number for this order
    return call("aten::contiguous", self, channelsLast)
  }

  /// A copy with memory of its own.
  public func cloned() -> Tensor { call("aten::clone", self) }

  /// The same elements in another number format; itself if they already are.
  public func cast(to dtype: DType) -> Tensor { call("aten::to.dtype", self, dtype) }

  /// The same elements on another device; itself if they already are there.
  public func moved(to device: Device) -> Tensor {
    call("aten::to.device", self, device, dtype)
  }

  /// Tensors joined along an existing axis.
  public static func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
    call("aten::cat", tensors, axis)
  }

  /// Tensors of one shape joined along a new axis.
  public static func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    call("aten::stack", tensors, axis)
  }

  /// For each class index a row with a one at that place and zeros elsewhere.
  public static func oneHot(_ classes: [Int], count: Int) -> Tensor {
    call("aten::one_hot", Tensor(classes), count).cast(to: .float32)
  }
}

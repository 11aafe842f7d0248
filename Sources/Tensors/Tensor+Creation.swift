// Tensors made from nothing: constants, ranges, random numbers.

extension Tensor {
  /// A tensor whose elements are not set.
  public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor
  {
    call("aten::empty.memory_format", shape, dtype, SchemaDefault(), device)
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor
  {
    call("aten::zeros", shape, dtype, SchemaDefault(), device)
  }

  /// A tensor of ones.
  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor
  {
    call("aten::ones", shape, dtype, SchemaDefault(), device)
  }

  /// A tensor filled with one number.
  public static func full(
    _ value: Double, _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    call("aten::full", shape, value, dtype, SchemaDefault(), device)
  }

  /// The integers 0 up to but not including `count`, as int64.
  public static func arange(_ count: Int, device: Device = .cpu) -> Tensor {
    call("aten::arange", count, DType.int64, SchemaDefault(), device)
  }

  /// Standard normal numbers drawn from `generator`, on the generator's device.
  public static func randn(_ shape: [Int], generator: TorchGenerator, dtype: DType = .float32)
    -> Tensor
  {
    call(
      "aten::randn.generator", shape, generator, dtype, SchemaDefault(), generator.device)
  }

  /// Uniform numbers in [0, 1) drawn from `generator`, on the generator's device.
  public static func rand(_ shape: [Int], generator: TorchGenerator, dtype: DType = .float32)
    -> Tensor
  {
    call("aten::rand.generator", shape, generator, dtype, SchemaDefault(), generator.device)
  }

  /// Uniform whole numbers from a range, as int64.
  public static func randint(_ range: Range<Int>, _ shape: [Int], generator: TorchGenerator)
    -> Tensor
  {
    call(
      "aten::randint.low_generator", range.lowerBound, range.upperBound, shape, generator,
      DType.int64, SchemaDefault(), generator.device)
  }

  /// A tensor of zeros with this one's shape, type and device.
  public func zerosLike() -> Tensor { call("aten::zeros_like", self) }

  /// A tensor of ones with this one's shape, type and device.
  public func onesLike() -> Tensor { call("aten::ones_like", self) }
}

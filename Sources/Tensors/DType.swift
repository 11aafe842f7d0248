// The element types of tensors.

import CTorch

/// The type of a tensor's elements.
public enum DType: String, CaseIterable, Codable, Sendable {
  case uint8, int8, int16, int32, int64
  case float16, bfloat16, float32, float64
  case bool

  /// True for the four floating-point types.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    case .uint8, .int8, .int16, .int32, .int64, .bool: false
    }
  }

  /// The bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16, .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// The number that libtorch gives the type.
  var scalarType: CTorchScalarType {
    switch self {
    case .uint8: CTorchUInt8
    case .int8: CTorchInt8
    case .int16: CTorchInt16
    case .int32: CTorchInt32
    case .int64: CTorchInt64
    case .float16: CTorchFloat16
    case .bfloat16: CTorchBFloat16
    case .float32: CTorchFloat32
    case .float64: CTorchFloat64
    case .bool: CTorchBool
    }
  }

  init(scalarType: Int32) {
    guard let match = Self.allCases.first(where: { $0.scalarType.rawValue == scalarType }) else {
      preconditionFailure("libtorch's element type \(scalarType) is not one that Stylist uses")
    }
    self = match
  }
}

/// A Swift number that tensors can hold.
public protocol TensorElement: Sendable {
  /// The element type that holds this number.
  static var dtype: DType { get }
}

extension Float: TensorElement {
  /// Held as `float32`.
  public static var dtype: DType { .float32 }
}

extension Double: TensorElement {
  /// Held as `float64`.
  public static var dtype: DType { .float64 }
}

extension UInt8: TensorElement {
  /// Held as `uint8`.
  public static var dtype: DType { .uint8 }
}

extension Int8: TensorElement {
  /// Held as `int8`.
  public static var dtype: DType { .int8 }
}

extension Int16: TensorElement {
  /// Held as `int16`.
  public static var dtype: DType { .int16 }
}

extension Int32: TensorElement {
  /// Held as `int32`.
  public static var dtype: DType { .int32 }
}

extension Int64: TensorElement {
  /// Held as `int64`.
  public static var dtype: DType { .int64 }
}

extension Int: TensorElement {
  /// Held as `int64`.
  public static var dtype: DType { .int64 }
}

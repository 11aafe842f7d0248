// The number types of stored tensors.

/// The type of a stored tensor's elements; all are little-endian.
public enum ElementType: String, CaseIterable, Sendable {
  /// IEEE 754 binary64.
  case float64
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary16.
  case float16
  /// The upper half of a binary32.
  case bfloat16
  /// Signed 64-bit integer.
  case int64
  /// Signed 32-bit integer.
  case int32
  /// Signed 16-bit integer.
  case int16
  /// Signed 8-bit integer.
  case int8
  /// Unsigned 64-bit integer.
  case uint64
  /// Unsigned 32-bit integer.
  case uint32
  /// Unsigned 16-bit integer.
  case uint16
  /// Unsigned 8-bit integer.
  case uint8
  /// One byte, zero or one.
  case bool

  /// Bytes per element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }
}

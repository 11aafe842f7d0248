// Arithmetic, element by element with broadcasting.

extension Tensor {
  /// The sum of two tensors.
  public static func + (a: Tensor, b: Tensor) -> Tensor { call("aten::add.Tensor", a, b) }
  /// The difference of two tensors.
  public static func - (a: Tensor, b: Tensor) -> Tensor { call("aten::sub.Tensor", a, b) }
  /// The product of two tensors, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor { call("aten::mul.Tensor", a, b) }
  /// The quotient of two tensors, element by element.
  public static func / (a: Tensor, b: Tensor) -> Tensor { call("aten::div.Tensor", a, b) }
  /// The tensor with the opposite sign.
  public static prefix func - (a: Tensor) -> Tensor { call("aten::neg", a) }

  /// The sum of a tensor and a number.
  public static func + (a: Tensor, b: Double) -> Tensor { call("aten::add.Scalar", a, b) }
  /// The difference of a tensor and a number.
  public static func - (a: Tensor, b: Double) -> Tensor { call("aten::sub.Scalar", a, b) }
  /// The product of a tensor and a number.
  public static func * (a: Tensor, b: Double) -> Tensor { call("aten::mul.Scalar", a, b) }
  /// A tensor divided by a number.
  public static func / (a: Tensor, b: Double) -> Tensor { call("aten::div.Scalar", a, b) }
  /// The sum of a number and a tensor.
  public static func + (a: Double, b: Tensor) -> Tensor { b + a }
  /// The difference of a number and a tensor.
  public static func - (a: Double, b: Tensor) -> Tensor { call("aten::rsub.Scalar", b, a) }
  /// The product of a number and a tensor.
  public static func * (a: Double, b: Tensor) -> Tensor { b * a }

  /// The square of each element.
  public func square() -> Tensor { call("aten::square", self) }
  /// The square root of each element.
  public func sqrt() -> Tensor { call("aten::sqrt", self) }
  /// One over the square root of each element.
  public func rsqrt() -> Tensor { call("aten::rsqrt", self) }
  /// The absolute value of each element.
  public func abs() -> Tensor { call("aten::abs", self) }
  /// The exponential of each element.
  public func exp() -> Tensor { call("aten::exp", self) }
  /// The natural logarithm of each element.
  public func log() -> Tensor { call("aten::log", self) }
  /// Each element rounded to the nearest integer, halves to even.
  public func rounded() -> Tensor { call("aten::round", self) }
  /// Each element without its fraction.
  public func truncated() -> Tensor { call("aten::trunc", self) }

  /// Each element held between two bounds, either of which may be missing.
  public func clamped(from low: Double? = nil, to high: Double? = nil) -> Tensor {
    call("aten::clamp", self, low, high)
  }

  /// `self + weight * (end - self)`, exact at both ends.
  public func lerp(to end: Tensor, weight: Double) -> Tensor {
    call("aten::lerp.Scalar", self, end, weight)
  }

  /// `self + a * b` in one pass, broadcast.
  public func addingProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
    call("aten::addcmul", self, a, b)
  }

  /// Sine, element by element.
  public func sin() -> Tensor { call("aten::sin", self) }
  /// Cosine, element by element.
  public func cos() -> Tensor { call("aten::cos", self) }

  /// The matrix product over the last two axes, broadcast over the others.
  public func matmul(_ other: Tensor) -> Tensor { call("aten::matmul", self, other) }

  /// Each element, with finite numbers in the place of NaN, infinity and minus infinity.
  public func replacingNonFinite(nan: Double, infinity: Double) -> Tensor {
    call("aten::nan_to_num", self, nan, infinity, -infinity)
  }

  /// True where the elements are finite, as bool.
  public func isFinite() -> Tensor { call("aten::isfinite", self) }

  // MARK: In place

  /// Copies another tensor's elements over this one's, converting their type.
  public func assign(_ other: Tensor) { _ = call("aten::copy_", self, other) }
  /// Adds another tensor to this one.
  public func addInPlace(_ other: Tensor) { _ = call("aten::add_.Tensor", self, other) }
  /// Moves each element towards another tensor's by a share of the way, exact at both ends.
  public func lerpInPlace(to end: Tensor, weight: Double) {
    _ = call("aten::lerp_.Scalar", self, end, weight)
  }
  /// Multiplies each element by another's, broadcast, and adds a summand of this one's shape or
  /// broadcast to it.
  public func multiplyInPlace(_ factor: Tensor, adding summand: Tensor) {
    _ = call("aten::addcmul.out", summand, self, factor, 1, self)
  }
  /// Multiplies each element by a number.
  public func multiplyInPlace(_ factor: Double) { _ = call("aten::mul_.Scalar", self, factor) }
}

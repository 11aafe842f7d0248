// The one rule by which a computed tensor passes or is off.

import Foundation
package import Tensors

/// In what a computed tensor differs from the expected one.
package enum Difference: Equatable, CustomStringConvertible {
  case missing
  case shape(found: [Int], expected: [Int])
  /// Integers where floating-point numbers are expected, or the other way round.
  case kind(found: DType, expected: DType)
  case integers(off: Int, of: Int, worst: Double)
  case numbers(off: Int, of: Int, worstAbsolute: Double, worstRelative: Double, Tolerance)

  package var description: String {
    switch self {
    case .missing: "not computed"
    case .shape(let found, let expected): "shape \(found), expected \(expected)"
    case .kind(let found, let expected): "\(found), expected \(expected)"
    case .integers(let off, let count, let worst):
      "\(off) of \(count) integers off, worst absolute error \(shown(worst)), tolerance none"
    case .numbers(let off, let count, let absolute, let relative, let tolerance):
      "\(off) of \(count) off, worst absolute error \(shown(absolute)), "
        + "worst relative error \(shown(relative)), tolerance \(tolerance)"
    }
  }

  private func shown(_ error: Double) -> String { String(format: "%.3g", error) }
}

/// Which rows or columns of a matrix are only known up to their sign.
package enum SignFreedom: String, CaseIterable, JSONReadable, Sendable {
  case rows, columns
}

/// Compares a computed tensor with the expected one.
///
/// Floating-point elements pass if `|got - want| <= atol + rtol * |want| + relativeToMax *
/// max|want|` in float64, so that what is not a number never passes. Integers must be equal. One
/// element may stand in a tensor with no axis or with one.
///
/// - Parameters:
///   - got: The computed tensor, or nil if there is none.
///   - want: The expected tensor.
///   - tolerance: The bound of the errors.
///   - signs: The rows or columns of a matrix that may have the opposite sign.
/// - Returns: What is off, or nil if the tensor passes.
package func difference(
  of got: Tensor?, from want: Tensor, tolerance: Tolerance, upToSign signs: SignFreedom? = nil
) -> Difference? {
  guard let got else { return .missing }
  let isOneNumber = got.count == 1 && got.rank < 2 && want.rank < 2
  guard got.shape == want.shape || (isOneNumber && want.count == 1) else {
    return .shape(found: got.shape, expected: want.shape)
  }
  guard got.dtype.isFloatingPoint == want.dtype.isFloatingPoint else {
    return .kind(found: got.dtype, expected: want.dtype)
  }
  guard want.dtype.isFloatingPoint else {
    return integerDifference(got.values(as: Int.self), want.values(as: Int.self))
  }
  let turned = signs.map { withSigns(of: want, got, $0) } ?? got.cast(to: .float64)
  return numberDifference(
    turned.values(as: Double.self), want.values(as: Double.self), tolerance)
}

private func integerDifference(_ got: [Int], _ want: [Int]) -> Difference? {
  let errors = zip(got, want).filter { $0 != $1 }.map { abs(Double($0) - Double($1)) }
  guard let worst = errors.max() else { return nil }
  return .integers(off: errors.count, of: want.count, worst: worst)
}

private func numberDifference(_ got: [Double], _ want: [Double], _ tolerance: Tolerance)
  -> Difference?
{
  let largest = want.reduce(0) { max($0, abs($1)) }
  let fixed = tolerance.atol + tolerance.relativeToMax * largest
  var (off, worstAbsolute, worstRelative) = (0, 0.0, 0.0)
  for (got, want) in zip(got, want) {
    let error = abs(got - want)
    if !(error <= fixed + tolerance.rtol * abs(want)) { off += 1 }
    worstAbsolute = worse(worstAbsolute, error)
    if want != 0 { worstRelative = worse(worstRelative, error / abs(want)) }
  }
  guard off > 0 else { return nil }
  return .numbers(
    off: off, of: want.count, worstAbsolute: worstAbsolute, worstRelative: worstRelative, tolerance)
}

/// The larger error; what is not a number is the worst.
private func worse(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

/// A matrix whose rows or columns point the same way as those of another.
private func withSigns(of want: Tensor, _ got: Tensor, _ signs: SignFreedom) -> Tensor {
  let got = got.cast(to: .float64)
  let products = (got * want.cast(to: .float64)).sum(over: signs == .rows ? 1 : 0, keepAxes: true)
  let factors = products.values(as: Double.self).map { $0 < 0 ? -1.0 : 1.0 }
  return got * Tensor(factors, shape: products.shape)
}

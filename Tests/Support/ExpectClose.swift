// Comparison of tensors that says where and by how much they differ.

public import Tensors
public import Testing

/// Expects two tensors to have one shape and each element to be within `atol + rtol * |b|`.
///
/// - Parameters:
///   - a: What was computed.
///   - b: What was expected.
///   - atol: The absolute difference allowed.
///   - rtol: The difference allowed for each unit of the expected element.
///   - note: What is compared, where one test compares several.
///   - sourceLocation: Where the issue is reported.
public func expectClose(
  _ a: Tensor, _ b: Tensor, atol: Double, rtol: Double = 0, _ note: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard a.shape == b.shape else {
    Issue.record("shape \(a.shape), expected \(b.shape) \(note())", sourceLocation: sourceLocation)
    return
  }
  guard let worst = worstElement(a, b, atol: atol, rtol: rtol) else { return }
  Issue.record("\(worst) \(note())", sourceLocation: sourceLocation)
}

/// Describes the element that is furthest outside the bound; nil if all are within.
private func worstElement(_ a: Tensor, _ b: Tensor, atol: Double, rtol: Double) -> String? {
  let (found, expected) = (a.values(as: Double.self), b.values(as: Double.self))
  var (worst, excess) = (-1, 0.0)
  var outside = 0
  for i in found.indices where found[i] != expected[i] {
    // A difference that is not a number counts as infinite.
    let difference = abs(found[i] - expected[i])
    let over = difference.isNaN ? .infinity : difference - (atol + rtol * abs(expected[i]))
    guard over > 0, !(found[i].isNaN && expected[i].isNaN) else { continue }
    outside += 1
    if over > excess { (worst, excess) = (i, over) }
  }
  guard worst >= 0 else { return nil }
  return """
    \(outside) of \(found.count) elements differ; worst at \(indices(of: worst, in: a.shape)): \
    \(found[worst]), expected \(expected[worst]) within \(atol) + \(rtol) * |expected|
    """
}

/// The place of a row-major element along each axis.
private func indices(of element: Int, in shape: [Int]) -> [Int] {
  var rest = element
  var result: [Int] = []
  for length in shape.reversed() {
    result.insert(rest % length, at: 0)
    rest /= length
  }
  return result
}

/// The bytes of a tensor's elements in row-major order, to compare tensors bit by bit.
public func bits(_ tensor: Tensor) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: tensor.count * tensor.dtype.byteCount) { buffer, count in
    tensor.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
    count = buffer.count
  }
}

// How much a computation computes: the multiply-adds of its matrix products and convolutions.

import CTorch

/// Counts the multiply-adds of all matrix products and convolutions of a computation.
///
/// It sees the operators that run on this thread, libtorch's and those of ours that have gradients, and
/// asks them for nothing but their sizes: networks on the device `meta` are counted without memory for
/// them. A multiply-add is one multiplication and one addition; element-wise work, normalisation and
/// softmax are not counted.
///
/// What the processor computes in one operator where no gradients are recorded is not seen: count on
/// `meta`, or while gradients are recorded.
///
/// - Parameter body: What is counted.
/// - Returns: The multiply-adds.
public func countingMultiplyAdds(_ body: () -> Void) -> Int { countingWork(body).multiplyAdds }

/// Counts the multiply-adds of a computation, and the operators that run, those that others call
/// among them.
///
/// - Parameter body: What is counted, as in `countingMultiplyAdds(_:)`.
/// - Returns: Both numbers.
package func countingWork(_ body: () -> Void) -> (multiplyAdds: Int, calls: Int) {
  var error = CTorchError()
  let counting = ctorch_start_counting(&error)
  guard counting != 0 else { TorchError(error).endProgram() }
  body()
  var calls: Int64 = 0
  let multiplyAdds = Int(ctorch_stop_counting(counting, &calls))
  return (multiplyAdds, Int(calls))
}

// How much memory a computation holds on to: that of the tensors it made and somebody still needs.

import CTorch

/// Adds up the memory of all tensors that a computation has made and that are still held when it ends:
/// by its result, or by what the result's gradients need.
///
/// It sees the operators that libtorch runs on this thread. On the device `meta` tensors have sizes and
/// no memory, so that what would be held is known before it is taken. Computations are not watched
/// inside of one another.
///
/// - Parameter body: What is watched.
/// - Returns: Bytes.
public func bytesHeld<Result>(by body: () -> Result) -> Int { watched(body).atEnd }

/// Adds up the memory of all tensors that a computation has made and that are held when it ends, as
/// `bytesHeld(by:)` does, or when a checkpointed part of it ends, whose record is let go then.
///
/// - Parameter body: What is watched.
/// - Returns: The most bytes that were held at one of these times.
public func mostBytesHeld<Result>(by body: () -> Result) -> Int { watched(body).most }

private func watched<Result>(_ body: () -> Result) -> (atEnd: Int, most: Int) {
  var error = CTorchError()
  guard ctorch_start_watching(&error) else { TorchError(error).endProgram() }
  let result = body()
  var most: Int64 = 0
  let bytes = ctorch_stop_watching(&most)
  withExtendedLifetime(result) {}
  return (Int(bytes), Int(most))
}

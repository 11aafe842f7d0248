// Gradients by reverse-mode differentiation, to any order, and the scopes that record for them.

import CTorch

extension Tensor {
  /// Whether operations on this tensor are recorded for gradients.
  public var requiresGrad: Bool { ctorch_requires_grad(handle) }

  /// Starts or stops recording operations on this tensor.
  ///
  /// - Parameter value: Whether gradients with respect to this tensor will be asked for.
  /// - Returns: This tensor.
  @discardableResult
  public func requiringGrad(_ value: Bool = true) -> Tensor {
    var error = CTorchError()
    if !ctorch_set_requires_grad(handle, value, &error) { TorchError(error).endProgram() }
    return self
  }

  /// The same elements without the record of how they came about.
  public func detached() -> Tensor { call("aten::detach", self) }
}

/// The gradients of some tensors with respect to others.
///
/// Computes for each input x the sum over outputs y of (d y / d x) times the output's weight.
///
/// - Parameters:
///   - outputs: The tensors to differentiate.
///   - inputs: The tensors to differentiate by; each must require gradients.
///   - weights: For each output a tensor of its shape; left out, ones.
///   - retainGraph: Whether the record is kept, to be differentiated once more.
///   - createGraph: Whether the gradients can themselves be differentiated.
/// - Returns: For each input a tensor of its shape, or nil if no output depends on it.
public func optionalGradients(
  of outputs: [Tensor], withRespectTo inputs: [Tensor], weights: [Tensor]? = nil,
  retainGraph: Bool = false, createGraph: Bool = false
) -> [Tensor?] {
  precondition(
    weights.map { $0.count == outputs.count } ?? true,
    "\(weights?.count ?? 0) weights for \(outputs.count) outputs")
  var error = CTorchError()
  var results = [CTorchTensorRef?](repeating: nil, count: inputs.count)
  let done = ctorch_grad(
    outputs.map { $0.handle }, weights?.map { $0.handle } ?? outputs.map { _ in nil },
    Int64(outputs.count), inputs.map { $0.handle }, Int64(inputs.count),
    retainGraph || createGraph, createGraph, true, &results, &error)
  withExtendedLifetime((outputs, inputs, weights)) {}
  if !done { TorchError(error).endProgram() }
  return results.map { handle in handle.map { Tensor(owning: $0) } }
}

/// The gradients of some tensors with respect to others; zeros where no output depends on an input.
///
/// - Parameters:
///   - outputs: The tensors to differentiate.
///   - inputs: The tensors to differentiate by; each must require gradients.
///   - weights: For each output a tensor of its shape; left out, ones.
///   - retainGraph: Whether the record is kept, to be differentiated once more.
///   - createGraph: Whether the gradients can themselves be differentiated.
/// - Returns: For each input a tensor of its shape.
public func gradients(
  of outputs: [Tensor], withRespectTo inputs: [Tensor], weights: [Tensor]? = nil,
  retainGraph: Bool = false, createGraph: Bool = false
) -> [Tensor] {
  let found = optionalGradients(
    of: outputs, withRespectTo: inputs, weights: weights, retainGraph: retainGraph,
    createGraph: createGraph)
  return zip(found, inputs).map { $0 ?? $1.zerosLike() }
}

/// Whether operations are recorded for gradients on this thread.
public var recordsGradients: Bool { ctorch_grad_enabled() }

/// Runs `body` without recording operations for gradients.
///
/// The mode belongs to the thread, so `body` is synchronous: a task may change threads where it
/// waits.
///
/// - Parameter body: What to run.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws.
public func withoutGradients<Result, Failure>(_ body: () throws(Failure) -> Result)
  throws(Failure) -> Result
{
  try withGradientMode(false, body)
}

/// Runs `body` with operations recorded for gradients, also inside `withoutGradients`.
///
/// - Parameter body: What to run.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws.
public func withGradients<Result, Failure>(_ body: () throws(Failure) -> Result)
  throws(Failure) -> Result
{
  try withGradientMode(true, body)
}

private func withGradientMode<Result, Failure>(
  _ enabled: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ctorch_grad_enabled()
  ctorch_set_grad_enabled(enabled)
  defer { ctorch_set_grad_enabled(before) }
  return try body()
}

// The door: any operator of libtorch called by its name.

import CTorch

/// The most tensors that one operator may return.
private let resultCapacity = 256

/// Calls an operator and returns all of its tensors.
///
/// Arguments at the end that are not given take the defaults of the operator's schema, as does
/// every `SchemaDefault()`.
///
/// - Parameters:
///   - name: The operator and its overload, such as `aten::add.Tensor`; looked up once and kept.
///   - arguments: The arguments in the order of the schema.
/// - Returns: The tensors that the operator returned, lists of tensors laid out one after the
///   other.
/// - Throws: What libtorch said, with the operator's name and the shapes it was given.
public func tryCall(_ name: StaticString, _ arguments: any OperatorArgument...)
  throws(TorchError) -> [Tensor]
{
  try invoke(name, arguments)
}

/// Calls an operator that returns one tensor; a failure is a programmer's error and ends the
/// program.
///
/// - Parameters:
///   - name: The operator and its overload, such as `aten::add.Tensor`.
///   - arguments: The arguments in the order of the schema.
/// - Returns: The tensor that the operator returned.
public func call(_ name: StaticString, _ arguments: any OperatorArgument...) -> Tensor {
  let results = invokeOrEnd(name, arguments)
  precondition(results.count == 1, "\(name) returned \(results.count) tensors, expected 1")
  return results[0]
}

/// Calls an operator that returns several tensors; a failure is a programmer's error and ends the
/// program.
///
/// - Parameters:
///   - name: The operator and its overload, such as `aten::unbind.int`.
///   - arguments: The arguments in the order of the schema.
/// - Returns: The tensors that the operator returned.
public func callMany(_ name: StaticString, _ arguments: any OperatorArgument...) -> [Tensor] {
  invokeOrEnd(name, arguments)
}

private func invokeOrEnd(_ name: StaticString, _ arguments: [any OperatorArgument]) -> [Tensor] {
  do {
    return try invoke(name, arguments)
  } catch {
    error.endProgram()
  }
}

private func invoke(_ name: StaticString, _ arguments: [any OperatorArgument])
  throws(TorchError) -> [Tensor]
{
  let stack = ArgumentStack(arguments)
  let outcome = withUnsafeTemporaryAllocation(of: CTorchError.self, capacity: 1) { error in
    // The error's text is large and only written on failure, so it is not set beforehand.
    withUnsafeTemporaryAllocation(of: CTorchTensorRef?.self, capacity: resultCapacity) { results in
      invoke(name, stack, results, error)
    }
  }
  return try outcome.get()
}

private func invoke(
  _ name: StaticString, _ stack: borrowing ArgumentStack,
  _ results: UnsafeMutableBufferPointer<CTorchTensorRef?>,
  _ error: UnsafeMutableBufferPointer<CTorchError>
) -> Result<[Tensor], TorchError> {
  let count = name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount) {
    ctorch_call(
      $0, stack.values, Int64(stack.values.count), results.baseAddress, Int64(results.count),
      error.baseAddress)
  }
  guard count >= 0 else { return .failure(TorchError(error[0])) }
  return .success(results.prefix(Int(count)).map { Tensor(owning: $0) })
}

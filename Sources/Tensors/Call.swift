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
  var stack = ArgumentStack()
  for argument in arguments { stack.push(argument.operatorValue) }
  var error = CTorchError()
  let values = stack.values
  let tensors: [Tensor]? = withUnsafeTemporaryAllocation(
    of: CTorchTensorRef?.self, capacity: resultCapacity
  ) { results in
    let count = name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount) {
      ctorch_call(
        $0, values, Int64(values.count), results.baseAddress, Int64(resultCapacity), &error)
    }
    guard count >= 0 else { return nil }
    return results.prefix(Int(count)).map { Tensor(owning: $0) }
  }
  // The call borrows what the stack holds, so the stack must live until it has returned.
  withExtendedLifetime(stack) {}
  guard let tensors else { throw TorchError(error) }
  return tensors
}

// Gradient checkpointing: memory for time.

import CTorch

/// Runs a computation and keeps only what it is given for gradients, which run it once more.
///
/// What a computation leaves behind for its gradients is usually much more than its inputs. Here it is
/// let go as soon as the computation is done; when gradients come to it, it is done again from its inputs,
/// recorded, and differentiated. The results and the gradients have the same bits as without, as long
/// as the computation does the same both times: it changes nothing, and its random numbers come from
/// `generators`, which are put back to where they were and then go on from where they had come.
///
/// An input that several computations are given, each of which uses it several times, gets the sum of their
/// sums: then last bits may differ from those without.
///
/// Gradients are with respect to the inputs and to parameters that `body` uses. They cannot be differentiated
/// themselves: `createGraph` ends the program. Where no gradients are recorded `body` simply runs.
///
/// - Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016).
/// - Parameters:
///   - inputs: The tensors that the computation starts from: all that have been recorded.
///   - others: More of them, which may be missing.
///   - generators: Where its random numbers come from.
///   - body: Computes tensors, of which some may be missing, from `inputs` and `others` alone, which it is
///     given as tensors without a past.
/// - Returns: What `body` returns.
public func checkpointed(
  _ inputs: [Tensor], optional others: [Tensor?] = [], replaying generators: [TorchGenerator] = [],
  _ body: @escaping (_ inputs: [Tensor], _ others: [Tensor?]) -> [Tensor?]
) -> [Tensor?] {
  guard recordsGradients else { return body(inputs, others) }
  let computation = RepeatedComputation(inputCount: inputs.count, generators, body)
  let given: [Tensor?] = inputs + others
  var error = CTorchError()
  var made = [CTorchTensorRef?](repeating: nil, count: 64)
  let count = withExtendedLifetime(given) {
    ctorch_checkpointed(
      computation.handedOver, given.map { $0?.handle }, Int64(given.count), &made,
      Int64(made.count), &error)
  }
  guard count >= 0 else { TorchError(error).endProgram() }
  return made.prefix(Int(count)).map { handle in handle.map { Tensor(owning: $0) } }
}

/// Runs a computation of one tensor and keeps only what it is given for gradients, which run it once more.
///
/// - Parameters:
///   - inputs: The tensors that the computation starts from: all that have been recorded.
///   - generators: Where its random numbers come from.
///   - body: Computes a tensor from `inputs` alone.
/// - Returns: What `body` returns.
public func checkpointed(
  _ inputs: [Tensor], replaying generators: [TorchGenerator] = [],
  _ body: @escaping (_ inputs: [Tensor]) -> Tensor
) -> Tensor {
  let made = checkpointed(inputs, optional: [], replaying: generators) { kept, _ in [body(kept)] }
  guard let result = made[0] else { preconditionFailure("a computation of one tensor made none") }
  return result
}

/// A computation and the places in random streams at which it began.
private final class RepeatedComputation {
  private let inputCount: Int
  private let generators: [TorchGenerator]
  private let states: [[UInt8]]
  private let body: ([Tensor], [Tensor?]) -> [Tensor?]
  private var hasRun = false

  init(
    inputCount: Int, _ generators: [TorchGenerator],
    _ body: @escaping ([Tensor], [Tensor?]) -> [Tensor?]
  ) {
    self.inputCount = inputCount
    self.generators = generators
    self.body = body
    states = generators.map(\.state)
  }

  /// The computation as C sees it, which keeps this object until it lets go of it.
  var handedOver: CTorchComputation {
    CTorchComputation(
      context: Unmanaged.passRetained(self).toOpaque(),
      compute: { context, inputs, inputCount, outputs, capacity in
        guard let context, let outputs else { return 0 }
        let own = Unmanaged<RepeatedComputation>.fromOpaque(context).takeUnretainedValue()
        let given = UnsafeBufferPointer(start: inputs, count: Int(inputCount))
          .map { handle in handle.map { Tensor(owning: $0) } }
        let made = own.run(given)
        precondition(
          made.count <= Int(capacity), "a checkpointed computation of \(made.count) tensors")
        for (i, tensor) in made.enumerated() {
          if let tensor { ctorch_retain(tensor.handle) }
          outputs[i] = tensor?.handle
        }
        return Int64(made.count)
      },
      release: { context in
        if let context { Unmanaged<RepeatedComputation>.fromOpaque(context).release() }
      })
  }

  private func run(_ given: [Tensor?]) -> [Tensor?] {
    let inputs = given.prefix(inputCount).compactMap(\.self)
    let others = Array(given.dropFirst(inputCount))
    guard hasRun else {
      hasRun = true
      return body(inputs, others)
    }
    let later = generators.map(\.state)
    Self.set(generators, to: states)
    defer { Self.set(generators, to: later) }
    return body(inputs, others)
  }

  private static func set(_ generators: [TorchGenerator], to states: [[UInt8]]) {
    for (generator, state) in zip(generators, states) {
      do throws(TorchError) {
        try generator.restore(state)
      } catch {
        error.endProgram()
      }
    }
  }
}

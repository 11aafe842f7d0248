// Ctrl-C and termination: the work in progress is cancelled, and the program says that it was
// interrupted.

import UnixSignals

/// A signal that ended a command between two units of its work.
struct Interruption: Error, CustomStringConvertible {
  let exitCode: Int32
  let description = "interrupted; every file written so far is whole"

  init(_ signal: UnixSignal) { exitCode = signal == .sigterm ? 143 : 130 }
}

/// Runs `body` and cancels it on the first interrupt or termination signal.
///
/// - Throws: `Interruption` after a signal, else what `body` throws.
func interruptible<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result)
  async throws -> Result
{
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  return try await withThrowingTaskGroup(of: WorkOutcome<Result>.self) { group in
    group.addTask { .finished(try await body()) }
    group.addTask {
      for await signal in signals { return .signalled(signal) }
      throw CancellationError()
    }
    defer { group.cancelAll() }
    for try await outcome in group {
      switch outcome {
      case .finished(let result): return result
      case .signalled(let signal): throw Interruption(signal)
      }
    }
    throw CancellationError()
  }
}

/// How the work and the wait for a signal end.
private enum WorkOutcome<Result: Sendable>: Sendable {
  case finished(Result)
  case signalled(UnixSignal)
}

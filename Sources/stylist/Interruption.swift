// Ctrl-C, termination and a terminal that is gone: the work in progress is cancelled, and the program says that it was
// interrupted.

import Foundation
import UnixSignals
import Workbench

/// A signal that ended a command between two units of its work.
struct Interruption: Error, CustomStringConvertible {
  let exitCode: Int32
  let description: String

  init(_ signal: UnixSignal, leaving files: String?) {
    exitCode = 128 + signal.rawValue
    description = "interrupted" + (files.map { "; \($0)" } ?? "")
  }
}

/// Runs `body` and cancels it on the first interrupt, termination or hang-up signal; a second one
/// ends the program at once.
///
/// Work can only stop between two of its units, and one large picture may take minutes: if it has
/// not stopped after a second, whoever sits at the terminal is told how it can be ended.
///
/// A hang-up that whoever started the program wants ignored, as `nohup` does, stays ignored.
///
/// Work that finishes all the same has finished: its result counts, not the signal.
///
/// - Parameters:
///   - files: What an interruption says about the files that `body` writes, if it writes any, unless
///     what `body` throws says what it has written.
///   - body: The work.
/// - Returns: What `body` returns.
/// - Throws: `Interruption` if `body` throws after a signal, else what `body` throws.
func interruptible<Result: Sendable>(
  leaving files: String? = nil, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let trapped: [UnixSignal] = [.sigint, .sigterm] + (ignoresHangUp ? [] : [.sighup])
  let signals = await UnixSignalsSequence(trapping: trapped)
  let work = Task { try await body() }
  let waiting = Task(executorPreference: SignalExecutor()) { () -> UnixSignal? in
    var first: UnixSignal?
    for await signal in signals {
      if let first { end(by: first, writesFiles: files != nil) }
      first = signal
      work.cancel()
      remind()
    }
    return first
  }
  let result = await work.result
  waiting.cancel()
  let signal = await waiting.value
  if let signal, case .failure(let error) = result {
    throw Interruption(signal, leaving: (error as? InterruptedWork)?.description ?? files)
  }
  return try result.get()
}

/// Ends the program without waiting for the work: files appear under their names only when they are
/// whole.
private func end(by signal: UnixSignal, writesFiles: Bool) -> Never {
  let left = "what was going on is left out, and every file written so far is whole"
  let interruption = Interruption(signal, leaving: writesFiles ? left : nil)
  say("\(interruption)")
  fflush(nil)
  // `exit` would take libtorch away from threads that are computing with it.
  _exit(interruption.exitCode)
}

/// Says how to end the program, if it has not ended in a second.
private func remind() {
  guard isatty(FileHandle.standardError.fileDescriptor) == 1 else { return }
  DispatchQueue.global().asyncAfter(deadline: .now() + 1) {
    say("stopping when this step is done; interrupt again to end at once")
  }
}

/// Whether the program was started to go on when its terminal is gone.
private var ignoresHangUp: Bool {
  var action = sigaction()
  sigaction(SIGHUP, nil, &action)
  #if canImport(Darwin)
    let handler = action.__sigaction_u.__sa_handler
  #else
    let handler = action.__sigaction_handler.sa_handler
  #endif
  return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}

/// Runs what waits for a signal on a thread of its own: work that does not pause may keep all
/// threads of the pool busy.
private final class SignalExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "signals")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}

// What libtorch said when a call failed, and how the program ends on it.

import CTorch
import Foundation

/// A call into libtorch that failed: one line with the reason, the operator and the shapes it was
/// given.
public struct TorchError: Error, CustomStringConvertible, Sendable {
  /// The reason, the operator and its arguments, on one line.
  public let description: String
  /// True if memory ran out, on the processor or an accelerator.
  public let isOutOfMemory: Bool
}

extension TorchError {
  init(_ error: CTorchError) {
    var text = error.text
    description = withUnsafeBytes(of: &text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    isOutOfMemory = error.outOfMemory
  }

  /// Ends the program: with one line, after the program's name, and exit code 1 if memory ran out,
  /// else as a programmer's error.
  ///
  /// Unlike `preconditionFailure`, `fatalError` says its message in release builds too.
  func endProgram() -> Never {
    guard isOutOfMemory else { fatalError(description) }
    let advice = "use fewer pictures at a time, a lower resolution or a narrower number format"
    let clearing = isatty(FileHandle.standardError.fileDescriptor) == 1 ? "\r\u{1B}[K" : ""
    let program = ProcessInfo.processInfo.processName
    let line = "\(clearing)\(program): out of memory: \(description); \(advice)\n"
    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    // Threads may still be at work with what `exit` would take away from them.
    _exit(1)
  }
}

// What a training says on stderr: its log, its files, and how far it has come.

import Foundation
import Workbench

/// Shows the events of a training.
final class TrainingReporter: Sendable {
  private let progress = ProgressReporter()
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1

  /// Shows one event.
  func show(_ event: TrainingEvent) {
    switch event {
    case .progress(let done): progress.show(done)
    case .line(let line): if isTerminal { writeToStandardError("\r\u{1B}[K\(line)\n") }
    case .saved(let path): if isTerminal { writeToStandardError("\r\u{1B}[Ksaved \(path)\n") }
    case .remark(let remark): say(remark)
    }
  }
}

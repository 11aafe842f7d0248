// What a training says on stderr: its log, its files, and how far it has come.

import Foundation
import Synchronization
import Workbench

/// Shows the events of a training.
final class TrainingReporter: Sendable {
  private let progress = ProgressReporter()
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  private let table = Mutex(LogTable())

  /// Shows one event.
  func show(_ event: TrainingEvent) {
    switch event {
    case .progress(let done): progress.show(done)
    case .line(let line, let cells):
      guard isTerminal, !cells.isEmpty else { return write(line, as: "line") }
      let columns = Terminal.columns(of: STDERR_FILENO)
      table.withLock { $0.lines(cells, columns: columns) }.forEach { write($0, as: "line") }
    case .saved(let path): write(isTerminal ? "saved \(path)" : path, as: "saved")
    case .remark(let remark): say(remark)
    }
  }

  /// Writes a line above the bar, or elsewhere as a line of JSON, as progress is.
  private func write(_ text: String, as name: String) {
    guard !isTerminal else { return writeToStandardError("\r\u{1B}[K\(lineForPeople(text))\n") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let json = try? encoder.encode([name: text]) else { return }
    writeToStandardError(String(decoding: json, as: UTF8.self) + "\n")
  }
}

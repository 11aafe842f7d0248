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
    case .line(let line): write(line, as: "line")
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

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
      table.withLock { $0.lines(cells) }.forEach { write($0, as: "line") }
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

/// The log of a training as a table that grows, above the bar.
private struct LogTable {
  private var names: [String] = []
  private var widths: [Int] = []
  private var rows = 0

  /// Rows from one heading to the next, so that a screen always shows one.
  private static let rowsBelowHeading = 20

  /// What a row adds to the table: the heading, too, where it is due.
  mutating func lines(_ cells: [(name: String, text: String)]) -> [String] {
    let names = cells.map { $0.name }
    if self.names != names {
      self.names = names
      widths = names.map { max($0.count, 6) }
      rows = 0
    }
    widths = zip(widths, cells).map { max($0, $1.text.count) }
    defer { rows += 1 }
    let row = line(cells.map { $0.text })
    return rows % Self.rowsBelowHeading == 0 ? [line(names), row] : [row]
  }

  private func line(_ texts: [String]) -> String {
    zip(texts, widths).map { text, width in
      String(repeating: " ", count: width - text.count) + text
    }.joined(separator: " ")
  }
}

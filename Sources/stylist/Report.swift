// How commands report: results on stdout, everything else on stderr.

import ArgumentParser
import Foundation
import Workbench

/// How a command reports.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print the result as one line of JSON.")
  var json = false

  @Flag(
    name: [.customShort("n"), .customLong("dry-run")],
    help: "Check everything, say what would be done, and write nothing.")
  var isDryRun = false

  /// Prints a result: as JSON, or each of its lines.
  func print(_ result: some Encodable, lines: [String]) throws {
    guard json else { return try printOut(lines) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try printOut([String(decoding: try encoder.encode(result), as: UTF8.self)])
  }

  /// Writes lines to stdout, which may be a full disk or a closed pipe.
  private func printOut(_ lines: [String]) throws {
    do {
      let text = lines.map { $0 + "\n" }.joined()
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw OutputError()
    }
  }
}

/// What a command would do, or has done.
struct Outcome: Encodable {
  var network: NetworkSummary
  /// Pictures or frames.
  var count: Int
  /// The files written; nil in a dry run.
  var files: [WrittenPicture]?
}

/// The result could not be written to stdout.
struct OutputError: Error, CustomStringConvertible {
  let description = "the result could not be written to the standard output"
}

/// Says something on stderr, on one line of its own even where a progress bar stands.
func say(_ message: String) {
  let clearing = isatty(FileHandle.standardError.fileDescriptor) == 1 ? "\r\u{1B}[K" : ""
  let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  writeToStandardError("\(clearing)stylist: \(line)\n")
}

/// Writes to stderr if anybody reads it: words beside the work must not end the work.
func writeToStandardError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

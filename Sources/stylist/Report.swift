// How commands report: results on stdout, everything else on stderr.

import ArgumentParser
import Foundation
import Workbench

/// How a command prints its result.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as one line of JSON.")
  var json = false

  /// Prints a result: as JSON, which escapes what must be, or each of its lines.
  func print(_ result: some Encodable, lines: [String]) throws {
    guard json else { return try printOut(lines.map(lineForPeople)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // A difference between numbers that are none is infinite, which JSON has no number for.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try printOut([String(decoding: try encoder.encode(result), as: UTF8.self)])
  }

  /// Writes lines to stdout, which may be a full disk or a closed pipe.
  func printOut(_ lines: [String]) throws {
    do {
      let text = lines.map { $0 + "\n" }.joined()
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw OutputError()
    }
  }
}

/// How a command that writes files reports.
struct ReportOptions: ParsableArguments {
  @OptionGroup var output: OutputOptions

  @Flag(
    name: [.customShort("n"), .customLong("dry-run")],
    help: "Check everything, say what would be done, and write nothing.")
  var isDryRun = false

  /// Prints a result: as JSON, or each of its lines.
  func print(_ result: some Encodable, lines: [String]) throws {
    try output.print(result, lines: lines)
  }
}

/// What a command would do, or has done.
struct Outcome: Encodable {
  var network: NetworkSummary
  /// Pictures or frames.
  var count: Int
  /// The files written; nil in a dry run.
  var files: [WrittenPicture]?

  private enum CodingKeys: String, CodingKey {
    case network, count, files
    case isDryRun = "dry_run"
  }

  /// Writes all values, and a mark if nothing was done.
  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(network, forKey: .network)
    try object.encode(count, forKey: .count)
    try object.encodeIfPresent(files, forKey: .files)
    if files == nil { try object.encode(true, forKey: .isDryRun) }
  }
}

/// A check that a command was asked for does not hold, or could not be made.
struct CheckFailure: Error, CustomStringConvertible {
  /// Which check, on one line.
  let description: String

  init(_ description: String) { self.description = description }
}

/// The result could not be written to stdout.
struct OutputError: Error, CustomStringConvertible {
  let description = "the result could not be written to the standard output"
}

/// Says something on stderr, on one line of its own even where a progress bar stands.
func say(_ message: String) {
  let clearing = isatty(FileHandle.standardError.fileDescriptor) == 1 ? "\r\u{1B}[K" : ""
  let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  writeToStandardError("\(clearing)stylist: \(lineForPeople(line))\n")
}

/// Writes to stderr if anybody reads it: words beside the work must not end the work.
func writeToStandardError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

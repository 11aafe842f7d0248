// Lines of a name and options, of which files say what is to be compared.

import ArgumentParser
import Foundation

/// What a line such as `narrow: --cfg=auto --cbase=8192` says.
struct NamedOptions {
  /// Letters, digits and hyphens.
  let name: String
  /// The options, as they are typed.
  let options: [String]

  /// The most bytes and lines of a file.
  private static let (mostBytes, mostLines) = (65_536, 64)

  /// The lines of a file.
  ///
  /// - Parameters:
  ///   - file: The path.
  ///   - expected: What to say where there is no such file.
  ///   - example: A line as it should be.
  /// - Returns: The lines, without comments and empty ones.
  /// - Throws: `UsageError` if there is no such file, or a line says something else.
  static func all(
    inFile file: String, _ expected: String, example: String
  ) throws -> [NamedOptions] {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw UsageError("\(expected), found \(file)")
    }
    defer { try? handle.close() }
    guard let bytes = try? handle.read(upToCount: mostBytes + 1), bytes.count <= mostBytes,
      let text = String(data: bytes, encoding: .utf8)
    else {
      throw UsageError("\(file): expected at most \(mostBytes) bytes of text, found something else")
    }
    return try all(in: text, file, example: example)
  }

  /// The lines of a text.
  ///
  /// - Parameters:
  ///   - text: The text; what follows a `#` is a comment.
  ///   - file: What errors call it.
  ///   - example: A line as it should be.
  /// - Returns: The lines, without comments and empty ones.
  /// - Throws: `UsageError` about the first line that says something else.
  static func all(in text: String, _ file: String, example: String) throws -> [NamedOptions] {
    var all: [NamedOptions] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.prefix { $0 != "#" }
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      guard let match = line.wholeMatch(of: /\s*([A-Za-z0-9][A-Za-z0-9-]{0,39}):\s(.*)/) else {
        throw UsageError(
          "\(file), line \(index + 1): expected a name, a colon and options such as `\(example)`, "
            + "found \(line.prefix(60))")
      }
      let name = String(match.1)
      guard !all.contains(where: { $0.name == name }) else {
        throw UsageError(
          "\(file), line \(index + 1): expected each name once, found \(name) again")
      }
      all.append(
        NamedOptions(name: name, options: match.2.split(separator: " ").map(String.init)))
    }
    guard (1...mostLines).contains(all.count) else {
      throw UsageError("\(file): expected 1 to \(mostLines) lines with a name, found \(all.count)")
    }
    return all
  }

  /// The methods that a command compares, those of its file first.
  ///
  /// - Parameters:
  ///   - lines: What was typed.
  ///   - file: A file with a method in each line; nil for none.
  ///   - example: A line as it should be.
  /// - Returns: The methods, at least one.
  /// - Throws: `UsageError` if there is none, no such file, or a line says something else.
  static func methods(
    _ lines: [String], file: String?, example: String
  ) throws -> [NamedOptions] {
    let stored = try file.map {
      try NamedOptions.all(inFile: $0, "--methods: expected a file", example: example)
    }
    let typed =
      lines.isEmpty
      ? [] : try NamedOptions.all(in: lines.joined(separator: "\n"), "--method", example: example)
    let all = (stored ?? []) + typed
    guard !all.isEmpty else {
      throw UsageError("give --method='NAME: OPTIONS', or --methods=FILE")
    }
    return all
  }
}

extension ParsableArguments {
  /// The options of a method that is compared.
  ///
  /// - Parameter line: The method.
  /// - Returns: What its words mean.
  /// - Throws: `UsageError` about the first word that cannot be.
  static func parsed(_ line: NamedOptions) throws -> Self {
    do {
      return try parse(line.options)
    } catch {
      throw UsageError("method \(line.name): \(message(for: error))")
    }
  }
}

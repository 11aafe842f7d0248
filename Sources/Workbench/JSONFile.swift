// Results as JSON in files, for people and their programs.

import Formats
import Foundation

/// Writes a value as JSON, with names in snake case, a line for each number.
///
/// - Parameters:
///   - value: The value; numbers that JSON has none for become the texts inf, -inf and nan.
///   - file: The file, which appears when it is whole.
/// - Throws: `FileError` if it cannot be written.
func writeJSON(_ value: some Encodable, to file: String) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  let bytes = Array(try encoder.encode(value)) + Array("\n".utf8)
  try writeAtomically(to: file) { try $0.write(bytes) }
}

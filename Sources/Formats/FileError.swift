// What went wrong with a file: one error type for the whole target, printed as one line.

/// A file that could not be read or written, with the place and what was expected there.
public struct FileError: Error, Hashable, Sendable {
  /// What sort of failure this is; it decides the exit code of a command.
  public enum Kind: String, CaseIterable, Sendable {
    /// The content contradicts its format, or uses a part of it that is not supported.
    case damaged
    /// The content is whole, and does not go with what it is to be used for or beside.
    case doesNotFit
    /// The content is of no form that was asked for, or of none that is known.
    case notRecognised
    /// The content is whole, and is something that this program cannot use, or not yet.
    case unsupported
    /// The content asks for something that is never done, such as running code.
    case refusedAsUnsafe
    /// There is no such file.
    case missing
    /// The file exists and cannot be read: no permission, or not a regular file.
    case unreadable
    /// The file to be written cannot be created.
    case cannotCreate
    /// The operating system failed while reading or writing.
    case ioFailed
  }

  /// What sort of failure this is.
  public let kind: Kind
  /// The file, as the caller named it.
  public let file: String
  /// The byte at which the reader stopped, where there is one.
  public let offset: Int?
  /// What should have been there.
  public let expected: String
  /// What was there.
  public let found: String

  /// An error about `file`; all texts may hold whatever a hostile file holds.
  public init(_ kind: Kind, file: String, offset: Int? = nil, expected: String, found: String) {
    self.kind = kind
    self.file = file
    self.offset = offset
    self.expected = expected
    self.found = found
  }
}

extension FileError.Kind {
  /// The exit code of a command that ends with this failure.
  public var exitCode: Int32 {
    switch self {
    case .damaged, .doesNotFit, .notRecognised: 65
    case .missing: 66
    case .unsupported: 69
    case .cannotCreate: 73
    case .unreadable, .ioFailed: 74
    case .refusedAsUnsafe: 77
    }
  }

  private var phrase: String {
    switch self {
    case .damaged: "damaged"
    case .doesNotFit: "does not fit"
    case .notRecognised: "not recognised"
    case .unsupported: "cannot be used"
    case .refusedAsUnsafe: "refused as unsafe"
    case .missing: "missing"
    case .unreadable: "unreadable"
    case .cannotCreate: "cannot be created"
    case .ioFailed: "input or output failed"
    }
  }

  fileprivate func phrase(at offset: Int?) -> String {
    guard let offset else { return phrase }
    return "\(phrase) at byte \(offset)"
  }
}

extension FileError: CustomStringConvertible {
  /// The error as one line, without control characters.
  public var description: String {
    let name = file.isEmpty ? "a file without a name" : oneLine(file, limit: 400)
    return "\(name): \(explanation)"
  }

  /// The same without the file.
  package var explanation: String {
    "\(kind.phrase(at: offset)): expected \(phrase(expected)), found \(phrase(found))"
  }
}

/// The text as one line that says something even if there is no text.
private func phrase(_ text: String) -> String {
  text.isEmpty ? "nothing" : oneLine(text)
}

/// The text with control and direction characters written as escapes, cut at `limit` characters.
package func oneLine(_ text: String, limit: Int = 200) -> String {
  var line = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return line + "…" }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
      .privateUse:
      line += "\\u{\(String(scalar.value, radix: 16))}"
    default: line.unicodeScalars.append(scalar)
    }
  }
  return line
}

/// The first few names, each on one line and cut, and how many more there are.
package func shortened(_ names: [String]) -> String {
  names.prefix(4).map { oneLine($0) }.joined(separator: ", ")
    + (names.count > 4 ? " and \(names.count - 4) more" : "")
}

// What went wrong with a data set, printed as one line.

public import Formats

/// A data set, or a picture in it, that cannot be used.
public struct DatasetError: Error, Hashable, Sendable {
  /// The file, the place in it, what was expected there and what was found.
  public let error: FileError
  /// The number of the picture, if it is about one.
  public let index: Int?
  /// How many more pictures have trouble.
  public let others: Int

  /// What would help; nil if nothing is known.
  public let advice: String?

  /// An error about a data set or one of its pictures.
  public init(_ error: FileError, index: Int? = nil, others: Int = 0, advice: String? = nil) {
    (self.error, self.index, self.others, self.advice) = (error, index, others, advice)
  }

  /// The file, as it can be found: a file in an archive is below the archive's name.
  public var file: String { error.file }
  /// What should have been there.
  public var expected: String { error.expected }
  /// What was there.
  public var found: String { error.found }
}

extension DatasetError: CustomStringConvertible {
  /// The error as one line, without control characters.
  public var description: String {
    let number = index.map { " (picture \($0))" } ?? ""
    let more = others == 1 ? "picture has" : "pictures have"
    let rest = others == 0 ? "" : "; \(others) more \(more) trouble"
    return "\(error)\(number)\(rest)" + (advice.map { " (\($0))" } ?? "")
  }
}

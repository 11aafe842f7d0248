// Lists of numbers as the field writes them: `0-35,85`.

import ArgumentParser

/// Seeds as people list them: single ones and ranges, in the order given.
struct SeedList {
  let seeds: [UInt32]
  /// The list as it was typed.
  let text: String

  /// The most seeds of one command; a picture a second would take eleven days.
  private static let limit = 1_000_000

  /// Reads an option such as `0-35,85`.
  static func parse(_ text: String) throws -> SeedList {
    SeedList(seeds: try numbers(text, limit: limit), text: text)
  }
}

/// Rows of W+ as people list them.
struct RowList {
  let rows: Set<Int>
  /// The list as it was typed.
  let text: String

  /// Reads an option such as `0-6`.
  static func parse(_ text: String) throws -> RowList {
    RowList(rows: Set(try numbers(text, limit: 1 << 16).map(Int.init)), text: text)
  }
}

/// The numbers of a list such as `0-35,85`.
///
/// - Throws: `ValidationError` if it is empty or malformed, if a range runs backwards, or if there
///   are more than `limit`.
private func numbers(_ text: String, limit: Int) throws -> [UInt32] {
  var all: [UInt32] = []
  for part in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { end in
      end.allSatisfy(\.isASCIIDigit) ? UInt32(end) : nil
    }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      throw ValidationError(
        "expected numbers from 0 to \(UInt32.max) and ranges, such as 0-35,85; found '\(part)'")
    }
    guard first <= last else {
      throw ValidationError("expected a range that runs upwards, found \(part)")
    }
    guard Int(last - first) < limit - all.count else {
      throw ValidationError("expected at most \(limit) numbers, found more")
    }
    all.append(contentsOf: first...last)
  }
  return all
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isWholeNumber }
}

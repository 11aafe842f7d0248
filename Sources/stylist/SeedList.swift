// Lists of numbers as the field writes them: `0-35,85`.

import ArgumentParser

/// Seeds as people list them: single ones and ranges, in the order given.
struct SeedList: ExpressibleByArgument {
  let seeds: [UInt32]
  /// The list as it was typed.
  let text: String

  /// The most seeds of one command; a picture a second would take eleven days.
  static let limit = 1_000_000

  init?(argument: String) {
    guard let seeds = numbers(argument, limit: Self.limit) else { return nil }
    self.seeds = seeds
    text = argument
  }

  static let example = "0-35,85"
}

/// Rows of W+ as people list them.
struct RowList: ExpressibleByArgument {
  let rows: Set<Int>
  /// The list as it was typed.
  let text: String

  init?(argument: String) {
    guard let rows = numbers(argument, limit: 1 << 16) else { return nil }
    self.rows = Set(rows.map(Int.init))
    text = argument
  }
}

/// The numbers of a list such as `0-35,85`; nil if it is empty, malformed, runs backwards or holds more than `limit`.
private func numbers(_ text: String, limit: Int) -> [UInt32]? {
  var all: [UInt32] = []
  for part in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
      first <= last, Int(last - first) < limit - all.count
    else { return nil }
    all.append(contentsOf: first...last)
  }
  return all
}

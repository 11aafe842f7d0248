// Lists of numbers as the field writes them: `0-35,85`.

import ArgumentParser
import Workbench

/// Seeds as people list them: single ones and ranges, in the order given.
struct SeedList {
  let seeds: [UInt32]
  /// The list as it was typed.
  let text: String

  /// The most seeds of one command; a picture a second would take eleven days.
  private static let limit = 1_000_000

  /// Reads an option such as `0-35,85`.
  static func parse(_ text: String) throws -> SeedList {
    SeedList(seeds: try numbers(text, such: "0-35,85", limit: limit), text: text)
  }

  /// Reads an option whose seeds name files: each once.
  static func parseEachOnce(_ text: String) throws -> SeedList {
    let list = try parse(text)
    var seen = Set<UInt32>()
    if let again = list.seeds.first(where: { !seen.insert($0).inserted }) {
      throw ValidationError("expected each seed once, for they name files; found \(again) again")
    }
    return list
  }
}

/// Rows of W+ as people list them: numbers, or the names of groups.
struct StyleList {
  let groups: [StyleGroup]
  /// The list as it was typed.
  let text: String

  /// Reads an option such as `0-6`, or `coarse,middle,fine`.
  static func parse(_ text: String) throws -> StyleList {
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    let groups = names.compactMap { name in
      [StyleGroup.coarse, .middle, .fine].first { $0.name == name.lowercased() }
    }
    guard groups.isEmpty || (groups.count == names.count && Set(groups).count == names.count) else {
      throw ValidationError(
        "expected rows such as 0-3,6, or some of coarse, middle and fine, each once; "
          + "found '\(text)'")
    }
    guard groups.isEmpty else { return StyleList(groups: groups, text: text.lowercased()) }
    let rows = Set(try numbers(text, such: "0-3,6", limit: 1 << 16).map(Int.init))
    return StyleList(groups: [.rows(rows)], text: text)
  }
}

/// Layers as people list them: single ones and ranges.
struct LayerList {
  /// Each once, in the order given.
  let layers: [Int]
  /// The list as it was typed.
  let text: String

  /// Reads an option such as `4-7,9`.
  static func parse(_ text: String) throws -> LayerList {
    var seen = Set<Int>()
    let layers = try numbers(text, such: "4-7,9", limit: 1 << 16).map(Int.init)
      .filter { seen.insert($0).inserted }
    return LayerList(layers: layers, text: text)
  }

  /// The layers as one range.
  ///
  /// - Parameter option: The option that asks for one.
  /// - Returns: The range.
  /// - Throws: `UsageError` if there are gaps.
  func range(_ option: String) throws(UsageError) -> Range<Int> {
    guard let first = layers.first, layers == Array(first..<first + layers.count) else {
      throw UsageError("\(option): expected one range such as 0-7, found \(text)")
    }
    return first..<first + layers.count
  }
}

/// One ψ, or several to be shown beside one another.
struct PsiList {
  let values: [Double]

  /// The list as it would be typed.
  var text: String { values.map(plain).joined(separator: ",") }

  /// Reads an option such as `0.7`, or `1,0.7,0.5,0,-0.5,-1`.
  static func parse(_ text: String) throws -> PsiList {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { $0.contains("x") ? nil : Double($0) }  // no hexadecimal ones
    guard values.count == parts.count, values.count <= 1000,
      values.allSatisfy({ $0.magnitude <= 1000 })
    else {
      throw ValidationError("expected numbers from -1000 to 1000, such as 0.7; found '\(text)'")
    }
    var seen = Set<Double>()
    if let again = values.first(where: { !seen.insert($0).inserted }) {
      throw ValidationError(
        "expected each number once, for they name files; found \(plain(again)) again")
    }
    return PsiList(values: values)
  }
}

/// The layers that get noise.
struct NoiseLayerRange {
  /// Nil for all.
  let layers: Range<Int>?
  /// The range as it was typed.
  let text: String

  /// Reads an option such as `0-7`, `3`, `all` or `none`.
  static func parse(_ text: String) throws -> NoiseLayerRange {
    switch text.lowercased() {
    case "all": return NoiseLayerRange(layers: nil, text: "all")
    case "none": return NoiseLayerRange(layers: 0..<0, text: "none")
    default:
      let layers = try numbers(text, such: "0-7", limit: 1 << 16).map(Int.init)
      guard layers == Array(layers[0]...layers[0] + layers.count - 1) else {
        throw ValidationError("expected one range such as 0-7, all or none; found '\(text)'")
      }
      return NoiseLayerRange(layers: layers[0]..<layers[0] + layers.count, text: text)
    }
  }
}

/// The numbers of a list such as an example.
///
/// - Throws: `ValidationError` if it is empty or malformed, if a range runs backwards, or if there
///   are more than `limit`.
private func numbers(_ text: String, such example: String, limit: Int) throws -> [UInt32] {
  var all: [UInt32] = []
  for part in text.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { end in
      end.allSatisfy(\.isASCIIDigit) ? UInt32(end) : nil
    }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      throw ValidationError(
        "expected numbers from 0 to \(UInt32.max) and ranges, such as \(example); found '\(part)'")
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

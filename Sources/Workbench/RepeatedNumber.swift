// A number that was measured several times, from different seeds.

import Foundation

/// A number that was measured several times: its values, their mean and their deviation.
public struct RepeatedNumber: Encodable, Hashable, Sendable {
  /// The published name, such as `fid-portraits5k`.
  public let name: String
  /// The value of each repetition; nil where nothing was measured.
  public let values: [Double?]
  /// Their mean; nil if there are none.
  public let mean: Double?
  /// Their standard deviation, divided by one less than their number; nil for fewer than two, and 0
  /// where they differ by rounding alone.
  public let deviation: Double?

  init(_ name: String, _ values: [Double?]) {
    let known = values.compactMap(\.self)
    let mean = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    (self.name, self.values, self.mean) = (name, values, mean)
    deviation = mean.flatMap { mean in
      guard known.count > 1 else { return nil }
      let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / Double(known.count - 1)).squareRoot()
      return deviation < 1e-12 * mean.magnitude ? 0 : deviation
    }
  }

  /// The mean and the deviation, for a table.
  var text: String {
    guard let mean else { return "–" }
    return fewDigits(mean) + (deviation.map { " ± " + String(format: "%.2g", $0) } ?? "")
  }

  /// How much more or less a number is than another, in percent, for a table; empty where that says
  /// nothing.
  static func change(from first: Double?, to number: Double?) -> String {
    guard let first, let number, first > 0, number != first else { return "" }
    return String(format: "%+.1f %%", 100 * (number / first - 1))
  }
}

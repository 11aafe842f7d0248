// The axes of plots: ranges of numbers with round ones to write beside them.

import Foundation

/// A range of numbers with round ones to write beside it.
package struct Axis {
  /// Its ends.
  package let low: Double
  package let high: Double
  /// Round numbers and how they are written.
  package let ticks: [(value: Double, text: String)]
  private let isLogarithmic: Bool

  /// An axis for two numbers and what lies between.
  package init(from low: Double, to high: Double) {
    let span = high > low ? high - low : max(high.magnitude, 1)
    let size = pow(10, (log10(span / 5)).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * size }.first { span / $0 <= 6 } ?? size
    (self.low, self.high) = (low, high > low ? high : low + span)
    isLogarithmic = false
    // Short enough to stand beside the panel.
    let isPlain = step >= 1e-4 && self.high < 1e6
    let digits = max(0, -Int(log10(step).rounded(.down)))
    let format = isPlain ? "%.\(digits)f" : "%.3g"
    let first = (low / step).rounded(.up)
    let end = self.high + 1e-9 * step
    ticks = (0..<12).map { (first + Double($0)) * step }.filter { $0 <= end }.map { value in
      // Not -0.
      (value, String(format: format, value == 0 ? 0 : value))
    }
  }

  /// An axis from 0 on, with room above the largest of some values.
  ///
  /// - Parameter values: Not negative.
  package init(fromZeroTo values: [Double]) {
    self.init(from: 0, to: 1.1 * (values.filter(\.isFinite).max() ?? 1))
  }

  /// An axis for whole numbers, with each written beside it and room at both ends.
  ///
  /// - Parameter numbers: The first and the last.
  package init(counting numbers: ClosedRange<Int>) {
    (low, high) = (Double(numbers.lowerBound) - 0.25, Double(numbers.upperBound) + 0.25)
    isLogarithmic = false
    ticks = numbers.map { (Double($0), String($0)) }
  }

  /// An axis for values; of many, the few that lie far from the others do not count.
  package init(of values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let first = sorted.first, let last = sorted.last else {
      self.init(from: 0, to: 1)
      return
    }
    var (low, high) = (first, last)
    if sorted.count >= 100 {
      let inner = (sorted[sorted.count / 100], sorted[sorted.count * 99 / 100])
      let reach = 0.5 * (inner.1 - inner.0)
      (low, high) = (max(low, inner.0 - reach), min(high, inner.1 + reach))
    }
    let space = high > low ? 0.06 * (high - low) : max(0.5 * high.magnitude, 1e-3)
    // Losses that are never negative stand on a zero.
    self.init(from: first >= 0 && low <= 0.5 * high ? 0 : low - space, to: high + space)
  }

  /// An axis on which equal ways are equal factors, for values of several sizes.
  ///
  /// - Parameters:
  ///   - values: What it is for, greater than 0; there is one at least.
  ///   - marks: What is written beside it; nil for powers of ten, or for some numbers between them.
  package init(logarithmicFor values: [Double], marks: [Double]? = nil) {
    let (least, most) = (values.min() ?? 1, values.max() ?? 1)
    (low, high) = (least / 1.15, most * 1.15)
    isLogarithmic = true
    let powers = stride(from: log10(low).rounded(.down), through: log10(high), by: 1)
    let steps: [Double] =
      high / low > 300 ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8]
    let round = powers.flatMap { power in steps.map { $0 * pow(10, power) } }
    let (low, high) = (low, high)
    ticks = (marks ?? round).filter { low...high ~= $0 }.map {
      ($0, String(format: "%g", $0))
    }
  }

  /// Where a value lies, 0 at the low end and 1 at the high end.
  package func place(of value: Double) -> Double {
    isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }
}

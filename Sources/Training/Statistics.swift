// Counts, means and deviations of the numbers that training reports.

public import OrderedCollections

/// The count, mean and standard deviation of numbers seen one after the other.
public struct RunningStatistic: Codable, Hashable, Sendable {
  /// How many numbers were seen.
  public private(set) var num = 0
  private(set) var sum = 0.0
  private(set) var sumOfSquares = 0.0

  /// A statistic of no numbers.
  public init() {}

  /// A statistic as it was saved.
  init(num: Int, sum: Double, sumOfSquares: Double) {
    (self.num, self.sum, self.sumOfSquares) = (num, sum, sumOfSquares)
  }

  /// Sees what another statistic has seen.
  mutating func add(_ other: RunningStatistic) {
    num += other.num
    sum += other.sum
    sumOfSquares += other.sumOfSquares
  }

  /// Sees more numbers.
  public mutating func add(_ values: [Double]) {
    num += values.count
    sum += values.reduce(0, +)
    sumOfSquares += values.reduce(0) { $0 + $1 * $1 }
  }

  /// The mean of the numbers; NaN if there are none.
  public var mean: Double { sum / Double(num) }

  /// The standard deviation of the numbers around their mean, with divisor `num`; NaN if there are
  /// none.
  public var std: Double {
    guard num > 1 else { return num == 1 ? 0 : .nan }
    return max(sumOfSquares / Double(num) - mean * mean, 0).squareRoot()
  }
}

/// Statistics under their published names, such as `Loss/scores/fake`.
public struct Statistics: Codable, Hashable, Sendable {
  /// A statistic for every name seen, in the order in which names were first seen.
  public internal(set) var byName: OrderedDictionary<String, RunningStatistic> = [:]

  /// No statistics.
  public init() {}

  /// Sees more numbers of one name.
  ///
  /// - Parameters:
  ///   - values: A number for each sample.
  ///   - name: The published name.
  public mutating func add(_ values: [Double], to name: String) {
    byName[name, default: RunningStatistic()].add(values)
  }

  /// Sees what others have seen.
  ///
  /// - Parameter others: Statistics of the same or other names.
  public mutating func add(_ others: Statistics) {
    for (name, statistic) in others.byName {
      byName[name, default: RunningStatistic()].add(statistic)
    }
  }
}

// The strength at which an edit does what is asked: doubled until it does, then nearer and nearer.

import Foundation

/// The strengths that are tried, one after the other.
///
/// From `first` on each is twice the one before, until the share of codes that are edited as asked
/// is large enough; then the way from the last that was too weak, or from none, is halved some times.
package struct StrengthSearch {
  /// The first strength.
  package static let first = 0.25
  /// How many strengths are tried on the way up, at most.
  package static let doublings = 10
  /// How often the way between the last two is halved.
  package static let halvings = 4
  /// How many strengths are tried in all, at most.
  package static let most = doublings + halvings
  /// The largest strength.
  package static let last = first * pow(2, Double(doublings - 1))

  /// The share of codes that shall be edited as asked.
  private let asked: Double
  /// What was tried, in the order of trying.
  package private(set) var points: [EditingComparison.Point] = []
  /// The largest strength that was too weak, 0 for none, and the smallest that was not.
  private var low = 0.0
  private var high: Double?
  private var halved = 0

  /// A search in which nothing was tried yet.
  ///
  /// - Parameter success: The share of codes that shall be edited as asked.
  package init(reaching success: Double) { asked = success }

  /// The strength to try next; nil if no more is to be tried.
  package var next: Double? {
    guard let high else {
      return points.count < Self.doublings ? Self.first * pow(2, Double(points.count)) : nil
    }
    return halved < Self.halvings ? (low + high) / 2 : nil
  }

  /// Adds what came of a strength.
  ///
  /// - Parameter point: What came of `next`.
  package mutating func add(_ point: EditingComparison.Point) {
    if high != nil { halved += 1 }
    points.append(point)
    if point.success >= asked { high = point.strength } else { low = point.strength }
  }

  /// The smallest strength that was enough, or of those that were too weak the one with the highest
  /// success; nil before the first.
  package var matched: (strength: Double, isReached: Bool)? {
    if let high { return (high, true) }
    guard let first = points.first else { return nil }
    let best = points.reduce(first) { $1.success > $0.success ? $1 : $0 }
    return (best.strength, false)
  }
}

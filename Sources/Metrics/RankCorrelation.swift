// Spearman's rank correlation: whether two quantities rise together.

/// Spearman's rank correlation of paired numbers: 1 if one rises whenever the other does, -1 if it
/// falls, about 0 if they have nothing to do with each other.
///
/// Equal numbers share the mean of their ranks.
///
/// - Source: Spearman, "The Proof and Measurement of Association between Two Things" (1904).
/// - Parameters:
///   - first: Numbers.
///   - second: As many others, in the same order.
/// - Returns: From -1 to 1; not a number if all of one are equal.
public func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
  precondition(first.count == second.count, "\(first.count) numbers beside \(second.count)")
  let (a, b) = (ranks(first), ranks(second))
  let mean = Double(first.count - 1) / 2
  func sum(_ x: [Double], _ y: [Double]) -> Double {
    zip(x, y).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
  }
  return sum(a, b) / (sum(a, a) * sum(b, b)).squareRoot()
}

/// The places of numbers in their order, from 0; equal ones share the mean of theirs.
private func ranks(_ numbers: [Double]) -> [Double] {
  let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
  var ranks = [Double](repeating: 0, count: numbers.count)
  var place = 0
  while place < order.count {
    let equal = order[place...].prefix { numbers[$0] == numbers[order[place]] }
    for index in equal { ranks[index] = Double(place) + Double(equal.count - 1) / 2 }
    place += equal.count
  }
  return ranks
}

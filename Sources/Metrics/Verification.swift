// Verification: how well numbers tell pairs of pictures of one person from pairs of two people.

import Tensors

/// How well a similarity tells whether two pictures show one person.
///
/// The pairs come in two halves that have no person in common. A threshold says "the same" of pairs
/// above it; it is chosen where it is most often right in one half, and judged in the other, so that
/// nothing is judged with a threshold that it helped to choose. Both ways are counted. The curve and
/// the rate at few false accepts need no threshold and take all pairs.
///
/// - Source: the protocol is that of Huang et al., "Labeled Faces in the Wild" (2007), with two halves
///   in place of ten parts.
public struct Verification: Sendable {
  /// The similarities of pairs.
  public struct Half: Hashable, Sendable {
    /// Of pictures of one person.
    public var same: [Double]
    /// Of pictures of two people.
    public var different: [Double]

    /// Similarities; some of each kind.
    ///
    /// - Parameters:
    ///   - same: Of pictures of one person.
    ///   - different: Of pictures of two people.
    public init(same: [Double], different: [Double]) {
      precondition(
        !same.isEmpty && !different.isEmpty,
        "\(same.count) pairs of one person, \(different.count) of two")
      (self.same, self.different) = (same, different)
    }

    /// The share of pairs that a threshold tells right; both kinds count the same.
    func accuracy(above threshold: Double) -> Double {
      let accepted = Double(same.count { $0 > threshold }) / Double(same.count)
      let refused = Double(different.count { $0 <= threshold }) / Double(different.count)
      return (accepted + refused) / 2
    }

    /// The threshold that tells most pairs right, in the middle between two similarities.
    var bestThreshold: Double {
      let all =
        (same.map { ($0, 1 / Double(same.count)) }
        + different.map { ($0, -1 / Double(different.count)) }).sorted { $0.0 < $1.0 }
      // Below all similarities everything is accepted; each one passed refuses one pair more.
      var (gain, best) = (0.0, (gain: 0.0, threshold: all[0].0 - 1))
      for (place, pair) in all.enumerated() {
        gain -= pair.1
        let next = place + 1 < all.count ? all[place + 1].0 : pair.0 + 1
        if gain > best.gain, next > pair.0 { best = (gain, (pair.0 + next) / 2) }
      }
      return best.threshold
    }
  }

  /// The halves, which have no person in common.
  public let halves: (Half, Half)

  /// Pairs of two halves.
  ///
  /// - Parameters:
  ///   - first: One half.
  ///   - second: The other, of other people.
  public init(_ first: Half, _ second: Half) { halves = (first, second) }

  /// The share of pairs that are told right with the best threshold of the other half, 0 to 1.
  public var accuracy: Double {
    let (first, second) = halves
    return
      (first.accuracy(above: second.bestThreshold) + second.accuracy(above: first.bestThreshold))
      / 2
  }

  /// The area under the receiver operating characteristic (AUC): how often a pair of one person is
  /// more similar than a pair of two, ½ for guessing.
  public var areaUnderCurve: Double {
    let all =
      (same.map { ($0, true) } + different.map { ($0, false) }).sorted { $0.0 < $1.0 }
    var (won, below, place) = (0.0, 0.0, 0)
    while place < all.count {
      let equal = all[place...].prefix { $0.0 == all[place].0 }
      let losers = Double(equal.count { !$0.1 })
      won += Double(equal.count { $0.1 }) * (below + losers / 2)
      below += losers
      place += equal.count
    }
    return won / Double(same.count) / Double(different.count)
  }

  /// The true accept rate at a false accept rate: the share of pairs of one person that are accepted
  /// where at most so many pairs of two people are.
  ///
  /// - Parameter falseAcceptRate: The share of pairs of two people that may be accepted, below 1.
  /// - Returns: The share, 0 to 1.
  public func trueAcceptRate(atFalseAcceptRate falseAcceptRate: Double) -> Double {
    precondition((0..<1).contains(falseAcceptRate), "a false accept rate of \(falseAcceptRate)")
    let descending = different.sorted(by: >)
    let threshold = descending[Int(falseAcceptRate * Double(descending.count))]
    return Double(same.count { $0 > threshold }) / Double(same.count)
  }

  private var same: [Double] { halves.0.same + halves.1.same }
  private var different: [Double] { halves.0.different + halves.1.different }
}

/// Which pictures of people a verification compares.
///
/// All pairs of pictures of each person, and for each of them a pair of the first picture with one of
/// somebody else of the same half, drawn at random: as many pairs of two people as of one. The first
/// half of the people and the second never meet.
public struct VerificationPairs: Sendable {
  /// Two pictures, by their places among those of all people, one person after the other.
  public typealias Pair = (first: Int, second: Int)

  /// Pairs of one person, and of two, for each half.
  public let halves: [(same: [Pair], different: [Pair])]

  /// The pairs of people.
  ///
  /// - Parameters:
  ///   - counts: How many pictures there are of each person, 1 or more; four people or more.
  ///   - seed: Where the random stream starts.
  public init(counts: [Int], seed: UInt32 = 0) {
    precondition(counts.count >= 4 && counts.allSatisfy { $0 > 0 }, "\(counts) pictures of people")
    var (random, first, ranges) = (RandomState(seed: seed), 0, [Range<Int>]())
    for count in counts {
      ranges.append(first..<first + count)
      first += count
    }
    let middle = counts.count / 2
    halves = [ranges[..<middle], ranges[middle...]].map { people in
      var (same, different): ([Pair], [Pair]) = ([], [])
      for (person, own) in zip(people.indices, people) {
        for (a, b) in own.flatMap({ a in (a + 1..<own.upperBound).map { (a, $0) } }) {
          same.append((a, b))
          // One of the others: the numbers from this person on stand for the next one.
          let drawn = random.randint(people.startIndex..<people.endIndex - 1, 1)[0]
          let other = people[drawn < person ? drawn : drawn + 1]
          different.append((a, random.randint(other, 1)[0]))
        }
      }
      return (same, different)
    }
  }

  /// Compares pictures.
  ///
  /// - Parameter similarity: How alike the pictures of a pair are.
  /// - Returns: The verification; nil if a half has nobody with two pictures.
  public func verification(_ similarity: (Pair) -> Double) -> Verification? {
    guard halves.allSatisfy({ !$0.same.isEmpty }) else { return nil }
    let measured = halves.map { half in
      Verification.Half(
        same: half.same.map(similarity), different: half.different.map(similarity))
    }
    return Verification(measured[0], measured[1])
  }
}

// Verification of pairs, by numbers that can be counted by hand, and which pairs are compared.

import Metrics
import Testing

@Suite("Verification") struct VerificationTests {
  private typealias Half = Verification.Half

  @Test("each half is judged with the threshold of the other")
  func thresholds() {
    // The first half's best threshold lies between 0.5 and 0.6, the second's between 0.1 and 0.2.
    let first = Half(same: [0.6, 0.7, 0.8, 0.9], different: [0.15, 0.3, 0.4, 0.5])
    let second = Half(same: [0.2, 0.58, 0.9, 1], different: [-0.3, -0.2, 0, 0.1])
    // With 0.15 of the second, the first accepts all of one person and three of two people; with
    // 0.55 of the first, the second accepts three of one person and none of two.
    let expected = (5 / 8.0 + 7 / 8.0) / 2
    #expect(Verification(first, second).accuracy == expected)
    #expect(Verification(second, first).accuracy == expected)
  }

  @Test("similarities that are turned around are no better than guessing")
  func turned() {
    let half = Half(same: [0.1, 0.2], different: [0.8, 0.9])
    let found = Verification(half, half)
    // The best threshold then accepts everything, or nothing.
    #expect(found.accuracy == 0.5 && found.areaUnderCurve == 0)
    #expect(found.trueAcceptRate(atFalseAcceptRate: 0.01) == 0)
  }

  @Test("the area is the share of pairs of pairs in the right order, equal ones counted half")
  func area() {
    let half = Half(same: [0.3, 0.5, 0.9], different: [0.1, 0.3, 0.6])
    // 0.3 wins once and is equal once; 0.5 wins twice; 0.9 wins three times.
    #expect(Verification(half, half).areaUnderCurve == 6.5 / 9)
    let equal = Half(same: [1, 1], different: [1, 1, 1])
    #expect(Verification(equal, equal).areaUnderCurve == 0.5)
    #expect(Verification(equal, equal).accuracy == 0.5)
  }

  @Test("the accept rate counts what lies above all but the allowed share of false pairs")
  func rate() {
    let different = (0..<100).map { Double($0) / 100 }  // of both halves: each value twice
    let half = Half(same: [0.5, 0.975, 0.985, 1.2], different: different)
    let found = Verification(half, half)
    // Of 200 false pairs none, two and 20 may be accepted: above 0.99, 0.98 and 0.89.
    #expect(found.trueAcceptRate(atFalseAcceptRate: 0) == 0.25)
    #expect(found.trueAcceptRate(atFalseAcceptRate: 0.01) == 0.5)
    #expect(found.trueAcceptRate(atFalseAcceptRate: 0.1) == 0.75)
  }

  @Test("pairs: all of each person, as many of two people, and no person in both halves")
  func pairs() {
    let counts = [3, 2, 1, 4, 2, 3, 2]
    let owners = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
    let pairs = VerificationPairs(counts: counts, seed: 5)
    #expect(pairs.halves.map(\.same.count) == [3 + 1 + 0, 6 + 1 + 3 + 1])
    for (half, people) in zip(pairs.halves, [0..<3, 3..<7]) {
      #expect(half.different.count == half.same.count)
      #expect(
        half.same.allSatisfy { owners[$0.first] == owners[$0.second] && $0.first < $0.second })
      #expect(half.different.allSatisfy { owners[$0.first] != owners[$0.second] })
      for pair in half.same + half.different {
        #expect(people.contains(owners[pair.first]) && people.contains(owners[pair.second]))
      }
    }
    #expect(Set(pairs.halves[1].different.map { owners[$0.second] }).count >= 3)
    let again = VerificationPairs(counts: counts, seed: 5)
    #expect(again.halves[1].different.map(\.second) == pairs.halves[1].different.map(\.second))
  }

  @Test("similarities of pairs make a verification, unless nobody has two pictures")
  func similarities() throws {
    let owners = [0, 0, 1, 1, 2, 2, 3, 3]
    let found = try #require(
      VerificationPairs(counts: [2, 2, 2, 2]).verification { owners[$0] == owners[$1] ? 0.9 : 0.2 })
    #expect(found.accuracy == 1 && found.areaUnderCurve == 1)
    #expect(found.trueAcceptRate(atFalseAcceptRate: 0.01) == 1)
    #expect(found.halves.0.same == [0.9, 0.9] && found.halves.1.different == [0.2, 0.2])
    #expect(VerificationPairs(counts: [1, 1, 2, 2]).verification { _ in 0 } == nil)
  }
}

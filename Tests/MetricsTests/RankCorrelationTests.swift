// Spearman's rank correlation, by numbers counted by hand.

import Metrics
import Testing

@Suite("Rank correlation") struct RankCorrelationTests {
  @Test("is 1 for whatever rises together, -1 for what falls, however steeply")
  func order() {
    let numbers = [1.0, 2, 3, 10, 11]
    #expect(rankCorrelation(numbers, [0.1, 7, 8, 9, 1000]) == 1)
    #expect(rankCorrelation(numbers, [5, 4, 3, 2, -100]) == -1)
  }

  @Test("is one less six times the squared differences of ranks, where no numbers are equal")
  func formula() {
    // Ranks 0…4 beside 1, 0, 2, 4, 3: squared differences 1, 1, 0, 1, 1.
    let found = rankCorrelation([1, 2, 3, 4, 5], [20, 10, 30, 50, 40])
    #expect(abs(found - (1 - 6 * 4 / (5 * 24.0))) < 1e-12)
  }

  @Test("equal numbers share their ranks; what is all equal has no order")
  func ties() {
    // Ranks 0, 1.5, 1.5, 3 beside 0, 1, 2, 3: 4.5 / sqrt(4.5 · 5).
    let found = rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])
    #expect(abs(found - 4.5 / (4.5 * 5.0).squareRoot()) < 1e-12)
    #expect(rankCorrelation([1, 1, 1], [1, 2, 3]).isNaN)
  }
}

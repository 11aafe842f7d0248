// Rates and times left, of steps at times that the tests choose.

import Testing
import Workbench

@Suite("Pace of progress")
struct ProgressPaceTests {
  private let start = ContinuousClock.now

  private func step(
    _ pace: inout ProgressPace, _ done: Int, of total: Int = 100, _ unit: String = "pictures",
    before: Int = 0, after seconds: Double
  ) -> ProgressPace.Step {
    pace.step(
      JobProgress(done: done, total: total, unit: unit, doneBefore: before),
      at: start + .milliseconds(Int(seconds * 1000)))
  }

  @Test("the rate is that since the beginning, and tells what is left")
  func rates() {
    var pace = ProgressPace(from: start)
    let first = step(&pace, 10, after: 5)
    #expect(first.perSecond == 2 && first.secondsLeft == 45 && first.isFirst)
    let next = step(&pace, 40, after: 10)
    #expect(next.perSecond == 4 && next.secondsLeft == 15 && !next.isFirst)
    #expect(step(&pace, 100, after: 20).secondsLeft == 0)
  }

  @Test("before anything was done there is no rate, and no time left")
  func nothingDone() {
    var pace = ProgressPace(from: start)
    for seconds in [0, 1.0] {
      let none = step(&pace, 0, after: seconds)
      #expect(none.perSecond == nil && none.secondsLeft == nil)
    }
    #expect(step(&pace, 100, after: 2).secondsLeft == 0)
    // Where all was there before, nothing is left.
    var whole = ProgressPace(from: start)
    let all = step(&whole, 100, before: 100, after: 1)
    #expect(all.perSecond == nil && all.secondsLeft == 0)
  }

  @Test("what was done before says nothing of the rate, unless it could not be kept")
  func doneBefore() {
    var pace = ProgressPace(from: start)
    #expect(step(&pace, 50, before: 50, after: 1).perSecond == nil)
    #expect(step(&pace, 60, before: 50, after: 5).perSecond == 2)
    // The server has sent the whole from its start on.
    let again = step(&pace, 20, before: 50, after: 15)
    #expect(again.isFirst && again.perSecond == 2 && again.secondsLeft == 40)
  }

  @Test("what is counted next has a rate of its own, and what is gone on with has its own again")
  func phases() {
    var pace = ProgressPace(from: start)
    _ = step(&pace, 10, after: 10)
    let other = step(&pace, 6, of: 8, "maps", after: 12)
    #expect(other.isFirst && other.perSecond == 3)
    // Ten were done before, and the time for the maps is not theirs.
    let again = step(&pace, 14, after: 14)
    #expect(again.isFirst && again.perSecond == 2 && again.secondsLeft == 43)
  }
}

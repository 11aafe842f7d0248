// How projections change their steps, and which settings are refused.

import Inversion
import Networks
import TestSupport
import Testing

@Suite("Settings of projections") struct ProjectionSettingsTests {
  @Test("the learning rate rises from 0 and falls to 0")
  func ramps() {
    let settings = shortSettings(steps: 100)
    #expect(settings.learningRate(at: 0) == 0)
    #expect(abs(settings.learningRate(at: 2) - 0.04) < 1e-15)
    #expect(settings.learningRate(at: 5) == 0.1)
    #expect(settings.learningRate(at: 75) == 0.1)
    // Half of the last quarter.
    #expect(abs(settings.learningRate(at: 87) - 0.0531) < 1e-4)
    #expect(settings.learningRate(at: 99) < 4.1e-4)
  }

  @Test("without ramps all steps are alike")
  func constant() {
    let settings = ProjectionSettings.inDomain
    #expect((0..<settings.steps).allSatisfy { settings.learningRate(at: $0) == 0.01 })
    #expect((0..<settings.steps).allSatisfy { settings.wNoiseScale(at: $0, deviation: 5) == 0 })
  }

  @Test("the noise on w falls with the square of what is left")
  func noise() {
    let settings = shortSettings(steps: 100)
    #expect(settings.wNoiseScale(at: 0, deviation: 4) == 0.2)
    #expect(abs(settings.wNoiseScale(at: 25, deviation: 4) - 0.2 * 4 / 9) < 1e-15)
    #expect(settings.wNoiseScale(at: 75, deviation: 4) == 0)
    #expect(settings.wNoiseScale(at: 99, deviation: 4) == 0)
  }

  @Test("settings that cannot be run are refused by name")
  func refusals() {
    func refuses(_ words: String, _ change: (inout ProjectionSettings) -> Void) {
      let settings = shortSettings(steps: 10, change)
      let error = #expect(throws: ConfigurationError.self) { try settings.validate() }
      #expect(error?.description == words)
    }
    refuses("steps: expected from 1 to 1000000, found 0") { $0.steps = 0 }
    refuses("learningRate: expected above 0, at most 100, found 0.0") { $0.learningRate = 0 }
    refuses("learningRate: expected above 0, at most 100, found 101.0") { $0.learningRate = 101 }
    refuses("learningRate: expected above 0, at most 100, found nan") { $0.learningRate = .nan }
    refuses("priorWeight: expected from 0 to 1000000000, found 10000000000.0") {
      $0.priorWeight = 1e10
    }
    refuses("rampUp: expected from 0 to 1, found 2.0") { $0.rampUp = 2 }
    refuses("noiseWeight: expected from 0 to 1000000000, found inf") {
      $0.noiseWeight = .infinity
    }
    refuses("stopDistance: expected from 0 to 1000000000, found -1.0") { $0.stopDistance = -1 }
    refuses("distanceWeight and pixelWeight: expected one above 0, found 0.0 and 0.0") {
      $0.distanceWeight = 0
    }
  }
}

// Accuracies of attributes, counted by hand.

import Metrics
import Testing

@Suite("Agreement of attributes") struct AttributeAgreementTests {
  @Test("accuracy and balanced accuracy are shares of what was told right")
  func shares() {
    var agreement = AttributeAgreement(count: 2)
    // Of the first attribute: 1 of 1 with it, 2 of 3 without. Of the second there are none with it.
    agreement.add(logits: [1, -1, -2, -3], labels: [1, 0, 0, 0])
    agreement.add(logits: [0.5, 4, -1, -1], labels: [0, 0, 0, 0])
    let (first, second) = (agreement.attributes[0], agreement.attributes[1])
    #expect((first.positives, first.negatives) == (1, 3))
    #expect((first.truePositives, first.trueNegatives) == (1, 2))
    #expect(first.accuracy == 0.75 && first.balancedAccuracy == (1 + 2 / 3.0) / 2)
    #expect(second.accuracy == 0.75 && second.balancedAccuracy == nil)
    #expect(agreement.accuracy == 0.75 && agreement.balancedAccuracy == first.balancedAccuracy)
  }

  @Test("saying no to everything is accurate where few have it, and balanced at one half")
  func guessing() {
    var agreement = AttributeAgreement(count: 1)
    agreement.add(
      logits: [Float](repeating: -1, count: 10), labels: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(agreement.accuracy == 0.9 && agreement.balancedAccuracy == 0.5)
  }
}

// How well an edit transformer takes attributes over, as the classifier of codes sees it.

import Networks
import OrderedCollections
import Tensors
import Training

/// What became of held-out codes that were edited by others.
enum EditAgreement {
  /// Codes that are looked at together.
  private static let step = 64

  /// Edits the first half of codes by the second, and compares what the classifier says.
  ///
  /// Of pairs that differ in an attribute: the share whose edited code has the reference's
  /// (`changed`), and the share of the other attributes that it has as the source (`kept`).
  ///
  /// - Parameters:
  ///   - editor: The edit transformer.
  ///   - names: Its attributes.
  ///   - places: Their places among those that the classifier tells.
  ///   - classifier: Tells the attributes of codes.
  ///   - count: How many codes there are.
  ///   - codes: Some of them.
  ///   - progress: Is told how many were looked at; may throw to stop.
  /// - Returns: The means over attributes, and the shares of each.
  /// - Throws: What `codes` and `progress` throw.
  static func results(
    of editor: EditTransformer, _ names: [String], at places: [Int],
    judgedBy classifier: LatentClassifier, on count: Int, codes: (Range<Int>) throws -> Tensor,
    progress: (Int) throws -> Void
  ) throws -> [MetricResult] {
    let start = ContinuousClock.now
    let half = count / 2
    let attributes = classifier.configuration.attributeCount
    var tallies = names.map { _ in Tally() }
    for first in stride(from: 0, to: half, by: step) {
      try Task.checkCancellation()
      let range = first..<min(first + step, half)
      let source = try codes(range)
      let reference = try codes(range.lowerBound + half..<range.upperBound + half)
      func told(_ codes: Tensor) -> [Bool] {
        classifier(codes).logits.values(as: Float.self).map { $0 > 0 }
      }
      withoutGradients {
        let (ofSource, ofReference) = (told(source), told(reference))
        for (index, place) in places.enumerated() {
          let edited = told(editor(source, reference: reference, attribute: index))
          for row in 0..<range.count {
            let own = row * attributes..<(row + 1) * attributes
            let asked = own.lowerBound + place
            guard ofSource[asked] != ofReference[asked] else { continue }
            tallies[index].pairs += 1
            tallies[index].changed += edited[asked] == ofReference[asked] ? 1 : 0
            tallies[index].kept += own.count { $0 != asked && edited[$0] == ofSource[$0] }
          }
        }
      }
      try progress(2 * range.upperBound)
    }
    let others = Double(attributes - 1)
    var each: OrderedDictionary<String, Double> = [:]
    for (name, tally) in zip(names, tallies) where tally.pairs > 0 {
      each["changed_\(name)"] = Double(tally.changed) / Double(tally.pairs)
      each["kept_\(name)"] = Double(tally.kept) / Double(tally.pairs) / others
    }
    var means: OrderedDictionary<String, Double> = [:]
    for word in ["changed", "kept"] {
      let values = each.filter { $0.key.hasPrefix("\(word)_") }.values
      if !values.isEmpty { means[word] = values.reduce(0, +) / Double(values.count) }
    }
    let seconds = Double.since(start)
    return [
      MetricResult(metric: "editing", results: means, seconds: seconds),
      MetricResult(metric: "edited-attributes", results: each, seconds: seconds),
    ].filter { !$0.results.isEmpty }
  }

  /// What was counted of one attribute.
  private struct Tally {
    /// Pairs that differ in it.
    var pairs = 0
    /// Those whose edited code has the reference's.
    var changed = 0
    /// Other attributes that edited codes have as their sources.
    var kept = 0
  }
}

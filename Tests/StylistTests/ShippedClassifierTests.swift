// The classifier of portraits that comes with the program: that it tells what its card says.

import Checkpoints
import Datasets
import Foundation
import Metrics
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Shipped classifier")
struct ShippedClassifierTests {
  private static let folder = "\(repository)/Models/attributes-portraits64"

  @Test("tells the attributes of portraits that it has not seen about as often as its card says")
  func accuracy() throws {
    let network = try #require(
      Checkpoint.open("\(Self.folder)/network.safetensors").networks["attributes"])
    let classifier = try network.makeAttributeClassifier()
    let names = classifier.configuration.attributes
    #expect(names == PortraitAttribute.allCases.map(\.rawValue))
    // The seeds of its training end at 2²⁰.
    let portraits = PortraitsDataset(
      count: 256, resolution: 64, seed: 1 << 21, attributes: PortraitAttribute.allCases)
    var agreement = AttributeAgreement(count: names.count)
    for first in stride(from: 0, to: portraits.count, by: 32) {
      let batch = try portraits.batch(first..<first + 32)
      agreement.add(
        logits: withoutGradients { classifier(batch.images).values() }, labels: batch.labels)
    }
    #expect(agreement.accuracy > 0.955, "\(agreement.accuracy)")
    #expect(try #require(agreement.balancedAccuracy) > 0.93, "\(agreement)")
  }

  @Test("the card has the command and the accuracies of the training")
  func card() throws {
    let card = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    let options = try Data(contentsOf: URL(filePath: "\(Self.folder)/training_options.json"))
    let recorded = try JSONSerialization.jsonObject(with: options) as? [String: Any]
    #expect(card.contains(try #require(recorded?["command"] as? String)))
    for name in ["metric-accuracy.jsonl", "metric-attributes.jsonl"] {
      let lines = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
      let last = try #require(lines.split(separator: "\n").last)
      let line = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
      let results = try #require(line?["results"] as? [String: Double])
      for (key, value) in results {
        let percent = String(format: "%.1f %%", 100 * value)
        let attribute = key.split(separator: "_", maxSplits: 1).last.map(String.init) ?? key
        let words = name.contains("attributes") ? "| \(attribute) | \(percent)" : percent
        #expect(card.contains(words), "\(words)")
      }
    }
  }
}

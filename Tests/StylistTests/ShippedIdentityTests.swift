// The identity network of portraits that comes with the program: that it knows people again as its card
// says.

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

@Suite("Shipped identity network")
struct ShippedIdentityTests {
  private static let folder = "\(repository)/Models/identity-portraits64"

  @Test("knows people again whom it has not seen about as often as its card says")
  func accuracy() throws {
    let network = try #require(
      Checkpoint.open("\(Self.folder)/network.safetensors").networks["features"])
    let features = try network.makeFeatures()
    // The people of its training and of its card are those of the seeds below 2048.
    let (people, pictures) = (80, 4)
    let portraits = PortraitsDataset(
      count: people * pictures, resolution: 64, seed: 1 << 22, picturesPerIdentity: pictures)
    var embeddings: [[Float]] = []
    for first in stride(from: 0, to: portraits.count, by: 32) {
      let batch = try portraits.batch(first..<first + 32)
      let found = withoutGradients { features.features(batch.images) }
      embeddings += (0..<found.size(0)).map { found.selected($0, axis: 0).values() }
    }
    let pairs = VerificationPairs(counts: [Int](repeating: pictures, count: people))
    let verification = try #require(
      pairs.verification { pair in
        zip(embeddings[pair.first], embeddings[pair.second]).reduce(0) { $0 + Double($1.0 * $1.1) }
      })
    // Of 480 pairs of each kind; the card's figures are of 14,336.
    #expect(verification.accuracy > 0.96, "\(verification.accuracy)")
    #expect(verification.areaUnderCurve > 0.99, "\(verification.areaUnderCurve)")
  }

  @Test("the card has the command and the verification of the training")
  func card() throws {
    let card = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    let options = try Data(contentsOf: URL(filePath: "\(Self.folder)/training_options.json"))
    let recorded = try JSONSerialization.jsonObject(with: options) as? [String: Any]
    #expect(card.contains(try #require(recorded?["command"] as? String)))
    let lines = try String(
      contentsOfFile: "\(Self.folder)/metric-verification.jsonl", encoding: .utf8)
    let last = try #require(lines.split(separator: "\n").last)
    let line = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
    let results = try #require(line?["results"] as? [String: Double])
    #expect(results.count == 3)
    for (name, value) in results {
      let words = "| `\(name)` | \(String(format: "%.4f", value))"
      #expect(card.contains(words), "\(words)")
    }
  }
}

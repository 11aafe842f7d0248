// The distance of portraits that comes with the program: that it agrees with known strengths as its card
// says.

import Checkpoints
import Datasets
import Foundation
import Layers
import Metrics
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Shipped distance")
struct ShippedPerceptionTests {
  private static let folder = "\(repository)/Models/perceptual-portraits64"

  private func network(_ model: String, role: String) throws -> Checkpoint.Network {
    let file = "\(repository)/Models/\(model)/network.safetensors"
    return try #require(Checkpoint.open(file).networks[role])
  }

  @Test("follows the strength by which new portraits are spoiled, better than the mean square")
  func agreement() throws {
    let distance = try network("perceptual-portraits64", role: "features").makePerceptualDistance()
    let portraits = PortraitsDataset(count: 40, resolution: 64, seed: 1 << 22)
    let spoiled = try SpoiledPictures(portraits, 0..<40, seenBy: distance, seed: 9) {}
    let widths = distance.parameters.names(under: "").filter { $0.hasPrefix("lin") }
    let heads = widths.flatMap { distance.parameters[$0].values().map(Double.init) }
    let strengths = spoiled.parts.flatMap(\.strengths)
    let found = rankCorrelation(spoiled.parts.flatMap { $0.distances(heads) }, strengths)
    let plain = rankCorrelation(spoiled.parts.flatMap(\.meanSquares), strengths)
    #expect(found > 0.82 && found > plain + 0.05, "\(found), mean square \(plain)")
  }

  @Test("has the features of the classifier that comes along, bit for bit")
  func classifier() throws {
    let classifier = try network("attributes-portraits64", role: "attributes")
    let distance = try network("perceptual-portraits64", role: "features")
    for (name, tensor) in classifier.tensors {
      let other = try #require(distance.tensors[name], "\(name)")
      #expect(try bits(tensor.read()) == bits(other.read()), "\(name)")
    }
    let notes = try Checkpoint.open("\(Self.folder)/network.safetensors").notes
    #expect(notes.parentHash == (try classifier.contentHash()) && notes.licence == "CC0-1.0")
  }

  @Test("the card has the agreement that the fit printed")
  func card() throws {
    let card = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    let json = try Data(contentsOf: URL(filePath: "\(Self.folder)/agreement.json"))
    let fit = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    let rows = try #require(fit["agreement"] as? [[String: Any]])
    #expect(rows.count == PictureDistortion.allCases.count + 1)
    for row in rows {
      let numbers = try ["distance", "without_it", "mean_square"].map { key in
        String(format: "%.3f", try #require(row[key] as? Double))
      }
      let name = row["distortion"] as? String ?? "all together"
      let words = (["| \(name)"] + numbers).joined(separator: " | ")
      #expect(card.contains(words), "\(words)")
    }
  }
}

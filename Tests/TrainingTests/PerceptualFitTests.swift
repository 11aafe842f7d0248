// Heads fitted to spoiled pictures: least squares without negative weights, what spoiling does, and that
// a distance that made the targets is found again.

import Datasets
import Foundation
import Layers
import Networks
import TestSupport
import Tensors
import Testing
import Training

@Suite("Fit of a perceptual distance")
struct PerceptualFitTests {
  // MARK: Least squares

  @Test("weights that made the target are found again")
  func recovery() {
    let columns = Tensor.seeded([40, 5], seed: 1)
    let wanted = [0.5, 0, 2, 0, 1.25]
    let target = columns.matmul(Tensor(wanted, shape: [5, 1])).values(as: Double.self)
    let found = LeastSquares(columns, target).nonNegativeWeights(ridge: 0)
    for (a, b) in zip(found, wanted) { #expect(abs(a - b) < 1e-6, "\(found)") }
  }

  @Test("the weights fulfil what tells the least sum: no slope where positive, none down at 0")
  func optimality() {
    let (columns, ridge) = (Tensor.seeded([30, 6], seed: 2), 0.01)
    let target = Tensor.seeded([30, 1], seed: 3).values(as: Double.self)
    let weights = LeastSquares(columns, target).nonNegativeWeights(ridge: ridge)
    #expect(weights.allSatisfy { $0 >= 0 })
    #expect(weights.contains { $0 > 0 } && weights.contains(0), "\(weights)")
    let rows = columns.values(as: Double.self)
    func column(_ k: Int) -> [Double] { (0..<30).map { rows[$0 * 6 + k] } }
    let rest = (0..<30).map { row in
      (0..<6).reduce(-target[row]) { $0 + rows[row * 6 + $1] * weights[$1] }
    }
    for k in 0..<6 {
      let length = column(k).reduce(0) { $0 + $1 * $1 }
      let slope = zip(column(k), rest).reduce(ridge * length * weights[k]) { $0 + $1.0 * $1.1 }
      #expect(weights[k] > 0 ? abs(slope) < 1e-6 : slope > -1e-6, "\(k): \(slope)")
    }
  }

  @Test("rows in parts are the rows together, and columns of zeros count nothing")
  func parts() {
    let columns = Tensor.seeded([20, 3], seed: 4) * Tensor([1.0, 0, 1], shape: [1, 3])
    let target = (0..<20).map(Double.init)
    let whole = LeastSquares(columns, target).nonNegativeWeights()
    let parts = LeastSquares(sumOf: [
      LeastSquares(columns.sliced(0..<7, axis: 0), Array(target[..<7])),
      LeastSquares(columns.sliced(7..<20, axis: 0), Array(target[7...])),
    ]).nonNegativeWeights()
    for (a, b) in zip(whole, parts) { #expect(abs(a - b) < 1e-9) }
    #expect(whole[1] == 0)
  }

  // MARK: Spoiling

  private func picture() throws -> Tensor {
    try PortraitsDataset(count: 1, resolution: 64, seed: 9).batch(0..<1).images
  }

  @Test(
    "strength 0 changes nothing, more changes more, and all stays in range",
    arguments: PictureDistortion.allCases)
  func strengths(way: PictureDistortion) throws {
    let picture = try picture()
    var errors: [Double] = []
    for strength in [0, 0.25, 0.5, 1] {
      var random = RandomState(seed: 3)
      let spoiled = way(picture, strength: strength, random: &random)
      #expect(spoiled.shape == picture.shape)
      #expect(spoiled.abs().max().item() <= 1)
      errors.append((spoiled - picture).square().mean().item())
    }
    // The cosine transform there and back is exact to a few roundings.
    #expect(errors[0] < 1e-10, "\(errors)")
    #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 < $1 }, "\(errors)")
  }

  @Test("a whole shift moves pixels, a tint has no lightness, a blur keeps what is flat")
  func meanings() throws {
    let flat = Tensor.full(0.25, [1, 3, 32, 32])
    var random = RandomState(seed: 1)
    expectClose(
      PictureDistortion.blur(flat, strength: 1, random: &random), flat, atol: 1e-6)
    let tinted = PictureDistortion.colour(flat, strength: 0.5, random: &random)
    expectClose(tinted.mean(over: 1), flat.mean(over: 1), atol: 1e-6)
    #expect((tinted - flat).abs().max().item() > 0.1)
    let lighter = PictureDistortion.brightness(flat, strength: 0.5, random: &random)
    expectClose((lighter - flat).abs(), .full(0.3, [1, 3, 32, 32]), atol: 1e-6)
    let ramp = Tensor.arange(32).cast(to: .float32).reshaped(1, 1, 1, 32).expanded(1, 3, 32, 32)
    let moved = PictureDistortion.shift(ramp / 64, strength: 1, random: &random)
    // Columns far from the edges differ by one number: the way along the rows.
    let ways = (ramp / 64 - moved).sliced(10..<22, axis: 3)
    #expect(ways.max().item() - ways.min().item() < 1e-5)
    #expect(ways.abs().max().item() * 64 <= 32 / 6.0 + 1e-3)
  }

  // MARK: The fit

  private func distance() -> PerceptualDistance {
    var configuration = AttributeClassifierConfiguration(resolution: 16, attributes: ["a"])
    (configuration.channelBase, configuration.channelMax) = (64, 8)
    return PerceptualDistance(
      of: AttributeClassifier(
        configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1))))
  }

  @Test("the distance of fitted heads follows the strength on pictures that were not fitted to")
  func fit() throws {
    let (portraits, distance) = (PortraitsDataset(count: 60, resolution: 16), distance())
    let learned = try SpoiledPictures(portraits, 0..<40, seenBy: distance, seed: 0) {}
    let judged = try SpoiledPictures(portraits, 40..<60, seenBy: distance, seed: 0) {}
    let heads = learned.heads()
    #expect(heads.allSatisfy { $0 >= 0 } && heads.contains { $0 > 0 })
    // Better than no distance at all, which a fit of nothing would be.
    var (error, power) = (0.0, 0.0)
    for part in judged.parts {
      for (found, wanted) in zip(part.distances(heads), part.targets) {
        error += (found - wanted) * (found - wanted)
        power += wanted * wanted
      }
    }
    #expect(error < 0.6 * power, "\(error) of \(power)")
    #expect(try SpoiledPictures(portraits, 0..<40, seenBy: distance, seed: 0) {}.heads() == heads)
    #expect(learned.heads(without: .noise) != heads)
    // What the rows say is what the network with these heads computes.
    distance.setHeads(heads.map(Float.init))
    let part = judged.parts[2]
    var random = RandomState(seed: 5)
    let picture = try portraits.batch(40..<41).images
    let spoiled = part.distortion(picture, strength: 0.5, random: &random)
    let product = distance.differences(picture, spoiled)
      .matmul(Tensor(heads.map(Float.init), shape: [heads.count, 1])).item()
    #expect(abs(distance(picture, spoiled).item() - product) < 1e-5 * max(product, 1))
  }

  @Test("each picture is spoiled in its own way, the same for every run")
  func strengthsOfPictures() throws {
    let (portraits, distance) = (PortraitsDataset(count: 8, resolution: 16), distance())
    let all = try SpoiledPictures(portraits, 0..<6, seenBy: distance, seed: 2) {}
    let later = try SpoiledPictures(portraits, 3..<6, seenBy: distance, seed: 2) {}
    for (whole, part) in zip(all.parts, later.parts) {
      #expect(Array(whole.strengths[3...]) == part.strengths)
      #expect(Array(whole.meanSquares[3...]) == part.meanSquares)
      #expect(Set(whole.strengths).count == 6)
    }
    let other = try SpoiledPictures(portraits, 0..<6, seenBy: distance, seed: 3) {}
    #expect(other.parts[0].strengths != all.parts[0].strengths)
  }
}

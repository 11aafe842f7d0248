// The losses of encoders: their sum, what is left out, and what gradients flow through.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Losses of encoders") struct InversionLossTests {
  private let y = Tensor.seeded([2, 3, 64, 64], seed: 1) * 0.5
  private let yHat = Tensor.seeded([2, 3, 64, 64], seed: 2) * 0.5
  private let wPlus = Tensor.seeded([2, 6, 8], seed: 3)
  private let average = Tensor.seeded([6, 8], seed: 4)
  private let crop = FaceCrop(rows: 3..<51, columns: 2..<50, of: 64)

  private func terms(_ weights: InversionLossWeights, x: Tensor? = nil) -> InversionLoss.Terms {
    var recognition = smallFaceRecognition()
    recognition.crop = crop
    let loss = InversionLoss(
      weights, lpips: smallLPIPS(.alexNet), features: makeFeatures(recognition), crop: crop)
    return loss(yHat, y: y, x: x, wPlus: wPlus, latentAverage: average)
  }

  @Test("the sum is that of the losses, each times its weight")
  func total() throws {
    var weights = InversionLossWeights()
    (weights.l2, weights.lpips, weights.identity) = (0.5, 0.25, 2)
    (weights.l2Crop, weights.lpipsCrop, weights.wNorm) = (3, 4, 0.125)
    let terms = terms(weights)
    let parts = try [
      (terms.l2, 0.5), (terms.lpips, 0.25), (terms.identity, 2), (terms.l2Crop, 3),
      (terms.lpipsCrop, 4), (terms.wNorm, 0.125),
    ].map { try #require($0.0).item() * $0.1 }
    #expect(abs(terms.total.item() - parts.reduce(0, +)) < 1e-10)
    #expect(terms.l2.map { abs($0.item() - (y - yHat).square().mean().item()) < 1e-12 } == true)
    let cropped = crop(y) - crop(yHat)
    #expect(terms.l2Crop.map { abs($0.item() - cropped.square().mean().item()) < 1e-12 } == true)
  }

  @Test("losses that do not count are not computed, and their networks need not be there")
  func uncounted() {
    var weights = InversionLossWeights()
    (weights.lpips, weights.identity) = (0, 0)
    let loss = InversionLoss(weights, lpips: nil, features: nil)
    let terms = loss(yHat, y: y, wPlus: wPlus, latentAverage: average)
    #expect(terms.lpips == nil && terms.identity == nil && terms.wNorm == nil)
    #expect(terms.identityImprovement == nil && terms.l2Crop == nil && terms.lpipsCrop == nil)
    #expect(terms.total.item() == terms.l2?.item())
  }

  @Test("the distance from the average is that of all rows together, not squared")
  func distance() {
    let found = distanceFromAverage(wPlus, latentAverage: average).item()
    let lengths = (wPlus - average).square().sum(over: 1, 2).sqrt()
    #expect(abs(found - lengths.mean().item()) < 1e-12)
    #expect(distanceFromAverage(wPlus, latentAverage: wPlus).item() == 0)
  }

  @Test("likeness improves by what was gained over the source; a target as source gains nothing")
  func improvement() throws {
    var weights = InversionLossWeights()
    (weights.l2, weights.lpips) = (0, 0)
    let same = terms(weights)
    let identity = try #require(same.identity).item()
    let improvement = try #require(same.identityImprovement).item()
    #expect(abs(identity + improvement) < 1e-12)
    let fromResult = try #require(terms(weights, x: yHat).identityImprovement).item()
    #expect(abs(fromResult) < 1e-12)
  }

  @Test("gradients flow to the picture and the codes, none to the target")
  func gradients() throws {
    let (result, target) = (yHat.cloned().requiringGrad(), y.cloned().requiringGrad())
    let likeness = Likeness(makeFeatures(smallResNet()), yHat: result, y: target)
    let found = optionalGradients(of: [likeness.loss], withRespectTo: [result, target])
    #expect(try #require(found[0]).abs().max().item() > 0)
    #expect(found[1] == nil)
    let codes = wPlus.cloned()
    expectGradients(at: [codes]) { distanceFromAverage($0[0], latentAverage: average) }
  }

  @Test("published recipes can be used, and nonsense is refused by name")
  func weights() throws {
    for recipe in InversionLossWeights.recipes { try recipe.weights.validate() }
    let frontalize = try #require(
      InversionLossWeights.recipes.first { $0.name == "frontalize" }?.weights)
    #expect(frontalize.lpips == 0.08 && frontalize.l2Crop == 0.01 && frontalize.identity == 1)
    func message(_ change: (inout InversionLossWeights) -> Void) -> String? {
      var weights = InversionLossWeights()
      change(&weights)
      return #expect(throws: ConfigurationError.self) { try weights.validate() }?.description
    }
    #expect(message { $0.l2 = -1 } == "l2: expected 0 or a positive number, found -1.0")
    #expect(message { $0.wNorm = .nan }?.hasPrefix("wNorm: ") == true)
    #expect(
      message { ($0.l2, $0.lpips, $0.identity) = (0, 0, 0) }?.hasPrefix("losses: ") == true)
  }
}

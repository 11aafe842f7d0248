// A distance of a classifier's features: what it is made of, its gradients, and that LPIPS's form is
// kept.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Perceptual distance") struct PerceptualDistanceTests {
  private func configuration() -> PerceptualDistanceConfiguration {
    var classifier = AttributeClassifierConfiguration(resolution: 16, attributes: ["a", "b"])
    (classifier.channelBase, classifier.channelMax) = (64, 8)
    return PerceptualDistanceConfiguration(classifier: classifier)
  }

  /// A distance with heads of 0, ½, 1, 0, ½, 1 and so on.
  private func distance() -> PerceptualDistance {
    let distance = PerceptualDistance(
      configuration(), Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    distance.setHeads((0..<16).map { Float($0 % 3) / 2 })
    return distance
  }

  @Test("is 0 for equal pictures, symmetric, and the squared difference of embeddings")
  func values() {
    let distance = distance()
    let (a, b) = (
      Tensor.seeded([2, 3, 16, 16], seed: 2, dtype: .float32),
      Tensor.seeded([2, 3, 16, 16], seed: 3, dtype: .float32)
    )
    #expect(distance(a, a).values() == [0, 0])
    let found = distance(a, b)
    #expect(found.shape == [2] && found.min().item() > 0)
    expectClose(distance(b, a), found, atol: 1e-6)
    expectClose(
      (distance.embedding(a) - distance.embedding(b)).square().sum(over: 1), found, atol: 1e-5)
    let weights = Tensor((0..<16).map { Float($0 % 3) / 2 }, shape: [16, 1])
    expectClose(distance.differences(a, b).matmul(weights).squeezed(1), found, atol: 1e-5)
    // Heads of zeros see nothing.
    distance.setHeads([Float](repeating: 0, count: 16))
    #expect(distance(a, b).values() == [0, 0])
  }

  @Test("gradients to the picture are those of the values, and following them lessens the distance")
  func slopes() {
    let distance = distance()
    let target = Tensor.seeded([1, 3, 16, 16], seed: 4, dtype: .float32)
    let picture = Tensor.seeded([1, 3, 16, 16], seed: 5, dtype: .float32).requiringGrad()
    let slope = gradients(of: [distance(picture, target).sum()], withRespectTo: [picture])[0]
    withoutGradients {
      func value(_ way: Tensor) -> Double { distance(picture + way, target).item() }
      for seed in UInt64(6)..<9 {
        let way = Tensor.seeded([1, 3, 16, 16], seed: seed, dtype: .float32)
        let expected = (value(way * 0.005) - value(way * -0.005)) / 0.01
        // float32's 1e-7 over a hundredth, and the curvature of a step of this size.
        let scale = slope.norm().item() * way.norm().item()
        #expect(abs((slope * way).sum().item() - expected) < 0.01 * scale, "\(seed)")
      }
      let step = slope * (0.05 / slope.norm().item())
      #expect(value(-step) < value(step))
    }
  }

  @Test("pictures of another size are averaged to the classifier's")
  func sizes() {
    let distance = distance()
    let (a, b) = (
      Tensor.seeded([1, 3, 16, 16], seed: 2, dtype: .float32),
      Tensor.seeded([1, 3, 16, 16], seed: 3, dtype: .float32)
    )
    func large(_ x: Tensor) -> Tensor { adaptiveAveragePool2d(x, height: 32, width: 32) }
    #expect(distance(large(a), large(b)).values() == distance(a, b).values())
  }

  @Test("one with a classifier's features has its numbers; the registry knows it")
  func classifier() throws {
    let classifier = AttributeClassifier(
      configuration().classifier, Scope(ParameterStore(), generator: TorchGenerator(seed: 6)))
    let distance = PerceptualDistance(of: classifier)
    for name in classifier.parameters.names(under: "") {
      #expect(distance.parameters[name].values() == classifier.parameters[name].values(), "\(name)")
    }
    #expect(distance.parameters["lin0.model.1.weight"].values() == [Float](repeating: 0, count: 8))
    #expect(distance.parameters["lin1.model.1.weight"].shape == [1, 8, 1, 1])
    let json = try configuration().canonicalJSON()
    let read = try Registry.networkConfiguration(kind: "perceptual-distance", json: json)
    #expect(read as? PerceptualDistanceConfiguration == configuration())
    var grey = configuration()
    grey.classifier.imgChannels = 1
    let refused = grey
    #expect { try refused.validate() } throws: { "\($0)".contains("imgChannels: expected 3") }
  }
}

// Path lengths and separability against their definitions.

import Foundation
import Layers
import Metrics
import Networks
import TestSupport
import Tensors
import Testing

/// StyleGAN2 with four channels at most.
private func generator(resolution: Int = 32, imgChannels: Int = 3) -> StyleGAN2 {
  var configuration = StyleGAN2Configuration(resolution: resolution)
  (configuration.zDim, configuration.wDim) = (8, 8)
  (configuration.channelBase, configuration.channelMax) = (4 * resolution, 4)
  configuration.mappingLayers = 2
  configuration.imgChannels = imgChannels
  return StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
}

@Suite("Perceptual path length") struct PerceptualPathLengthTests {
  private let ends = (
    Tensor.seeded([2, 8], seed: 1, dtype: .float32),
    Tensor.seeded([2, 8], seed: 2, dtype: .float32)
  )
  private let t = Tensor([0.25, 0.75] as [Float])

  @Test("it is the squared difference of what is seen of two pictures, over the squared step")
  func definition() {
    let generator = generator()
    let length = PerceptualPathLength(space: .w, sampling: .full, epsilon: 0.125)
    let found = length.lengths(of: generator, between: ends, at: t) { $0.flattened(from: 1) }
    let w = [ends.0, ends.1].map { generator.map(z: $0, labels: nil) }
    func picture(_ sample: Int, at t: Double) -> Tensor {
      let place = w[0].lerp(to: w[1], weight: t).sliced(sample..<sample + 1, axis: 0)
      return generator.synthesize(generator.broadcast(place), options: SynthesisOptions())
    }
    for (sample, place) in [0.25, 0.75].enumerated() {
      let change = (picture(sample, at: place) - picture(sample, at: place + 0.125)) * 127.5
      let expected = change.square().sum() / (0.125 * 0.125)
      expectClose(found.selected(sample, axis: 0), expected, atol: 0, rtol: 1e-3)
    }
  }

  @Test("at the end t does not count, and z is followed along the great circle")
  func spaces() {
    let generator = generator()
    func lengths(_ space: PerceptualPathLength.Space, at t: Tensor) -> [Float] {
      PerceptualPathLength(space: space, sampling: .end, epsilon: 0.5)
        .lengths(of: generator, between: ends, at: t) { $0.flattened(from: 1) }.values()
    }
    #expect(lengths(.z, at: t) == lengths(.z, at: t.zerosLike()))
    // The mapping normalises z, so that a step of 1 along the circle ends where one along w does.
    let whole = PerceptualPathLength.Space.allCases.map { space in
      PerceptualPathLength(space: space, sampling: .end, epsilon: 1)
        .lengths(of: generator, between: ends, at: t) { $0.flattened(from: 1) }
    }
    expectClose(whole[0], whole[1], atol: 0, rtol: 1e-3)
    #expect(lengths(.z, at: t) != lengths(.w, at: t))
  }

  @Test("the crop is the middle, grey becomes RGB, and large pictures are averaged down")
  func pictures() {
    func shape(_ resolution: Int, _ channels: Int, _ crop: Bool, byCrop: Bool = false) -> [Int] {
      var seen: [Int] = []
      let length = PerceptualPathLength(
        space: .w, sampling: .end, isCropped: crop, reducesByCrop: byCrop)
      _ = length.lengths(
        of: generator(resolution: resolution, imgChannels: channels), between: ends, at: t
      ) {
        seen = $0.shape
        return $0.flattened(from: 1)
      }
      return seen
    }
    #expect(shape(32, 3, false) == [4, 3, 32, 32])
    #expect(shape(32, 1, true) == [4, 3, 16, 16])
    #expect(shape(512, 3, true) == [4, 3, 128, 128])
    #expect(shape(512, 3, true, byCrop: true) == [4, 3, 256, 256])
  }

  @Test("the mean leaves out what is beyond the first and the last hundredth")
  func mean() {
    var random = SeededGenerator(seed: 1)
    let lengths = (0...1000).map(Float.init).shuffled(using: &random)
    let found = PerceptualPathLength.mean(of: lengths)
    #expect(found.bounds == 10...990 && found.mean == 500)
    // Between two lengths, the one farther out is the bound.
    #expect(PerceptualPathLength.mean(of: [1, 2, 3, 100]).bounds == 1...100)
    #expect(PerceptualPathLength.mean(of: [7]).mean == 7)
  }

  @Test("points on the great circle have length 1 and move evenly")
  func circle() {
    let (a, b) = (Tensor([3.0, 0], shape: [1, 2]), Tensor([0.0, 0.5], shape: [1, 2]))
    for t in [0, 0.25, 1, -0.5] {
      let found = sphericalInterpolation(a, b, at: Tensor([t], shape: []))
      let angle = t * Double.pi / 2
      expectClose(found, Tensor([cos(angle), sin(angle)], shape: [1, 2]), atol: 1e-12)
    }
  }
}

@Suite("Linear separability") struct LinearSeparabilityTests {
  @Test("no weight of the classifier can be changed for the better")
  func minimum() {
    let samples = Tensor.seeded([200, 3], seed: 1)
    let noise = Tensor.seeded([200], seed: 2)
    let scores = samples.matmul(Tensor([1.0, -2, 0.5])) + noise + 0.3
    let isPositive = scores.values(as: Double.self).map { $0 > 0 }
    let signs = Tensor(isPositive.map { $0 ? 1.0 : -1.0 })
    func objective(_ weight: Tensor, _ bias: Double, c: Double) -> Double {
      let lack = (1 - signs * (samples.matmul(weight) + bias)).relu()
      return (weight.square().sum() / 2).item() + bias * bias / 2 + c * lack.square().sum().item()
    }
    for c in [0.01, 1, 100] {
      let found = LinearSVC(samples, isPositive: isPositive, c: c)
      #expect(found.slope < 1e-10)
      let least = objective(found.weight, found.bias, c: c)
      for step in [-1e-4, 1e-4] {
        #expect(objective(found.weight, found.bias + step, c: c) > least)
        for axis in 0..<3 {
          let moved = found.weight + Tensor((0..<3).map { $0 == axis ? step : 0 })
          #expect(objective(moved, found.bias, c: c) > least)
        }
      }
    }
  }

  @Test("attributes that a plane parts cost nothing, random ones a bit each")
  func extremes() {
    let latents = Tensor.seeded([4000, 4], seed: 1)
    let parted = latents.matmul(Tensor.seeded([4, 2], seed: 2))
    let alone = Tensor.seeded([4000, 2], seed: 3)
    // With half of the samples, the least sure ones near the plane are left out.
    let found = LinearSeparability(
      latents: latents, logits: .concatenate([parted, alone], axis: 1), keep: 2000
    ) { _ in }
    let entropies = found.attributes.map(\.conditionalEntropy)
    #expect(entropies[0] < 0.02 && entropies[1] < 0.02)
    #expect(entropies[2] > 0.98 && entropies[3] > 0.98)
    #expect(abs(found.score - exp2(entropies.reduce(0, +))) < 1e-12)
    for attribute in found.attributes {
      #expect(abs(attribute.confusion.joined().reduce(0, +) - 1) < 1e-12)
    }
  }

  @Test("classifiers see squares of pixels averaged, grey in three channels, no opacity")
  func shown() {
    let images = Tensor.seeded([2, 4, 8, 8], seed: 1)
    let seen = LinearSeparability.shown(images, side: 4, channels: 3)
    #expect(seen.shape == [2, 3, 4, 4])
    let square = images.sliced(0..<3, axis: 1).sliced(2..<4, axis: 2).sliced(6..<8, axis: 3)
    expectClose(
      seen.selected(1, axis: 2).selected(3, axis: 2), square.mean(over: 2, 3), atol: 1e-12)
    let grey = Tensor.seeded([1, 1, 4, 4], seed: 2)
    #expect(LinearSeparability.shown(grey, side: 4, channels: 1).values() == grey.values())
    let three = LinearSeparability.shown(grey, side: 4, channels: 3)
    for channel in 0..<3 {
      #expect(three.selected(channel, axis: 1).values() == grey.selected(0, axis: 1).values())
    }
  }

  @Test("a class that does not occur is predicted without a mistake")
  func oneClass() {
    let found = LinearSeparability(
      latents: .seeded([50, 3]), logits: Tensor.seeded([50, 1]).abs() + 1, keep: 50
    ) { _ in }
    #expect(found.attributes[0].confusion == [[1, 0], [0, 0]] && found.score == 1)
  }

  @Test("what one variable leaves unknown of another")
  func entropy() {
    #expect(conditionalEntropy([[0.5, 0], [0, 0.5]]) == 0)
    #expect(conditionalEntropy([[1, 1], [1, 1]]) == 1)
    // Rows (3, 1) and (0, 4): half of the time a choice of 3 to 1.
    let choice = -(0.75 * log2(0.75) + 0.25 * log2(0.25))
    #expect(abs(conditionalEntropy([[3, 1], [0, 4]]) - choice / 2) < 1e-12)
  }
}

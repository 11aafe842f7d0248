// The code of the article "Latent spaces", and what it says about it.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Latent spaces") struct LatentSpacesArticleTests {
  @Test("goes from a seed to mixed, truncated and interpolated codes")
  func article() {
    var configuration = StyleGAN2Configuration(resolution: 64)
    (configuration.channelBase, configuration.channelMax) = (512, 16)
    let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 2))
    let generator: any Generator = configuration.makeGenerator(scope)
    let traits = generator.traits

    let z = generator.z(seed: 85)  // [1, zDim], as numpy.random.RandomState(85).randn(1, zDim)
    let label = generator.label(classIndex: nil)  // nil: this network has no labels
    #expect(z.shape == [1, 512] && label == nil)

    let w = generator.map(z: z, labels: label)  // [1, wDim]
    expectClose(generator.map(z: z * 3, labels: nil), w, atol: 1e-4)

    let truncation = Truncation(psi: 0.7, cutoff: 8)
    let wPlus = generator.broadcast(w, truncation: truncation)  // [1, numWs, wDim]
    #expect(wPlus.shape == [1, 10, 512] && traits.numWs == 10)
    expectClose(wPlus.selected(7, axis: 1), w * 0.7, atol: 1e-6, "the mean is still 0")
    expectClose(wPlus.selected(8, axis: 1), w, atol: 0)

    var random = RandomState(seed: 0)
    let count = 4096
    let samples = Tensor(
      random.randn(count * traits.zDim).map(Float.init), shape: [count, traits.zDim])
    withoutGradients {
      generator.updateAverage(with: generator.map(z: samples, labels: nil), beta: 0)
    }
    generator.wAvgSource = .estimated(samples: count, seed: 0)
    #expect(generator.wAvg.abs().max().item() > 0)
    #expect(generator.traits.wAvgSource.description == "estimated from 4096 samples of seed 0")

    let source = generator.broadcast(generator.map(z: generator.z(seed: 55), labels: nil))
    let coarse = Set(traits.layerRanges.coarse)
    let mixed = generator.mix(wPlus, with: source, rows: coarse)  // pose of 55, the rest of 85
    #expect(coarse == [0, 1, 2, 3])
    #expect(traits.layerRanges.middle == 4..<8 && traits.layerRanges.fine == 8..<10)
    expectClose(mixed.selected(3, axis: 1), source.selected(3, axis: 1), atol: 0)
    expectClose(mixed.selected(4, axis: 1), wPlus.selected(4, axis: 1), atol: 0)

    for matrix in generator.styleMatrices.prefix(3) {
      print(matrix.name, "reads row", matrix.row, "and makes", matrix.weight.size(0), "styles")
    }
    let first16 = generator.styleMatrices.first { $0.name == "synthesis.b16.conv0.affine.weight" }
    let rgb8 = generator.styleMatrices.first { $0.name == "synthesis.b8.torgb.affine.weight" }
    #expect(first16?.row == 3 && rgb8?.row == 3)

    let halfway = wPlus.lerp(to: source, weight: 0.5)
    expectClose(halfway, (wPlus + source) / 2, atol: 1e-6)

    let keyframes = Tensor.concatenate([wPlus, mixed, source], axis: 0)  // [3, numWs, wDim]
    let walk = interpolateKeyframes(keyframes, framesPerKeyframe: 20)  // [60, numWs, wDim]
    #expect(walk.shape == [60, 10, 512])
    expectClose(walk.selected(20, axis: 0), mixed.selected(0, axis: 0), atol: 1e-5)

    let stored = SynthesisOptions()
    let fresh = SynthesisOptions(noise: .random(TorchGenerator(seed: 85)))
    let finest = SynthesisOptions(noise: NoiseSource(.const, layers: 7..<9))
    let images = withoutGradients {
      [stored, fresh, finest].map { generator.synthesize(wPlus, options: $0) }
    }
    #expect(images.map(\.shape) == [[1, 3, 64, 64], [1, 3, 64, 64], [1, 3, 64, 64]])
    #expect(generator.noiseInputs.count == 9)
  }
}

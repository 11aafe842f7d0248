// The Styleformer generators: rows of W+, noise, purposes, gradients, attention.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Styleformer") struct StyleformerTests {
  private static let bothPurposes: [ForwardPurpose] = [.evaluation, .training]

  private func image(
    _ generator: any Generator, _ noise: NoiseSource = .const,
    purpose: ForwardPurpose = .evaluation
  ) -> Tensor {
    generator.synthesize(
      generator.seededWPlus(2), options: SynthesisOptions(noise: noise, purpose: purpose))
  }

  /// Full attention, Linformer's, and the composition with convolutions.
  private var generators: [any Generator] {
    [
      makeGenerator(smallStyleformer()), makeGenerator(smallStyleformer(linformer: true)),
      makeGenerator(smallStyleformerC()),
    ]
  }

  @Test("says what it is")
  func traits() {
    let traits = makeGenerator(smallStyleformer(labelDim: 3)).traits
    #expect(traits.zDim == 16 && traits.wDim == 12 && traits.labelDim == 3)
    #expect(traits.numWs == 7 && traits.usedWs == 0..<5)
    #expect(traits.resolution == 32 && traits.startResolution == 8 && traits.imgChannels == 3)
    #expect(traits.visibleRows == 0..<32 && traits.pixelEncoding == .truncated)
    #expect(traits.layerRanges == LayerRanges(resolutions: [8, 16, 16, 32, 32]))
    let composed = makeGenerator(smallStyleformerC()).traits
    #expect(composed.numWs == 8 && composed.usedWs == 0..<8 && composed.resolution == 64)
    #expect(composed.layerRanges == LayerRanges(resolutions: [8, 16, 16, 32, 32, 64, 64, 64]))
  }

  @Test("images have the configured size and channels")
  func sizes() throws {
    for (start, channels) in [(8, 1), (12, 3), (4, 4)] {
      var configuration = smallStyleformer()
      (configuration.startResolution, configuration.resolution) = (start, 4 * start)
      configuration.imgChannels = channels
      try configuration.validate()
      let img = image(makeGenerator(configuration))
      #expect(img.shape == [2, channels, 4 * start, 4 * start])
    }
    #expect(image(makeGenerator(smallStyleformerC())).shape == [2, 3, 64, 64])
  }

  @Test("the image depends on exactly the used rows of W+")
  func usedRows() {
    for generator in generators {
      let wPlus = generator.seededWPlus(1).requiringGrad()
      let img = generator.synthesize(wPlus, options: SynthesisOptions())
      let g = gradients(of: [img.square().sum()], withRespectTo: [wPlus])[0]
      let used = (0..<generator.traits.numWs).filter {
        g.selected($0, axis: 1).abs().max().item() > 0
      }
      #expect(used == Array(generator.traits.usedWs))
    }
  }

  // The gradient by a style matrix is an outer product with its row of w: zero exactly where that
  // row is zero.
  @Test("style matrices read the rows of W+ that they say")
  func styleRows() {
    for generator in generators {
      let matrices = generator.styleMatrices
      for matrix in matrices {
        matrix.weight.requiringGrad()
        #expect(matrix.weight.isSame(as: generator.parameters[matrix.name]))
      }
      for row in generator.traits.usedWs {
        let numWs = generator.traits.numWs
        let keep = Tensor((0..<numWs).map { $0 == row ? Float(0) : 1 }, shape: [1, numWs, 1])
        let img = generator.synthesize(
          generator.seededWPlus(1) * keep, options: SynthesisOptions())
        let g = gradients(of: [img.square().sum()], withRespectTo: matrices.map(\.weight))
        let silent = zip(matrices, g).filter { $1.abs().max().item() == 0 }.map(\.0.name)
        #expect(silent == matrices.filter { $0.row == row }.map(\.name), "row \(row)")
      }
    }
  }

  @Test("style matrices are listed layer by layer, a toRGB with the row of the next layer")
  func styleOrder() {
    #expect(
      makeGenerator(smallStyleformer()).styleMatrices.map { "\($0.row) \($0.name)" } == [
        "0 synthesis.b8_0.enc.affine1.weight", "1 synthesis.b8_0.torgb.affine.weight",
        "1 synthesis.b16_0.enc.affine1.weight", "2 synthesis.b16_1.enc.affine1.weight",
        "3 synthesis.b16_1.torgb.affine.weight", "3 synthesis.b32_0.enc.affine1.weight",
        "4 synthesis.b32_0.torgb.affine.weight",
      ])
    #expect(
      makeGenerator(smallStyleformerC()).styleMatrices.map(\.row) == [
        0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7,
      ])
    for generator in generators {
      for matrix in generator.styleMatrices {
        #expect(matrix.makesColours == matrix.name.contains("torgb"), "\(matrix.name)")
      }
    }
  }

  // MARK: Noise

  @Test("noise inputs are in the order of the layers, and are images in the same memory")
  func noiseInputs() {
    let noises = makeGenerator(smallStyleformer()).noiseInputs
    #expect(
      noises.map(\.name)
        == ["8_0", "16_0", "16_1", "32_0"].map {
          "synthesis.b\($0).enc.noise_const"
        })
    #expect(noises.map(\.tensor.shape) == [[64, 1], [256, 1], [256, 1], [1024, 1]])
    #expect(noises.map(\.image.shape) == [[8, 8], [16, 16], [16, 16], [32, 32]])
    #expect(noises.allSatisfy { $0.image.sharesMemory(with: $0.tensor) })
    let composed = makeGenerator(smallStyleformerC()).noiseInputs
    #expect(composed.map { $0.image.size(0) } == [8, 16, 16, 32, 32, 64, 64])
  }

  @Test("stored noise repeats, no noise differs, random noise repeats with its seed")
  func noiseModes() {
    func random(_ seed: UInt64) -> NoiseSource { .random(TorchGenerator(seed: seed)) }
    for generator in generators {
      #expect(bits(image(generator)) == bits(image(generator)))
      #expect(bits(image(generator)) != bits(image(generator, .none)))
      #expect(bits(image(generator, random(3))) == bits(image(generator, random(3))))
      #expect(bits(image(generator, random(3))) != bits(image(generator, random(4))))
    }
  }

  @Test("noise is one number a token, drawn anew for every sample where it is random")
  func noiseOfSamples() {
    let generator = makeGenerator(smallStyleformer())
    let twice = generator.seededWPlus(1).repeated(2, 1, 1)
    func difference(_ noise: NoiseSource) -> Double {
      let img = generator.synthesize(twice, options: SynthesisOptions(noise: noise))
      return (img.selected(0, axis: 0) - img.selected(1, axis: 0)).abs().max().item()
    }
    #expect(difference(.const) < 1e-5)
    #expect(difference(.random(TorchGenerator(seed: 1))) > 0.01)
  }

  @Test("noise can be kept to some layers, counted as the noise inputs are")
  func noiseLayers() {
    for generator in generators {
      func image(_ layers: Range<Int>?) -> [UInt8] {
        bits(self.image(generator, NoiseSource(.const, layers: layers)))
      }
      let count = generator.noiseInputs.count
      #expect(image(0..<0) == bits(self.image(generator, .none)))
      #expect(image(0..<count) == image(nil))
      for layer in 0..<count {
        let with = image(0..<layer + 1)
        let noise = generator.noiseInputs[layer].tensor
        let kept = noise.cloned()
        noise.assign(.zeros(noise.shape))
        #expect(image(0..<layer + 1) == image(0..<layer))
        noise.assign(kept)
        #expect(with != image(0..<layer), "layer \(layer)")
      }
    }
  }

  // MARK: Equal ways

  // Fused attention and convolutions sum in another order: about 1e-7 of numbers of size 10 in each
  // layer.
  @Test("training and evaluation give the same image, a batch the images of its samples")
  func purposes() {
    for generator in generators {
      let together = image(generator)
      expectClose(image(generator, purpose: .training), together, atol: 2e-5, rtol: 1e-4)
      for n in 0..<2 {
        let wPlus = generator.seededWPlus(2).sliced(n..<n + 1, axis: 0)
        let alone = generator.synthesize(wPlus, options: SynthesisOptions())
        expectClose(together.sliced(n..<n + 1, axis: 0), alone, atol: 2e-5, rtol: 1e-4)
      }
    }
  }

  @Test("no token exceeds the clamp")
  func clamp() {
    var configuration = smallStyleformer()
    configuration.convClamp = 0.01
    let generator = makeGenerator(configuration)
    let layer = StyleformerLayer(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 1)), inChannels: 8, outChannels: 8,
      resolution: 4, projection: nil, noiseIndex: 0, StyleformerLayer.Context(configuration))
    let x = Tensor.seeded([1, 16, 8], dtype: .float32)
    let y = layer(x, w: generator.seededWPlus(1).selected(0, axis: 1), options: SynthesisOptions())
    #expect(y.abs().max().item() == Double(Float(0.01)))
  }

  // MARK: Gradients

  @Test("every parameter has a gradient, with either kind of attention", arguments: bothPurposes)
  func parameterGradients(purpose: ForwardPurpose) {
    for linformer in [false, true] {
      let generator = makeGenerator(smallStyleformer(linformer: linformer, labelDim: 3))
      generator.parameters.setRequiresGrad(true)
      let w = generator.map(z: generator.seededZ(2), labels: .oneHot([0, 1], count: 3))
      let img = generator.synthesize(
        generator.broadcast(w), options: SynthesisOptions(purpose: purpose))
      let trainable = generator.parameters.trainable
      let g = gradients(of: [img.square().sum()], withRespectTo: Array(trainable.values))
      let silent = zip(trainable.keys, g).filter { $1.abs().max().item() == 0 }.map(\.0)
      #expect(silent.isEmpty, "\(silent)")
    }
  }

  @Test("an encoder layer's first and second gradients are what its values say")
  func layerGradients() {
    for linformer in [false, true] {
      var configuration = smallStyleformer(linformer: linformer)
      (configuration.wDim, configuration.convClamp) = (3, nil)
      let store = ParameterStore()
      let scope = Scope(store, dtype: .float64, generator: TorchGenerator(seed: 3))
      // Four tokens of one channel width each; a projection has 256 rows all the same.
      let projection =
        linformer ? scope.parameter("proj_weight", .uniform([256, 4], bound: 0.5)) : nil
      let layer = StyleformerLayer(
        scope / "enc", inChannels: 8, outChannels: 4, resolution: 2,
        projection: projection == nil ? nil : "proj_weight", noiseIndex: 0,
        StyleformerLayer.Context(configuration))
      expectSecondGradients(at: [.seeded([1, 4, 8], seed: 1), .seeded([1, 3], seed: 2)]) {
        layer($0[0], w: $0[1], options: SynthesisOptions(purpose: .training))
      }
    }
  }

  @Test("the path length's second gradient is finite and reaches the style matrices")
  func pathLength() {
    for generator in generators {
      generator.parameters.setRequiresGrad(true)
      let wPlus = generator.seededWPlus(2).requiringGrad()
      let img = generator.synthesize(wPlus, options: SynthesisOptions(purpose: .training))
      let weights = Tensor.seeded(img.shape, seed: 3, dtype: .float32) * (1.0 / 32)
      let g = gradients(of: [img], withRespectTo: [wPlus], weights: [weights], createGraph: true)[0]
      let length = g.square().sum(over: 2).mean(over: 1).sqrt()
      for matrix in generator.styleMatrices {
        let second = gradients(
          of: [length.sum()], withRespectTo: [matrix.weight], retainGraph: true)
        #expect(second[0].isFinite().all && second[0].abs().max().item() > 0, "\(matrix.name)")
      }
    }
  }

  @Test("Linformer's projection has two names and is one parameter")
  func projection() {
    let store = makeGenerator(smallStyleformer(linformer: true)).parameters
    let names = store.entries.keys.filter { $0.hasSuffix("proj_weight") }
    #expect(names == ["synthesis.b32_0.proj_weight", "synthesis.b32_0.enc.proj_weight"])
    #expect(store[names[0]].isSame(as: store[names[1]]))
    #expect(store.trainable[names[0]] != nil && store.trainable[names[1]] == nil)
    let full = makeGenerator(smallStyleformer()).parameters
    #expect(store.parameterCount == full.parameterCount + 256 * 1024)
  }

  @Test("W+ with another number of rows traps")
  func wrongRows() async {
    await #expect(processExitsWith: .failure) {
      _ = makeGenerator(smallStyleformer()).synthesize(.zeros([1, 5, 12]))
    }
    await #expect(processExitsWith: .failure) {
      _ = makeGenerator(smallStyleformerC()).synthesize(.zeros([1, 9, 12]))
    }
  }

  // MARK: Ablations

  @Test("the default ablation is the published layers; every other one draws another image")
  func ablations() throws {
    func image(_ change: (inout StyleformerAblation) -> Void) throws -> [UInt8] {
      var configuration = smallStyleformer()
      var ablation = StyleformerAblation()
      change(&ablation)
      configuration.ablation = ablation
      try configuration.validate()
      return bits(self.image(makeGenerator(configuration)))
    }
    let published = bits(self.image(makeGenerator(smallStyleformer())))
    #expect(try image { _ in } == published)
    let others = try [
      image { $0.normalization = .beforeModulation }, image { $0.normalization = .afterAttention },
      image { $0.demodulates = false }, image { $0.residual = .input },
      image { $0.residual = .none }, image { $0.feedForwardRatio = 2 },
    ]
    #expect(Set(others + [published]).count == 7)
  }

  @Test("a feed-forward network has two layers for each of the network's, and learns")
  func feedForward() {
    var configuration = smallStyleformer()
    configuration.ablation = StyleformerAblation()
    configuration.ablation?.feedForwardRatio = 2
    let generator = makeGenerator(configuration)
    let names = generator.parameters.entries.keys.filter { $0.contains(".ffn.") }
    #expect(names.count == 4 * generator.noiseInputs.count)
    fillZeros(of: generator.parameters)
    let weights = names.filter { $0.hasSuffix("weight") }.map { generator.parameters[$0] }
    generator.parameters.setRequiresGrad(true)
    let image = generator.synthesize(generator.seededWPlus(2))
    let found = gradients(of: [image.square().sum()], withRespectTo: weights)
    #expect(found.allSatisfy { $0.abs().sum().item() > 0 })
  }

  @Test("without the second branch there is no matrix for it")
  func noResidual() {
    var configuration = smallStyleformer()
    configuration.ablation = StyleformerAblation()
    configuration.ablation?.residual = .none
    let names = makeGenerator(configuration).parameters.entries.keys
    #expect(!names.contains { $0.hasSuffix("u_weight") })
    #expect(makeGenerator(smallStyleformer()).parameters.entries.keys.count == names.count + 4)
  }
}

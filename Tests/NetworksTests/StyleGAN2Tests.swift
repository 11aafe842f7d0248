// The StyleGAN2 generator: rows of W+, noise, purposes, formats, gradients.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("StyleGAN2") struct StyleGAN2Tests {
  private static let architectures: [StyleGAN2Configuration.Architecture] = [.skip, .resnet, .orig]

  private func image(
    _ generator: StyleGAN2, _ noise: NoiseSource = .const,
    purpose: ForwardPurpose = .evaluation, precision: DType = .float32
  ) -> Tensor {
    generator.synthesize(
      generator.seededWPlus(2),
      options: SynthesisOptions(noise: noise, purpose: purpose, precision: precision))
  }

  @Test("says what it is")
  func traits() {
    var configuration = smallConfiguration(labelDim: 3)
    configuration.visibleRows = 2..<14
    let traits = StyleGAN2(configuration, Scope(ParameterStore())).traits
    #expect(traits.zDim == 16 && traits.wDim == 12 && traits.labelDim == 3 && traits.numWs == 6)
    #expect(traits.usedWs == 0..<6 && traits.resolution == 16 && traits.startResolution == 4)
    #expect(traits.imgChannels == 3 && traits.visibleRows == 2..<14)
    #expect(traits.pixelEncoding == .truncated && traits.seedConvention == .numpyRandomState)
  }

  @Test("images have the configured size and channels", arguments: [1, 3, 4])
  func sizes(channels: Int) {
    for (architecture, resolution) in zip(Self.architectures, [4, 8, 32]) {
      var configuration = smallConfiguration(architecture: architecture, resolution: resolution)
      configuration.imgChannels = channels
      #expect(image(makeGenerator(configuration)).shape == [2, channels, resolution, resolution])
    }
  }

  @Test("the image depends on exactly the used rows of W+", arguments: architectures)
  func usedRows(architecture: StyleGAN2Configuration.Architecture) {
    let generator = makeGenerator(smallConfiguration(architecture: architecture))
    let wPlus = generator.seededWPlus(1).requiringGrad()
    let img = generator.synthesize(wPlus)
    let g = gradients(of: [img.square().sum()], withRespectTo: [wPlus])[0]
    let used = (0..<6).filter { g.selected($0, axis: 1).abs().max().item() > 0 }
    #expect(used == Array(generator.traits.usedWs))
  }

  // The gradient by a style matrix is an outer product with its row of w: zero exactly where that
  // row is zero.
  @Test("style matrices read the rows of W+ that they say", arguments: architectures)
  func styleRows(architecture: StyleGAN2Configuration.Architecture) {
    let generator = makeGenerator(smallConfiguration(architecture: architecture))
    let matrices = generator.styleMatrices
    for matrix in matrices {
      matrix.weight.requiringGrad()
      #expect(matrix.weight.isSame(as: generator.parameters[matrix.name]))
    }
    for row in 0..<6 {
      let keep = Tensor((0..<6).map { $0 == row ? Float(0) : 1 }, shape: [1, 6, 1])
      let img = generator.synthesize(generator.seededWPlus(1) * keep)
      let g = gradients(of: [img.square().sum()], withRespectTo: matrices.map(\.weight))
      let silent = zip(matrices, g).filter { $1.abs().max().item() == 0 }.map(\.0.name)
      #expect(silent == matrices.filter { $0.row == row }.map(\.name), "row \(row)")
    }
  }

  @Test("style matrices are listed layer by layer")
  func styleOrder() {
    let generator = makeGenerator(smallConfiguration())
    #expect(
      generator.styleMatrices.map { "\($0.row) \($0.name)" } == [
        "0 synthesis.b4.conv1.affine.weight", "1 synthesis.b4.torgb.affine.weight",
        "1 synthesis.b8.conv0.affine.weight", "2 synthesis.b8.conv1.affine.weight",
        "3 synthesis.b8.torgb.affine.weight", "3 synthesis.b16.conv0.affine.weight",
        "4 synthesis.b16.conv1.affine.weight", "5 synthesis.b16.torgb.affine.weight",
      ])
    let original = makeGenerator(smallConfiguration(architecture: .orig))
    #expect(original.styleMatrices.map(\.row) == [0, 1, 2, 3, 4, 5])
    for matrix in generator.styleMatrices + original.styleMatrices {
      #expect(matrix.makesColours == matrix.name.contains("torgb"), "\(matrix.name)")
    }
  }

  @Test("noise inputs are listed in the order of the layers that read them")
  func noiseInputs() {
    let generator = makeGenerator(smallConfiguration())
    #expect(
      generator.noiseInputs.map(\.name) == [
        "synthesis.b4.conv1.noise_const", "synthesis.b8.conv0.noise_const",
        "synthesis.b8.conv1.noise_const", "synthesis.b16.conv0.noise_const",
        "synthesis.b16.conv1.noise_const",
      ])
    #expect(generator.noiseInputs.map { $0.tensor.size(-1) } == [4, 8, 8, 16, 16])
    var configuration = smallConfiguration()
    configuration.useNoise = false
    #expect(makeGenerator(configuration).noiseInputs.isEmpty)
  }

  @Test("stored noise repeats, no noise differs, random noise repeats with its seed")
  func noiseModes() {
    let generator = makeGenerator(smallConfiguration())
    func random(_ seed: UInt64) -> NoiseSource { .random(TorchGenerator(seed: seed)) }
    #expect(bits(image(generator)) == bits(image(generator)))
    #expect(bits(image(generator)) != bits(image(generator, .none)))
    #expect(bits(image(generator, random(3))) == bits(image(generator, random(3))))
    #expect(bits(image(generator, random(3))) != bits(image(generator, random(4))))
  }

  @Test("random noise differs between the samples of a batch, stored noise does not")
  func noiseOfSamples() {
    let generator = makeGenerator(smallConfiguration())
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
    let generator = makeGenerator(smallConfiguration())
    func image(_ layers: Range<Int>?) -> [UInt8] {
      bits(self.image(generator, NoiseSource(.const, layers: layers)))
    }
    #expect(image(0..<0) == bits(self.image(generator, .none)))
    #expect(image(0..<5) == image(nil))
    for layer in 0..<5 {
      // Without this layer's noise the image is the same as with its stored noise set to zero.
      let with = image(0..<layer + 1)
      let noise = generator.noiseInputs[layer].tensor
      let kept = noise.cloned()
      noise.assign(.zeros(noise.shape))
      #expect(image(0..<layer + 1) == image(0..<layer))
      noise.assign(kept)
      #expect(with != image(0..<layer), "layer \(layer)")
    }
  }

  // Fused and unfused kernels round differently in float32: about 1e-7 of numbers of size 10 in
  // each of nine layers.
  @Test("training and evaluation give the same image", arguments: architectures)
  func purposes(architecture: StyleGAN2Configuration.Architecture) {
    let generator = makeGenerator(smallConfiguration(architecture: architecture))
    expectClose(image(generator, purpose: .training), image(generator), atol: 2e-5, rtol: 1e-4)
  }

  @Test("a batch of two is two batches of one", arguments: architectures)
  func batches(architecture: StyleGAN2Configuration.Architecture) {
    let generator = makeGenerator(smallConfiguration(architecture: architecture))
    let wPlus = generator.seededWPlus(2)
    let together = generator.synthesize(wPlus)
    for n in 0..<2 {
      let alone = generator.synthesize(wPlus.sliced(n..<n + 1, axis: 0))
      expectClose(together.sliced(n..<n + 1, axis: 0), alone, atol: 2e-5, rtol: 1e-4)
    }
  }

  // The quick ways round in other places than the plain ones, and Winograd's transforms some ten times
  // as much.
  @Test(
    "images are the same where no gradients are recorded, large maps one sample after the other",
    arguments: architectures)
  func withoutRecording(architecture: StyleGAN2Configuration.Architecture) {
    var configuration = smallConfiguration(architecture: architecture)
    (configuration.resolution, configuration.channelBase, configuration.channelMax) = (
      128, 4096, 64
    )
    let generator = makeGenerator(configuration)
    let wPlus = generator.seededWPlus(3)
    let images = generator.synthesize(wPlus)
    let quick = withoutGradients { generator.synthesize(wPlus) }
    expectClose(quick, images, atol: 2e-5 * images.abs().max().item())
  }

  // bfloat16 keeps 8 bits: errors of 0.4 % in each of four layers and the sums over them.
  @Test("16-bit formats in the highest resolutions stay close", arguments: architectures)
  func precision(architecture: StyleGAN2Configuration.Architecture) {
    var configuration = smallConfiguration(architecture: architecture)
    (configuration.numFP16Res, configuration.convClamp) = (2, 256)
    let generator = makeGenerator(configuration)
    let wide = image(generator)
    for purpose in [ForwardPurpose.evaluation, .training] {
      for (dtype, rounding) in [(DType.bfloat16, 0x1p-8), (.float16, 0x1p-11)] {
        let narrow = image(generator, purpose: purpose, precision: dtype)
        #expect(narrow.dtype == .float32 && narrow.isFinite().all)
        expectClose(
          narrow, wide, atol: 10 * rounding * wide.abs().max().item(), "\(dtype) \(purpose)")
        #expect(bits(narrow) != bits(wide))
      }
    }
  }

  @Test("layers that are quicker in float32 are computed in it where no gradients are recorded")
  func quickerPrecision() {
    var configuration = smallConfiguration()
    (configuration.numFP16Res, configuration.channelBase, configuration.channelMax) = (2, 4096, 32)
    let generator = makeGenerator(configuration)
    withoutGradients {
      let same = bits(image(generator, precision: .bfloat16)) == bits(image(generator))
      #expect(same == (kernelFeatureLevel == "AVX512"))
    }
    #expect(bits(image(generator, precision: .bfloat16)) != bits(image(generator)))
  }

  @Test("precision changes nothing where the configuration allows no narrow format")
  func widePrecision() {
    let generator = makeGenerator(smallConfiguration())
    #expect(bits(image(generator, precision: .bfloat16)) == bits(image(generator)))
  }

  @Test("no activation exceeds the clamp, which bounds the image of orig networks")
  func clamp() {
    var configuration = smallConfiguration(architecture: .orig)
    configuration.convClamp = 0.01
    #expect(image(makeGenerator(configuration)).abs().max().item() == Double(Float(0.01)))
  }

  @Test("every parameter of synthesis has a gradient, in both purposes")
  func parameterGradients() {
    for purpose in [ForwardPurpose.evaluation, .training] {
      let generator = makeGenerator(smallConfiguration(labelDim: 3))
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

  @Test("the path length's second gradient is finite and reaches the style matrices")
  func pathLength() {
    let generator = makeGenerator(smallConfiguration())
    generator.parameters.setRequiresGrad(true)
    let wPlus = generator.seededWPlus(2).requiringGrad()
    let img = generator.synthesize(wPlus, options: SynthesisOptions(purpose: .training))
    let weights = Tensor.seeded(img.shape, seed: 3, dtype: .float32) * (1.0 / 16)
    let g = gradients(of: [img], withRespectTo: [wPlus], weights: [weights], createGraph: true)[0]
    let length = g.square().sum(over: 2).mean(over: 1).sqrt()
    let matrix = generator.parameters["synthesis.b16.conv0.affine.weight"]
    let second = gradients(of: [length.sum()], withRespectTo: [matrix])[0]
    #expect(second.isFinite().all && second.abs().max().item() > 0)
  }

  @Test("W+ with another number of rows traps")
  func wrongRows() async {
    await #expect(processExitsWith: .failure) {
      let generator = makeGenerator(smallConfiguration())
      _ = generator.synthesize(.zeros([1, 5, 12]))
    }
  }
}

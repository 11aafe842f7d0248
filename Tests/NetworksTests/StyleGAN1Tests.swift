// The StyleGAN generator: rows of W+, noise, growing, mirrored kernels, configurations, gradients.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// StyleGAN at 16×16 with 8 channels at most.
func smallStyleGAN1(
  _ change: (inout StyleGAN1Configuration) -> Void = { _ in }
) -> StyleGAN1Configuration {
  var configuration = StyleGAN1Configuration(resolution: 16)
  (configuration.zDim, configuration.wDim) = (12, 10)
  (configuration.mappingLayers, configuration.mappingWidth) = (2, 14)
  (configuration.featureBase, configuration.featureMax) = (32, 8)
  change(&configuration)
  return configuration
}

/// The smaller networks of the paper's ladder.
func small(_ preset: StyleGAN1Preset) -> StyleGAN1Configuration {
  var configuration = preset.generator(resolution: 16)
  (configuration.featureBase, configuration.featureMax, configuration.zDim) = (32, 8, 12)
  configuration.mappingWidth = 14
  configuration.mappingLayers = min(configuration.mappingLayers, 2)
  configuration.wDim = configuration.mappingLayers == 0 ? 12 : 10
  return configuration
}

/// A generator whose biases, noise weights and mean of w are random too.
func makeStyleGAN1(
  _ configuration: StyleGAN1Configuration = smallStyleGAN1(), dtype: DType = .float32
) -> StyleGAN1 {
  let scope = Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 1))
  let generator = StyleGAN1(configuration, scope)
  fillZeros(of: generator.parameters)
  generator.lod = 0
  return generator
}

@Suite("StyleGAN") struct StyleGAN1Tests {
  private func wPlus(_ generator: StyleGAN1, _ batch: Int = 2, seed: UInt64 = 6) -> Tensor {
    let c = generator.configuration
    return .seeded([batch, c.numWs, c.wDim], seed: seed, dtype: generator.wAvg.dtype)
  }

  private func image(
    _ generator: StyleGAN1, _ noise: NoiseSource = .const, lod: Double? = nil
  ) -> Tensor {
    generator.synthesize(wPlus(generator), options: SynthesisOptions(noise: noise, lod: lod))
  }

  @Test("says what it is")
  func traits() {
    let traits = makeStyleGAN1(
      smallStyleGAN1 { ($0.labelDim, $0.visibleRows) = (3, 2..<14) }
    ).traits
    #expect(traits.zDim == 12 && traits.wDim == 10 && traits.labelDim == 3 && traits.numWs == 6)
    #expect(traits.usedWs == 0..<6 && traits.resolution == 16 && traits.noiseLayers == 6)
    #expect(traits.visibleRows == 2..<14 && traits.pixelEncoding == .truncated)
    #expect(traits.seedConvention == .numpyRandomState)
    let whole = StyleGAN1(StyleGAN1Configuration(), Scope(ParameterStore(), device: .meta)).traits
    #expect(whole.layerRanges.coarse == 0..<4 && whole.layerRanges.middle == 4..<8)
    #expect(whole.layerRanges.fine == 8..<18 && whole.noiseLayers == 18)
  }

  @Test("every configuration of the ladder makes images of the configured size and channels")
  func ladder() throws {
    for preset in StyleGAN1Preset.allCases {
      for channels in [1, 3, 4] {
        var configuration = small(preset)
        configuration.imgChannels = channels
        try configuration.validate()
        let img = image(makeStyleGAN1(configuration))
        #expect(img.shape == [2, channels, 16, 16] && img.isFinite().all, "\(preset)")
      }
    }
    let smallest = makeStyleGAN1(smallStyleGAN1 { $0.resolution = 4 })
    #expect(image(smallest).shape == [2, 3, 4, 4])
  }

  @Test("the image depends on exactly the used rows of W+", arguments: StyleGAN1Preset.allCases)
  func usedRows(preset: StyleGAN1Preset) {
    let generator = makeStyleGAN1(small(preset))
    let wPlus = wPlus(generator, 1).requiringGrad()
    let img = generator.synthesize(wPlus)
    let g = gradients(of: [img.square().sum()], withRespectTo: [wPlus])[0]
    let used = (0..<6).filter { g.selected($0, axis: 1).abs().max().item() > 0 }
    #expect(used == Array(generator.traits.usedWs))
    #expect(used == (preset == .configA || preset == .configB ? [0] : Array(0..<6)))
  }

  @Test("style matrices are those that make styles of their rows, layer by layer")
  func styleMatrices() {
    for preset in [StyleGAN1Preset.configB, .configC, .configF] {
      let generator = makeStyleGAN1(small(preset))
      for matrix in generator.styleMatrices {
        let stored = generator.parameters[matrix.name]
        #expect(matrix.weight.sharesMemory(with: stored), "\(matrix.name)")
        #expect(matrix.weight.shape == stored.shape.reversed(), "\(matrix.name)")
        // The gradient by a matrix is an outer product with its row of w.
        stored.requiringGrad()
        let keep = Tensor((0..<6).map { $0 == matrix.row ? Float(0) : 1 }, shape: [1, 6, 1])
        let img = generator.synthesize(wPlus(generator, 1) * keep)
        let g = gradients(of: [img.square().sum()], withRespectTo: [stored])[0]
        #expect(g.abs().max().item() == 0, "\(matrix.name)")
        stored.requiringGrad(false)
      }
    }
    func names(_ preset: StyleGAN1Preset) -> [String] {
      makeStyleGAN1(small(preset)).styleMatrices.map { "\($0.row) \($0.name)" }
    }
    let layers = ["4x4/Conv", "8x8/Conv0_up", "8x8/Conv1", "16x16/Conv0_up", "16x16/Conv1"]
    let rest = layers.enumerated().map { "\($0 + 1) G_synthesis/\($1)/StyleMod/weight" }
    #expect(names(.configB) == ["0 G_synthesis/4x4/Dense/weight"])
    #expect(
      names(.configC)
        == ["0 G_synthesis/4x4/Dense/weight", "0 G_synthesis/4x4/Dense/StyleMod/weight"] + rest)
    #expect(names(.configF) == ["0 G_synthesis/4x4/Const/StyleMod/weight"] + rest)
  }

  @Test("noise inputs are listed in the order of the layers that read them")
  func noiseInputs() {
    let generator = makeStyleGAN1()
    #expect(generator.noiseInputs.map(\.name) == (0..<6).map { "G_synthesis/noise\($0)" })
    #expect(generator.noiseInputs.map { $0.tensor.size(-1) } == [4, 4, 8, 8, 16, 16])
    #expect(makeStyleGAN1(small(.configD)).noiseInputs.isEmpty)
  }

  @Test("noise can be kept to some layers, counted as the noise inputs are")
  func noiseLayers() {
    let generator = makeStyleGAN1()
    func image(_ layers: Range<Int>?) -> [UInt8] {
      bits(self.image(generator, NoiseSource(.const, layers: layers)))
    }
    #expect(image(0..<0) == bits(self.image(generator, .none)))
    #expect(image(0..<6) == image(nil))
    for layer in 0..<6 {
      let with = image(0..<layer + 1)
      let noise = generator.noiseInputs[layer].tensor
      let kept = noise.cloned()
      noise.assign(.zeros(noise.shape))
      #expect(image(0..<layer + 1) == image(0..<layer))
      noise.assign(kept)
      #expect(with != image(0..<layer), "layer \(layer)")
    }
  }

  @Test("random noise repeats with its seed, and differs between the samples of a batch")
  func randomNoise() {
    let generator = makeStyleGAN1()
    func random(_ seed: UInt64) -> NoiseSource { .random(TorchGenerator(seed: seed)) }
    #expect(bits(image(generator, random(3))) == bits(image(generator, random(3))))
    #expect(bits(image(generator, random(3))) != bits(image(generator, random(4))))
    let twice = wPlus(generator, 1).repeated(2, 1, 1)
    func difference(_ noise: NoiseSource) -> Double {
      let img = generator.synthesize(twice, options: SynthesisOptions(noise: noise))
      return (img.selected(0, axis: 0) - img.selected(1, axis: 0)).abs().max().item()
    }
    #expect(difference(.const) < 1e-5)
    #expect(difference(random(1)) > 0.01)
  }

  @Test("kernels are mirrored from the configured resolution on, and only where images grow")
  func mirroring() {
    let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 1))
    let plain = StyleGAN1(smallStyleGAN1 { $0.mirroredFrom = 8192 }, scope)
    let mirrored = StyleGAN1(
      smallStyleGAN1 { $0.mirroredFrom = 16 },
      Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    #expect(bits(image(plain)) != bits(image(mirrored)))
    // With the kernel itself turned around, both are the same.
    let kernel = mirrored.parameters["G_synthesis/16x16/Conv0_up/weight"]
    kernel.assign(kernel.flipped(0, 1).cloned())
    #expect(bits(image(plain)) == bits(image(mirrored)))
  }

  @Test("a batch of two is two batches of one")
  func batches() {
    let generator = makeStyleGAN1()
    let wPlus = wPlus(generator)
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
    arguments: [0, 0.4, 1])
  func withoutRecording(lod: Double) {
    let generator = makeStyleGAN1(
      smallStyleGAN1 { ($0.resolution, $0.featureBase, $0.featureMax) = (128, 2048, 64) })
    let wPlus = wPlus(generator, 3)
    let images = generator.synthesize(wPlus, options: SynthesisOptions(lod: lod))
    let quick = withoutGradients {
      generator.synthesize(wPlus, options: SynthesisOptions(lod: lod))
    }
    expectClose(quick, images, atol: 2e-5 * images.abs().max().item())
  }

  // MARK: Growing

  @Test("at a level of detail the image is that of a lower resolution, with repeated pixels")
  func growing() {
    let generator = makeStyleGAN1()
    let whole = image(generator, lod: 1)
    #expect(whole.shape == [2, 3, 16, 16])
    // The mean of equal numbers is rounded.
    expectClose(nearestUpsample2d(averagePool2d(whole)), whole, atol: 1e-6, rtol: 1e-6)
    let lowest = image(generator, lod: 2)
    expectClose(
      nearestUpsample2d(averagePool2d(lowest, factor: 4), factor: 4), lowest, atol: 1e-6,
      rtol: 1e-6)
    // Beyond the lowest resolution, and for what is no number, there is nothing more to leave out.
    #expect(bits(image(generator, lod: 7)) == bits(lowest))
    #expect(bits(image(generator, lod: .nan)) == bits(image(generator, lod: 0)))
  }

  @Test("images that are not enlarged have the size of what runs", arguments: [0.3, 1, 1.4, 2, 9])
  func smallSize(lod: Double) {
    let generator = makeStyleGAN1()
    let small = generator.synthesize(
      wPlus(generator), options: SynthesisOptions(lod: lod, isFullSize: false))
    let side = 16 >> min(Int(lod), 2)
    #expect(small.shape == [2, 3, side, side])
    #expect(
      bits(nearestUpsample2d(small, factor: 16 / side)) == bits(image(generator, lod: lod)))
  }

  @Test("between two levels the image lies between theirs", arguments: [0.25, 1.7])
  func fading(lod: Double) {
    let generator = makeStyleGAN1()
    let (fine, coarse) = (
      image(generator, lod: lod.rounded(.down)), image(generator, lod: lod.rounded(.up))
    )
    let share = lod - lod.rounded(.down)
    expectClose(
      image(generator, lod: lod), fine.lerp(to: coarse, weight: share), atol: 1e-5, rtol: 1e-5)
  }

  @Test("the level of detail that the network says of itself is the one used, and is stored twice")
  func storedLod() {
    let generator = makeStyleGAN1()
    generator.lod = 1.5
    #expect(generator.lod == 1.5)
    for name in ["lod", "G_synthesis/lod"] {
      #expect(generator.parameters[name].values() == [1.5])
    }
    #expect(bits(image(generator)) == bits(image(generator, lod: 1.5)))
    #expect(bits(image(generator)) != bits(image(generator, lod: 0)))
  }

  @Test("parameters of resolutions that do not run have no gradient")
  func silentParameters() {
    let generator = makeStyleGAN1()
    generator.parameters.setRequiresGrad(true)
    let trainable = generator.parameters.trainable
    let g = gradients(
      of: [image(generator, lod: 0.5).square().sum()], withRespectTo: Array(trainable.values))
    let silent = zip(trainable.keys, g).filter { $1.abs().max().item() == 0 }.map(\.0)
    let expected = trainable.keys.filter {
      $0.hasPrefix("G_mapping/") || $0.hasPrefix("G_synthesis/ToRGB_lod2/")
    }
    #expect(Set(silent) == Set(expected))
  }

  // MARK: Mapping, averages, gradients

  @Test("labels join z before both are normalised, so that they change w")
  func labels() {
    let generator = makeStyleGAN1(smallStyleGAN1 { $0.labelDim = 3 })
    let z = Tensor.seeded([2, 12], seed: 5, dtype: .float32)
    let classes = (0..<3).map { generator.map(z: z, labels: .oneHot([$0, $0], count: 3)) }
    #expect(classes[0].shape == [2, 10])
    #expect((classes[0] - classes[1]).abs().max().item() > 1e-3)
    #expect((classes[1] - classes[2]).abs().max().item() > 1e-3)
  }

  @Test("w is the normalised z where there is no mapping")
  func withoutMapping() {
    let generator = makeStyleGAN1(small(.configB))
    let z = Tensor.seeded([2, 12], seed: 5, dtype: .float32)
    expectClose(generator.map(z: z), z.normalizedSecondMoment(), atol: 0)
  }

  @Test("the mean of w moves by the share that does not stay")
  func average() {
    let generator = makeStyleGAN1()
    let (before, w) = (generator.wAvg.cloned(), Tensor.seeded([4, 10], seed: 3, dtype: .float32))
    generator.updateAverage(with: w, beta: 0.9)
    expectClose(generator.wAvg, before * 0.9 + w.mean(over: 0) * 0.1, atol: 1e-6)
    #expect(generator.wAvg.isSame(as: generator.parameters["dlatent_avg"]))
  }

  @Test("an average moves by its share in parameters and takes buffers as they are")
  func movingAverage() {
    let (generator, average) = (makeStyleGAN1(), makeStyleGAN1())
    for entry in generator.parameters.entries.values { entry.tensor.assign(entry.tensor + 1) }
    let before = average.parameters["G_synthesis/4x4/Conv/weight"].cloned()
    MovingAverage.update(average.parameters, towards: generator.parameters, beta: 0.5)
    expectClose(average.parameters["G_synthesis/4x4/Conv/weight"], before + 0.5, atol: 1e-6)
    #expect(average.lod == 1)
    for name in ["dlatent_avg", "G_synthesis/noise3"] {
      #expect(average.parameters[name].values() == generator.parameters[name].values())
    }
  }

  @Test("every parameter that an image depends on has a gradient")
  func parameterGradients() {
    for preset in StyleGAN1Preset.allCases {
      var configuration = small(preset)
      configuration.labelDim = 3
      if configuration.mappingLayers == 0 { configuration.wDim = 24 }
      let generator = makeStyleGAN1(configuration)
      generator.parameters.setRequiresGrad(true)
      let z = Tensor.seeded([2, 12], seed: 5, dtype: .float32)
      let w = generator.map(z: z, labels: .oneHot([0, 1], count: 3))
      let img = generator.synthesize(generator.broadcast(w))
      let trainable = generator.parameters.trainable
      let g = gradients(of: [img.square().sum()], withRespectTo: Array(trainable.values))
      let silent = zip(trainable.keys, g).filter { $1.abs().max().item() == 0 }.map(\.0)
      #expect(
        silent.allSatisfy { $0.contains("ToRGB_lod1") || $0.contains("ToRGB_lod2") }
          && silent.count == 4, "\(preset): \(silent)")
    }
  }

  // The slope of leaky ReLU changes where features cross 0, which moves of 1e-6 seldom do.
  @Test("first and second gradients by W+ are those of the values")
  func differences() {
    for preset in [StyleGAN1Preset.configA, .configC, .configF] {
      let generator = makeStyleGAN1(small(preset), dtype: .float64)
      expectGradients(at: [wPlus(generator, 1)], "\(preset)") {
        generator.synthesize($0[0], options: SynthesisOptions(lod: 0.3))
      }
    }
    let generator = makeStyleGAN1(dtype: .float64)
    expectSecondGradients(at: [wPlus(generator, 1)]) { generator.synthesize($0[0]) }
  }

  @Test("traps on W+ of other rows and on labels that are missing")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = makeStyleGAN1().synthesize(.zeros([1, 5, 10]))
    }
    await #expect(processExitsWith: .failure) {
      _ = makeStyleGAN1(smallStyleGAN1 { $0.labelDim = 3 }).map(z: .zeros([1, 12]))
    }
  }
}

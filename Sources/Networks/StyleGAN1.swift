// StyleGAN: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial
// Networks" (2019), with the variables of NVIDIA's TensorFlow program (stylegan), whose `G` and
// `Gs` it equals name for name.

public import Layers
public import Tensors

/// The StyleGAN generator: a mapping network from z to w, and a synthesis network from W+ to images
/// that grows while it is trained.
public final class StyleGAN1: Generator, GrowingNetwork {
  /// The sizes and choices it was built from.
  public let configuration: StyleGAN1Configuration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  /// The running mean of w: [wDim].
  public let wAvg: Tensor
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored
  private let mapping: StyleGAN1Mapping
  private let synthesis: StyleGAN1Synthesis
  /// The level of detail, [], of the whole network and of its synthesis, which the published
  /// program keeps equal.
  private let lods: [Tensor]

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleGAN1Configuration, _ p: Scope) {
    let p = p.separated(by: "/")
    self.configuration = configuration
    parameters = p.store
    let lod = p.buffer("lod", .zeros([]))
    wAvg = p.buffer("dlatent_avg", .zeros([configuration.wDim]))
    synthesis = StyleGAN1Synthesis(configuration, p / "G_synthesis")
    mapping = StyleGAN1Mapping(configuration, p / "G_mapping")
    lods = [lod, synthesis.lod]
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    let c = configuration
    return GeneratorTraits(
      zDim: c.zDim, wDim: c.wDim, labelDim: c.labelDim, numWs: c.numWs,
      usedWs: 0..<(c.useStyles ? c.numWs : c.constInput ? 0 : 1), resolution: c.resolution,
      startResolution: 4, imgChannels: c.imgChannels,
      visibleRows: c.visibleRows ?? 0..<c.resolution, pixelEncoding: .truncated,
      seedConvention: .numpyRandomState, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(numWs: c.numWs), noiseLayers: synthesis.noise.count)
  }

  /// The level of detail that the network says of itself: how many doublings are still missing.
  public var lod: Double {
    get { lods[0].item() }
    set { withoutGradients { lods.forEach { $0.assign(.full(newValue, [])) } } }
  }

  /// The `noise0`, `noise1`, … of every layer, [1, 1, r, r].
  public var noiseInputs: [NoiseInput] {
    synthesis.noise.enumerated().map {
      NoiseInput(name: "G_synthesis/noise\($0)", tensor: $1)
    }
  }

  /// The style matrices of every layer, and the matrix from w to 4×4 where there is one.
  public var styleMatrices: [StyleMatrix] { synthesis.styleMatrices }

  /// Maps z [N, zDim] and labels [N, labelDim] to w [N, wDim].
  public func map(z: Tensor, labels: Tensor? = nil) -> Tensor { mapping(z, labels: labels) }

  /// Moves `wAvg` towards the mean of w [N, wDim].
  public func updateAverage(with w: Tensor, beta: Double) {
    withoutGradients { wAvg.assign(w.detached().mean(over: 0).lerp(to: wAvg, weight: beta)) }
  }

  /// Draws W+ [N, numWs, wDim] as images [N, C, H, W].
  public func synthesize(_ wPlus: Tensor, options: SynthesisOptions = .init()) -> Tensor {
    let stage = GrowthStage(lod: options.lod ?? lod, resolutions: traits.numWs / 2)
    let img = synthesis(
      wPlus, stage, noise: options.noise, usesCheckpointing: options.usesCheckpointing)
    return options.isFullSize ? nearestUpsample2d(img, factor: 1 << stage.missing) : img
  }
}

// MARK: Mapping

/// From z and labels to w: joined, normalised together, and led through fully connected layers.
///
/// - Shape: `z` [N, zDim], `labels` [N, labelDim], result [N, wDim].
final class StyleGAN1Mapping {
  private let labelWeight: Tensor?  // [labelDim, zDim]
  private let layers: [StyleGAN1Dense]

  init(_ configuration: StyleGAN1Configuration, _ p: Scope) {
    let c = configuration
    labelWeight =
      c.labelDim > 0
      ? (p / "LabelConcat").parameter("weight", .randn([c.labelDim, c.zDim])) : nil
    layers = (0..<c.mappingLayers).map { i in
      StyleGAN1Dense(
        p / "Dense\(i)", inFeatures: i == 0 ? c.mappingInputs : c.mappingWidth,
        outFeatures: i == c.mappingLayers - 1 ? c.wDim : c.mappingWidth, activation: .lrelu,
        lrMultiplier: c.mappingLRMultiplier)
    }
  }

  func callAsFunction(_ z: Tensor, labels: Tensor?) -> Tensor {
    precondition(
      (labelWeight == nil) == (labels == nil), "labels are given exactly if there are any")
    let row = labels.flatMap { labels in labelWeight.map { labels.matmul($0) } }
    let x = row.map { .concatenate([z, $0], axis: 1) } ?? z
    return layers.reduce(x.normalizedSecondMoment()) { x, layer in layer(x) }
  }
}

// MARK: Synthesis

/// From W+ to images, resolution by resolution from 4×4 up.
///
/// Every resolution can make an image of its own. While the network grows, those of the highest
/// resolution that runs and of the one below are mixed.
///
/// - Shape: `wPlus` [N, numWs, wDim], result [N, C, r, r] for the highest resolution r that runs.
final class StyleGAN1Synthesis {
  let lod: Tensor  // []
  let noise: [Tensor]  // [1, 1, r, r], two for each resolution
  private let layers: [StyleGAN1Layer]  // two for each resolution
  private let toRGB: [StyleGAN1PixelLayer]  // one for each resolution
  private let numWs: Int

  init(_ configuration: StyleGAN1Configuration, _ p: Scope) {
    let c = configuration
    lod = p.buffer("lod", .zeros([]))
    numWs = c.numWs
    noise = (0..<(c.useNoise ? c.numWs : 0)).map { i in
      p.buffer("noise\(i)", .randn([1, 1, 4 << (i / 2), 4 << (i / 2)]))
    }
    var (layers, toRGB): ([StyleGAN1Layer], [StyleGAN1PixelLayer]) = ([], [])
    for (i, r) in c.blockResolutions.enumerated() {
      let block = p / "\(r)x\(r)"
      if r == 4 {
        layers.append(StyleGAN1Layer(start: block, c))
        layers.append(StyleGAN1Layer(block / "Conv", resolution: r, c))
      } else {
        layers.append(StyleGAN1Layer(block / "Conv0_up", enlargingTo: r, c))
        layers.append(StyleGAN1Layer(block / "Conv1", resolution: r, c))
      }
      toRGB.append(
        StyleGAN1PixelLayer(
          p / "ToRGB_lod\(c.blockResolutions.count - 1 - i)", inChannels: c.channels(at: r),
          outChannels: c.imgChannels))
    }
    (self.layers, self.toRGB) = (layers, toRGB)
  }

  func callAsFunction(
    _ wPlus: Tensor, _ stage: GrowthStage, noise source: NoiseSource, usesCheckpointing: Bool
  ) -> Tensor {
    precondition(wPlus.size(1) == numWs, "W+ has \(wPlus.size(1)) rows, expected \(numWs)")
    return run(from: 0, nil, wPlus, stage, source, usesCheckpointing)
  }

  /// Runs the blocks from one on, given what the block below hands on.
  private func run(
    from first: Int, _ features: Tensor?, _ wPlus: Tensor, _ stage: GrowthStage,
    _ source: NoiseSource, _ usesCheckpointing: Bool
  ) -> Tensor {
    let last = toRGB.count - 1 - stage.missing
    var x = features
    var below: Tensor?
    for i in first...last {
      if let x, fallsIntoSamples(x, noise: source, precision: x.dtype) {
        return sampleBySample(x.size(0)) { one in
          run(from: i, one(x), one(wPlus), stage, source, usesCheckpointing)
        }
      }
      if i == last, stage.fade > 0 { below = x.map { toRGB[i - 1]($0) } }
      let ws = wPlus.sliced(2 * i..<2 * i + 2, axis: 1)
      if usesCheckpointing {
        let made = checkpointed([ws], optional: [x], replaying: source.generators) {
          [self] kept, below in [block(i, below[0], kept[0], source)]
        }
        x = made[0]
      } else {
        x = block(i, x.take(), ws, source)
      }
    }
    guard let x else { preconditionFailure("a network of no resolution") }
    var img = toRGB[last](x)
    if let below { img = img.lerp(to: nearestUpsample2d(below), weight: stage.fade) }
    return img
  }

  /// Runs the two layers of a resolution with their rows of W+, [N, 2, wDim].
  private func block(
    _ i: Int, _ features: consuming Tensor?, _ ws: Tensor, _ source: NoiseSource
  ) -> Tensor? {
    var x = consume features
    for row in 0..<2 {
      // Handed over, so that a layer may let them go before it is done.
      x = layers[2 * i + row](
        x.take(), w: ws.selected(row, axis: 1),
        noise: noise(of: 2 * i + row, source, batch: ws.size(0)))
    }
    return x
  }

  /// The noise of a layer, [1, 1, r, r] or [N, 1, r, r]; nil for none.
  private func noise(of layer: Int, _ source: NoiseSource, batch: Int) -> Tensor? {
    guard noise.indices.contains(layer) else { return nil }
    let stored = noise[layer]
    switch source.mode(forLayer: layer) {
    case .const: return stored
    case .random(let streams):
      return streams.randn(batch: batch, Array(stored.shape.dropFirst())).cast(to: stored.dtype)
    case .none: return nil
    }
  }

  var styleMatrices: [StyleMatrix] {
    layers.enumerated().flatMap { row, layer in
      layer.matrices.map { StyleMatrix(name: $0.name, row: row, weight: $0.weight) }
    }
  }
}

/// One layer of synthesis, which makes features and finishes them.
///
/// - Shape: `x` [N, I, r, r] or [N, I, r / 2, r / 2], `w` [N, wDim], result [N, O, r, r].
final class StyleGAN1Layer {
  /// How the layer's features are made.
  private enum Source {
    /// A learned image [1, O, 4, 4] is repeated.
    case constant(Tensor)
    /// A matrix gives them from w.
    case dense(StyleGAN1Dense)
    /// The features so far are convolved.
    case convolution(StyleGAN1Kernels)
    /// The features so far are enlarged, convolved and filtered.
    case enlargement(StyleGAN1Kernels, isMirrored: Bool, blur: Tensor?)
  }

  private let source: Source
  private let epilogue: StyleGAN1Epilogue
  private let path: String

  /// The first layer, in the block of 4×4.
  init(start block: Scope, _ c: StyleGAN1Configuration) {
    let channels = c.channels(at: 4)
    let p = block / (c.constInput ? "Const" : "Dense")
    source =
      c.constInput
      ? .constant(p.parameter("const", .ones([1, channels, 4, 4])))
      : .dense(
        StyleGAN1Dense(
          p, inFeatures: c.wDim, outFeatures: 16 * channels, hasBias: false,
          gain: 2.0.squareRoot() / 4))
    epilogue = StyleGAN1Epilogue(p, channels: channels, c)
    path = p.path
  }

  /// A layer that keeps the resolution `r`.
  init(_ p: Scope, resolution r: Int, _ c: StyleGAN1Configuration) {
    source = .convolution(
      StyleGAN1Kernels(p, inChannels: c.channels(at: r), outChannels: c.channels(at: r)))
    epilogue = StyleGAN1Epilogue(p, channels: c.channels(at: r), c)
    path = p.path
  }

  /// A layer that doubles the resolution to `r`.
  init(_ p: Scope, enlargingTo r: Int, _ c: StyleGAN1Configuration) {
    source = .enlargement(
      StyleGAN1Kernels(p, inChannels: c.channels(at: r / 2), outChannels: c.channels(at: r)),
      isMirrored: r >= c.mirroredFrom, blur: blurFilter(c.blurFilter, p))
    epilogue = StyleGAN1Epilogue(p, channels: c.channels(at: r), c)
    path = p.path
  }

  /// The layer's matrices from w, [styles, wDim], by their names.
  var matrices: [(name: String, weight: Tensor)] {
    var matrices: [(name: String, weight: Tensor)] = []
    if case .dense(let dense) = source {
      matrices.append(("\(path)/weight", dense.weight.transposed(0, 1)))
    }
    if let matrix = epilogue.styleMatrix { matrices.append(("\(path)/StyleMod/weight", matrix)) }
    return matrices
  }

  /// Runs the layer; `x` is nil exactly for the first.
  func callAsFunction(_ x: consuming Tensor?, w: Tensor, noise: Tensor?) -> Tensor {
    let y = activated(consume x, w: w, epilogue.activation(noise: noise))
    return epilogue.styled(y, w: w)
  }

  private func features(_ x: consuming Tensor?) -> Tensor {
    guard let x else { preconditionFailure("a later layer without features") }
    return x
  }

  private func activated(
    _ x: consuming Tensor?, w: Tensor, _ activation: ConvolutionEpilogue
  ) -> Tensor {
    switch source {
    case .constant(let image): return activation(image.repeated(w.size(0), 1, 1, 1))
    case .dense(let dense): return activation(dense(w).reshaped(w.size(0), -1, 4, 4))
    case .convolution(let kernels):
      return activatedConv2d(
        features(consume x), weight: kernels.unscaled, weightGain: kernels.gain,
        epilogue: activation)
    case .enlargement(let kernels, let isMirrored, let blur):
      return activatedUpscaleConv2d(
        features(consume x), weight: kernels.unscaled, weightGain: kernels.gain,
        isMirrored: isMirrored,
        blur: blur, epilogue: activation)
    }
  }
}

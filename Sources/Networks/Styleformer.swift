// Styleformer and Styleformer-L: Park and Kim, "Styleformer: Transformer Based Generative
// Adversarial Networks with Style Vector" (2022), parameter for parameter the published `G` and
// `G_ema`.

public import Layers
public import Tensors

/// The Styleformer generator: StyleGAN2's mapping network, and a synthesis network of encoder
/// layers on the pixels of a feature map.
///
/// The published code always draws fresh noise. Here noise is an argument: `random` is what the
/// published figures were measured with. Where bfloat16 is asked for and no gradients are recorded,
/// matrices and attention from 16×16 on work in it; normalisation, noise and the image stay in
/// float32, in which all was published.
public final class Styleformer: AttentiveGenerator {
  /// The sizes and choices it was built from.
  public let configuration: StyleformerConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  /// From z and labels to w; also keeps the mean of w.
  public let mapping: MappingNetwork
  /// From W+ to images.
  public let synthesis: StyleformerSynthesis
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleformerConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    synthesis = StyleformerSynthesis(configuration, p / "synthesis")
    mapping = MappingNetwork(configuration, p / "mapping")
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    GeneratorTraits(
      zDim: configuration.zDim, wDim: configuration.wDim, labelDim: configuration.labelDim,
      numWs: configuration.numWs, usedWs: configuration.usedWs,
      resolution: configuration.resolution, startResolution: configuration.startResolution,
      imgChannels: configuration.imgChannels, visibleRows: 0..<configuration.resolution,
      pixelEncoding: .truncated, seedConvention: .numpyRandomState, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(
        resolutions: configuration.layerResolutions + [configuration.resolution]),
      attentionResolutions: configuration.layerResolutions,
      noiseLayers: configuration.layerResolutions.count)
  }

  /// The running mean of w: [wDim].
  public var wAvg: Tensor { parameters["mapping.w_avg"] }

  /// The `noise_const` of every layer, [L, 1].
  public var noiseInputs: [NoiseInput] { parameters.noiseInputs }

  /// The affine matrices of every layer and toRGB, in the order of their rows of W+.
  public var styleMatrices: [StyleMatrix] { synthesis.styleMatrices }

  /// Maps z [N, zDim] and labels [N, labelDim] to w [N, wDim].
  public func map(z: Tensor, labels: Tensor? = nil) -> Tensor { mapping(z, labels: labels) }

  /// Moves `wAvg` towards the mean of w [N, wDim].
  public func updateAverage(with w: Tensor, beta: Double) {
    mapping.updateAverage(with: w, beta: beta)
  }

  /// Draws W+ [N, numWs, wDim] as images [N, C, H, W].
  public func synthesize(_ wPlus: Tensor, options: SynthesisOptions = .init()) -> Tensor {
    let numWs = configuration.numWs
    precondition(wPlus.size(1) == numWs, "W+ has \(wPlus.size(1)) rows, expected \(numWs)")
    return synthesis(wPlus, options: options).img
  }

  /// Where a pixel of the image looks, in every layer.
  public func attentionMaps(
    _ wPlus: Tensor, at pixel: PixelPosition, options: SynthesisOptions = .init()
  ) -> [AttentionMap] {
    synthesis.attentionMaps(
      wPlus, at: pixel, of: configuration.resolution, options: options)
  }
}

extension MappingNetwork {
  /// The mapping network of a Styleformer.
  convenience init(_ configuration: StyleformerConfiguration, _ p: Scope) {
    self.init(
      p, zDim: configuration.zDim, labelDim: configuration.labelDim, wDim: configuration.wDim,
      numLayers: configuration.mappingLayers, keepsAverage: true)
  }
}

// MARK: Synthesis

/// From W+ to images, block by block from the start resolution up.
///
/// - Shape: `wPlus` [N, at least a row for each layer and one, wDim], image [N, C, H, W].
public final class StyleformerSynthesis {
  /// The blocks, one for each encoder layer, in the order in which they run.
  package let blocks: [StyleformerBlock]

  /// Makes the blocks `b8_0`, `b16_0`, `b16_1`, …, each named by its resolution and its place in
  /// the stage.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices.
  ///   - p: The network's place among the names.
  public init(_ configuration: StyleformerConfiguration, _ p: Scope) {
    let context = StyleformerLayer.Context(configuration)
    let filter = defaultResampleFilter()
    var blocks: [StyleformerBlock] = []
    for (stage, r) in configuration.stageResolutions.enumerated() {
      let (count, channels) = (configuration.numLayers[stage], configuration.hiddenSizes[stage])
      let next = configuration.hiddenSizes.dropFirst(stage + 1).first
      for j in 0..<count {
        let isLast = j == count - 1
        blocks.append(
          StyleformerBlock(
            p / "b\(r)_\(j)", inChannels: channels,
            outChannels: isLast ? next ?? channels : channels, resolution: r,
            place: StyleformerBlock.Place(
              startsNetwork: blocks.isEmpty, startsStage: j == 0, endsStage: isLast,
              endsNetwork: isLast && next == nil),
            filter: filter, noiseIndex: blocks.count, context))
      }
    }
    self.blocks = blocks
  }

  /// Runs all blocks.
  ///
  /// Where no gradients are recorded, nobody looks on and noise is not drawn, the large feature maps
  /// are made one sample after the other: they stay in the caches, and take less memory.
  ///
  /// - Parameters:
  ///   - wPlus: [N, rows, wDim], of which a block reads its own row and the last block of a stage
  ///     the next one too.
  ///   - options: Noise and purpose.
  ///   - observe: Is shown every block with its tokens [N, L, I] and w [N, wDim], and what it
  ///     handed on; nil for nobody.
  /// - Returns: The last tokens [N, H · W, C'] and the image [N, C, H, W].
  package func callAsFunction(
    _ wPlus: Tensor, options: SynthesisOptions,
    observe: ((StyleformerBlock, _ x: Tensor, _ w: Tensor, StyleformerBlock.State) -> Void)? = nil
  ) -> (x: Tensor, img: Tensor) {
    let state = run(
      from: 0, StyleformerBlock.State(x: nil, img: nil), wPlus, options, observe: observe)
    guard let x = state.x, let img = state.img else {
      preconditionFailure("a synthesis network without blocks")
    }
    return (x, img)
  }

  /// Runs the blocks from one on, given what the one before handed on.
  private func run(
    from first: Int, _ start: StyleformerBlock.State, _ wPlus: Tensor, _ options: SynthesisOptions,
    observe: ((StyleformerBlock, _ x: Tensor, _ w: Tensor, StyleformerBlock.State) -> Void)?
  ) -> StyleformerBlock.State {
    let n = wPlus.size(0)
    let mayBeSplit = n > 1 && observe == nil && !recordsGradients && !options.noise.isRandom
    var state = start
    for (row, block) in blocks.enumerated().dropFirst(first) {
      if mayBeSplit, let x = state.x, x.size(1) >= 1024 {
        let samples = (0..<n).map { sample in
          let one = { (all: Tensor) in all.sliced(sample..<sample + 1, axis: 0) }
          let begun = StyleformerBlock.State(
            x: one(x), img: state.img.map(one), isPlaced: state.isPlaced)
          return run(from: row, begun, one(wPlus), options, observe: nil)
        }
        return StyleformerBlock.State(
          x: .concatenate(samples.compactMap(\.x), axis: 0),
          img: .concatenate(samples.compactMap(\.img), axis: 0))
      }
      if options.usesCheckpointing, observe == nil {
        let ws = wPlus.sliced(row..<row + 2, axis: 1)
        let next = row + 1 < blocks.count ? blocks[row + 1] : nil
        state = block.checkpointed(state, ws: ws, options, next: next)
        continue
      }
      let w = wPlus.selected(row, axis: 1)
      let x = block.tokens(state, batch: n)
      // Whoever looks on sees tokens without positions.
      let next = observe == nil && row + 1 < blocks.count ? blocks[row + 1] : nil
      state = block(
        x, img: state.img, w: w, nextW: wPlus.selected(row + 1, axis: 1), options, next: next)
      observe?(block, x, w, state)
    }
    return state
  }

  func attentionMaps(
    _ wPlus: Tensor, at pixel: PixelPosition, of resolution: Int, options: SynthesisOptions
  ) -> [AttentionMap] {
    var maps: [AttentionMap] = []
    _ = self(wPlus, options: options) { block, x, w, _ in
      let layer = block.layer
      let query = pixel.scaled(from: resolution, to: layer.resolution)
      let token = query.row * layer.resolution + query.column
      maps.append(
        AttentionMap(
          name: layer.path, query: query, weights: layer.attention(at: token, x, w: w),
          groups: layer.headGroups))
    }
    return maps
  }

  var styleMatrices: [StyleMatrix] {
    blocks.enumerated().flatMap { row, block in block.styleMatrices(from: row) }
  }
}

/// One encoder layer, and what surrounds it at the borders of a stage: the position embedding
/// before the first, RGB and enlargement after the last.
///
/// - Shape: x [N, L, I] → [N, L, O], or [N, 4 · L, O] after the last layer of a stage.
public final class StyleformerBlock {
  /// Where in the network a block stands.
  struct Place {
    let startsNetwork: Bool
    let startsStage: Bool
    let endsStage: Bool
    let endsNetwork: Bool
  }

  /// What blocks hand on.
  package struct State {
    /// The tokens.
    package var x: Tensor?
    /// The image so far.
    package var img: Tensor?
    /// Whether the positions of the next block have been added to the tokens.
    var isPlaced = false
  }

  /// The encoder layer.
  public let layer: StyleformerLayer
  private let const: Tensor?  // [L, I], only in the first block
  private let positionEmbedding: Tensor?  // [1, L, I], only in the first block of a stage
  private let toRGB: StyleformerToRGB?  // in the last block of a stage
  private let filter: Tensor  // [4, 4]
  private let enlarges: Bool

  init(
    _ p: Scope, inChannels: Int, outChannels: Int, resolution: Int, place: Place,
    filter taps: Tensor,
    noiseIndex: Int, _ context: StyleformerLayer.Context
  ) {
    let (configuration, tokens) = (context.configuration, resolution * resolution)
    let projects = configuration.projects(at: resolution)
    if projects {
      _ = p.parameter(
        "proj_weight", .uniform([256, tokens], bound: 1 / Double(tokens).squareRoot()))
    }
    const = place.startsNetwork ? p.parameter("const", .randn([tokens, inChannels])) : nil
    positionEmbedding =
      place.startsStage ? p.parameter("pos_embedding", .zeros([1, tokens, inChannels])) : nil
    filter = p.buffer("resample_filter", .values(taps))
    layer = StyleformerLayer(
      p / "enc", inChannels: inChannels, outChannels: outChannels, resolution: resolution,
      projection: projects ? "\(p.path).proj_weight" : nil, noiseIndex: noiseIndex, context)
    toRGB =
      place.endsStage
      ? StyleformerToRGB(
        p / "torgb", inChannels: outChannels, imgChannels: configuration.imgChannels,
        wDim: configuration.wDim) : nil
    enlarges = place.endsStage && !place.endsNetwork
  }

  /// What the layer gets: the tokens of the block before or the constant, with their positions at
  /// the start of a stage.
  func tokens(_ before: State, batch: Int) -> Tensor {
    guard let x = before.x ?? const?.unsqueezed(0).expanded(batch, -1, -1) else {
      preconditionFailure("a later block without tokens")
    }
    return before.isPlaced ? x : positionEmbedding.map { x + $0 } ?? x
  }

  /// Runs the layer, and at the end of a stage toRGB, which reads the next layer's w; positions of
  /// the next block, if it is given, are added as tokens are enlarged.
  func callAsFunction(
    _ x: Tensor, img: Tensor?, w: Tensor, nextW: Tensor, _ options: SynthesisOptions,
    next: StyleformerBlock?
  ) -> State {
    let y = layer(x, w: w, options: options)
    guard let toRGB else { return State(x: y, img: img) }
    let rgb = toRGB(y, w: nextW)
    let sum = img.map { upsample2d($0, filter: filter) + rgb } ?? rgb
    guard enlarges else { return State(x: y, img: sum) }
    return State(
      x: enlargedTokens(y, filter: filter, adding: next?.positionEmbedding), img: sum,
      isPlaced: next != nil)
  }

  /// Gets its tokens and runs, and keeps only what the block before handed on for gradients.
  ///
  /// - Parameters:
  ///   - before: What the block before handed on.
  ///   - ws: The layer's w and the next one's, [N, 2, wDim].
  ///   - options: Noise and purpose.
  ///   - next: The block whose positions are added; nil for none.
  /// - Returns: What is handed on.
  fileprivate func checkpointed(
    _ before: State, ws: Tensor, _ options: SynthesisOptions, next: StyleformerBlock?
  ) -> State {
    let isPlaced = before.isPlaced
    let made = Tensors.checkpointed(
      [ws], optional: [before.x, before.img], replaying: options.noise.generators
    ) { [self] kept, state in
      let (w, nextW) = (kept[0].selected(0, axis: 1), kept[0].selected(1, axis: 1))
      let x = tokens(
        State(x: state[0], img: state[1], isPlaced: isPlaced), batch: kept[0].size(0))
      let after = self(x, img: state[1], w: w, nextW: nextW, options, next: next)
      return [after.x, after.img]
    }
    return State(x: made[0], img: made[1], isPlaced: enlarges && next != nil)
  }

  /// The matrices from w to styles, the first of which reads this row of W+.
  fileprivate func styleMatrices(from row: Int) -> [StyleMatrix] {
    let own = StyleMatrix(
      name: "\(layer.path).affine1.weight", row: row, weight: layer.affine.weight)
    guard let toRGB else { return [own] }
    let colours = StyleMatrix(
      name: "\(toRGB.path).affine.weight", row: row + 1, weight: toRGB.affine.weight,
      makesColours: true)
    return [own, colours]
  }
}

/// Tokens to image channels, modulated and, unlike StyleGAN2's toRGB, demodulated.
///
/// - Shape: `x` [N, L, I], `w` [N, wDim], result [N, C, r, r].
final class StyleformerToRGB {
  let path: String
  let affine: FullyConnectedLayer  // w [N, wDim] → styles [N, I]
  private let weight: Tensor  // [C, I]
  private let bias: Tensor  // [C]

  init(_ p: Scope, inChannels: Int, imgChannels: Int, wDim: Int) {
    weight = p.parameter(
      "weight",
      .uniform([imgChannels, inChannels], bound: 1 / Double(inChannels).squareRoot()))
    bias = p.parameter("bias", .zeros([imgChannels]))
    affine = FullyConnectedLayer(
      p / "affine", inFeatures: wDim, outFeatures: inChannels, biasInit: 1)
    path = p.path
  }

  func callAsFunction(_ x: Tensor, w: Tensor) -> Tensor {
    let styles = affine(w)
    // [N, C, I], with the styles and what normalises them.
    let matrices =
      weight * styles.unsqueezed(1) * demodulation(of: weight, styles: styles).unsqueezed(2)
    let r = Int(Double(x.size(1)).squareRoot())
    let channels = tokenChannels(x, matrices: matrices) + bias.unsqueezed(1)
    return channels.reshaped(x.size(0), weight.size(0), r, r)
  }
}

/// [N, r · r, C] → [N, C, r, r].
func imageOfTokens(_ x: Tensor) -> Tensor {
  let r = Int(Double(x.size(1)).squareRoot())
  return x.transposed(1, 2).reshaped(x.size(0), x.size(2), r, r)
}

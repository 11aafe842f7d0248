// The one protocol that all generators meet: z and labels → w → W+ → image.

public import Layers
public import Tensors

/// A style-based generator.
///
/// A z and a label are mapped to w; w repeated for every layer, or different rows for different
/// layers, is W+; W+ is synthesised into an image. Sampling, mixing, truncation, animation,
/// inversion and editing are written against this protocol and so work for every family.
///
/// - Shape: N batch, C image channels, H W image size.
public protocol Generator: AnyObject {
  /// The family's configuration.
  associatedtype Configuration: GeneratorConfiguration

  /// The sizes and choices it was built from.
  var configuration: Configuration { get }
  /// What the generator is: sizes, ranges and conventions.
  var traits: GeneratorTraits { get }
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }
  /// The running mean of w that truncation pulls towards: [wDim].
  var wAvg: Tensor { get }
  /// Where `wAvg` came from; whoever loads the network says so.
  var wAvgSource: WAvgSource { get set }
  /// The stored noise images, in the order of the layers that read them; empty for families without
  /// noise.
  var noiseInputs: [NoiseInput] { get }
  /// The matrices from w to styles, in the order of the layers.
  var styleMatrices: [StyleMatrix] { get }

  /// Maps latents to w.
  ///
  /// - Parameters:
  ///   - z: [N, zDim], standard normal.
  ///   - labels: [N, labelDim]; nil for generators without labels.
  /// - Returns: [N, wDim].
  func map(z: Tensor, labels: Tensor?) -> Tensor

  /// Moves the running mean of w towards the mean of a batch, as every mapping in training does.
  ///
  /// Families that keep no running mean do nothing.
  ///
  /// - Parameters:
  ///   - w: [N, wDim].
  ///   - beta: The share of the old mean that stays.
  func updateAverage(with w: Tensor, beta: Double)

  /// Draws the images of styles.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - options: Noise, purpose and precision.
  /// - Returns: [N, C, H, W] in the range that `traits.pixelEncoding` describes, not bounded.
  func synthesize(_ wPlus: Tensor, options: SynthesisOptions) -> Tensor
}

extension Generator {
  /// A generator of its own with the same weights.
  package func copy() -> any Generator {
    let scope = Scope(ParameterStore(), device: wAvg.device, dtype: wAvg.dtype)
    let copy = configuration.makeGenerator(scope)
    MovingAverage.update(copy.parameters, towards: parameters, beta: 0)
    copy.wAvgSource = wAvgSource
    return copy
  }
}

/// What a generator is: sizes, ranges and conventions, as plain values.
public struct GeneratorTraits: Hashable, Sendable {
  /// The length of z.
  public var zDim: Int
  /// The length of w.
  public var wDim: Int
  /// The length of a label; 0 for generators without labels.
  public var labelDim: Int
  /// The rows of W+.
  public var numWs: Int
  /// The rows of W+ that the image depends on; some families never read their last rows.
  public var usedWs: Range<Int>
  /// The image's width and height, in pixels.
  public var resolution: Int
  /// The width and height at which synthesis starts, in pixels.
  public var startResolution: Int
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels: Int
  /// The rows that are meant to be seen; others are black bars (cars: 384 of 512).
  public var visibleRows: Range<Int>
  /// How synthesised numbers become 8-bit pixels.
  public var pixelEncoding: PixelEncoding
  /// Which random stream turns a seed into z.
  public var seedConvention: SeedConvention
  /// Where the mean of w came from.
  public var wAvgSource: WAvgSource
  /// The rows of W+ that decide coarse, middle and fine traits.
  public var layerRanges: LayerRanges
  /// The widths and heights of the feature maps of the layers that attend, in their order; empty
  /// for generators without attention.
  public var attentionResolutions: [Int]
  /// How many layers add noise; 0 for families without.
  public var noiseLayers: Int

  /// Traits with these values.
  public init(
    zDim: Int, wDim: Int, labelDim: Int, numWs: Int, usedWs: Range<Int>, resolution: Int,
    startResolution: Int, imgChannels: Int, visibleRows: Range<Int>, pixelEncoding: PixelEncoding,
    seedConvention: SeedConvention, wAvgSource: WAvgSource, layerRanges: LayerRanges,
    attentionResolutions: [Int] = [], noiseLayers: Int = 0
  ) {
    self.zDim = zDim
    self.wDim = wDim
    self.labelDim = labelDim
    self.numWs = numWs
    self.usedWs = usedWs
    self.resolution = resolution
    self.startResolution = startResolution
    self.imgChannels = imgChannels
    self.visibleRows = visibleRows
    self.pixelEncoding = pixelEncoding
    self.seedConvention = seedConvention
    self.wAvgSource = wAvgSource
    self.layerRanges = layerRanges
    self.attentionResolutions = attentionResolutions
    self.noiseLayers = noiseLayers
  }
}

/// Where a generator's mean of w came from.
public enum WAvgSource: Hashable, Sendable, LosslessStringConvertible {
  /// A running mean kept in training and stored in the checkpoint.
  case stored
  /// Computed afterwards over this many samples of one random seed.
  case estimated(samples: Int, seed: UInt32)

  /// The source in the words of `description`; nil for other words.
  public init?(_ description: String) {
    if description == "stored" {
      self = .stored
      return
    }
    guard let match = description.wholeMatch(of: /estimated from (\d+) samples of seed (\d+)/),
      let samples = Int(match.1), let seed = UInt32(match.2)
    else { return nil }
    self = .estimated(samples: samples, seed: seed)
  }

  /// The source in words.
  public var description: String {
    switch self {
    case .stored: "stored"
    case .estimated(let samples, let seed): "estimated from \(samples) samples of seed \(seed)"
    }
  }
}

/// The rows of W+ in the three groups of the StyleGAN paper: up to 8×8, 16×16 to 32×32, and above.
public struct LayerRanges: Hashable, Sendable {
  /// Pose, shape of the face, glasses.
  public var coarse: Range<Int>
  /// Features, hair style, eyes open or closed.
  public var middle: Range<Int>
  /// Colours and fine structure.
  public var fine: Range<Int>

  /// Splits rows by the resolution of the layer that reads each; those that start at 12×12 rather
  /// than 8×8 are split at as many doublings.
  ///
  /// - Parameter resolutions: The resolution of each row that is read, none smaller than the one
  ///   before.
  public init(resolutions: [Int]) {
    let first = resolutions.count { $0 < 16 }
    let second = resolutions.count { $0 < 64 }
    (coarse, middle, fine) = (0..<first, first..<second, second..<resolutions.count)
  }

  /// Splits `numWs` rows where two rows belong to each resolution from 4 on.
  ///
  /// - Parameter numWs: The rows of W+.
  public init(numWs: Int) { self.init(resolutions: (0..<numWs).map { 4 << ($0 / 2) }) }
}

/// Which random stream turns a seed into z.
public enum SeedConvention: Hashable, Sendable {
  /// `numpy.random.RandomState(seed).randn(1, zDim)`, as the NVIDIA families do.
  case numpyRandomState
  /// `torch.manual_seed(seed)` and `torch.randn`, as StyleNAT and StyleSwin do.
  case torchManualSeed
}

/// A stored noise image of one layer, which can be set, optimised and regularised.
public struct NoiseInput {
  /// Its name in the store.
  public let name: String
  /// The noise as the layer keeps it: [H, W] or [1, 1, H, W], or [H · W, 1] for a layer of tokens.
  public let tensor: Tensor

  /// The noise image of this name.
  public init(name: String, tensor: Tensor) { (self.name, self.tensor) = (name, tensor) }

  /// The noise as an image, [H, W], in the memory of `tensor`; layers of tokens have square images.
  public var image: Tensor {
    guard tensor.size(-1) == 1 else { return tensor.reshaped(tensor.size(-2), tensor.size(-1)) }
    let side = Int(Double(tensor.count).squareRoot())
    return tensor.reshaped(side, side)
  }
}

extension ParameterStore {
  /// The stored noise images, `noise_const` of every layer, in the order of the layers.
  var noiseInputs: [NoiseInput] {
    entries.compactMap { name, entry in
      name.hasSuffix(".noise_const") ? NoiseInput(name: name, tensor: entry.tensor) : nil
    }
  }
}

/// The matrix that makes one layer's styles from w.
public struct StyleMatrix {
  /// Its name in the store.
  public let name: String
  /// The row of W+ that the layer reads.
  public let row: Int
  /// [styles, wDim].
  public let weight: Tensor
  /// Whether the layer turns features into the image's colours.
  public let makesColours: Bool

  /// The matrix of the layer that reads this row.
  public init(name: String, row: Int, weight: Tensor, makesColours: Bool = false) {
    (self.name, self.row, self.weight) = (name, row, weight)
    self.makesColours = makesColours
  }
}

/// How synthesis runs: arguments rather than hidden state.
public struct SynthesisOptions {
  /// Where per-pixel noise comes from.
  public var noise: NoiseSource
  /// What the image is for.
  public var purpose: ForwardPurpose
  /// The number format of the highest resolutions, where the network's configuration allows a
  /// narrower one.
  public var precision: DType
  /// How many doublings of the resolution are still missing, for networks that grow while they are
  /// trained; nil for as many as the network says of itself.
  public var lod: Double?
  /// Whether the images of a network that is still growing are enlarged to its full size; otherwise
  /// they have that of the highest resolution that runs.
  public var isFullSize: Bool
  /// Whether the blocks of the network keep only what they are given for gradients, which run them
  /// once more and cannot be differentiated themselves.
  public var usesCheckpointing: Bool

  /// Stored noise, for evaluation, in float32, as far grown as the network is and in full size,
  /// unless said otherwise.
  public init(
    noise: NoiseSource = .const, purpose: ForwardPurpose = .evaluation,
    precision: DType = .float32, lod: Double? = nil, isFullSize: Bool = true,
    usesCheckpointing: Bool = false
  ) {
    self.noise = noise
    self.purpose = purpose
    self.precision = precision
    self.lod = lod
    self.isFullSize = isFullSize
    self.usesCheckpointing = usesCheckpointing
  }
}

extension SynthesisOptions {
  /// The number format in which transformers work on tokens: a narrow one where it is asked for,
  /// from 16×16 tokens on and where no gradients are recorded; else that of the tokens.
  ///
  /// - Parameter x: [N, L, C].
  /// - Returns: The format.
  func format(forTokens x: Tensor) -> DType {
    // Smaller maps take as long as their weights take to be read.
    let isNarrow = precision.byteCount < x.dtype.byteCount && precision.byteCount == 2
    return isNarrow && x.size(1) >= 256 && !recordsGradients ? precision : x.dtype
  }
}

/// Where the noise that layers add comes from.
public struct NoiseSource {
  /// The kind of noise.
  public enum Mode {
    /// The noise stored with the network, the same for every image.
    case const
    /// Fresh standard normal numbers for every image and layer.
    case random(NoiseStreams)
    /// No noise at all.
    case none
  }

  /// The kind of noise.
  public var mode: Mode
  /// The layers that get it, counted over all noise inputs; nil for all.
  public var layers: Range<Int>?

  /// Noise of one kind in some layers, or in all.
  public init(_ mode: Mode, layers: Range<Int>? = nil) {
    self.mode = mode
    self.layers = layers
  }

  /// The noise stored with the network.
  public static var const: NoiseSource { NoiseSource(.const) }
  /// No noise.
  public static var none: NoiseSource { NoiseSource(.none) }

  /// Fresh noise drawn from `generator`, for whole batches at a time.
  public static func random(_ generator: TorchGenerator) -> NoiseSource {
    NoiseSource(.random(NoiseStreams(generator)))
  }

  /// Fresh noise that each image of a batch has from a stream of its own, so that it does not
  /// depend on the others.
  ///
  /// - Parameter generators: One for each image.
  /// - Returns: The noise.
  public static func random(each generators: [TorchGenerator]) -> NoiseSource {
    NoiseSource(.random(NoiseStreams(each: generators)))
  }

  /// Whether noise is drawn while images are made.
  var isRandom: Bool {
    if case .random = mode { true } else { false }
  }

  /// The streams from which noise is drawn while images are made.
  var generators: [TorchGenerator] {
    if case .random(let streams) = mode { streams.generators } else { [] }
  }

  /// The kind of noise for one layer.
  ///
  /// - Parameter layer: The layer's place among all noise inputs.
  /// - Returns: `mode`, or none if the layer is left out.
  public func mode(forLayer layer: Int) -> Mode {
    layers?.contains(layer) ?? true ? mode : .none
  }
}

/// Where fresh noise is drawn: one stream for a whole batch, or one for each of its images.
public struct NoiseStreams {
  fileprivate let generators: [TorchGenerator]

  /// One stream for whole batches.
  public init(_ generator: TorchGenerator) { generators = [generator] }

  /// A stream for each image of a batch.
  public init(each generators: [TorchGenerator]) { self.generators = generators }

  /// Standard normal numbers.
  ///
  /// - Parameters:
  ///   - batch: N, the number of streams if there is one for each image.
  ///   - shape: What an image gets.
  /// - Returns: [N] and the shape.
  func randn(batch: Int, _ shape: [Int]) -> Tensor {
    guard generators.count != 1 else {
      return .randn([batch] + shape, generator: generators[0])
    }
    precondition(generators.count == batch, "\(generators.count) streams for \(batch) images")
    return .concatenate(generators.map { .randn([1] + shape, generator: $0) }, axis: 0)
  }
}

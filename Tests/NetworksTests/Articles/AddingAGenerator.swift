// The generator of the article "Adding a generator", and all that it can do without more code.

public import Layers
public import Networks
import TestSupport
public import Tensors
import Testing

/// The sizes of a tiny generator.
public struct TinyConfiguration: GeneratorConfiguration {
  /// The name of this family in network files.
  public static let kind = "tiny"

  /// The length of z.
  public var zDim = 16
  /// The length of w.
  public var wDim = 16
  /// The image's width and height, a power of two from 4 on.
  public var resolution = 16
  /// Features of every layer.
  public var channels = 8

  /// A generator of 16×16 pixels.
  public init() {}

  /// The rows of W+: two for each resolution.
  public var numWs: Int { 2 * resolution.trailingZeroBitCount - 2 }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 4 to 1024") {
      (4...1024).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("zDim", zDim, in: 1...65536)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("channels", channels, in: 1...65536)
  }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { TinyGenerator(self, p) }
}

/// A modulated convolution, a bias and an activation.
///
/// - Shape: `x` [N, I, H, W], `w` [N, wDim], result [N, O, H, W].
final class TinyLayer {
  let affine: FullyConnectedLayer  // w [N, wDim] → styles [N, I]
  let path: String
  private let weight: Tensor  // [O, I, 3, 3]
  private let bias: Tensor  // [O]
  private let activation: Activation

  init(
    _ p: Scope, wDim: Int, inChannels: Int, outChannels: Int, activation: Activation = .lrelu
  ) {
    path = p.path
    affine = FullyConnectedLayer(
      p / "affine", inFeatures: wDim, outFeatures: inChannels, biasInit: 1)
    weight = p.parameter("weight", .randn([outChannels, inChannels, 3, 3]))
    bias = p.parameter("bias", .zeros([outChannels]))
    self.activation = activation
  }

  func callAsFunction(_ x: Tensor, w: Tensor, options: SynthesisOptions) -> Tensor {
    let y = modulatedConv2d(
      x, weight: weight, styles: affine(w), padding: 1, fused: options.purpose == .evaluation)
    return biasAct(y, bias: bias, activation: activation)
  }
}

/// A learned constant that grows to an image: two modulated convolutions for each resolution.
public final class TinyGenerator: Generator {
  /// The sizes that it was built from.
  public let configuration: TinyConfiguration
  /// All parameters and buffers.
  public let parameters: ParameterStore
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored
  private let mapping: MappingNetwork
  private let const: Tensor  // [C, 4, 4]
  private let filter: Tensor  // [4, 4]
  private let layers: [TinyLayer]  // one for each row of W+; the last makes the colours

  /// Builds the network.
  public init(_ configuration: TinyConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let (c, last) = (configuration.channels, configuration.numWs - 1)
    mapping = MappingNetwork(
      p / "mapping", zDim: configuration.zDim, labelDim: 0, wDim: configuration.wDim,
      numLayers: 2, keepsAverage: true)
    const = p.parameter("const", .randn([c, 4, 4]))
    filter = p.buffer("resample_filter", .values(defaultResampleFilter()))
    layers = (0...last).map { row in
      TinyLayer(
        p / "layer\(row)", wDim: configuration.wDim, inChannels: c,
        outChannels: row == last ? 3 : c, activation: row == last ? .linear : .lrelu)
    }
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    GeneratorTraits(
      zDim: configuration.zDim, wDim: configuration.wDim, labelDim: 0,
      numWs: configuration.numWs, usedWs: 0..<configuration.numWs,
      resolution: configuration.resolution, startResolution: 4, imgChannels: 3,
      visibleRows: 0..<configuration.resolution, pixelEncoding: .truncated,
      seedConvention: .numpyRandomState, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(numWs: configuration.numWs))
  }

  /// The running mean of w: [wDim].
  public var wAvg: Tensor { parameters["mapping.w_avg"] }

  /// None: the layers add no noise.
  public var noiseInputs: [NoiseInput] { [] }

  /// The affine matrix of every layer.
  public var styleMatrices: [StyleMatrix] {
    layers.enumerated().map { row, layer in
      StyleMatrix(name: "\(layer.path).affine.weight", row: row, weight: layer.affine.weight)
    }
  }

  /// Maps z [N, zDim] to w [N, wDim].
  public func map(z: Tensor, labels: Tensor?) -> Tensor { mapping(z, labels: labels) }

  /// Moves `wAvg` towards the mean of w [N, wDim].
  public func updateAverage(with w: Tensor, beta: Double) {
    mapping.updateAverage(with: w, beta: beta)
  }

  /// Draws W+ [N, numWs, wDim] as images [N, 3, H, W].
  public func synthesize(_ wPlus: Tensor, options: SynthesisOptions) -> Tensor {
    precondition(
      wPlus.size(1) == layers.count, "W+ has \(wPlus.size(1)) rows, expected \(layers.count)")
    var x = const.unsqueezed(0).repeated(wPlus.size(0), 1, 1, 1)  // [N, C, 4, 4]
    for (row, layer) in layers.enumerated() {
      if row > 0 && row.isMultiple(of: 2) { x = upsample2d(x, filter: filter) }
      x = layer(x, w: wPlus.selected(row, axis: 1), options: options)
    }
    return x
  }
}

@Suite("A generator of one's own") struct TinyGeneratorTests {
  private let generator = TinyConfiguration().makeGenerator(
    Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))

  private func image(of wPlus: Tensor) -> Tensor {
    withoutGradients { generator.synthesize(wPlus, options: SynthesisOptions()) }
  }

  @Test("samples, mixes and makes bytes through the protocol alone")
  func sampling() {
    let store = ParameterStore()
    let generator = TinyConfiguration().makeGenerator(
      Scope(store, generator: TorchGenerator(seed: 1)))

    let w = generator.map(z: generator.z(seed: 85), labels: nil)  // [1, wDim]
    let wPlus = generator.broadcast(w, truncation: Truncation(psi: 0.7))  // [1, numWs, wDim]
    let other = generator.broadcast(generator.map(z: generator.z(seed: 55), labels: nil))
    let coarse = Set(generator.traits.layerRanges.coarse)
    let mixed = generator.mix(wPlus, with: other, rows: coarse)
    let images = withoutGradients { generator.synthesize(mixed, options: SynthesisOptions()) }
    let bytes = generator.traits.pixelEncoding.bytes(images)  // [1, 16, 16, 3]

    #expect(images.shape == [1, 3, 16, 16] && images.isFinite().all)
    #expect(bytes.shape == [1, 16, 16, 3])
    #expect(Set(bytes.values(as: UInt8.self)).count > 10)
    #expect(store.parameterCount == generator.parameters.parameterCount)
  }

  @Test("every row of W+ changes the image")
  func rows() {
    let (a, b) = (generator.z(seed: 0), generator.z(seed: 1))
    let wPlus = generator.broadcast(generator.map(z: a, labels: nil))
    let other = generator.broadcast(generator.map(z: b, labels: nil))
    for row in 0..<generator.traits.numWs {
      let mixed = generator.mix(wPlus, with: other, rows: [row])
      let change = (image(of: mixed) - image(of: wPlus)).abs().max().item()
      #expect(change > 1e-3, "row \(row)")
    }
  }

  @Test("truncation by 0 gives the picture of the mean of w")
  func truncation() {
    let w = generator.map(z: .seeded([64, 16], seed: 3, dtype: .float32), labels: nil)
    generator.updateAverage(with: w, beta: 0)
    expectClose(generator.wAvg, w.mean(over: 0), atol: 1e-6)
    let average = generator.broadcast(generator.wAvg.unsqueezed(0))
    let truncated = generator.broadcast(w, truncation: Truncation(psi: 0))
    expectClose(image(of: truncated).sliced(0..<1, axis: 0), image(of: average), atol: 1e-5)
  }

  @Test("evaluation and training draw the same images")
  func purposes() {
    let z = Tensor.seeded([3, 16], seed: 5, dtype: .float32)
    let wPlus = generator.broadcast(generator.map(z: z, labels: nil))
    let evaluated = generator.synthesize(wPlus, options: SynthesisOptions(purpose: .evaluation))
    let trained = generator.synthesize(wPlus, options: SynthesisOptions(purpose: .training))
    expectClose(evaluated, trained, atol: 1e-4)
  }

  @Test("the names of its parameters are as recorded")
  func names() throws {
    let network = TinyConfiguration().makeGenerator(Scope(ParameterStore()))
    try expectNames(network.parameters, "tiny")
  }

  @Test("style matrices are those of the store, a row each")
  func styleMatrices() {
    let matrices = generator.styleMatrices
    #expect(matrices.map(\.row) == Array(0..<generator.traits.numWs))
    for matrix in matrices {
      #expect(generator.parameters[matrix.name].isSame(as: matrix.weight))
    }
  }

  @Test("its configuration is checked, and is the same again from its text")
  func configuration() throws {
    var configuration = TinyConfiguration()
    let again = try TinyConfiguration(canonicalJSON: configuration.canonicalJSON())
    #expect(again == configuration)

    configuration.resolution = 48
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
  }
}

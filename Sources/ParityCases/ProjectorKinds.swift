// Kinds of cases about the projector: its schedules and noise regulariser, and whole projections
// with a toy generator.

import Inversion
import Layers
import Networks
import Tensors

let projectorKinds = [
  ParityKind("StyleGAN2-ADA", "projector_parts", projectorParts),
  ParityKind("inversion", "projector", projection),
]

extension ProjectionSettings {
  /// The settings that both kinds have.
  fileprivate init(_ config: StrictObject) throws {
    self.init()
    steps = try config.count("num_steps", in: 1...10_000)
    learningRate = try config.value("initial_learning_rate", default: 0.1)
    rampDown = try config.value("lr_rampdown_length", default: 0.25)
    rampUp = try config.value("lr_rampup_length", default: 0.05)
    wNoise = try config.value("initial_noise_factor", default: 0.05)
    wNoiseRamp = try config.value("noise_ramp_length", default: 0.75)
    try validate()
  }

  /// The learning rates of all steps.
  fileprivate var learningRates: Tensor { numbers((0..<steps).map(learningRate(at:))) }
}

private func numbers(_ values: [Double]) -> Tensor { Tensor(values).cast(to: .float32) }

private func projectorParts(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let settings = try ProjectionSettings(config)
  let deviation: Double = try config.value("w_std")
  var computed = [
    "lr": settings.learningRates,
    "w_noise_scale": numbers(
      (0..<settings.steps).map { settings.wNoiseScale(at: $0, deviation: deviation) }),
  ]
  for resolution in try config.value("res") as [Int] {
    let noise = try inputs.input("noise\(resolution)", shape: [resolution, resolution])
    computed["noise_reg\(resolution)"] = noiseAutocorrelation(noise)
    computed["normalised\(resolution)"] = normalizedNoise(noise)
  }
  return computed
}

private func projection(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var settings = try ProjectionSettings(config)
  settings.noiseWeight = try config.value("regularize_noise_weight")
  try settings.validate()
  let toy = try ToyGenerator(inputs)
  let betas: [Double] = try config.value("adam_betas")
  let epsilon: Double = try config.value("adam_eps")
  guard betas.count == 2 else { throw CaseError("config.adam_betas: expected 2, found \(betas)") }
  let pool = try config.count("feature_pool", in: 1...toy.traits.resolution)
  let size = toy.traits.resolution
  let target = try inputs.input("target", shape: [3, size, size]).rounded().unsqueezed(0)
  let count = try config.count("w_avg_samples")
  let statistics = LatentStatistics(
    samples: try inputs.input("w_samples", shape: [count, 1, toy.traits.wDim]).squeezed(1))
  // The draws in the order in which they are asked for: noise images first, then one a step.
  var shapes = toy.noiseInputs.map(\.tensor.shape)
  shapes += (0..<settings.steps).map { _ in [1, 1, toy.traits.wDim] }
  var draws = try shapes.enumerated().map { try inputs.input("randn.\($0)", shape: $1) }[...]
  let raw = draws.prefix(toy.noiseInputs.count)
  let projector = try Projector(
    of: target / 127.5 - 1, by: toy,
    distance: .squaredFeatures(atMost: .max) { averagePool2d($0, factor: pool) / 255 },
    statistics: statistics, settings: settings, start: nil, encoder: nil,
    optimizer: Adam.Settings(
      learningRate: 0, beta1: betas[0], beta2: betas[1], epsilon: epsilon),
    normals: { _ in draws.removeFirst() })
  var codes: [Tensor] = []
  let found = try projector.run { _ in codes.append(projector.wPlus.squeezed(0)) }
  var standard = ProjectionSettings()
  standard.steps = try config.count("default_schedule_steps", in: 1...1_000_000)
  var computed = [
    "w_avg": statistics.mean, "w_std": numbers([statistics.deviation]),
    "ws_steps": Tensor.stack(codes),
    "lr": numbers(found.history.map(\.learningRate)),
    "w_noise_scale": numbers(found.history.map(\.wNoiseScale)),
    "lr_default_1000": standard.learningRates,
    "reg_loss_initial": raw.map(noiseAutocorrelation).reduce(.zeros([]), +),
  ]
  for image in found.noise ?? [] { computed["final_noise.\(image.size(0))"] = image }
  return computed
}

/// The sizes of the toy generator.
private struct ToyConfiguration: GeneratorConfiguration {
  static let kind = "parity-toy"
  var resolution: Int
  var wDim: Int
  var numWs: Int

  func validate() {}
  func makeGenerator(_ p: Scope) -> any Generator {
    ToyGenerator(self, p, noise: [], matrix: .zeros([wDim, 3 * resolution * resolution]), gain: 0)
  }
}

/// tanh of a matrix times the mean row of W+, and the sum of all noise images enlarged.
private final class ToyGenerator: Generator {
  let configuration: ToyConfiguration
  let parameters: ParameterStore
  let wAvg: Tensor
  var wAvgSource = WAvgSource.stored
  let noiseInputs: [NoiseInput]
  let styleMatrices: [StyleMatrix] = []
  private let matrix: Tensor
  private let gain: Double

  init(
    _ configuration: ToyConfiguration, _ p: Scope, noise: [Int], matrix: Tensor, gain: Double
  ) {
    (self.configuration, parameters, self.gain) = (configuration, p.store, gain)
    self.matrix = matrix / Double(configuration.wDim).squareRoot()
    wAvg = p.buffer("w_avg", .zeros([configuration.wDim]))
    noiseInputs = noise.map { r in
      NoiseInput(name: "noise\(r)", tensor: p.buffer("noise\(r)", .zeros([r, r])))
    }
  }

  convenience init(_ inputs: CaseInputs) throws {
    let config = inputs.config
    let configuration = ToyConfiguration(
      resolution: try config.count("resolution", in: 1...1024), wDim: try config.count("w_dim"),
      numWs: try config.count("num_ws", in: 1...1024))
    let size = configuration.resolution
    let noise: [Int] = try config.value("noise_resolutions")
    guard noise.allSatisfy({ (1...size).contains($0) }), Set(noise).count == noise.count else {
      throw CaseError("config.noise_resolutions: expected 1 to \(size), each once, found \(noise)")
    }
    self.init(
      configuration, Scope(ParameterStore()), noise: noise,
      matrix: try inputs.parameter("M", shape: [configuration.wDim, 3 * size * size]),
      gain: try config.value("toy_noise_gain"))
  }

  var traits: GeneratorTraits {
    let size = configuration.resolution
    return GeneratorTraits(
      zDim: configuration.wDim, wDim: configuration.wDim, labelDim: 0, numWs: configuration.numWs,
      usedWs: 0..<configuration.numWs, resolution: size, startResolution: size, imgChannels: 3,
      visibleRows: 0..<size, pixelEncoding: .truncated, seedConvention: .numpyRandomState,
      wAvgSource: wAvgSource, layerRanges: LayerRanges(numWs: configuration.numWs),
      noiseLayers: noiseInputs.count)
  }

  func map(z: Tensor, labels: Tensor?) -> Tensor { z }

  func updateAverage(with w: Tensor, beta: Double) {}

  func synthesize(_ wPlus: Tensor, options: SynthesisOptions) -> Tensor {
    let size = configuration.resolution
    let shape = wPlus.mean(over: 1).matmul(matrix).reshaped(-1, 3, size, size)
    let noise = noiseInputs.map { input -> Tensor in
      call("aten::upsample_nearest2d", input.image.unsqueezed(0).unsqueezed(0), [size, size])
    }
    return (shape + noise.reduce(.zeros([]), +) * gain).tanh()
  }
}

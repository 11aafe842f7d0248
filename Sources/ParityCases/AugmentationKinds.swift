// Kinds of cases about adaptive augmentation: the pipe with given draws, and the control of p.

import Layers
import Networks
import Tensors
import Training

let augmentationKinds = [
  ParityKind("StyleGAN2-ADA", "ada_draws", augmentationByDraws),
  ParityKind("StyleGAN2-ADA", "ada_percentile", augmentationByPercentile),
  ParityKind("StyleGAN2-ADA", "ada_p_control", controlledProbability),
]

extension AugmentationPipe {
  /// Reads the settings of a pipe.
  fileprivate init(_ object: StrictObject, shape: [Int]) throws {
    self.init()
    let numbers: [(String, WritableKeyPath<AugmentationPipe, Double>)] = [
      ("xflip", \.xflip), ("rotate90", \.rotate90), ("xint", \.xint), ("scale", \.scale),
      ("rotate", \.rotate), ("aniso", \.aniso), ("xfrac", \.xfrac), ("brightness", \.brightness),
      ("contrast", \.contrast), ("lumaflip", \.lumaFlip), ("hue", \.hue),
      ("saturation", \.saturation), ("imgfilter", \.imageFilter), ("noise", \.noise),
      ("cutout", \.cutout), ("xint_max", \.xintMax), ("scale_std", \.scaleStd),
      ("rotate_max", \.rotateMax), ("aniso_std", \.anisoStd), ("xfrac_std", \.xfracStd),
      ("brightness_std", \.brightnessStd), ("contrast_std", \.contrastStd), ("hue_max", \.hueMax),
      ("saturation_std", \.saturationStd), ("imgfilter_std", \.imageFilterStd),
      ("noise_std", \.noiseStd), ("cutout_size", \.cutoutSize),
    ]
    for (key, path) in numbers {
      self[keyPath: path] = try object.value(key, default: self[keyPath: path])
    }
    imageFilterBands = try object.value("imgfilter_bands", default: imageFilterBands)
    try validate(resolution: min(shape[2], shape[3]))
  }
}

/// The shape of the images of a case.
private func batchShape(_ config: StrictObject) throws -> [Int] {
  let sizes = 2...4096
  return [
    try config.count("n"), try config.count("channels", in: 1...4),
    try config.count("h", in: sizes), try config.count("w", in: sizes),
  ]
}

// MARK: Given draws

/// Numbers that a case lists in the order in which they are drawn.
private struct ListedDraws: AugmentationSource {
  private let inputs: CaseInputs
  private var listed: [[JSON]]

  init(_ inputs: CaseInputs) throws {
    self.inputs = inputs
    listed = try (inputs.config.value("draws") as [[JSON]]).reversed()
    guard try inputs.config.value("draw_order") == "listed" else {
      throw CaseError("draw_order: expected listed")
    }
  }

  mutating func uniform(_ shape: [Int]) throws(any Error) -> Tensor { try next("rand", shape) }
  mutating func normal(_ shape: [Int]) throws(any Error) -> Tensor { try next("randn", shape) }

  private mutating func next(_ kind: String, _ shape: [Int]) throws -> Tensor {
    guard let draw = listed.popLast(), draw.count == 3, let name = String(draw[0]) else {
      throw CaseError("draws: expected another \(kind) of shape \(shape)")
    }
    guard String(draw[1]) == kind, [Int](draw[2]) == shape else {
      throw CaseError("\(name): expected \(draw[1]) of shape \(draw[2]), drawn \(kind) of \(shape)")
    }
    return try inputs.input(name, shape: shape)
  }

  func requireAllDrawn() throws {
    guard listed.isEmpty else { throw CaseError("\(listed.count) draws are left over") }
  }
}

private func augmentationByDraws(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let shape = try batchShape(config)
  let pipe = try AugmentationPipe(config.object("pipe"), shape: shape)
  guard try config.value("grad_upstream") == "img" else {
    throw CaseError("grad_upstream: expected img")
  }
  var draws = try ListedDraws(inputs)
  let drawn = try pipe.draw(shape, p: config.value("p"), from: &draws)
  try draws.requireAllDrawn()
  let img = try inputs.input("img", shape: shape)
  let x = img.cloned().requiringGrad()
  let out = drawn(x)
  return ["out": out, "dimg": gradients(of: [(out * img).sum()], withRespectTo: [x])[0]]
}

// MARK: Percentiles

/// The same percentile for every draw, with all gates open.
private struct Percentile: AugmentationSource {
  typealias Failure = Never
  let q: Double

  func uniform(_ shape: [Int]) -> Tensor { .full(q, shape) }
  func normal(_ shape: [Int]) -> Tensor { .full(inverseErrorFunction(2 * q - 1), shape) }
  func gates(_ shape: [Int], probability: Double) -> [Bool] {
    Array(repeating: true, count: shape.reduce(1, *))
  }
}

private func inverseErrorFunction(_ x: Double) -> Double {
  call("aten::erfinv", Tensor([x])).item()
}

private func augmentationByPercentile(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let shape = try batchShape(config)
  let p = try config.value("p", default: 1.0)
  let img = try inputs.input("img", shape: shape)
  let noise = try inputs.input(config.value("pixel_noise"), shape: shape)
  let (bands, taps) = (Wavelets.bands, Wavelets.bands[0].count)
  var computed: Computed = [
    "Hz_geom": resampleFilter(Wavelets.sym6),
    "Hz_fbank": Tensor(bands.joined().map(Float.init), shape: [bands.count, taps]),
  ]
  for variant in try config.objects("variants") {
    let pipe = try AugmentationPipe(variant.object("pipe"), shape: shape)
    let q: Double = try variant.value("percentile")
    var source = Percentile(q: q)
    var pictures = pipe.draw(shape, p: p, from: &source).pictures
    // Where the published program's debugging differs from drawing.
    for index in pictures.indices {
      pictures[index].turnAfter = 0
      if pipe.noise > 0 {
        pictures[index].noiseDeviation = inverseErrorFunction(q) * pipe.noiseStd
      }
      for (band, factor) in pipe.imageFilterBands.enumerated() where factor == 0 {
        pictures[index].bandGains[band] = 1
      }
    }
    let name: String = try variant.value("name")
    computed[name] = BatchAugmentation(pictures, pixelNoise: noise)(img)
  }
  return computed
}

// MARK: Control

private func controlledProbability(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var settings = AugmentationControl.Settings(
    initialP: try config.value("p0"), target: try config.value("target"))
  settings.interval = try config.count("interval")
  settings.kimg = try config.value("kimg")
  settings.leastP = try config.value("floor", default: 0)
  let batchSize = try config.count("batch")
  var p = settings.initialP
  let steps = try (config.value("sign_means") as [Double]).map { mean in
    p = settings.moved(p, signMean: mean, batchSize: batchSize)
    return p
  }
  return ["p": Tensor(steps.map(Float.init))]
}

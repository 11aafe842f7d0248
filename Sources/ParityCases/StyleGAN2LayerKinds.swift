// Kinds of cases about StyleGAN2's layers: resampling, bias and activation, convolutions.

import Layers
import Tensors

let styleGAN2LayerKinds = [
  ParityKind(
    "StyleGAN2-ADA", "s2_bias_act",
    [
      .init(name: "fused") { try biasActivations($0, biasAct) },
      .init(name: "reference") { try biasActivations($0, biasActReference) },
    ]),
  ParityKind(
    "StyleGAN2-ADA", "s2_upfirdn2d",
    [
      .init(name: "fused") { try resamplings($0, upfirdn2d) },
      .init(name: "reference") { try resamplings($0, upfirdn2dReference) },
    ]),
  ParityKind(
    "StyleGAN2-ADA", "s2_conv2d_resample",
    [
      .init(name: "fused") { try resampledConvolutions($0, conv2dResample) },
      .init(name: "reference") { try resampledConvolutions($0, conv2dResampleReference) },
    ]),
  ParityKind("StyleGAN2-ADA", "s2_modconv", modulatedConvolutions),
]

extension Activation: JSONReadable {}

// MARK: Bias and activation

private typealias BiasAct = (
  _ x: Tensor, _ bias: Tensor?, _ axis: Int, _ activation: Activation, _ alpha: Double,
  _ gain: Double?, _ clamp: Double?
) -> Tensor

/// What gradients start from.
private enum Upstream: String, CaseIterable, JSONReadable {
  case ones
  case indexMod7Minus3 = "index_mod_7_minus_3"
}

private func biasActivations(_ inputs: CaseInputs, _ biasAct: BiasAct) throws -> Computed {
  let config = inputs.config
  let shape: [Int] = try config.value("shape")
  let axis: Int = try config.value("dim")
  guard shape.indices.contains(axis) else { throw CaseError("dim \(axis) of \(shape)") }
  guard try config.value("upstream") == Upstream.ones else { throw CaseError("upstream: not ones") }
  var computed: Computed = [:]
  for variant in try config.objects("variants") {
    let name: String = try variant.value("name")
    let x = try inputs.input("x", shape: shape).requiringGrad()
    let hasBias = try variant.value("bias", default: true)
    let y = biasAct(
      x, hasBias ? try inputs.parameter("b", shape: [shape[axis]]) : nil, axis,
      try variant.value("act"), try variant.value("alpha", default: 0.2),
      try variant.optional("gain"), try variant.optional("clamp"))
    computed[name] = y
    computed["\(name).dx"] = gradients(of: [y.sum()], withRespectTo: [x])[0]
  }
  return computed
}

// MARK: upfirdn2d

private typealias Upfirdn2d = (
  _ x: Tensor, _ filter: Tensor?, _ up: PerAxis, _ down: PerAxis, _ padding: Padding,
  _ flipFilter: Bool, _ gain: Double
) -> Tensor

/// The operations that come down to `upfirdn2d`.
private enum ResamplingOperation: String, CaseIterable, JSONReadable {
  case upfirdn2d, upsample2d, downsample2d, filter2d
}

private func resamplings(_ inputs: CaseInputs, _ upfirdn2d: Upfirdn2d) throws -> Computed {
  guard try inputs.config.value("upstream") == Upstream.indexMod7Minus3 else {
    throw CaseError("upstream: not index_mod_7_minus_3")
  }
  var computed: Computed = [:]
  for variant in try inputs.config.objects("variants") {
    let name: String = try variant.value("name")
    let x = try inputs.input("x_\(name)", shape: try variant.imageShape("shape")).requiringGrad()
    let filter = try variant.filter()
    let y = try resampled(x, filter, variant, upfirdn2d)
    let upstream = Tensor((0..<y.count).map { Float($0 % 7 - 3) }, shape: y.shape)
    computed[name] = y
    computed["\(name).dx"] = gradients(of: [y], withRespectTo: [x], weights: [upstream])[0]
    computed["\(name).filter"] = filter
  }
  return computed
}

private func resampled(
  _ x: Tensor, _ filter: Tensor?, _ variant: StrictObject, _ upfirdn2d: Upfirdn2d
) throws -> Tensor {
  let operation = try variant.value("op", default: ResamplingOperation.upfirdn2d)
  let isUp = operation == .upsample2d
  let isDown = operation == .downsample2d
  let up = try variant.value("up", default: isUp ? 2 : PerAxis(1))
  let down = try variant.value("down", default: isDown ? 2 : PerAxis(1))
  var padding = try variant.value("padding", default: Padding(0))
  var gain = try variant.value("gain", default: 1.0)
  let flipFilter = try variant.value("flip_filter", default: false)
  guard operation == .upfirdn2d || (isUp || up == 1) && (isDown || down == 1) else {
    throw CaseError("\(variant.path): \(operation) does not resample that way")
  }
  switch operation {
  case .upfirdn2d: break
  case .upsample2d:
    padding = padding + upsamplingPadding(filter, up: up)
    gain *= Double(up.x * up.y)
  case .downsample2d: padding = padding + downsamplingPadding(filter, down: down)
  case .filter2d: padding = padding + filteringPadding(filter)
  }
  let taps = filter.map { PerAxis(x: $0.size(-1), y: $0.size(0)) } ?? 1
  guard x.size(3) * up.x + padding.left + padding.right >= taps.x,
    x.size(2) * up.y + padding.top + padding.bottom >= taps.y
  else { throw CaseError("\(variant.path): nothing is left of \(x.shape)") }
  return upfirdn2d(x, filter, up, down, padding, flipFilter, gain)
}

extension StrictObject {
  /// The prepared filter of a resampling; nil for a single 1.
  fileprivate func filter() throws -> Tensor? {
    let taps = try optional("filter", as: JSON.self)
    let (normalize, flip): (Bool, Bool) = (
      try value("normalize", default: true), try value("setup_flip", default: false)
    )
    let gain = try value("setup_gain", default: 1.0)
    let separable = try optional("separable", as: Bool.self)
    guard let taps else { return nil }
    if let row = [Double](taps), !row.isEmpty {
      return resampleFilter(
        row, normalize: normalize, flip: flip, gain: gain, separable: separable)
    }
    guard let rows = [[Double]](taps), let width = rows.first?.count, width > 0,
      rows.allSatisfy({ $0.count == width }), separable != true
    else { throw CaseError("\(path).filter: expected taps, or rows of taps, found \(taps)") }
    return resampleFilter(rows: rows, normalize: normalize, flip: flip, gain: gain)
  }

  /// The shape of images or kernels, without empty axes.
  fileprivate func imageShape(_ key: String) throws(CaseError) -> [Int] {
    let shape: [Int] = try value(key)
    guard shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw CaseError("\(path).\(key): expected four lengths from 1, found \(shape)")
    }
    return shape
  }
}

extension PerAxis: JSONReadable {
  package static var expectation: String { "a factor from 1 to 1024, or [x, y]" }
  package init?(_ json: JSON) {
    let factors = Int(json).map { [$0, $0] } ?? [Int](json) ?? []
    guard factors.count == 2, factors.allSatisfy((1...1024).contains) else { return nil }
    self.init(x: factors[0], y: factors[1])
  }
}

extension Padding: JSONReadable {
  package static var expectation: String { "an integer or [x0, x1, y0, y1]" }
  package init?(_ json: JSON) {
    let sides = Int(json).map { [$0, $0, $0, $0] } ?? [Int](json) ?? []
    guard sides.count == 4, sides.allSatisfy((-65536...65536).contains) else { return nil }
    self.init(left: sides[0], right: sides[1], top: sides[2], bottom: sides[3])
  }
}

// MARK: Convolutions

private typealias Conv2dResample = (
  _ x: Tensor, _ weight: Tensor, _ filter: Tensor?, _ up: Int, _ down: Int, _ padding: Padding,
  _ groups: Int, _ flipWeight: Bool, _ flipFilter: Bool
) -> Tensor

private func resampledConvolutions(_ inputs: CaseInputs, _ conv2dResample: Conv2dResample)
  throws -> Computed
{
  var computed: Computed = [:]
  for variant in try inputs.config.objects("variants") {
    let name: String = try variant.value("name")
    let x = try inputs.input("x_\(name)", shape: try variant.imageShape("shape"))
    let weight = try inputs.parameter("w_\(name)", shape: try variant.imageShape("w"))
    let taps = try variant.optional("filter", as: [Double].self)
    let factors = 1...1024
    let up = try variant.count("up", in: factors, default: 1)
    let down = try variant.count("down", in: factors, default: 1)
    let padding = try variant.value("padding", default: Padding(0))
    let groups = try variant.count("groups", default: 1)
    guard taps != [], weight.size(0) % groups == 0,
      x.size(1) == weight.size(1) * groups,
      x.size(3) * up + padding.left + padding.right >= weight.size(3),
      x.size(2) * up + padding.top + padding.bottom >= weight.size(2)
    else { throw CaseError("\(variant.path): x \(x.shape) does not fit w \(weight.shape)") }
    computed[name] = conv2dResample(
      x, weight, taps.map { resampleFilter($0) }, up, down, padding, groups,
      try variant.value("flip_weight", default: true),
      try variant.value("flip_filter", default: false))
  }
  return computed
}

private func modulatedConvolutions(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, size) = (try config.count("n"), try config.count("size"))
  let kernel = try config.count("kernel", in: 1...1024)
  let (inChannels, outChannels) = (try config.count("in"), try config.count("out"))
  let taps: [Double] = try config.value("filter")
  let padding = try config.count("padding", in: -1024...1024, default: kernel / 2)
  guard !taps.isEmpty, size + 2 * padding >= kernel else {
    throw CaseError("\(size) pixels, padding \(padding), kernel \(kernel), \(taps.count) taps")
  }
  let filter = resampleFilter(taps)
  let x = try inputs.input("x", shape: [n, inChannels, size, size]).requiringGrad()
  let styles = try inputs.input("styles", shape: [n, inChannels]).requiringGrad()
  let shape = [outChannels, inChannels, kernel, kernel]
  let weight = try inputs.parameter("weight", shape: shape).requiringGrad()
  var computed: Computed = [:]
  for variant in try config.objects("variants") {
    let name: String = try variant.value("name")
    let up = try variant.count("up", in: 1...64, default: 1)
    let side = size * up + (2 * padding - kernel + 1)
    let noise =
      try variant.value("noise", default: false)
      ? try inputs.input("noise_\(name)", shape: [n, 1, side, side]) : nil
    let y = modulatedConv2d(
      x, weight: weight, styles: styles, noise: noise, up: up, padding: padding, filter: filter,
      demodulate: try variant.value("demodulate", default: true),
      flipWeight: try variant.value("flip_weight", default: true),
      fused: try variant.value("fused", default: true))
    computed[name] = y
    guard try variant.value("grad", default: false) else { continue }
    let upstream = try inputs.input("grad_\(name)", shape: y.shape)
    let found = gradients(of: [y], withRespectTo: [x, weight, styles], weights: [upstream])
    for (part, gradient) in zip(["dx", "dweight", "dstyles"], found) {
      computed["\(name).\(part)"] = gradient
    }
  }
  return computed
}

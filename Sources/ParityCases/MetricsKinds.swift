// The kinds of cases about metrics: statistics of features, path lengths, separability.

import Layers
import Metrics
import Networks
import Tensors

let metricsKinds = [
  ParityKind("metrics", "metrics_features", statistics),
  ParityKind("metrics", "metrics_ppl", pathLengths),
  ParityKind("metrics", "metrics_separability", separability),
]

extension FeatureMoments.Divisor: JSONReadable {}
extension PerceptualPathLength.Space: JSONReadable {}
extension PerceptualPathLength.Sampling: JSONReadable {}
extension DType: JSONReadable {}

private func number(_ value: Double) -> Tensor { Tensor([Float(value)], shape: []) }

// MARK: Features

/// Which set a number of rows belongs to.
private enum FeatureSet: String, CaseIterable, JSONReadable {
  case fake, real
}

private func statistics(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let dimension = try config.count("dim", in: 1...4096)
  func features(_ set: FeatureSet) throws -> Tensor {
    let u = try inputs.input("u_\(set)", shape: [try config.count("n_\(set)"), dimension])
    let mix = try inputs.parameter("mix_\(set)", shape: [dimension, dimension])
    return try u.matmul(mix) + config.value("offset_\(set)")
  }
  let (real, fake) = (try features(.real), try features(.fake))
  var computed = ["features_real": real, "features_fake": fake]
  let rowBatch = try config.count("row_batch")
  let _ = try config.count("col_batch")
  let divisor: FeatureMoments.Divisor = try config.value("covariance_divisor")
  func distribution(_ features: Tensor) -> FeatureDistribution {
    var moments = FeatureMoments(dimension: dimension)
    for start in stride(from: 0, to: features.size(0), by: rowBatch) {
      moments.add(features.sliced(start..<min(start + rowBatch, features.size(0)), axis: 0))
    }
    return FeatureDistribution(moments, divisor: divisor)
  }
  let reference = distribution(real)
  computed["real.mean"] = reference.mean.cast(to: .float32)
  computed["real.cov"] = reference.covariance.cast(to: .float32)
  computed["fid"] = number(distribution(fake).frechetDistance(from: reference))
  try addKernelDistances(fake, real, config, to: &computed)
  let rounding: DType = try config.value("pr_precision")
  guard rounding.isFloatingPoint else {
    throw CaseError("config.pr_precision: expected a floating-point type, found \(rounding)")
  }
  for k in try config.value("nhood") as [Int] {
    let both = PrecisionAndRecall(generated: fake, real: real, k: k, rounding: rounding) { _ in }
    computed["precision_k\(k)"] = number(both.precision)
    computed["recall_k\(k)"] = number(both.recall)
  }
  let count = try config.count("n_is")
  let logits = try inputs.input("logits", shape: [count, try inputs.shape("logits", rank: 2)[1]])
  let score = inceptionScore(
    logits: try logits * config.value("logit_gain"), splits: try config.count("splits"))
  computed["is_mean"] = number(score.mean)
  computed["is_std"] = number(score.deviation)
  return computed
}

private func addKernelDistances(
  _ fake: Tensor, _ real: Tensor, _ config: StrictObject, to computed: inout Computed
) throws {
  let order: [FeatureSet] = try config.value("kid_subset_order")
  let rows: [[Int]] = try config.value("subset_indices")
  guard Set(order).count == 2, order.count == 2, rows.count % 2 == 0 else {
    throw CaseError("config.subset_indices: expected pairs of both sets, found \(rows.count)")
  }
  let isFakeFirst = order[0] == .fake
  let subsets = stride(from: 0, to: rows.count, by: 2).map {
    KernelSubset(first: rows[isFakeFirst ? $0 : $0 + 1], second: rows[isFakeFirst ? $0 + 1 : $0])
  }
  computed["kid_subsets"] = number(kernelDistance(fake, real, subsets: subsets) { _ in }.mean)
  let size = min(
    fake.size(0), real.size(0), try config.count("kid_full_max_subset_size", in: 2...1_000_000))
  computed["kid_full"] = number(
    kernelDistance(fake.sliced(0..<size, axis: 0), real.sliced(0..<size, axis: 0)))
}

// MARK: Path lengths

private func pathLengths(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let configuration = try StyleGAN2Configuration(config.object("G"))
  let network = try inputs.network { StyleGAN2(configuration, $0) }
  for noise in network.noiseInputs {
    noise.tensor.assign(try inputs.input("noise_\(noise.name)", shape: noise.tensor.shape))
  }
  let options = SynthesisOptions(noise: try (config.value("noise_mode") as NoiseMode).source)
  let n = try config.count("n")
  let pool = try config.count("pool", in: 1...configuration.resolution)
  let epsilon: Double = try config.value("epsilon")
  let z = try inputs.input("z01", shape: [2 * n, configuration.zDim])
  let ends = (z.sliced(0..<n, axis: 0), z.sliced(n..<2 * n, axis: 0))
  let t = try inputs.input("t", shape: [n])
  var computed = try interpolations(inputs)
  for space in try config.value("spaces") as [PerceptualPathLength.Space] {
    for sampling in try config.value("samplings") as [PerceptualPathLength.Sampling] {
      for isCropped in try config.value("crops") as [Bool] {
        let length = PerceptualPathLength(
          space: space, sampling: sampling, isCropped: isCropped, epsilon: epsilon)
        computed["dist.\(space)\(sampling)_\(isCropped ? "crop" : "full")"] = length.lengths(
          of: network, between: ends, at: t, options: options
        ) { averagePool2d($0, factor: pool).flattened(from: 1) / 255 }
      }
    }
  }
  try addMean(inputs, to: &computed)
  return computed
}

private func interpolations(_ inputs: CaseInputs) throws -> Computed {
  let shape: [Int] = try inputs.config.value("slerp_shape")
  let (a, b) = (
    try inputs.input("slerp_a", shape: shape), try inputs.input("slerp_b", shape: shape)
  )
  let places: [Double] = try inputs.config.value("slerp_t")
  return Dictionary(
    uniqueKeysWithValues: places.map {
      ("slerp_\($0)", sphericalInterpolation(a, b, at: number($0)))
    })
}

private func addMean(_ inputs: CaseInputs, to computed: inout Computed) throws {
  let filter = try inputs.config.object("filter")
  guard try filter.value("low_percentile") == 1.0, try filter.value("high_percentile") == 99.0
  else { throw CaseError("\(filter.path): expected the percentiles 1 and 99") }
  let u = try inputs.input("dist", shape: [try inputs.config.count("n_dist")])
  let raised: Tensor = call("aten::pow.Tensor_Scalar", u, try filter.value("power") as Double)
  let lengths = raised * (try filter.value("scale") as Double)
  let (mean, bounds) = PerceptualPathLength.mean(of: lengths.values())
  computed["filter.lo"] = Tensor([bounds.lowerBound], shape: [])
  computed["filter.hi"] = Tensor([bounds.upperBound], shape: [])
  computed["filter.ppl"] = number(mean)
}

// MARK: Separability

private func separability(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let n = try config.count("n")
  let dimension = try config.count("dim", in: 1...4096)
  let count = try config.count("attributes")
  let keep = try config.count("keep", in: 1...n)
  let z = try inputs.input("latents", shape: [n, dimension])
  let map = try config.object("w_map")
  let w = try (z * map.value("tanh_gain")).tanh() + z * map.value("linear_gain")
  let directions = try inputs.parameter("attribute_directions", shape: [count, dimension])
  let noise: Double = try config.value("noise")
  let logits =
    w.matmul(directions.transposed(0, 1)) + (try inputs.input("label_noise", shape: [n, count]))
    * noise
  try checkClassifier(config.object("svm"))
  var computed: Computed = [:]
  for space in try config.value("spaces") as [PerceptualPathLength.Space] {
    let found = LinearSeparability(latents: space == .z ? z : w, logits: logits, keep: keep) { _ in
    }
    for (k, attribute) in found.attributes.enumerated() {
      computed["svm_weight.\(space)\(k)"] = attribute.weight.cast(to: .float32)
      computed["svm_bias.\(space)\(k)"] = number(attribute.bias)
      computed["confusion.\(space)\(k)"] = Tensor(
        attribute.confusion.flatMap { $0 }.map(Float.init), shape: [2, 2])
    }
    computed["conditional_entropy_bits.\(space)"] = Tensor(
      found.attributes.map { Float($0.conditionalEntropy) })
    computed["separability.\(space)"] = number(found.score)
  }
  for (index, table) in (try config.value("tables") as [[[Double]]]).enumerated() {
    computed["table\(index)"] = number(conditionalEntropy(table))
  }
  return computed
}

/// Refuses classifiers that separability does not have.
private func checkClassifier(_ svm: StrictObject) throws {
  let (loss, penalty): (String, String) = (try svm.value("loss"), try svm.value("penalty"))
  let (c, scaling): (Double, Double) = (try svm.value("C"), try svm.value("intercept_scaling"))
  guard (loss, penalty, c, scaling) == ("squared_hinge", "l2", 1, 1) else {
    throw CaseError("\(svm.path): expected a squared hinge, l2, C 1 and intercept_scaling 1")
  }
}

// The kind of cases about directions: principal components, boundaries, factorised weights, and what
// is done with them.

import Editing
import Tensors

let directionKinds = [ParityKind("edit", "directions", directions)]

/// The only kernel of boundaries.
private enum Kernel: String, CaseIterable, JSONReadable {
  case linear
}

private func directions(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, d) = (try config.count("N"), try config.count("D", in: 1...4096))
  let codes = try spreadCodes(inputs, n, d)
  var computed = try principalComponents(codes, config)
  let boundary = try boundary(codes, inputs, n, d, into: &computed)
  try project(boundary, inputs, d, into: &computed)
  try move(boundary, inputs, d, into: &computed)
  try factorize(inputs, d, into: &computed)
  return computed
}

/// `steps` numbers from `start` to `stop`.
private func linspace(_ start: Double, _ stop: Double, _ steps: Int) -> [Double] {
  (0..<steps).map { start + (stop - start) * Double($0) / Double(max(steps - 1, 1)) }
}

/// X: [N, D].
private func spreadCodes(_ inputs: CaseInputs, _ n: Int, _ d: Int) throws -> Tensor {
  let spread: [Double] = try inputs.config.value("spread")
  guard spread.count == 2 else { throw CaseError("config.spread: expected 2, found \(spread)") }
  let scales = Tensor(linspace(spread[0], spread[1], d)).cast(to: .float32)
  return try inputs.input("latents", shape: [n, d]) * scales + inputs.input("shift", shape: [d])
}

private func principalComponents(_ codes: Tensor, _ config: StrictObject) throws -> Computed {
  let count = try config.count("components")
  let batch = try config.count("ipca_batch")
  let exact = try PrincipalComponents(of: codes, count: count)
  let pca = IncrementalPCA(count: count)
  for start in stride(from: 0, to: codes.size(0), by: batch) {
    try pca.add(codes.sliced(start..<min(start + batch, codes.size(0)), axis: 0))
  }
  let incremental = try pca.components()
  return [
    "pca_components": exact.components, "pca_stdev": exact.deviations, "pca_ratio": exact.shares,
    "pca_mean": exact.mean, "ipca_components": incremental.components,
    "ipca_stdev": incremental.deviations, "ipca_batch": Tensor([batch]),
  ]
}

private func boundary(
  _ codes: Tensor, _ inputs: CaseInputs, _ n: Int, _ d: Int, into computed: inout Computed
) throws -> LatentDirection {
  let config = inputs.config
  let normal = try inputs.input("normal", shape: [d]).cast(to: .float64)
  let noise = try inputs.input("score_noise", shape: [n]).cast(to: .float64)
  let gain: Double = try config.value("score_noise_gain")
  let scores = codes.cast(to: .float64).matmul(normal) + noise * gain
  let svm = try config.object("svm")
  let chosen: Double = try svm.value("chosen_num_or_ratio")
  let _: Kernel = try svm.value("kernel")
  var settings = SemanticBoundarySettings()
  settings.chosen = chosen > 1 ? .count(Int(chosen)) : .share(chosen)
  settings.trainingShare = try svm.value("split_ratio")
  settings.c = try svm.value("C")
  guard settings.trainingShare == 1 else {
    throw CaseError("\(svm.path).split_ratio: expected 1, whose choice needs no random numbers")
  }
  let found = try SemanticBoundary(
    codes: codes, scores: scores.values(as: Double.self), settings: settings)
  computed["svm_scores"] = scores.cast(to: .float32)
  computed["svm_boundary"] = found.direction.vector.unsqueezed(0)
  return found.direction
}

private func project(
  _ boundary: LatentDirection, _ inputs: CaseInputs, _ d: Int, into computed: inout Computed
) throws {
  let isNormalised: Bool = try inputs.config.value("normalise_conditions")
  let conditions = try (1...3).map { index in
    let condition = LatentDirection(try inputs.input("cond\(index)", shape: [1, d]).squeezed(0))
    return isNormalised ? condition.normalized : condition
  }
  for count in 1...3 {
    let projected = try boundary.orthogonal(to: Array(conditions.prefix(count)))
    computed["project_\(count)"] = projected.vector.unsqueezed(0)
  }
}

private func move(
  _ boundary: LatentDirection, _ inputs: CaseInputs, _ d: Int, into computed: inout Computed
) throws {
  let object = try inputs.config.object("interpolation")
  let places = linspace(
    try object.value("start"), try object.value("stop"), try object.count("steps"))
  let code = try inputs.input("code", shape: [1, d]).unsqueezed(1)
  let rows = try inputs.shape("codeplus", rank: 3)[1]
  let codePlus = try inputs.input("codeplus", shape: [1, rows, d])
  computed["interp_w"] = .concatenate(
    places.map { boundary.moving(code, to: $0).squeezed(1) }, axis: 0)
  computed["interp_wplus"] = .concatenate(
    places.map { boundary.moving(codePlus, by: $0) }, axis: 0)
}

private func factorize(_ inputs: CaseInputs, _ d: Int, into computed: inout Computed) throws {
  let config = inputs.config
  let matrices = try (config.value("layer_out_dims") as [Int]).enumerated().map {
    try inputs.parameter("layer\($0).style.weight", shape: [$1, d])
  }
  if try config.value("sefa_normalise_columns") {
    let sefa = try StyleFactorization(of: matrices)
    computed["sefa_sorted_values"] = sefa.values
    computed["sefa_sorted_vectors"] = sefa.vectors
  } else {
    let stack = Tensor.concatenate(matrices, axis: 0).cast(to: .float64)
    let (values, vectors) = stack.transposed(0, 1).matmul(stack).symmetricEigen()
    computed["sefa_sorted_values"] = values.cast(to: .float32)
    computed["sefa_sorted_vectors"] = vectors.cast(to: .float32)
  }
  let rosinality = try StyleFactorization(of: matrices, method: .rosinality)
  computed["rosinality_singular"] = rosinality.values
  computed["rosinality_eigvec"] = rosinality.vectors.transposed(0, 1)
}

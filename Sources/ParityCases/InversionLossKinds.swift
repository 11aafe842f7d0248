// The kind of cases about the losses of encoders and the features that they compare.

import Layers
import Networks
import OrderedCollections
import Tensors

let inversionLossKinds = [ParityKind("inversion", "losses", losses)]

private func losses(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let shape = [try config.count("batch"), 3, try config.count("image", in: 1...2048)]
  let (y, yHat) = try pictures(inputs, shape: shape + [shape[2]])
  let rows = try config.count("n_styles", in: 1...256)
  let wDim = try inputs.shape("latent", rank: 3)[2]
  let latent = try inputs.input("latent", shape: [shape[0], rows, wDim])
  let average = try inputs.input("latent_avg", shape: try inputs.averageShape(rows: rows, wDim))
  guard try config.value("lpips_net") == "alex" else { throw CaseError("lpips_net: not alex") }
  let crop = try faceCrop(config, image: shape[2])
  let faces = try recognition(inputs, crop: crop)
  let moco = try inputs.network(prefix: "module.encoder_q.") {
    ResNetFeatures(ResNetConfiguration(), $0)
  }
  let lpips = try perception(inputs)
  yHat.requiringGrad()
  latent.requiringGrad()
  let identity = Likeness(faces, yHat: yHat, y: y, x: y)
  let others = Likeness(moco, yHat: yHat, y: y, x: y)
  let distances = lpips(yHat, y)
  let losses: [(name: String, loss: Tensor)] = [
    ("id_loss", identity.loss), ("moco_loss", others.loss), ("lpips", distances.mean()),
    ("lpips_crop", lpips(crop(yHat), crop(y)).mean()), ("l2", meanSquaredError(yHat, y)),
    ("l2_crop", meanSquaredError(crop(yHat), crop(y))),
    ("w_norm", distanceFromAverage(latent, latentAverage: average)),
  ]
  var computed = try gradients(inputs, of: losses, yHat: yHat, latent: latent)
  for (name, loss) in losses { computed[name] = loss }
  (computed["id_improve"], computed["moco_improve"]) = (identity.improvement, others.improvement)
  (computed["id_diff_target"], computed["lpips_per_image"]) = (identity.toTarget, distances)
  for (key, name) in [
    ("lambdas_style_transformer", "total_style_transformer"),
    ("lambdas_psp_ffhq_example", "total_psp_ffhq"),
  ] {
    let weights = try InversionLossWeights(config.object(key))
    let loss = InversionLoss(weights, lpips: lpips, features: faces, crop: crop)
    computed[name] = withoutGradients {
      loss(yHat, y: y, wPlus: latent, latentAverage: average).total
    }
  }
  withoutGradients {
    computed["id_feat_y"] = faces.features(y)
    computed["id_feat_y_hat"] = faces.features(yHat)
    computed["moco_feat_y"] = moco.features(y)
    for (i, tap) in lpips.features(yHat).enumerated() { computed["lpips_feat\(i)"] = tap }
  }
  // Scalars have the shape [1] in such cases.
  return computed.mapValues { $0.rank == 0 ? $0.reshaped(1) : $0 }
}

/// The gradients that the case expects, `grad.LOSS.y_hat` and `grad.w_norm.latent`.
private func gradients(
  _ inputs: CaseInputs, of losses: [(name: String, loss: Tensor)], yHat: Tensor, latent: Tensor
) throws -> Computed {
  let wanted = Set(inputs.expectedNames.map { inputs.whole(of: $0) ?? $0 })
  var computed: Computed = [:]
  for (name, loss) in losses {
    for (source, tensor) in [("y_hat", yHat), ("latent", latent)] {
      let key = "grad.\(name).\(source)"
      guard wanted.contains(key) else { continue }
      computed[key] =
        Tensors.gradients(
          of: [loss], withRespectTo: [tensor], retainGraph: true)[0]
    }
  }
  return computed
}

/// The two pictures that the case composes of coarse and fine noise.
private func pictures(_ inputs: CaseInputs, shape: [Int]) throws -> (y: Tensor, yHat: Tensor) {
  let (config, compose) = (inputs.config, try inputs.config.object("compose"))
  let factor = try config.count("upsample")
  guard shape[2].isMultiple(of: factor) else {
    throw CaseError("upsample: \(factor) does not divide \(shape[2])")
  }
  let low = [shape[0], shape[1], shape[2] / factor, shape[3] / factor]
  func term(_ name: String) throws -> Tensor {
    let isLow = name.hasSuffix("low")
    let x = try inputs.input(name, shape: isLow ? low : shape)
    return (isLow ? nearestUpsample2d(x, factor: factor) : x) * (try compose.value(name) as Double)
  }
  let y = try term("y_low") + term("y_noise")
  let share: Double = try compose.value("y")
  return (y, try y * share + term("y_hat_low") + term("y_hat_noise"))
}

private func faceCrop(_ config: StrictObject, image: Int) throws -> FaceCrop {
  let crop: [Int] = try config.value("crop")
  guard crop.count == 4, crop.allSatisfy((0...image).contains), crop[0] < crop[1],
    crop[2] < crop[3]
  else { throw CaseError("crop: expected top, bottom, left and right, found \(crop)") }
  return FaceCrop(rows: crop[0]..<crop[1], columns: crop[2]..<crop[3], of: image)
}

/// LPIPS with AlexNet, whose names have no prefix.
func perception(_ inputs: CaseInputs) throws -> LPIPS {
  try inputs.network(
    of: inputs.parameters { $0.hasPrefix("features.") || $0.hasPrefix("lin") }
  ) { LPIPS(LPIPSConfiguration(), $0) }
}

/// ArcFace, whose names have no prefix.
func recognition(_ inputs: CaseInputs, crop: FaceCrop) throws -> FaceRecognition {
  var configuration = FaceRecognitionConfiguration()
  configuration.crop = crop
  let parts = ["input_layer.", "body.", "output_layer."]
  return try inputs.network(
    of: inputs.parameters { name in parts.contains { name.hasPrefix($0) } }
  ) { FaceRecognition(configuration, $0) }
}

extension CaseInputs {
  /// The shape of the input `latent_avg`: one code for all rows, or one for each.
  fileprivate func averageShape(rows: Int, _ wDim: Int) throws -> [Int] {
    (try? shape("latent_avg", rank: 1)) == nil ? [rows, wDim] : [wDim]
  }
}

extension InversionLossWeights {
  /// Reads weights as this kind of cases writes them.
  init(_ object: StrictObject) throws {
    self.init()
    (identity, l2) = (try object.value("id"), try object.value("l2"))
    lpips = try object.value("lpips")
    wNorm = try object.value("w_norm", default: 0)
    try validate()
  }
}

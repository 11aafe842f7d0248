// The kind of cases about rosinality's StyleGAN2: its weights under its names, in the one network
// that stands for both programs.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors

let rosinalityKinds = [ParityKind("StyleGAN2 (rosinality)", "ros_generator", images)]

private func images(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let n = try config.count("n")
  let (generator, discriminator) = (try generator(inputs), try discriminator(inputs))
  let g = generator.configuration
  let inject = try config.count("inject_index", in: 0...g.numWs)
  let _: NoiseMode = try config.value("noise_mode")
  let w = generator.map(z: try inputs.input("z", shape: [n, g.zDim]))
  let w2 = generator.map(z: try inputs.input("z2", shape: [n, g.zDim]))
  let wPlus = try inputs.input("w_plus", shape: [n, g.numWs, g.wDim])
  let truncation = Truncation(psi: try config.value("truncation"))
  let mixed = generator.mix(
    generator.broadcast(w), with: generator.broadcast(w2), rows: Set(inject..<g.numWs))
  let img = try inputs.input("img", shape: [n, g.imgChannels, g.resolution, g.resolution])
  let fromZ = generator.synthesize(generator.broadcast(w))
  let fromWPlus = generator.synthesize(wPlus)
  let logits = discriminator(img)
  return [
    "w": w, "img.z": fromZ, "img.w_plus": fromWPlus, "logits": logits,
    "img.truncated": generator.synthesize(generator.broadcast(w, truncation: truncation)),
    "img.mixed": generator.synthesize(mixed),
    // One network computes both programs' pictures, so the difference between them is none.
    "nvidia.img.z": fromZ, "nvidia.img.w_plus": fromWPlus, "nvidia.logits": logits,
    "nvidia_minus_rosinality.maxabs": try inputs.expected("nvidia_minus_rosinality.maxabs")
      .zerosLike(),
  ]
}

private func generator(_ inputs: CaseInputs) throws -> StyleGAN2 {
  let config = inputs.config
  var g = StyleGAN2Configuration(resolution: try config.value("size"))
  (g.zDim, g.wDim) = (try config.count("style_dim"), try config.count("style_dim"))
  g.mappingLayers = try config.count("n_mlp")
  g.mappingLRMultiplier = try config.value("lr_mlp", default: 0.01)
  g.resampleFilter = try config.value("blur_kernel", default: [1, 3, 3, 1])
  (g.channelBase, g.channelMax) = try widths(config)
  try g.validate()
  var parameters = inputs.parameters { !$0.hasPrefix(discriminatorPrefix) }
  let wAvg = parameters.removeValue(forKey: "latent_avg")
  var renamed = try namedByNVIDIA(
    rosinality: parameters, isGenerator: true, file: inputs.folder)
  renamed["mapping.w_avg"] = wAvg
  return try load(renamed) { StyleGAN2(g, $0) }
}

private func discriminator(_ inputs: CaseInputs) throws -> StyleGAN2Discriminator {
  let config = inputs.config
  var d = StyleGAN2DiscriminatorConfiguration(resolution: try config.value("size"))
  d.resampleFilter = try config.value("blur_kernel", default: [1, 3, 3, 1])
  (d.channelBase, d.channelMax) = try widths(config)
  d.mbstdGroupSize = try config.count("mbstd_group", default: 4)
  d.mbstdChannels = try config.count("mbstd_channels", default: 1)
  try d.validate()
  var parameters: OrderedDictionary<String, StoredParameter> = [:]
  for (name, parameter) in inputs.parameters(where: { $0.hasPrefix(discriminatorPrefix) }) {
    parameters[String(name.dropFirst(discriminatorPrefix.count))] = parameter
  }
  let renamed = try namedByNVIDIA(
    rosinality: parameters, isGenerator: false, file: inputs.folder)
  return try load(renamed) { StyleGAN2Discriminator(d, $0) }
}

/// What stands before the discriminator's names in such cases.
private let discriminatorPrefix = "d:"

/// The base and maximum of the widths, which the table of channels must agree with.
private func widths(_ config: StrictObject) throws -> (base: Int, max: Int) {
  let channels = try config.object("channels")
  let base: Int = try config.value("channel_base")
  var table: [Int: Int] = [:]
  for key in channels.keys {
    guard let r = Int(key), r > 0 else { throw CaseError("channels: \(key) is no resolution") }
    table[r] = try channels.value(key) as Int
  }
  let most = table.values.max() ?? 0
  guard table.allSatisfy({ $0.value == min(base / $0.key, most) }) else {
    throw CaseError("channels: not those of channel_base \(base)")
  }
  return (base, most)
}

private func load<Built>(
  _ parameters: OrderedDictionary<String, StoredParameter>, _ build: (Scope) -> Built
) throws -> Built {
  func isFilter(_ name: String) -> Bool { name.hasSuffix("resample_filter") }
  let (plan, store) = (ParameterStore(), ParameterStore())
  _ = build(Scope(plan, device: .meta))
  try plan.check(parameters, optional: isFilter)
  let network = build(Scope(store))
  try store.load(parameters, optional: isFilter)
  return network
}

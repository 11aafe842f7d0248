// Small files of encoders as their programs write them, with the generators that they are for.

import Checkpoints
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Files of encoders of 256×256 pictures for a generator of 8×8.
struct EncoderFiles {
  /// The generator, 8×8, whose W+ has 4 rows of 4.
  let generator: StyleGAN2

  init() {
    var configuration = StyleGAN2Configuration(resolution: 8)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    generator = StyleGAN2(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  /// Writes pSp's checkpoint: `encoder.*`, `decoder.*` and `latent_avg`.
  func writePSp(_ type: String, to path: String) throws {
    let configuration = tinyPSp(type == "GradualStyleEncoder" ? .gradual : .intoWPlus)
    try write(
      configuration.makeEncoder(Scope(ParameterStore(), generator: TorchGenerator(seed: 2))),
      wrapper: "", options: [("encoder_type", .string(type))], to: path)
  }

  /// Writes Style Transformer's checkpoint, wrapped for training on several devices.
  func writeStyleTransformer(to path: String) throws {
    var configuration = StyleTransformerConfiguration()
    (configuration.shape, configuration.tokens, configuration.mappingLayers) = (
      tinyEncoderShape(), 4, 2
    )
    (configuration.decoder.width, configuration.decoder.feedForward) = (4, 6)
    let encoder = configuration.makeEncoder(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
    for name in encoder.parameters.names(under: "mapping") {
      generator.parameters[name].assign(encoder.parameters[name])
    }
    try write(encoder, wrapper: "module.", options: [], to: path)
  }

  private func write(
    _ encoder: any ImageEncoder, wrapper: String, options: TorchEntries, to path: String
  ) throws {
    let average = Tensor.seeded([4], seed: 3, dtype: .float32)
    let own = encoder.parameters.entries.filter {
      $0.key != "latent_avg" && !$0.key.hasPrefix("mapping.")
    }
    var state: TorchEntries = own.map {
      ("encoder.\(wrapper)\($0.key)", torchValue($0.value.tensor))
    }
    state += try rosinalityEntries(of: generator, prefix: "decoder.\(wrapper)")
    let file: TorchEntries = [
      ("state_dict", .dictionary(state)), ("opts", .dictionary(options)),
      ("latent_avg", torchValue(average)),
    ]
    try TorchArchive.write(.dictionary(file), to: path)
  }
}

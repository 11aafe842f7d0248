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
  private typealias Entries = [(key: String, value: TorchArchive.Value)]

  /// The generator, 8×8, whose W+ has 4 rows of 4.
  let generator: StyleGAN2

  init() {
    var configuration = StyleGAN2Configuration(resolution: 8)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    generator = StyleGAN2(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  private var shape: EncoderShape {
    var shape = EncoderShape()
    shape.trunk = IRSEConfiguration(
      stemWidth: 2, stages: [2, 3, 4].map { .init(width: $0, units: 1) })
    shape.trunk.squeezeReduction = 2
    (shape.numWs, shape.wDim) = (4, 4)
    return shape
  }

  /// Writes pSp's checkpoint: `encoder.*`, `decoder.*` and `latent_avg`.
  func writePSp(_ type: String, to path: String) throws {
    var configuration = PSpEncoderConfiguration()
    configuration.shape = shape
    configuration.head = type == "GradualStyleEncoder" ? .gradual : .intoWPlus
    if configuration.head == .gradual {
      (configuration.coarseEnd, configuration.middleEnd) = (1, 3)
      configuration.headConvolutions = [5, 6, 7]
    }
    try write(
      configuration.makeEncoder(Scope(ParameterStore(), generator: TorchGenerator(seed: 2))),
      wrapper: "", options: [("encoder_type", .string(type))], to: path)
  }

  /// Writes Style Transformer's checkpoint, wrapped for training on several devices.
  func writeStyleTransformer(to path: String) throws {
    var configuration = StyleTransformerConfiguration()
    (configuration.shape, configuration.tokens, configuration.mappingLayers) = (shape, 4, 2)
    (configuration.decoder.width, configuration.decoder.feedForward) = (4, 6)
    let encoder = configuration.makeEncoder(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
    for name in encoder.parameters.names(under: "mapping") {
      generator.parameters[name].assign(encoder.parameters[name])
    }
    try write(encoder, wrapper: "module.", options: [], to: path)
  }

  private func write(
    _ encoder: any ImageEncoder, wrapper: String, options: Entries, to path: String
  ) throws {
    let average = Tensor.seeded([4], seed: 3, dtype: .float32)
    let own = encoder.parameters.entries.filter {
      $0.key != "latent_avg" && !$0.key.hasPrefix("mapping.")
    }
    var state: Entries = own.map {
      ("encoder.\(wrapper)\($0.key)", value($0.value.tensor))
    }
    state += try decoder(prefix: "decoder.\(wrapper)")
    let file: Entries = [
      ("state_dict", .dictionary(state)), ("opts", .dictionary(options)),
      ("latent_avg", value(average)),
    ]
    try TorchArchive.write(.dictionary(file), to: path)
  }

  /// The generator under rosinality's names.
  private func decoder(prefix: String) throws -> Entries {
    try withScratchFolder { folder in
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration,
        to: "\(folder)/g.safetensors")
      try RosinalityFile.write(
        Checkpoint.open("\(folder)/g.safetensors").networks, to: "\(folder)/g.pt")
      let state = try TorchState(reading: "\(folder)/g.pt").tensors
      return try state.filter { $0.key.hasPrefix("g_ema.") }.map {
        (prefix + $0.key.dropFirst("g_ema.".count), value(try Tensor.reading($0.value)))
      }
    }
  }

  private func value(_ tensor: Tensor) -> TorchArchive.Value {
    .tensor(
      TensorToWrite(
        elementType: tensor.dtype == .int64 ? .int64 : .float32, shape: tensor.shape
      ) {
        guard tensor.dtype == .int64 else {
          return ByteRegion(floatBytes(tensor.values()), name: "x")
        }
        return ByteRegion([UInt8](repeating: 0, count: 8 * tensor.count), name: "x")
      })
  }
}

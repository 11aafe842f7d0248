// Networks small enough for tests, and the modules that NVIDIA's programs would make of them.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors

/// A generator of 8×8 pictures with random weights.
func tinyGenerator(seed: UInt64 = 1, _ change: (inout StyleGAN2Configuration) -> Void = { _ in })
  -> StyleGAN2
{
  var configuration = StyleGAN2Configuration(resolution: 8)
  (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
  (configuration.channelBase, configuration.channelMax) = (32, 4)
  change(&configuration)
  let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
  return StyleGAN2(configuration, scope)
}

/// A discriminator of 8×8 pictures with random weights.
func tinyDiscriminator(seed: UInt64 = 2) -> StyleGAN2Discriminator {
  var configuration = StyleGAN2DiscriminatorConfiguration(resolution: 8)
  (configuration.channelBase, configuration.channelMax) = (32, 4)
  let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
  return StyleGAN2Discriminator(configuration, scope)
}

extension Module {
  /// A generator's module as stylegan2-ada-pytorch makes it.
  init(_ generator: StyleGAN2) {
    self.init("Generator", generator.parameters)
    let c = generator.configuration
    arguments = [
      "z_dim": .int(c.zDim), "c_dim": .int(c.labelDim), "w_dim": .int(c.wDim),
      "img_resolution": .int(c.resolution), "img_channels": .int(c.imgChannels),
      "mapping_kwargs": .dictionary(["num_layers": .int(c.mappingLayers)]),
      "synthesis_kwargs": .dictionary([
        "channel_base": .int(c.channelBase), "channel_max": .int(c.channelMax),
        "num_fp16_res": .int(c.numFP16Res), "conv_clamp": c.convClamp.map { .double($0) } ?? .null,
      ]),
    ]
    change("synthesis") { $0.className = "SynthesisNetwork" }
  }

  /// A discriminator's module as stylegan2-ada-pytorch makes it.
  init(_ discriminator: StyleGAN2Discriminator) {
    self.init("Discriminator", discriminator.parameters)
    let c = discriminator.configuration
    arguments = [
      "c_dim": .int(c.labelDim), "img_resolution": .int(c.resolution),
      "img_channels": .int(c.imgChannels), "channel_base": .int(c.channelBase),
      "channel_max": .int(c.channelMax), "block_kwargs": .dictionary([:]),
    ]
  }
}

/// The bytes of the picture of a seed.
func picture(of generator: any Generator, seed: UInt32 = 3, classIndex: Int? = nil) -> [UInt8] {
  withoutGradients {
    let w = generator.map(
      z: generator.z(seed: seed), labels: generator.label(classIndex: classIndex))
    let wPlus = generator.broadcast(w, truncation: Truncation(psi: 0.7))
    let img = generator.synthesize(wPlus, options: SynthesisOptions())
    return generator.traits.pixelEncoding.bytes(img).values(as: UInt8.self)
  }
}

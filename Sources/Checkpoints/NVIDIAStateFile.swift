// Torch files of NVIDIA's names: state dictionaries that NVIDIA's own classes load.

import Formats
import Layers
import Networks
public import OrderedCollections

/// Torch files that hold `G`, `D` and `G_ema` as state dictionaries under NVIDIA's names, which
/// Styleformer's program shares.
///
/// NVIDIA's pickles hold Python source beside the tensors and run it when they are opened, so such
/// pickles are only read here. What is written instead opens in Python without running anything:
/// ```python
/// file = torch.load("ffhq.pt", weights_only=True)
/// G = Generator(**file["init_kwargs"]["G_ema"])
/// G.load_state_dict(file["G_ema"])
/// ```
public enum NVIDIAStateFile {
  /// The key of the constructor arguments, by role.
  static let argumentsKey = "init_kwargs"

  /// Writes networks; the file appears under its name only when it is whole.
  ///
  /// - Parameters:
  ///   - networks: The networks by role: `G`, `D`, `G_ema`.
  ///   - path: The file to create or replace.
  /// - Throws: `ConversionError` if a network is neither StyleGAN2 nor Styleformer; `FileError` if the file cannot be
  ///   written.
  public static func write(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, to path: String
  ) throws {
    try TorchArchive.write(value(networks), to: path)
  }

  /// Checks that networks can be written, without writing anything.
  ///
  /// - Parameter networks: The networks by role: `G`, `D`, `G_ema`.
  /// - Throws: `ConversionError` if a network is neither StyleGAN2 nor Styleformer, or of a kind
  ///   that their programs do not have.
  public static func check(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws(ConversionError) {
    _ = try value(networks)
  }

  private static func value(_ networks: OrderedDictionary<String, Checkpoint.Network>)
    throws(ConversionError) -> TorchArchive.Value
  {
    var entries: [(key: String, value: TorchArchive.Value)] = []
    var arguments: [(key: String, value: TorchArchive.Value)] = []
    for (role, network) in networks {
      entries.append((role, .state(network.tensors)))
      arguments.append((role, try self.arguments(of: network, role: role)))
    }
    entries.append((argumentsKey, .dictionary(arguments)))
    return .dictionary(entries)
  }

  private static func arguments(
    of network: Checkpoint.Network, role: String
  ) throws(ConversionError) -> TorchArchive.Value {
    func misfit(_ expected: String, _ found: String) -> ConversionError {
      ConversionError(network, role: role, form: "NVIDIA's", expected: expected, found: found)
    }
    switch network.configuration {
    case let configuration as StyleGAN2Configuration: return configuration.constructorArguments
    case let configuration as StyleformerConfiguration:
      guard configuration.ablation == nil else {
        throw misfit("the published layers", "layers with an ablation")
      }
      return configuration.constructorArguments
    case let configuration as StyleGAN2DiscriminatorConfiguration:
      guard configuration.lastResolution == 4 else {
        throw misfit(
          "a discriminator of a power of two", "one of \(configuration.resolution) pixels")
      }
      return configuration.constructorArguments
    default:
      throw misfit("StyleGAN2 or Styleformer", type(of: network.configuration).kind)
    }
  }
}

/// A network that another program's form cannot hold.
public struct ConversionError: Error, CustomStringConvertible, Equatable {
  /// The file, the network's role, what the form expects and what was found, on one line.
  public let description: String

  init(
    _ network: Checkpoint.Network, role: String, form: String, expected: String, found: String
  ) {
    description =
      "\(oneLine(network.file, limit: 400)): \(role) does not fit into \(form) form: "
      + "expected \(expected), found \(found)"
  }
}

extension TorchArchive.Value {
  /// A state dictionary.
  static func state(_ parameters: StoredParameters) -> TorchArchive.Value {
    .dictionary(parameters.map { ($0.key, .tensor(TensorToWrite($0.value, name: $0.key))) })
  }

  static func optional(_ number: Double?) -> TorchArchive.Value {
    number.map { .double($0) } ?? .none
  }
}

extension StyleGAN2Configuration {
  /// The arguments with which stylegan2-ada-pytorch constructs this generator.
  fileprivate var constructorArguments: TorchArchive.Value {
    .dictionary([
      ("z_dim", .int(zDim)), ("c_dim", .int(labelDim)), ("w_dim", .int(wDim)),
      ("img_resolution", .int(resolution)), ("img_channels", .int(imgChannels)),
      (
        "mapping_kwargs",
        .dictionary([
          ("num_layers", .int(mappingLayers)),
          ("lr_multiplier", .double(mappingLRMultiplier ?? 0.01)),
        ])
      ),
      (
        "synthesis_kwargs",
        .dictionary([
          ("channel_base", .int(channelBase)), ("channel_max", .int(channelMax)),
          ("num_fp16_res", .int(numFP16Res)), ("conv_clamp", .optional(convClamp)),
          ("architecture", .string(architecture.rawValue)),
          ("resample_filter", .list(resampleFilter.map { .double($0) })),
          ("use_noise", .bool(useNoise)),
        ])
      ),
    ])
  }
}

extension StyleformerConfiguration {
  /// The arguments with which Styleformer's program constructs this generator; those that it does
  /// not use have its own values.
  fileprivate var constructorArguments: TorchArchive.Value {
    .dictionary([
      ("z_dim", .int(zDim)), ("c_dim", .int(labelDim)), ("w_dim", .int(wDim)),
      ("img_resolution", .int(resolution)), ("img_channels", .int(imgChannels)),
      ("mapping_kwargs", .dictionary([("num_layers", .int(mappingLayers))])),
      (
        "synthesis_kwargs",
        .dictionary([
          ("channel_base", .int(32768)), ("depth", .int(headSize)),
          ("minimum_head", .int(minimumHeads)), ("channel_max", .int(512)),
          ("num_layers", .list(numLayers.map { .int($0) })),
          ("G_dict", .list(hiddenSizes.map { .int($0) })), ("linformer", .bool(linformer)),
          ("num_fp16_res", .int(0)), ("conv_clamp", .optional(convClamp)),
        ])
      ),
    ])
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// The arguments with which stylegan2-ada-pytorch constructs this discriminator.
  fileprivate var constructorArguments: TorchArchive.Value {
    .dictionary([
      ("c_dim", .int(labelDim)), ("img_resolution", .int(resolution)),
      ("img_channels", .int(imgChannels)), ("architecture", .string(architecture.rawValue)),
      ("channel_base", .int(channelBase)), ("channel_max", .int(channelMax)),
      ("num_fp16_res", .int(numFP16Res)), ("conv_clamp", .optional(convClamp)),
      (
        "block_kwargs",
        .dictionary([("resample_filter", .list(resampleFilter.map { .double($0) }))])
      ),
      ("mapping_kwargs", .dictionary([("num_layers", .int(mappingLayers))])),
      (
        "epilogue_kwargs",
        .dictionary([
          ("mbstd_group_size", mbstdGroupSize.map { .int($0) } ?? .none),
          ("mbstd_num_channels", .int(mbstdChannels)),
        ])
      ),
    ])
  }
}

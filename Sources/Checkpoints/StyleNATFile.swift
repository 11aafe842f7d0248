// Torch files of StyleNAT, as its programs read them.

import Formats
import Layers
import Networks
public import OrderedCollections

/// Torch files that hold generators and discriminator as StyleNAT's programs write and read them.
///
/// Generators with the old names of position biases are written in the layout of the published
/// files, which states no dilations; all others in the current layout with all settings.
public enum StyleNATFile {
  /// Writes networks; the file appears under its name only when it is whole.
  ///
  /// Tables of indices, which networks here do without, are computed and written too: the programs
  /// expect them. There is no place for a mean of w.
  ///
  /// - Parameters:
  ///   - networks: The networks by role: `G`, `D`, `G_ema`.
  ///   - path: The file to create or replace.
  /// - Throws: `ConversionError` if StyleNAT's code has no such network; `FileError` if the file
  ///   cannot be written.
  public static func write(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, to path: String
  ) throws {
    try TorchArchive.write(value(networks), to: path)
  }

  /// Checks that networks can be written, without writing anything.
  ///
  /// - Parameter networks: The networks by role: `G`, `D`, `G_ema`.
  /// - Throws: `ConversionError` if StyleNAT's code has no such network.
  public static func check(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws(ConversionError) {
    _ = try value(networks)
  }

  private typealias Entries = [(key: String, value: TorchArchive.Value)]

  private static let keys = ["G_ema": "g_ema", "G": "g", "D": "d"]

  private static func value(_ networks: OrderedDictionary<String, Checkpoint.Network>)
    throws(ConversionError) -> TorchArchive.Value
  {
    var states: Entries = []
    var (generator, discriminator): (StyleNATConfiguration?, WaveletDiscriminatorConfiguration?)
    for (role, network) in networks {
      var tensors = network.tensors
      switch network.configuration {
      case let g as StyleNATConfiguration:
        let expected = generator ?? g
        guard g == expected, g.hasPublishedDilations || g.biasNames == .list else {
          throw ConversionError(
            network, role: role, form: "StyleNAT's",
            expected: g == expected
              ? "published dilations, since files with rpb0 and rpb1 state none"
              : "generators of one configuration",
            found: g == expected ? "\(g.dilations)" : "two")
        }
        generator = g
        tensors["style.w_avg"] = nil
        tensors.merge(g.derivedBuffers) { $1 }
      case let d as WaveletDiscriminatorConfiguration:
        discriminator = d
      default:
        throw ConversionError(
          network, role: role, form: "StyleNAT's", expected: "StyleNAT or its discriminator",
          found: type(of: network.configuration).kind)
      }
      states.append((keys[role] ?? role, .state(tensors)))
    }
    if generator?.biasNames == .halves {
      let arguments = oldArguments(generator, discriminator)
      return .dictionary(states + [("args", .dictionary(arguments))])
    }
    let runs = settings(generator, discriminator)
    return .dictionary([
      ("args", .dictionary([("runs", .dictionary(runs))])), ("state_dicts", .dictionary(states)),
    ])
  }

  private static func oldArguments(
    _ g: StyleNATConfiguration?, _ d: WaveletDiscriminatorConfiguration?
  ) -> Entries {
    var arguments: Entries = []
    if let g {
      arguments += [
        ("size", .int(g.resolution)), ("style_dim", .int(g.shape.wDim)),
        ("n_mlp", .int(g.shape.mappingLayers)),
        ("G_channel_multiplier", .int(g.shape.channelMultiplier)),
      ]
    }
    if let d {
      arguments += [
        ("D_channel_multiplier", .int(d.channelMultiplier)), ("D_sn", .bool(d.usesSpectralNorm)),
      ]
    }
    return arguments
  }

  /// All settings of the networks under the names of the program's configuration files.
  private static func settings(
    _ g: StyleNATConfiguration?, _ d: WaveletDiscriminatorConfiguration?
  ) -> Entries {
    func lists(_ lists: [[Int]], at4: [Int]) -> TorchArchive.Value {
      .list(([at4] + lists).map { .list($0.map { .int($0) }) })
    }
    var runs: Entries = []
    if let resolution = g?.resolution ?? d?.resolution { runs.append(("size", .int(resolution))) }
    if let g {
      let generator: Entries = [
        ("block_type", .string("nat")), ("style_dim", .int(g.shape.wDim)),
        ("n_mlp", .int(g.shape.mappingLayers)), ("lr_mlp", .double(g.shape.mappingLRMultiplier)),
        ("channel_multiplier", .int(g.shape.channelMultiplier)),
        ("min_heads", .int(g.shape.minHeads)), ("mlp_ratio", .double(g.shape.mlpRatio)),
        ("qkv_bias", .bool(g.qkvBias)), ("qk_scale", g.qkScale.map { .double($0) } ?? .none),
        ("kernels", lists(g.kernelSizes, at4: [3])), ("dilations", lists(g.dilations, at4: [1])),
      ]
      runs.append(("generator", .dictionary(generator)))
    }
    if let d {
      let discriminator: Entries = [
        ("channel_multiplier", .int(d.channelMultiplier)), ("sn", .bool(d.usesSpectralNorm)),
        ("blur_kernel", .list(d.resampleFilter.map { .double($0) })),
      ]
      runs.append(("discriminator", .dictionary(discriminator)))
    }
    return runs
  }
}

// Torch files of StyleSwin, as its programs read them.

import Formats
import Layers
import Networks
public import OrderedCollections

/// Torch files that hold `g_ema`, `g` and `d` as StyleSwin's programs write and read them.
public enum StyleSwinFile {
  /// Writes networks; the file appears under its name only when it is whole.
  ///
  /// Tables of indices and masks, which networks here do without, are computed and written too:
  /// the programs expect them. There is no place for a mean of w.
  ///
  /// - Parameters:
  ///   - networks: The networks by role: `G`, `D`, `G_ema`.
  ///   - path: The file to create or replace.
  /// - Throws: `ConversionError` if StyleSwin's code has no such network; `FileError` if the file
  ///   cannot be written.
  public static func write(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, to path: String
  ) throws {
    try TorchArchive.write(value(networks), to: path)
  }

  /// Checks that networks can be written, without writing anything.
  ///
  /// - Parameter networks: The networks by role: `G`, `D`, `G_ema`.
  /// - Throws: `ConversionError` if StyleSwin's code has no such network.
  public static func check(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws(ConversionError) {
    _ = try value(networks)
  }

  private static let keys = ["G_ema": "g_ema", "G": "g", "D": "d"]

  private static func value(_ networks: OrderedDictionary<String, Checkpoint.Network>)
    throws(ConversionError) -> TorchArchive.Value
  {
    var entries: [(key: String, value: TorchArchive.Value)] = []
    var arguments: OrderedDictionary<String, TorchArchive.Value> = [:]
    for (role, network) in networks {
      func require(
        _ holds: Bool, _ expected: String, _ found: String
      ) throws(ConversionError) {
        guard !holds else { return }
        throw ConversionError(
          network, role: role, form: "StyleSwin's", expected: expected, found: found)
      }
      var tensors = network.tensors
      switch network.configuration {
      case let g as StyleSwinConfiguration:
        let multiplier = g.shape.mappingLRMultiplier
        try require(multiplier == 0.01, "a mapping multiplier of 0.01", "\(multiplier)")
        try require(g.shape.minHeads == 4, "at least 4 heads", "\(g.shape.minHeads)")
        tensors["style.w_avg"] = nil
        tensors.merge(g.derivedBuffers) { $1 }
        arguments["size"] = .int(g.resolution)
        arguments["style_dim"] = .int(g.shape.wDim)
        arguments["n_mlp"] = .int(g.shape.mappingLayers)
        arguments["G_channel_multiplier"] = .int(g.shape.channelMultiplier)
      case let d as WaveletDiscriminatorConfiguration:
        arguments["size"] = .int(d.resolution)
        arguments["D_channel_multiplier"] = .int(d.channelMultiplier)
        arguments["D_sn"] = .bool(d.usesSpectralNorm)
      default:
        try require(
          false, "StyleSwin or its discriminator", type(of: network.configuration).kind)
      }
      entries.append((keys[role] ?? role, .state(tensors)))
    }
    entries.append(("args", .dictionary(arguments.map { ($0.key, $0.value) })))
    return .dictionary(entries)
  }
}

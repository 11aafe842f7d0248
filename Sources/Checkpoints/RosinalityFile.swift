// Torch files of rosinality's names, as its program and those built on it read them.

import Formats
import Layers
import Networks
public import OrderedCollections

/// Torch files that hold `g_ema`, `g`, `d` and `latent_avg` under rosinality's names.
public enum RosinalityFile {
  /// Writes networks; the file appears under its name only when it is whole.
  ///
  /// - Parameters:
  ///   - networks: The networks by role: `G`, `D`, `G_ema`.
  ///   - path: The file to create or replace.
  /// - Throws: `ConversionError` if rosinality's code has no such network; `FileError` if the file
  ///   cannot be written.
  public static func write(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, to path: String
  ) throws {
    try TorchArchive.write(value(networks), to: path)
  }

  /// Checks that networks can be written, without writing anything.
  ///
  /// - Parameter networks: The networks by role: `G`, `D`, `G_ema`.
  /// - Throws: `ConversionError` if rosinality's code has no such network.
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
    var wAvg: StoredParameter?
    for (role, network) in networks {
      let names = try names(of: network, role: role)
      entries.append((keys[role] ?? role, .state(renamed(network.tensors, names))))
      // One mean for both generators: that of the averaged one, which people look at.
      if wAvg == nil || role == "G_ema" { wAvg = network.tensors["mapping.w_avg"] ?? wAvg }
    }
    if let wAvg { entries.append(("latent_avg", .tensor(TensorToWrite(wAvg, name: "latent_avg")))) }
    return .dictionary(entries)
  }

  /// The tensors in rosinality's form; filters that its networks do not have are left out.
  private static func renamed(
    _ tensors: StoredParameters, _ names: [RosinalityName]
  ) -> StoredParameters {
    var renamed: StoredParameters = [:]
    for name in names {
      guard let tensor = tensors[name.ours] else { continue }
      renamed[name.theirs] = tensor.reshaped(name.form.theirs(tensor.shape))
        .scaled(by: name.form.gain)
    }
    return renamed
  }

  private static func names(
    of network: Checkpoint.Network, role: String
  ) throws(ConversionError) -> [RosinalityName] {
    func require(
      _ holds: Bool, _ expected: String, _ found: String
    ) throws(ConversionError) {
      guard !holds else { return }
      throw ConversionError(
        network, role: role, form: "rosinality's", expected: expected, found: found)
    }
    switch network.configuration {
    case let g as StyleGAN2Configuration:
      try require(g.architecture == .skip, "a skip generator", g.architecture.rawValue)
      try require(g.labelDim == 0, "no labels", "labels of length \(g.labelDim)")
      try require(g.imgChannels == 3, "RGB pictures", "\(g.imgChannels) channels")
      try require(g.zDim == g.wDim, "z and w of one length", "\(g.zDim) and \(g.wDim)")
      try require(g.useNoise, "noise in all layers", "none")
      let multiplier = g.mappingLRMultiplier ?? 0.01
      try require(multiplier == 0.01, "a mapping multiplier of 0.01", "\(multiplier)")
      return RosinalityName.generator(
        resolution: g.resolution, mappingLayers: g.mappingLayers)
    case let d as StyleGAN2DiscriminatorConfiguration:
      try require(d.architecture == .resnet, "a resnet discriminator", d.architecture.rawValue)
      try require(d.labelDim == 0, "no labels", "labels of length \(d.labelDim)")
      try require(d.imgChannels == 3, "RGB pictures", "\(d.imgChannels) channels")
      let (size, channels) = (d.mbstdGroupSize, d.mbstdChannels)
      try require(
        size == 4 && channels == 1, "standard deviations in groups of 4 in 1 channel",
        "\(size.map(String.init) ?? "all") in \(channels)")
      return RosinalityName.discriminator(resolution: d.resolution)
    default:
      throw ConversionError(
        network, role: role, form: "rosinality's", expected: "StyleGAN2",
        found: type(of: network.configuration).kind)
    }
  }
}

// Starting a training from the networks of another: transfer, which keeps neither optimisers nor
// counts.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension GANTraining {
  /// Copies the tensors of a file into the networks that have tensors of the same names.
  ///
  /// All else keeps its first values. Nothing is copied unless everything fits.
  ///
  /// - Parameter path: A checkpoint of any form that Stylist opens, or a state of a training.
  /// - Returns: What was copied, a line for each network.
  /// - Throws: `FileError` if the file cannot be read, has no tensors for the networks, or others.
  public func start(from path: String) throws -> [String] {
    let file = try Self.networks(in: path)
    let shares = try Self.shares(
      of: file, at: path, g: trainer.generator.parameters, average: trainer.average.parameters,
      d: trainer.discriminator.parameters, labelDim: trainer.generator.traits.labelDim)
    for share in shares { try share.store.load(share.tensors, optional: { _ in true }) }
    trainer.showStage()
    var lines = shares.map { share in
      "\(share.role): \(share.tensors.count) of \(share.store.entries.count) tensors from \(path)"
    }
    if file["D"] == nil, let state = Self.state(beside: path) {
      lines.append("\(path) has no D; \(state) has it, and --init-from takes that, too")
    }
    return lines
  }

  /// Checks that a training could start from a file, without memory for its networks.
  ///
  /// - Parameters:
  ///   - path: A checkpoint of any form that Stylist opens, or a state of a training.
  ///   - options: What would be trained.
  /// - Throws: As `start(from:)` throws; `ConfigurationError` if options do not fit.
  public static func checkStart(from path: String, of options: GANOptions) throws {
    let recipe = try options.recipe()
    let (g, d) = (ParameterStore(), ParameterStore())
    let generator = recipe.generator.makeGenerator(Scope(g, device: .meta))
    _ = recipe.discriminator.makeDiscriminator(Scope(d, device: .meta))
    _ = try shares(
      of: networks(in: path), at: path, g: g, average: g, d: d,
      labelDim: generator.traits.labelDim)
  }

  /// What one network takes from a file.
  private struct Share {
    let role: String
    let store: ParameterStore
    let tensors: OrderedDictionary<String, StoredParameter>
  }

  /// What each network takes from a file: the tensors whose names it has, all of which must fit.
  private static func shares(
    of file: OrderedDictionary<String, OrderedDictionary<String, StoredParameter>>,
    at path: String, g: ParameterStore, average: ParameterStore, d: ParameterStore, labelDim: Int
  ) throws(FileError) -> [Share] {
    // A file with one generator has the one that its authors use; both begin as that.
    let sources = [
      ("G", g, file["G"] ?? file["G_ema"]), ("G_ema", average, file["G_ema"] ?? file["G"]),
      ("D", d, file["D"]),
    ]
    var shares: [Share] = []
    for (role, store, tensors) in sources {
      let tensors = tensors.map { byResolution($0, as: store) }
      let known = (tensors ?? [:]).filter { store.entries[$0.key] != nil }
      do {
        try store.check(known, optional: { _ in true })
      } catch {
        throw misfit(error, role, of: path, tensors ?? [:], labelDim: labelDim)
      }
      shares.append(Share(role: role, store: store, tensors: known))
    }
    guard shares.contains(where: { !$0.tensors.isEmpty }) else {
      let found = file.filter { !$0.value.isEmpty }
        .map { "\($0) with \(some(Array($1.keys)))" }.joined(separator: "; ")
      throw FileError(
        .doesNotFit, file: path,
        expected: "networks with tensors of those to be trained, \(some(Array(g.trainable.keys)))",
        found: found.isEmpty ? "none" : found)
    }
    return shares
  }

  /// A few of some names.
  private static func some(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
  }

  /// The tensors of a network under the names that their resolutions have in a store.
  ///
  /// StyleGAN counts what reads and makes images from the highest resolution down: `ToRGB_lod0` is that
  /// of the whole network, so that in a network of twice the size the same layer is `ToRGB_lod1`. Of
  /// resolutions that the store has not, nothing is left.
  private static func byResolution(
    _ tensors: OrderedDictionary<String, StoredParameter>, as store: ParameterStore
  ) -> OrderedDictionary<String, StoredParameter> {
    let levels = (tensors.keys.compactMap(level).max(), store.entries.keys.compactMap(level).max())
    guard let theirs = levels.0, let own = levels.1, theirs != own else { return tensors }
    var renamed: OrderedDictionary<String, StoredParameter> = [:]
    for (name, tensor) in tensors {
      guard let old = level(name) else {
        renamed[name] = tensor
        continue
      }
      let new = old + own - theirs
      if new >= 0 { renamed[name.replacing("RGB_lod\(old)/", with: "RGB_lod\(new)/")] = tensor }
    }
    return renamed
  }

  /// How many doublings below the highest resolution a layer such as `ToRGB_lod2` is; nil for others.
  private static func level(_ name: String) -> Int? {
    name.firstMatch(of: /(?:^|\/)(?:To|From)RGB_lod([0-9]+)\//).flatMap { Int($0.1) }
  }

  /// The error of tensors that do not fit: often it is labels that one side has.
  private static func misfit(
    _ error: ParameterLoadError, _ role: String, of path: String,
    _ tensors: OrderedDictionary<String, StoredParameter>, labelDim own: Int
  ) -> FileError {
    let dimension = tensors["mapping.embed.weight"]?.shape.last ?? 0
    let labels =
      dimension == own
      ? "" : "labels of length \(dimension), where the training has \(own) (--cond); "
    return FileError(
      .doesNotFit, file: path, expected: "a network \(role) such as the one to be trained",
      found: "\(labels)\(error)")
  }

  /// The state that was saved with the network in a file, if it is there.
  private static func state(beside network: String) -> String? {
    let state = network.replacing("network-snapshot-", with: "training-state-")
    guard state != network, (try? TrainingState(reading: state)) != nil else { return nil }
    return state
  }

  /// The tensors of the networks in a file, by role.
  ///
  /// - Parameter path: A checkpoint of any form that Stylist opens, or a state of a training.
  /// - Returns: For each role the tensors by name, not read yet.
  /// - Throws: `FileError` if the file cannot be read.
  private static func networks(
    in path: String
  ) throws -> OrderedDictionary<String, OrderedDictionary<String, StoredParameter>> {
    guard let state = try? TrainingState(reading: path) else {
      return try Checkpoint.open(path).networks.mapValues(\.tensors)
    }
    try state.checkContent(of: path)
    return OrderedDictionary(
      uniqueKeysWithValues: ["G", "D", "G_ema"].map { role in
        let prefix = "\(role)."
        let own = state.tensors.filter { $0.key.hasPrefix(prefix) }.map { name, tensor in
          (String(name.dropFirst(prefix.count)), tensor)
        }
        return (role, OrderedDictionary(uniqueKeysWithValues: own))
      })
  }
}

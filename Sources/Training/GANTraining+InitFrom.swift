// Starting a training from the networks of another: transfer, which keeps neither optimisers nor
// counts.

import Checkpoints
import Formats
public import Layers
import Networks
public import OrderedCollections

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
    // A file with one generator has the one that its authors use; both begin as that.
    let sources = [
      ("G", trainer.generator.parameters, file["G"] ?? file["G_ema"]),
      ("G_ema", trainer.average.parameters, file["G_ema"] ?? file["G"]),
      ("D", trainer.discriminator.parameters, file["D"]),
    ]
    var plans: [(store: ParameterStore, tensors: OrderedDictionary<String, StoredParameter>)] = []
    var lines: [String] = []
    for (role, store, tensors) in sources {
      let known = (tensors ?? [:]).filter { store.entries[$0.key] != nil }
      do {
        try store.check(known, optional: { _ in true })
      } catch {
        throw misfit(error, role, of: path, tensors ?? [:])
      }
      plans.append((store, known))
      lines.append("\(role): \(known.count) of \(store.entries.count) tensors from \(path)")
    }
    guard plans.contains(where: { !$0.tensors.isEmpty }) else {
      throw FileError(
        .damaged, file: path, expected: "networks with tensors such as those to be trained",
        found: "networks \(file.keys.joined(separator: ", ")) with none of them")
    }
    for plan in plans { try plan.store.load(plan.tensors, optional: { _ in true }) }
    if file["D"] == nil, let state = Self.state(beside: path) {
      lines.append("\(path) has no D; \(state) has it, and --init-from takes that, too")
    }
    return lines
  }

  /// The error of tensors that do not fit: often it is labels that one side has.
  private func misfit(
    _ error: ParameterLoadError, _ role: String, of path: String,
    _ tensors: OrderedDictionary<String, StoredParameter>
  ) -> FileError {
    let dimension = tensors["mapping.embed.weight"]?.shape.last ?? 0
    let own = trainer.generator.traits.labelDim
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
  public static func networks(
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

// Where a network's state dictionary stands in a torch file, which family's it is, and the network
// that it is.

import Formats
import Layers
import Networks
import OrderedCollections

/// Where a network's state dictionary stands in a torch file, and which family's it is.
struct StatePlace {
  /// What the network is in training.
  let role: String
  /// The keys that lead to it, with dots between; empty if it is the whole file.
  let path: String
  /// Whose networks it is one of.
  let family: StateFamily
  /// Whether it is part of a program that inverts pictures, whose generator draws new noise for
  /// every picture.
  private let isDecoder: Bool
  /// Whether the network was wrapped for training on several devices.
  private let isWrapped: Bool

  /// The networks of a file by role, at the places where the known programs put them.
  ///
  /// - Source: rosinality's `train.py`; `coach.py` of pixel2style2pixel and encoder4editing;
  ///   StyleSwin's and StyleNAT's training programs; MoCo's, which keeps two encoders.
  static func all(
    in state: TorchState
  ) throws(FileError) -> OrderedDictionary<String, StatePlace> {
    let named = [
      ("g_ema", "G_ema"), ("g", "G"), ("d", "D"), ("G_ema", "G_ema"), ("G", "G"), ("D", "D"),
      ("state_dicts.g_ema", "G_ema"), ("state_dicts.g", "G"), ("state_dicts.d", "D"),
    ]
    // Programs that invert pictures keep the generator inside their own network.
    let decoders = ["state_dict.decoder", "state_dict.generator", "decoder", "generator"]
    var found: OrderedDictionary<String, StatePlace> = [:]
    for (key, role) in named where found[role] == nil {
      found[role] = try StatePlace(key, role: role, in: state)
    }
    let encoders = ["state_dict.encoder", "encoder", "state_dict.encoder_q"]
    let others = encoders + ["state_dict.classifier", "classifier", "state_dict", ""]
    for (path, isDecoder) in decoders.map({ ($0, true) }) + others.map({ ($0, false) }) {
      guard let place = try StatePlace(path, isDecoder: isDecoder, in: state),
        found[place.role] == nil
      else { continue }
      found[place.role] = place
    }
    return found
  }

  /// The network at a path, or nil if there is none of a known family; without a role, it has the
  /// usual one.
  private init?(
    _ place: String, role: String? = nil, isDecoder: Bool = false, in state: TorchState
  ) throws(FileError) {
    let path = state.unwrapped(place)
    func has(_ name: String) -> Bool { state.tensors[path.appending(key: name)] != nil }
    guard let family = StateFamily.all.first(where: { $0.recognises(has) }) else { return nil }
    self.family = family
    (self.path, self.isDecoder, isWrapped) = (path, isDecoder, path != place)
    self.role = role ?? family.use.roles[0]
    guard family.use.roles.contains(self.role) else {
      throw FileError(
        .damaged, file: state.file,
        expected: "\(place): \(NetworkUse(role: self.role)?.phrase ?? self.role)",
        found: "the tensors of \(family.use.phrase)")
    }
  }

  /// The network.
  ///
  /// - Parameters:
  ///   - state: The file.
  ///   - besideAverage: Whether the file holds an averaged generator, whose mean of w it then
  ///     keeps.
  /// - Returns: The network, with filters, noise and the mean of w that the file lacks.
  /// - Throws: `FileError` if tensors are missing or unknown, or contradict one another.
  func network(
    in state: TorchState, besideAverage: Bool
  ) throws(FileError) -> Checkpoint.Network {
    let source = StateSource(
      state: state, path: path, role: role, isDecoder: isDecoder,
      isBesideAverage: role != "G_ema" && besideAverage,
      parameters: try state.parameters(under: path))
    var network = try family.network(source)
    if isWrapped {
      network.remarks.append(
        "the names begin with module., as DataParallel writes them; read without it")
    }
    return network
  }
}

// Torch files that hold networks as state dictionaries, under the names of any family that is known.

import Formats
import Layers
import Networks
import OrderedCollections

extension Checkpoint {
  /// Reads a torch file that holds networks as state dictionaries.
  init(torchFile bytes: ByteRegion) throws(FileError) {
    let archive = try TorchArchive(bytes)
    try self.init(TorchState(archive, file: bytes.name), container: archive.form)
  }

  private init(_ state: TorchState, container: TorchArchive.Form) throws(FileError) {
    let places = try StatePlace.all(in: state)
    guard let last = places.values.last else {
      let keys = state.keys.prefix(8).joined(separator: ", ")
      throw OtherFamilies.error(
        in: state.file,
        expected: "networks of StyleGAN2, Styleformer, StyleSwin or StyleNAT",
        names: state.tensors.keys,
        otherwise: keys.isEmpty ? "nothing" : "a dictionary of \(keys)")
    }
    var networks: OrderedDictionary<String, Network> = [:]
    var refusals: OrderedDictionary<String, FileError> = [:]
    for (role, place) in places {
      do {
        networks[role] = try place.network(in: state, besideAverage: places["G_ema"] != nil)
      } catch {
        // A generator can be used without the other networks beside it.
        guard !place.family.use.makesOrJudgesPictures, places.count > 1 else { throw error }
        refusals[role] = error
      }
    }
    let used = places.values.filter { networks[$0.role] != nil }
    form = (used.last { $0.family.use.makesOrJudgesPictures } ?? last).family.form
    self.refusals = refusals
    format = "\(form.rawValue) (\(container.rawValue))"
    self.networks = networks
    otherTensors = [:]
    trainingSet = .null
    notes = NetworkFileNotes()
    otherParts = Self.otherParts(of: state, than: used.map(\.path))
  }

  /// What stands beside the networks, and beside what holds them.
  private static func otherParts(of state: TorchState, than paths: [String]) -> [String] {
    // A dictionary that is itself a network's state has no other parts.
    guard !paths.contains("") else { return [] }
    let belonging: Set<String> = ["latent_avg", NVIDIAStateFile.argumentsKey]
    var parts: OrderedSet<String> = []
    for path in paths {
      var container = ""
      for key in path.split(separator: ".") {
        let beside =
          container.isEmpty ? state.parts : OrderedSet(state.parts(of: container).map(String.init))
        parts.formUnion(
          beside.subtracting(belonging).map { container.appending(key: $0) })
        container = container.appending(key: key)
      }
    }
    return parts.filter { part in !paths.contains { $0 == part || $0.hasPrefix(part + ".") } }
  }
}

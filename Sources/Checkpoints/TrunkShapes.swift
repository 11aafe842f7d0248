// The trunk of encoders and of face recognition, from the shapes of its tensors.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension NetworkShapes {
  /// The sizes of a trunk whose names begin at the root: every run of units of one width is a
  /// stage.
  func trunk() throws(FileError) -> IRSEConfiguration {
    let stem = try required("input_layer.0.weight", rank: 4)
    var stages: [IRSEConfiguration.Stage] = []
    for unit in 0..<Self.unitLimit {
      guard let weight = optional("body.\(unit).res_layer.3.weight", rank: 4) else { break }
      if stages.last?.width == weight[0] {
        stages[stages.count - 1].units += 1
      } else {
        stages.append(.init(width: weight[0], units: 1))
      }
    }
    var trunk = IRSEConfiguration(stemWidth: stem[0], stages: stages)
    trunk.inChannels = stem[1]
    let excitation = optional("body.0.res_layer.5.fc1.weight", rank: 4)
    trunk.squeezes = excitation != nil
    if let excitation, excitation[0] > 0 {
      trunk.squeezeReduction = excitation[1] / excitation[0]
    }
    return trunk
  }

  /// The most units that a trunk is taken to have.
  private static let unitLimit = 256
}

extension StoredParameters {
  /// Adds the counters of batches that old files lack, which nothing computes with.
  ///
  /// - Parameter plan: The network's own parameters and buffers.
  mutating func addCounters(of plan: ParameterStore) {
    for (name, entry) in plan.entries
    where name.hasSuffix(".num_batches_tracked") && self[name] == nil {
      self[name] = StoredParameter(.zeros(entry.tensor.shape, dtype: .int64))
    }
  }
}

extension Checkpoint.Network {
  /// A network with a trunk, which must have exactly these parameters but for counters of batches.
  ///
  /// - Parameters:
  ///   - parameters: What the file holds.
  ///   - configuration: What the network is built from.
  ///   - file: The file.
  ///   - build: Builds the network.
  /// - Throws: `FileError` if the configuration cannot be, or the parameters do not fit it.
  init<Configuration: NetworkConfiguration>(
    counting parameters: StoredParameters, as configuration: Configuration, file: String,
    _ build: (Scope) -> Void
  ) throws(FileError) {
    try configuration.validated(file: file)
    let plan = ParameterStore()
    build(Scope(plan, device: .meta))
    var complete = parameters
    complete.addCounters(of: plan)
    do {
      try plan.check(complete)
    } catch {
      throw FileError(
        .damaged, file: file, expected: "the tensors of \(Configuration.kind)", found: "\(error)")
    }
    var ordered: StoredParameters = [:]
    for name in plan.entries.keys { ordered[name] = complete[name] }
    self.init(configuration: configuration, tensors: ordered, file: file)
  }
}

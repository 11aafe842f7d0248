// Checkpoints of NVIDIA's TensorFlow programs: StyleGAN's networks as they stand, StyleGAN2's
// imported; and the classifiers of StyleGAN's metrics.

import Formats
import Layers
import Networks
import OrderedCollections

extension Checkpoint {
  /// Reads a pickle of NVIDIA's TensorFlow networks.
  ///
  /// - Source: `training/misc.py` of stylegan; `legacy.py` of stylegan2-ada-pytorch.
  init(
    tensorFlow found: OrderedDictionary<String, TensorFlowNetwork>, file: String
  ) throws(FileError) {
    var networks: OrderedDictionary<String, Network> = [:]
    if let classifier = try Network(classifierIn: found, file: file) {
      networks["attributes"] = classifier
    }
    for (name, network) in found where networks["attributes"] == nil {
      // The averaged generator was called Gs.
      let role = name == "Gs" ? "G_ema" : name
      networks[role] = try Network(network, role: role, file: file)
    }
    let versions = Set(found.values.map(\.version))
    form = .tensorFlowPickle
    format =
      "\(form.rawValue), version "
      + versions.sorted().map(String.init).joined(separator: " and ")
    self.networks = networks
    otherTensors = [:]
    trainingSet = .null
    notes = NetworkFileNotes()
  }
}

extension Checkpoint.Network {
  fileprivate init(_ network: TensorFlowNetwork, role: String, file: String) throws(FileError) {
    switch (network.version, role) {
    case (...3, "D"):
      self.init(
        configuration: try StyleGAN1DiscriminatorConfiguration(network, file: file),
        tensors: try network.variables.storedParameters(), file: file)
    case (...3, "G"), (...3, "G_ema"):
      var configuration = try StyleGAN1Configuration(network, file: file)
      configuration.visibleRows = PublishedNetwork.visibleRows(
        inFile: file, resolution: configuration.resolution)
      self.init(
        configuration: configuration, tensors: try network.variables.storedParameters(),
        file: file)
    case (_, "D"):
      let parameters = try TensorFlowImport(network, file: file).discriminator()
      var configuration = try StyleGAN2DiscriminatorConfiguration(
        shapesOf: parameters, file: file)
      try configuration.takeArguments(of: network, file: file)
      self.init(completing: parameters, as: configuration, file: file)
    case (_, "G"), (_, "G_ema"):
      let parameters = try TensorFlowImport(network, file: file).generator()
      var configuration = try StyleGAN2Configuration(shapesOf: parameters, file: file)
      try configuration.takeArguments(of: network, file: file)
      configuration.visibleRows = PublishedNetwork.visibleRows(
        inFile: file, resolution: configuration.resolution)
      self.init(completing: parameters, as: configuration, file: file)
    default:
      throw FileError(
        .unsupported, file: file, expected: "the networks G, D and Gs of StyleGAN or StyleGAN2",
        found: "the network \(role) built by \(network.buildFunction)")
    }
    arguments = .dictionary(network.arguments)
  }
}

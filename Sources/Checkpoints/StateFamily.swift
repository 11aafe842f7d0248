// The families of networks whose state dictionaries can be read from torch files.

import Formats
import Layers

/// A kind of network that torch files hold as a state dictionary: how it is told by its names, and
/// how it becomes one of our networks.
struct StateFamily: Sendable {
  /// Which program's files hold it.
  let form: CheckpointForm
  /// What it is for.
  let use: NetworkUse
  /// Whether a dictionary is one of these, given whether it has a tensor of a name.
  let recognises: @Sendable (_ has: (String) -> Bool) -> Bool
  /// The network that a dictionary is.
  let network: @Sendable (StateSource) throws(FileError) -> Checkpoint.Network

  /// Every family; a new one adds its lines here.
  static let all: [StateFamily] = [
    rosinalityGenerator, rosinalityDiscriminator, nvidiaGenerator, nvidiaDiscriminator,
    styleformer, styleSwin, styleNAT, waveletDiscriminator, styleTransformerEncoder, pSpEncoder,
    editTransformer, latentClassifier, faceRecognition, resNetFeatures, inception, vgg16,
  ]
}

/// One state dictionary of a torch file.
struct StateSource {
  /// The whole file.
  let state: TorchState
  /// The keys that lead to the dictionary.
  let path: String
  /// What the network is in training, such as `G_ema`.
  let role: String
  /// Whether it is part of a program that inverts pictures.
  let isDecoder: Bool
  /// Whether it stands beside an averaged generator, which the file's mean of w belongs to.
  let isBesideAverage: Bool
  /// The dictionary's tensors.
  let parameters: StoredParameters

  /// The file's name.
  var file: String { state.file }
}

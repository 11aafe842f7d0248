// Networks that edit codes in torch files: Style Transformer's edit transformer, and the classifier
// of codes beside it or in a file of its own.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// Style Transformer's edit transformer.
  static let editTransformer = StateFamily(
    form: .editors, use: .editor,
    recognises: { has in has("transformerlayer.linear1.weight") },
    network: { source throws(FileError) in try source.editTransformer() })

  /// Style Transformer's classifier of codes.
  static let latentClassifier = StateFamily(
    form: .editors, use: .classifier,
    recognises: { has in has("indep_fcs.0.weight") && has("fcs.0.weight") },
    network: { source throws(FileError) in try source.latentClassifier() })
}

extension StateSource {
  /// No tensor tells how many heads there are: the published network has four.
  fileprivate func editTransformer() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = EditTransformerConfiguration()
    let hidden = try shapes.required("transformerlayer.linear1.weight", rank: 2)
    (configuration.decoder.feedForward, configuration.decoder.width) = (hidden[0], hidden[1])
    // Whoever uses the network is asked how many there are where the published number cannot be.
    configuration.decoder.heads =
      (1...configuration.decoder.heads).last { hidden[1].isMultiple(of: $0) } ?? 1
    return try Checkpoint.Network(counting: parameters, as: configuration, file: file) {
      _ = EditTransformer(configuration, $0)
    }
  }

  fileprivate func latentClassifier() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = LatentClassifierConfiguration()
    let layers = shapes.count { "fcs.\($0).weight" }
    var widths: [Int] = []
    for layer in 0..<layers { widths += [try shapes.required("fcs.\(layer).weight", rank: 2)[0]] }
    configuration.codeLength = try shapes.required("fcs.0.weight", rank: 2)[1]
    configuration.hiddenWidths = widths
    configuration.attributeCount = shapes.count { "indep_fcs.\($0).weight" }
    configuration.featureWidth = try shapes.required("indep_fcs.0.weight", rank: 2)[0]
    return try Checkpoint.Network(counting: parameters, as: configuration, file: file) {
      _ = LatentClassifier(configuration, $0)
    }
  }
}

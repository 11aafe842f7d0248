// Classifiers of ImageNet's pictures whose features metrics compare, in torch files: Inception-v3 as
// pytorch-fid and torch-fidelity have it, and torchvision's VGG-16.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// Inception-v3 of TensorFlow's graph; torchvision's own has an auxiliary classifier and 1,000
  /// classes, and other features.
  static let inception = StateFamily(
    form: .features, use: .features,
    recognises: { has in
      has("Mixed_7c.branch_pool.conv.weight") && !has("AuxLogits.conv0.conv.weight")
    },
    network: { source throws(FileError) in
      try .inception(source.parameters, file: source.file)
    })

  /// torchvision's VGG-16.
  static let vgg16 = StateFamily(
    form: .features, use: .features,
    recognises: { has in has("features.28.weight") && has("classifier.3.weight") },
    network: { source throws(FileError) in try .vgg16(source.parameters, file: source.file) })
}

extension Checkpoint.Network {
  /// Inception-v3 of parameters under our names.
  static func inception(_ parameters: StoredParameters, file: String) throws(FileError) -> Self {
    // Counts of batches say nothing of a network that is only evaluated.
    let tensors = parameters.filter { !$0.key.hasSuffix(".num_batches_tracked") }
    let shapes = NetworkShapes(tensors, file: file)
    var configuration = InceptionConfiguration()
    let matrix = try shapes.required("fc.weight", rank: 2)
    configuration.classCount = matrix[0]
    configuration.widthDivisor = InceptionConfiguration().featureCount / max(1, matrix[1])
    return try Self(counting: tensors, as: configuration, file: file) {
      _ = InceptionV3(configuration, $0)
    }
  }

  /// VGG-16 of parameters under torchvision's names, with or without its last layer.
  static func vgg16(_ parameters: StoredParameters, file: String) throws(FileError) -> Self {
    let tensors = parameters.filter { !$0.key.hasPrefix("classifier.6.") }
    let shapes = NetworkShapes(tensors, file: file)
    var configuration = VGG16Configuration()
    let width = try shapes.required("classifier.3.weight", rank: 2)[0]
    configuration.widthDivisor = VGG16Configuration().featureCount / max(1, width)
    return try Self(counting: tensors, as: configuration, file: file) {
      _ = VGG16(configuration, $0)
    }
  }
}

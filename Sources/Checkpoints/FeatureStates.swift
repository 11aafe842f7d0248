// Networks whose features are compared, in torch files: face recognition, MoCo's ResNet-50, and the
// two files that LPIPS consists of.

public import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension StateFamily {
  /// ArcFace's and CurricularFace's networks.
  static let faceRecognition = StateFamily(
    form: .features, use: .features,
    recognises: { has in has("output_layer.3.weight") && has("input_layer.0.weight") },
    network: { source throws(FileError) in try source.faceRecognition() })

  /// ResNet-50, as MoCo and torchvision write it.
  static let resNetFeatures = StateFamily(
    form: .features, use: .features,
    recognises: { has in has("layer1.0.conv3.weight") && has("bn1.running_var") },
    network: { source throws(FileError) in try source.resNetFeatures() })
}

extension StateSource {
  fileprivate func faceRecognition() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = FaceRecognitionConfiguration()
    configuration.trunk = try shapes.trunk()
    configuration.isLastNormAffine = parameters["output_layer.4.weight"] != nil
    let matrix = try shapes.required("output_layer.3.weight", rank: 2)
    configuration.featureCount = matrix[0]
    // The features of the last stage are square: their side tells that of the picture.
    let width = configuration.trunk.stages.last?.width ?? 1
    let pixels = matrix[1] / max(1, width)
    let side = Int(Double(min(pixels, 1 << 24)).squareRoot().rounded())
    guard side > 0, side * side == pixels, pixels * width == matrix[1] else {
      throw shapes.damaged(
        "output_layer.3.weight for square features of \(width) channels", found: "\(matrix)")
    }
    configuration.resolution = side << configuration.trunk.stages.count
    return try Checkpoint.Network(counting: parameters, as: configuration, file: file) {
      _ = configuration.makeFeatures($0)
    }
  }

  fileprivate func resNetFeatures() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = ResNetConfiguration()
    configuration.width = try shapes.required("conv1.weight", rank: 4)[0]
    configuration.blocks = (1...shapes.count { "layer\($0 + 1).0.conv3.weight" }).map { stage in
      shapes.count { "layer\(stage).\($0).conv3.weight" }
    }
    // What classes or pairs of pictures were told by is not what is compared.
    let tensors = parameters.filter { !$0.key.hasPrefix("fc.") }
    return try Checkpoint.Network(counting: tensors, as: configuration, file: file) {
      _ = configuration.makeFeatures($0)
    }
  }
}

extension Checkpoint.Network {
  /// LPIPS from its two published files.
  ///
  /// - Parameters:
  ///   - backbone: The state dictionary of torchvision's AlexNet or VGG-16.
  ///   - heads: The state dictionary of the heads, `lin0.model.1.weight` and so on.
  /// - Returns: The network.
  /// - Throws: `FileError` if a file cannot be read or holds something else.
  public static func lpips(backbone: String, heads: String) throws(FileError) -> Self {
    let (classifiers, weighting) = ("AlexNet or VGG-16 of torchvision", "the heads of LPIPS")
    let backboneState = try TorchState(reading: backbone, expecting: classifiers)
    let features = try backboneState.parameters(under: "features")
    guard let first = features["0.weight"]?.shape, first.count == 4, first[0] > 0 else {
      throw FileError(
        .doesNotFit, file: backbone, expected: classifiers,
        found: backboneState.isOfHeads
          ? "\(weighting), which go beside it" : "no features.0.weight")
    }
    var configuration = LPIPSConfiguration(backbone: first[3] == 11 ? .alexNet : .vgg16)
    configuration.widthDivisor = max(1, 64 / first[0])
    var tensors: StoredParameters = [:]
    for (name, parameter) in features { tensors["features.\(name)"] = parameter }
    let headState = try TorchState(reading: heads, expecting: weighting)
    guard headState.isOfHeads else {
      let isBackbone = headState.tensors["features.0.weight"] != nil
      throw FileError(
        .doesNotFit, file: heads, expected: weighting,
        found: isBackbone ? "the backbone, which they go beside" : "no lin0.model.1.weight")
    }
    let weights = try headState.parameters(under: "")
    tensors.merge(weights) { $1 }
    return try Self(counting: tensors, as: configuration, file: heads) {
      _ = LPIPS(configuration, $0)
    }
  }
}

extension TorchState {
  /// Whether it is the heads that were published with LPIPS.
  fileprivate var isOfHeads: Bool { tensors["lin0.model.1.weight"] != nil }
}

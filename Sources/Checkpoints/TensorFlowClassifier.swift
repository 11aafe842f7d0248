// The classifiers of StyleGAN's metrics: one network in a TensorFlow pickle, whose attribute is in
// the file's name.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// The classifier that a pickle of a single network holds; nil where the file is not called as
  /// the published ones are, or holds other networks.
  ///
  /// Layers for smaller pictures, which only networks that grow use, are left out.
  init?(
    classifierIn networks: OrderedDictionary<String, TensorFlowNetwork>, file: String
  ) throws(FileError) {
    guard let attribute = PublishedNetwork.attribute(ofClassifier: file),
      let network = networks.values.first, networks.count == 1, network.version <= 3
    else { return nil }
    let configuration = try StyleGAN1ClassifierConfiguration(
      network, attribute: attribute, file: file)
    var tensors = try network.variables.storedParameters()
    tensors.removeValue(forKey: "lod")
    if let lod = network.ownVariables["lod"] {
      let values = try Tensor.reading(lod).cast(to: .float64).values(as: Double.self)
      guard values == [0] else {
        throw FileError(
          .unsupported, file: file, expected: "a classifier in its full size: lod [0]",
          found: "\(values.prefix(4))")
      }
    }
    tensors.removeAll { $0.key.hasPrefix("FromRGB_lod") && !$0.key.hasPrefix("FromRGB_lod0/") }
    self.init(configuration: configuration, tensors: tensors, file: file)
    arguments = .dictionary(network.arguments)
  }
}

extension PublishedNetwork {
  /// How the files of the published classifiers begin.
  public static let classifierPrefix = "celebahq-classifier-"

  /// The published classifiers of CelebA-HQ's attributes, in the order of their numbers.
  ///
  /// - Source: `metrics/linear_separability.py` of NVlabs/stylegan.
  public static let classifierFiles: [String] = [
    "male", "smiling", "attractive", "wavy-hair", "young", "5-o-clock-shadow", "arched-eyebrows",
    "bags-under-eyes", "bald", "bangs", "big-lips", "big-nose", "black-hair", "blond-hair",
    "blurry", "brown-hair", "bushy-eyebrows", "chubby", "double-chin", "eyeglasses", "goatee",
    "gray-hair", "heavy-makeup", "high-cheekbones", "mouth-slightly-open", "mustache",
    "narrow-eyes", "no-beard", "oval-face", "pale-skin", "pointy-nose", "receding-hairline",
    "rosy-cheeks", "sideburns", "straight-hair", "wearing-earrings", "wearing-hat",
    "wearing-lipstick", "wearing-necklace", "wearing-necktie",
  ].enumerated().map { number, name in
    "\(classifierPrefix)\(number < 10 ? "0" : "")\(number)-\(name).pkl"
  }

  /// The attribute that a published classifier tells, which nothing but its file's name says.
  ///
  /// - Parameter path: The file, such as `celebahq-classifier-00-male.pkl`.
  /// - Returns: The attribute, under CelebA's name if it has one; nil for other files.
  static func attribute(ofClassifier path: String) -> String? {
    guard let name = path.split(separator: "/").last, name.hasPrefix(classifierPrefix),
      name.hasSuffix(".pkl")
    else { return nil }
    let words = name.dropFirst(classifierPrefix.count).dropLast(".pkl".count)
      .split(separator: "-", omittingEmptySubsequences: false)
    let isNumbered = words.count > 1 && words[0].allSatisfy(\.isNumber) && words[0].count == 2
    let attribute = words.dropFirst(isNumbered ? 1 : 0).joined(separator: "_")
    return CelebAAttributes.names.first { $0.lowercased() == attribute } ?? attribute
  }
}

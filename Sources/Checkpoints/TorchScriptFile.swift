// The feature networks that NVIDIA published as TorchScript archives: their parameters are read as
// data and renamed, their programs are not looked at.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint {
  /// Reads a TorchScript archive with the parameters of a network that is known.
  ///
  /// - Throws: `FileError` of kind `refusedAsUnsafe` for all other programs.
  init(torchScript bytes: ByteRegion) throws(FileError) {
    let archive = try TorchScriptArchive(bytes)
    var tensors: StoredParameters = [:]
    for name in archive.tensors.keys.sorted() {
      tensors[name] = try archive.tensors[name].map { stored throws(FileError) in
        try StoredParameter(stored)
      }
    }
    var networks: OrderedDictionary<String, Network> = [:]
    if tensors["layers.conv.beta"] != nil {
      networks["features"] = try .inception(tensors.renamedInception, file: bytes.name)
    } else if tensors["layers.conv13.weight"] != nil {
      let all = tensors.renamedVGG16
      networks["features"] = try .vgg16(
        all.filter { !$0.key.hasPrefix("lin") }, file: bytes.name)
      if tensors["lpips0"] != nil {
        networks["distance"] = try .lpips(ofVGG16: all, file: bytes.name)
      }
    } else {
      throw FileError(
        .refusedAsUnsafe, file: bytes.name,
        expected: "a checkpoint, or NVIDIA's inception-2015-12-05.pt or vgg16.pt",
        found: "a TorchScript archive, which holds a program")
    }
    form = .torchScript
    format = form.rawValue
    self.networks = networks
    otherTensors = [:]
    trainingSet = .null
    notes = NetworkFileNotes()
  }
}

extension StoredParameters {
  /// Inception-v3 of NVIDIA's `inception-2015-12-05.pt` under our names.
  ///
  /// Names that are not known stay as they are, for whoever checks them.
  fileprivate var renamedInception: StoredParameters {
    var renamed: StoredParameters = [:]
    for (name, parameter) in self {
      renamed[InceptionNames.name(of: name)] = parameter
      // Its normalisation has no factor.
      if name.hasSuffix(".beta") {
        let unit = InceptionNames.name(of: name).dropLast("bias".count)
        renamed["\(unit)weight"] = StoredParameter(.ones(parameter.shape))
      }
    }
    return renamed
  }

  /// VGG-16 of NVIDIA's `vgg16.pt` under torchvision's names, and the heads of LPIPS in it.
  fileprivate var renamedVGG16: StoredParameters {
    let convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    var names: [String: String] = [:]
    for (index, place) in convolutions.enumerated() {
      names["layers.conv\(index + 1)"] = "features.\(place)"
    }
    for (index, place) in [0, 3, 6].enumerated() {
      names["layers.fc\(index + 1)"] = "classifier.\(place)"
    }
    var renamed: StoredParameters = [:]
    for (name, parameter) in self {
      if let head = name.wholeMatch(of: /lpips(\d)/) {
        let width = parameter.shape.reduce(1, *)
        renamed["lin\(head.1).model.1.weight"] = parameter.reshaped([1, width, 1, 1])
        continue
      }
      let parts = name.split(separator: ".")
      let place = parts.dropLast().joined(separator: ".")
      renamed["\(names[place] ?? place).\(parts.last ?? "")"] = parameter
    }
    return renamed
  }
}

extension Checkpoint.Network {
  /// LPIPS with VGG-16 of parameters that hold its heads, too.
  fileprivate static func lpips(
    ofVGG16 parameters: StoredParameters, file: String
  ) throws(FileError) -> Self {
    let tensors = parameters.filter { !$0.key.hasPrefix("classifier.") }
    var configuration = LPIPSConfiguration(backbone: .vgg16)
    let width = try NetworkShapes(tensors, file: file).required("features.0.weight", rank: 4)[0]
    configuration.widthDivisor = Swift.max(1, 64 / Swift.max(1, width))
    return try Self(counting: tensors, as: configuration, file: file) {
      _ = LPIPS(configuration, $0)
    }
  }
}

/// The names of Inception-v3's layers in NVIDIA's archive, which are those of TensorFlow's graph.
enum InceptionNames {
  /// Our name of a parameter; the name itself if it is not known.
  static func name(of name: String) -> String {
    let parts = name.split(separator: ".").map(String.init)
    guard let last = parts.last else { return name }
    if parts.first == "output" { return "fc.\(last)" }
    // Towers are modules of their own in some blocks and parts of a name in others.
    let place = parts.dropFirst().dropLast().joined(separator: "_")
    guard parts.first == "layers", let unit = units[place],
      let parameter = [
        "weight": "conv.weight", "beta": "bn.bias", "mean": "bn.running_mean",
        "var": "bn.running_var",
      ][last]
    else { return name }
    return "\(unit).\(parameter)"
  }

  /// Our names of all units by theirs.
  private static let units: [String: String] = {
    var units = [
      "conv": "Conv2d_1a_3x3", "conv_1": "Conv2d_2a_3x3", "conv_2": "Conv2d_2b_3x3",
      "conv_3": "Conv2d_3b_1x1", "conv_4": "Conv2d_4a_3x3",
    ]
    let blocks = ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"]
    for (index, block) in blocks.enumerated() {
      let theirs = index == 0 ? "mixed" : "mixed_\(index)"
      for (path, ours) in paths(of: block) { units["\(theirs)_\(path)"] = "Mixed_\(block).\(ours)" }
    }
    return units
  }()

  /// Their names of the units of a block, and ours.
  private static func paths(of block: String) -> [(String, String)] {
    /// The convolutions of a tower, one after the other.
    func tower(_ place: String, _ units: [String]) -> [(String, String)] {
      let place = place.isEmpty ? "" : place + "_"
      return units.enumerated().map { index, unit in
        ("\(place)conv\(index == 0 ? "" : "_\(index)")", unit)
      }
    }
    func steps(_ name: String, _ count: Int) -> [String] { (1...count).map { "\(name)_\($0)" } }
    let sides = tower("", ["branch1x1"]) + tower("tower_2", ["branch_pool"])
    switch block {
    case "5b", "5c", "5d":
      return sides + tower("tower", steps("branch5x5", 2))
        + tower("tower_1", steps("branch3x3dbl", 3))
    case "6a": return tower("", ["branch3x3"]) + tower("tower", steps("branch3x3dbl", 3))
    case "7a":
      return tower("tower", steps("branch3x3", 2)) + tower("tower_1", steps("branch7x7x3", 4))
    case "7b", "7c":
      return sides + tower("tower", steps("branch3x3", 1))
        + tower("tower_mixed", ["branch3x3_2a", "branch3x3_2b"])
        + tower("tower_1", steps("branch3x3dbl", 2))
        + tower("tower_1_mixed", ["branch3x3dbl_3a", "branch3x3dbl_3b"])
    default:
      return sides + tower("tower", steps("branch7x7", 3))
        + tower("tower_1", steps("branch7x7dbl", 5))
    }
  }
}

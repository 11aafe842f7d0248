// The networks of NVIDIA's TensorFlow programs: StyleGAN's and StyleGAN2's pickles, read as data.

public import Formats
public import OrderedCollections

/// A network as NVIDIA's TensorFlow programs pickled it.
///
/// The Python source that such a file holds for each network is never looked at.
public struct TensorFlowNetwork: Sendable {
  /// The version of the pickle's layout: 2 and 3 were written by StyleGAN, 4 and later by StyleGAN2.
  public let version: Int
  /// The network's name, such as `G_synthesis`.
  public let name: String
  /// The function that builds it, such as `G_style`.
  public let buildFunction: String
  /// The arguments that it was built with.
  public let arguments: [String: PlainValue]
  /// The networks inside by the key under which it uses them, such as `synthesis`.
  public let components: OrderedDictionary<String, TensorFlowNetwork>
  /// Its own variables by name; convolutions are [height, width, in, out].
  public let ownVariables: OrderedDictionary<String, StoredTensor>

  /// All variables; those of networks inside follow the inner network's name, as in
  /// `G_synthesis/4x4/Conv/weight`.
  public var variables: OrderedDictionary<String, StoredTensor> {
    var all = ownVariables
    for component in components.values {
      for (name, variable) in component.variables { all["\(component.name)/\(name)"] = variable }
    }
    return all
  }
}

extension TensorFlowNetwork {
  /// The networks of a pickle: a tuple (G, D, Gs), or a single network.
  ///
  /// - Parameters:
  ///   - root: The pickled value.
  ///   - file: The file's name for errors.
  /// - Returns: The networks by role, `G`, `D` and `Gs`, a single one by its own name; nil if the
  ///   value is neither.
  /// - Throws: `FileError` if a network contradicts itself.
  static func all(
    in root: PickleValue, file: String
  ) throws(FileError) -> OrderedDictionary<String, TensorFlowNetwork>? {
    if let single = try TensorFlowNetwork(root, file: file) { return [single.name: single] }
    guard case .tuple(let tuple) = root, tuple.items.count == 3 else { return nil }
    var networks: OrderedDictionary<String, TensorFlowNetwork> = [:]
    for (role, value) in zip(["G", "D", "Gs"], tuple.items) {
      guard let network = try TensorFlowNetwork(value, file: file) else { return nil }
      networks[role] = network
    }
    return networks
  }

  /// Reads the networks of a file.
  ///
  /// - Parameter path: The file.
  /// - Returns: The networks by role, `G`, `D` and `Gs`; a single one by its own name.
  /// - Throws: `FileError` if it cannot be read or holds no such networks.
  public static func networks(
    reading path: String
  ) throws(FileError) -> OrderedDictionary<String, TensorFlowNetwork> {
    let bytes = try ByteRegion(mapping: path)
    let root = try PickleReader(bytes, allowing: .standard).readWhole()
    guard let networks = try all(in: root, file: path) else {
      throw bytes.error(
        at: 0, expected: "networks of NVIDIA's TensorFlow programs", found: root.kind)
    }
    return networks
  }

  private static let networkClass = PickleGlobal("dnnlib.tflib.network", "Network")

  /// The network that a value records, or nil if it records something else.
  private init?(_ value: PickleValue, file: String) throws(FileError) {
    var remaining = 1 << 14
    try self.init(value, file: file, depth: 0, &remaining)
  }

  /// The same for a network inside `depth` others, where `remaining` networks and variables may
  /// still come, counting again what the pickle mentions again.
  private init?(
    _ value: PickleValue, file: String, depth: Int, _ remaining: inout Int
  ) throws(FileError) {
    guard let object = value.asCall(of: Self.networkClass) else { return nil }
    func damaged(_ expected: String, _ found: String) -> FileError {
      FileError(.damaged, file: file, offset: object.offset, expected: expected, found: found)
    }
    guard let state = object.state?.asDictionary, let version = state["version"]?.asInt,
      let name = state["name"]?.asString, let variables = state["variables"]?.asItems,
      case .dictionary(let arguments) = state["static_kwargs"].flatMap({ PlainValue($0) })
    else {
      throw damaged("a network with version, name, static_kwargs and variables", "something else")
    }
    guard 2...6 ~= version else { throw damaged("a network in version 2 to 6", "\(version)") }
    remaining -= 1 + variables.count
    guard depth < 4, remaining >= 0 else {
      throw damaged(
        "at most 4 networks inside each other, \(1 << 14) networks and variables in all", "more")
    }
    (self.version, self.name, self.arguments) = (Int(version), name, arguments)
    buildFunction = state["build_func_name"]?.asString ?? ""
    var own: OrderedDictionary<String, StoredTensor> = [:]
    for variable in variables {
      guard let pair = variable.asItems, pair.count == 2, let key = pair[0].asString,
        1...256 ~= key.utf8.count, let tensor = try StoredTensor(numPy: pair[1], file: file)
      else { throw damaged("\(name): pairs of a name and an array", variable.kind) }
      guard own.updateValue(tensor, forKey: key) == nil else {
        throw damaged("\(name)/\(key) once", "it again")
      }
    }
    ownVariables = own
    var components: OrderedDictionary<String, TensorFlowNetwork> = [:]
    for (key, value) in state["components"]?.asDictionary?.entries ?? [] {
      guard let key = key.asString,
        let component = try TensorFlowNetwork(value, file: file, depth: depth + 1, &remaining)
      else { throw damaged("\(name): networks by name", value.kind) }
      components[key] = component
    }
    self.components = components
  }
}

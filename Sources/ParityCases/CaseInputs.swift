// What the computation of a kind gets from its case: configuration, parameters, inputs, files.

import Checkpoints
import Formats
package import Layers
package import OrderedCollections
package import Tensors

/// The configuration, parameters and inputs of a case, for one computation of its kind.
package struct CaseInputs {
  /// What to compute; every key must be read.
  package let config: StrictObject
  private let source: ParityCase

  package init(_ source: ParityCase) throws(CaseError) {
    self.source = source
    config = try StrictObject(source.config, path: "config")
    let _: String = try config.value("kind")
  }

  /// The folder of the case, for kinds that read files.
  package var folder: String { source.folder }

  /// The seed of the case, for kinds that draw random numbers.
  package var seed: UInt64 { source.seed }

  // MARK: Parameters

  /// A parameter, filled from its name.
  ///
  /// - Parameters:
  ///   - name: The published checkpoint's name.
  ///   - shape: The shape that it must have.
  /// - Returns: The tensor.
  /// - Throws: `CaseError` if there is none, or with another shape.
  package func parameter(_ name: String, shape: [Int]) throws(CaseError) -> Tensor {
    guard let parameter = source.parameters[name] else {
      throw CaseError("the parameter \(name) is missing")
    }
    return try filled(parameter, shape: shape)
  }

  /// The parameters whose names a condition accepts, filled when they are read.
  ///
  /// - Parameter isWanted: Whether a parameter of this name is asked for.
  /// - Returns: The parameters in the order of the case.
  package func parameters(
    where isWanted: (String) -> Bool
  ) -> OrderedDictionary<String, StoredParameter> {
    source.parameters.filter { isWanted($0.key) }.mapValues { parameter in
      StoredParameter(shape: parameter.shape, dtype: .float32) { [seed = source.seed] in
        parameter.tensor(seed: seed)
      }
    }
  }

  /// Builds a network and fills its parameters; unlisted buffers and noise strengths stay as they
  /// are.
  ///
  /// The network is planned without memory first, so that a wrong size in a case takes none.
  ///
  /// - Parameters:
  ///   - prefix: What stands before the network's own names in the case, such as `G.`.
  ///   - build: Makes the network at the root of its names.
  /// - Returns: The network.
  /// - Throws: `ParameterLoadError` if names or shapes are not those of the network.
  package func network<Built>(prefix: String = "", _ build: (Scope) throws -> Built) throws -> Built
  {
    try network(of: parameters(under: prefix), build)
  }

  /// The parameters whose names begin with a prefix, without it.
  ///
  /// - Parameter prefix: What stands before the names, such as `G.`.
  /// - Returns: The parameters in the order of the case.
  package func parameters(under prefix: String) -> OrderedDictionary<String, StoredParameter> {
    var found: OrderedDictionary<String, StoredParameter> = [:]
    for (name, parameter) in parameters(where: { $0.hasPrefix(prefix) }) {
      found[String(name.dropFirst(prefix.count))] = parameter
    }
    return found
  }

  /// Builds a network and gives it parameters; unlisted buffers and noise strengths stay as they
  /// are.
  ///
  /// - Parameters:
  ///   - state: The parameters under the network's own names.
  ///   - build: Makes the network at the root of its names.
  /// - Returns: The network.
  /// - Throws: `ParameterLoadError` if names or shapes are not those of the network.
  package func network<Built>(
    of state: OrderedDictionary<String, StoredParameter>, _ build: (Scope) throws -> Built
  ) throws -> Built {
    let (plan, store) = (ParameterStore(), ParameterStore())
    _ = try build(Scope(plan, device: .meta))
    func isOptional(_ name: String) -> Bool {
      plan.entries[name]?.role != .parameter || name.hasSuffix("noise_strength")
    }
    try plan.check(state, optional: isOptional)
    let network = try build(Scope(store))
    try store.load(state, optional: isOptional)
    return network
  }

  // MARK: Inputs

  /// Whether the case has an input.
  package func hasInput(_ name: String) -> Bool { source.inputs[name] != nil }

  /// The shape of an input tensor as the case gives it, for kinds that take batches of any size.
  ///
  /// - Parameters:
  ///   - name: The name that the kind gives it.
  ///   - rank: How many axes it must have.
  /// - Returns: The length of each axis.
  /// - Throws: `CaseError` if there is none, or with another number of axes.
  package func shape(_ name: String, rank: Int) throws(CaseError) -> [Int] {
    guard case .filled(let input) = source.inputs[name] else {
      throw CaseError("the input tensor \(name) is missing")
    }
    guard input.shape.count == rank else {
      throw CaseError("\(name): expected \(rank) axes, found \(input.shape)")
    }
    return input.shape
  }

  /// An input tensor, filled from its name.
  ///
  /// - Parameters:
  ///   - name: The name that the kind gives it.
  ///   - shape: The shape that it must have.
  /// - Returns: The tensor.
  /// - Throws: `CaseError` if there is none, or with another shape.
  package func input(_ name: String, shape: [Int]) throws(CaseError) -> Tensor {
    guard case .filled(let input) = source.inputs[name] else {
      throw CaseError("the input tensor \(name) is missing")
    }
    return try filled(input, shape: shape)
  }

  /// The length of an input tensor's first axis, for cases that do not state it elsewhere.
  ///
  /// - Parameter name: The name that the kind gives the input.
  /// - Returns: The number of samples.
  /// - Throws: `CaseError` if there is no such tensor, or it has no axes.
  package func batch(of name: String) throws(CaseError) -> Int {
    guard case .filled(let input) = source.inputs[name], let count = input.shape.first else {
      throw CaseError("the input tensor \(name) is missing")
    }
    return count
  }

  /// An input that is a value rather than a tensor.
  ///
  /// - Parameters:
  ///   - name: The name that the kind gives it.
  ///   - fallback: The value if the case has no such input.
  /// - Returns: The value.
  /// - Throws: `CaseError` if there is none, or of another type.
  package func value<Value: JSONReadable>(_ name: String, default fallback: Value? = nil)
    throws(CaseError) -> Value
  {
    guard case .value(let json) = source.inputs[name] else {
      guard let fallback, source.inputs[name] == nil else {
        throw CaseError("the input value \(name) is missing")
      }
      return fallback
    }
    guard let value = Value(json) else {
      throw CaseError("the input \(name): expected \(Value.expectation), found \(json)")
    }
    return value
  }

  /// An expected tensor, for kinds that may take random draws from there.
  ///
  /// - Parameter name: Its name in the file.
  /// - Returns: The tensor as it is stored.
  /// - Throws: `CaseError` if there is none.
  package func expected(_ name: String) throws -> Tensor {
    guard let stored = source.expected[name] else {
      throw CaseError("the expected tensor \(name) is missing")
    }
    return try Tensor.reading(stored)
  }

  /// The tensor of which an expected one is a part or a fact, or nil if it is expected whole.
  package func whole(of name: String) -> String? { source.parts[name]?.whole }

  /// The names of all expected tensors, in the order of the file.
  package var expectedNames: [String] { Array(source.expected.keys) }

  private func filled(_ tensor: FilledTensor, shape: [Int]) throws(CaseError) -> Tensor {
    guard tensor.shape == shape else {
      throw CaseError("\(tensor.name): expected shape \(shape), found \(tensor.shape)")
    }
    return tensor.tensor(seed: source.seed)
  }
}

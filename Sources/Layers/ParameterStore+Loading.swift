// Loading a store from named tensors: all of it, or nothing and one report of all that is wrong.

public import OrderedCollections
public import Tensors

/// A tensor in a file that has not been read yet.
public struct StoredParameter {
  /// The length of each axis.
  public let shape: [Int]
  /// The type of the elements in the file.
  public let dtype: DType
  /// Reads the tensor.
  public let read: () throws -> Tensor

  /// Describes a tensor that `read` will read.
  public init(shape: [Int], dtype: DType, read: @escaping () throws -> Tensor) {
    self.shape = shape
    self.dtype = dtype
    self.read = read
  }

  /// A tensor that is already in memory.
  public init(_ tensor: Tensor) {
    self.init(shape: tensor.shape, dtype: tensor.dtype) { tensor }
  }
}

/// Why a file's tensors do not fit a network: every difference found.
public struct ParameterLoadError: Error, CustomStringConvertible, Equatable {
  /// Names that the network has and the file lacks.
  public internal(set) var missing: [String] = []
  /// Names that the file has and the network lacks.
  public internal(set) var unexpected: [String] = []
  /// Tensors of another shape or kind of number, each with what was expected and found.
  public internal(set) var mismatched: [String] = []

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  /// All differences on one line, long lists cut short.
  public var description: String {
    let parts = [
      part("missing", missing), part("unexpected", unexpected), part("different", mismatched),
    ]
    return parts.compactMap(\.self).joined(separator: "; ")
  }

  private func part(_ title: String, _ list: [String]) -> String? {
    guard !list.isEmpty else { return nil }
    let shown = list.prefix(4).joined(separator: ", ")
    return "\(list.count) \(title): \(shown)" + (list.count > 4 ? ", …" : "")
  }
}

extension ParameterStore {
  /// Copies named tensors into this store, converting between floating-point types.
  ///
  /// Nothing changes unless every name, shape and kind of number fits, and a tensor that has two
  /// names here is equal under both.
  ///
  /// - Parameters:
  ///   - state: A tensor for every entry, and no others.
  ///   - optional: Names that the file may lack, since the network's own values will do.
  /// - Throws: `ParameterLoadError` with all differences, or what reading a tensor threw.
  public func load(
    _ state: OrderedDictionary<String, StoredParameter>, optional: (String) -> Bool = { _ in false }
  ) throws {
    try check(state, optional: optional)
    // Read first, copy after: a tensor that cannot be read must leave the network as it was.
    let tensors = try state.mapValues { try $0.read() }
    let read = tensors.mapValues { StoredParameter($0) }
    try check(read, optional: optional)
    try checkAliases(read)
    withoutGradients {
      for (name, tensor) in tensors { self[name].assign(tensor) }
    }
  }

  /// Checks that named tensors fit this store, without reading or changing anything.
  ///
  /// - Parameters:
  ///   - state: A tensor for every entry, and no others.
  ///   - optional: Names that the file may lack.
  /// - Throws: `ParameterLoadError` with all differences.
  public func check(
    _ state: OrderedDictionary<String, StoredParameter>, optional: (String) -> Bool = { _ in false }
  ) throws(ParameterLoadError) {
    var report = ParameterLoadError()
    report.missing = entries.keys.filter { state[$0] == nil && !optional($0) }
    report.unexpected = state.keys.filter { entries[$0] == nil }
    for (name, found) in state {
      guard let expected = entries[name]?.tensor else { continue }
      let sameKind = expected.dtype.isFloatingPoint == found.dtype.isFloatingPoint
      if expected.shape != found.shape || !sameKind {
        report.mismatched.append(
          "\(name) (expected \(expected.dtype)\(expected.shape), found \(found.dtype)\(found.shape))"
        )
      }
    }
    if !report.isEmpty { throw report }
  }

  /// Checks that tensors which are one in this store are equal among named tensors, without reading
  /// any others or changing anything.
  ///
  /// - Parameter state: Tensors that `check` accepts.
  /// - Throws: `ParameterLoadError` with all names whose tensor differs from that of the first
  ///   name, or what reading a tensor threw.
  public func checkAliases(_ state: OrderedDictionary<String, StoredParameter>) throws {
    var report = ParameterLoadError()
    for (name, entry) in entries {
      guard case .alias(let first) = entry.role, let stored = state[name],
        let original = state[first]
      else { continue }
      let dtype = entry.tensor.dtype
      let (a, b) = (try stored.read().cast(to: dtype), try original.read().cast(to: dtype))
      if !a.holdsNumbers(of: b) {
        report.mismatched.append("\(name) (expected the numbers of \(first), found others)")
      }
    }
    if !report.isEmpty { throw report }
  }
}

extension Tensor {
  /// Whether two tensors of one shape and format hold the same numbers; one that is none equals
  /// another.
  fileprivate func holdsNumbers(of other: Tensor) -> Bool {
    call("aten::isclose", self, other, 0.0, 0.0, true).all
  }
}

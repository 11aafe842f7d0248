// The explicit store of a network's parameters and buffers, under the names of the published
// checkpoint.

public import OrderedCollections
public import Tensors

/// The parameters and buffers of a network, in the order in which its layers made them.
///
/// Layers make their tensors through a `Scope` and keep them in `let`s; the store holds the same
/// tensors under their names. Loading, saving, freezing, averaging and counting are loops over its
/// entries.
public final class ParameterStore {
  /// What an entry is to training.
  public enum Role: Hashable, Sendable {
    /// Optimised by gradients.
    case parameter
    /// Kept with the network, never optimised: averages, noise constants, filters.
    case buffer
    /// Another name of an earlier entry's tensor: saved under both names, counted and optimised
    /// once.
    case alias(of: String)

    var isAlias: Bool { if case .alias = self { true } else { false } }
  }

  /// A named tensor.
  public struct Entry {
    /// The tensor that the layer holds.
    public let tensor: Tensor
    /// What it is to training.
    public internal(set) var role: Role
    /// Whether training changes it; only ever true for parameters.
    public internal(set) var isTrainable: Bool
  }

  /// All entries by name, in the order in which they were made.
  public private(set) var entries: OrderedDictionary<String, Entry> = [:]

  /// An empty store.
  public init() {}

  /// The tensor of a name; traps if there is none.
  public subscript(name: String) -> Tensor {
    guard let entry = entries[name] else {
      preconditionFailure("no parameter is called \(name); there are \(entries.count) others")
    }
    return entry.tensor
  }

  func insert(_ tensor: Tensor, name: String, role: Role) {
    insert(Entry(tensor: tensor, role: role, isTrainable: role == .parameter), name: name)
  }

  private func insert(_ entry: Entry, name: String) {
    precondition(entries[name] == nil, "two tensors are called \(name)")
    entries[name] = entry
  }

  /// Names the tensors of another store here too, below a path.
  ///
  /// They stay the same tensors, so that what is made of several stores can be saved and loaded as
  /// one.
  ///
  /// - Parameters:
  ///   - other: The store whose tensors are named.
  ///   - path: What is put before their names, with a point between.
  public func include(_ other: ParameterStore, under path: String) {
    for (name, entry) in other.entries {
      var included = entry
      if case .alias(let original) = entry.role {
        included.role = .alias(of: "\(path).\(original)")
      }
      insert(included, name: "\(path).\(name)")
    }
  }

  // MARK: Training

  /// The tensors that training changes, by name.
  public var trainable: OrderedDictionary<String, Tensor> {
    entries.filter { $0.value.isTrainable }.mapValues(\.tensor)
  }

  /// Freezes or frees the parameters under a path.
  ///
  /// - Parameters:
  ///   - isTrainable: Whether training shall change them.
  ///   - path: Whole components of names: `b16` means `b16.conv0.weight` but not `b160.weight`.
  ///     Empty means all.
  public func setTrainable(_ isTrainable: Bool, under path: String = "") {
    for name in names(under: path) where entries[name]?.role == .parameter {
      entries[name]?.isTrainable = isTrainable
    }
  }

  /// Starts or stops recording operations on the trainable tensors for gradients.
  ///
  /// - Parameter isRecording: Whether gradients with respect to them will be asked for.
  public func setRequiresGrad(_ isRecording: Bool) {
    // An alias has its original's tensor, whose own entry says whether it is trainable.
    for entry in entries.values where !entry.role.isAlias {
      entry.tensor.requiringGrad(isRecording && entry.isTrainable)
    }
  }

  // MARK: Names and numbers

  /// The names at or below a path, matched by whole components.
  ///
  /// - Parameter path: Components joined as in the names; empty means all.
  /// - Returns: The names in order.
  public func names(under path: String) -> [String] {
    guard !path.isEmpty else { return Array(entries.keys) }
    return entries.keys.filter { name in
      guard name.hasPrefix(path) else { return false }
      let rest = name.dropFirst(path.count)
      return rest.isEmpty || rest.first == "." || rest.first == "/"
    }
  }

  /// The number of numbers in all parameters; aliases are not counted again.
  public var parameterCount: Int {
    entries.values.filter { $0.role == .parameter }.map(\.tensor.count).reduce(0, +)
  }
}

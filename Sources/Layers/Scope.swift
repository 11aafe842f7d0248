// A place in the tree of names where layers make their parameters.

public import Tensors

/// A place in the tree of parameter names: `scope / "conv0"` is the place below it called `conv0`.
///
/// A layer makes its tensors with the names of the published checkpoint as literal strings, so that
/// whoever reads the layer sees the keys of the file.
public struct Scope {
  /// Where the tensors are recorded.
  public let store: ParameterStore
  /// The device that the tensors are made on.
  public let device: Device
  /// The number format of the parameters; whole numbers, such as counters, keep their own.
  public let dtype: DType
  /// The names of this place's ancestors and its own, joined with the separator.
  public let path: String
  /// What stands between the components of the family's names: `.` in PyTorch files, `/` in
  /// TensorFlow files.
  public let separator: String
  private let generator: TorchGenerator?

  /// The root of the names of one network.
  ///
  /// - Parameters:
  ///   - store: Where the tensors are recorded.
  ///   - device: The device that the tensors are made on.
  ///   - dtype: The number format of the parameters.
  ///   - separator: What stands between the components of names.
  ///   - generator: Draws random first values; left out, they are zeros, to be loaded.
  public init(
    _ store: ParameterStore, device: Device = .cpu, dtype: DType = .float32,
    separator: String = ".", generator: TorchGenerator? = nil
  ) {
    self.init(
      store: store, device: device, dtype: dtype, path: "", separator: separator,
      generator: generator)
  }

  private init(
    store: ParameterStore, device: Device, dtype: DType, path: String, separator: String,
    generator: TorchGenerator?
  ) {
    self.store = store
    self.device = device
    self.dtype = dtype
    self.path = path
    self.separator = separator
    self.generator = generator
  }

  /// The place below `scope` called `name`.
  public static func / (scope: Scope, name: String) -> Scope {
    Scope(
      store: scope.store, device: scope.device, dtype: scope.dtype, path: scope.full(name),
      separator: scope.separator, generator: scope.generator)
  }

  /// The same place, where the names of what lies below are joined otherwise.
  ///
  /// - Parameter separator: What stands between the components of names from here on.
  /// - Returns: The place.
  public func separated(by separator: String) -> Scope {
    Scope(
      store: store, device: device, dtype: dtype, path: path, separator: separator,
      generator: generator)
  }

  /// Makes a tensor that training optimises.
  ///
  /// - Parameters:
  ///   - name: The last component of its name.
  ///   - initializer: Its shape and first values.
  /// - Returns: The tensor, which the layer keeps.
  public func parameter(_ name: String, _ initializer: Initializer) -> Tensor {
    make(name, initializer, role: .parameter)
  }

  /// Makes a tensor that is kept with the network but not optimised.
  ///
  /// - Parameters:
  ///   - name: The last component of its name.
  ///   - initializer: Its shape and first values.
  /// - Returns: The tensor, which the layer keeps.
  public func buffer(_ name: String, _ initializer: Initializer) -> Tensor {
    make(name, initializer, role: .buffer)
  }

  /// Gives an earlier tensor a second name here.
  ///
  /// - Parameters:
  ///   - name: The last component of the second name.
  ///   - original: The whole first name, as in the store.
  /// - Returns: The same tensor.
  @discardableResult
  public func alias(_ name: String, of original: String) -> Tensor {
    let tensor = store[original]
    store.insert(tensor, name: full(name), role: .alias(of: original))
    return tensor
  }

  private func full(_ name: String) -> String { path.isEmpty ? name : path + separator + name }

  private func make(_ name: String, _ initializer: Initializer, role: ParameterStore.Role)
    -> Tensor
  {
    // Only floating-point tensors follow the network's number format: counters stay whole.
    let kept = initializer.dtype.isFloatingPoint ? dtype : initializer.dtype
    let tensor =
      device == .meta
      ? Tensor.empty(initializer.shape, dtype: kept, device: .meta)
      : firstValues(initializer).cast(to: kept).moved(to: device)
    store.insert(tensor, name: full(name), role: role)
    return tensor
  }

  private func firstValues(_ initializer: Initializer) -> Tensor {
    if let generator { return initializer.make(generator) }
    // Without a generator nothing random is drawn: large networks that are loaded at once start
    // faster.
    if initializer.isRandom { return .zeros(initializer.shape) }
    return initializer.make(TorchGenerator(seed: 0))
  }
}

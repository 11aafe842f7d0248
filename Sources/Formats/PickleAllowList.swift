// The names that a pickle may mention. Nothing is imported or called, not even these.

/// The classes and functions that a reader accepts in a pickle; every other name is refused.
public struct PickleAllowList: Sendable {
  /// The accepted names.
  public private(set) var globals: Set<PickleGlobal>
  /// The package, if any, of which everything is accepted.
  private let package: String?

  /// A list of exactly these names.
  public init(_ globals: Set<PickleGlobal>) {
    self.init(globals, package: nil)
  }

  private init(_ globals: Set<PickleGlobal>, package: String?) {
    self.globals = globals
    self.package = package
  }

  /// Whether the name is accepted.
  public func contains(_ global: PickleGlobal) -> Bool {
    globals.contains(global)
      || package.map { "\(global.module).".hasPrefix("\($0).") } ?? false
  }

  /// A wider list.
  public func adding(_ more: Set<PickleGlobal>) -> PickleAllowList {
    PickleAllowList(globals.union(more), package: package)
  }

  /// What a stand-alone torch storage mentions: the storage classes.
  public static let torchStorage = PickleAllowList(
    names(in: "torch", torchStorageNames).union(names(in: "torch.storage", ["UntypedStorage"])))

  /// What the oldest torch files mention beside their objects: the tensor classes.
  static let torchTensor = PickleAllowList(
    names(in: "torch", torchTensorNames).union(names(in: "torch.cuda", torchTensorNames)))

  /// What a torch state dictionary mentions.
  public static let torch = torchStorage.adding(
    names(in: "torch", ["Size", "device"] + torchElementTypeNames)
      .union(
        names(
          in: "torch._utils",
          ["_rebuild_parameter", "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"])
      )
      .union(names(in: "torch.storage", ["_load_from_bytes"]))
      .union(names(in: "collections", ["OrderedDict"]))
      .union(names(in: "argparse", ["Namespace"])))

  /// What the values of a TorchScript archive mention: its own classes, which are only names.
  static let torchScript = PickleAllowList(
    torch.adding(names(in: "torch.jit._pickle", torchScriptNames)).globals, package: "__torch__")

  /// What dictionaries of NumPy's arrays mention.
  public static let numPy = PickleAllowList(
    names(in: "numpy", ["dtype", "ndarray"])
      .union(names(in: "numpy.core.multiarray", ["scalar", "_reconstruct"]))
      .union(names(in: "numpy._core.multiarray", ["scalar", "_reconstruct"]))
      .union(names(in: "_codecs", ["encode"]))
      .union(names(in: "collections", ["OrderedDict"])))

  /// What the published checkpoints mention: torch, NumPy's arrays and NVIDIA's network objects.
  public static let standard = torch.adding(
    numPy.globals
      .union(names(in: "builtins", ["set", "frozenset", "bytearray"]))
      .union(names(in: "__builtin__", ["set", "frozenset", "bytearray"]))
      .union(names(in: "dnnlib.util", ["EasyDict"]))
      .union(sourceHolders))

  /// The classes that are pickled with the Python source that Python runs to build them.
  static let sourceHolders: Set = [
    PickleGlobal("torch_utils.persistence", "_reconstruct_persistent_obj"),
    PickleGlobal("dnnlib.tflib.network", "Network"),
  ]
}

private func names(in module: String, _ names: [String]) -> Set<PickleGlobal> {
  Set(names.map { PickleGlobal(module, $0) })
}

let torchStorageNames = [
  "DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage",
  "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage", "UntypedStorage",
  "ComplexDoubleStorage", "ComplexFloatStorage", "QInt8Storage", "QInt32Storage", "QUInt8Storage",
  "QUInt4x2Storage", "QUInt2x4Storage",
]

private let torchTensorNames = [
  "DoubleTensor", "FloatTensor", "HalfTensor", "LongTensor", "IntTensor", "ShortTensor",
  "CharTensor", "ByteTensor",
]

/// What marks a list or dictionary with its type.
let torchScriptNames = [
  "restore_type_tag", "build_intlist", "build_doublelist", "build_boollist", "build_tensorlist",
]

private let torchElementTypeNames = [
  "float64", "double", "float32", "float", "float16", "half", "bfloat16", "int64", "long", "int32",
  "int", "int16", "short", "int8", "uint8", "uint16", "uint32", "uint64", "bool", "complex32",
  "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
  "float8_e8m0fnu",
]

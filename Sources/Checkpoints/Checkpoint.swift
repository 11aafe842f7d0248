// A checkpoint opened as data: which networks it holds, and the networks built from it.

public import Formats
public import Layers
public import Networks
public import OrderedCollections
import Tensors

/// The networks of a file.
///
/// Their tensors stay in the file until a network is built.
public struct Checkpoint {
  /// One network of the file.
  public struct Network {
    /// What it is built from.
    public let configuration: any NetworkConfiguration
    /// Its parameters and buffers under the names of this program's networks, read when asked for.
    public let tensors: OrderedDictionary<String, StoredParameter>
    /// The arguments that the published code constructed it with, if the file says.
    public var arguments = PlainValue.null
    /// Where its mean of w came from.
    public var wAvgSource = WAvgSource.stored
    /// Why the mean of w that the file holds was not taken, or that it holds none; nil if it was
    /// taken, and where one of our own files says that it was not.
    public var wAvgReason: String?
    /// What the file lacks and was filled in, a line each.
    public var remarks: [String] = []
    let file: String

    /// The bytes of all tensors, each counted whenever it is mentioned.
    fileprivate var byteCount: Int {
      tensors.values.reduce(0) { $0 + $1.shape.reduce($1.dtype.byteCount, *) }
    }
  }

  /// Which program's files it is one of.
  public let form: CheckpointForm
  /// The form of the file, in a few words.
  public let format: String
  /// The networks by role: `G`, `D`, `G_ema`, `encoder`, `editor`, `classifier`, `attributes`,
  /// `features`, `detector`.
  public let networks: OrderedDictionary<String, Network>
  /// Networks that the file seems to hold and that cannot be used, by role: why.
  public internal(set) var refusals: OrderedDictionary<String, FileError> = [:]
  /// What else the file holds: tensors by part and name, such as the augmentation's state.
  public let otherTensors: OrderedDictionary<String, StoredTensor>
  /// The names of the file's other parts, such as the state of an optimiser.
  public internal(set) var otherParts: [String] = []
  /// The description of the data that the networks were trained on, if the file says.
  public let trainingSet: PlainValue
  /// What else one of our own files says; empty for files of other programs.
  public let notes: NetworkFileNotes

  /// Opens a file of any form that Stylist knows, told by its first bytes.
  ///
  /// - Parameter path: The file, or the folder of MTCNN's three files.
  /// - Returns: What it holds.
  /// - Throws: `FileError` if it cannot be read, is damaged, or asks for something that is never
  ///   done.
  public static func open(_ path: String) throws(FileError) -> Checkpoint {
    if let detector = try Checkpoint(detectorFolder: path) { return detector }
    let bytes = try ByteRegion(mapping: path)
    let checkpoint = try read(bytes)
    // A file can mention the same bytes as many tensors, or repeat one number as a large tensor.
    let count = checkpoint.networks.values.reduce(0) { $0 + $1.byteCount }
    let most = 4 * bytes.count + StoredTensor.repetitionLimit
    guard count <= most else {
      throw FileError(
        .damaged, file: path, expected: "tensors of at most \(most) bytes in a file of its size",
        found: "\(count)")
    }
    return checkpoint
  }

  private static func read(_ bytes: ByteRegion) throws(FileError) -> Checkpoint {
    let path = bytes.name
    switch FileForm(of: bytes) {
    case .torch: return try Checkpoint(torchFile: bytes)
    case .torchScript: return try Checkpoint(torchScript: bytes)
    case .zip:
      _ = try ZIPArchive(bytes)
      throw FileError(
        .notRecognised, file: path, expected: "a checkpoint",
        found: "a ZIP archive without torch's pickle")
    case .safetensors: return try Checkpoint(networkFile: bytes)
    case .pickle:
      let root = try PickleReader(bytes, allowing: .standard).readWhole()
      if let networks = try TensorFlowNetwork.all(in: root, file: path) {
        return try Checkpoint(tensorFlow: networks, file: path)
      }
      return try Checkpoint(nvidiaPickle: root, bytes)
    case .numPy:
      throw FileError(
        .notRecognised, file: path, expected: "a checkpoint", found: try arrays(bytes))
    case .tar, .foreign, .unknown:
      throw FileError(
        .notRecognised, file: path,
        expected: "a pickle of NVIDIA's networks, a torch file, or a safetensors network file",
        found: FileStart(bytes).description)
    }
  }

  /// What a file of NumPy's holds, in a few words.
  private static func arrays(_ bytes: ByteRegion) throws(FileError) -> String {
    guard ZIPArchive.recognises(bytes) else { return array(try NPY(bytes).tensor.shape) }
    return "NumPy's arrays \(try NPZ(bytes).names.prefix(8).joined(separator: ", "))"
  }

  /// A file that is one array, in a few words.
  static func array(_ shape: [Int]) -> String {
    "one array \(shape), as codes and directions of editing are"
  }

  /// The generator that people look at: the averaged one if there is one.
  public var preferredGenerator: (role: String, network: Network)? {
    for role in ["G_ema", "G"] {
      if let network = networks[role], network.configuration is any GeneratorConfiguration {
        return (role, network)
      }
    }
    return nil
  }
}

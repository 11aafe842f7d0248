// What a checkpoint holds, as plain values for people and programs.

public import Checkpoints
import Formats
import Layers
public import Networks
import OrderedCollections
import Tensors

/// What a checkpoint holds.
public struct CheckpointReport: Encodable, Sendable {
  /// One network of the file.
  public struct Network: Encodable, Sendable {
    /// What the network is in training, such as `G_ema`, or what it is for.
    public let role: String
    /// The kind of network, such as `stylegan2`.
    public let kind: String
    /// What it is built from.
    public let configuration: any NetworkConfiguration
    /// The numbers that training optimises.
    public let parameterCount: Int
    /// Parameters and buffers.
    public let tensorCount: Int
    /// The SHA-256 over all tensors, the same in every form of file that keeps all tensors.
    public let contentHash: String
    /// Where the generator's mean of w came from; nil for other networks.
    public let wAvgSource: String?
    /// Why the mean of w is not one that the file holds, if it is not.
    public let wAvgReason: String?
    /// What the file lacks and was filled in, and what is questionable, a line each.
    public let remarks: [String]
    /// Whether it is a generator, of any family.
    let isGenerator: Bool
    /// The tensors with numbers that are not finite.
    let nonFiniteNames: [String]

    private enum CodingKeys: String, CodingKey {
      case role, kind, configuration, remarks, contentHash, wAvgReason
      case parameterCount = "parameters"
      case tensorCount = "tensors"
      case wAvgSource = "wAvg"
    }

    /// Writes all values; the configuration as its own object.
    public func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(role, forKey: .role)
      try object.encode(kind, forKey: .kind)
      try configuration.encode(to: object.superEncoder(forKey: .configuration))
      try object.encode(parameterCount, forKey: .parameterCount)
      try object.encode(tensorCount, forKey: .tensorCount)
      try object.encode(contentHash, forKey: .contentHash)
      try object.encodeIfPresent(wAvgSource, forKey: .wAvgSource)
      try object.encodeIfPresent(wAvgReason, forKey: .wAvgReason)
      try object.encode(remarks, forKey: .remarks)
    }
  }

  /// The file.
  public let file: String
  /// Which program's files it is one of.
  public let form: CheckpointForm
  /// The form of the file, in a few words.
  public let format: String
  /// The networks in the order of the file.
  public let networks: [Network]
  /// What else the file holds.
  public let otherParts: [String]
  /// Networks that the file seems to hold and that cannot be used, by role: why.
  public let refusals: [String: String]
  /// Thousands of images that the discriminator had seen, if the file says.
  public let kimg: Double?
  /// The terms of use, if the file says.
  public let licence: String?
  /// The content hash of the network that this one was made from, if the file says.
  public let parentHash: String?
  private let noteLines: [String]

  private enum CodingKeys: String, CodingKey {
    case file, format, networks, kimg, licence, otherParts, parentHash, refusals
  }
}

extension CheckpointReport {
  /// Looks into a file.
  ///
  /// - Parameters:
  ///   - path: A checkpoint of any form that Stylist opens.
  ///   - progress: Is told after every network.
  /// - Throws: `FileError`, and `CancellationError` between networks.
  public init(of path: String, progress: ProgressHandler = { _ in }) throws {
    let checkpoint = try Checkpoint.open(ShippedModels.file(path))
    (file, form, format) = (path, checkpoint.form, checkpoint.format)
    var networks: [Network] = []
    for (role, network) in checkpoint.networks {
      try Task.checkCancellation()
      networks.append(try Network(role: role, network))
      progress(
        JobProgress(
          done: networks.count, total: checkpoint.networks.count, unit: "networks"))
    }
    self.networks = networks
    otherParts = checkpoint.otherParts
    refusals = Dictionary(
      uniqueKeysWithValues: checkpoint.refusals.map { ($0.key, "\($0.value)") })
    let notes = checkpoint.notes
    (kimg, licence, parentHash) = (notes.kimg, notes.licence, notes.parentHash)
    noteLines = notes.lines
  }

  /// The report as lines for people.
  public var lines: [String] {
    var lines = ["\(file): \(format)"]
    for network in networks { lines += network.lines }
    for (role, reason) in refusals.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(role): cannot be used: \(reason)")
    }
    if !otherParts.isEmpty {
      lines.append("  also in the file: \(otherParts.joined(separator: ", "))")
    }
    if !noteLines.isEmpty { lines.append("  \(noteLines.joined(separator: "; "))") }
    return lines
  }
}

extension CheckpointReport.Network {
  fileprivate init(role: String, _ network: Checkpoint.Network) throws {
    let plan = try network.check()
    self.role = role
    kind = type(of: network.configuration).kind
    configuration = network.configuration
    parameterCount = plan.parameterCount
    tensorCount = network.tensors.count
    contentHash = try network.contentHash()
    isGenerator = network.isGenerator
    wAvgSource = network.isGenerator ? network.wAvgSource.description : nil
    wAvgReason = network.wAvgReason
    nonFiniteNames = try network.nonFiniteNames()
    var remarks = network.remarks
    if !nonFiniteNames.isEmpty {
      remarks.append("numbers that are not finite: \(shortened(nonFiniteNames))")
    }
    self.remarks = remarks
  }

  fileprivate var lines: [String] {
    let size = "\(grouped(parameterCount)) parameters"
    let values = (try? configuration.canonicalJSON()) ?? ""
    let average = wAvgSource.map { source in
      "    mean of w: \(source)" + (wAvgReason.map { "; \($0)" } ?? "")
    }
    return [
      "  \(role): \(kind), \(size), \(tensorCount) tensors", "    \(values)",
      "    content hash \(contentHash)",
    ] + (average.map { [$0] } ?? []) + remarks.map { "    \($0)" }
  }
}

extension NetworkFileNotes {
  /// What the file says about training, terms and origin, for people.
  var lines: [String] {
    [
      kimg.map { "\($0) kimg" }, licence.map { "licence \($0)" },
      parentHash.map { "made from \($0)" },
    ].compactMap(\.self)
  }
}

// The state of a training that stops and goes on: one safetensors file that holds all of it.

public import Formats
import Foundation
public import Layers
public import OrderedCollections
public import Tensors

/// Everything that a training must remember to go on bit for bit.
///
/// The file is safetensors. Tensors have the names that the training gives them, such as
/// `G.synthesis.b4.const` or `optimizer.G.exp_avg.synthesis.b4.const`; states of torch's random
/// generators are bytes called `random.NAME`. Everything else is JSON under `stylist.state` in the
/// metadata, and `stylist.hash` is the content hash of all tensors.
public struct TrainingState {
  /// The plain values of the state.
  public struct Values: Codable, Hashable, Sendable {
    /// What was counted, such as `images` or `steps`.
    public var counters: [String: Int] = [:]
    /// Running numbers, such as `ada_p` or `pl_mean`, kept bit for bit.
    public var numbers: [String: Double] = [:]
    /// NumPy's random streams by what they are for, such as `data`.
    public var randomStates: [String: RandomState] = [:]
    /// Where the training stands in its data.
    public var dataPosition: DataPosition?
    /// The training's options as canonical JSON, so that going on with others is noticed.
    public var options: String?
    /// What tells the training's data from other data, as JSON.
    public var data: String?
    /// The threads that one operation could use.
    public var threads: Int
    /// The processor features that kernels were chosen for.
    public var featureLevel: String

    /// No values yet, on this machine.
    public init() { (threads, featureLevel) = (Machine.threadCount, Machine.featureLevel) }
  }

  /// A place in an order of data that follows from a seed.
  public struct DataPosition: Codable, Hashable, Sendable {
    /// The seed of the order.
    public var seed: UInt32
    /// Which pass over the data this is, from 0.
    public var epoch: Int
    /// The items of the pass that were used already.
    public var index: Int

    /// The place after `index` items of a pass.
    public init(seed: UInt32, epoch: Int, index: Int) {
      (self.seed, self.epoch, self.index) = (seed, epoch, index)
    }
  }

  /// Weights, averages and the optimisers' moments by name.
  public var tensors: OrderedDictionary<String, StoredParameter> = [:]
  /// The states of torch's random generators by what they are for.
  public var generators: OrderedDictionary<String, [UInt8]> = [:]
  /// Everything that is no tensor.
  public var values = Values()
  /// What the file says the content hash is.
  private var hash = ""

  /// An empty state.
  public init() {}

  /// The name of the file that belongs to a network snapshot.
  ///
  /// - Parameter kimg: Thousands of images that the discriminator had seen.
  /// - Returns: `training-state-000200.safetensors` for 200.
  public static func fileName(kimg: Int) -> String {
    let digits = String(kimg)
    let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
    return fileName(stamp: zeros + digits)
  }

  /// The name of the file that holds the state of a snapshot.
  ///
  /// - Parameter stamp: How the names of the snapshot's files say when it was.
  /// - Returns: `training-state-000200.safetensors` for `000200`.
  public static func fileName(stamp: String) -> String { "training-state-\(stamp).safetensors" }
}

// MARK: - Files

extension TrainingState {
  /// The kind of file that the metadata names.
  static let kind = "training-state"
  private static let formatVersion = "1"
  private static let randomPrefix = "random."

  private enum Key {
    static let format = "stylist.format"
    static let kind = "stylist.kind"
    static let state = "stylist.state"
    static let hash = "stylist.hash"
  }

  /// Writes the state; the file appears under its name only when it is whole and on disk.
  ///
  /// - Parameter path: The file to create or replace.
  /// - Throws: `FileError` if the file cannot be written.
  public func write(to path: String) throws {
    var entries = tensors.map(Safetensors.Entry.init)
    for (name, state) in generators {
      entries.append(
        Safetensors.Entry(
          name: Self.randomPrefix + name, elementType: .uint8, shape: [state.count]
        ) { ByteRegion(state, name: name) })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let metadata = [
      Key.format: Self.formatVersion, Key.kind: Self.kind, Key.hash: try contentHash(),
      Key.state: String(decoding: try encoder.encode(values), as: UTF8.self),
    ]
    try Safetensors.write(entries, metadata: metadata, to: path)
  }

  /// Reads a state; its tensors stay in the file until they are asked for.
  ///
  /// - Parameter path: The file.
  /// - Throws: `FileError` if it cannot be read or is no such state.
  public init(reading path: String) throws(FileError) {
    let file = try Safetensors(path: path)
    func check(_ key: String, is expected: String) throws(FileError) {
      guard file.metadata[key] == expected else {
        throw FileError(
          .damaged, file: path, expected: "\(key) \(expected)",
          found: file.metadata[key] ?? "none")
      }
    }
    try check(Key.format, is: Self.formatVersion)
    try check(Key.kind, is: Self.kind)
    values = try Self.values(file.metadata[Key.state], file: path)
    hash = file.metadata[Key.hash] ?? ""
    for name in file.names {
      guard let stored = file.tensors[name] else { continue }
      if name.hasPrefix(Self.randomPrefix) {
        generators[String(name.dropFirst(Self.randomPrefix.count))] = try Self.bytes(stored, name)
      } else {
        tensors[name] = try StoredParameter(stored)
      }
    }
  }

  /// Checks that every tensor is as it was written, which reads all of them.
  ///
  /// - Parameter path: The file, for the error.
  /// - Throws: `FileError` if a bit has changed.
  public func checkContent(of path: String) throws {
    let found = try contentHash()
    guard found == hash else {
      throw FileError(
        .damaged, file: path, expected: "tensors with the content hash \(hash)", found: found)
    }
  }

  private func contentHash() throws -> String {
    var all = tensors
    for (name, state) in generators {
      all[Self.randomPrefix + name] = StoredParameter(Tensor(state))
    }
    return try Checkpoints.contentHash(of: all)
  }

  private static func values(_ json: String?, file: String) throws(FileError) -> Values {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(Values.self, from: Data((json ?? "").utf8))
    } catch {
      throw FileError(
        .damaged, file: file, expected: "\(Key.state), the values of a training", found: "\(error)")
    }
  }

  private static func bytes(_ stored: StoredTensor, _ name: String) throws(FileError) -> [UInt8] {
    guard stored.elementType == .uint8, stored.shape.count == 1 else {
      throw stored.bytes.error(
        at: 0, expected: "the bytes of \(name)", found: "\(stored.elementType) \(stored.shape)")
    }
    return stored.contiguousBytes().copy()
  }
}

// MARK: - Going on elsewhere

extension TrainingState {
  /// Why going on here gives other last bits than going on where the state was saved; empty if it
  /// does not.
  ///
  /// - Parameters:
  ///   - threads: The threads that one operation may use here.
  ///   - featureLevel: The processor features that kernels are chosen for here.
  /// - Returns: A line for each difference.
  public func differences(
    threads: Int = Machine.threadCount, featureLevel: String = Machine.featureLevel
  ) -> [String] {
    var lines: [String] = []
    if values.threads != threads {
      let words = values.threads == 1 ? "1 thread" : "\(values.threads) threads"
      lines.append(
        "the state was saved with \(words); here \(threads == 1 ? "is" : "are") \(threads)")
    }
    if values.featureLevel != featureLevel {
      lines.append("the state was saved with \(values.featureLevel); here is \(featureLevel)")
    }
    return lines
  }
}

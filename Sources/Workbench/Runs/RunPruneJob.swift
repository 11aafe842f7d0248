// Removes networks of old snapshots from the folders of trainings.

import Formats
import Foundation
import Training

/// Which networks of a training stay.
public struct PruningRule: Sendable {
  /// How many of the newest.
  public var newest = 1
  /// Beside these, the first in every so many kimg; nil for none.
  public var everyKimg: Int?

  /// The newest network, and those that a rule keeps anyway.
  public init() {}

  /// Checks every value by itself.
  ///
  /// - Throws: `RequestError` that names the first option whose value cannot be.
  public func check() throws(RequestError) {
    try checkRanges(counts: [
      ("--keep", newest, 1...1_000_000), ("--every", everyKimg, 1...1_000_000_000),
    ])
  }
}

/// Removes networks of old snapshots.
///
/// Whatever is asked for, these stay: the newest network, those of the states that the training could
/// go on from, and of each number that a metric's log has, but for those of single attributes, the best
/// that was measured.
public struct RunPruneJob: Sendable {
  /// A network that stays.
  public struct Kept: Encodable, Sendable {
    /// The path.
    public let file: String
    /// Why, such as `newest` or `best fid50k_full`.
    public let reasons: [String]
  }

  /// What happens to the networks of one training.
  public struct Outcome: Encodable, Sendable {
    /// The folder of the training.
    public let folder: String
    /// What is removed, the newest first.
    public let removed: [RunReport.File]
    /// What stays, the newest first.
    public let kept: [Kept]

    /// The bytes that are freed.
    public var bytes: Int { removed.reduce(0) { $0 + $1.bytes } }
  }

  private let rule: PruningRule

  /// A job that removes networks.
  ///
  /// - Parameter rule: Which stay.
  /// - Throws: `RequestError` about a value of the rule that cannot be.
  public init(_ rule: PruningRule) throws(RequestError) {
    try rule.check()
    self.rule = rule
  }

  /// Says what would be removed; removes nothing.
  ///
  /// - Parameter folder: The folder of a training.
  /// - Returns: What would be removed, and what would stay.
  /// - Throws: `FileError` if the folder is not that of a training, or a metric's log is damaged, which
  ///   might tell which network is the best.
  public func plan(_ folder: String) throws -> Outcome {
    _ = try RunRecord(in: folder)
    let logs = MetricLogs(in: folder)
    if let damage = logs.damage { throw damage }
    let networks = RunFolder.networks(in: folder)
    var reasons: [String: [String]] = [:]
    for path in networks.prefix(rule.newest) { reasons[path, default: []].append("newest") }
    if let every = rule.everyKimg {
      for path in Self.firstOfEach(every, networks) {
        reasons[path, default: []].append("every \(grouped(every)) kimg")
      }
    }
    let places = Dictionary(networks.map { (Self.name($0), $0) }) { first, _ in first }
    for state in RunFolder.states(in: folder) {
      if let path = places[RunFolder.networkName(ofState: state)] {
        reasons[path, default: []].append("state")
      }
    }
    for history in logs.histories where !history.name.hasPrefix("attribute_") {
      guard let best = history.bestNetwork, let path = places[Self.name(best)] else { continue }
      reasons[path, default: []].append("best \(history.name)")
    }
    return Outcome(
      folder: folder,
      removed: networks.filter { reasons[$0] == nil && Self.isFile($0) }.map(RunReport.File.init),
      kept: networks.compactMap { path in reasons[path].map { Kept(file: path, reasons: $0) } })
  }

  /// Removes networks.
  ///
  /// - Parameter folder: The folder of a training, which may be running.
  /// - Returns: What was removed, and what stayed.
  /// - Throws: `FileError` as `plan(_:)`, or if a network cannot be removed.
  public func run(_ folder: String) throws -> Outcome {
    let outcome = try plan(folder)
    for network in outcome.removed {
      try Task.checkCancellation()
      do {
        try FileManager.default.removeItem(atPath: network.file)
      } catch CocoaError.fileNoSuchFile {
        continue
      } catch {
        throw FileError(
          .cannotCreate, file: network.file, expected: "a network that may be removed",
          found: "no permission")
      }
    }
    return outcome
  }

  /// The oldest network of each stretch of training.
  private static func firstOfEach(_ kimg: Int, _ networks: [String]) -> [String] {
    var stretch = -1
    return networks.reversed().filter { path in
      guard let own = RunFolder.kimg(ofNetwork: path).map({ Int($0) / kimg }), own > stretch else {
        return false
      }
      stretch = own
      return true
    }
  }

  private static func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }

  /// Whether there is a file, and not a link to one, or a folder.
  private static func isFile(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeRegular
  }
}

// The logs of metrics, `metric-*.jsonl`, as the published programs write them.

import Formats
import Foundation

/// One number of a metric, over all snapshots that were measured.
public struct MetricHistory: Encodable, Hashable, Sendable {
  /// The number's published name, such as `fid50k_full`.
  public let name: String
  /// The best value.
  public private(set) var best: Double
  /// The file of the network that has the best value, if the log says.
  public private(set) var bestNetwork: String?
  /// The value of the last snapshot.
  public private(set) var last: Double
  /// Snapshots that were measured.
  public private(set) var count: Int

  fileprivate init(_ name: String, _ value: Double, _ network: String?) {
    (self.name, best, bestNetwork, last, count) = (name, value, network, value, 1)
  }

  fileprivate mutating func add(_ value: Double, _ network: String?) {
    (last, count) = (value, count + 1)
    let isBetter = isHigherBetter ? value > best : value < best
    if isBetter || !best.isFinite { (best, bestNetwork) = (value, network) }
  }

  /// Whether more is better: of inception scores, precision and recall, accuracies, verification.
  private var isHigherBetter: Bool {
    ["is", "pr", "accuracy", "attribute_", "verification_"].contains(where: name.hasPrefix)
  }
}

/// The logs of metrics in the folder of a training.
struct MetricLogs {
  /// The numbers, those of distances first.
  private(set) var histories: [MetricHistory] = []
  /// What is wrong with a log, and in which line.
  private(set) var damage: FileError?

  /// Numbers that are kept at most.
  private static let limit = 256

  private struct Line: Decodable {
    let results: [String: Double]
    let snapshotPkl: String?
  }

  init(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var byName: [String: MetricHistory] = [:]
    for name in names.sorted() where name.hasPrefix("metric-") && name.hasSuffix(".jsonl") {
      do {
        try LogLines(OutputFolder.file(name, in: folder)).forEach {
          bytes throws(LogLines.Unexpected) in
          let line = try Self.line(bytes)
          for (key, value) in line.results where byName.count < Self.limit {
            byName[key]?.add(value, line.snapshotPkl)
            if byName[key] == nil { byName[key] = MetricHistory(key, value, line.snapshotPkl) }
          }
        }
      } catch {
        damage = damage ?? error
      }
    }
    func rank(_ name: String) -> String { (name.hasPrefix("fid") ? "0" : "1") + name }
    histories = byName.values.sorted { rank($0.name) < rank($1.name) }
  }

  private static func line(_ bytes: Data) throws(LogLines.Unexpected) -> Line {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      let last = path[path.count - 1]
      return last.stringValue == "snapshot_pkl" ? PlainName("snapshotPkl") : last
    }
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(Line.self, from: bytes)
    } catch {
      throw LogLines.Unexpected(
        "JSON with results",
        found: bytes.isEmpty ? "nothing" : String(decoding: bytes.prefix(60), as: UTF8.self))
    }
  }
}

private struct PlainName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

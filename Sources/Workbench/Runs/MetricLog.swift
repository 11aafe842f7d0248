// The logs of metrics, `metric-*.jsonl`, as the published programs write them.

import Formats
import Foundation

/// One number of a metric, over all snapshots that were measured.
public struct MetricHistory: Encodable, Hashable, Sendable {
  /// The number's published name, such as `fid50k_full`.
  public let name: String
  /// The best value.
  public let best: Double
  /// The file of the network that has the best value, if the log says.
  public let bestNetwork: String?
  /// The value of the last snapshot.
  public let last: Double
  /// Snapshots that were measured.
  public let count: Int
  /// The values of those whose names say of how many images they are.
  let points: [MetricPoint]

  private enum CodingKeys: CodingKey { case name, best, bestNetwork, last, count }

  fileprivate init?(_ name: String, _ measured: [Measured]) {
    guard let last = measured.last else { return nil }
    let finite = measured.filter(\.value.isFinite)
    let isHigherBetter = Self.isHigherBetter(name)
    let best =
      finite.max { isHigherBetter ? $0.value < $1.value : $0.value > $1.value } ?? measured[0]
    (self.name, self.best, bestNetwork) = (name, best.value, best.network)
    (self.last, count) = (last.value, measured.count)
    points = measured.compactMap { one in
      one.network?.wholeMatch(of: /network-snapshot-([0-9.]+)\.[a-z]+/)
        .flatMap { Double($0.1) }.map { MetricPoint(kimg: $0, value: one.value) }
    }
  }

  /// Whether more is better: of inception scores, precision and recall, accuracies, verification.
  private static func isHigherBetter(_ name: String) -> Bool {
    ["is", "pr", "accuracy", "attribute_", "verification_"].contains(where: name.hasPrefix)
  }
}

/// A number of one snapshot.
struct MetricPoint: Hashable, Sendable {
  /// Thousands of images seen.
  let kimg: Double
  /// What was measured.
  let value: Double
}

/// What a line of a log says of one number.
private struct Measured {
  let network: String?
  let value: Double
}

/// What a log says of one number: of a network that was written or measured again, the last line
/// counts.
private struct MeasuredSeries {
  private var lines: [Measured?] = []
  private var places: [String: Int] = [:]

  /// What counts, in the order of the lines.
  var values: [Measured] { lines.compactMap(\.self) }

  mutating func append(_ measured: Measured) {
    if let network = measured.network, let old = places.updateValue(lines.count, forKey: network) {
      lines[old] = nil
    }
    lines.append(measured)
  }
}

/// The logs of metrics in the folder of a training.
struct MetricLogs {
  /// The numbers, those of distances and the sum of an encoder's losses first.
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
    var byName: [String: MeasuredSeries] = [:]
    for name in names.sorted() where name.hasPrefix("metric-") && name.hasSuffix(".jsonl") {
      do {
        try LogLines(OutputFolder.file(name, in: folder)).forEach {
          bytes throws(LogLines.Unexpected) in
          let line = try Self.line(bytes)
          for (key, value) in line.results where byName[key] != nil || byName.count < Self.limit {
            byName[key, default: MeasuredSeries()].append(
              Measured(network: line.snapshotPkl, value: value))
          }
        }
      } catch {
        damage = damage ?? error
      }
    }
    func rank(_ name: String) -> String {
      (name.hasPrefix("fid") || name == "inversion_loss" ? "0" : "1") + name
    }
    histories = byName.compactMap { MetricHistory($0, $1.values) }
      .sorted { rank($0.name) < rank($1.name) }
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

// What metrics found out about a network, and its line in the log of the metric.

import Foundation
public import OrderedCollections

/// What a metric found out about a network.
public struct MetricResult: Hashable, Sendable {
  /// The metric's published name, such as `fid50k_full`; the name of its log follows from it.
  public let metric: String
  /// The numbers by their published names, such as `pr50k3_full_precision`.
  public let results: OrderedDictionary<String, Double>
  /// How long it took, in seconds.
  public let seconds: Double

  /// A measurement with its results.
  public init(metric: String, results: OrderedDictionary<String, Double>, seconds: Double) {
    (self.metric, self.results, self.seconds) = (metric, results, seconds)
  }

  /// The results as a line for people; of many only the first.
  var description: String {
    let shown = results.count > Self.shownResults + 1 ? Self.shownResults : results.count
    let numbers = results.elements.prefix(shown).map {
      "\($0.key) \(String(format: "%.4f", $0.value))"
    }
    let rest = results.count - shown
    let log = RunFolder.metricLogName(metric)
    return (numbers + (rest > 0 ? ["and \(rest) more in \(log)"] : [])).joined(separator: "  ")
  }

  /// Numbers that stand in a line.
  private static let shownResults = 3

  /// Adds the result to the log of the metric in the folder of a training.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - network: The name of the network's file in it.
  /// - Returns: The path of the log.
  /// - Throws: `FileError` if the log cannot be written.
  @discardableResult
  public func log(in folder: String, network: String) throws -> String {
    let log = try AppendedFile("\(folder)/\(RunFolder.metricLogName(metric))")
    try log.append(try line(network: network, at: Date()))
    return log.path
  }

  /// A line of `metric-NAME.jsonl`, with the names that the published programs write.
  func line(network: String, at time: Date) throws -> [UInt8] {
    let published = Published(
      metric: metric, results: Dictionary(uniqueKeysWithValues: results.map { ($0, $1) }),
      snapshotPkl: network, timestamp: time.timeIntervalSince1970, totalTime: seconds)
    let encoder = JSONEncoder.ofLogs
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(published)) + [UInt8(ascii: "\n")]
  }

  private struct Published: Encodable {
    let metric: String
    let results: [String: Double]
    let snapshotPkl: String
    let timestamp: Double
    let totalTime: Double
  }
}

extension JSONEncoder {
  /// One line with sorted names; numbers that are not finite become text.
  static var ofLogs: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}

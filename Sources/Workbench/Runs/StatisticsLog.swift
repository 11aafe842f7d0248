// The log for programs, `stats.jsonl`, as a training or the published programs write it.

import Formats
import Foundation
import Training

/// A line of `stats.jsonl`: the mean of everything that was measured.
struct StatisticsLine: Decodable {
  /// The means by name.
  let means: [String: Double]
  /// Thousands of images seen.
  let kimg: Double

  private static let kimgName = "Progress/kimg"
  /// Names that a line may have; it has about twenty.
  private static let nameLimit = 1000

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct Value: Decodable { let mean: Double }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    var means: [String: Double] = [:]
    for key in container.allKeys.prefix(Self.nameLimit) {
      // The time of the line is a plain number.
      if let value = try? container.decode(Value.self, forKey: key) {
        means[key.stringValue] = value.mean
      }
    }
    self.means = means
    guard let kimg = means[Self.kimgName], kimg.isFinite, kimg >= 0 else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no kimg"))
    }
    self.kimg = kimg
  }

  /// Reads a line.
  init(_ bytes: Data) throws(LogLines.Unexpected) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      self = try decoder.decode(Self.self, from: bytes)
    } catch {
      throw LogLines.Unexpected(
        "JSON with \(Self.kimgName)",
        found: bytes.isEmpty ? "nothing" : String(decoding: bytes.prefix(60), as: UTF8.self))
    }
  }

  /// Seconds of training until this line.
  var seconds: Double? { means["Timing/total_sec"] }
  /// Seconds for a thousand images, in this line.
  var secondsPerKimg: Double? { means["Timing/sec_per_kimg"] }
}

/// Everything that is shown of `stats.jsonl`.
struct StatisticsLog {
  /// The losses, up to the damage if there is some.
  private(set) var curves = LossCurves()
  /// The last line that is whole.
  private(set) var last: StatisticsLine?
  /// What is wrong with the log, and in which line.
  private(set) var damage: FileError?

  /// Reads the log of a training; one that is not there is empty.
  init(in folder: String) {
    let lines = LogLines(OutputFolder.file(RunFolder.statisticsName, in: folder))
    guard lines.exists else { return }
    do {
      try lines.forEach { bytes throws(LogLines.Unexpected) in
        let line = try StatisticsLine(bytes)
        curves.append(line)
        last = line
      }
    } catch {
      damage = error
    }
    curves.finish()
  }

  /// Reads only the last line of the log, and all of it if that is damaged.
  ///
  /// - Parameter folder: The folder of a training.
  /// - Returns: The last line that is whole, if there is one, and what is wrong with the log.
  static func end(in folder: String) -> (line: StatisticsLine?, damage: FileError?) {
    let lines = LogLines(OutputFolder.file(RunFolder.statisticsName, in: folder))
    guard lines.exists else { return (nil, nil) }
    if let last = try? lines.last(1).first, let line = try? StatisticsLine(last) {
      return (line, nil)
    }
    let log = StatisticsLog(in: folder)
    return (log.last, log.damage)
  }
}

// Everything that is known of one training, as plain values.

public import Formats
import Foundation
import Layers
import Training

/// Everything that is known of one training.
public struct RunReport: Encodable, Sendable {
  /// A file, and its size.
  public struct File: Encodable, Hashable, Sendable {
    /// The path.
    public let file: String
    /// Its bytes.
    public let bytes: Int
  }

  /// An option of the training.
  public struct Option: Encodable, Hashable, Sendable {
    /// What people type behind two hyphens.
    public let name: String
    /// What it is, whether it was typed or the recipe says so.
    public let value: String
    /// Whether it differs from the recipe.
    public let isChanged: Bool

    init(_ name: String, _ value: String, isChanged: Bool = false) {
      (self.name, self.value, self.isChanged) = (name, value, isChanged)
    }
  }

  /// How it stands.
  public let summary: RunSummary
  /// The command that began it.
  public let command: String
  /// The version of Stylist that began it.
  public let version: String
  /// All options, those that the recipe filled in among them.
  public let options: [Option]
  /// Where the data comes from.
  public let source: String
  /// Pictures in the data.
  public let pictures: Int
  /// Rows and columns of a picture, in pixels.
  public let resolution: Int
  /// The networks that learn.
  public let trained: [NetworkSize]
  /// The losses and the probability of augmentation of the last line of the log, by the names that it
  /// has.
  public let losses: [String: Double]
  /// The last lines of the log for people.
  public let log: [String]
  /// The networks, the newest first.
  public let networks: [File]
  /// The states, the newest first.
  public let states: [File]
  /// The state that the training would go on from.
  public let resumesFrom: String?
  /// The sheets of pictures: the data, the start, then by kimg.
  public let sheets: [String]
  /// The command that goes on with the training.
  public let resumeCommand: String?
  /// The losses over time.
  public let curves: LossCurves
  /// What is damaged, beside what keeps the report from being made.
  public let damage: FileError?

  private enum CodingKeys: CodingKey {
    case summary, command, version, options, source, pictures, resolution, trained, losses, log,
      networks, states, resumesFrom, sheets, resumeCommand
  }

  /// Lines of the log that are kept.
  private static let logLines = 5

  /// Looks at the folder of a training.
  ///
  /// - Parameter folder: The folder.
  /// - Throws: `FileError` if what it was asked to do cannot be read.
  public init(of folder: String) throws {
    let record = try RunRecord(in: folder)
    let (log, metrics) = (StatisticsLog(in: folder), MetricLogs(in: folder))
    damage = log.damage ?? metrics.damage
    summary = RunSummary(of: folder, record, log.last, metrics.histories, damage: damage)
    (command, version) = (record.command, record.version)
    options = try record.options.listed()
    let data = record.options.data
    (source, pictures, resolution) = (data.source, data.count, data.resolution)
    trained = try record.options.networks()
    losses = (log.last?.means ?? [:]).filter {
      $0.key.hasPrefix("Loss/") || $0.key == LossName.augmentation.rawValue
    }
    curves = log.curves
    let text = LogLines(OutputFolder.file(RunFolder.logName, in: folder))
    self.log = ((try? text.last(Self.logLines)) ?? []).map { String(decoding: $0, as: UTF8.self) }
    networks = RunFolder.networks(in: folder).map(Self.file)
    states = RunFolder.states(in: folder).map(Self.file)
    resumesFrom = RunFolder.readableState(in: folder)
    sheets = RunFolder.sheets(in: folder)
    let longer = summary.state == .finished ? ["--kimg=\(decimal(2 * summary.kimg, 3))"] : []
    resumeCommand =
      resumesFrom == nil ? nil : commandLine(["train", record.kind, "--resume=\(folder)"] + longer)
  }

  private static func file(_ path: String) -> File {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return File(file: path, bytes: (attributes?[.size] as? NSNumber)?.intValue ?? 0)
  }
}

// How a training stands, as plain values: what `runs list` shows of each.

import Checkpoints
import Formats
import Foundation
import Training

/// How a training stands.
public struct RunSummary: Encodable, Sendable {
  /// What a training is doing.
  public enum State: String, Codable, Sendable {
    /// A process trains in the folder.
    case running
    /// It has seen all images that it should.
    case finished
    /// It can go on.
    case stopped
    /// Its files are not as a training leaves them.
    case damaged
  }

  /// The folder.
  public let folder: String
  /// The folder's own name.
  public let name: String
  /// The number that the name begins with.
  public let number: Int?
  /// What it is doing.
  public let state: State
  /// What is damaged.
  public let reason: String?
  /// What is trained, as people type it: `gan`, `attributes` or `identity`.
  public let kind: String?
  /// The recipe.
  public let cfg: String?
  /// What the data is called.
  public let data: String?
  /// Thousands of images seen.
  public let kimg: Double
  /// Thousands of images after which it ends.
  public let plannedKimg: Double?
  /// Seconds of training.
  public let seconds: Double?
  /// Seconds for the last thousand images.
  public let secondsPerKimg: Double?
  /// When a file of the folder last changed, in seconds since 1970.
  public let changed: Double?
  /// What metrics say.
  public let metrics: [MetricHistory]

  /// What is left to do, in seconds.
  public var secondsLeft: Double? {
    guard let plannedKimg, let secondsPerKimg else { return nil }
    return max(plannedKimg - kimg, 0) * secondsPerKimg
  }

  /// The number, or the name of folders without one.
  public var shortName: String { number == nil ? name : String(name.prefix { $0 != "-" }) }

  /// Looks at the folder of a training.
  ///
  /// - Parameter folder: The folder.
  init(of folder: String) {
    var damage: FileError?
    var record: RunRecord?
    do { record = try RunRecord(in: folder) } catch { damage = error }
    let (statistics, metrics) = (StatisticsLog.end(in: folder), MetricLogs(in: folder))
    self.init(
      of: folder, record, statistics.line, metrics.histories,
      damage: damage ?? statistics.damage ?? metrics.damage)
  }

  init(
    of folder: String, _ record: RunRecord?, _ line: StatisticsLine?, _ metrics: [MetricHistory],
    damage: FileError?
  ) {
    self.folder = folder
    name = URL(filePath: folder).lastPathComponent
    number = name.prefixMatch(of: /([0-9]{5,})-/).flatMap { Int($0.1) }
    kind = record?.kind
    (cfg, data) = (record?.options.cfg, record?.options.data.name)
    // A training that was interrupted saves between two lines of its log.
    kimg = max(line?.kimg ?? 0, Self.savedKimg(in: folder) ?? 0)
    plannedKimg = record?.schedule.kimg
    (seconds, secondsPerKimg) = (line?.seconds, line?.secondsPerKimg)
    changed = Self.newestChange(in: folder)
    self.metrics = metrics
    let isDone = kimg >= (plannedKimg ?? .infinity) - 1e-9
    // A training that runs may just be writing what seems damaged.
    let isRunning = RunFolder.isHeld(folder)
    reason = isRunning ? nil : damage.map { "\($0)" }
    state = isRunning ? .running : damage != nil ? .damaged : isDone ? .finished : .stopped
  }

  /// Thousands of images seen when the newest readable state was saved.
  private static func savedKimg(in folder: String) -> Double? {
    RunFolder.states(in: folder).lazy.compactMap { try? TrainingState(reading: $0) }.first
      .map { Double(TrainingEngine.images(of: $0)) / 1000 }
  }

  private static func newestChange(in folder: String) -> Double? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      let file = OutputFolder.file(name, in: folder)
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      return (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970
    }.max()
  }
}

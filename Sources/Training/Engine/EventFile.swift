// The log that TensorBoard shows.

import Formats
import Foundation
import TensorBoardEvents

/// A file of events, `events.out.tfevents.*`, that grows while it is watched.
final class EventFile {
  /// How the names of all such files begin.
  static let prefix = "events.out.tfevents."
  private let log: AppendedFile

  /// Starts a file; what earlier files of the folder say about `step` and after counts no more.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - step: Where the training stands.
  /// - Throws: `FileError` if it cannot be written.
  init(in folder: RunFolder, at step: Int) throws(FileError) {
    let (seconds, host) = (Int(Date().timeIntervalSince1970), ProcessInfo.processInfo.hostName)
    let name = "\(Self.prefix)\(seconds).\(host).\(ProcessInfo.processInfo.processIdentifier)"
    log = try AppendedFile(folder.file(name))
    try log.append(EventRecord.version.bytes)
    try log.append(EventRecord.start(at: step).bytes)
  }

  /// Writes numbers that belong to one place of the training.
  ///
  /// - Parameters:
  ///   - numbers: The numbers by name.
  ///   - step: Where the training stands.
  /// - Throws: `FileError` if they cannot be written.
  func write(_ numbers: [(name: String, value: Double)], at step: Int) throws(FileError) {
    try log.append(EventRecord.numbers(numbers, at: step).bytes)
  }
}

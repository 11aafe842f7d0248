// The log that TensorBoard shows: records of protocol buffers, each with its length and check sums.

import Foundation
import Formats
import SystemPackage
import TensorBoardEvents

/// A file of events, `events.out.tfevents.*`, that grows while it is watched.
///
/// - Source: the record format of TensorFlow: length [8], its check sum [4], the event, its check
///   sum [4], all little-endian; check sums are CRC-32C, rotated by 15 bits and shifted.
final class EventFile {
  private let log: AppendedFile

  /// Starts a file; what earlier files of the folder say about `step` and after counts no more.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - step: Where the training stands.
  /// - Throws: `FileError` if it cannot be written.
  init(in folder: RunFolder, at step: Int) throws(FileError) {
    let (seconds, host) = (Int(Date().timeIntervalSince1970), ProcessInfo.processInfo.hostName)
    let name = "events.out.tfevents.\(seconds).\(host).\(ProcessInfo.processInfo.processIdentifier)"
    log = try AppendedFile(folder.file(name))
    try write { $0.fileVersion = "brain.Event:2" }
    try write {
      $0.step = Int64(step)
      $0.sessionLog.status = .start
    }
  }

  /// Writes numbers that belong to one place of the training.
  ///
  /// - Parameters:
  ///   - numbers: The numbers by name.
  ///   - step: Where the training stands.
  /// - Throws: `FileError` if they cannot be written.
  func write(_ numbers: [(name: String, value: Double)], at step: Int) throws(FileError) {
    try write { event in
      event.step = Int64(step)
      event.summary.value = numbers.map { number in
        .with {
          $0.tag = number.name
          $0.simpleValue = Float(number.value)
        }
      }
    }
  }

  private func write(_ fill: (inout Tensorboard_Event) -> Void) throws(FileError) {
    var event = Tensorboard_Event()
    event.wallTime = Date().timeIntervalSince1970
    fill(&event)
    guard let message: [UInt8] = try? event.serializedBytes() else {
      preconditionFailure("an event of \(event) has no bytes")
    }
    let length = littleEndian(UInt64(message.count))
    try log.append(
      length + littleEndian(maskedChecksum(length)) + message
        + littleEndian(maskedChecksum(message)))
  }
}

/// CRC-32C, changed so that a check sum of data that holds check sums is not degenerate.
private func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 0 ? 0 : 0x82F6_3B78) }
  }
  crc = ~crc
  return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

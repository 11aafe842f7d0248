// Records of TensorBoard's event files: an event with its length and check sums.

import Foundation
import SwiftProtobuf

/// One record of an event file, as bytes to append to it.
///
/// - Source: the record format of TensorFlow: length [8], its check sum [4], the event, its check
///   sum [4], all little-endian; check sums are CRC-32C, rotated by 15 bits and shifted.
public struct EventRecord {
  /// What is appended to the file.
  public let bytes: [UInt8]

  /// The first record of a file.
  public static var version: EventRecord { EventRecord { $0.fileVersion = "brain.Event:2" } }

  /// That a training starts or goes on: what earlier files say about `step` and after counts no
  /// more.
  ///
  /// - Parameter step: Where the training stands.
  /// - Returns: The record.
  public static func start(at step: Int) -> EventRecord {
    EventRecord {
      $0.step = Int64(step)
      $0.sessionLog.status = .start
    }
  }

  /// Numbers that belong to one place of the training.
  ///
  /// - Parameters:
  ///   - numbers: The numbers by name.
  ///   - step: Where the training stands.
  /// - Returns: The record.
  public static func numbers(_ numbers: [(name: String, value: Double)], at step: Int)
    -> EventRecord
  {
    EventRecord { event in
      event.step = Int64(step)
      event.summary.value = numbers.map { number in
        .with {
          $0.tag = number.name
          $0.simpleValue = Float(number.value)
        }
      }
    }
  }

  private init(_ fill: (inout Tensorboard_Event) -> Void) {
    var event = Tensorboard_Event()
    event.wallTime = Date().timeIntervalSince1970
    fill(&event)
    // Only messages with required fields, which these are not, can lack something.
    let message: [UInt8] = (try? event.serializedBytes()) ?? []
    let length = littleEndian(UInt64(message.count))
    bytes =
      length + littleEndian(maskedChecksum(length)) + message
      + littleEndian(maskedChecksum(message))
  }
}

private func littleEndian(_ number: some FixedWidthInteger & BitwiseCopyable) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian, Array.init)
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

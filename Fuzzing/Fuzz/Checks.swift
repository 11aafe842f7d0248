// What the checks of all readers share: properties, sums and a file to write to.

import Formats
import Foundation

/// Ends the program with a message, which `precondition` leaves out of optimised programs, unless
/// the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// What holds for the error of every reader: one line, a place inside the file, a kind that says
/// something about the content.
func check(_ error: FileError, inputBytes: Int) {
  let line = error.description
  require(
    line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
    "an error's text has control characters: \(line.debugDescription)")
  require(0...inputBytes ~= error.offset ?? 0, "an error's place is not in the file: \(line)")
  require(
    [.damaged, .unsupported, .refusedAsUnsafe].contains(error.kind),
    "content cannot be \(error.kind): \(line)")
}

/// How many bytes of tensors or entries one input may have laid out; the rest is left out.
let layoutLimit = 1 << 22

/// Reads every byte, so that each must be there.
func touch(_ region: ByteRegion) {
  let sum = region.withUnsafeBytes { $0.reduce(0) { $0 &+ UInt64($1) } }
  require(sum <= 255 * UInt64(region.count), "bytes that sum up to \(sum)")
}

/// A file that checks may write to, in memory where the system has such a folder.
let scratchFile: String = {
  let hasMemory = FileManager.default.fileExists(atPath: "/dev/shm")
  let folder = hasMemory ? "/dev/shm" : NSTemporaryDirectory()
  return "\(folder)/stylist-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
}()

/// Writes a file, which must succeed, and reads it back.
func rewritten<Content>(
  _ write: (String) throws -> Void, _ read: (String) throws -> Content
) -> Content {
  do {
    defer { try? FileManager.default.removeItem(atPath: scratchFile) }
    try write(scratchFile)
    return try read(scratchFile)
  } catch {
    fatalError("what was read cannot be written and read again: \(error)")
  }
}

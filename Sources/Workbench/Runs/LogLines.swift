// Lines of logs that may be long, growing, or cut off at their end.

import Formats
import Foundation

/// Reads a log a piece at a time, however long it is.
struct LogLines {
  /// The longest line that a log of a training can have.
  static let lineLimit = 1 << 20

  let path: String
  private let kind: String

  /// A log, or another file of lines.
  init(_ path: String, of kind: String = "a log") { (self.path, self.kind) = (path, kind) }

  /// Whether there is a log.
  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Calls `body` with every line that ends.
  ///
  /// What stands behind the last end of a line of a log is passed over: a program that was killed,
  /// or is about to write the rest, leaves it.
  ///
  /// - Parameters:
  ///   - isWhole: Whether the file is written already, so that what stands there is a line, too.
  ///   - body: Throws a text that says what it expected to end the reading.
  /// - Throws: `FileError` if the log cannot be read, or naming the line at which `body` threw.
  func forEach(isWhole: Bool = false, _ body: (Data) throws(Unexpected) -> Void) throws(FileError) {
    let file = try open()
    defer { try? file.close() }
    var (rest, number) = (Data(), 0)
    while let piece = try read(file), !piece.isEmpty {
      rest += piece
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        number += 1
        try call(body, rest[start..<end], number)
        start = rest.index(after: end)
      }
      rest = Data(rest[start...])
      guard rest.count <= Self.lineLimit else {
        throw damaged(number + 1, Unexpected("a line", found: "more than \(Self.lineLimit) bytes"))
      }
    }
    if isWhole, !rest.isEmpty { try call(body, rest, number + 1) }
  }

  /// The last lines that end, at most `count` of them.
  func last(_ count: Int) throws(FileError) -> [Data] {
    let file = try open()
    defer { try? file.close() }
    let bytes: Data
    do {
      let size = try file.seekToEnd()
      try file.seek(toOffset: size - min(size, UInt64(Self.lineLimit)))
      bytes = try file.readToEnd() ?? Data()
    } catch {
      throw unreadable(error)
    }
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    return bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .suffix(count)
  }

  /// What a line should have been.
  struct Unexpected: Error {
    let expected: String
    let found: String

    init(_ expected: String, found: String) { (self.expected, self.found) = (expected, found) }
  }

  private func call(
    _ body: (Data) throws(Unexpected) -> Void, _ line: Data, _ number: Int
  ) throws(FileError) {
    do { try body(line) } catch { throw damaged(number, error) }
  }

  private func damaged(_ number: Int, _ error: Unexpected) -> FileError {
    FileError(
      .damaged, file: path, expected: "\(error.expected) in line \(number)", found: error.found)
  }

  private func open() throws(FileError) -> FileHandle {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(.missing, file: path, expected: kind, found: "no such file")
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular,
      let file = FileHandle(forReadingAtPath: path)
    else {
      throw FileError(
        .unreadable, file: path, expected: kind,
        found: isFolder.boolValue ? "a folder" : "none that can be read")
    }
    return file
  }

  private func read(_ file: FileHandle) throws(FileError) -> Data? {
    do { return try file.read(upToCount: 1 << 16) } catch { throw unreadable(error) }
  }

  private func unreadable(_ error: any Error) -> FileError {
    FileError(
      .ioFailed, file: path, expected: "to read", found: (error as NSError).localizedDescription)
  }
}

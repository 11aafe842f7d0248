// Lines of text compared with a file that was checked once by people.

public import Foundation
public import Testing

/// Expects lines to be those of a stored file, and says which are missing and which are new.
///
/// With the environment variable `STYLIST_SNAPSHOTS` set to a folder, the lines are also written
/// there under the file's name, to be looked at and, if they are right, committed.
///
/// - Parameters:
///   - lines: What was computed.
///   - file: The stored file.
///   - sourceLocation: Where the issue is reported.
/// - Throws: What reading or writing a file throws.
public func expectSnapshot(
  _ lines: [String], equals file: URL, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  if let folder = ProcessInfo.processInfo.environment["STYLIST_SNAPSHOTS"] {
    let copy = URL(filePath: folder).appending(path: file.lastPathComponent)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: copy)
  }
  let expected = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(
    String.init)
  guard lines != expected else { return }
  let (missing, new) = (
    expected.filter { !lines.contains($0) }, lines.filter { !expected.contains($0) }
  )
  let order = missing.isEmpty && new.isEmpty ? " the order differs" : ""
  Issue.record(
    "\(file.lastPathComponent): missing \(missing), new \(new)\(order)",
    sourceLocation: sourceLocation)
}

// What the program `parity` does: find cases, run them, print what is off, count.

public import Formats
import Foundation

/// How many cases passed and failed.
public struct ParityTally: Equatable, Sendable, CustomStringConvertible {
  /// Cases of which every expected tensor was close enough.
  public var passed = 0
  /// Cases with a tensor that was off, and cases that could not be run.
  public var failed = 0

  /// The last line that is printed.
  public var description: String { "\(passed) passed, \(failed) failed" }
  /// 0 if at least one case ran and none failed, else 1.
  public var exitCode: Int32 { failed == 0 && passed > 0 ? 0 : 1 }
}

/// Runs every case under some folders, printing what is off and then the tally.
///
/// - Parameters:
///   - folders: Folders that hold cases, at any depth.
///   - printLine: Prints one line.
/// - Returns: How many cases passed and failed.
/// - Throws: `FileError` of kind `missing` if a folder is not there; nothing has run then.
public func runParity(folders: [String], printLine: (String) -> Void) throws(FileError)
  -> ParityTally
{
  var tally = ParityTally()
  for folder in try caseFolders(under: folders) {
    let report = ParityReport(folder: folder)
    for line in report.failures { printLine("\(report.name): \(line)") }
    if report.passed { tally.passed += 1 } else { tally.failed += 1 }
  }
  printLine("\(tally)")
  return tally
}

/// The systems and kinds that can be run, one on a line, sorted.
public var parityKinds: [String] { ParityKind.all.map { "\($0.system) / \($0.name)" }.sorted() }

/// The folders at or below the given ones that hold a `case.json`, each once, sorted by path.
///
/// - Parameter folders: Where to look; links are followed.
/// - Returns: Paths that begin as the given ones do.
/// - Throws: `FileError` of kind `missing` for a given folder that is not there.
package func caseFolders(under folders: [String]) throws(FileError) -> [String] {
  for folder in folders where !isFolder(folder) {
    throw FileError(
      .missing, file: folder, expected: "a folder with cases",
      found: FileManager.default.fileExists(atPath: folder) ? "a file" : "nothing")
  }
  var seen: Set<String> = []
  return folders.flatMap { search($0, &seen) }
}

private func search(_ folder: String, _ seen: inout Set<String>) -> [String] {
  // By its own name a folder is searched once, even if links lead back to it.
  let ownName = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
  guard seen.insert(ownName).inserted else { return [] }
  let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  let below = entries.sorted().map { "\(folder)/\($0)" }.filter(isFolder)
  return (entries.contains("case.json") ? [folder] : []) + below.flatMap { search($0, &seen) }
}

private func isFolder(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
}

// Whether files are safe to open: each looked through, none opened.

import Formats
import Foundation

/// Looks through files and folders for what careless programs would run.
public struct ScanJob: Sendable {
  /// The files, and folders to look through with all that is in them.
  public var paths: [String]

  /// A job for files and folders.
  public init(_ paths: [String]) { self.paths = paths }

  /// Looks through all files; none ends the work.
  ///
  /// - Parameter progress: Is told after every file.
  /// - Returns: A finding for each file, in the order of the paths.
  /// - Throws: `CancellationError` in and between files.
  public func run(progress: ProgressHandler) throws -> [Finding] {
    let files = paths.flatMap(Self.files)
    var findings: [Finding] = []
    for file in files {
      findings.append(Finding(of: file))
      // A scan that was cancelled has not looked at all of the file.
      try Task.checkCancellation()
      progress(JobProgress(done: findings.count, total: files.count, unit: "files"))
    }
    return findings
  }

  /// How a command that found this ends: 77 if any file is refused, else what the first other
  /// trouble asks for, else 0.
  ///
  /// - Parameter findings: What `run` gave.
  /// - Returns: The exit code.
  public static func exitCode(for findings: [Finding]) -> Int32 {
    let codes = findings.map(\.exitCode)
    return codes.contains(77) ? 77 : codes.first { $0 != 0 } ?? 0
  }

  /// How many files ended up in what trouble, on one line.
  ///
  /// - Parameter findings: What `run` gave.
  /// - Returns: The line, such as `1 of 3 files could not be read`.
  public static func summary(of findings: [Finding]) -> String {
    let troubles: [(Finding.Verdict, String)] = [
      (.refused, "refused as unsafe"), (.damaged, "damaged"), (.notRecognised, "not recognised"),
      (.unreadable, "could not be read"),
    ]
    let counts = troubles.compactMap { verdict, words in
      let count = findings.count { $0.verdict == verdict }
      return count == 0 ? nil : (count, words)
    }
    return counts.enumerated().map { index, trouble in
      index == 0
        ? "\(trouble.0) of \(findings.count) files \(trouble.1)" : "\(trouble.0) \(trouble.1)"
    }.joined(separator: ", ")
  }
}

// MARK: - Folders

extension ScanJob {
  /// A file to look at, or why it cannot be.
  struct File {
    let path: String
    var objection: FileError?

    fileprivate init(_ path: String) { self.path = path }

    fileprivate init(_ path: String, expected: String, found: String) {
      self.path = path
      objection = FileError(.unreadable, file: path, expected: expected, found: found)
    }
  }

  /// The file, or all files in the folder and below it.
  ///
  /// Links to files stand for the files, as they do for whoever opens them. Links to folders are
  /// not followed, or the way might have no end.
  private static func files(_ path: String) -> [File] {
    isFolder(path) ? filesBelow(path) : [File(path)]
  }

  private static func filesBelow(_ folder: String) -> [File] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return [File(folder, expected: "a folder to look through", found: "one that is closed")]
    }
    return names.sorted().flatMap { name -> [File] in
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      // This is how other bytes are shown; there is no way to the file itself.
      guard !name.unicodeScalars.contains("\u{FFFD}") else {
        return [File(path, expected: "a name in UTF-8", found: "other bytes")]
      }
      guard isFolder(path) else { return [File(path)] }
      guard !isLink(path) else {
        return [File(path, expected: "a file or folder", found: "a link to a folder")]
      }
      return filesBelow(path)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func isLink(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
    return type as? FileAttributeType == .typeSymbolicLink
  }
}

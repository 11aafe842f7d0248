// Whether files are safe to open: each looked through, none opened.

import Formats

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
    let files = paths.flatMap { path in
      ListedFile.isFolder(path) ? ListedFile.all(below: path) : [ListedFile(path)]
    }
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

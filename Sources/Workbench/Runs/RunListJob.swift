// The trainings in folders of runs, and the one that somebody means.

import Formats
import Foundation
import Training

/// Looks at the trainings in folders.
public struct RunListJob: Sendable {
  /// The trainings of one folder, by number.
  public struct Listing: Encodable, Sendable {
    /// The folder of runs.
    public let folder: String
    /// The trainings, the newest last.
    public let runs: [RunSummary]
  }

  private let folders: [String]

  /// A job that looks at folders of runs.
  public init(_ folders: [String]) { self.folders = folders }

  /// Looks at all trainings.
  ///
  /// - Returns: The trainings of each folder.
  /// - Throws: `FileError` if a folder is none, or has no trainings; `CancellationError`.
  public func run() throws -> [Listing] {
    try folders.map { folder in
      let runs = RunFolder.runs(in: folder).map(\.path)
      // The folder of a training itself is meant, too.
      let isRun = runs.isEmpty && RunFinder.isRun(folder)
      guard isRun || !runs.isEmpty else {
        throw FileError(
          .missing, file: folder, expected: "a folder with runs such as 00000-…", found: "none")
      }
      return Listing(
        folder: folder,
        runs: try (isRun ? [folder] : runs).map { run in
          try Task.checkCancellation()
          return RunSummary(of: run)
        })
    }
  }
}

/// Finds the training that somebody means.
public enum RunFinder {
  /// The folder of a training.
  ///
  /// - Parameters:
  ///   - text: A folder, a number, `latest`, or a part of a name that only one training has.
  ///   - outdir: The folder of all runs.
  /// - Returns: The folder.
  /// - Throws: `FileError` if there is none; `RequestError` if several could be meant.
  public static func folder(_ text: String, in outdir: String) throws -> String {
    if isRun(text) { return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text }
    let runs = RunFolder.runs(in: outdir)
    if text == "latest" {
      guard let last = runs.last else {
        throw FileError(
          .missing, file: outdir, expected: "a folder with runs such as 00000-…", found: "none")
      }
      return last.path
    }
    if let number = Int(text), let run = runs.first(where: { $0.number == number }) {
      return run.path
    }
    let names = runs.map { URL(filePath: $0.path).lastPathComponent }
    let found = names.indices.filter { text.isEmpty ? false : names[$0].contains(text) }
    guard let first = found.first else {
      let expected =
        text.contains("/") ? "the folder of a training" : "a run in \(outdir)"
      throw FileError(
        .missing, file: text, expected: expected,
        found: names.isEmpty ? "none" : "only \(shortened(names.reversed()))")
    }
    guard found.count == 1 else {
      throw RequestError(
        "run \(text)", expected: "a part of one name",
        found: "\(found.count): \(shortened(found.map { names[$0] }))")
    }
    return runs[first].path
  }

  /// Whether a folder has a file that every training leaves.
  static func isRun(_ folder: String) -> Bool {
    [RunFolder.optionsName, RunFolder.statisticsName].contains {
      FileManager.default.fileExists(atPath: OutputFolder.file($0, in: folder))
    }
  }
}

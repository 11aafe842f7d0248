// One training: what is known of it, and its losses as a picture.

import Formats
import Foundation

/// Looks at one training.
public struct RunShowJob: Sendable {
  private let folder: String

  /// A job that looks at the folder of a training.
  public init(_ folder: String) { self.folder = folder }

  /// What is known of the training.
  ///
  /// - Parameter plot: The PNG file for a picture of the losses; nil for none.
  /// - Returns: The report.
  /// - Throws: `FileError` if the training cannot be read or the picture not be written;
  ///   `RequestError` if nothing was logged yet.
  public func run(plot: String?) throws -> RunReport {
    let report = try RunReport(of: folder)
    if let plot {
      // A log whose first line is damaged has nothing to draw, and that is why.
      if report.curves.kimg.isEmpty, let damage = report.damage { throw damage }
      try RunPlot.write(
        [(report.summary.name, report.curves)], to: plot, source: report.summary.folder)
    }
    return report
  }
}

/// Pictures of losses as files.
enum RunPlot {
  /// Writes a picture of losses.
  static func write(
    _ runs: [(name: String, curves: LossCurves)], to path: String, source: String
  ) throws {
    guard runs.contains(where: { !$0.curves.kimg.isEmpty }) else {
      throw RequestError("--plot", expected: "a training with a line in its log", found: source)
    }
    _ = try OutputFolder(of: path)
    try LossPlot(runs).image.write(to: path)
  }

  /// Checks that a picture could be written.
  static func check(_ path: String?) throws {
    guard let path else { return }
    _ = try ImageFormat(extensionOf: path)
    try OutputFolder.check(file: path)
  }
}

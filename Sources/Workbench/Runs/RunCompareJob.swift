// Trainings side by side: what differs in their options, and how they stand.

import Formats
import Foundation
import OrderedCollections
import Training

/// Compares trainings.
public struct RunCompareJob: Sendable {
  /// Something of which each training has a value.
  public struct Row<Value: Encodable & Sendable>: Encodable, Sendable {
    /// What it is.
    public let name: String
    /// The values, in the order of the trainings.
    public let values: [Value]
  }

  /// What the trainings have in common, and what not.
  public struct Outcome: Encodable, Sendable {
    /// The trainings, in the order in which they were named.
    public let runs: [RunSummary]
    /// Options that differ; nil where a training's kind has no such option.
    public let differences: [Row<String?>]
    /// The most images that all trainings have seen, in thousands; nil if one has no log.
    public let commonKimg: Double?
    /// Losses at that place, by the names that logs have; nil where a training does not tell.
    public let losses: [Row<Double?>]
    /// Where the picture of the losses was written.
    public let plot: String?
    /// Where the sheets were put beside one another.
    public let sheet: String?
  }

  /// The most trainings that are compared.
  public static let limit = 8

  private let folders: [String]

  /// A job that compares the folders of trainings.
  ///
  /// - Parameter folders: Two to eight folders.
  /// - Throws: `RequestError` if there are fewer or more.
  public init(_ folders: [String]) throws(RequestError) {
    guard (2...Self.limit).contains(folders.count) else {
      throw RequestError(
        "runs compare", expected: "2 to \(Self.limit) trainings", found: "\(folders.count)")
    }
    self.folders = folders
  }

  /// Compares the trainings.
  ///
  /// - Parameters:
  ///   - plot: The PNG file for a picture of the losses; nil for none.
  ///   - sheet: The PNG file for the newest sheets beside one another; nil for none.
  /// - Returns: What differs.
  /// - Throws: `FileError` if a training cannot be read or a picture not be written.
  public func run(plot: String?, sheet: String?) throws -> Outcome {
    let reports = try folders.map { folder in
      try Task.checkCancellation()
      let report = try RunReport(of: folder)
      if let damage = report.damage { throw damage }
      return report
    }
    let names = Self.names(reports.map(\.summary))
    // All that can fail comes before the first file is written.
    let sheets = try sheet.map { _ in try SheetComparison(zip(names, reports)).drawn() }
    if let plot {
      let curves = zip(names, reports).map { (name: $0, curves: $1.curves) }
      try RunPlot.write(curves, to: plot, source: folders.joined(separator: ", "))
    }
    if let sheet, let sheets {
      _ = try OutputFolder(of: sheet)
      try sheets.write(to: sheet)
    }
    let common = reports.map { $0.curves.kimg.last ?? 0 }.min().flatMap { $0 > 0 ? $0 : nil }
    let told = LossName.allCases.filter { name in reports.contains { $0.curves.tells(name) } }
    let losses = told.map { name in
      Row(
        name: name.rawValue,
        values: reports.map { run in
          run.curves.tells(name) ? common.flatMap { run.curves.value(of: name, at: $0) } : nil
        })
    }
    return Outcome(
      runs: reports.map(\.summary), differences: Self.differences(reports.map(\.options)),
      commonKimg: common, losses: losses, plot: plot,
      sheet: sheet)
  }

  /// Checks that pictures could be written, and that the trainings can be read.
  ///
  /// - Parameters:
  ///   - plot: The file for a picture of the losses.
  ///   - sheet: The file for the sheets.
  /// - Throws: What `run` would throw about these files.
  public static func check(plot: String?, sheet: String?) throws {
    try RunPlot.check(plot)
    try RunPlot.check(sheet)
  }

  private static func differences(_ all: [[RunReport.Option]]) -> [Row<String?>] {
    let names = OrderedSet(all.flatMap { $0.map(\.name) })
    return names.map { name in
      Row(name: name, values: all.map { run in run.first { $0.name == name }?.value })
    }.filter { Set($0.values).count > 1 }
  }

  /// A name for each training that no other has.
  private static func names(_ runs: [RunSummary]) -> [String] {
    let names = runs.map(\.name)
    return Set(names).count == names.count ? names : runs.map(\.folder)
  }
}

/// Sheets of several trainings in one picture, each under the name of its training.
struct SheetComparison {
  private let sheets: [(name: String, file: String)]

  /// The newest sheets of the same kimg, or else the newest of each.
  init(_ runs: some Sequence<(String, RunReport)>) throws(FileError) {
    let runs = Array(runs)
    let all = runs.map { Set($0.1.sheets.compactMap(RunFolder.kimg(ofSheet:))) }
    // That all began says nothing of what they learned.
    let common = all.dropFirst().reduce(all[0]) { $0.intersection($1) }.max().flatMap {
      $0 > 0 ? $0 : nil
    }
    var sheets: [(name: String, file: String)] = []
    for (name, run) in runs {
      let kimg = common ?? run.sheets.compactMap(RunFolder.kimg(ofSheet:)).max()
      guard let kimg, let file = run.sheets.last(where: { RunFolder.kimg(ofSheet: $0) == kimg })
      else {
        throw FileError(
          .missing, file: run.summary.folder, expected: "a sheet such as fakes000200.png",
          found: "none")
      }
      sheets.append((name, file))
    }
    self.sheets = sheets
  }

  /// Rows and columns that a sheet may take in the picture, in pixels.
  private static let side = 1024

  /// Draws the picture.
  func drawn() throws -> ByteImage {
    let pictures = try sheets.map { try ByteImage(path: $0.file).fitting(Self.side) }
    let (gap, caption) = (16, 40)
    let widths = pictures.map { max($0.width, 320) }
    var canvas = Canvas(
      width: widths.reduce(gap) { $0 + $1 + gap },
      height: (pictures.map(\.height).max() ?? 0) + caption + gap, background: .white)
    var x = gap
    for (index, picture) in pictures.enumerated() {
      let (name, file) = sheets[index]
      let text = "\(kimgText(RunFolder.kimg(ofSheet: file) ?? 0)) kimg  \(name)"
      canvas.text(
        text.fitted(to: widths[index] / Canvas.advance(scale: 1)), x: x, y: 8, colour: .ink,
        scale: 1)
      canvas.place(picture.inRGB, x: x, y: caption - 12)
      x += widths[index] + gap
    }
    return canvas.image
  }
}

extension String {
  /// The text with its end left out where it is longer.
  fileprivate func fitted(to count: Int) -> String {
    self.count <= count ? self : String(prefix(max(count - 3, 1))) + "..."
  }
}

extension ByteImage {
  /// The picture in RGB, smaller where a side is longer.
  fileprivate func fitting(_ side: Int) -> ByteImage {
    let scale = min(1, Double(side) / Double(max(width, height)))
    return inColour.resized(
      width: max(1, Int(Double(width) * scale)), height: max(1, Int(Double(height) * scale)),
      filter: .lanczos)
  }
}

// What an inversion gives: a row of figures for every photograph and stage, as a table and as JSON.

import Formats
import Foundation

extension InvertJob {
  /// A picture of a photograph's code.
  public struct Stage: Encodable, Sendable {
    /// How the code was found.
    public let stage: InversionStage
    /// How near the picture is to the photograph.
    public let figures: InversionFigures
    /// How long it took to find the code, or to tune.
    public let seconds: Double
    /// How long it took to draw the picture of the code; for a tuned generator it is part of the
    /// above.
    public let drawingSeconds: Double
  }

  /// What was made of a photograph.
  public struct Row: Encodable, Sendable {
    /// What its files begin with.
    public let name: String
    /// The photograph's path in its folder or archive.
    public let source: String
    /// The picture of the code.
    public let inverted: String
    /// The photograph and all pictures, side by side.
    public let compared: String
    /// The tuned generator, if there is one.
    public let tuned: String?
    /// The pictures, in the order in which they were made; the last one is `inverted`.
    public let stages: [Stage]
  }

  /// What was made.
  public struct Outcome: Encodable, Sendable {
    /// The photographs of which there are codes, in the order of the codes.
    public internal(set) var pictures: [Row] = []
    /// The photographs that were left out, in their order.
    public internal(set) var failures: [PictureFailure] = []
    /// How the figures came about.
    public let made: InversionProtocol
    /// What would give figures that are left out; nil if none is.
    public let remark: String?
    /// The file of all codes; nil if there are none.
    public internal(set) var codes: String?
    /// The sheet of all pictures; nil if there are none.
    public internal(set) var sheet: String?
    /// The file of all figures; nil if there are none.
    public internal(set) var metrics: String?

    init(_ made: InversionProtocol, remark: String?) { (self.made, self.remark) = (made, remark) }

    /// The mean of each stage's figures over the photographs.
    public var means: [Stage] {
      guard let first = pictures.first else { return [] }
      return first.stages.indices.map { index in
        let all = pictures.map { $0.stages[index] }
        return Stage(
          stage: first.stages[index].stage, figures: InversionFigures(meanOf: all.map(\.figures)),
          seconds: all.map(\.seconds).reduce(0, +) / Double(all.count),
          drawingSeconds: all.map(\.drawingSeconds).reduce(0, +) / Double(all.count))
      }
    }

    private enum CodingKeys: String, CodingKey {
      case pictures, failures, remark, codes, sheet, metrics, means
      case made = "protocol"
    }

    /// Writes all values, and the means.
    public func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(pictures, forKey: .pictures)
      try object.encode(means, forKey: .means)
      try object.encode(made, forKey: .made)
      try object.encode(failures, forKey: .failures)
      try object.encodeIfPresent(remark, forKey: .remark)
      try object.encodeIfPresent(codes, forKey: .codes)
      try object.encodeIfPresent(sheet, forKey: .sheet)
      try object.encodeIfPresent(metrics, forKey: .metrics)
    }

    /// The outcome as lines for people: a table of the figures, and the files.
    public var lines: [String] {
      guard !pictures.isEmpty else { return [] }
      var rows = pictures.flatMap { picture in picture.stages.map { row(picture.name, $0) } }
      if pictures.count > 1 { rows += means.map { row("mean", $0) } }
      let heading = [
        "picture", "by", "L2", "PSNR", "SSIM", "LPIPS", "identity", "seconds", "drawing",
      ]
      let size = made.size.map(String.init).joined(separator: "×")
      return Table.lines(heading: heading, rows)
        + ["compared at \(size) pixels; noise: the network's own, so the same every time"]
        + [sheet, codes, metrics].compactMap(\.self)
    }

    /// The most letters of a photograph's name in the table.
    private static let nameLimit = 24

    private func row(_ name: String, _ stage: Stage) -> [String] {
      func text(_ number: Double?, _ format: String) -> String {
        number.map { String(format: format, $0) } ?? ""
      }
      let figures = stage.figures
      return [
        name.shortenedInside(to: Self.nameLimit, by: "…"), stage.stage.rawValue,
        text(figures.l2, "%.4f"), text(figures.psnr, "%.1f"),
        text(figures.ssim, "%.3f"), text(figures.lpips, "%.3f"), text(figures.identity, "%.3f"),
        text(stage.seconds, "%.2f"), text(stage.drawingSeconds, "%.2f"),
      ]
    }
  }
}

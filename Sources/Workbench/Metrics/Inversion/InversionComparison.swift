// What a comparison of ways to invert found: numbers for each, a page for people, and a plot.

import Formats
import Foundation
import Networks

/// What several ways to invert came to on the same photographs.
public struct InversionComparison: Encodable, Sendable {
  /// What became of one photograph.
  public struct Picture: Encodable, Sendable {
    /// The photograph.
    public let name: String
    /// How near the picture of the code is to it.
    public let figures: InversionFigures
    /// How long it took to find the code and to draw it.
    public let seconds: Double
    /// The share of attributes that the picture shows as the photograph does; nil if nobody judged.
    public var attributes: Double?
    /// Whether the edited picture shows the attribute that was asked for, 1 or 0; nil if nobody knows.
    public var changed: Double?
    /// The share of all other attributes that the edited picture shows as the photograph does.
    public var kept: Double?

    /// All figures by the names that tables have.
    var named: [(name: String, value: Double?)] {
      figures.named + [("attributes", attributes), ("changed", changed), ("kept", kept)]
    }
  }

  /// One repetition of a way.
  public struct Run: Encodable, Sendable {
    /// The encoder's file; nil where there is none.
    public let encoder: String?
    /// The hash of the encoder's numbers.
    public let encoderHash: String?
    /// Where the random numbers of a search started; nil where there is none.
    public let seed: UInt32?
    /// Every photograph.
    public let pictures: [Picture]

    /// The mean of every figure over the photographs, and the median of the seconds.
    var means: [(name: String, value: Double?)] {
      let names = pictures.first?.named.map(\.name) ?? []
      let figures = names.indices.map { index -> (name: String, value: Double?) in
        let values = pictures.compactMap { $0.named[index].value }
        let isKnown = values.count == pictures.count
        return (names[index], isKnown ? values.reduce(0, +) / Double(values.count) : nil)
      }
      // The first photograph waits for memory and threads.
      let seconds = pictures.map(\.seconds).sorted()
      return figures + [("seconds", seconds.isEmpty ? nil : seconds[seconds.count / 2])]
    }
  }

  /// A way, and what it came to.
  public struct Method: Encodable, Sendable {
    /// What tables call it.
    public let name: String
    /// The options that make it what it is.
    public let options: [String]
    /// Its repetitions.
    public let runs: [Run]
    /// The figures over the repetitions, each the mean over all photographs; the median of seconds.
    public let numbers: [RepeatedNumber]

    init(_ name: String, options: [String], _ runs: [Run]) {
      (self.name, self.options, self.runs) = (name, options, runs)
      let means = runs.map(\.means)
      numbers = (means.first ?? []).indices.map { index in
        RepeatedNumber(means[0][index].name, means.map { $0[index].value })
      }.filter { $0.mean != nil }
    }

    init(_ method: InversionMethod, _ runs: [Run]) {
      self.init(method.name, options: method.options, runs)
    }

    /// A number by its name; nil if it was not measured.
    public subscript(name: String) -> RepeatedNumber? { numbers.first { $0.name == name } }
  }

  /// The generator, as people name it.
  public let network: String
  /// The content hash of the generator's numbers.
  public let generator: String?
  /// How many photographs were inverted.
  public let photographs: Int
  /// The width and height at which pictures are compared.
  public let size: [Int]
  /// What the average code comes to; nil before it is measured.
  public internal(set) var average: Run?
  /// The ways, in the order in which they were asked for.
  public internal(set) var methods: [Method] = []
  /// The networks that judged, by the names of what they measured.
  public let extractors: [String: InversionProtocol.Extractor]
  /// The content hashes of the classifiers, by name.
  public let classifiers: [String: String]
  /// The edit, in words; nil for none.
  public let edit: String?
  /// What would give figures that are left out; nil if none is.
  public let remark: String?
  /// The names of the sheets.
  public internal(set) var sheets: [String] = []
  /// The files that were written.
  public private(set) var files: [String] = []
  /// The command.
  public let command: String

  init(
    _ job: MetricsInversionJob, of traits: GeneratorTraits, generator: String?, photographs: Int,
    _ worker: ComparisonWorker
  ) {
    (network, self.generator, self.photographs) = (job.name, generator, photographs)
    let size = PictureJudge.size(traits)
    self.size = [size.width, size.height]
    let named = [
      ("lpips", worker.judge.extractors.lpips), ("identity", worker.judge.extractors.identity),
    ].compactMap { name, extractor in extractor.map { (name, $0) } }
    extractors = Dictionary(named) { first, _ in first }
      .merging(worker.judge.portraitExtractors ?? [:]) { first, _ in first }
    classifiers = worker.witness?.extractors ?? [:]
    edit = job.edit.map { edit in
      let asked = edit.attribute.map { ", for \($0)" } ?? ""
      return "direction \(edit.direction) of \(edit.directions.path), strength "
        + fourDigits(edit.strength) + asked
    }
    remark = job.judges.portraits ? nil : job.judges.remark
    command = job.command
  }

  // MARK: For people

  /// What people compare first: the distance as they see it, if there is one.
  private var distance: String {
    let known = average.map { Method("", options: [], [$0]).numbers.map(\.name) } ?? []
    return ["lpips", PortraitJudges.distanceName].first(where: known.contains) ?? "mse"
  }

  private var rows: [Method] {
    (average.map { [Method(MetricsInversionJob.averageName, options: [], [$0])] } ?? []) + methods
  }

  /// The table's heading and rows.
  private var table: (heading: [String], rows: [[String]]) {
    let rows = rows
    let names = (rows.first?.numbers.map(\.name) ?? []).filter { $0 != "psnr" }
    let change = "\(distance), to \(MetricsInversionJob.averageName)"
    let first = rows.first?[distance]?.mean
    return (
      ["", "repetitions"] + names + [change],
      rows.map { method in
        [method.name, "\(method.runs.count)"]
          + names.map { name in method[name]?.text ?? "–" }
          + [RepeatedNumber.change(from: first, to: method[distance]?.mean)]
      }
    )
  }

  /// The numbers as a table, and the files.
  public var lines: [String] {
    Table.lines(heading: table.heading, table.rows) + files
  }

  private var page: String {
    let files = MetricsInversionJob.files
    let size = size.map(String.init).joined(separator: "×")
    let parts: [[String]] = [
      ["# Ways to invert", "", "Made by `\(command)`, Stylist \(stylistVersion).", ""],
      Table.page(heading: table.heading, table.rows),
      [
        "",
        "\(counted(photographs, "photograph")), compared at \(size) pixels: means over them, then mean and "
          + "deviation over repetitions. Seconds are the median of a photograph, with its picture; "
          + "\(MetricsInversionJob.averageName) is the generator's average code for every photograph.",
      ],
      edit.map { edit in
        [
          "",
          "Edited: \(edit). `changed` is the share of edited pictures that show what was asked for, `kept` "
            + "the share of other attributes that they show as the photographs do.",
        ]
      } ?? [],
      [""], methods.map { "- \($0.name): `\($0.options.joined(separator: " "))`" },
      ["", "![\(distance) over seconds](\(files.plot))", ""],
      sheets.flatMap { ["![Photographs, and below each what the ways make of it](\($0))", ""] },
      ["## How it was measured", ""],
      ["- generator \(network): content hash `\(generator ?? "none")`"],
      extractors.sorted { $0.key < $1.key }.map {
        "- \($0.key): \($0.value.kind), content hash `\($0.value.hash)`"
      },
      classifiers.sorted { $0.key < $1.key }.map { "- \($0.key): content hash `\($0.value)`" },
      remark.map { ["- \($0)"] } ?? [],
    ]
    return parts.flatMap(\.self).joined(separator: "\n") + "\n"
  }

  // MARK: Files

  /// Writes the numbers, the page and the plot.
  mutating func write(into folder: OutputFolder) throws {
    let (page, files) = (Array(page.utf8), MetricsInversionJob.files)
    self.files = ([files.page, files.numbers, files.plot] + sheets).map(folder.file)
    try writeAtomically(to: folder.file(files.page)) { try $0.write(page) }
    try writeJSON(self, to: folder.file(files.numbers))
    let provenance = Provenance(command: command, network: network)
    try PNG(image: plot, texts: provenance.texts).write(to: folder.file(files.plot))
  }

  /// The distance of every way over the seconds that it takes, with that of the average code as a line.
  private var plot: ByteImage {
    let size = PanelFrame.size
    func point(_ method: Method) -> (x: Double, y: Double) {
      (max(method["seconds"]?.mean ?? 0, 1e-4), method[distance]?.mean ?? .nan)
    }
    let points = methods.map(point)
    let seconds = points.map(\.x)
    let ends = [(seconds.min() ?? 1) / 1.1, (seconds.max() ?? 1) * 1.1]
    let level = average.flatMap { Method("", options: [], [$0])[distance]?.mean } ?? .nan
    let lines =
      [LinePanel.Line(colour: .series(0), width: 2, x: ends, y: [level, level])]
      + points.enumerated().map { index, point in
        LinePanel.Line(
          colour: .series(index + 1), width: 4, x: [point.x], y: [point.y], isDotted: true,
          label: methods[index].name)
      }
    let legend = Legend(names: rows.map(\.name))
    var canvas = Canvas(
      width: size.width, height: size.height + legend.height, background: .white)
    LinePanel(
      title: "\(distance) of \(counted(photographs, "photograph"))",
      unit: "seconds a photograph, logarithmic", horizontal: Axis(logarithmicFor: ends),
      vertical: Axis(fromZeroTo: lines.flatMap(\.y)), lines: lines
    ).draw(x: 0, y: 0, on: &canvas)
    legend.draw(y: size.height, width: size.width, on: &canvas)
    return canvas.image
  }
}

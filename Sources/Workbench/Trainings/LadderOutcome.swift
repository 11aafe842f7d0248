// What a ladder found: numbers for each rung over its seeds, a page for people, a plot and pictures.

import Formats
import Foundation
import Networks
import Training

/// What the trainings of a ladder came to, so far.
public struct LadderOutcome: Encodable, Sendable {
  /// What one rung came to.
  public struct Rung: Encodable, Sendable {
    /// What it is called.
    public let name: String
    /// What makes it what it is.
    public let options: [String]
    /// Numbers that training optimises in the generator, or the encoder; nil before its first training.
    public let parameters: Int?
    /// Its trainings, in the order of the seeds; those that have not begun are nil.
    public let runs: [RunSummary?]
    /// What was measured at their ends.
    public let numbers: [RepeatedNumber]
    /// Seconds for a thousand images, the mean of the trainings.
    public let secondsPerKimg: Double?

    /// The metric over thousands of images, the mean of all trainings that were measured there.
    func curve(of name: String) -> [MetricPoint] {
      let histories = runs.compactMap { run in run?.metrics.first { $0.name == name } }
      let all = Dictionary(grouping: histories.flatMap(\.points), by: \.kimg)
      return all.sorted { $0.key < $1.key }.filter { $0.value.count == histories.count }.map {
        MetricPoint(
          kimg: $0.key, value: $0.value.map(\.value).reduce(0, +) / Double($0.value.count))
      }
    }
  }

  /// What the ladder is called.
  public let name: String
  /// What is trained, as people type it: `gan` or `encoder`.
  public let kind: String
  /// The rungs, the first being what the others are compared with.
  public let rungs: [Rung]
  /// Where trainings started.
  public let seeds: [UInt32]
  /// Trainings that ended for losses that are no numbers, and why.
  public let diverged: [String]
  /// The command.
  public let command: String
  /// The folder of everything.
  public let folder: String

  init(of job: LadderJob, diverged: [String]) throws {
    (name, seeds, self.diverged) = (job.name, job.seeds, diverged)
    kind = job.kind
    (command, folder) = (job.command, job.outdir)
    rungs = job.rungs.map { rung in
      let folders = job.seeds.map { job.run(of: rung.name, seed: $0) }
      let runs = folders.map { $0.map { RunSummary(of: $0) } }
      let names = runs.compactMap { $0?.metrics.map(\.name) }.first ?? []
      let numbers = names.map { name in
        RepeatedNumber(name, runs.map { run in run?.metrics.first { $0.name == name }?.last })
      }
      let times = runs.compactMap { $0?.secondsPerKimg }
      let network = folders.compactMap(\.self).first.flatMap { folder in
        try? RunReport(of: folder).trained.first
      }
      return Rung(
        name: rung.name, options: rung.options, parameters: network?.parameters, runs: runs,
        numbers: numbers,
        secondsPerKimg: times.isEmpty ? nil : times.reduce(0, +) / Double(times.count))
    }
  }

  /// The metrics, in the order of the first rung that has any; those of the average code, which has
  /// learned nothing, are a row of their own.
  private var metrics: [String] {
    let all = rungs.lazy.map { $0.numbers.map(\.name) }.first { !$0.isEmpty } ?? []
    return all.filter { !$0.hasPrefix(Self.ofAverage) }
  }

  private static let ofAverage = "inversion_average_"

  /// What encoders are compared with besides one another: the code that is the same for every picture.
  private var averageRow: [String]? {
    guard kind == EncoderTrainingOptions.kind else { return nil }
    let cells = metrics.flatMap { name -> [String] in
      let other = name.replacing("inversion_", with: Self.ofAverage)
      let number = rungs[0].numbers.first { $0.name == other }?.mean
      let first = rungs[0].numbers.first { $0.name == name }?.mean
      return [
        number.map(fewDigits) ?? "–", "", RepeatedNumber.change(from: first, to: number),
      ]
    }
    return ["the average code", "", ""] + cells + [""]
  }

  // MARK: For people

  /// The table's heading and rows.
  private var table: (heading: [String], rows: [[String]]) {
    let seeds = counted(seeds.count, "seed")
    let heading =
      ["rung", kind == GANOptions.kind ? "generator" : kind, "kimg"]
      + metrics.flatMap { ["\($0), \(seeds)", "deviation", "to \(rungs[0].name)"] }
      + ["seconds per kimg"]
    let rows = rungs.map { rung -> [String] in
      let kimg = rung.runs.map { $0?.kimg ?? 0 }.min() ?? 0
      let numbers = metrics.flatMap { name -> [String] in
        let number = rung.numbers.first { $0.name == name }
        let first = rungs[0].numbers.first { $0.name == name }?.mean
        return [
          number?.mean.map(fewDigits) ?? "–", number?.deviation.map(fewDigits) ?? "",
          RepeatedNumber.change(from: first, to: number?.mean),
        ]
      }
      return [rung.name, rung.parameters.map(grouped) ?? "–", kimgText(kimg)] + numbers
        + [rung.secondsPerKimg.map(fewDigits) ?? "–"]
    }
    return (heading, rows + (averageRow.map { [$0] } ?? []))
  }

  /// The numbers as a table, and the files.
  public var lines: [String] {
    let files = LadderJob.files
    return Table.lines(heading: table.heading, table.rows) + diverged
      + [files.page, files.numbers, files.curves, files.pictures]
      .map { OutputFolder.file($0, in: folder) }
      .filter(FileManager.default.fileExists)
  }

  /// The page: the table, what each rung is, the plot and the pictures.
  private var page: String {
    func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
    let files = LadderJob.files
    let parts: [[String]] = [
      ["# Ladder \(name)", "", "Made by `\(command)`, Stylist \(stylistVersion).", ""],
      [line(table.heading), line(table.heading.map { _ in "---" })], table.rows.map(line),
      [
        "", "Each number is the mean over seeds \(seeds.map(String.init).joined(separator: ", ")).",
        "",
      ],
      rungs.map { "- \($0.name): `\($0.options.joined(separator: " "))`" }, [""],
      diverged.map { "- ended early: \($0)" },
      ["![\(metrics.first ?? "") over thousands of images](\(files.curves))", ""],
      ["![Pictures, a row for each rung](\(files.pictures))"],
    ]
    return parts.flatMap(\.self).joined(separator: "\n") + "\n"
  }

  // MARK: Files

  private var provenance: Provenance { Provenance(command: command, network: "ladder \(name)") }

  /// Writes the numbers, the page, and the plot if anything was measured twice.
  func write(into folder: OutputFolder) throws {
    let page = Array(page.utf8)
    try writeAtomically(to: folder.file(LadderJob.files.page)) { try $0.write(page) }
    try writeJSON(self, to: folder.file(LadderJob.files.numbers))
    if let plot {
      try PNG(image: plot, texts: provenance.texts).write(to: folder.file(LadderJob.files.curves))
    }
  }

  /// The first metric over thousands of images, a line for each rung; nil if nothing was measured.
  private var plot: ByteImage? {
    guard let metric = metrics.first else { return nil }
    let curves = rungs.map { $0.curve(of: metric) }
    guard let most = curves.joined().map(\.kimg).max() else { return nil }
    let size = PanelFrame.size
    let legend = Legend(names: rungs.map(\.name))
    var canvas = Canvas(
      width: size.width, height: size.height + legend.height, background: .white)
    let lines = curves.enumerated().map { index, points in
      LinePanel.Line(
        colour: .series(index), width: 2.5, x: points.map(\.kimg), y: points.map(\.value),
        isDotted: true)
    }
    LinePanel(
      title: "\(metric), mean of \(counted(seeds.count, "seed"))", unit: "kimg",
      horizontal: Axis(from: 0, to: most), vertical: Axis(fromZeroTo: lines.flatMap(\.y)),
      lines: lines
    ).draw(x: 0, y: 0, on: &canvas)
    legend.draw(y: size.height, width: size.width, on: &canvas)
    return canvas.image
  }

  /// Draws pictures with the newest network of each rung, from its first seed.
  func writePictures(of job: LadderJob, into folder: OutputFolder) async throws {
    let trained = zip(job.rungs, rungs).compactMap { asked, rung -> TrainedRung? in
      guard let run = rung.runs.lazy.compactMap(\.self).first,
        let network = RunFolder.networks(in: run.folder).first
      else { return nil }
      return TrainedRung(
        name: rung.name, request: asked.request, folder: run.folder, network: network)
    }
    guard let first = trained.first,
      let image = try await type(of: first.request).sheet(of: trained, of: name)
    else { return }
    try PNG(image: image, texts: provenance.texts).write(to: folder.file(LadderJob.files.pictures))
  }
}

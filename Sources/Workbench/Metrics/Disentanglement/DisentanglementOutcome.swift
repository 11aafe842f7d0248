// What a study of disentanglement found: numbers, a page for people, and the files of both.

import Formats
import Metrics
import Networks
import OrderedCollections

extension DisentanglementJob {
  /// What was measured, and how.
  public struct Outcome: Encodable, Sendable {
    /// One network's numbers.
    public struct Network: Encodable, Sendable {
      /// What tables call it.
      public let name: String
      /// Its file.
      public let file: String
      /// What kind of network it is.
      public let kind: String
      /// The content hash of its weights.
      public let generator: String
      /// What was measured, in the order of the table.
      public let findings: [MetricsGeneratorJob.Finding]

      init(_ subject: Subject, _ outcome: MetricsGeneratorJob.Outcome) {
        (name, file, kind) = (subject.name, subject.file, subject.summary.kind)
        (generator, findings) = (outcome.generator, outcome.findings)
      }

      /// A number by its published name; nil if it was not measured.
      public subscript(name: String) -> Double? { findings.lazy.compactMap { $0[name] }.first }
    }

    /// A number of every network.
    public struct Row: Encodable, Hashable, Sendable {
      /// What it is, in words.
      public let title: String
      /// Its published name.
      public let name: String
      /// The numbers, in the order of the networks.
      public let values: [Double?]
    }

    /// The networks.
    public let networks: [Network]
    /// The numbers, in the order of the paper's tables.
    public let rows: [Row]
    /// How much was drawn of each network.
    public let counts: Counts
    /// The data; nil if nothing was compared with any.
    public let data: MetricsGeneratorJob.DataSide?
    /// The content hashes of the networks that judged, by name.
    public let extractors: [String: String]
    /// The rules.
    public let rules: MetricRules
    /// The seed of the first picture and path.
    public let seed: UInt32
    /// The truncation of all pictures.
    public let truncation: Double
    /// Where their noise came from.
    public let noise: NoiseKind
    /// What is questionable about the numbers, or left out, a line each.
    public let remarks: [String]
    /// The command.
    public let command: String
    /// The files that were written.
    public let files: [String]

    init(
      networks: [Network], counts: Counts, measured: MetricsGeneratorJob.Outcome, seed: UInt32,
      remarks: [String], command: String, files: [String]
    ) {
      (self.networks, self.counts, self.seed) = (networks, counts, seed)
      (data, extractors, rules) = (measured.data, measured.extractors, measured.rules)
      (truncation, noise) = (measured.truncation, measured.noise)
      (self.remarks, self.command, self.files) = (remarks, command, files)
      let names = networks.first.map { $0.findings.flatMap(\.results.keys) } ?? []
      rows = names.map { name in
        Row(title: Self.title(name), name: name, values: networks.map { $0[name] })
      }
    }

    /// What a number is, in words.
    private static func title(_ name: String) -> String {
      if name.hasPrefix("ls_") { return "separability in \(name.suffix(1).uppercased())" }
      guard name.hasPrefix("ppl_") else {
        let latents = name.wholeMatch(of: /.+-mix(\d)/).flatMap { Int($0.1) } ?? 1
        return "distance, \(counted(latents, "latent")) a picture"
      }
      let space = name.dropFirst(4).prefix(1).uppercased()
      let places = name.contains("full") ? "anywhere on the path" : "at the path's start"
      return "path length in \(space), \(places)"
    }

    // MARK: For people

    /// The numbers as a table, and the files.
    public var lines: [String] {
      let table = Table.lines(
        heading: ["", "name"] + networks.map(\.name),
        rows.map { row in [row.title, row.name] + row.values.map(Self.text) })
      return table + files
    }

    private static func text(_ value: Double?) -> String { value.map(fewDigits) ?? "–" }

    /// The page: plots, the table, sheets, and how everything was measured.
    var page: String {
      func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
      let columns = networks.map { Self.inTable($0.name) }
      let table =
        [
          line(["", "name"] + columns),
          "|---|---|" + String(repeating: "---|", count: columns.count),
        ]
        + rows.map { line([$0.title, "`\($0.name)`"] + $0.values.map(Self.text)) }
      let plots = DisentanglementPlots(self).all.map { "![\($0.words)](\($0.name))" }
      let sheets = networks.indices.flatMap { index in
        [
          "![Pictures of \(columns[index]), mixed of more and more latents]"
            + "(\(DisentanglementJob.sheetName(index, of: networks.count)))", "",
        ]
      }
      let parts: [[String]] = [
        ["# Disentanglement", "", "Made by `\(command)`, Stylist \(stylistVersion).", ""],
        table, [""], plots.flatMap { [$0, ""] },
        ["## The pictures", ""], sheets, ["## How it was measured", ""], explanations,
        networks.map { "- `\($0.name)`: \($0.kind), content hash `\($0.generator)`" },
        extractors.sorted { $0.key < $1.key }.map { "- \($0.key): content hash `\($0.value)`" },
        remarks.isEmpty ? [] : ["", "## Remarks", ""], remarks.map { "- \($0)" },
      ]
      return parts.flatMap(\.self).joined(separator: "\n") + "\n"
    }

    private static func inTable(_ name: String) -> String { name.replacing("|", with: "\\|") }

    private var explanations: [String] {
      let names = rows.map(\.name)
      func tells(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
      let isOfPortraits = names.contains { $0.hasPrefix("ppl") && $0.contains("-portraits") }
      let all: [String?] = [
        "- Lower is better everywhere. Pictures and paths are those of the seeds from \(seed) on, "
          + "without truncation, with noise drawn anew.",
        tells("ppl")
          ? "- Path lengths are of \(grouped(counts.paths)) paths: how unlike two pictures look a "
            + "small step of the latent apart, squared, over the step squared."
            + (isOfPortraits
              ? " Unlikeness is that of the features of `attributes-portraits64`, of whole "
                + "pictures: compare with such numbers alone." : "")
          : nil,
        tells("ls")
          ? "- Separability is of \(grouped(counts.judged)) pictures: 2 to the sum of what planes "
            + "leave unknown of \(counted(attributeCount, "attribute")), 1 without a mistake."
          : nil,
        tells("fid")
          ? "- Distances are between \(grouped(counts.pictures)) pictures and "
            + "`\(data?.source ?? "")`"
            + (tells("fid-portraits") ? ", and are no FID" : "")
            + ". A picture of several latents has its own in the coarsest rows of W+, and others "
            + "from random rows on." : nil,
      ]
      return all.compactMap(\.self)
    }

    private var attributeCount: Int {
      networks.first?.findings.lazy.compactMap(\.attributes).first?.count ?? 0
    }

    // MARK: Files

    /// Writes the numbers, the page, plots and sheets.
    func write(into folder: OutputFolder, sheets: [ByteImage]) throws {
      let provenance = Provenance(
        command: command, network: networks.map(\.name).joined(separator: ", "))
      func write(_ image: ByteImage, _ name: String) throws {
        try PNG(image: image, texts: provenance.texts).write(to: folder.file(name))
      }
      for plot in DisentanglementPlots(self).all { try write(plot.image, plot.name) }
      for (index, sheet) in sheets.enumerated() {
        try write(sheet, DisentanglementJob.sheetName(index, of: sheets.count))
      }
      let page = Array(page.utf8)
      try writeAtomically(to: folder.file("disentanglement.md")) { try $0.write(page) }
      try writeJSON(self, to: folder.file("disentanglement.json"))
    }
  }
}

// What people read of a comparison of ways to edit: tables, a page, and a plot.

import Formats
import Foundation

extension EditingComparison {
  // MARK: Tables

  /// What stands behind a success that no strength reached.
  private static let mark = " *"

  private var rows: [Method] { (unedited.map { [$0] } ?? []) + methods }

  /// The names of numbers, of all rows.
  private func names(_ numbers: [[RepeatedNumber]]) -> [String] {
    numbers.max { $0.count < $1.count }?.map(\.name) ?? []
  }

  private func cells(
    _ numbers: [RepeatedNumber], _ names: [String], isReached: Bool
  ) -> [String] {
    names.map { name in
      let text = numbers.first { $0.name == name }?.text ?? "–"
      return name == "success" && !isReached ? text + Self.mark : text
    }
  }

  /// The table of all attributes: its heading and rows.
  private var table: (heading: [String], rows: [[String]]) {
    let rows = rows
    let names = names(rows.map(\.numbers))
    return (
      ["", "repetitions"] + names,
      rows.map { method in
        [method.name, "\(method.runs.count)"]
          + cells(method.numbers, names, isReached: method.reaches())
      }
    )
  }

  /// The table of each attribute by itself.
  private var attributeTable: (heading: [String], rows: [[String]]) {
    let names = names(methods.flatMap { Array($0.attributes.values) })
    let rows = attributes.flatMap { attribute in
      methods.map { method in
        [attribute, method.name]
          + cells(
            method.attributes[attribute] ?? [], names, isReached: method.reaches(attribute))
      }
    }
    return (["attribute", ""] + names, rows)
  }

  /// The numbers as tables, and the files.
  public var lines: [String] {
    let (table, attributeTable) = (table, attributeTable)
    let single =
      attributes.count > 1
      ? [""] + Table.lines(heading: attributeTable.heading, attributeTable.rows) + [""] : []
    return Table.lines(heading: table.heading, table.rows) + single + files
  }

  // MARK: The page

  private var page: String {
    let files = MetricsEditingJob.files
    let (table, attributeTable) = (table, attributeTable)
    let head: [[String]] = [
      ["# Ways to edit", "", "Made by `\(command)`, Stylist \(stylistVersion).", ""],
      Table.page(heading: table.heading, table.rows), ["", explanation, ""],
      ["## By attribute", ""], Table.page(heading: attributeTable.heading, attributeTable.rows),
      [""], methods.map { "- \($0.name): `\($0.options.joined(separator: " "))`" },
      ["", "![Success over what is kept](\(files.plot))", ""],
      sheet.map { ["![Codes, and beside each what the ways make of it](\($0))", ""] } ?? [],
    ]
    let runs = methods.flatMap { method in
      method.runs.map { run in
        "- \(method.name), repetition \(run.repetition): \(run.file ?? ""), "
          + "hash `\(run.fileHash ?? "none")`"
      }
    }
    let tail: [[String]] = [
      ["## How it was measured", "", "- generator \(network): content hash `\(generator)`"],
      ["- codes: \(codes)"], runs,
      extractors.sorted { $0.key < $1.key }.map {
        "- \($0.key): \($0.value.kind), content hash `\($0.value.hash)`"
      },
      classifiers.sorted { $0.key < $1.key }.map { "- \($0.key): content hash `\($0.value)`" },
      data.map { ["- compared with \($0)"] } ?? [], remarks.map { "- \($0)" },
    ]
    return (head + tail).flatMap(\.self).joined(separator: "\n") + "\n"
  }

  private var explanation: String {
    let each = counted(count, "code")
    let distance = metric.map { name in
      " `\(name)` is the distance of edited pictures of all attributes from data, "
        + "\(grouped(count * attributes.count)) of them, and of \(grouped(count)) unedited ones: "
        + "distances of fewer pictures are larger."
    }
    return "\(each) a repetition: each attribute is given where a classifier does not see it, and "
      + "taken away where it does, with the smallest strength at which \(plain(success)) of the "
      + "pictures are as asked. There `success` is that share, `kept` the share of other "
      + "attributes that are seen as before, `dependency` how much their logits changed, in "
      + "deviations of each, "
      + "`change` the length of the code's change. Means over codes and attributes, then mean and "
      + "deviation over repetitions." + (distance ?? "")
  }

  // MARK: Files

  /// Writes the numbers, the page and the plot.
  mutating func write(into folder: OutputFolder) throws {
    let names = MetricsEditingJob.files
    let sheets = sheet.map { [$0] } ?? []
    files = ([names.page, names.numbers, names.plot] + sheets).map(folder.file)
    let text = Array(page.utf8)
    try writeAtomically(to: folder.file(names.page)) { try $0.write(text) }
    try writeJSON(self, to: folder.file(names.numbers))
    let provenance = Provenance(command: command, network: network)
    try PNG(image: plot, texts: provenance.texts).write(to: folder.file(names.plot))
  }

  // MARK: The plot

  /// Success over what is kept: a line for each way through the strengths that all of its
  /// attributes and repetitions tried, with a large dot where strengths are matched.
  private var plot: ByteImage {
    let size = PanelFrame.size
    let curves = methods.map(\.curve)
    let matched = methods.map { method -> Point? in
      guard let kept = method["kept"]?.mean, let success = method["success"]?.mean else {
        return nil
      }
      return Point(strength: method["strength"]?.mean ?? 0, success: success, kept: kept)
    }
    let least = (curves.joined().map(\.kept) + matched.compactMap { $0?.kept }).min() ?? 0
    // Room for the dots at both ends.
    let low = max(-0.02, min(least, 0.98) - 0.02)
    var lines = [
      LinePanel.Line(colour: .faint, width: 1, x: [low, 1.02], y: [success, success])
    ]
    for (index, curve) in curves.enumerated() {
      let points = (curve + [matched[index]].compactMap(\.self)).sorted {
        $0.strength < $1.strength
      }
      let colour = Colour.series(index)
      lines.append(
        LinePanel.Line(
          colour: colour, width: 2, x: points.map(\.kept), y: points.map(\.success),
          isDotted: true))
      guard let point = matched[index] else { continue }
      lines.append(
        LinePanel.Line(
          colour: colour, width: 9, x: [point.kept], y: [point.success], isDotted: true))
    }
    let legend = Legend(
      names: methods.map(\.name), note: "large dots: matched strengths")
    var canvas = Canvas(
      width: size.width, height: size.height + legend.height, background: .white)
    LinePanel(
      title: "success of edits", unit: "share of other attributes kept",
      horizontal: Axis(from: low, to: 1.02), vertical: Axis(from: 0, to: 1.05), lines: lines
    ).draw(x: 0, y: 0, on: &canvas)
    legend.draw(y: size.height, width: size.width, on: &canvas)
    return canvas.image
  }
}

extension EditingComparison.Method {
  /// The means at each strength that all attributes and repetitions tried, from none on.
  fileprivate var curve: [EditingComparison.Point] {
    let curves = runs.flatMap { $0.attributes.map(\.curve) }.filter { !$0.isEmpty }
    let all = Dictionary(grouping: curves.joined(), by: \.strength)
    let common = all.values.filter { $0.count == curves.count }.map { points in
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      return EditingComparison.Point(
        strength: points[0].strength, success: mean(points.map(\.success)),
        kept: mean(points.map(\.kept)))
    }
    let none = EditingComparison.Point(strength: 0, success: 0, kept: 1)
    return ([none] + common).sorted { $0.strength < $1.strength }
  }
}

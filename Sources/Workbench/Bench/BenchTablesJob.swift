// Tables and plots of what benchmarks measured, as a page for people.

import Formats
import Foundation
import Tensors

/// Puts lines of `stylist bench --json` together into a page with tables and plots.
public struct BenchTablesJob: Sendable {
  /// Files with timings of networks as they are; those of other programs are compared with ours in
  /// the same file, which were made in turn with them.
  public var lines: [String]
  /// Files with timings at several resolutions and batches, each of which makes a plot of its own.
  public var growth: [String]
  /// The command, which stands on the page and in the plots.
  public var command: String

  /// A job that reads these files.
  public init(lines: [String], growth: [String], command: String) {
    (self.lines, self.growth, self.command) = (lines, growth, command)
  }

  /// The names of the files that are written.
  public var fileNames: [String] { ["RESULTS.md"] + growth.map(Self.plotName) }

  /// Reads the files, and writes `RESULTS.md` and a plot for each file of growth.
  ///
  /// - Parameter outdir: The folder to write into.
  /// - Returns: The files, the page first.
  /// - Throws: `FileError` if a file cannot be read or written.
  public func run(into outdir: String) throws -> [String] {
    let files = try lines.map { try [BenchLine].reading($0) }
    let measured = files.flatMap(\.self)
    // Timings in turn with another program's stand in one file with them.
    let inTurn = files.filter { $0.contains { $0.system != "stylist" } }.flatMap(\.self)
    let grown = try growth.map { (path: $0, lines: try [BenchLine].reading($0)) }
    if let empty = grown.first(where: { $0.lines.allSatisfy { $0.resolution == nil } }) {
      throw MisfitError(empty.path, expected: "timings with a resolution", found: "none")
    }
    let tables = own(measured) + formats(measured) + peers(inTurn)
    if grown.isEmpty, tables.isEmpty {
      throw MisfitError(
        lines.joined(separator: ", "), expected: "timings of stylist",
        found: "those of pytorch alone")
    }
    let folder = try OutputFolder(making: outdir)
    for (path, lines) in grown {
      let timings = lines.timings { $0.resolution != nil }
      let image = GrowthPlot(timings).image
      try PNG(image: image, texts: [PNG.Text(key: "Command", value: command)]).write(
        to: folder.file(Self.plotName(path)))
    }
    let page =
      heading(measured + grown.flatMap(\.lines)) + tables
      + grown.flatMap { cost($0.path, $0.lines) }
    let text = page.joined(separator: "\n") + "\n"
    try writeAtomically(to: folder.file("RESULTS.md")) { sink in
      try sink.write(ByteRegion(Array(text.utf8), name: "RESULTS.md"))
    }
    return fileNames.map(folder.file)
  }

  private static func plotName(_ path: String) -> String {
    "growth-\(fileStem(ofPicture: URL(filePath: path).lastPathComponent)).png"
  }

  // MARK: Parts of the page

  private func heading(_ all: [BenchLine]) -> [String] {
    func values(_ value: (BenchLine) -> String?) -> [String] {
      Set(all.compactMap(value)).sorted()
    }
    let days = values(\.date)
    let day = days.count > 1 ? "\(days[0]) to \(days[days.count - 1])" : days.first
    let threads = Set(all.map(\.threads)).sorted().map(String.init).joined(separator: ", ")
    let machines = values(\.machine).joined(separator: "; ")
    let made = [
      day, machines.isEmpty ? "unknown machine" : machines, "\(threads) threads",
      values(\.libtorch).isEmpty
        ? nil : "libtorch \(values(\.libtorch).joined(separator: " and "))",
    ].compactMap(\.self).joined(separator: ", ")
    return [
      "# Results", "", "\(made). Made by `\(command)`.", "",
      "- **s** is seconds for an image, the median of all rounds, and of several lines of the same the "
        + "median of those; **best** are those of the quickest round. **First image** is seconds from the start of the program, which are the system's "
        + "affair, too: where pages have to be fetched first, they are a second more.",
      "- **MiB** is what the work takes beyond what the program holds before it makes the network, "
        + "its weights among it.",
      "- **GFLOP** are those of the network's definition, two for a multiply-add, and **GFLOP/s** "
        + "as many in a second. **Ceiling** is their share of the most that oneDNN computes on the "
        + "same machine, measured in the same program. More than 100 % is Winograd's filtering, "
        + "which needs a quarter of a 3×3 convolution's multiplications.",
      "- Parts of this page were measured one after the other: compare within a table.", "",
    ]
  }

  /// Everything that was timed here.
  private func own(_ all: [BenchLine]) -> [String] {
    let rows = all.timings { $0.system == "stylist" && $0.dtype == "float32" }.map { timing in
      let line = timing.line
      return [
        name(timing.work, among: all), pixels(timing.work), "\(timing.work.batch)",
        seconds(timing.seconds), seconds(timing.best),
        line.firstImageS.map { String(format: "%.2f", $0) } ?? "", mib(timing.mib),
        line.gflopPerImage.map { String(format: "%.2f", $0) } ?? "",
        timing.gflops.map { String(format: "%.0f", $0) } ?? "", percent(timing.fraction),
      ]
    }
    return section(
      "Every network",
      [
        "network", "pixels", "batch", "s", "best", "first image", "MiB", "GFLOP", "GFLOP/s",
        "ceiling",
      ], rows)
  }

  /// bfloat16, beside float32 where that was timed, too.
  private func formats(_ all: [BenchLine]) -> [String] {
    let single = all.timings { $0.system == "stylist" && $0.dtype == "float32" }
    let rows = all.timings { $0.system == "stylist" && $0.dtype == "bfloat16" }.map { half in
      let full = single.first { $0.work.isSame(as: half.work) }
      let isEqual = half.line.equalsFloat32 == true
      return [
        name(half.work, among: all), pixels(half.work), "\(half.work.batch)",
        full.map { seconds($0.seconds) } ?? "", seconds(half.seconds),
        isEqual ? "–" : full.map { ratio($0.seconds, half.seconds) } ?? "",
        // A share of what bfloat16 could do says nothing of float32.
        isEqual ? "–" : percent(half.fraction),
        isEqual
          ? "computed in float32" : half.line.psnr.map { String(format: "%.1f dB", $0) } ?? "",
      ]
    }
    return section(
      "bfloat16",
      ["network", "pixels", "batch", "float32, s", "bfloat16, s", "ratio", "ceiling", "PSNR"],
      rows)
  }

  /// What was timed in turn with PyTorch.
  private func peers(_ all: [BenchLine]) -> [String] {
    let plain = all.timings { $0.system == "pytorch" && $0.allocator != "tuned" }
    let tuned = all.timings { $0.system == "pytorch" && $0.allocator == "tuned" }
    let rows = all.timings { $0.system == "stylist" && $0.attention == nil }.flatMap {
      own -> [[String]] in
      guard let peer = plain.first(where: { $0.isPeer(of: own) }) else { return [] }
      let better = tuned.first { $0.isPeer(of: own) }
      let phases = own.phases.keys.sorted().compactMap { phase -> [String]? in
        guard let mine = own.phases[phase], let theirs = peer.phases[phase] else { return nil }
        let best = better?.phases[phase]
        return [
          "– \(phase)", pixels(own.work), "\(own.work.batch)", seconds(theirs),
          best.map(seconds) ?? "",
          seconds(mine), ratio(theirs, mine), best.map { ratio($0, mine) } ?? "", "", "",
        ]
      }
      let whole = [
        name(own.work, among: all), pixels(own.work), "\(own.work.batch)", seconds(peer.seconds),
        better.map { seconds($0.seconds) } ?? "", seconds(own.seconds),
        ratio(peer.seconds, own.seconds), better.map { ratio($0.seconds, own.seconds) } ?? "",
        percent(own.mib / peer.mib), percent(own.fraction),
      ]
      return [whole] + phases
    }
    return section(
      "Beside PyTorch",
      [
        "network", "pixels", "batch", "PyTorch, s", "tuned, s", "Stylist, s", "ratio", "to tuned",
        "memory", "ceiling",
      ], rows,
      after: [
        "Timed in turn with the plain PyTorch of `Benchmarks/peers`; tuned is the same with an "
          + "allocator that keeps what is freed. Memory is our share of PyTorch's.", "",
      ])
  }

  /// How time and memory grow, as a table below a plot.
  private func cost(_ path: String, _ lines: [BenchLine]) -> [String] {
    let timings = lines.timings { $0.resolution != nil }
    let rows = timings.map {
      [
        GrowthPlot.name($0.work), pixels($0.work), "\($0.work.batch)", seconds($0.seconds),
        mib($0.mib),
      ]
    }
    let title =
      "Cost as resolution and batch grow: "
      + fileStem(ofPicture: URL(filePath: path).lastPathComponent)
    let plot = ["![Seconds and memory by resolution](\(Self.plotName(path)))", ""]
    return section(title, ["network", "pixels", "batch", "s", "MiB"], rows, after: plot)
  }

  // MARK: Words

  private func section(
    _ title: String, _ heading: [String], _ rows: [[String]], after words: [String] = []
  ) -> [String] {
    guard !rows.isEmpty else { return [] }
    func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
    return ["## \(title)", ""] + words
      + [line(heading), "|" + String(repeating: "---|", count: heading.count)] + rows.map(line)
      + [""]
  }

  /// The work's name, with threads and machine where lines differ in them.
  private func name(_ work: BenchWork, among all: [BenchLine]) -> String {
    var words = [work.name]
    if Set(all.map(\.threads)).count > 1 { words.append(counted(work.threads, "thread")) }
    if let machine = work.machine, Set(all.compactMap(\.machine)).count > 1 {
      words.append(machine)
    }
    return "`\(words.joined(separator: ", "))`"
  }

  private func pixels(_ work: BenchWork) -> String { work.resolution.map(String.init) ?? "" }

  private func seconds(_ value: Double) -> String {
    String(format: value < 0.1 ? "%.4f" : "%.3f", value)
  }

  private func mib(_ value: Double) -> String { String(format: "%.0f", value) }

  private func ratio(_ old: Double, _ new: Double) -> String { String(format: "%.2f", old / new) }

  private func percent(_ share: Double?) -> String {
    share.map { String(format: "%.0f %%", 100 * $0) } ?? ""
  }
}

extension BenchWork {
  /// Whether only the number format differs.
  fileprivate func isSame(as other: BenchWork) -> Bool {
    (name, command, resolution, batch) == (other.name, other.command, other.resolution, other.batch)
      && (threads, machine) == (other.threads, other.machine)
  }
}

extension BenchTiming {
  /// Whether it is another program's timing of the same work.
  fileprivate func isPeer(of own: BenchTiming) -> Bool {
    let (mine, theirs) = (work, own.work)
    return (mine.command, mine.cfg, mine.batch, mine.dtype, mine.threads) == (
      theirs.command, theirs.cfg, theirs.batch, theirs.dtype, theirs.threads
    ) && (mine.resolution ?? theirs.resolution) == theirs.resolution
      && (mine.cbase, mine.cmax) == (theirs.cbase, theirs.cmax)
  }
}

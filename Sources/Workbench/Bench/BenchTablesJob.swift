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
    let folder = try OutputFolder(making: outdir)
    for (path, lines) in grown {
      let timings = lines.timings { $0.resolution != nil }
      let image = GrowthPlot(timings).image
      try PNG(image: image, texts: [PNG.Text(key: "Command", value: command)]).write(
        to: folder.file(Self.plotName(path)))
    }
    let page =
      heading(measured + grown.flatMap(\.lines)) + own(measured) + formats(measured)
      + peers(inTurn) + grown.flatMap { cost($0.path, $0.lines) }
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
    let machines = Set(all.compactMap(\.machine)).sorted().joined(separator: "; ")
    let threads = Set(all.map(\.threads)).sorted().map(String.init).joined(separator: ", ")
    let day = Date().formatted(.iso8601.year().month().day())
    return [
      "# Results", "",
      "\(day), \(machines.isEmpty ? "unknown machine" : machines), \(threads) threads, "
        + "libtorch \(Machine.torchVersion). Made by `\(command)`.", "",
      "Seconds are for an image, the median of all rounds; memory is what the work takes beyond what "
        + "the program holds before it makes the network, in MiB; a multiply-add is two FLOP; the "
        + "ceiling is the best that the same machine computes, measured in the same program.", "",
    ]
  }

  /// Everything that was timed here.
  private func own(_ all: [BenchLine]) -> [String] {
    let rows = all.timings { $0.system == "stylist" && $0.dtype == "float32" }.map { timing in
      let line = timing.line
      return [
        name(timing.work), "\(timing.work.batch)", seconds(timing.seconds), seconds(timing.best),
        line.firstImageS.map { String(format: "%.2f", $0) } ?? "", mib(timing.mib),
        line.gflopPerImage.map { String(format: "%.2f", $0) } ?? "",
        line.gflops.map { String(format: "%.0f", $0) } ?? "", percent(line.fraction),
      ]
    }
    return section(
      "Every network",
      [
        "network", "batch", "s", "best", "first image after", "MiB", "GFLOP", "GFLOP/s", "ceiling",
      ], rows)
  }

  /// bfloat16 beside float32.
  private func formats(_ all: [BenchLine]) -> [String] {
    let single = all.timings { $0.system == "stylist" && $0.dtype == "float32" }
    let rows = all.timings { $0.system == "stylist" && $0.dtype == "bfloat16" }.compactMap {
      half -> [String]? in
      guard let full = single.first(where: { $0.work.isSame(as: half.work) }) else { return nil }
      return [
        name(half.work), "\(half.work.batch)", seconds(full.seconds), seconds(half.seconds),
        ratio(full.seconds, half.seconds), percent(half.line.fraction),
        half.line.equalsFloat32 == true
          ? "the same" : half.line.psnr.map { String(format: "%.1f dB", $0) } ?? "",
      ]
    }
    return section(
      "bfloat16", ["network", "batch", "float32, s", "bfloat16, s", "ratio", "ceiling", "PSNR"],
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
          "– \(phase)", "\(own.work.batch)", seconds(theirs), best.map(seconds) ?? "",
          seconds(mine), ratio(theirs, mine), best.map { ratio($0, mine) } ?? "", "", "",
        ]
      }
      let whole = [
        name(own.work), "\(own.work.batch)", seconds(peer.seconds),
        better.map { seconds($0.seconds) } ?? "", seconds(own.seconds),
        ratio(peer.seconds, own.seconds), better.map { ratio($0.seconds, own.seconds) } ?? "",
        percent(own.mib / peer.mib), percent(own.line.fraction),
      ]
      return [whole] + phases
    }
    return section(
      "Beside PyTorch",
      [
        "network", "batch", "PyTorch, s", "tuned, s", "Stylist, s", "ratio", "to tuned", "memory",
        "ceiling",
      ], rows)
  }

  /// How time and memory grow, as a table below a plot.
  private func cost(_ path: String, _ lines: [BenchLine]) -> [String] {
    let timings = lines.timings { $0.resolution != nil }
    let rows = timings.map {
      [
        $0.work.name, "\($0.work.resolution ?? 0)", "\($0.work.batch)", seconds($0.seconds),
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

  private func name(_ work: BenchWork) -> String {
    let name = work.command == "train" ? "training \(work.cfg)-\(work.resolution ?? 0)" : work.name
    return "`\(name)`"
  }

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
    (command, cfg, resolution, attention) == (
      other.command, other.cfg, other.resolution, other.attention
    ) && batch == other.batch && threads == other.threads
  }
}

extension BenchTiming {
  /// Whether it is another program's timing of the same work.
  fileprivate func isPeer(of own: BenchTiming) -> Bool {
    let (mine, theirs) = (work, own.work)
    return (mine.command, mine.cfg, mine.batch, mine.dtype, mine.threads) == (
      theirs.command, theirs.cfg, theirs.batch, theirs.dtype, theirs.threads
    ) && (mine.resolution ?? theirs.resolution) == theirs.resolution
  }
}

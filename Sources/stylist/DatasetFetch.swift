// `stylist dataset fetch`: published data sets from where their authors put them.

import ArgumentParser
import Fetching
import Foundation
import Workbench

/// Fetches the files of a published data set, or lists those that are known.
struct DatasetFetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetch a published data set, and check it.",
    usage: "stylist dataset fetch [<name>] [--accept-licence] [<options>]",
    discussion: """
      EXAMPLES
        stylist dataset fetch
        stylist dataset fetch cifar10 --dry-run
        stylist dataset fetch cifar10 --accept-licence
        stylist dataset fetch stl10 --accept-licence --dest=sets/stl10
        stylist dataset fetch mnist --accept-licence \\
          --from=https://storage.googleapis.com/cvdf-datasets/mnist

      Without a name, lists the data sets with their sizes and terms. Each comes
      under its own terms: --accept-licence says that you have read them.

      What was received stays when a connection breaks or the command is ended,
      and the same command goes on from there. Each file has its name only when
      its length and its hash are those that were published; else it is removed,
      and the command ends with 65, or with 69 where no server gives the file.
      Files that are there are not fetched again.
      """)

  @Argument(
    help: "The data set; without it, all are listed.",
    completion: .list(FetchableDataset.all.map(\.name)))
  var name: String?

  @Flag(
    name: [.customLong("accept-licence"), .customLong("accept-license")],
    help: "I have read the terms of the data set, and agree to them.")
  var acceptsLicence = false

  @Option(
    help: ArgumentHelp(
      "The folder for its files (default: one with the data set's name).", valueName: "folder"),
    completion: .directory)
  var dest: String?

  @Option(
    help: ArgumentHelp(
      "Fetch the same files from another address, a folder that holds them.", valueName: "url"))
  var from: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    guard let name else { return try list() }
    let dataset = try Self.dataset(name)
    guard !dataset.files.isEmpty else {
      throw UsageError(
        "\(dataset.title) is given by its authors to who asks: see \(dataset.page); "
          + "terms: \(dataset.terms)")
    }
    let fetch = DatasetFetch(try mirrored(dataset), to: dest ?? dataset.name)
    if report.isDryRun {
      return try report.print(DryRun(fetch.plan), lines: fetch.plan.lines)
    }
    guard acceptsLicence else {
      throw UsageError(
        "\(dataset.title) comes under its own terms: \(dataset.terms); read \(dataset.page), "
          + "and give --accept-licence if you agree")
    }
    say("\(dataset.title), \(dataset.page); terms: \(dataset.terms)")
    let reporter = ProgressReporter()
    let total = dataset.byteCount
    let summary = try await interruptible(
      leaving: "what was received stays, and the same command goes on from there"
    ) {
      try await fetch.run { done, before in
        reporter.show(
          JobProgress(
            done: kilobytes(done), total: kilobytes(total), unit: "kB",
            doneBefore: kilobytes(before)))
      }
    }
    try report.print(summary, lines: summary.lines)
  }

  private func mirrored(_ dataset: FetchableDataset) throws(UsageError) -> FetchableDataset {
    guard let from else { return dataset }
    guard from.hasPrefix("https://") || from.hasPrefix("http://") else {
      throw UsageError(
        "--from: expected an address with http:// or https://, found \(RemoteFile.shown(from))")
    }
    guard let host = URL(string: from)?.host(), !host.isEmpty else {
      throw UsageError(
        "--from: expected an address with the name of a host, found \(RemoteFile.shown(from))")
    }
    return dataset.mirrored(at: from)
  }

  private static func dataset(_ name: String) throws(UsageError) -> FetchableDataset {
    if let dataset = FetchableDataset.named(name) { return dataset }
    let names = FetchableDataset.all.map(\.name)
    let hint = suggestion(for: name.lowercased(), among: names).map { "; did you mean \($0)?" }
    throw UsageError(
      "dataset fetch: expected one of \(names.joined(separator: ", ")), found \(name)\(hint ?? "")")
  }

  private func list() throws {
    let all = FetchableDataset.all
    let lines = all.flatMap { dataset in
      let size =
        dataset.files.isEmpty
        ? "not fetched, but given by its authors to who asks"
        : "\(megabytes(dataset.byteCount)), checked by \(dataset.files[0].digest.algorithm.rawValue)"
      return [
        "\(dataset.name): \(dataset.title), \(size)", "  \(dataset.page)",
        "  terms: \(dataset.terms)",
      ]
    }
    try report.print(all, lines: lines)
  }
}

/// Bytes in thousands, rounded up so that nothing is done before all is.
private func kilobytes(_ byteCount: Int) -> Int { (byteCount + 999) / 1000 }

private func megabytes(_ byteCount: Int) -> String {
  let (whole, tenths) = (byteCount / 1_000_000, byteCount % 1_000_000 / 100_000)
  return whole < 100 ? "\(whole).\(tenths) MB" : "\(whole) MB"
}

extension DatasetFetch.Summary {
  /// The summary as lines for people.
  fileprivate var lines: [String] {
    let rows = files.map { file in
      let fate = file.outcome.map { "\($0.rawValue)" } ?? "would be fetched from \(file.url)"
      return "\(file.path): \(megabytes(file.byteCount)), \(fate), \(file.digest)"
    }
    let terms = files.contains { $0.outcome == nil } ? ["terms: \(terms); \(page)"] : []
    return rows + terms
      + ["to make a data set of it: stylist dataset create --source=\(source) --dest=FILE.zip"]
  }
}

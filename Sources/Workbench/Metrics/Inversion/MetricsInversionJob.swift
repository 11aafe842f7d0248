// Several ways to invert, side by side on the same photographs.

import Datasets
import Formats
import Foundation
import Networks

/// Inverts the same photographs in several ways, and measures what each of them comes to.
public struct MetricsInversionJob: Sendable {
  /// The generator.
  public let network: NetworkSource
  /// The generator, as people name it.
  public let name: String
  /// A photograph, or a folder or archive of them.
  public let data: String
  /// The ways, in the order of the table.
  public let methods: [InversionMethod]
  /// Where the random numbers of searches start: what goes without an encoder is repeated from each.
  public var seeds: [UInt32] = [303]
  /// Networks with which pictures are judged.
  public var judges = JudgingFiles()
  /// Classifiers of attributes: one file, or a folder of the published ones; nil for none.
  public var attributes: String?
  /// An edit that is made to every code; nil for none.
  public var edit: InversionEdit?
  /// The class, for generators with labels; nil for class 0.
  public var classIndex: Int?
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?
  /// The command line, to be kept with the results.
  public let command: String

  /// A comparison.
  ///
  /// - Parameters:
  ///   - methods: The ways.
  ///   - network: The generator.
  ///   - name: The generator, as people name it.
  ///   - data: A photograph, or a folder or archive of them.
  ///   - command: The command line.
  public init(
    _ methods: [InversionMethod], into network: NetworkSource, named name: String, on data: String,
    command: String
  ) {
    (self.methods, self.network, self.name) = (methods, network, name)
    (self.data, self.command) = (data, command)
  }

  /// The names of the results.
  static let files = (
    numbers: "inversion.json", page: "inversion.md", plot: "tradeoff.png",
    inverted: "inverted.png", edited: "edited.png"
  )

  /// What tables call the code that needs no photograph, which every way must beat.
  static let averageName = "average"

  // MARK: Plan

  /// What a comparison would be.
  public struct Plan: Encodable, Sendable {
    /// The ways, with the number of their repetitions.
    public let methods: [String: Int]
    /// The photographs.
    public let photographs: Int
    /// What takes time: passes of encoders, and steps of searches and of tuning.
    public let steps: Int
    /// The plan as lines for people.
    public let lines: [String]
  }

  /// Checks everything, and says what would be done.
  ///
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options and files.
  public func plan() throws -> Plan {
    let study = try study()
    let count = study.photographs.pictures.count
    let rows = study.methods.map { method, runs in
      [
        "  \(method.name)", counted(runs.count, "repetition"),
        method.steps > 1 ? "\(counted(method.steps, "step")) a photograph" : "one pass",
        method.options.joined(separator: " "),
      ]
    }
    let heading =
      "would invert \(counted(count, "photograph")) into \(name) in "
      + counted(methods.count, "way")
    return Plan(
      methods: Dictionary(
        study.methods.map { ($0.method.name, $0.runs.count) }, uniquingKeysWith: { a, _ in a }),
      photographs: count, steps: study.steps, lines: [heading] + Table.lines(rows))
  }

  /// Everything that is known before photographs are inverted.
  private struct Study {
    let methods: [(method: InversionMethod, runs: [InversionMethod.Run])]
    /// The photographs, whoever finds their codes.
    let photographs: PictureFiles

    var steps: Int {
      photographs.pictures.count
        * (1 + methods.map { $0.method.steps * $0.runs.count }.reduce(0, +))
    }
  }

  private func study() throws -> Study {
    let names = methods.map(\.name)
    guard (1...32).contains(names.count) else {
      throw RequestError("--method", expected: "1 to 32 ways", found: "\(names.count)")
    }
    for (index, name) in names.enumerated()
    where names[..<index].contains(name) || name == Self.averageName {
      throw RequestError(
        "--method", expected: "names that differ, also from \(Self.averageName)", found: name)
    }
    guard !seeds.isEmpty else { throw RequestError("--seeds", expected: "a seed", found: "none") }
    let traits = try network.summary().traits
    let photographs = try PictureFiles.at(data)
    guard !photographs.pictures.isEmpty else { throw photographs.emptiness }
    try judges.check(traits)
    let told = try attributes.map { try AttributeWitness.names($0, of: traits) }
    if let edit {
      guard let told else {
        throw RequestError(
          "--direction", expected: "--attributes beside it, which judge edited pictures",
          found: "none")
      }
      _ = try edit.directions.chosen(edit.direction, for: traits)
      if let attribute = edit.attribute, !told.contains(attribute) {
        throw RequestError(
          "--edited-attribute", expected: "one of \(told.joined(separator: ", "))",
          found: attribute)
      }
    }
    let all = try methods.map { method in
      let runs = try method.runs(seeds: seeds)
      for run in runs {
        var codes = try run.photographs(data, by: method)
        codes.classIndex = classIndex
        try codes.check(traits, of: name)
      }
      if method.tuning != nil { try method.distance.check(traits) }
      return (method: method, runs: runs)
    }
    return Study(methods: all, photographs: photographs)
  }

  /// Checks that the results replace no photograph.
  ///
  /// - Parameter folder: Where they go.
  /// - Throws: `RequestError` if one has the place of a photograph; `FileError` if there are none.
  public func check(into folder: String) throws {
    let files = Self.files
    let written: Set = [files.numbers, files.page, files.plot, files.inverted, files.edited]
    try OutputFolder.check("--outdir", folder, keeps: try PictureFiles.at(data), from: written)
  }

  // MARK: Run

  /// Inverts all photographs in all ways, and writes what was found after each of them.
  ///
  /// - Parameters:
  ///   - folder: Where the results go.
  ///   - progress: Is told after every step.
  /// - Returns: What was found.
  /// - Throws: What `plan` throws; `FileError` or `DatasetError` if a photograph cannot be used;
  ///   `InterruptedWork` if a way is done, else `CancellationError`.
  public func run(
    into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> InversionComparison {
    let study = try study()
    try check(into: folder.path)
    let host = try GeneratorHost(network, threads: threads)
    let witness = try attributes.map { try AttributeWitness($0, of: host.traits) }
    let work = try ComparisonWorker(
      job: self, host: host, judge: PictureJudge(judges), witness: witness,
      photographs: study.photographs)
    var comparison = InversionComparison(
      self, of: host.traits, generator: try network.contentHash(),
      photographs: study.photographs.pictures.count, work)
    var sheets = ComparisonSheets(of: self, photographs: study.photographs)
    let seen = try await work.photographs(&sheets)
    var done = 0
    let total = study.steps
    do {
      comparison.average = try await work.average(seen, &sheets)
      done += seen.count
      for (method, runs) in study.methods {
        var results: [InversionComparison.Run] = []
        for (index, run) in runs.enumerated() {
          let before = done
          results.append(
            try await work.invert(seen, by: method, run, index == 0, &sheets) { steps in
              progress(JobProgress(done: before + steps, total: total, unit: "steps"))
            })
          done += seen.count * method.steps
        }
        comparison.methods.append(InversionComparison.Method(method, results))
        try comparison.write(into: folder)
      }
    } catch is CancellationError where !comparison.methods.isEmpty {
      try sheets.write(into: folder, host.traits)
      throw InterruptedWork(
        description: "\(counted(comparison.methods.count, "way")) of \(methods.count) "
          + "are in \(folder.file(Self.files.numbers))")
    }
    comparison.sheets = try sheets.write(into: folder, host.traits)
    try comparison.write(into: folder)
    return comparison
  }
}

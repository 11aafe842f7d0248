// Several ways to edit, side by side on the same codes.

import Datasets
import Formats
import Metrics
import Networks

/// Edits the same codes in several ways, each as strongly as it takes, and measures what else
/// changes.
public struct MetricsEditingJob: Sendable {
  /// The generator.
  public let network: NetworkSource
  /// The generator, as people name it.
  public let name: String
  /// What is given and taken away: names that the classifiers of pictures know.
  public let attributes: [String]
  /// The ways, in the order of the table.
  public let methods: [EditingMethod]
  /// How many codes each repetition edits; nil for 100, or for all of a file.
  public var count: Int?
  /// The repetitions: number r edits the codes of the seeds from r times `count` on.
  public var repetitions: [UInt32] = [0]
  /// Codes that every repetition edits, in place of those of seeds; nil for none.
  public var latents: CodeFile?
  /// The share of codes that shall be edited as asked.
  public var success = 0.8
  /// Truncation and class of the codes of seeds.
  public var settings = PictureSettings()
  /// Classifiers of pictures: one file, or a folder of the published ones.
  public var classifiers: String?
  /// Networks with which pictures are compared with unedited ones.
  public var judges = JudgingFiles()
  /// What pictures are compared with as a whole; nil for nothing.
  public var data: MetricData?
  /// Where the weights of Inception-v3 are; where they are not, portraits are compared by the
  /// classifier that comes with the program.
  public var networks = FeatureNetworkFiles()
  /// The folder that keeps features of data; nil for none.
  public var cache: String?
  /// Whether codes and directions of other generators are taken, too.
  public var takesOthers = false
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?
  /// The command line, to be kept with the results.
  public let command: String

  /// A comparison.
  ///
  /// - Parameters:
  ///   - methods: The ways.
  ///   - attributes: What is given and taken away.
  ///   - network: The generator.
  ///   - name: The generator, as people name it.
  ///   - command: The command line.
  public init(
    _ methods: [EditingMethod], of attributes: [String], with network: NetworkSource,
    named name: String, command: String
  ) {
    (self.methods, self.attributes, self.network) = (methods, attributes, network)
    (self.name, self.command) = (name, command)
  }

  /// The names of the results.
  static let files = (
    numbers: "editing.json", page: "editing.md", plot: "tradeoff.png", sheet: "edited.png"
  )

  /// What tables call pictures that are not edited.
  static let uneditedName = "unedited"

  /// The codes of a repetition.
  func subject(_ repetition: UInt32, count: Int) -> EditSubject {
    if let latents { return .codes(latents) }
    return .seeds((0..<count).map { UInt32(Int(repetition) * count + $0) })
  }

  // MARK: Plan

  /// What a comparison would be.
  public struct Plan: Encodable, Sendable {
    /// The ways.
    public let methods: [String]
    /// What is given and taken away, as the classifiers call it.
    public let attributes: [String]
    /// The repetitions of each way.
    public let repetitions: Int
    /// How many codes each of them edits.
    public let count: Int
    /// What takes time: pictures that are drawn, at most.
    public let pictures: Int
    /// The distance from data by its name; nil if it is not measured.
    public let metric: String?
    /// What is questionable or left out, a line each.
    public let remarks: [String]
    /// The plan as lines for people.
    public let lines: [String]
  }

  /// Checks everything, and says what would be done.
  ///
  /// - Returns: The plan.
  /// - Throws: What `run` would throw about options and files.
  public func plan() throws -> Plan {
    let study = try study()
    let rows = methods.map { method in
      ["  \(method.name)", method.way.name, method.options.joined(separator: " ")]
    }
    let heading =
      "would edit \(counted(study.count, "code")) of \(name) in "
      + "\(counted(methods.count, "way")): \(study.names.joined(separator: ", ")); "
      + "\(counted(repetitions.count, "repetition")), at most "
      + "\(counted(study.pictures, "picture"))"
    return Plan(
      methods: methods.map(\.name), attributes: study.names,
      repetitions: repetitions.count, count: study.count, pictures: study.pictures,
      metric: study.distance?.metric.description, remarks: study.remarks,
      lines: [heading] + Table.lines(rows))
  }

  /// Checks that the results replace nothing that is read.
  ///
  /// - Parameter folder: Where they go.
  /// - Throws: `RequestError` if one has the place of an input; `FileError` if data cannot be read.
  public func check(into folder: String) throws {
    let files = Self.files
    let written = [files.numbers, files.page, files.plot, files.sheet]
    var inputs = methods.flatMap(\.files) + [latents?.path, classifiers].compactMap(\.self)
    inputs += [judges.identity, networks.inception, data?.source].compactMap(\.self)
    if case .file(let path) = network { inputs.append(path) }
    try OutputFolder.check(folder, writing: written, over: inputs)
    guard let data, data.source != "portraits" else { return }
    let pictures = try PictureFiles(path: data.source)
    try OutputFolder.check("--outdir", folder, keeps: pictures, from: Set(written))
  }

  // MARK: Run

  /// Edits all codes in all ways, and writes what was found after each of them.
  ///
  /// - Parameters:
  ///   - folder: Where the results go.
  ///   - progress: Is told after every picture.
  /// - Returns: What was found.
  /// - Throws: What `plan` and `check` throw; `EditingError` if numbers become not finite;
  ///   `InterruptedWork` if a way is done, else `CancellationError`.
  public func run(
    into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> EditingComparison {
    let study = try study()
    try check(into: folder.path)
    let host = try GeneratorHost(network, threads: threads)
    let worker = EditingWorker(
      job: self, host: host, judge: try PictureJudge(judges),
      witness: try AttributeWitness(study.classifiers, of: host.traits),
      distance: try study.distance.map {
        try DistanceFromData($0, of: host.traits, progress: progress)
      }, attributes: study.attributes, count: study.count)
    var comparison = EditingComparison(
      self, generator: study.request.generatorHash, attributes: study.names,
      count: study.count, codes: try codes(study.count), worker, remarks: study.remarks)
    var sheet = study.sheet
    var done = 0
    let total = study.pictures
    func report(_ done: Int) -> @Sendable (Int) -> Void {
      return { progress(JobProgress(done: done + $0, total: total, unit: "pictures")) }
    }
    do {
      var (all, unedited): ([EditedCodes], [EditingComparison.Run]) = ([], [])
      for (place, repetition) in repetitions.enumerated() {
        let (codes, run) = try await worker.unedited(
          repetition, &sheet, isShown: place == 0, progress: report(done))
        all.append(codes)
        unedited.append(run)
        done += study.count
      }
      comparison.unedited = EditingComparison.Method(
        Self.uneditedName, kind: nil, options: [], unedited, metric: comparison.metric)
      for method in methods {
        var runs: [EditingComparison.Run] = []
        for (place, codes) in all.enumerated() {
          runs.append(
            try await worker.edit(
              codes, by: method, &sheet, isShown: place == 0, progress: report(done)))
          done += study.picturesOfRun
        }
        comparison.add(
          EditingComparison.Method(
            method.name, kind: method.way.name, options: method.options, runs,
            metric: comparison.metric))
        try comparison.write(into: folder)
      }
    } catch is CancellationError where !comparison.methods.isEmpty {
      try sheet.write(into: folder, host.traits)
      throw InterruptedWork(
        description: "\(counted(comparison.methods.count, "way")) of \(methods.count) "
          + "are in \(folder.file(Self.files.numbers))")
    }
    comparison.sheet = try sheet.write(into: folder, host.traits)
    try comparison.write(into: folder)
    return comparison
  }

  /// The codes in words, with what decides them.
  private func codes(_ count: Int) throws -> String {
    if let latents {
      let all = latents.codes.count
      return "the first \(grouped(count)) of \(grouped(all)) in \(latents.path), SHA-256 "
        + "`\(try contentHash(ofFile: latents.path))`"
    }
    let seeds = repetitions.map { "\(Int($0) * count) to \((Int($0) + 1) * count - 1)" }
    return "seeds \(seeds.joined(separator: ", ")), truncation \(plain(settings.truncationPsi))"
      + (settings.truncationCutoff.map { " below row \($0)" } ?? "")
      + (settings.classIndex.map { ", class \($0)" } ?? "")
  }
}

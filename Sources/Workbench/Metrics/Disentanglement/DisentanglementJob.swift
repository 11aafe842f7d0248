// How far a generator's latents are disentangled: Karras et al., "A Style-Based Generator
// Architecture for Generative Adversarial Networks" (2019), tables 2 to 4, for any network.

import Checkpoints
import Formats
import Foundation
public import Metrics
import Networks
import Training

/// Measures how far the latents of generators are disentangled: path lengths and separability in Z and
/// W, and the distance from data while pictures are mixed of several latents.
///
/// What is measured follows from the weights at hand; what they do not allow is left out, with a line
/// that says why. Where the data is `portraits`, models of portraits that come with the program
/// stand in for all of them, and the numbers have names of their own.
public struct DisentanglementJob: Sendable {
  /// How much is drawn; the defaults are those of published programs.
  public struct Counts: Encodable, Hashable, Sendable {
    /// The paths of each path length.
    public var paths = 50_000
    /// The pictures that classifiers judge, of which half count for each attribute.
    public var judged = 200_000
    /// The pictures of each distance.
    public var pictures = 50_000
    /// The most latents that pictures are mixed of.
    public var latents = 4

    /// As much as published programs draw.
    public init() {}
  }

  /// The networks: files, models that come with the program, or folders of trainings, whose newest
  /// network is meant.
  public var networks: [String]
  /// How much is drawn.
  public var counts = Counts()
  /// What pictures are compared with; nil for the data of the trainings that made the networks.
  public var data: String?
  /// Where weights of others are.
  public var weights: FeatureNetworkFiles
  /// By which program's rules features are compared.
  public var rule = MetricProtocol.legacy
  /// The seed of the first picture and path; nil for 0.
  public var seed: UInt32?
  /// The folder that keeps features between runs; nil for none.
  public var cache: String?
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?
  /// The command, which stands on the page and in the pictures.
  public var command: String

  /// The most networks that are compared.
  public static let networkLimit = 8

  /// A job that draws as much as published programs.
  ///
  /// - Parameters:
  ///   - networks: Files, models that come with the program, or folders of trainings.
  ///   - weights: Where weights of others are.
  ///   - command: The command.
  public init(
    _ networks: [String], weights: FeatureNetworkFiles = FeatureNetworkFiles(), command: String
  ) {
    (self.networks, self.weights, self.command) = (networks, weights, command)
  }

  // MARK: What is measured

  /// A network that is measured.
  struct Subject {
    /// What tables call it.
    let name: String
    let file: String
    let summary: NetworkSummary
  }

  /// What is measured of every network, and what is not.
  struct Study {
    let subjects: [Subject]
    let measures: MetricsGeneratorJob
    /// What is left out, and why, a line each.
    let notes: [String]
  }

  /// Looks at everything, and checks all that can be known without building a network.
  ///
  /// - Returns: What will be measured.
  /// - Throws: `RequestError` for numbers and networks that do not allow it; `FileError` or
  ///   `DatasetError` if a file cannot be read.
  func study() throws -> Study {
    try checkCounts()
    let subjects = try self.subjects()
    let data = try comparedWith(subjects)
    let (metrics, weights, notes) = try self.metrics(of: subjects, comparedWith: data)
    var measures = MetricsGeneratorJob(metrics, data: data, networks: weights)
    (measures.rule, measures.seed, measures.cache) = (rule, seed, cache)
    for subject in subjects { try measures.check(subject.summary.traits) }
    return Study(
      subjects: subjects, measures: measures,
      notes: notes + [Self.note(onSizesOf: subjects)].compactMap(\.self))
  }

  /// What is to be known of networks whose pictures have different sizes; nil for others.
  private static func note(onSizesOf subjects: [Subject]) -> String? {
    let sizes = Set(subjects.map(\.summary.traits.resolution)).sorted()
    guard sizes.count > 1 else { return nil }
    return
      "pictures of \(sizes.map { "\($0)×\($0)" }.joined(separator: ", ")): distances and path lengths "
      + "compare networks of one size"
  }

  private func checkCounts() throws(RequestError) {
    guard (1...Self.networkLimit).contains(networks.count) else {
      throw RequestError(
        "--network", expected: "1 to \(Self.networkLimit) networks", found: "\(networks.count)")
    }
    let most = 10_000_000
    let all: [(String, Int, ClosedRange<Int>)] = [
      ("--paths", counts.paths, 1...most), ("--judged", counts.judged, 2...most),
      ("--pictures", counts.pictures, 2...most),
      ("--latents", counts.latents, 1...MetricRecipe.mostLatents),
    ]
    for (option, found, range) in all where !range.contains(found) {
      throw RequestError(
        option, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(found)")
    }
  }

  private func subjects() throws -> [Subject] {
    let files = try networks.map(RunFolder.newestNetwork)
    let short = networks.map { URL(filePath: $0).lastPathComponent }
    let names = Set(short).count == short.count ? short : networks
    let all = try zip(names, files).map { name, file in
      Subject(name: name, file: file, summary: try NetworkSource.file(file).summary())
    }
    for (index, file) in files.enumerated() where files[..<index].contains(file) {
      throw RequestError("--network", expected: "networks that differ", found: "\(file) twice")
    }
    for subject in all where counts.latents > subject.summary.traits.usedWs.count {
      throw RequestError(
        "--latents",
        expected: "at most \(subject.summary.traits.usedWs.count), the rows of W+ that "
          + "\(subject.name) reads", found: "\(counts.latents)")
    }
    return all
  }

  /// The data of all networks, as it is.
  private func comparedWith(_ subjects: [Subject]) throws -> MetricData? {
    if let data { return MetricData(data) }
    let sources = try subjects.map { try MetricData(ofTrainingOf: $0.file)?.source }
    let known = Set(sources.compactMap(\.self)).sorted()
    guard known.count < 2 else {
      throw RequestError(
        "--data", expected: "what to compare with, since networks learned from different data",
        found: known.joined(separator: " and "))
    }
    return known.first.map { MetricData($0) }
  }

  /// What the weights at hand allow.
  private func metrics(
    of subjects: [Subject], comparedWith data: MetricData?
  ) throws -> (metrics: [MetricRecipe], weights: FeatureNetworkFiles, notes: [String]) {
    var (metrics, weights, notes) = ([MetricRecipe](), weights, [String]())
    let isOfPortraits = data?.source == "portraits"
    func add(_ name: String, _ count: Int) {
      guard var metric = MetricRecipe(name) else { preconditionFailure("no metric \(name)") }
      metric.generated = count
      metrics.append(metric)
    }
    let places = ["zfull", "wfull", "zend", "wend"]
    if weights.vgg != nil || isOfPortraits {
      let suffix = weights.vgg == nil ? "-portraits" : ""
      for place in places { add("ppl_\(place)\(suffix)", counts.paths) }
    } else {
      notes.append(
        "path lengths are left out: they need --vgg: \(FeatureNetworkFiles.publishedDistance)")
    }
    if weights.attributes == nil, isOfPortraits, try Self.judgesPortraits(of: subjects) {
      weights.attributes = ShippedModels.portraitsClassifier
    }
    if weights.attributes != nil {
      add("ls", counts.judged)
    } else {
      notes.append(
        "separability is left out: it needs --attributes: "
          + FeatureNetworkFiles.publishedClassifiers)
    }
    if weights.inception != nil || isOfPortraits {
      metrics += (1...counts.latents).map { latents in
        MetricRecipe(
          distanceOf: counts.pictures, isOfPortraits: weights.inception == nil, latents: latents)
      }
    } else {
      notes.append(
        "distances are left out: they need --data, and --inception: "
          + FeatureNetworkFiles.publishedInception)
    }
    guard !metrics.isEmpty else {
      throw RequestError(
        "metrics disentanglement",
        expected: "--data=portraits, or weights: --vgg, --attributes, or --inception with --data",
        found: "none of these")
    }
    return (metrics, weights, notes)
  }

  /// Whether the classifier of portraits can judge the pictures of all networks.
  private static func judgesPortraits(of subjects: [Subject]) throws -> Bool {
    let configuration = try FeatureExtractor.portraitsNetwork().configuration
    guard let side = (configuration as? AttributeClassifierConfiguration)?.resolution else {
      return false
    }
    return subjects.allSatisfy { $0.summary.traits.resolution % side == 0 }
  }

  // MARK: The plan

  /// What would be measured.
  public struct Plan: Encodable, Sendable {
    /// A number that is measured of every network.
    public struct Measure: Encodable, Hashable, Sendable {
      /// Its name, such as `ppl_wend`.
      public let metric: String
      /// Its paths or pictures.
      public let count: Int
      /// The pictures that are drawn for it.
      public let drawn: Int
    }

    /// The networks, by the names that tables give them.
    public let networks: [String]
    /// What is measured of each, in this order.
    public let measures: [Measure]
    /// The pictures that are drawn in all.
    public let drawn: Int
    /// The floating point operations that drawing takes, in 10¹².
    public let tflop: Double
    /// What is left out, and why, a line each.
    public let notes: [String]
    /// The files that will be written.
    public let files: [String]
    /// The networks' files, which are read.
    public let inputs: [String]

    /// The plan as lines for people.
    public var lines: [String] {
      let rows = measures.map { measure in
        let thing = measure.drawn > measure.count ? "path" : "picture"
        return [
          "  " + measure.metric, counted(measure.count, thing),
          measure.drawn > measure.count ? counted(measure.drawn, "picture") : "",
        ]
      }
      let names = networks.joined(separator: ", ")
      let work = String(format: "%.3g", tflop)
      return ["would measure of \(names):"] + Table.lines(rows)
        + ["\(counted(drawn, "picture")) in all, \(work) TFLOP to draw them"] + notes
        + ["would write \(files.joined(separator: ", "))"]
    }
  }

  /// What would be measured, without building a network.
  ///
  /// - Returns: The plan.
  /// - Throws: As `run` does, about what can be known beforehand.
  public func plan() throws -> Plan {
    let study = try study()
    let measures = study.measures.metrics.map { metric in
      let isOfPaths = if case .pathLength = metric.kind { true } else { false }
      return Plan.Measure(
        metric: metric.description, count: metric.generated,
        drawn: metric.generated * (isOfPaths ? 2 : 1))
    }
    let drawn = measures.reduce(0) { $0 + $1.drawn }
    let multiplyAdds = study.subjects.reduce(0.0) { sum, subject in
      guard let one = subject.summary.configuration as? any GeneratorConfiguration else {
        return sum
      }
      return sum + Double(one.cost.multiplyAdds)
    }
    return Plan(
      networks: study.subjects.map(\.name), measures: measures,
      drawn: drawn * study.subjects.count, tflop: 2e-12 * multiplyAdds * Double(drawn),
      notes: study.notes, files: fileNames(study), inputs: study.subjects.map(\.file))
  }

  /// The names of all files that are written.
  private func fileNames(_ study: Study) -> [String] {
    let plots = DisentanglementPlots.names(for: study.measures.metrics)
    return ["disentanglement.json", "disentanglement.md"] + plots
      + study.subjects.indices.map { Self.sheetName($0, of: study.subjects.count) }
  }

  static func sheetName(_ index: Int, of count: Int) -> String {
    count == 1 ? "mixed.png" : "mixed-\(index + 1).png"
  }

  // MARK: Measuring

  /// Measures, and writes tables, plots and sheets.
  ///
  /// - Parameters:
  ///   - folder: Where the files go; they are written when everything is measured.
  ///   - progress: Is told after every batch of pictures.
  /// - Returns: The numbers, and how they were made.
  /// - Throws: `RequestError` for what does not fit; an error about pictures or weights;
  ///   `CancellationError` between batches, after which features that are kept stay.
  public func run(
    into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    let study = try study()
    let total = study.measures.metrics.count * study.subjects.count
    var (found, sheets) = ([Outcome.Network](), [ByteImage]())
    var common: MetricsGeneratorJob.Outcome?
    var remarks = study.notes
    for (index, subject) in study.subjects.enumerated() {
      try Task.checkCancellation()
      let host = try GeneratorHost(.file(subject.file), threads: threads)
      remarks += host.warnings
      let before = index * study.measures.metrics.count
      let outcome = try await host.measure(study.measures) { place, step in
        progress(step.counted(before + place + 1, of: total))
      }
      sheets.append(try await host.mixedSheet(latents: counts.latents, by: study.measures))
      let prefix = study.subjects.count > 1 ? "\(subject.name): " : ""
      remarks += outcome.remarks.map { prefix + $0 }
      found.append(Outcome.Network(subject, outcome))
      common = outcome
    }
    guard let common else { preconditionFailure("no network") }
    let outcome = Outcome(
      networks: found, counts: counts, measured: common, seed: seed ?? 0,
      remarks: remarks, command: command, files: fileNames(study).map(folder.file))
    try outcome.write(into: folder, sheets: sheets)
    return outcome
  }
}

extension JobProgress {
  /// The step, as one of one of several measures.
  fileprivate func counted(_ place: Int, of total: Int) -> JobProgress {
    JobProgress(
      done: done, total: self.total, unit: "\(unit), \(place) of \(total)", doneBefore: doneBefore)
  }
}

// Inversion: the codes of photographs with the pictures that they make, side by side and in figures.

import Checkpoints
import Datasets
import Formats
import Foundation
public import Inversion
public import Networks

/// Finds the codes of photographs, and writes them with what people look at.
public struct InvertJob: Sendable {
  /// The photographs, and how their codes are found.
  public var photographs: PhotographCodes
  /// How the generator is tuned to each photograph; nil for not at all.
  public var tuning: PivotalTuningSettings?
  /// Where the random codes near a photograph's own start whose pictures tuning keeps as they were;
  /// nil, as published, to let them change.
  public var localitySeed: UInt32?
  /// Networks with which pictures are judged.
  public var judges = JudgingFiles()
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A job that tunes nothing and judges without trained weights.
  ///
  /// - Parameters:
  ///   - photographs: The photographs, and how their codes are found.
  ///   - provenance: What the pictures say about how they were made.
  public init(_ photographs: PhotographCodes, provenance: Provenance) {
    (self.photographs, self.provenance) = (photographs, provenance)
  }

  /// Settings that tune a generator, in the words of the command line.
  ///
  /// - Parameters:
  ///   - steps: How often the weights are moved at most.
  ///   - distance: How pictures are compared; the distance at which tuning ends early is one of
  ///     LPIPS.
  /// - Returns: The settings.
  public static func tuning(steps: Int, _ distance: PictureDistance) -> PivotalTuningSettings {
    var settings = PivotalTuningSettings()
    settings.steps = steps
    if case .lpips = distance { return settings }
    settings.stopDistance = 0
    return settings
  }

  /// Checks everything that can be known without looking at the photographs.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - name: The generator as people know it.
  ///   - folder: The folder that files go into.
  /// - Throws: What `PhotographCodes/check(_:of:)` throws; `RequestError` if settings cannot be, or
  ///   photographs would be overwritten.
  public func check(_ traits: GeneratorTraits, of name: String, into folder: String) throws {
    try photographs.check(traits, of: name)
    try judges.check(traits)
    if let tuning {
      do {
        try tuning.validate()
      } catch {
        throw RequestError(error)
      }
      try photographs.distance.check(traits)
    }
    let written = names.flatMap { name in Ending.all.map { name + $0 } } + [Self.sheetName]
    try OutputFolder.check("--outdir", folder, keeps: photographs.files, from: Set(written))
  }

  /// What is added to a photograph's name to make those of its files.
  enum Ending {
    static let inverted = "-inverted.png"
    static let compared = "-compared.png"
    static let tuned = "-tuned.safetensors"
    static let all = [inverted, compared, tuned]
  }

  static let sheetName = "grid.png"

  private var names: [String] { photographs.names(endings: Ending.all, taken: [Self.sheetName]) }

  /// Finds the codes: for each photograph `NAME-inverted.png`, `NAME-compared.png` and, if the
  /// generator is tuned, `NAME-tuned.safetensors`; then `grid.png`, `codes.safetensors` and
  /// `metrics.json`.
  ///
  /// Photographs that cannot be used are left out, and said in the outcome. After an interruption
  /// the last three files are of the photographs that are done.
  ///
  /// - Parameters:
  ///   - source: Where the generator comes from, for its hash.
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every photograph, and after every step.
  /// - Returns: What was made, and what was not and why.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; between steps
  ///   `InterruptedWork` if a photograph is done, else `CancellationError`.
  public func run(
    _ source: NetworkSource, on host: GeneratorHost, into folder: OutputFolder,
    progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    try check(host.traits, of: provenance.network, into: folder.path)
    let finder = try CodeFinder(photographs, host)
    let judge = try PictureJudge(judges)
    var notes = NetworkFileNotes()
    notes.parentHash = try source.contentHash()
    notes.licence = try source.notes().licence
    let size = PictureJudge.size(host.traits)
    let made = InversionProtocol(
      command: provenance.command, size: [size.width, size.height],
      photographs: "\(photographs.fit)",
      generator: notes.parentHash ?? "", lpips: judge.extractors.lpips,
      identity: judge.extractors.identity)
    let worker = Worker(
      job: self, host: host, finder: finder, judge: judge, notes: notes, folder: folder)
    var outcome = Outcome(made, remark: judges.remark)
    var kept = Kept(count: photographs.count)
    do {
      for (index, name) in names.enumerated() {
        try Task.checkCancellation()
        let progress = ProgressOfPhotographs(
          photographs, more: tuning?.steps ?? 0, index: index, tell: progress)
        do {
          let one = try await worker.invert(index, name, progress)
          outcome.pictures.append(one.row)
          kept.add(one, at: index)
        } catch {
          outcome.failures.append(try photographs.failure(error, index))
        }
        progress.end()
      }
    } catch is CancellationError {
      guard !outcome.pictures.isEmpty else { throw CancellationError() }
      try finish(&outcome, kept, folder)
      throw InterruptedWork(
        description: "every file written so far is whole, and codes are of the "
          + "\(counted(outcome.pictures.count, "picture")) done")
    }
    try finish(&outcome, kept, folder)
    return outcome
  }

  /// The photographs that cannot be decoded, for a run that makes nothing.
  ///
  /// - Returns: Why, in their order.
  /// - Throws: What is not about a photograph.
  public func unusable() throws -> [PictureFailure] { try photographs.unusable() }

  /// What is kept of all photographs until the end.
  private struct Kept {
    var codes: [Codes] = []
    var sheet: InversionSheet

    init(count: Int) { sheet = InversionSheet(of: count) }

    mutating func add(_ one: Inverted, at index: Int) {
      codes.append(one.code)
      sheet.add(one.row.name, one.cells, at: index)
    }
  }

  /// Writes what is of all photographs.
  private func finish(_ outcome: inout Outcome, _ kept: Kept, _ folder: OutputFolder) throws {
    guard !outcome.pictures.isEmpty else { return }
    var pictures = PictureWriter(folder)
    try pictures.write(kept.sheet.image, Self.sheetName, provenance)
    try Codes.joined(kept.codes).write(
      to: folder.file("codes.safetensors"), generatorHash: outcome.made.generator,
      names: outcome.pictures.map(\.name))
    outcome.sheet = folder.file(Self.sheetName)
    outcome.codes = folder.file("codes.safetensors")
    outcome.metrics = folder.file("metrics.json")
    try writeJSON(outcome, to: folder.file("metrics.json"))
  }
}

/// One photograph, its code, and its pictures.
struct Inverted: Sendable {
  let row: InvertJob.Row
  let code: Codes
  let cells: [InversionCell]
}

/// Inverts photographs one by one.
private struct Worker {
  let job: InvertJob
  let host: GeneratorHost
  let finder: CodeFinder
  let judge: PictureJudge
  let notes: NetworkFileNotes
  let folder: OutputFolder

  /// Inverts a photograph and writes its files.
  func invert(_ index: Int, _ name: String, _ progress: ProgressOfPhotographs) async throws
    -> Inverted
  {
    let (files, fit, traits) = (job.photographs.files, job.photographs.fit, host.traits)
    let photograph = try files.image(at: index)
    let target = photograph.target(for: traits, fit)
    let size = PictureJudge.size(traits)
    let compared = photograph.sized(
      width: size.width, height: size.height, channels: traits.imgChannels, fit)
    var cells = [InversionCell(words: "target", figures: "", picture: target)]
    var stages: [InvertJob.Stage] = []
    func add(
      _ picture: ByteImage, _ stage: InversionStage, _ seconds: Double, drawing: Double = 0
    ) async {
      let figures = await judge.figures(picture, compared)
      stages.append(
        InvertJob.Stage(
          stage: stage, figures: figures, seconds: seconds, drawingSeconds: drawing))
      let words = String(format: "L2 %.4f", figures.l2)
      cells.append(InversionCell(words: stage.rawValue, figures: words, picture: picture))
    }
    let found = try await finder.codes(of: photograph, watch: progress.step)
    for code in found {
      let began = ContinuousClock.now
      let picture = await host.picture(code.code)
      await add(picture, code.stage, code.seconds, drawing: .since(began))
    }
    guard let code = found.last?.code else { preconditionFailure("a finder without codes") }
    var tuned: String?
    if let settings = job.tuning {
      let (began, before) = (ContinuousClock.now, job.photographs.steps)
      let file = folder.file(name + InvertJob.Ending.tuned)
      let locality = job.localitySeed.map {
        TuningLocality(seed: $0, classIndex: job.photographs.classIndex)
      }
      let pictures = try await host.tune(
        to: target, around: code, job.photographs.distance, settings, locality,
        writing: (file, notes)
      ) { progress.step(before + $0.step + 1) }
      tuned = file
      await add(pictures[0], .tuned, .since(began))
    }
    var pictures = PictureWriter(folder)
    let last = cells[cells.count - 1].picture
    try pictures.write(last, name + InvertJob.Ending.inverted, job.provenance)
    try pictures.write(
      InversionCell.strip(cells), name + InvertJob.Ending.compared, job.provenance)
    let row = InvertJob.Row(
      name: name, source: files.pictures[index], inverted: pictures.written[0].file,
      compared: pictures.written[1].file, tuned: tuned, stages: stages)
    return Inverted(row: row, code: code, cells: cells)
  }
}

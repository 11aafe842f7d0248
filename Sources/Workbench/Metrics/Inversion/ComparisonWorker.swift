// The work of a comparison of ways to invert: photographs, their codes and pictures, and figures of them.

import Datasets
import Formats
import Foundation
import Inversion
import Networks

/// A photograph of a comparison, as everything sees it.
struct ComparedPhotograph: Sendable {
  let name: String
  /// Of its own size.
  let image: ByteImage
  /// Of the generator's size.
  let target: ByteImage
  /// Of the size at which pictures are compared.
  let compared: ByteImage
  /// The attributes that classifiers see in it; nil without any.
  let attributes: [Bool]?
}

/// Inverts photographs in one way after the other.
struct ComparisonWorker {
  let job: MetricsInversionJob
  let host: GeneratorHost
  let judge: PictureJudge
  let witness: AttributeWitness?
  let photographs: PictureFiles

  /// The photographs, also on the sheets.
  func photographs(_ sheets: inout ComparisonSheets) async throws -> [ComparedPhotograph] {
    let (traits, size) = (host.traits, PictureJudge.size(host.traits))
    var all: [ComparedPhotograph] = []
    for (index, path) in photographs.pictures.enumerated() {
      try Task.checkCancellation()
      let image = try photographs.image(at: index)
      let target = image.target(for: traits, .whole)
      sheets.add(target, edited: target, row: 0, column: index)
      all.append(
        ComparedPhotograph(
          name: fileStem(ofPicture: path), image: image, target: target,
          compared: image.sized(
            width: size.width, height: size.height, channels: traits.imgChannels, .whole),
          attributes: try await witness?.attributes(of: target)))
    }
    return all
  }

  /// What the average code comes to, for which nobody looks at photographs.
  func average(
    _ seen: [ComparedPhotograph], _ sheets: inout ComparisonSheets
  ) async throws -> InversionComparison.Run {
    var settings = PictureSettings()
    (settings.truncationPsi, settings.classIndex) = (0, job.classIndex)
    let began = ContinuousClock.now
    let code = await host.codes(seeds: [0], settings: settings)
    let picture = await host.picture(code)
    let seconds = Double.since(began)
    let edited = try await edited(code)
    var rows: [InversionComparison.Picture] = []
    for (index, photograph) in seen.enumerated() {
      try Task.checkCancellation()
      sheets.add(picture, edited: edited, row: 1, column: index)
      rows.append(try await row(photograph, picture, edited, seconds))
    }
    return InversionComparison.Run(encoder: nil, encoderHash: nil, seed: nil, pictures: rows)
  }

  /// What one repetition of a way comes to.
  ///
  /// - Parameters:
  ///   - seen: The photographs.
  ///   - method: The way.
  ///   - run: The repetition.
  ///   - isShown: Whether its pictures are on the sheets.
  ///   - sheets: The sheets.
  ///   - progress: Is told how many steps were taken.
  /// - Returns: The figures of every photograph.
  /// - Throws: `FileError` if an encoder cannot be used; `InversionError`; `CancellationError` between
  ///   steps.
  func invert(
    _ seen: [ComparedPhotograph], by method: InversionMethod, _ run: InversionMethod.Run,
    _ isShown: Bool, _ sheets: inout ComparisonSheets, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> InversionComparison.Run {
    var plan = try run.photographs(job.data, by: method)
    plan.classIndex = job.classIndex
    let finder = try CodeFinder(plan, host)
    var rows: [InversionComparison.Picture] = []
    for (index, photograph) in seen.enumerated() {
      try Task.checkCancellation()
      let before = index * method.steps
      let found = try await finder.codes(of: photograph.image) { progress(before + $0) }
      guard let code = found.last?.code else { preconditionFailure("a finder without codes") }
      var seconds = found.map(\.seconds).reduce(0, +)
      let began = ContinuousClock.now
      let picture: ByteImage
      var edited: ByteImage?
      if let settings = method.tuning {
        let moved = try job.edit?.moved(code, for: host.traits)
        let searched = before + (method.search?.settings.steps ?? 0)
        let pictures = try await host.tune(
          to: photograph.target, around: code, method.distance, settings, nil,
          drawing: moved.map { [$0] } ?? []
        ) { progress(searched + $0.step + 1) }
        (picture, edited) = (pictures[0], pictures.count > 1 ? pictures[1] : nil)
        seconds += .since(began)
      } else {
        picture = await host.picture(code)
        seconds += .since(began)
        edited = try await self.edited(code)
      }
      if isShown {
        let row = 2 + (job.methods.firstIndex { $0.name == method.name } ?? 0)
        sheets.add(picture, edited: edited, row: row, column: index)
      }
      rows.append(try await self.row(photograph, picture, edited, seconds))
      progress((index + 1) * method.steps)
    }
    let hash = try run.encoder.map { try EncoderSource($0).contentHash() }
    return InversionComparison.Run(
      encoder: run.encoder, encoderHash: hash, seed: run.seed, pictures: rows)
  }

  /// The picture of an edited code; nil if nothing is edited.
  private func edited(_ code: Codes) async throws -> ByteImage? {
    guard let edit = job.edit else { return nil }
    return await host.picture(try edit.moved(code, for: host.traits))
  }

  /// The figures of one photograph.
  private func row(
    _ photograph: ComparedPhotograph, _ picture: ByteImage, _ edited: ByteImage?, _ seconds: Double
  ) async throws -> InversionComparison.Picture {
    var row = InversionComparison.Picture(
      name: photograph.name, figures: await judge.figures(picture, photograph.compared),
      seconds: seconds)
    guard let witness, let wanted = photograph.attributes else { return row }
    row.attributes = agreement(try await witness.attributes(of: picture), wanted)
    guard let edited, let edit = job.edit else { return row }
    let shown = try await witness.attributes(of: edited)
    let asked = edit.attribute.flatMap { witness.names.firstIndex(of: $0) }
    row.changed = asked.map { shown[$0] == (edit.strength > 0) ? 1 : 0 }
    row.kept = agreement(shown, wanted, without: Set(asked.map { [$0] } ?? []))
    return row
  }
}

/// The sheets of a comparison: some photographs, and below each what the ways make of it.
struct ComparisonSheets {
  private static let columns = 8
  private let title: String
  private let rows: [String]
  private let names: [String]
  private let places: [Int]
  private let provenance: Provenance
  private let isEdited: Bool
  private var inverted: [[Int: ByteImage]]
  private var edited: [[Int: ByteImage]]

  /// Sheets without pictures.
  init(of job: MetricsInversionJob, photographs: PictureFiles) {
    let shown = min(photographs.pictures.count, Self.columns)
    places = (0..<shown).map { $0 * photographs.pictures.count / shown }
    names = places.map { fileStem(ofPicture: photographs.pictures[$0]) }
    rows =
      ["photograph", MetricsInversionJob.averageName] + job.methods.map(\.name)
    title = "photographs inverted into \(job.name)"
    provenance = Provenance(command: job.command, network: job.name)
    isEdited = job.edit != nil
    inverted = rows.map { _ in [:] }
    edited = inverted
  }

  /// Adds a picture, if its photograph is on the sheets.
  mutating func add(_ picture: ByteImage, edited changed: ByteImage?, row: Int, column: Int) {
    guard let place = places.firstIndex(of: column) else { return }
    inverted[row][place] = picture
    edited[row][place] = changed
  }

  /// Writes the sheets.
  ///
  /// - Returns: Their names.
  @discardableResult
  func write(into folder: OutputFolder, _ traits: GeneratorTraits) throws -> [String] {
    let files = MetricsInversionJob.files
    let all =
      [(files.inverted, title, inverted)]
      + (isEdited ? [(files.edited, title + ", then edited", edited)] : [])
    return try all.map { file, title, pictures in
      let filled = rows.indices.filter { !pictures[$0].isEmpty }
      try folder.write(
        SheetWords(title: title, columns: names, rows: filled.map { rows[$0] }),
        filled.map { pictures[$0] }, of: traits, provenance, to: file)
      return file
    }
  }
}

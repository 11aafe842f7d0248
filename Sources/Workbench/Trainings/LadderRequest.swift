// What rungs of ladders are: trainings of generators, and of encoders into one generator.

import Datasets
import Formats
import Foundation
import Networks
import Training

/// A training that can be a rung of a ladder.
protocol LadderRequest: TrainingRequest {
  /// Where all random streams start.
  var seed: UInt32? { get set }

  /// Pictures of what was trained, a row for each rung.
  ///
  /// - Parameters:
  ///   - trained: The rungs that have a network, at least one.
  ///   - ladder: What the ladder is called.
  /// - Returns: The sheet.
  /// - Throws: An error about files; `CancellationError` between pictures.
  static func sheet(of trained: [TrainedRung], of ladder: String) async throws -> ByteImage?
}

/// A rung that has a network.
struct TrainedRung {
  let name: String
  let request: any LadderRequest
  /// The folder of its first run.
  let folder: String
  /// The newest network of that run.
  let network: String
}

/// Pictures beside one another.
private let shownPictures = 8

extension TrainGANRequest: LadderRequest {
  static func sheet(of trained: [TrainedRung], of ladder: String) async throws -> ByteImage? {
    let seeds = (0..<shownPictures).map { UInt32($0) }
    var sheet: PictureSheet?
    for (row, rung) in trained.enumerated() {
      let host = try GeneratorHost(.file(rung.network))
      var whole =
        try sheet.take()
        ?? host.traits.sheet(
          SheetWords(
            title: "ladder \(ladder): the same seeds, a row for each rung",
            columns: seeds.map { "seed \($0)" }, rows: trained.map(\.name)),
          isBare: false)
      let codes = await host.codes(seeds: seeds, settings: PictureSettings())
      for column in seeds.indices {
        try Task.checkCancellation()
        whole.place(await host.picture(codes[column]), column: column, row: row)
      }
      sheet = whole
    }
    return sheet?.image
  }
}

extension TrainEncoderRequest: LadderRequest {
  static func sheet(of trained: [TrainedRung], of ladder: String) async throws -> ByteImage? {
    guard let first = trained.first, let request = first.request as? TrainEncoderRequest,
      let options = try RunRecord(in: first.folder).options as? EncoderTrainingOptions
    else { return nil }
    let host = try GeneratorHost(options.decoder.source(request.network))
    let pictures = try await request.heldOut(options, by: host)
    var sheet = try host.traits.sheet(
      SheetWords(
        title: "ladder \(ladder): held-out pictures, and what is drawn of their codes",
        columns: pictures.indices.map { "\($0 + 1)" }, rows: ["picture"] + trained.map(\.name)),
      isBare: false)
    for (column, picture) in pictures.enumerated() {
      sheet.place(picture.target(for: host.traits, .whole), column: column, row: 0)
    }
    for (row, rung) in trained.enumerated() {
      let encoder = try EncoderHost(EncoderSource(rung.network))
      for (column, picture) in pictures.enumerated() {
        try Task.checkCancellation()
        let code = try await encoder.code(of: picture)
        sheet.place(await host.picture(code), column: column, row: row + 1)
      }
    }
    return sheet.image
  }

  /// The first pictures that nothing is learned from.
  private func heldOut(
    _ options: EncoderTrainingOptions, by host: GeneratorHost
  ) async throws -> [ByteImage] {
    let first = options.data.count - options.heldOut
    let places = first..<first + min(options.heldOut, shownPictures)
    guard options.learnsFromCodes else {
      let dataset = try openData(of: options)
      return try places.map { try dataset.image(at: $0) }
    }
    var pictures: [ByteImage] = []
    for seed in places {
      var settings = PictureSettings()
      settings.truncationPsi = options.settings.truncationPsi
      if host.traits.labelDim > 0 { settings.classIndex = seed % host.traits.labelDim }
      let seeds = [UInt32(truncatingIfNeeded: seed)]
      pictures.append(await host.picture(await host.codes(seeds: seeds, settings: settings)))
    }
    return pictures
  }
}

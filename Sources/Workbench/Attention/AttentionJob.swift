// Attention maps: where one pixel of a picture looks, layer by layer and head by head.

import Formats
public import Networks
import Tensors

/// Draws where one pixel of a seed's picture looks, in every layer that attends.
public struct AttentionJob: PictureJob {
  /// The seed of the picture.
  public var seed: UInt32
  /// The pixel; nil for the middle of the picture.
  public var pixel: (row: Int, column: Int)?
  /// The layers by their places among all that attend, in the order to show; nil for all.
  public var layers: [Int]?
  /// Truncation, class and noise.
  public var settings = PictureSettings()
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A job that takes the middle of the picture and all layers.
  ///
  /// - Parameters:
  ///   - seed: The seed of the picture.
  ///   - provenance: What the pictures say about how they were made.
  public init(seed: UInt32, provenance: Provenance) {
    (self.seed, self.provenance) = (seed, provenance)
  }

  /// Checks that a generator attends, in such layers, and draws such pixels and classes.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it does not.
  public func check(_ traits: GeneratorTraits) throws(RequestError) {
    try traits.check(settings)
    let count = traits.attentionResolutions.count
    guard count > 0 else {
      throw RequestError(
        "--network", expected: "a generator with attention", found: "one of convolutions alone")
    }
    if let layer = layers?.first(where: { !(0..<count).contains($0) }) {
      throw RequestError("--layers", expected: "from 0 to \(count - 1)", found: "\(layer)")
    }
    guard let pixel, let last = [pixel.row, pixel.column].max(), last >= traits.resolution else {
      return
    }
    throw RequestError(
      "--pixel", expected: "a row and a column from 0 to \(traits.resolution - 1)",
      found: "\(pixel.row),\(pixel.column)")
  }

  /// Makes and writes the pictures: `seed0085.png`, and `attention.png` with all maps.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every layer.
  /// - Returns: The files; the sheet comes last.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between layers.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: ProgressHandler
  ) async throws -> [WrittenPicture] {
    try check(host.traits)
    let middle = host.traits.resolution / 2
    let pixel = PixelPosition(row: pixel?.row ?? middle, column: pixel?.column ?? middle)
    let code = await host.codes(seeds: [seed], settings: settings)
    let picture = await host.picture(
      code, noise: settings.noise, noiseLayers: settings.noiseLayers, noiseSeed: seed)
    let all = await host.attentionLayers(code, at: pixel, settings: settings, noiseSeed: seed)
    let chosen = layers ?? Array(all.indices)
    try Task.checkCancellation()
    var pictures = PictureWriter(folder)
    try pictures.write(picture, "seed\(padded(Int(seed), to: 4)).png", seed: seed, provenance)
    let sheet = try AttentionSheet(
      picture, at: pixel, of: host.traits, layers: chosen.map { (index: $0, layer: all[$0]) }
    ).image { done in
      try Task.checkCancellation()
      progress(JobProgress(done: done, total: chosen.count, unit: "layers"))
    }
    try pictures.write(sheet, "attention.png", provenance)
    return pictures.written
  }
}

/// What one layer's heads take of every place of its feature map, as plain numbers.
package struct AttentionLayer: Sendable {
  /// The layer's name in the store.
  package let name: String
  /// The width and height of its feature map.
  package let resolution: Int
  /// Its heads in groups of a kind.
  package let groups: [HeadGroup]
  /// For each head its weights, by rows.
  package let weights: [[Float]]

  /// The first sample of a map.
  package init(_ map: AttentionMap) {
    (name, resolution, groups) = (map.name, map.resolution, map.groups)
    let heads = map.weights.selected(0, axis: 0)
    weights = (0..<heads.size(0)).map {
      heads.selected($0, axis: 0).contiguous().values(as: Float.self)
    }
  }
}

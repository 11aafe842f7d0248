// The actor that owns a generator: requests and pictures cross its border as plain values.

public import Formats
import Inversion
public import Networks
import Tensors

/// Owns a generator and its tensors, which never leave it.
public actor GeneratorHost {
  let generator: any Generator
  /// Where its codes lie, once a projection has asked.
  var latentStatistics: (key: [Int], statistics: LatentStatistics)?
  /// What measures distances as people see them, once a search has asked.
  var perception: (distance: PictureDistance, measure: ImageDistance)?
  /// What the generator is.
  public nonisolated let traits: GeneratorTraits
  /// What is questionable about the generator, a line each, such as weights that are not finite.
  public nonisolated let warnings: [String]

  /// Loads or makes the generator.
  ///
  /// - Parameters:
  ///   - source: Where it comes from.
  ///   - threads: How many threads one operation may use; nil for as many as the machine has cores.
  /// - Throws: `FileError` if the file holds no generator that can be used; `ConfigurationError`.
  public init(_ source: NetworkSource, threads: Int? = nil) throws {
    if let threads { Machine.setThreadCount(threads) }
    (generator, warnings) = try source.makeGenerator()
    traits = generator.traits
  }

  /// The truncated W+ of seeds.
  ///
  /// - Parameters:
  ///   - seeds: One for each picture.
  ///   - settings: Truncation and class.
  /// - Returns: A code for each seed.
  public func codes(seeds: [UInt32], settings: PictureSettings) -> Codes {
    withoutGradients {
      let label = generator.label(classIndex: settings.classIndex ?? 0)
      // One at a time, as the published programs do: a seed gives the same bits whatever stands
      // beside it.
      let codes = seeds.map { seed in
        let w = generator.map(z: generator.z(seed: seed), labels: label)
        return Codes(generator.broadcast(w, truncation: settings.truncation))
      }
      return .joined(codes)
    }
  }

  /// Codes with some rows taken from another.
  ///
  /// - Parameters:
  ///   - codes: All other rows.
  ///   - source: The rows in `rows`.
  ///   - rows: From 0 up to `numWs`.
  /// - Returns: The mixed codes.
  public func mix(_ codes: Codes, with source: Codes, rows: Set<Int>) -> Codes {
    withoutGradients { Codes(generator.mix(codes.tensor, with: source.tensor, rows: rows)) }
  }

  /// The codes from one keyframe up to the next on a smooth closed path through all of them.
  ///
  /// - Parameters:
  ///   - keyframe: Where the codes start.
  ///   - keyframes: The codes that the path passes through, in order, then back to the first.
  ///   - framesPerKeyframe: Steps from one keyframe to the next.
  /// - Returns: `framesPerKeyframe` codes.
  public func path(from keyframe: Int, of keyframes: Codes, framesPerKeyframe: Int) -> Codes {
    withoutGradients {
      Codes(
        interpolateKeyframes(
          keyframes.tensor, framesPerKeyframe: framesPerKeyframe, from: keyframe..<keyframe + 1))
    }
  }

  /// The picture of one code.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - noise: Where its noise comes from.
  ///   - noiseLayers: The layers that get it, counted over those with noise; nil for all.
  ///   - noiseSeed: Starts the stream of random noise.
  /// - Returns: 8-bit pixels of the rows that are meant to be seen.
  public func picture(
    _ code: Codes, noise: NoiseKind = .const, noiseLayers: Range<Int>? = nil, noiseSeed: UInt32 = 0
  ) -> ByteImage {
    withoutGradients {
      let source = NoiseSource(noiseMode(noise, seed: noiseSeed), layers: noiseLayers)
      let options = SynthesisOptions(noise: source)
      let image = generator.synthesize(code.tensor, options: options)
      let visible = image.sliced(traits.visibleRows, axis: 2)
      return ByteImage(traits.pixelEncoding.bytes(visible))
    }
  }

  /// Where a pixel of a code's picture looks.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - pixel: The pixel.
  ///   - settings: Where the noise comes from.
  ///   - noiseSeed: Starts the stream of random noise.
  /// - Returns: All layers that attend, in their order; none for a generator without attention.
  package func attentionLayers(
    _ code: Codes, at pixel: PixelPosition, settings: PictureSettings, noiseSeed: UInt32
  ) -> [AttentionLayer] {
    guard let attentive = generator as? any AttentiveGenerator else { return [] }
    let noise = NoiseSource(
      noiseMode(settings.noise, seed: noiseSeed), layers: settings.noiseLayers)
    let options = SynthesisOptions(noise: noise)
    return withoutGradients {
      attentive.attentionMaps(code.tensor, at: pixel, options: options).map(AttentionLayer.init)
    }
  }

  private func noiseMode(_ kind: NoiseKind, seed: UInt32) -> NoiseSource.Mode {
    switch kind {
    case .const: .const
    case .random: .random(NoiseStreams(TorchGenerator(seed: UInt64(seed))))
    case .none: .none
    }
  }
}

extension ByteImage {
  /// The first picture of a tensor of bytes [N, H, W, C].
  init(_ bytes: Tensor) {
    self.init(
      width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
      pixels: bytes.selected(0, axis: 0).values(as: UInt8.self))
  }
}

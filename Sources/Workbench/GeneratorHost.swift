// The actor that owns a generator: requests and pictures cross its border as plain values.

public import Formats
public import Networks
import Tensors

/// Owns a generator and its tensors, which never leave it.
public actor GeneratorHost {
  private let generator: any Generator
  /// What the generator is.
  public nonisolated let traits: GeneratorTraits

  /// Loads or makes the generator.
  ///
  /// - Parameters:
  ///   - source: Where it comes from.
  ///   - threads: How many threads one operation may use; nil for as many as the machine has cores.
  /// - Throws: `FileError` or `ConfigurationError`.
  public init(_ source: NetworkSource, threads: Int? = nil) throws {
    if let threads { Machine.setThreadCount(threads) }
    let generator = try source.makeGenerator()
    traits = generator.traits
    self.generator = generator
  }

  /// The rows of W+ that style mixing takes unless told otherwise: 0 to 6, as far as there are so many.
  public nonisolated var defaultMixingRows: Set<Int> { Set(0..<min(7, traits.numWs)) }

  /// Checks that the generator can make what is asked for.
  ///
  /// - Parameters:
  ///   - settings: Class and truncation.
  ///   - rows: Rows of W+ that will be mixed.
  /// - Throws: `RequestError` if there is no such class or row.
  public nonisolated func check(_ settings: PictureSettings, rows: Set<Int> = []) throws(RequestError) {
    if let row = rows.max(), row >= traits.numWs {
      throw RequestError(
        description: "styles: expected rows from 0 to \(traits.numWs - 1), found \(row)")
    }
    let classes = traits.labelDim
    switch settings.classIndex {
    case .some(let index) where classes == 0:
      throw RequestError(description: "class: the network has no labels, found class \(index)")
    case .some(let index) where !(0..<classes).contains(index):
      throw RequestError(description: "class: expected 0 to \(classes - 1), found \(index)")
    case nil where classes > 0:
      throw RequestError(
        description: "class: the network has labels, expected a class from 0 to \(classes - 1)")
    default: break
    }
  }

  /// Checks that codes are of the generator's size.
  ///
  /// - Parameter codes: W+ from a file.
  /// - Throws: `RequestError` with both sizes.
  public nonisolated func check(_ codes: Codes) throws(RequestError) {
    guard codes.numWs == traits.numWs, codes.wDim == traits.wDim else {
      throw RequestError(
        description: "codes: expected [N, \(traits.numWs), \(traits.wDim)], "
          + "found [\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
  }

  /// The truncated W+ of seeds.
  ///
  /// - Parameters:
  ///   - seeds: One for each picture.
  ///   - settings: Truncation and class.
  /// - Returns: A code for each seed.
  public func codes(seeds: [UInt32], settings: PictureSettings) -> Codes {
    withoutGradients {
      let label = generator.label(classIndex: settings.classIndex)
      // One at a time, as the published programs do: a seed gives the same bits whatever stands beside it.
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
  ///   - noiseSeed: Starts the stream of random noise.
  /// - Returns: 8-bit pixels of the rows that are meant to be seen.
  public func picture(_ code: Codes, noise: NoiseKind = .const, noiseSeed: UInt32 = 0) -> ByteImage {
    withoutGradients {
      let options = SynthesisOptions(noise: noiseSource(noise, seed: noiseSeed))
      let image = generator.synthesize(code.tensor, options: options)
      let visible = image.sliced(traits.visibleRows, axis: 2)
      return ByteImage(traits.pixelEncoding.bytes(visible))
    }
  }

  private func noiseSource(_ kind: NoiseKind, seed: UInt32) -> NoiseSource {
    switch kind {
    case .const: .const
    case .random: .random(TorchGenerator(seed: UInt64(seed)))
    case .none: .none
    }
  }
}

extension ByteImage {
  /// The first picture of a tensor of bytes [N, H, W, C].
  fileprivate init(_ bytes: Tensor) {
    self.init(
      width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
      pixels: bytes.selected(0, axis: 0).values(as: UInt8.self))
  }
}

// Pictures whose features are wanted: stored ones, and those that a generator draws.

import Crypto
import Datasets
import Formats
import Foundation
import Metrics
import Networks
import Tensors

/// Numbered pictures whose features are wanted.
protocol MeasuredPictures {
  /// How many there are.
  var count: Int { get }
  /// What tells them from all others, for features that are kept.
  var hash: String { get }
  /// How many are always seen together, from the first on: what is with them changes last bits.
  var step: Int { get }

  /// Gives pictures in their order, some at a time.
  ///
  /// - Parameters:
  ///   - range: Which ones.
  ///   - body: Takes pictures [N, 1 or 3, H, W] with numbers from 0 to 255.
  /// - Throws: An error about the first picture that cannot be had; what `body` throws.
  func batches(_ range: Range<Int>, _ body: (Tensor) throws -> Void) throws
}

/// Pictures that are decoded, or drawn by code.
struct StoredPictures: MeasuredPictures {
  let count: Int
  let hash: String
  let step = 16
  private let image: @Sendable (Int) throws(DatasetError) -> ByteImage

  /// The pictures of a folder or archive, of any sizes; reads all files once, for their hash.
  ///
  /// - Parameter files: The pictures.
  /// - Throws: `DatasetError` if a file cannot be read; `CancellationError` between files.
  init(_ files: PictureFiles) throws {
    count = files.pictures.count
    hash = try files.contentHash()
    image = { index throws(DatasetError) in try files.image(at: index) }
  }

  /// Pictures of a data set, perhaps followed by their mirror images.
  ///
  /// - Parameters:
  ///   - dataset: The data set.
  ///   - indices: Which ones; nil for all.
  ///   - mirror: Whether mirror images follow.
  /// - Throws: `DatasetError` if a file cannot be read; `CancellationError` between files.
  init(_ dataset: any Dataset, indices: [Int]? = nil, mirror: Bool = false) throws {
    let view = DatasetView(dataset, indices: indices, mirror: mirror)
    count = view.count
    let content: String
    if let stored = dataset as? ImageDataset {
      content = try stored.files.contentHash()
    } else {
      let encoder = JSONEncoder()
      // The same text in every process.
      encoder.outputFormatting = .sortedKeys
      let rule = String(decoding: try encoder.encode(dataset.fingerprint), as: UTF8.self)
      content = "\(rule) \(dataset.shape) \(dataset.count)"
    }
    hash = content + (mirror ? " mirrored" : "") + (indices.map { " of which \($0)" } ?? "")
    image = { index throws(DatasetError) in try view.image(at: index) }
  }

  func batches(_ range: Range<Int>, _ body: (Tensor) throws -> Void) throws {
    var rest = range.makeIterator()
    let image = image
    let pictures = OrderedPrefetch(threads: 1, ahead: 2 * step, items: { rest.next() }) { index in
      Result { () throws(DatasetError) in try image(index) }
    }
    var batch: [ByteImage] = []
    for index in range {
      guard let picture = try pictures.next()?.get() else { break }
      let isOther = batch.first.map { !$0.isSameSize(as: picture) } ?? false
      if isOther || (index % step == 0 && !batch.isEmpty) {
        try body(Self.tensor(batch))
        batch = []
      }
      batch.append(picture)
    }
    if !batch.isEmpty { try body(Self.tensor(batch)) }
  }

  /// Pictures of one size as [N, C, H, W], without opacity, which published programs drop, too.
  static func tensor(_ batch: [ByteImage]) -> Tensor {
    let (pixels, first) = (batch.flatMap(\.pixels), batch[0])
    let all = Tensor(pixels, shape: [batch.count, first.height, first.width, first.channels])
      .permuted(0, 3, 1, 2).cast(to: .float32)
    switch first.channels {
    case 2: return all.sliced(0..<1, axis: 1)
    case 4: return all.sliced(0..<3, axis: 1)
    default: return all
    }
  }
}

/// The pictures that a generator draws of seeds in a row.
///
/// Each is drawn as `generate` draws it, from its own z and with noise of its own, and rounded to
/// bytes; where the generator has labels, each takes that of a picture of the data, at random. Mixed
/// pictures have the noise and the label of their own seed's picture.
struct GeneratedPictures: MeasuredPictures {
  let count: Int
  let hash: String
  let step: Int
  private let generator: any Generator
  private let firstSeed: UInt32
  private let settings: PictureSettings
  private let latents: Int
  private let labels: LabelDraw
  private let labelled: [Int]

  /// The pictures of seeds in a row.
  ///
  /// - Parameters:
  ///   - generator: Draws them.
  ///   - content: What decides its pictures.
  ///   - count: How many.
  ///   - firstSeed: The seed of the first; 4294967295 is followed by 0.
  ///   - settings: Truncation, and where noise comes from.
  ///   - latents: How many latents each is mixed of.
  ///   - labels: The labels that there are to choose from.
  init(
    _ generator: any Generator, content: String, count: Int, firstSeed: UInt32,
    settings: PictureSettings, latents: Int = 1, labels: LabelDraw
  ) {
    (self.generator, self.count, self.firstSeed) = (generator, count, firstSeed)
    self.latents = latents
    // Large maps of several pictures take memory, and no less time: random noise keeps them together.
    step = generator.traits.resolution >= 256 ? 1 : 8
    self.settings = settings
    self.labels = labels
    labelled = labels.drawn(count, seed: firstSeed)
    hash =
      "drawn by \(content) from \(firstSeed) at \(settings.truncation) with "
      + "\(settings.noise) and \(labels.hash)" + (latents > 1 ? " mixed of \(latents)" : "")
  }

  func batches(_ range: Range<Int>, _ body: (Tensor) throws -> Void) throws {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      try body(pictures(start..<min(start + step, range.upperBound)))
    }
  }

  /// The seed of a picture.
  private func seed(_ index: Int) -> UInt32 { firstSeed &+ UInt32(truncatingIfNeeded: index) }

  /// The z of pictures: [N, zDim].
  func z(_ range: Range<Int>) -> Tensor {
    .concatenate(range.map { generator.z(seed: seed($0)) }, axis: 0)
  }

  /// The w of pictures, not truncated: [N, wDim].
  func w(_ range: Range<Int>) -> Tensor {
    generator.map(z: z(range), labels: label(range))
  }

  private func label(_ range: Range<Int>) -> Tensor? {
    labels.rows(of: labelled, in: range)
  }

  private func pictures(_ range: Range<Int>) -> Tensor {
    generator.traits.pixelEncoding.bytes(drawn(range)).permuted(0, 3, 1, 2).cast(to: .float32)
  }

  /// Pictures as they are drawn, not rounded: [N, C, H, W].
  ///
  /// - Parameter range: Which ones, `step` at most.
  /// - Returns: Numbers as the generator's `pixelEncoding` describes them.
  func drawn(_ range: Range<Int>) -> Tensor {
    let mixings = range.map {
      LatentMixing(seed: seed($0), latents: latents, traits: generator.traits)
    }
    let wPlus = generator.truncate(
      generator.mixed(mixings, labels: label(range)), settings.truncation)
    let noise: NoiseSource =
      switch settings.noise {
      case .const: .const
      case .none: .none
      case .random: .random(each: range.map { TorchGenerator(seed: UInt64(seed($0))) })
      }
    return generator.synthesize(wPlus, options: SynthesisOptions(noise: noise))
  }
}

extension PictureFiles {
  /// The SHA-256 of all pictures' files, one after the other.
  fileprivate func contentHash() throws -> String {
    var hash = SHA256()
    for index in pictures.indices {
      try Task.checkCancellation()
      let bytes = try bytes(at: index)
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
      bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
  }
}

/// The SHA-256 of a file's bytes, as 64 hexadecimal digits.
///
/// - Parameter path: The file.
/// - Returns: The hash.
/// - Throws: `FileError` if it cannot be read.
func contentHash(ofFile path: String) throws -> String {
  var hash = SHA256()
  try ByteRegion(mapping: path).withUnsafeBytes { hash.update(bufferPointer: $0) }
  return hash.finalize().hexadecimal
}

extension SHA256Digest {
  /// The hash as 64 hexadecimal digits.
  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

extension ByteImage {
  fileprivate func isSameSize(as other: ByteImage) -> Bool {
    (width, height, channels) == (other.width, other.height, other.channels)
  }
}

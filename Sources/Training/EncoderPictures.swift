// The pictures that encoders learn from: those of a data set, or those that a generator draws.

import Checkpoints
package import Datasets
package import Formats
import Networks
package import Tensors

/// Pictures as an encoder sees them.
package struct EncoderBatch {
  /// [N, C, H, W] in [-1, 1].
  package let img: Tensor
  /// The codes that they were drawn from, [N, numWs, wDim]; nil where they are not known.
  package let codes: Tensor?
}

/// The pictures that a generator draws of seeds, as `stylist generate` draws them: of them a data set
/// knows their number and size alone, since networks do not leave their actor.
package struct SeedPictures: Dataset {
  package let name = EncoderTrainingOptions.codes
  package let count: Int
  package let shape: ImageShape
  package let labelKind = LabelKind.none
  private let rule: String

  /// The pictures of the seeds from 0 up to a number.
  ///
  /// - Parameters:
  ///   - count: How many seeds there are.
  ///   - shape: The size of the generator's pictures.
  ///   - decoder: The content hash of the generator.
  ///   - truncationPsi: ψ.
  package init(count: Int, shape: ImageShape, decoder: String, truncationPsi: Double) {
    (self.count, self.shape) = (count, shape)
    rule = "seeds of \(decoder), psi \(truncationPsi)"
  }

  package var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: rule) }

  package func image(at index: Int) throws(DatasetError) -> ByteImage {
    throw DatasetError(
      FileError(
        .unsupported, file: name, expected: "the network that draws the pictures", found: "none"),
      index: index)
  }

  package func label(at index: Int) -> [Float] { [] }
}

/// The pictures of a data set at the size that an encoder sees, all of them.
struct ResizedDataset: Dataset {
  let base: any Dataset
  let shape: ImageShape

  init(_ base: any Dataset, side: Int) {
    self.base = base
    shape = ImageShape(resolution: side, channels: base.shape.channels)
  }

  var name: String { base.name }
  var count: Int { base.count }
  var labelKind: LabelKind { base.labelKind }
  var fingerprint: DatasetFingerprint { base.fingerprint }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let side = shape.resolution
    return try base.image(at: index).resized(width: side, height: side, filter: .bilinear)
  }

  func label(at index: Int) -> [Float] { base.label(at: index) }
}

/// The pictures of a training of an encoder: an endless order of those that are learned, and those
/// held out.
final class EncoderPictures {
  private let decoder: any Generator
  private let size: (height: Int, width: Int)
  private let batchSize: Int
  private let drawn: SeedCodes
  /// Pictures of data; nil where the generator draws them.
  private var learned: TrainingPictures?
  private let heldOut: (any Dataset)?
  /// The order of seeds, where the generator draws the pictures of them.
  private var seeds: DataOrder
  private let firstHeldOut: Int
  private let dataset: any Dataset

  /// The first picture of an order.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  ///   - decoder: The generator.
  /// - Throws: `ConfigurationError` if there are not as many pictures as are held out.
  init(
    _ options: EncoderTrainingOptions, of dataset: any Dataset, decoder: any Generator
  ) throws(ConfigurationError) {
    try ConfigurationError.check("heldOut", options.heldOut, in: 1...max(1, dataset.count - 1))
    (self.decoder, self.dataset) = (decoder, dataset)
    size = (options.encoder.height, options.encoder.width)
    (batchSize, firstHeldOut) = (options.settings.batchSize, dataset.count - options.heldOut)
    drawn = SeedCodes(of: decoder, truncationPsi: options.settings.truncationPsi)
    seeds = DataOrder(count: firstHeldOut, seed: UInt64(options.seed))
    guard !options.learnsFromCodes else {
      (learned, heldOut) = (nil, nil)
      return
    }
    let resized = ResizedDataset(dataset, side: size.width)
    learned = TrainingPictures(
      DatasetView(resized, indices: Array(0..<firstHeldOut), mirror: options.data.mirror),
      batchSize: batchSize, seed: options.seed)
    heldOut = DatasetView(resized, indices: Array(firstHeldOut..<dataset.count))
  }

  /// How many pictures are held out.
  var heldOutCount: Int { dataset.count - firstHeldOut }

  /// The next pictures that are learned.
  func next() throws(DatasetError) -> EncoderBatch {
    guard learned != nil else { return pictures(of: seeds.next(batchSize)) }
    guard let batch = try learned?.next() else { preconditionFailure("no pictures") }
    return EncoderBatch(img: visible(batch.images), codes: nil)
  }

  /// Pictures that nothing is learned from.
  ///
  /// - Parameter range: Which of them, counted from 0.
  /// - Returns: The pictures.
  /// - Throws: `DatasetError` about a picture.
  func heldOut(_ range: Range<Int>) throws(DatasetError) -> EncoderBatch {
    guard let heldOut else { return pictures(of: range.map { firstHeldOut + $0 }) }
    return EncoderBatch(img: visible(try heldOut.batch(range).images), codes: nil)
  }

  /// The rows that are meant to be seen, of square pictures.
  private func visible(_ img: Tensor) -> Tensor { img.visible(size, of: decoder.traits) }

  /// What the generator draws of seeds, as an encoder sees it.
  private func pictures(of seeds: [Int]) -> EncoderBatch {
    let (bytes, codes) = bytes(of: seeds)
    let img = bytes.permuted(0, 3, 1, 2).sliced(decoder.traits.visibleRows, axis: 2).contiguous()
      .cast(to: .float32)
    return EncoderBatch(
      img: (img / 127.5 - 1).pooled(height: size.height, width: size.width), codes: codes)
  }

  /// What the generator draws of seeds, in 8 bits as its pictures are saved: [N, H, W, C]; of classes,
  /// each seed has the next.
  private func bytes(of seeds: [Int]) -> (bytes: Tensor, codes: Tensor) {
    withoutGradients {
      let codes = drawn(seeds)
      let img = decoder.synthesize(codes, options: SynthesisOptions())
      return (decoder.traits.pixelEncoding.bytes(img), codes)
    }
  }

  /// Pictures chosen at random for a sheet.
  func sheet() throws(DatasetError) -> ByteImage {
    let grid = PictureGrid(of: dataset)
    guard learned == nil else { return try grid.sheet(of: dataset) }
    let pictures = grid.indices(in: dataset).map { seed in
      let bytes = bytes(of: [seed]).bytes
      return ByteImage(
        width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
        pixels: bytes.values(as: UInt8.self))
    }
    return grid.sheet(of: pictures)
  }

  // MARK: States

  /// Adds the place that the order has reached to a state.
  func save(into state: inout TrainingState) throws {
    guard learned == nil else {
      try learned?.save(into: &state)
      return
    }
    seeds.save(into: &state)
  }

  /// The place that a state remembers.
  ///
  /// - Parameter state: What `save` added to.
  /// - Returns: The place.
  /// - Throws: An error if the state has none, or is of other data.
  func order(in state: TrainingState) throws -> DataOrder {
    if let order = try learned?.order(in: state) { return order }
    return try DataOrder(in: state, count: seeds.count, of: "seeds")
  }

  /// Goes on from a place.
  func go(to order: DataOrder) {
    learned?.go(to: order)
    if learned == nil { seeds = order }
  }
}

extension ByteImage {
  /// Images [N, C, H, W] in [-1, 1], rounded to 8 bits.
  package static func eightBit(_ img: Tensor) -> [ByteImage] {
    let bytes = PixelEncoding.rounded.bytes(img)
    return (0..<bytes.size(0)).map { index in
      ByteImage(
        width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
        pixels: bytes.selected(index, axis: 0).values(as: UInt8.self))
    }
  }
}

extension Tensor {
  /// The rows that are meant to be seen, of square pictures [N, C, W, W].
  ///
  /// - Parameters:
  ///   - size: The height and width of what is seen.
  ///   - traits: The generator, which says which of its rows are seen.
  /// - Returns: [N, C, H, W].
  func visible(_ size: (height: Int, width: Int), of traits: GeneratorTraits) -> Tensor {
    guard size.height < self.size(2) else { return self }
    let first = traits.visibleRows.lowerBound * size.width / traits.resolution
    return sliced(first..<first + size.height, axis: 2)
  }
}

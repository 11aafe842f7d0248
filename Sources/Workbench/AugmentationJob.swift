// What augmentation does to the pictures of a data set, for people to look at.

import Datasets
import Formats
import Networks
import Tensors
import Training

/// Shows what a discriminator would see of some pictures for several probabilities of augmentation.
public struct AugmentationJob: Sendable {
  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// The sheet: a row for each picture, a column for each probability.
    public let file: String
    /// How many pictures it shows.
    public let pictures: Int
    /// The probabilities.
    public let probabilities: [Double]

    /// The outcome as lines for people.
    public var lines: [String] { [file] }
  }

  /// The pictures.
  public var data = TrainingDataRequest()
  /// What may happen to them, such as `bgc`.
  public var set = "bgc"
  /// A column for each.
  public var probabilities = [0, 0.2, 0.4, 0.6, 0.8, 1]
  /// How many pictures are shown, from the first on.
  public var count = 6
  /// Where random numbers start.
  public var seed: UInt32 = 0
  /// What the sheet says about how it was made.
  public var provenance: Provenance

  private static let fileName = "augmented.png"

  /// A job of six pictures and six probabilities.
  ///
  /// - Parameter provenance: What the sheet says about how it was made.
  public init(provenance: Provenance) { self.provenance = provenance }

  /// What would be made.
  ///
  /// - Parameter outdir: The folder of the sheet.
  /// - Returns: The outcome that `run` would have.
  /// - Throws: `RequestError` for values that cannot be; an error about the data; `FileError` if the
  ///   folder could not be made.
  public func plan(outdir: String) throws -> Outcome {
    try OutputFolder.check(outdir)
    return try prepared(outdir: outdir).outcome
  }

  /// Makes the sheet.
  ///
  /// Every column has the same random numbers: what happens to a picture at a probability happens to
  /// it at all higher ones, too.
  ///
  /// - Parameter outdir: The folder of the sheet; made if it is not there.
  /// - Returns: What was made.
  /// - Throws: What `plan` throws; `FileError` if the sheet cannot be written.
  public func run(outdir: String) throws -> Outcome {
    let (dataset, pipe, outcome) = try prepared(outdir: outdir)
    let folder = try OutputFolder(making: outdir)
    let images = try dataset.batch(0..<outcome.pictures).images
    let words = SheetWords(
      title: "augmentation \(set)", columns: probabilities.map { "p \(plain($0))" },
      rows: (0..<outcome.pictures).map { "picture \($0)" })
    let size = dataset.shape.resolution
    var sheet = PictureSheet(words, width: size, height: size, isBare: false)
    for (column, p) in probabilities.enumerated() {
      try Task.checkCancellation()
      var source = RandomAugmentationSource(TorchGenerator(seed: UInt64(seed)))
      let drawn = pipe.draw(images.shape, p: p, from: &source)
      let bytes = PixelEncoding.truncated.bytes(withoutGradients { drawn(images) })
      for row in 0..<outcome.pictures {
        let picture = bytes.selected(row, axis: 0)
        sheet.place(
          ByteImage(
            width: size, height: size, channels: picture.size(2),
            pixels: picture.contiguous().values(as: UInt8.self)), column: column, row: row)
      }
    }
    if let image = sheet.image {
      try PNG(image: image, texts: provenance.texts).write(to: folder.file(Self.fileName))
    }
    return outcome
  }

  private func prepared(
    outdir: String
  ) throws -> (dataset: any Dataset, pipe: AugmentationPipe, outcome: Outcome) {
    guard let name = AugmentationSet(rawValue: set) else {
      let names = AugmentationSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestError("--augpipe", expected: "one of \(names)", found: set)
    }
    guard (1...12).contains(probabilities.count), probabilities.allSatisfy((0...1).contains) else {
      throw RequestError(
        "--p", expected: "1 to 12 numbers from 0 to 1",
        found: probabilities.map(plain).joined(separator: ","))
    }
    try checkRanges(counts: [("--count", count, 1...64)])
    try data.check()
    let dataset = try data.open(.none)
    let pipe = AugmentationPipe(name)
    try pipe.validate(resolution: dataset.shape.resolution)
    let outcome = Outcome(
      file: OutputFolder.file(Self.fileName, in: outdir), pictures: min(count, dataset.count),
      probabilities: probabilities)
    return (dataset, pipe, outcome)
  }
}

// Which encoder was asked for, and its sizes.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Training

/// Which encoder was asked for, and its sizes; nil for what was not said.
public struct EncoderRequest: Sendable {
  /// Which encoder it is: `style-transformer`, `psp`, `psp-w` or `psp-w-plus`.
  public var kind: String?
  /// How large it is made: `published` or `small`.
  public var size: String?
  /// The width of the pictures that it sees, in pixels.
  public var width: Int?
  /// The features of each stage of the trunk.
  public var widths: [Int]?
  /// The residual units of each stage.
  public var units: [Int]?
  /// pSp: the features of the heads' convolutions.
  public var headWidth: Int?
  /// Style Transformer: the numbers between the two matrices of a decoder layer.
  public var feedForward: Int?
  /// Style Transformer: the share of numbers that training drops.
  public var dropout: Double?
  /// Style Transformer: whether queries look at one another.
  public var selfAttention: Bool?
  /// Style Transformer: what each decoder layer reads: `coarse`, `middle` or `fine`.
  public var levels: [String]?
  /// Style Transformer: `w+`, or `w` for one code for all rows.
  public var space: String?
  /// Whether codes are differences from the average code.
  public var average: Bool?

  /// A network for faces whose trunk the encoder's starts as.
  public var trunk: String?

  /// Nothing was said.
  public init() {}

  /// The spaces of codes, as people type them.
  static let spaces = ["w", "w+"]

  /// The most pixels that an encoder sees side by side, unless it was said.
  private static let usualWidth = 256

  /// Checks every value by itself.
  func check() throws(RequestError) {
    try checkName("--encoder", kind, is: EncoderKind.self)
    try checkName("--size", size, is: EncoderSize.self)
    try checkRanges(counts: [
      ("--encoder-res", width, 8...1024), ("--head-width", headWidth, 1...4096),
      ("--ffn", feedForward, 1...65536),
    ])
    try checkRanges(numbers: [("--dropout", dropout, 0...0.9, "0 to 0.9")])
    if let levels {
      for level in levels { try checkName("--levels", level, is: FeatureLevel.self) }
      guard (1...6).contains(levels.count) else {
        throw RequestError("--levels", expected: "1 to 6 levels", found: listed(levels))
      }
    }
    if let space, !Self.spaces.contains(space) {
      throw RequestError(
        "--space", expected: Self.spaces.joined(separator: " or "), found: space)
    }
    for (option, numbers, most) in [("--widths", widths, 4096), ("--units", units, 256)] {
      guard let numbers else { continue }
      guard (3...8).contains(numbers.count), numbers.allSatisfy((1...most).contains) else {
        throw RequestError(
          option, expected: "3 to 8 numbers from 1 to \(most)", found: listed(numbers))
      }
    }
  }

  /// How large an encoder is made that sees pictures of a width.
  func size(of width: Int) -> EncoderSize {
    size.flatMap(EncoderSize.init) ?? (width < Self.usualWidth ? .small : .published)
  }

  /// The sizes of the encoder.
  ///
  /// - Parameter decoder: The generator.
  /// - Returns: The sizes, all filled in.
  /// - Throws: `RequestError` if they do not go together, or with the generator.
  func architecture(into decoder: any Generator) throws(RequestError) -> EncoderArchitecture {
    let kind = kind.flatMap(EncoderKind.init) ?? .styleTransformer
    let width = width ?? min(decoder.traits.resolution, Self.usualWidth)
    var made = EncoderArchitecture(kind, size(of: width), width: width, into: decoder)
    let isTransformer = kind == .styleTransformer
    for (option, isSaid, isMeant) in [
      ("--head-width", headWidth != nil, kind == .psp),
      ("--ffn", feedForward != nil, isTransformer), ("--dropout", dropout != nil, isTransformer),
      (
        "--\(selfAttention == false ? "no-" : "")self-attention", selfAttention != nil,
        isTransformer
      ),
      ("--levels", levels != nil, isTransformer), ("--space", space != nil, isTransformer),
    ] where isSaid && !isMeant {
      throw RequestError(
        option, expected: "--encoder=\(isTransformer ? "psp" : "style-transformer") beside it",
        found: "--encoder=\(kind.rawValue)")
    }
    if let widths {
      (made.widths, made.stemWidth) = (widths, widths[0])
      if isTransformer { made.pyramidWidth = made.wDim }
    }
    if let units { made.units = units }
    guard made.units.count == made.widths.count else {
      throw RequestError(
        units == nil ? "--widths" : "--units",
        expected: "as many numbers as stages: --widths and --units go together",
        found: "\(made.widths.count) widths and \(made.units.count) counts of units")
    }
    if let headWidth { made.headWidth = headWidth }
    if let feedForward { made.feedForward = feedForward }
    if let dropout { made.dropout = dropout }
    // What is as published is not said.
    if selfAttention == false { made.selfAttention = false }
    let read = levels?.compactMap(FeatureLevel.init)
    if read != FeatureLevel.allCases { made.levels = read }
    if space == Self.spaces[0] { made.isIntoW = true }
    if average == false { made.isResidual = false }
    do {
      try made.configuration().traits.check(fits: decoder.traits)
    } catch {
      throw RequestError(
        error,
        options: [
          "height": "--encoder-res", "width": "--encoder-res", "encoder": "--encoder-res",
          "trunk.squeezeReduction": "--widths", "trunk.stages": "--widths",
        ])
    }
    return made
  }

  // MARK: The trunk

  private static let publishedTrunk = "ArcFace's model_ir_se50.pth"

  /// The network whose trunk the encoder's starts as, if one was asked for.
  ///
  /// - Parameter made: The encoder's sizes.
  /// - Returns: What a training remembers of it; nil for a trunk that starts at random.
  /// - Throws: `FileError` if it cannot be read, or its trunk has other sizes.
  func trunkNetwork(of made: EncoderArchitecture) throws -> NamedNetwork? {
    guard let trunk else { return nil }
    let network = try featureNetwork(
      in: trunk, as: FaceRecognitionConfiguration.self, expected: Self.publishedTrunk)
    try network.check()
    let found = (network.configuration as? FaceRecognitionConfiguration)?.trunk
    let wanted = try made.configuration().shape.trunk
    guard let found, found == wanted else {
      throw FileError(
        .doesNotFit, file: trunk, expected: "a trunk of \(wanted.words), as the encoder has",
        found: "one of \(found?.words ?? "nothing")")
    }
    return .init(
      kind: FaceRecognitionConfiguration.kind,
      files: [URL(filePath: trunk).standardizedFileURL.path(percentEncoded: false)],
      hash: try network.contentHash())
  }

  /// Makes a new encoder's trunk that of the network for faces, if one was asked for.
  func startTrunk(of encoder: any ImageEncoder) throws {
    guard let trunk else { return }
    let network = try featureNetwork(
      in: trunk, as: FaceRecognitionConfiguration.self, expected: Self.publishedTrunk)
    guard let faces = try network.makeFeatures() as? FaceRecognition else {
      preconditionFailure("\(trunk) is no network for faces")
    }
    EncoderLearner.startTrunk(of: encoder, from: faces)
  }

  /// What was asked for and is not so in a training, a line each.
  func differences(from had: EncoderArchitecture) -> [String?] {
    [
      difference("encoder", kind, had.kind.rawValue), difference("encoder-res", width, had.width),
      difference("widths", widths, had.widths, listed),
      difference("units", units, had.units, listed),
      difference("head-width", headWidth, had.headWidth),
      difference("ffn", feedForward, had.feedForward),
      difference("dropout", dropout, had.dropout, plainNumber),
      difference("self-attention", selfAttention, had.selfAttention ?? true),
      difference(
        "levels", levels, (had.levels ?? FeatureLevel.allCases).map(\.rawValue), listed),
      difference("space", space, Self.spaces[had.isIntoW == true ? 0 : 1]),
      difference("average", average, had.isResidual ?? true),
    ]
  }
}

extension IRSEConfiguration {
  /// The sizes in words.
  fileprivate var words: String {
    "\(listed(stages.map(\.units))) units of \(listed(stages.map(\.width))) features"
      + (squeezes ? "" : " without squeeze and excitation")
  }
}

/// Checks that a word is one of those that there are.
///
/// - Parameters:
///   - option: The option's name.
///   - value: What was said, if anything.
///   - kind: What has the words.
/// - Throws: `RequestError` if there is no such word.
func checkName<Kind: CaseIterable & RawRepresentable>(
  _ option: String, _ value: String?, is kind: Kind.Type
) throws(RequestError) where Kind.RawValue == String {
  guard let value, Kind(rawValue: value) == nil else { return }
  let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
  throw RequestError(option, expected: "one of \(names)", found: value)
}

/// A number with as many digits as it needs.
func plainNumber(_ number: Double) -> String {
  number == number.rounded() && number.magnitude < 1e15 ? "\(Int(number))" : "\(number)"
}

// Adaptive discriminator augmentation: Karras et al., "Training Generative Adversarial Networks with
// Limited Data" (2020), as `training/augment.py` of stylegan2-ada-pytorch does it.

import Foundation
public import Networks
public import Tensors

/// A named choice of transformations.
///
/// - Source: `--augpipe` of `train.py` of stylegan2-ada-pytorch.
public enum AugmentationSet: String, CaseIterable, Codable, Hashable, Sendable {
  /// Pixels stay whole: mirroring, quarter turns, shifts by whole pixels.
  case blit
  /// Pixels move between one another: scaling, turning, stretching, shifts.
  case geom
  /// Brightness, contrast, inverted brightness, hue, saturation.
  case color
  /// Bands of frequencies made stronger and weaker.
  case filter
  /// Noise in every pixel.
  case noise
  /// A square cut out.
  case cutout
  /// `blit` and `geom`.
  case bg
  /// `bg` and `color`: what the paper recommends.
  case bgc
  /// `bgc` and `filter`.
  case bgcf
  /// `bgcf` and `noise`.
  case bgcfn
  /// `bgcfn` and `cutout`: everything.
  case bgcfnc

  /// The sets of one kind of transformation that this one is made of.
  var parts: [AugmentationSet] {
    let all: [AugmentationSet] = [.blit, .geom, .color, .filter, .noise, .cutout]
    return switch self {
    case .bg: Array(all.prefix(2))
    case .bgc: Array(all.prefix(3))
    case .bgcf: Array(all.prefix(4))
    case .bgcfn: Array(all.prefix(5))
    case .bgcfnc: all
    default: [self]
    }
  }
}

/// Which transformations pictures may undergo before the discriminator sees them, how often and how
/// strongly.
///
/// Every transformation has a factor: for a probability p it happens to a picture with p times the
/// factor; 0 is never. A picture usually undergoes several. Strengths are those of the paper.
public struct AugmentationPipe: Codable, Hashable, Sendable {
  /// Factor of mirroring; half of the pictures chosen are mirrored.
  public var xflip = 0.0
  /// Factor of turns by 0 to 3 quarters.
  public var rotate90 = 0.0
  /// Factor of shifts by whole pixels.
  public var xint = 0.0
  /// Factor of scaling.
  public var scale = 0.0
  /// Factor of turning, before and after stretching.
  public var rotate = 0.0
  /// Factor of stretching.
  public var aniso = 0.0
  /// Factor of shifts by parts of pixels.
  public var xfrac = 0.0
  /// Factor of changes of brightness.
  public var brightness = 0.0
  /// Factor of changes of contrast.
  public var contrast = 0.0
  /// Factor of inverting brightness; that of half of the pictures chosen is inverted.
  public var lumaFlip = 0.0
  /// Factor of turning colours.
  public var hue = 0.0
  /// Factor of changes of saturation.
  public var saturation = 0.0
  /// Factor of filtering by bands of frequencies.
  public var imageFilter = 0.0
  /// Factor of noise in every pixel.
  public var noise = 0.0
  /// Factor of cutting out a square.
  public var cutout = 0.0

  /// The farthest shift by whole pixels, relative to the image's size.
  public var xintMax = 0.125
  /// Deviation of the binary logarithm of scales.
  public var scaleStd = 0.2
  /// The largest turn, 1 for half a circle.
  public var rotateMax = 1.0
  /// Deviation of the binary logarithm of stretching.
  public var anisoStd = 0.2
  /// Deviation of shifts by parts of pixels, relative to the image's size.
  public var xfracStd = 0.125
  /// Deviation of brightness, where pictures have values from -1 to 1.
  public var brightnessStd = 0.2
  /// Deviation of the binary logarithm of contrast.
  public var contrastStd = 0.5
  /// The largest turn of colours, 1 for half a circle.
  public var hueMax = 1.0
  /// Deviation of the binary logarithm of saturation.
  public var saturationStd = 1.0
  /// Factors of each band of frequencies, low to high, beside that of all of them.
  public var imageFilterBands = [1.0, 1, 1, 1]
  /// Deviation of the binary logarithm of a band's gain.
  public var imageFilterStd = 1.0
  /// Deviation of the deviation of noise.
  public var noiseStd = 0.1
  /// The side of the square that is cut out, relative to the image's.
  public var cutoutSize = 0.5

  /// No transformation.
  public init() {}

  /// All transformations of a set, each as often as p says.
  public init(_ set: AugmentationSet) {
    for part in set.parts {
      switch part {
      case .blit: (xflip, rotate90, xint) = (1, 1, 1)
      case .geom: (scale, rotate, aniso, xfrac) = (1, 1, 1, 1)
      case .color: (brightness, contrast, lumaFlip, hue, saturation) = (1, 1, 1, 1, 1)
      case .filter: imageFilter = 1
      case .noise: noise = 1
      default: cutout = 1
      }
    }
  }

  /// Factors and strengths under the names that errors give them.
  private var numbers: [(name: String, value: Double)] {
    [
      ("xflip", xflip), ("rotate90", rotate90), ("xint", xint), ("scale", scale),
      ("rotate", rotate), ("aniso", aniso), ("xfrac", xfrac), ("brightness", brightness),
      ("contrast", contrast), ("lumaFlip", lumaFlip), ("hue", hue), ("saturation", saturation),
      ("imageFilter", imageFilter), ("noise", noise), ("cutout", cutout), ("xintMax", xintMax),
      ("scaleStd", scaleStd), ("rotateMax", rotateMax), ("anisoStd", anisoStd),
      ("xfracStd", xfracStd), ("brightnessStd", brightnessStd), ("contrastStd", contrastStd),
      ("hueMax", hueMax), ("saturationStd", saturationStd), ("imageFilterStd", imageFilterStd),
      ("noiseStd", noiseStd), ("cutoutSize", cutoutSize),
    ] + imageFilterBands.map { ("imageFilterBands", $0) }
  }

  /// Checks that pictures of a size can be transformed.
  ///
  /// - Parameter resolution: Their width and height, in pixels; nil if it is not known yet.
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate(resolution: Int? = nil) throws(ConfigurationError) {
    for (name, value) in numbers {
      try ConfigurationError.check(
        "augmentation.\(name)", value, is: "from 0 to 1000", (0...1000).contains)
    }
    let bands = Wavelets.bands.count
    try ConfigurationError.check(
      "bands of augmentation.imageFilterBands", imageFilterBands.count, in: bands...bands)
    guard let resolution, imageFilter > 0 else { return }
    try ConfigurationError.check(
      "resolution with augmentation.imageFilter", resolution, in: Wavelets.reach + 1...65536)
  }
}

// MARK: - Drawing

/// Where the random numbers of augmentation come from.
public protocol AugmentationSource {
  /// What goes wrong if there are no more numbers.
  associatedtype Failure: Error

  /// Numbers equally likely everywhere in [0, 1).
  ///
  /// - Parameter shape: How many, as the lengths of axes.
  /// - Returns: A tensor of that shape.
  /// - Throws: `Failure`.
  mutating func uniform(_ shape: [Int]) throws(Failure) -> Tensor

  /// Standard normal numbers.
  ///
  /// - Parameter shape: How many, as the lengths of axes.
  /// - Returns: A tensor of that shape.
  /// - Throws: `Failure`.
  mutating func normal(_ shape: [Int]) throws(Failure) -> Tensor

  /// Which pictures undergo a transformation.
  ///
  /// - Parameters:
  ///   - shape: How many decisions, as the lengths of axes.
  ///   - probability: That of each.
  /// - Returns: A decision for each element of that shape.
  /// - Throws: `Failure`.
  mutating func gates(_ shape: [Int], probability: Double) throws(Failure) -> [Bool]
}

extension AugmentationSource {
  /// A uniform number below the probability opens a gate.
  public mutating func gates(_ shape: [Int], probability: Double) throws(Failure) -> [Bool] {
    try uniform(shape).values(as: Double.self).map { $0 < probability }
  }
}

/// Random numbers of libtorch.
public struct RandomAugmentationSource: AugmentationSource {
  /// Random numbers never end.
  public typealias Failure = Never

  private let generator: TorchGenerator

  /// Numbers of a generator.
  public init(_ generator: TorchGenerator) { self.generator = generator }

  /// Numbers equally likely everywhere in [0, 1).
  public func uniform(_ shape: [Int]) -> Tensor { .rand(shape, generator: generator) }

  /// Standard normal numbers.
  public func normal(_ shape: [Int]) -> Tensor { .randn(shape, generator: generator) }
}

extension AugmentationPipe {
  /// Draws what happens to each picture of a batch.
  ///
  /// Numbers are drawn in the order of the published program: for each transformation its values,
  /// then which pictures undergo it; of a square that is cut out first which, then where. A factor of
  /// 0 draws nothing.
  ///
  /// - Parameters:
  ///   - shape: The batch's, [N, C, H, W].
  ///   - p: The probability that factors refer to.
  ///   - source: Where numbers come from.
  /// - Returns: What happens to the pictures.
  /// - Throws: What the source throws.
  public func draw<Source: AugmentationSource>(
    _ shape: [Int], p: Double, from source: inout Source
  ) throws(Source.Failure) -> BatchAugmentation {
    precondition(shape.count == 4, "augmentation of a batch of shape \(shape)")
    var drawing = Drawing(source: source, count: shape[0])
    try drawMoves(&drawing, p: p, width: Double(shape[3]), height: Double(shape[2]))
    try drawColours(&drawing, p: p, hasColours: shape[1] > 1)
    for (band, factor) in imageFilterBands.enumerated() {
      try drawing.normal(imageFilter * p * factor, if: imageFilter) {
        $0.bandGains[band] = exp2($1[0] * imageFilterStd)
      }
    }
    let alone = [1, 1, 1]  // the axes beside N that the published program gives some numbers
    try drawing.normal(noise * p, if: noise, valueShape: alone) {
      $0.noiseDeviation = abs($1[0]) * noiseStd
    }
    let pixelNoise = noise > 0 ? try drawing.source.normal(shape) : nil
    if cutout > 0 {
      let isCut = try drawing.source.gates([shape[0], 1] + alone, probability: cutout * p)
      let places = try drawing.source.uniform([shape[0], 2] + alone)
      drawing.apply(places, to: isCut) {
        $0.cutoutSize = cutoutSize
        ($0.cutoutX, $0.cutoutY) = ($1[0], $1[1])
      }
    }
    source = drawing.source
    return BatchAugmentation(drawing.pictures, pixelNoise: pixelNoise)
  }

  private func drawMoves<Source>(
    _ drawing: inout Drawing<Source>, p: Double, width: Double, height: Double
  ) throws(Source.Failure) {
    try drawing.uniform(xflip * p, if: xflip) { $0.isMirrored = $1[0] >= 0.5 }
    try drawing.uniform(rotate90 * p, if: rotate90) { $0.quarterTurns = Int($1[0] * 4) }
    try drawing.uniform(xint * p, if: xint, valueShape: [2]) {
      let (x, y) = (($1[0] * 2 - 1) * xintMax, ($1[1] * 2 - 1) * xintMax)
      $0.wholeShiftX = (x * width).rounded(.toNearestOrEven)
      $0.wholeShiftY = (y * height).rounded(.toNearestOrEven)
    }
    try drawing.normal(scale * p, if: scale) { $0.scale = exp2($1[0] * scaleStd) }
    // So that one turn or the other happens as often as other transformations.
    let turns = 1 - (1 - rotate * p).clamped(to: 0...1).squareRoot()
    func angle(_ u: Double) -> Double { (u * 2 - 1) * .pi * rotateMax }
    try drawing.uniform(turns, if: rotate) { $0.turnBefore = angle($1[0]) }
    try drawing.normal(aniso * p, if: aniso) { $0.stretch = exp2($1[0] * anisoStd) }
    try drawing.uniform(turns, if: rotate) { $0.turnAfter = angle($1[0]) }
    try drawing.normal(xfrac * p, if: xfrac, valueShape: [2]) {
      ($0.shiftX, $0.shiftY) = ($1[0] * xfracStd * width, $1[1] * xfracStd * height)
    }
  }

  private func drawColours<Source>(
    _ drawing: inout Drawing<Source>, p: Double, hasColours: Bool
  ) throws(Source.Failure) {
    try drawing.normal(brightness * p, if: brightness) { $0.brightness = $1[0] * brightnessStd }
    try drawing.normal(contrast * p, if: contrast) { $0.contrast = exp2($1[0] * contrastStd) }
    try drawing.uniform(lumaFlip * p, if: lumaFlip, valueShape: [1, 1]) {
      $0.isLumaFlipped = $1[0] >= 0.5
    }
    guard hasColours else { return }
    try drawing.uniform(hue * p, if: hue) { $0.hue = ($1[0] * 2 - 1) * .pi * hueMax }
    try drawing.normal(saturation * p, if: saturation, valueShape: [1, 1]) {
      $0.saturation = exp2($1[0] * saturationStd)
    }
  }
}

/// What has been drawn of a batch so far.
private struct Drawing<Source: AugmentationSource> {
  typealias Failure = Source.Failure
  typealias Change = (inout PictureAugmentation, [Double]) -> Void

  var source: Source
  private(set) var pictures: [PictureAugmentation]

  init(source: Source, count: Int) {
    self.source = source
    pictures = Array(repeating: PictureAugmentation(), count: count)
  }

  /// Draws uniform numbers for every picture, then which pictures they change.
  mutating func uniform(
    _ probability: Double, if factor: Double, valueShape: [Int] = [], _ change: Change
  ) throws(Failure) {
    guard factor > 0 else { return }
    let values = try source.uniform([pictures.count] + valueShape)
    try apply(values, probability: probability, change)
  }

  /// Draws normal numbers for every picture, then which pictures they change.
  mutating func normal(
    _ probability: Double, if factor: Double, valueShape: [Int] = [], _ change: Change
  ) throws(Failure) {
    guard factor > 0 else { return }
    let values = try source.normal([pictures.count] + valueShape)
    try apply(values, probability: probability, change)
  }

  private mutating func apply(
    _ values: Tensor, probability: Double, _ change: Change
  ) throws(Failure) {
    // Both numbers of a shift have one gate.
    let shape = values.shape.enumerated().map { axis, length in axis == 0 ? length : 1 }
    apply(values, to: try source.gates(shape, probability: probability), change)
  }

  /// Changes the pictures whose gates are open.
  mutating func apply(_ values: Tensor, to isOpen: [Bool], _ change: Change) {
    let all = values.values(as: Double.self)
    let each = all.count / max(pictures.count, 1)
    for index in pictures.indices where isOpen[index] {
      change(&pictures[index], Array(all[index * each..<(index + 1) * each]))
    }
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}

// The residual trunk of face recognition, IR-SE50: Deng et al., "ArcFace: Additive Angular Margin
// Loss for Deep Face Recognition" (2019), with the blocks of Hu et al., "Squeeze-and-Excitation
// Networks" (2018), and the layer names of pixel2style2pixel, which start with those of ArcFace's
// published weights.

public import Layers
public import Tensors

/// The sizes and choices of an IR trunk; the defaults are those of IR-SE50.
public struct IRSEConfiguration: Codable, Hashable, Sendable {
  /// Units of one width, the first of which halves the features.
  public struct Stage: Codable, Hashable, Sendable {
    /// The features.
    public var width: Int
    /// How many units there are.
    public var units: Int

    /// So many units of one width.
    public init(width: Int, units: Int) { (self.width, self.units) = (width, units) }
  }

  /// The channels of the images; 6 where an earlier result is seen beside the image.
  public var inChannels = 3
  /// The features of the first convolution.
  public var stemWidth = 64
  /// The stages in order; the last three give the taps.
  public var stages: [Stage]
  /// Whether units weigh their channels by squeeze and excitation.
  public var squeezes = true
  /// How many times narrower the excitation is than the unit.
  public var squeezeReduction = 16

  /// Stages of the published widths 64, 128, 256 and 512.
  ///
  /// - Parameters:
  ///   - units: How many units each stage has; by default the 24 of 50 layers.
  ///   - squeezes: Whether units weigh their channels.
  public init(units: [Int] = [3, 4, 14, 3], squeezes: Bool = true) {
    stages = units.enumerated().map { Stage(width: 64 << $0, units: $1) }
    self.squeezes = squeezes
  }

  /// Stages of these widths and depths.
  ///
  /// - Parameters:
  ///   - stemWidth: The features of the first convolution.
  ///   - stages: The stages in order.
  public init(stemWidth: Int, stages: [Stage]) {
    (self.stemWidth, self.stages) = (stemWidth, stages)
  }

  /// The units of each stage of a published depth, by its number of layers.
  ///
  /// - Source: `models/encoders/helpers.py` of pixel2style2pixel.
  public static let publishedUnits = [
    50: [3, 4, 14, 3], 100: [3, 13, 30, 3], 152: [3, 8, 36, 3],
  ]

  /// The features of the three taps, fine to coarse.
  public var tapWidths: [Int] { stages.suffix(3).map(\.width) }

  /// The places among all units after which the taps are taken, fine to coarse.
  public var tapUnits: [Int] {
    let ends = stages.indices.map { end in stages[...end].reduce(-1) { $0 + $1.units } }
    return Array(ends.suffix(3))
  }

  /// The length of an axis after a number of stages, each of which halves it and rounds up.
  ///
  /// - Parameters:
  ///   - length: The image's height or width.
  ///   - stages: How many stages the image passes.
  /// - Returns: The features' height or width.
  public static func length(_ length: Int, after stages: Int) -> Int {
    (0..<stages).reduce(length) { length, _ in (length + 1) / 2 }
  }

  /// Checks that a trunk can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("trunk.inChannels", inChannels, in: 1...256)
    try ConfigurationError.check("trunk.stemWidth", stemWidth, in: 1...65536)
    try ConfigurationError.check(
      "trunk.stages", stages.count, is: "3 to 8 stages", (3...8).contains)
    for (i, stage) in stages.enumerated() {
      try ConfigurationError.check("trunk.stages[\(i)].width", stage.width, in: 1...65536)
      try ConfigurationError.check("trunk.stages[\(i)].units", stage.units, in: 1...256)
    }
    try ConfigurationError.check("trunk.squeezeReduction", squeezeReduction, in: 1...65536)
    let narrowest = stages.map(\.width).min() ?? 1
    try ConfigurationError.check(
      "trunk.squeezeReduction", squeezeReduction, is: "at most the narrowest stage, \(narrowest)"
    ) { !squeezes || $0 <= narrowest }
  }
}

/// The trunk: a convolution, then stages of residual units.
///
/// - Shape: image [N, C, H, W]; the taps are [N, width, H / f, W / f] with f = 4, 8 and 16 for four
///   stages, lengths rounded up.
public final class IRSETrunk {
  /// What the trunk shows of an image at three sizes.
  public struct Taps {
    /// The finest features, c1: after the last but two stage.
    public let fine: Tensor
    /// The middle ones, c2: after the last but one stage.
    public let middle: Tensor
    /// The coarsest ones, c3: after the last stage.
    public let coarse: Tensor
  }

  /// The sizes and choices that it was built from.
  public let configuration: IRSEConfiguration
  private let convolution: ConvolutionLayer
  private let norm: BatchNormLayer
  private let slopes: PReLULayer
  private let units: [IRSEUnit]

  /// Makes the trunk's layers `input_layer` and `body`.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The place of the names.
  public init(_ configuration: IRSEConfiguration, _ p: Scope) {
    self.configuration = configuration
    let width = configuration.stemWidth
    let stem = p / "input_layer"
    convolution = ConvolutionLayer(
      stem / "0", inChannels: configuration.inChannels, outChannels: width, kernelSize: 3,
      padding: 1, hasBias: false)
    norm = BatchNormLayer(stem / "1", channels: width)
    slopes = PReLULayer(stem / "2", channels: width)
    var units: [IRSEUnit] = []
    var inChannels = width
    for stage in configuration.stages {
      for index in 0..<stage.units {
        units.append(
          IRSEUnit(
            p / "body" / "\(units.count)", inChannels: inChannels, outChannels: stage.width,
            stride: index == 0 ? 2 : 1,
            squeezeReduction: configuration.squeezes ? configuration.squeezeReduction : nil))
        inChannels = stage.width
      }
    }
    self.units = units
  }

  /// Looks at images.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - purpose: In training, the statistics are those of the batch, and the running ones move.
  /// - Returns: The features at three sizes.
  public func callAsFunction(_ img: Tensor, purpose: ForwardPurpose = .evaluation) -> Taps {
    let wanted = configuration.tapUnits
    var taps: [Tensor] = []
    let isFinished = purpose == .evaluation && isFinishable
    var x = isFinished ? fineFeatures(img) : stem(img, purpose: purpose)
    if isFinished { taps.append(x) }
    for (index, unit) in units.enumerated() where !isFinished || index > wanted[0] {
      x = isFinished ? unit.finished(x) : unit(x, purpose: purpose)
      if wanted.contains(index) { taps.append(x) }
    }
    return Taps(fine: taps[0], middle: taps[1], coarse: taps[2])
  }

  /// Looks at images and keeps what every part makes of them, for whoever compares parts.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1].
  /// - Returns: The features after the first convolution, and after every unit.
  public func everyStep(_ img: Tensor) -> (stem: Tensor, units: [Tensor]) {
    let first = stem(img, purpose: .evaluation)
    var x = first
    return (
      first,
      units.map { unit in
        x = unit(x, purpose: .evaluation)
        return x
      }
    )
  }

  // MARK: Without gradients

  /// Whether what follows convolutions can be done in their passes over memory.
  private var isFinishable: Bool {
    convolution.isFinishable && units.allSatisfy(\.isFinishable)
  }

  /// The finest features, one sample after the other, since the maps before them are large.
  private func fineFeatures(_ img: Tensor) -> Tensor {
    sampleBySample(img.size(0)) { one in
      units[1..<configuration.tapUnits[0] + 1].reduce(firstUnit(one(img))) { $1.finished($0) }
    }
  }

  /// The first unit's result for one sample, of rows that are made a few at a time from the image on:
  /// nothing of the image's size is ever held, other than the image.
  private func firstUnit(_ img: Tensor) -> Tensor {
    let (unit, height) = (units[0], img.size(2))
    let rows = (height + 1) / 2
    // Below a last row of odd images lies another of zeros: those are not divided.
    let together = height % 2 == 0 ? Self.rowsTogether : rows
    var main: Tensor?
    var side: Tensor?
    for first in stride(from: 0, to: rows, by: together) {
      let end = min(first + together, rows)
      // A result needs a row of the slopes' more than its two, which need one of the stem's more.
      let needed = max(0, 2 * first - 2)..<min(height, 2 * end + 1)
      let seen = max(0, needed.lowerBound - 1)..<min(height, needed.upperBound + 1)
      let stem = convolution(img.sliced(seen, axis: 2), norm: norm, slopes: slopes)
        .sliced(needed.lowerBound - seen.lowerBound..<needed.upperBound - seen.lowerBound, axis: 2)
      let own = 2 * first - needed.lowerBound..<min(2 * end, height) - needed.lowerBound
      place(unit.side(stem.sliced(own, axis: 2)), at: first, among: rows, of: &side)
      let mainRows = max(0, own.lowerBound - 1)..<own.upperBound
      place(unit.main(stem, rows: mainRows), at: first, among: rows, of: &main)
    }
    guard let main, let side else { preconditionFailure("an image without rows") }
    return unit.joined(main, side: side)
  }

  /// Puts some rows of an image in their place, and makes the image for the first of them.
  private func place(_ rows: Tensor, at first: Int, among count: Int, of img: inout Tensor?) {
    let whole =
      img
      ?? .empty(
        [1, count, rows.size(3), rows.size(1)], dtype: rows.dtype, device: rows.device
      ).permuted(0, 3, 1, 2)
    whole.sliced(first..<first + rows.size(2), axis: 2).assign(rows)
    img = whole
  }

  /// The rows of the first unit's result that are made together: as much as the caches hold at 256
  /// pixels.
  static let rowsTogether = 16

  private func stem(_ img: Tensor, purpose: ForwardPurpose) -> Tensor {
    slopes(norm(convolution(img), purpose: purpose))
  }
}

/// A residual unit: normalisation, convolution, slopes, strided convolution, normalisation, and the
/// weighing of channels; beside it the image itself, thinned out, or a strided 1×1 convolution where
/// the width changes.
///
/// - Shape: `x` [N, I, H, W], result [N, O, H / stride, W / stride], lengths rounded up.
final class IRSEUnit {
  private let norm0: BatchNormLayer
  private let conv1: ConvolutionLayer
  private let slopes: PReLULayer
  private let conv2: ConvolutionLayer
  private let norm1: BatchNormLayer
  private let excitation: SqueezeExcitation?
  private let shortcut: (convolution: ConvolutionLayer, norm: BatchNormLayer)?
  private let stride: Int

  init(_ p: Scope, inChannels: Int, outChannels: Int, stride: Int, squeezeReduction: Int?) {
    let side = p / "shortcut_layer"
    shortcut =
      inChannels == outChannels
      ? nil
      : (
        ConvolutionLayer(
          side / "0", inChannels: inChannels, outChannels: outChannels, kernelSize: 1,
          stride: stride, hasBias: false),
        BatchNormLayer(side / "1", channels: outChannels)
      )
    let main = p / "res_layer"
    norm0 = BatchNormLayer(main / "0", channels: inChannels)
    conv1 = ConvolutionLayer(
      main / "1", inChannels: inChannels, outChannels: outChannels, kernelSize: 3, padding: 1,
      hasBias: false)
    slopes = PReLULayer(main / "2", channels: outChannels)
    conv2 = ConvolutionLayer(
      main / "3", inChannels: outChannels, outChannels: outChannels, kernelSize: 3, stride: stride,
      padding: 1, hasBias: false)
    norm1 = BatchNormLayer(main / "4", channels: outChannels)
    excitation = squeezeReduction.map {
      SqueezeExcitation(main / "5", channels: outChannels, reduction: $0)
    }
    self.stride = stride
  }

  func callAsFunction(_ x: Tensor, purpose: ForwardPurpose) -> Tensor {
    var y = conv1(norm0(x, purpose: purpose))
    y = norm1(conv2(slopes(y)), purpose: purpose)
    y = excitation?(y) ?? y
    // A maximum over windows of one pixel is that pixel.
    return y + side(x, purpose: purpose)
  }

  /// What stands beside the convolutions.
  func side(_ x: Tensor, purpose: ForwardPurpose = .evaluation) -> Tensor {
    shortcut.map { $0.norm($0.convolution(x), purpose: purpose) }
      ?? (stride == 1 ? x : maxPool2d(x, kernelSize: 1, stride: stride))
  }

  // MARK: Without gradients

  /// Whether what follows convolutions can be done in their passes over memory.
  var isFinishable: Bool { conv1.isFinishable }

  /// The unit in evaluation, in few passes over memory.
  func finished(_ x: Tensor) -> Tensor { joined(main(x), side: side(x)) }

  /// What the convolutions make of an image, or of some rows of an image's part.
  ///
  /// - Parameters:
  ///   - x: [N, I, H, W].
  ///   - rows: Which rows the second convolution sees, where they are not all: from the first row on
  ///     there are zeros above, from a later one on there are none. Below there are none.
  /// - Returns: [N, O, H', W'].
  func main(_ x: Tensor, rows: Range<Int>? = nil) -> Tensor {
    let y = conv1(norm0(x), norm: nil, slopes: slopes)
    guard let rows else { return conv2(y, norm: norm1) }
    return conv2(
      y.sliced(rows, axis: 2), norm: norm1, rowPadding: rows.lowerBound == 0 ? nil : 0)
  }

  /// Weighs the channels of what the convolutions made, and adds the side, in its place.
  func joined(_ y: Tensor, side: Tensor) -> Tensor {
    if let excitation {
      y.multiplyInPlace(excitation.weights(of: y), adding: side)
    } else {
      y.addInPlace(side)
    }
    return y
  }
}

/// Channels weighed by what all pixels together say of them.
///
/// - Shape: `x` [N, C, H, W], result the same.
final class SqueezeExcitation {
  private let fc1: ConvolutionLayer
  private let fc2: ConvolutionLayer

  init(_ p: Scope, channels: Int, reduction: Int) {
    let narrow = channels / reduction
    fc1 = ConvolutionLayer(
      p / "fc1", inChannels: channels, outChannels: narrow, kernelSize: 1, hasBias: false)
    fc2 = ConvolutionLayer(
      p / "fc2", inChannels: narrow, outChannels: channels, kernelSize: 1, hasBias: false)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { x * weights(of: x) }

  /// The factors of the channels, [N, C, 1, 1].
  func weights(of x: Tensor) -> Tensor {
    fc2(fc1(x.mean(over: 2, 3, keepAxes: true)).relu()).sigmoid()
  }
}

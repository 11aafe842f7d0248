// Inception-v3: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2016),
// as TensorFlow's graph of 2015-12-05 has it, whose features FID, KID and the Inception Score are
// about, with the names of pytorch-fid's weights.

public import Layers
public import Tensors

/// The sizes of Inception-v3; the defaults are the published ones.
public struct InceptionConfiguration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "inception-v3"

  /// How many times narrower all layers are than the published ones, for small tests.
  public var widthDivisor = 1
  /// The classes that it tells apart.
  public var classCount = 1008

  /// The published sizes.
  public init() {}

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("widthDivisor", widthDivisor, is: "a power of two from 1 to 16") {
      (1...16).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("classCount", classCount, in: 1...1 << 20)
  }

  /// The numbers in a feature.
  public var featureCount: Int { 2048 / widthDivisor }
}

/// The features of pictures that most metrics compare, and the classes that they tell.
///
/// - Shape: image [N, 3, H, W], H and W 75 at least, 299 in all published uses; features [N, 2048].
public final class InceptionV3 {
  /// The sizes it was built from.
  public let configuration: InceptionConfiguration
  /// All parameters, `Conv2d_1a_3x3.conv.weight` and so on.
  public let parameters: ParameterStore
  private let steps: [Step]
  private let weight: Tensor  // [classes, 2048]
  private let bias: Tensor  // [classes]

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: InceptionConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    var channels = 3
    steps = Self.plan.map { Step($0, p, &channels, divisor: configuration.widthDivisor) }
    let (classes, width) = (configuration.classCount, configuration.featureCount)
    weight = (p / "fc").parameter("weight", .uniform([classes, width], fanIn: width))
    bias = (p / "fc").parameter("bias", .uniform([classes], fanIn: width))
  }

  /// The features of pictures, the mean over all places of the last layer.
  ///
  /// - Parameter img: [N, 3, H, W], about from -1 to 1.
  /// - Returns: [N, 2048], none negative.
  public func features(_ img: Tensor) -> Tensor {
    steps.reduce(img.channelsLast()) { $1($0) }.mean(over: 2, 3)
  }

  /// What the classifier says of features, before the softmax.
  ///
  /// - Parameters:
  ///   - features: [N, 2048].
  ///   - hasBias: Whether the classes' bias is added; the Inception Score leaves it out, as the
  ///     program did that published it first.
  /// - Returns: [N, classes].
  public func logits(_ features: Tensor, hasBias: Bool = false) -> Tensor {
    call("aten::linear", features, weight, hasBias ? bias : nil as Tensor?)
  }
}

// MARK: - The plan

/// What one step of the network does, in the published widths.
private indirect enum PlannedStep {
  /// A convolution, batch normalisation and ReLU.
  case unit(String, Int, kernel: (Int, Int), stride: Int = 1, padded: Bool = true)
  /// The largest of 3×3 pixels, without padding, every second one.
  case reduction
  /// The largest of 3×3 pixels.
  case largest
  /// The mean of 3×3 pixels, of those that lie inside.
  case mean
  /// Several paths side by side, whose channels are put one behind the other.
  case block([[PlannedStep]])
}

extension InceptionV3 {
  /// The layers in their order; names as in torchvision.
  private static var plan: [PlannedStep] {
    [
      .unit("Conv2d_1a_3x3", 32, kernel: (3, 3), stride: 2, padded: false),
      .unit("Conv2d_2a_3x3", 32, kernel: (3, 3), padded: false),
      .unit("Conv2d_2b_3x3", 64, kernel: (3, 3)),
      .reduction,
      .unit("Conv2d_3b_1x1", 80, kernel: (1, 1)),
      .unit("Conv2d_4a_3x3", 192, kernel: (3, 3), padded: false),
      .reduction,
      mixed35("Mixed_5b", pooled: 32),
      mixed35("Mixed_5c", pooled: 64),
      mixed35("Mixed_5d", pooled: 64),
      .block([
        [.unit("Mixed_6a.branch3x3", 384, kernel: (3, 3), stride: 2, padded: false)],
        [
          .unit("Mixed_6a.branch3x3dbl_1", 64, kernel: (1, 1)),
          .unit("Mixed_6a.branch3x3dbl_2", 96, kernel: (3, 3)),
          .unit("Mixed_6a.branch3x3dbl_3", 96, kernel: (3, 3), stride: 2, padded: false),
        ],
        [.reduction],
      ]),
      mixed17("Mixed_6b", width: 128),
      mixed17("Mixed_6c", width: 160),
      mixed17("Mixed_6d", width: 160),
      mixed17("Mixed_6e", width: 192),
      .block([
        [
          .unit("Mixed_7a.branch3x3_1", 192, kernel: (1, 1)),
          .unit("Mixed_7a.branch3x3_2", 320, kernel: (3, 3), stride: 2, padded: false),
        ],
        [
          .unit("Mixed_7a.branch7x7x3_1", 192, kernel: (1, 1)),
          .unit("Mixed_7a.branch7x7x3_2", 192, kernel: (1, 7)),
          .unit("Mixed_7a.branch7x7x3_3", 192, kernel: (7, 1)),
          .unit("Mixed_7a.branch7x7x3_4", 192, kernel: (3, 3), stride: 2, padded: false),
        ],
        [.reduction],
      ]),
      mixed8("Mixed_7b", pooling: .mean),
      // This graph has the largest pixel where the paper and all other versions have the mean.
      mixed8("Mixed_7c", pooling: .largest),
    ]
  }

  /// A block at 35×35.
  private static func mixed35(_ name: String, pooled: Int) -> PlannedStep {
    .block([
      [.unit("\(name).branch1x1", 64, kernel: (1, 1))],
      [
        .unit("\(name).branch5x5_1", 48, kernel: (1, 1)),
        .unit("\(name).branch5x5_2", 64, kernel: (5, 5)),
      ],
      [
        .unit("\(name).branch3x3dbl_1", 64, kernel: (1, 1)),
        .unit("\(name).branch3x3dbl_2", 96, kernel: (3, 3)),
        .unit("\(name).branch3x3dbl_3", 96, kernel: (3, 3)),
      ],
      [.mean, .unit("\(name).branch_pool", pooled, kernel: (1, 1))],
    ])
  }

  /// A block at 17×17, whose 7×7 convolutions are two of 1×7 and 7×1.
  private static func mixed17(_ name: String, width: Int) -> PlannedStep {
    .block([
      [.unit("\(name).branch1x1", 192, kernel: (1, 1))],
      [
        .unit("\(name).branch7x7_1", width, kernel: (1, 1)),
        .unit("\(name).branch7x7_2", width, kernel: (1, 7)),
        .unit("\(name).branch7x7_3", 192, kernel: (7, 1)),
      ],
      [
        .unit("\(name).branch7x7dbl_1", width, kernel: (1, 1)),
        .unit("\(name).branch7x7dbl_2", width, kernel: (7, 1)),
        .unit("\(name).branch7x7dbl_3", width, kernel: (1, 7)),
        .unit("\(name).branch7x7dbl_4", width, kernel: (7, 1)),
        .unit("\(name).branch7x7dbl_5", 192, kernel: (1, 7)),
      ],
      [.mean, .unit("\(name).branch_pool", 192, kernel: (1, 1))],
    ])
  }

  /// A block at 8×8, two of whose paths end in two directions.
  private static func mixed8(_ name: String, pooling: PlannedStep) -> PlannedStep {
    func ends(_ path: String) -> PlannedStep {
      .block([
        [.unit("\(path)a", 384, kernel: (1, 3))], [.unit("\(path)b", 384, kernel: (3, 1))],
      ])
    }
    return .block([
      [.unit("\(name).branch1x1", 320, kernel: (1, 1))],
      [.unit("\(name).branch3x3_1", 384, kernel: (1, 1)), ends("\(name).branch3x3_2")],
      [
        .unit("\(name).branch3x3dbl_1", 448, kernel: (1, 1)),
        .unit("\(name).branch3x3dbl_2", 384, kernel: (3, 3)),
        ends("\(name).branch3x3dbl_3"),
      ],
      [pooling, .unit("\(name).branch_pool", 192, kernel: (1, 1))],
    ])
  }
}

// MARK: - The layers

/// One step of the network with its parameters.
private enum Step {
  case unit(Unit)
  case pooling((Tensor) -> Tensor)
  case block([[Step]])

  /// Builds a step for `channels` of its input, and leaves there how many its result has.
  init(_ planned: PlannedStep, _ p: Scope, _ channels: inout Int, divisor: Int) {
    switch planned {
    case .unit(let name, let width, let kernel, let stride, let padded):
      let place = name.split(separator: ".").reduce(p) { $0 / String($1) }
      self = .unit(
        Unit(
          place, channels, width / divisor, kernel: kernel, stride: stride,
          padding: padded ? (kernel.0 / 2, kernel.1 / 2) : (0, 0)))
      channels = width / divisor
    case .reduction: self = .pooling { maxPool2d($0, kernelSize: 3, stride: 2) }
    case .largest: self = .pooling { maxPool2d($0, kernelSize: 3, stride: 1, padding: 1) }
    case .mean:
      self = .pooling { call("aten::avg_pool2d", $0, [3, 3], [1, 1], [1, 1], false, false) }
    case .block(let paths):
      var total = 0
      let inChannels = channels
      self = .block(
        paths.map { path in
          var channels = inChannels
          defer { total += channels }
          return path.map { Step($0, p, &channels, divisor: divisor) }
        })
      channels = total
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .unit(let unit): unit(x)
    case .pooling(let pool): pool(x)
    case .block(let paths):
      .concatenate(paths.map { path in path.reduce(x) { $1($0) } }, axis: 1)
    }
  }
}

/// A convolution, batch normalisation with the running statistics, and ReLU.
///
/// - Shape: `x` [N, I, H, W], result [N, O, H', W'].
private final class Unit {
  private let weight: Tensor  // [O, I, kH, kW]
  private let scale: Tensor  // [O]
  private let shift: Tensor  // [O]
  private let runningMean: Tensor  // [O]
  private let runningVar: Tensor  // [O]
  private let stride: Int
  private let padding: (Int, Int)

  init(
    _ p: Scope, _ inChannels: Int, _ outChannels: Int, kernel: (Int, Int), stride: Int,
    padding: (Int, Int)
  ) {
    let fanIn = inChannels * kernel.0 * kernel.1
    weight = (p / "conv").parameter(
      "weight", .uniform([outChannels, inChannels, kernel.0, kernel.1], fanIn: fanIn))
    let norm = p / "bn"
    scale = norm.parameter("weight", .ones([outChannels]))
    shift = norm.parameter("bias", .zeros([outChannels]))
    runningMean = norm.buffer("running_mean", .zeros([outChannels]))
    runningVar = norm.buffer("running_var", .ones([outChannels]))
    (self.stride, self.padding) = (stride, padding)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    // The normalisation becomes part of the kernel and a bias.
    let factor = scale * (runningVar + 1e-3).rsqrt()
    let kernel = weight * factor.reshaped(-1, 1, 1, 1)
    let bias = shift - runningMean * factor
    let is3x3 = (weight.size(2), weight.size(3)) == (3, 3)
    let isOdd = x.size(2) % 2 == 1 && x.size(3) % 2 == 1
    if is3x3, stride == 1 {
      return rectifiedConvolution3x3(x, weight: kernel, bias: bias, padding: padding.0)
    }
    let y: Tensor =
      is3x3 && stride == 2 && isOdd
      ? convolution3x3(x, weight: kernel, bias: bias, stride: 2)
      : call("aten::conv2d", x, kernel, bias, [stride, stride], [padding.0, padding.1])
    return recordsGradients ? y.relu() : call("aten::relu_", y)
  }
}

// LPIPS, the distance of pictures as people see it: Zhang et al., "The Unreasonable Effectiveness of
// Deep Features as a Perceptual Metric" (2018), version 0.1 with AlexNet or VGG-16, with the layer
// names of torchvision and of the published heads.

public import Layers
public import Tensors

/// The choices of LPIPS; the defaults are those of encoders' losses.
public struct LPIPSConfiguration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "lpips"

  /// The network whose features are compared.
  public enum Backbone: String, CaseIterable, Codable, Hashable, Sendable {
    /// Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).
    case alexNet = "alex"
    /// Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
    /// (2015), with 16 layers.
    case vgg16 = "vgg"
  }

  /// The network whose features are compared.
  public var backbone = Backbone.alexNet
  /// How many times narrower the features are than the published ones, for small tests.
  public var widthDivisor = 1

  /// LPIPS with these features.
  public init(backbone: Backbone = .alexNet) { self.backbone = backbone }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("widthDivisor", widthDivisor, is: "a power of two from 1 to 64") {
      (1...64).contains($0) && $0.nonzeroBitCount == 1
    }
  }
}

/// The distance of pictures as people see it.
public final class LPIPS {
  /// The choices it was built from.
  public let configuration: LPIPSConfiguration
  /// All parameters, `features.0.weight` and so on, and the heads `lin0.model.1.weight`.
  public let parameters: ParameterStore
  private let steps: [Step]
  private let heads: [Tensor]  // each [1, C, 1, 1]
  private let mean: Tensor  // [1, 3, 1, 1]
  private let deviation: Tensor  // [1, 3, 1, 1]

  private enum Step {
    case convolution(ConvolutionLayer, isTap: Bool)
    case pooling(kernelSize: Int)
  }

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: LPIPSConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    var steps: [Step] = []
    var inChannels = 3
    var tapWidths: [Int] = []
    for step in configuration.backbone.plan {
      guard case .convolution(let index, let published, let k, let stride, let isTap) = step else {
        steps.append(.pooling(kernelSize: configuration.backbone.poolingSize))
        continue
      }
      let width = published / configuration.widthDivisor
      let layer = ConvolutionLayer(
        p / "features" / "\(index)", inChannels: inChannels, outChannels: width, kernelSize: k,
        stride: stride, padding: k == 11 ? 2 : k / 2)
      steps.append(.convolution(layer, isTap: isTap))
      if isTap { tapWidths.append(width) }
      inChannels = width
    }
    self.steps = steps
    heads = tapWidths.enumerated().map { index, width in
      (p / "lin\(index)" / "model" / "1").parameter("weight", .zeros([1, width, 1, 1]))
    }
    mean = Tensor([-0.030, -0.088, -0.188] as [Float], shape: [1, 3, 1, 1])
      .cast(to: p.dtype).moved(to: p.device)
    deviation = Tensor([0.458, 0.448, 0.450] as [Float], shape: [1, 3, 1, 1])
      .cast(to: p.dtype).moved(to: p.device)
  }

  /// The distances of pictures.
  ///
  /// - Parameters:
  ///   - a: [N, 3, H, W] in [-1, 1].
  ///   - b: Of the same shape.
  /// - Returns: [N], 0 for equal pictures.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "pictures \(a.shape) and \(b.shape)")
    var sum: Tensor?
    for ((x, y), head) in zip(zip(features(a), features(b)), heads) {
      let distance = ((x - y).square() * head).sum(over: 1).mean(over: 1, 2)
      sum = sum.map { $0 + distance } ?? distance
    }
    guard let sum else { preconditionFailure("features without layers") }
    return sum
  }

  /// What pictures look like to the distance: one vector each, whose squared differences sum up to
  /// it.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: [N, numbers].
  public func embedding(_ img: Tensor) -> Tensor {
    let parts = zip(features(img), heads).map { x, head in
      let scale = 1 / Double(x.size(2) * x.size(3)).squareRoot()
      return (x * (head.clamped(from: 0).sqrt() * scale)).flattened(from: 1)
    }
    return .concatenate(parts, axis: 1)
  }

  /// The features that are compared, of unit length over the channels.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: Five, each [N, C, h, w].
  public func features(_ img: Tensor) -> [Tensor] {
    var x = (img - mean) / deviation
    var taps: [Tensor] = []
    for step in steps {
      switch step {
      case .pooling(let k): x = maxPool2d(x, kernelSize: k, stride: 2)
      case .convolution(let layer, let isTap):
        x = layer(x).relu()
        if isTap { taps.append(x / (x.length(over: 1) + 1e-10)) }
      }
    }
    return taps
  }
}

extension LPIPSConfiguration.Backbone {
  fileprivate enum PlannedStep {
    case convolution(index: Int, width: Int, kernelSize: Int, stride: Int, isTap: Bool)
    case pooling
  }

  /// The side of the windows whose maximum is taken.
  fileprivate var poolingSize: Int { self == .alexNet ? 3 : 2 }

  /// The layers as far as the last features, by their numbers in torchvision's networks.
  fileprivate var plan: [PlannedStep] {
    switch self {
    case .alexNet:
      return [
        .convolution(index: 0, width: 64, kernelSize: 11, stride: 4, isTap: true), .pooling,
        .convolution(index: 3, width: 192, kernelSize: 5, stride: 1, isTap: true), .pooling,
        .convolution(index: 6, width: 384, kernelSize: 3, stride: 1, isTap: true),
        .convolution(index: 8, width: 256, kernelSize: 3, stride: 1, isTap: true),
        .convolution(index: 10, width: 256, kernelSize: 3, stride: 1, isTap: true),
      ]
    case .vgg16:
      var plan: [PlannedStep] = []
      var index = 0
      for (stage, (width, count)) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)].enumerated()
      {
        if stage > 0 {
          plan.append(.pooling)
          index += 1
        }
        for layer in 1...count {
          // A ReLU, which has no parameters, follows every convolution.
          plan.append(
            .convolution(
              index: index, width: width, kernelSize: 3, stride: 1, isTap: layer == count))
          index += 2
        }
      }
      return plan
    }
  }
}

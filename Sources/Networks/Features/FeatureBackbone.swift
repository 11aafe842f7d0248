// The convolutions of AlexNet and VGG-16, in the order and with the layer names of torchvision.

import Layers
import Tensors

/// The convolutions of a classifier of ImageNet's pictures.
final class FeatureBackbone {
  /// The channels of each stage's last convolution.
  let stageWidths: [Int]
  private let steps: [Step]
  private let mean: Tensor  // [1, 3, 1, 1]
  private let deviation: Tensor  // [1, 3, 1, 1]

  private enum Step {
    case convolution(ConvolutionLayer, isLast: Bool)
    case pooling(kernelSize: Int)
  }

  /// Makes the parameters `features.0.weight` and so on.
  ///
  /// - Parameters:
  ///   - backbone: Which network.
  ///   - divisor: How many times narrower all layers are than the published ones.
  ///   - p: The root of the names.
  init(_ backbone: LPIPSConfiguration.Backbone, divisor: Int, _ p: Scope) {
    var steps: [Step] = []
    var inChannels = 3
    var stageWidths: [Int] = []
    for step in backbone.plan {
      guard case .convolution(let index, let published, let k, let stride, let isLast) = step else {
        steps.append(.pooling(kernelSize: backbone.poolingSize))
        continue
      }
      let width = published / divisor
      let layer = ConvolutionLayer(
        p / "features" / "\(index)", inChannels: inChannels, outChannels: width, kernelSize: k,
        stride: stride, padding: k == 11 ? 2 : k / 2)
      steps.append(.convolution(layer, isLast: isLast))
      if isLast { stageWidths.append(width) }
      inChannels = width
    }
    (self.steps, self.stageWidths) = (steps, stageWidths)
    func perChannel(_ values: [Float]) -> Tensor {
      Tensor(values, shape: [1, 3, 1, 1]).cast(to: p.dtype).moved(to: p.device)
    }
    // ImageNet's mean and deviation, for colours in [-1, 1].
    mean = perChannel([-0.030, -0.088, -0.188])
    deviation = perChannel([0.458, 0.448, 0.450])
  }

  /// What the last convolution of every stage sees, after its ReLU.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: Five, each [N, C, h, w].
  func stages(_ img: Tensor) -> [Tensor] {
    var x = (img - mean) / deviation
    var stages: [Tensor] = []
    for step in steps {
      switch step {
      case .pooling(let k): x = maxPool2d(x, kernelSize: k, stride: 2)
      case .convolution(let layer, let isLast):
        x = layer(x).relu()
        if isLast { stages.append(x) }
      }
    }
    return stages
  }
}

extension LPIPSConfiguration.Backbone {
  fileprivate enum PlannedStep {
    case convolution(index: Int, width: Int, kernelSize: Int, stride: Int, isLast: Bool)
    case pooling
  }

  /// The side of the windows whose maximum is taken.
  fileprivate var poolingSize: Int { self == .alexNet ? 3 : 2 }

  /// The layers as far as the last features, by their numbers in torchvision's networks.
  fileprivate var plan: [PlannedStep] {
    switch self {
    case .alexNet:
      return [
        .convolution(index: 0, width: 64, kernelSize: 11, stride: 4, isLast: true), .pooling,
        .convolution(index: 3, width: 192, kernelSize: 5, stride: 1, isLast: true), .pooling,
        .convolution(index: 6, width: 384, kernelSize: 3, stride: 1, isLast: true),
        .convolution(index: 8, width: 256, kernelSize: 3, stride: 1, isLast: true),
        .convolution(index: 10, width: 256, kernelSize: 3, stride: 1, isLast: true),
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
              index: index, width: width, kernelSize: 3, stride: 1, isLast: layer == count))
          index += 2
        }
      }
      return plan
    }
  }
}

// Everything besides the pictures and the network that decides a metric's number, by the program
// whose numbers it agrees with.

public import Networks
public import Tensors

/// The choices behind the number of a metric; numbers of different protocols are not comparable.
public enum MetricProtocol: String, CaseIterable, Codable, Hashable, Sendable {
  /// stylegan2-ada-pytorch and what came of it: the figures of StyleGAN2-ADA, StyleGAN3 and
  /// Styleformer.
  case legacy
  /// clean-fid.
  case clean
  /// pytorch-fid: the figures of StyleSwin and StyleNAT.
  case pytorchFID = "pytorch-fid"
  /// torch-fidelity.
  case torchFidelity = "torch-fidelity"

  /// How pictures get the network's size.
  public var resizing: PictureResizing {
    switch self {
    case .legacy, .torchFidelity: .tensorFlow
    case .clean: .clean
    case .pytorchFID: .pytorch
    }
  }

  /// What the covariance is divided by.
  public var divisor: FeatureMoments.Divisor { self == .legacy ? .count : .countMinusOne }

  /// The grey that Inception sees as 0, which is also the distance to 1.
  public var centre: Double { self == .pytorchFID ? 127.5 : 128 }

  /// The seed of the random streams that choose rows, where none is given; published programs but
  /// torch-fidelity have none.
  public var seed: UInt32 { self == .torchFidelity ? 2020 : 0 }

  /// Whether the Inception Score's parts are taken in random order.
  public var shufflesScore: Bool { self == .torchFidelity }

  /// What precision and recall round features and distances to.
  public var rounding: DType { self == .legacy ? .float16 : .float32 }

  /// The features that Inception has of pictures.
  ///
  /// - Shape: `pictures` [N, 1 or 3, H, W]; features [N, 2048].
  /// - Parameters:
  ///   - pictures: Numbers from 0 to 255; grey becomes RGB.
  ///   - inception: The network.
  ///   - side: The size at which the network sees them, 299 in all published figures.
  /// - Returns: The features.
  public func features(_ pictures: Tensor, of inception: InceptionV3, side: Int = 299) -> Tensor {
    let resized = resizing(pictures, to: side).inRGB
    return inception.features((resized - centre) / centre)
  }

  /// The features that VGG-16 has of pictures.
  ///
  /// - Shape: `pictures` [N, 1 or 3, H, W]; features [N, 4096].
  /// - Parameters:
  ///   - pictures: Numbers from 0 to 255; grey becomes RGB.
  ///   - vgg: The network.
  /// - Returns: The features.
  public func features(_ pictures: Tensor, of vgg: VGG16) -> Tensor {
    vgg.features(resizing(pictures, to: VGG16.resolution).inRGB / 127.5 - 1)
  }

  /// The features that a classifier of attributes has of pictures.
  ///
  /// - Shape: `pictures` [N, 1 or 3, H, W]; features [N, F].
  /// - Parameters:
  ///   - pictures: Numbers from 0 to 255; grey becomes RGB.
  ///   - classifier: The network, which takes RGB.
  /// - Returns: The features.
  public func features(_ pictures: Tensor, of classifier: AttributeClassifier) -> Tensor {
    let resized = resizing(pictures, to: classifier.configuration.resolution).inRGB
    return classifier.features(resized / 127.5 - 1)
  }
}

extension Tensor {
  /// Pictures in three channels, without opacity, which published programs drop, too.
  fileprivate var inRGB: Tensor {
    size(1) < 3 ? sliced(0..<1, axis: 1).repeated(1, 3, 1, 1) : sliced(0..<3, axis: 1)
  }
}

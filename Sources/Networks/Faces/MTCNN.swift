// MTCNN, three networks that find faces one after another: Zhang et al., "Joint Face Detection and
// Alignment using Multi-task Cascaded Convolutional Networks" (2016), in the published sizes, with
// the layer names that facenet-pytorch's weights have below `pnet`, `rnet` and `onet`.

public import Layers
public import Tensors

/// The sizes of MTCNN, of which only the published ones exist.
public struct MTCNNConfiguration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "mtcnn"

  /// The published sizes.
  public init() {}

  /// Accepts the published sizes.
  ///
  /// - Throws: Never: there is nothing to choose.
  public func validate() throws(ConfigurationError) {}
}

/// What one of the three networks thinks of windows.
public struct FaceEvidence {
  /// How likely there is a face: [N], or [N, h, w] for the windows of the first network.
  public let probability: Tensor
  /// How far the left, upper, right and lower edge of the face are from those of the window, in
  /// widths and heights of the window: [N, 4], or [N, 4, h, w].
  public let offsets: Tensor
  /// Where in the window the left eye, the right eye, the nose and the left and right corner of the
  /// mouth are, five times x and then five times y in widths and heights of the window: [N, 10];
  /// nil but for the last network.
  public let points: Tensor?
}

/// The three networks of MTCNN.
///
/// - Shape: All take pictures [N, 3, H, W] in RGB, in [-1, 1].
public final class MTCNN {
  /// The width and height of the first network's windows, in pixels.
  public static let proposalSide = 12
  /// How far those windows are apart, in pixels.
  public static let proposalStride = 2
  /// The width and height of the pictures that the second network sees, in pixels.
  public static let refinementSide = 24
  /// The width and height of the pictures that the third network sees, in pixels.
  public static let outputSide = 48

  /// All parameters: `pnet.conv1.weight` and so on.
  public let parameters: ParameterStore
  private let proposal: ProposalNetwork
  private let refinement: RefinementNetwork
  private let output: OutputNetwork

  /// Builds the networks.
  ///
  /// - Parameter p: The root of the names.
  public init(_ p: Scope) {
    parameters = p.store
    proposal = ProposalNetwork(p / "pnet")
    refinement = RefinementNetwork(p / "rnet")
    output = OutputNetwork(p / "onet")
  }

  /// The first network, P-Net, which looks at all windows of a picture at once.
  ///
  /// The window in row i and column j has its upper left corner in row 2i and column 2j; the last
  /// ones may reach a pixel beyond the picture.
  ///
  /// - Parameter img: [N, 3, H, W] of at least 12 × 12 pixels.
  /// - Returns: What it thinks of each window.
  public func propose(_ img: Tensor) -> FaceEvidence { proposal(normalized(img)) }

  /// The second network, R-Net.
  ///
  /// - Parameter img: [N, 3, 24, 24].
  /// - Returns: What it thinks of each picture.
  public func refine(_ img: Tensor) -> FaceEvidence {
    Self.check(img, side: Self.refinementSide)
    return refinement(normalized(img))
  }

  /// The third network, O-Net, which finds eyes, nose and mouth too.
  ///
  /// - Parameter img: [N, 3, 48, 48].
  /// - Returns: What it thinks of each picture.
  public func locate(_ img: Tensor) -> FaceEvidence {
    Self.check(img, side: Self.outputSide)
    return output(normalized(img))
  }

  /// The networks learned from (x - 127.5) / 128, where x goes from 0 to 255.
  private func normalized(_ img: Tensor) -> Tensor { img * (127.5 / 128) }

  private static func check(_ img: Tensor, side: Int) {
    precondition(
      img.shape.suffix(3) == [3, side, side], "pictures \(img.shape), expected 3×\(side)×\(side)")
  }
}

/// P-Net: convolutions alone, so that pictures of any size are windows beside one another.
private final class ProposalNetwork {
  private let layers: [SlopedConvolution]
  private let classes: ConvolutionLayer
  private let offsets: ConvolutionLayer

  init(_ p: Scope) {
    layers = SlopedConvolution.all(p, inChannels: 3, [(10, 3), (16, 3), (32, 3)])
    classes = ConvolutionLayer(p / "conv4_1", inChannels: 32, outChannels: 2, kernelSize: 1)
    offsets = ConvolutionLayer(p / "conv4_2", inChannels: 32, outChannels: 4, kernelSize: 1)
  }

  func callAsFunction(_ img: Tensor) -> FaceEvidence {
    var x = maxPool2d(layers[0](img), kernelSize: 2, stride: 2, roundsUp: true)
    x = layers[2](layers[1](x))
    return FaceEvidence(
      probability: ofFace(classes(x)), offsets: offsets(x), points: nil)
  }
}

/// R-Net: 24 × 24 pixels become 3 × 3 of 64 channels.
private final class RefinementNetwork {
  private let layers: [SlopedConvolution]
  private let trunk: SlopedLinear
  private let classes: LinearLayer
  private let offsets: LinearLayer

  init(_ p: Scope) {
    layers = SlopedConvolution.all(p, inChannels: 3, [(28, 3), (48, 3), (64, 2)])
    trunk = SlopedLinear(p, number: 4, inFeatures: 3 * 3 * 64, outFeatures: 128)
    classes = head(p / "dense5_1", inFeatures: 128, outFeatures: 2)
    offsets = head(p / "dense5_2", inFeatures: 128, outFeatures: 4)
  }

  func callAsFunction(_ img: Tensor) -> FaceEvidence {
    var x = maxPool2d(layers[0](img), kernelSize: 3, stride: 2, roundsUp: true)
    x = maxPool2d(layers[1](x), kernelSize: 3, stride: 2, roundsUp: true)
    x = trunk(layers[2](x))
    return FaceEvidence(
      probability: ofFace(classes(x)), offsets: offsets(x), points: nil)
  }
}

/// O-Net: 48 × 48 pixels become 3 × 3 of 128 channels.
private final class OutputNetwork {
  private let layers: [SlopedConvolution]
  private let trunk: SlopedLinear
  private let classes: LinearLayer
  private let offsets: LinearLayer
  private let points: LinearLayer

  init(_ p: Scope) {
    layers = SlopedConvolution.all(p, inChannels: 3, [(32, 3), (64, 3), (64, 3), (128, 2)])
    trunk = SlopedLinear(p, number: 5, inFeatures: 3 * 3 * 128, outFeatures: 256)
    classes = head(p / "dense6_1", inFeatures: 256, outFeatures: 2)
    offsets = head(p / "dense6_2", inFeatures: 256, outFeatures: 4)
    points = head(p / "dense6_3", inFeatures: 256, outFeatures: 10)
  }

  func callAsFunction(_ img: Tensor) -> FaceEvidence {
    var x = maxPool2d(layers[0](img), kernelSize: 3, stride: 2, roundsUp: true)
    x = maxPool2d(layers[1](x), kernelSize: 3, stride: 2, roundsUp: true)
    x = maxPool2d(layers[2](x), kernelSize: 2, stride: 2, roundsUp: true)
    x = trunk(layers[3](x))
    return FaceEvidence(
      probability: ofFace(classes(x)), offsets: offsets(x), points: points(x))
  }
}

/// A convolution and the slopes behind it, `conv1` and `prelu1`.
private struct SlopedConvolution {
  private let convolution: ConvolutionLayer
  private let slopes: PReLULayer

  /// The layers from number 1 on, given their channels and kernels.
  static func all(
    _ p: Scope, inChannels: Int, _ sizes: [(channels: Int, kernelSize: Int)]
  ) -> [SlopedConvolution] {
    var inChannels = inChannels
    return sizes.enumerated().map { index, size in
      defer { inChannels = size.channels }
      return SlopedConvolution(
        p, number: index + 1, inChannels: inChannels, outChannels: size.channels,
        kernelSize: size.kernelSize)
    }
  }

  private init(_ p: Scope, number: Int, inChannels: Int, outChannels: Int, kernelSize k: Int) {
    convolution = ConvolutionLayer(
      p / "conv\(number)", inChannels: inChannels, outChannels: outChannels, kernelSize: k)
    slopes = PReLULayer(p / "prelu\(number)", channels: outChannels)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { slopes(convolution(x)) }
}

/// A matrix that sees all pixels, and the slopes behind it, `dense4` and `prelu4`.
private struct SlopedLinear {
  private let linear: LinearLayer
  private let slopes: PReLULayer

  init(_ p: Scope, number: Int, inFeatures: Int, outFeatures: Int) {
    linear = head(p / "dense\(number)", inFeatures: inFeatures, outFeatures: outFeatures)
    slopes = PReLULayer(p / "prelu\(number)", channels: outFeatures)
  }

  /// The published weights list pixels by columns, then rows, then channels.
  ///
  /// - Parameter x: [N, C, H, W].
  /// - Returns: [N, outFeatures].
  func callAsFunction(_ x: Tensor) -> Tensor {
    slopes(linear(x.permuted(0, 3, 2, 1).flattened(from: 1)))  // [N, W, H, C] → [N, W · H · C]
  }
}

private func head(_ p: Scope, inFeatures: Int, outFeatures: Int) -> LinearLayer {
  LinearLayer(
    p, inFeatures: inFeatures, outFeatures: outFeatures, weightInit: .uniform, biasInit: .uniform)
}

/// The probability of the second of two classes: [N, 2, …] → [N, …].
private func ofFace(_ classes: Tensor) -> Tensor { classes.softmax(axis: 1).selected(1, axis: 1) }

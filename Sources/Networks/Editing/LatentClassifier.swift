// The classifier of codes: Hu et al., "Style Transformer for Image Inversion and Editing" (2022),
// which tells the 40 attributes of CelebA from a W+ of 18 rows; ours tell any.

public import Layers
public import Tensors

/// The sizes and choices of a classifier of codes; the defaults are the published ones.
public struct LatentClassifierConfiguration: NetworkConfiguration {
  /// The functions between layers.
  public enum Activation: String, CaseIterable, Codable, Hashable, Sendable {
    case leakyReLU = "leakyrelu"
    case relu
  }

  /// The name of the kind in our own files.
  public static let kind = "latent-classifier"
  /// The numbers of a code: the rows of W+ times the length of w.
  public var codeLength = 18 * 512
  /// The widths of the layers that all attributes share.
  public var hiddenWidths = [2048, 512]
  /// How many attributes are told.
  public var attributeCount = 40
  /// What they are called, in the order of the logits; nil in files of other programs.
  public var attributes: [String]?
  /// The numbers that stand for one attribute before it is judged.
  public var featureWidth = 32
  /// The function after every shared layer.
  public var activation = Activation.leakyReLU
  /// The slope of the leaky ReLU below 0.
  public var slope = 0.2

  /// The published values.
  public init() {}

  /// What the attributes are called, in the order of the logits: those of CelebA where there are as
  /// many and no names.
  public var attributeNames: [String] {
    if let attributes { return attributes }
    guard attributeCount != CelebAAttributes.names.count else { return CelebAAttributes.names }
    return (0..<attributeCount).map { "attribute \($0)" }
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("codeLength", codeLength, in: 1...1 << 20)
    try ConfigurationError.check("hiddenWidths", hiddenWidths, is: "1 to 16 from 1 to 65536") {
      (1...16).contains($0.count) && $0.allSatisfy { (1...65536).contains($0) }
    }
    try ConfigurationError.check("attributeCount", attributeCount, in: 1...4096)
    try ConfigurationError.check(
      "attributes", attributes ?? [], is: "\(attributeCount) names that differ"
    ) { attributes == nil || $0.count == attributeCount && namesDiffer($0) }
    try ConfigurationError.check("featureWidth", featureWidth, in: 1...4096)
    try ConfigurationError.check("slope", slope, is: "from 0 to 1") { (0...1).contains($0) }
  }
}

/// Tells the attributes of a picture from its code.
///
/// Fully connected layers that all attributes share, then two of each attribute's own, without a
/// function between: its features, and of them its logit.
///
/// - Shape: `wPlus` [N, numWs, wDim]; logits [N, A] and features [N, A, F] for A attributes.
/// - Source: `LCNet_40` of sapphire497/style-transformer.
public final class LatentClassifier {
  /// The sizes and choices it was built from.
  public let configuration: LatentClassifierConfiguration
  /// All parameters under the published names.
  public let parameters: ParameterStore
  private let shared: [LinearLayer]
  private let features: [LinearLayer]
  private let logits: [LinearLayer]

  /// What the classifier says of codes.
  public struct Judgement {
    /// [N, A], positive where the attribute is there.
    public let logits: Tensor
    /// What each logit is made of, [N, A, F].
    public let features: Tensor
  }

  /// Makes the layers `fcs`, `indep_fcs` and `output_fcs`.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: LatentClassifierConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    func layer(_ p: Scope, _ index: Int, _ inFeatures: Int, _ outFeatures: Int) -> LinearLayer {
      LinearLayer(
        p / "\(index)", inFeatures: inFeatures, outFeatures: outFeatures, weightInit: .uniform,
        biasInit: .uniform)
    }
    let widths = [configuration.codeLength] + configuration.hiddenWidths
    let (count, width) = (configuration.attributeCount, configuration.featureWidth)
    shared = (1..<widths.count).map { layer(p / "fcs", $0 - 1, widths[$0 - 1], widths[$0]) }
    features = (0..<count).map { layer(p / "indep_fcs", $0, widths[widths.count - 1], width) }
    logits = (0..<count).map { layer(p / "output_fcs", $0, width, 1) }
  }

  /// Judges codes.
  ///
  /// - Parameter wPlus: [N, numWs, wDim].
  /// - Returns: Logits and features of all attributes.
  public func callAsFunction(_ wPlus: Tensor) -> Judgement {
    let x = shared.reduce(wPlus.flattened(from: 1)) { x, layer in activated(layer(x)) }
    let all = features.map { $0(x) }
    return Judgement(
      logits: .concatenate(zip(logits, all).map { $0($1) }, axis: 1),
      features: .stack(all, axis: 1))
  }

  private func activated(_ x: Tensor) -> Tensor {
    switch configuration.activation {
    case .leakyReLU: x.leakyReLU(slope: configuration.slope)
    case .relu: x.relu()
    }
  }
}

/// Whether names are there and differ.
func namesDiffer(_ names: [String]) -> Bool {
  !names.contains("") && Set(names).count == names.count
}

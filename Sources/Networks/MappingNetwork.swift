// The mapping network that StyleGAN2, Styleformer, StyleSwin and StyleNAT share: Karras et al.
// (2019, 2020), as in stylegan2-ada-pytorch.

public import Layers
public import Tensors

/// From z and labels to w: both normalised, joined, and led through fully connected layers.
///
/// - Shape: `z` [N, zDim], `labels` [N, labelDim], result [N, wDim].
public final class MappingNetwork {
  private let embed: FullyConnectedLayer?  // labels → [N, embedFeatures]
  private let layers: [FullyConnectedLayer]
  /// The running mean of w, [wDim], if one is kept.
  public let wAvg: Tensor?

  /// Makes `embed` (with labels), the layers `fc0`, `fc1`, … or as told, and, if asked, `w_avg`.
  ///
  /// - Parameters:
  ///   - p: The network's place among the names.
  ///   - zDim: The length of z; 0 maps labels alone, as discriminators do.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - wDim: The length of w.
  ///   - numLayers: Fully connected layers.
  ///   - layerFeatures: The width between layers; nil for `wDim`.
  ///   - embedFeatures: The width of the embedded label; nil for `wDim`.
  ///   - lrMultiplier: The learning rate relative to other layers.
  ///   - negativeSlope: The slope of the layers' leaky ReLU below 0.
  ///   - keepsAverage: Whether a running mean of w is kept.
  ///   - layerName: The name of a layer, counted from 0.
  public init(
    _ p: Scope, zDim: Int, labelDim: Int, wDim: Int, numLayers: Int, layerFeatures: Int? = nil,
    embedFeatures: Int? = nil, lrMultiplier: Double = 0.01, negativeSlope: Double = 0.2,
    keepsAverage: Bool, layerName: (Int) -> String = { "fc\($0)" }
  ) {
    let embedded = labelDim > 0 ? embedFeatures ?? wDim : 0
    embed =
      labelDim > 0
      ? FullyConnectedLayer(p / "embed", inFeatures: labelDim, outFeatures: embedded) : nil
    let between = [Int](repeating: layerFeatures ?? wDim, count: numLayers - 1)
    let widths = [zDim + embedded] + between + [wDim]
    layers = (0..<numLayers).map { i in
      FullyConnectedLayer(
        p / layerName(i), inFeatures: widths[i], outFeatures: widths[i + 1], activation: .lrelu,
        negativeSlope: negativeSlope, lrMultiplier: lrMultiplier)
    }
    wAvg = keepsAverage ? p.buffer("w_avg", .zeros([wDim])) : nil
  }

  /// Maps latents, labels or both.
  ///
  /// - Parameters:
  ///   - z: [N, zDim]; nil if `zDim` is 0.
  ///   - labels: [N, labelDim]; nil if `labelDim` is 0.
  /// - Returns: [N, wDim].
  public func callAsFunction(_ z: Tensor?, labels: Tensor? = nil) -> Tensor {
    precondition((embed == nil) == (labels == nil), "labels are given exactly if there are any")
    let parts = [
      z?.cast(to: .float32).normalizedSecondMoment(),
      labels.flatMap { embed?($0.cast(to: .float32)).normalizedSecondMoment() },
    ].compactMap(\.self)
    let x = parts.count == 1 ? parts[0] : .concatenate(parts, axis: 1)
    return layers.reduce(x) { x, layer in layer(x) }
  }

  /// Moves the running mean of w towards the mean of a batch, as every mapping in training does.
  ///
  /// - Parameters:
  ///   - w: [N, wDim].
  ///   - beta: The share of the old mean that stays.
  public func updateAverage(with w: Tensor, beta: Double = 0.995) {
    guard let wAvg else { return }
    withoutGradients { wAvg.assign(w.detached().mean(over: 0).lerp(to: wAvg, weight: beta)) }
  }
}

// The decoder layer of DETR: Carion et al., "End-to-End Object Detection with Transformers" (2020),
// as Style Transformer has it, Hu et al., "Style Transformer for Image Inversion and Editing"
// (2022): without codes of position.

public import Layers
public import Tensors

/// The sizes and choices of a decoder layer; the defaults are Style Transformer's.
public struct DETRDecoderConfiguration: Codable, Hashable, Sendable {
  /// The function between the two matrices.
  public enum Activation: String, CaseIterable, Codable, Hashable, Sendable {
    case relu, gelu
  }

  /// The length of a token.
  public var width = 512
  /// The heads of both attentions, each of `width / heads` numbers.
  public var heads = 4
  /// The numbers between the two matrices.
  public var feedForward = 1024
  /// The function between the two matrices.
  public var activation = Activation.relu
  /// Whether tokens are normalised before every part rather than after it.
  public var normalizesFirst = false
  /// The share of numbers that training drops: of the attention's weights, after every part, and
  /// between the two matrices.
  public var dropout = 0.1
  /// Over what the weights of the attention to the memory are normalised.
  public var memoryNormalization = AttentionNormalization.keys
  /// Whether tokens look at one another before they look at the memory; nil, as published, for yes.
  public var selfAttention: Bool?

  /// The published values.
  public init() {}

  /// Checks that a layer can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("decoder.width", width, in: 1...65536)
    try ConfigurationError.check("decoder.feedForward", feedForward, in: 1...65536)
    try ConfigurationError.check("decoder.heads", heads, is: "a divisor of the width \(width)") {
      $0 > 0 && width % $0 == 0
    }
    try ConfigurationError.check("decoder.dropout", dropout, is: "at least 0 and below 1") {
      (0..<1).contains($0)
    }
  }
}

/// Tokens that look at one another, then at a memory, and are then changed each by itself.
///
/// `t = norm1(t + selfAttention(t))`, `t = norm2(t + attention(t, memory))`, `t = norm3(t + W2
/// relu(W1 t + b1) + b2)`; without self-attention the first of the three is left out.
///
/// - Shape: `tokens` [N, Q, C], `memory` [N, K, C], result [N, Q, C].
public final class DETRDecoderLayer {
  /// What every part makes of the tokens.
  public struct Steps {
    /// After the attention to one another, [N, Q, C]; zeros where there is none.
    public let selfAttention: Tensor
    /// Its weights, the mean over heads, [N, Q, Q].
    public let selfAttentionWeights: Tensor
    /// What `norm1` gives, [N, Q, C]; the tokens themselves where there is none.
    public let norm1: Tensor
    /// After the attention to the memory, [N, Q, C].
    public let crossAttention: Tensor
    /// Its weights, the mean over heads, [N, Q, K].
    public let crossAttentionWeights: Tensor
    /// What `norm2` gives, [N, Q, C].
    public let norm2: Tensor
    /// After the first matrix, before the function, [N, Q, F].
    public let hidden: Tensor
    /// After the second matrix, [N, Q, C].
    public let feedForward: Tensor
    /// The result, [N, Q, C].
    public let result: Tensor
  }

  private let configuration: DETRDecoderConfiguration
  private let selfAttention: MultiheadAttentionLayer?
  private let crossAttention: MultiheadAttentionLayer
  private let linear1: LinearLayer
  private let linear2: LinearLayer
  private let norms: [LayerNormLayer?]

  /// Makes the layers `self_attn`, `multihead_attn`, `linear1`, `linear2` and `norm1` to `norm3`; without
  /// self-attention neither `self_attn` nor `norm1`.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The layer's place among the names.
  public init(_ configuration: DETRDecoderConfiguration, _ p: Scope) {
    self.configuration = configuration
    let (width, heads) = (configuration.width, configuration.heads)
    let attendsToTokens = configuration.selfAttention ?? true
    selfAttention =
      attendsToTokens
      ? MultiheadAttentionLayer(p / "self_attn", width: width, heads: heads) : nil
    crossAttention = MultiheadAttentionLayer(
      p / "multihead_attn", width: width, heads: heads,
      normalization: configuration.memoryNormalization)
    linear1 = LinearLayer(
      p / "linear1", inFeatures: width, outFeatures: configuration.feedForward,
      weightInit: .uniform, biasInit: .uniform)
    linear2 = LinearLayer(
      p / "linear2", inFeatures: configuration.feedForward, outFeatures: width,
      weightInit: .uniform, biasInit: .uniform)
    norms = (1...3).map { index in
      index == 1 && !attendsToTokens
        ? nil : LayerNormLayer(p / "norm\(index)", features: width)
    }
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - tokens: [N, Q, C].
  ///   - memory: [N, K, C].
  ///   - generator: Decides what is dropped, in training; nil for nothing.
  /// - Returns: [N, Q, C].
  public func callAsFunction(
    _ tokens: Tensor, memory: Tensor, dropping generator: TorchGenerator? = nil
  ) -> Tensor {
    let dropout = dropout(generator)
    func dropped(_ x: Tensor) -> Tensor { dropout?(x) ?? x }
    var t = tokens
    if let selfAttention {
      t = around(t, 0) { dropped(selfAttention($0, memory: $0, dropout: dropout)) }
    }
    t = around(t, 1) { dropped(crossAttention($0, memory: memory, dropout: dropout)) }
    return around(t, 2) { dropped(linear2(dropped(activated(linear1($0))))) }
  }

  /// Applies the layer in plain tensor operations, without dropping, and keeps what every part
  /// makes.
  ///
  /// - Parameters:
  ///   - tokens: [N, Q, C].
  ///   - memory: [N, K, C].
  /// - Returns: All steps.
  public func reference(_ tokens: Tensor, memory: Tensor) -> Steps {
    let isFirst = configuration.normalizesFirst
    func normalized(_ x: Tensor, _ index: Int, _ wanted: Bool) -> Tensor {
      wanted ? norms[index]?(x) ?? x : x
    }
    let t0 = normalized(tokens, 0, isFirst)
    let own = selfAttention?.reference(t0, memory: t0)
    let t1 = own.map { normalized(tokens + $0.result, 0, !isFirst) } ?? tokens
    let t2 = normalized(t1, 1, isFirst)
    let cross = crossAttention.reference(t2, memory: memory)
    let t3 = normalized(t1 + cross.result, 1, !isFirst)
    let t4 = normalized(t3, 2, isFirst)
    let hidden = linear1(t4)
    let feedForward = linear2(activated(hidden))
    return Steps(
      selfAttention: own?.result ?? tokens.zerosLike(),
      selfAttentionWeights: own?.weights.mean(over: 1)
        ?? .zeros([tokens.size(0), tokens.size(1), tokens.size(1)], dtype: tokens.dtype),
      norm1: isFirst ? t0 : t1, crossAttention: cross.result,
      crossAttentionWeights: cross.weights.mean(over: 1), norm2: isFirst ? t2 : t3,
      hidden: hidden, feedForward: feedForward,
      result: normalized(t3 + feedForward, 2, !isFirst))
  }

  /// A part with the tokens themselves beside it, normalised before or after.
  private func around(_ t: Tensor, _ index: Int, _ part: (Tensor) -> Tensor) -> Tensor {
    func normalized(_ x: Tensor) -> Tensor { norms[index]?(x) ?? x }
    return configuration.normalizesFirst ? t + part(normalized(t)) : normalized(t + part(t))
  }

  private func activated(_ x: Tensor) -> Tensor {
    switch configuration.activation {
    case .relu: x.relu()
    case .gelu: x.gelu()
    }
  }

  private func dropout(_ generator: TorchGenerator?) -> Dropout? {
    guard let generator, configuration.dropout > 0 else { return nil }
    return Dropout(probability: configuration.dropout, generator: generator)
  }
}

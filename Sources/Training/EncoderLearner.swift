// An encoder that learns, one step at a time.

public import Layers
public import Networks
import OrderedCollections
public import Tensors

/// An encoder, the generator that draws its codes, and what moves its parameters.
///
/// Everything of the encoder learns: the trunk, whose statistics are those of the batch, and in Style
/// Transformer the queries and the mapping network that they pass. The generator stays as it is.
public final class EncoderLearner {
  /// The encoder.
  public let encoder: any ImageEncoder
  /// The generator, which does not learn.
  public let decoder: any Generator
  /// How far its pictures are from those that were seen.
  public let losses: EncoderLosses
  /// What moves the encoder's parameters.
  public let optimizer: any Optimizer

  /// An encoder that has not learned anything yet.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - decoder: The generator.
  ///   - losses: How far pictures are from those that were seen.
  ///   - optimizer: Moves the encoder's parameters.
  public init(
    _ encoder: any ImageEncoder, into decoder: any Generator, losses: EncoderLosses,
    optimizer: any Optimizer
  ) {
    (self.encoder, self.decoder, self.losses) = (encoder, decoder, losses)
    self.optimizer = optimizer
  }

  /// The losses of pictures, and the gradients of their sum.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1], of the encoder's size.
  ///   - trueCodes: The codes that the pictures were drawn from, [N, numWs, wDim]; nil where they are
  ///     not known.
  ///   - dropping: Decides what is dropped; nil for nothing.
  /// - Returns: The losses, and a gradient for each of the optimiser's parameters.
  public func gradients(
    at img: Tensor, trueCodes: Tensor? = nil, dropping: TorchGenerator? = nil
  ) -> (terms: EncoderLosses.Terms, gradients: [Tensor]) {
    encoder.parameters.setRequiresGrad(true)
    defer { encoder.parameters.setRequiresGrad(false) }
    let options = EncoderOptions(purpose: .training, dropping: dropping)
    let wPlus = encoder.wPlus(of: img, options: options)
    let terms = losses(
      wPlus, of: img, by: decoder, latentAverage: average, trueCodes: trueCodes)
    return (
      terms, Tensors.gradients(of: [terms.total], withRespectTo: optimizer.parameters)
    )
  }

  /// The losses of pictures, with the encoder as people use it.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1], of the encoder's size.
  ///   - trueCodes: The codes that the pictures were drawn from; nil where they are not known.
  /// - Returns: The losses.
  public func judged(_ img: Tensor, trueCodes: Tensor? = nil) -> EncoderLosses.Terms {
    withoutGradients {
      losses(
        encoder.wPlus(of: img), of: img, by: decoder, latentAverage: average,
        trueCodes: trueCodes)
    }
  }

  /// What the generator draws of codes, at the size of pictures that the encoder sees.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - img: Pictures of that size.
  /// - Returns: [N, C, H, W], not bounded.
  func drawn(_ wPlus: Tensor, like img: Tensor) -> Tensor {
    withoutGradients {
      decoder.visibleColours(wPlus).pooled(height: img.size(2), width: img.size(3))
    }
  }

  /// The average code, [numWs, wDim].
  private var average: Tensor { encoder.averageCode(of: decoder) }
}

extension ImageEncoder {
  /// The average code: that of the encoder, or of the generator where codes are whole.
  ///
  /// - Parameter decoder: The generator.
  /// - Returns: [numWs, wDim].
  func averageCode(of decoder: any Generator) -> Tensor {
    latentAverage ?? decoder.wAvg.expanded(traits.numWs, -1)
  }
}

// MARK: - The first values

extension EncoderLearner {
  /// Makes the generator's average code that of an encoder, and its mapping network that of the
  /// queries, where there is one and both are of one form.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - decoder: The generator.
  /// - Returns: Whether the mapping network is the generator's; nil for encoders without one.
  @discardableResult
  public static func start(_ encoder: any ImageEncoder, from decoder: any Generator) -> Bool? {
    withoutGradients {
      encoder.latentAverage?.assign(decoder.wAvg)
      return (encoder as? StyleTransformerEncoder).map { copyMapping(of: decoder, to: $0) }
    }
  }

  /// Makes an encoder's trunk that of a network for faces, as published.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - faces: A network whose trunk has the same sizes.
  public static func startTrunk(of encoder: any ImageEncoder, from faces: FaceRecognition) {
    let isTrunk = { (name: String) in
      ["input_layer.", "body."].contains { name.hasPrefix($0) }
    }
    withoutGradients {
      for (name, entry) in encoder.parameters.entries where isTrunk(name) {
        entry.tensor.assign(faces.parameters[name])
      }
    }
  }

  private static func copyMapping(
    of decoder: any Generator, to encoder: StyleTransformerEncoder
  ) -> Bool {
    let layers = mappingLayers(of: decoder.parameters)
    let own = (0..<encoder.configuration.mappingLayers).map { "mapping.fc\($0)" }
    let names = zip(own, layers).flatMap { own, other in
      ["weight", "bias"].map { ("\(own).\($0)", "\(other).\($0)") }
    }
    let pairs = names.map { (encoder.parameters[$0.0], decoder.parameters[$0.1]) }
    let traits = decoder.traits
    guard own.count == layers.count, traits.labelDim == 0,
      pairs.allSatisfy({ $0.0.shape == $0.1.shape })
    else { return false }
    let before = pairs.map { $0.0.cloned() }
    for (own, other) in pairs { own.assign(other) }
    // The same numbers are another function where learning rates are scaled differently.
    let z = Tensor.randn([4, traits.zDim], generator: TorchGenerator(seed: 0))
    let wanted = decoder.map(z: z, labels: nil)
    let difference = (encoder.mapping(z) - wanted).abs().max().item()
    guard difference <= 1e-4 * max(wanted.abs().max().item(), 1e-4) else {
      for (pair, old) in zip(pairs, before) { pair.0.assign(old) }
      return false
    }
    return true
  }

  /// The names of the fully connected layers of a generator's mapping network, in their order.
  ///
  /// - Parameter parameters: The generator's parameters.
  /// - Returns: The names, such as `mapping.fc0`; none if they are called otherwise.
  static func mappingLayers(of parameters: ParameterStore) -> [String] {
    for (path, first) in [("mapping.fc", 0), ("style.", 1)] {
      let names = (first...).lazy.map { "\(path)\($0)" }
      let found = Array(names.prefix { parameters.entries["\($0).weight"] != nil })
      if !found.isEmpty { return found }
    }
    return []
  }
}

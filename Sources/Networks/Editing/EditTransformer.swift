// The edit transformer: Hu et al., "Style Transformer for Image Inversion and Editing" (2022), which
// takes an attribute over from the code of a reference; published for faces with W+ of 18 rows.

public import Layers
public import Tensors

/// The sizes and choices of an edit transformer; the defaults are those of the published code.
public struct EditTransformerConfiguration: NetworkConfiguration {
  /// The name of the kind in our own files.
  public static let kind = "edit-transformer"
  /// The decoder layers; their `width` is the length of w.
  public var decoder = DETRDecoderConfiguration()
  /// The attributes that are taken over, a layer for each; nil for the one layer of the published
  /// code, which does not say what it takes over.
  public var attributes: [String]?

  /// The values of the published code.
  public init() {}

  /// The values of the published code with the attention to the reference as the paper has it: each
  /// row of the reference is taken by few rows of the source.
  public static var paper: EditTransformerConfiguration {
    var configuration = EditTransformerConfiguration()
    configuration.decoder.memoryNormalization = .queries
    return configuration
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try decoder.validate()
    try ConfigurationError.check("attributes", attributes ?? [], is: "1 to 256 names that differ") {
      attributes == nil || (1...256).contains($0.count) && namesDiffer($0)
    }
  }
}

/// Edits a code so that it gets an attribute of a reference's.
///
/// A decoder layer for each attribute: the source's rows look at one another, then at the
/// reference's rows. What comes out of its last normalisation is the edited code itself; nothing is
/// added to it. The published network knows one attribute.
///
/// - Shape: `source` [N, numWs, wDim], `reference` [N, numWs, wDim], result [N, numWs, wDim].
/// - Source: `models/encoders/edit_transformer_encoders.py` of sapphire497/style-transformer.
public final class EditTransformer {
  /// The sizes and choices it was built from.
  public let configuration: EditTransformerConfiguration
  /// All parameters under the published names, without `encoder.`.
  public let parameters: ParameterStore
  private let layers: [DETRDecoderLayer]

  /// Makes the layer `transformerlayer`, or of named attributes `transformerlayers.0` and so on.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: EditTransformerConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    guard let attributes = configuration.attributes else {
      layers = [DETRDecoderLayer(configuration.decoder, p / "transformerlayer")]
      return
    }
    layers = attributes.indices.map {
      DETRDecoderLayer(configuration.decoder, p / "transformerlayers.\($0)")
    }
  }

  /// Edits codes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  ///   - attribute: Which attribute is taken over, counted from 0; traps if there is no such layer.
  ///   - generator: Decides what is dropped, in training; nil for nothing.
  /// - Returns: The edited codes, [N, numWs, wDim].
  public func callAsFunction(
    _ source: Tensor, reference: Tensor, attribute: Int = 0,
    dropping generator: TorchGenerator? = nil
  ) -> Tensor {
    layers[attribute](source, memory: reference, dropping: generator)
  }

  /// Edits codes in plain tensor operations, and keeps what every part makes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  /// - Returns: All steps of the first attribute's layer; the result is the edited codes.
  public func reference(_ source: Tensor, reference: Tensor) -> DETRDecoderLayer.Steps {
    layers[0].reference(source, memory: reference)
  }
}

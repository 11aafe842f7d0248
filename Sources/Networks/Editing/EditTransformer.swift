// The edit transformer: Hu et al., "Style Transformer for Image Inversion and Editing" (2022), which
// takes an attribute over from the code of a reference; published for faces with W+ of 18 rows.

public import Layers
public import Tensors

/// The sizes and choices of an edit transformer; the defaults are those of the published code.
public struct EditTransformerConfiguration: NetworkConfiguration {
  /// The name of the kind in our own files.
  public static let kind = "edit-transformer"
  /// The decoder layer; its `width` is the length of w.
  public var decoder = DETRDecoderConfiguration()

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
  public func validate() throws(ConfigurationError) { try decoder.validate() }
}

/// Edits a code so that it gets an attribute of a reference's.
///
/// One decoder layer: the source's rows look at one another, then at the reference's rows. What
/// comes out of its last normalisation is the edited code itself; nothing is added to it. A network
/// knows one attribute.
///
/// - Shape: `source` [N, numWs, wDim], `reference` [N, numWs, wDim], result [N, numWs, wDim].
/// - Source: `models/encoders/edit_transformer_encoders.py` of sapphire497/style-transformer.
public final class EditTransformer {
  /// The sizes and choices it was built from.
  public let configuration: EditTransformerConfiguration
  /// All parameters under the published names, without `encoder.`.
  public let parameters: ParameterStore
  private let layer: DETRDecoderLayer

  /// Makes the layer `transformerlayer`.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: EditTransformerConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    layer = DETRDecoderLayer(configuration.decoder, p / "transformerlayer")
  }

  /// Edits codes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  ///   - generator: Decides what is dropped, in training; nil for nothing.
  /// - Returns: The edited codes, [N, numWs, wDim].
  public func callAsFunction(
    _ source: Tensor, reference: Tensor, dropping generator: TorchGenerator? = nil
  ) -> Tensor {
    layer(source, memory: reference, dropping: generator)
  }

  /// Edits codes in plain tensor operations, and keeps what every part makes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  /// - Returns: All steps; the result is the edited codes.
  public func reference(_ source: Tensor, reference: Tensor) -> DETRDecoderLayer.Steps {
    layer.reference(source, memory: reference)
  }
}

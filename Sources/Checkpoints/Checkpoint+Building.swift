// Networks built from a checkpoint: planned without memory first, then loaded whole or not at all.

import Formats
public import Layers
public import Networks
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// What the generator will be, known without taking memory for it.
  ///
  /// - Returns: The generator's traits.
  /// - Throws: `FileError` if the network is no generator or the file's tensors do not fit it.
  public func generatorTraits() throws -> GeneratorTraits {
    let configuration = try generatorConfiguration()
    let generator = try plan(configuration.makeGenerator)
    generator.wAvgSource = wAvgSource
    return generator.traits
  }

  /// Builds the generator and loads its tensors.
  ///
  /// - Returns: The generator, on the processor, in float32.
  /// - Throws: `FileError` if the network is no generator or the file's tensors do not fit it.
  public func makeGenerator() throws -> any Generator {
    let configuration = try generatorConfiguration()
    let generator = try load(configuration.makeGenerator)
    generator.wAvgSource = wAvgSource
    return generator
  }

  /// Builds the discriminator and loads its tensors.
  ///
  /// - Returns: The discriminator, on the processor, in float32.
  /// - Throws: `FileError` if the network is no discriminator or the file's tensors do not fit it.
  public func makeDiscriminator() throws -> any Discriminator {
    guard let configuration = configuration as? any DiscriminatorConfiguration else {
      throw misfit(.doesNotFit, "a discriminator", type(of: configuration).kind)
    }
    return try load(configuration.makeDiscriminator)
  }

  /// Builds the encoder and loads its tensors.
  ///
  /// - Returns: The encoder, on the processor, in float32.
  /// - Throws: `FileError` if the network is no encoder or the file's tensors do not fit it.
  public func makeEncoder() throws -> any ImageEncoder {
    guard let configuration = configuration as? any EncoderConfiguration else {
      throw misfit(.doesNotFit, "an encoder", type(of: configuration).kind)
    }
    return try load(configuration.makeEncoder)
  }

  /// Builds the edit transformer and loads its tensors.
  ///
  /// - Parameter change: Chooses what the file does not say, such as the attention of the paper.
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it;
  ///   `ConfigurationError` if there is no such network as was chosen.
  public func makeEditTransformer(
    _ change: (inout EditTransformerConfiguration) -> Void = { _ in }
  ) throws -> EditTransformer {
    guard var configuration = configuration as? EditTransformerConfiguration else {
      throw misfit(.doesNotFit, "an edit transformer", type(of: configuration).kind)
    }
    change(&configuration)
    try configuration.validate()
    return try load { EditTransformer(configuration, $0) }
  }

  /// Builds the classifier of codes and loads its tensors.
  ///
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makeLatentClassifier() throws -> LatentClassifier {
    guard let configuration = configuration as? LatentClassifierConfiguration else {
      throw misfit(.doesNotFit, "a classifier of codes", type(of: configuration).kind)
    }
    return try load { LatentClassifier(configuration, $0) }
  }

  /// Builds the network whose features are compared, and loads its tensors.
  ///
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if it is none or the file's tensors do not fit it.
  public func makeFeatures() throws -> any FeatureNetwork {
    guard let configuration = configuration as? any FeatureConfiguration else {
      throw misfit(.doesNotFit, "a feature network", type(of: configuration).kind)
    }
    return try load(configuration.makeFeatures)
  }

  /// Builds LPIPS and loads its tensors.
  ///
  /// - Returns: The distance, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makeLPIPS() throws -> LPIPS {
    guard let configuration = configuration as? LPIPSConfiguration else {
      throw misfit(.doesNotFit, "LPIPS", type(of: configuration).kind)
    }
    return try load { LPIPS(configuration, $0) }
  }

  /// Builds the distance of a classifier's features and loads its tensors.
  ///
  /// - Returns: The distance, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makePerceptualDistance() throws -> PerceptualDistance {
    guard let configuration = configuration as? PerceptualDistanceConfiguration else {
      throw misfit(
        .doesNotFit, "a distance of a classifier's features", type(of: configuration).kind)
    }
    return try load { PerceptualDistance(configuration, $0) }
  }

  /// Builds the classifier of pictures, of any kind, and loads its tensors.
  ///
  /// - Returns: The classifier, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makePictureClassifier() throws -> any PictureClassifier {
    guard let configuration = configuration as? any PictureClassifierConfiguration else {
      throw misfit(.doesNotFit, "a classifier of pictures", type(of: configuration).kind)
    }
    return try load(configuration.makeClassifier)
  }

  /// Builds our own classifier of pictures and loads its tensors.
  ///
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makeAttributeClassifier() throws -> AttributeClassifier {
    guard let configuration = configuration as? AttributeClassifierConfiguration else {
      throw misfit(.doesNotFit, "a classifier of pictures", type(of: configuration).kind)
    }
    return try load { AttributeClassifier(configuration, $0) }
  }

  /// Builds Inception-v3 and loads its tensors.
  ///
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makeInception() throws -> InceptionV3 {
    guard let configuration = configuration as? InceptionConfiguration else {
      throw misfit(.doesNotFit, "Inception-v3", type(of: configuration).kind)
    }
    return try load { InceptionV3(configuration, $0) }
  }

  /// Builds VGG-16 and loads its tensors.
  ///
  /// - Returns: The network, on the processor, in float32.
  /// - Throws: `FileError` if the network is another or the file's tensors do not fit it.
  public func makeVGG16() throws -> VGG16 {
    guard let configuration = configuration as? VGG16Configuration else {
      throw misfit(.doesNotFit, "VGG-16", type(of: configuration).kind)
    }
    return try load { VGG16(configuration, $0) }
  }

  /// Builds the networks that find faces, and loads their tensors.
  ///
  /// - Returns: The networks, on the processor, in float32.
  /// - Throws: `FileError` if they are others or the file's tensors do not fit them.
  public func makeMTCNN() throws -> MTCNN {
    guard configuration is MTCNNConfiguration else {
      throw misfit(.doesNotFit, "MTCNN", type(of: configuration).kind)
    }
    return try load { MTCNN($0) }
  }

  /// What the network is for.
  public var use: NetworkUse { NetworkUse(of: configuration) }

  /// Whether the network is a generator.
  public var isGenerator: Bool { use == .generator }

  /// The names of tensors with numbers that are not finite.
  ///
  /// - Returns: The names in the order of the file.
  /// - Throws: `FileError` if a tensor cannot be read.
  public func nonFiniteNames() throws -> [String] {
    try withoutGradients { () throws in
      try tensors.filter { try !$0.value.read().isFinite().all }.map(\.key)
    }
  }

  /// Checks that the file's tensors are those of the network, without taking memory for it.
  ///
  /// - Returns: The network's parameters and buffers, without values.
  /// - Throws: `FileError` if they are not, or the network is of no known kind.
  @discardableResult
  public func check() throws -> ParameterStore {
    switch configuration {
    case let configuration as any GeneratorConfiguration:
      return try plan(configuration.makeGenerator).parameters
    case let configuration as any DiscriminatorConfiguration:
      return try plan(configuration.makeDiscriminator).parameters
    case let configuration as any EncoderConfiguration:
      return try plan(configuration.makeEncoder).parameters
    case let configuration as EditTransformerConfiguration:
      return try plan { EditTransformer(configuration, $0) }.parameters
    case let configuration as LatentClassifierConfiguration:
      return try plan { LatentClassifier(configuration, $0) }.parameters
    case let configuration as any FeatureConfiguration:
      return try plan(configuration.makeFeatures).parameters
    case let configuration as LPIPSConfiguration:
      return try plan { LPIPS(configuration, $0) }.parameters
    case let configuration as PerceptualDistanceConfiguration:
      return try plan { PerceptualDistance(configuration, $0) }.parameters
    case let configuration as InceptionConfiguration:
      return try plan { InceptionV3(configuration, $0) }.parameters
    case let configuration as VGG16Configuration:
      return try plan { VGG16(configuration, $0) }.parameters
    case let configuration as any PictureClassifierConfiguration:
      return try plan(configuration.makeClassifier).parameters
    case is MTCNNConfiguration:
      return try plan { MTCNN($0) }.parameters
    default:
      throw misfit(.unsupported, "a network of a known kind", type(of: configuration).kind)
    }
  }

  private func generatorConfiguration() throws(FileError) -> any GeneratorConfiguration {
    guard let configuration = configuration as? any GeneratorConfiguration else {
      throw misfit(.doesNotFit, "a generator", type(of: configuration).kind)
    }
    return configuration
  }

  /// Builds the network without memory for its tensors, and checks that the file's fit; of those
  /// that have two names, that both are equal.
  private func plan<Built>(_ build: (Scope) -> Built) throws -> Built {
    let plan = ParameterStore()
    let network = build(Scope(plan, device: .meta))
    do {
      try plan.check(tensors)
      try plan.checkAliases(tensors)
    } catch let error as ParameterLoadError {
      throw misfit(.damaged, "the tensors of \(type(of: configuration).kind)", "\(error)")
    }
    return network
  }

  /// Builds the network and loads it, once it is known that the file's tensors fit.
  private func load<Built>(_ build: (Scope) -> Built) throws -> Built {
    _ = try plan(build)
    let store = ParameterStore()
    let network = build(Scope(store))
    try store.load(tensors)
    return network
  }

  private func misfit(_ kind: FileError.Kind, _ expected: String, _ found: String) -> FileError {
    FileError(kind, file: file, expected: expected, found: found)
  }
}

extension ParameterStore {
  /// The names of tensors with numbers that are not finite; pictures made with them show nothing.
  public var nonFiniteNames: [String] {
    withoutGradients { entries.keys.filter { !self[$0].isFinite().all } }
  }
}

// The one list of families: of generators and encoders, each with the configurations that people
// name, of discriminators, of the networks whose features are compared, of those that tell
// what pictures show, and of those that find faces.

/// The networks that Stylist knows.
public enum Registry {
  /// Every family; a new one adds its line here.
  public static let families: [any GeneratorConfiguration.Type] = [
    StyleGAN2Configuration.self,
    StyleGAN1Configuration.self,
    StyleformerConfiguration.self,
    StyleformerCConfiguration.self,
    StyleSwinConfiguration.self,
    StyleNATConfiguration.self,
  ]

  /// Every discriminator.
  public static let discriminators: [any DiscriminatorConfiguration.Type] = [
    StyleGAN2DiscriminatorConfiguration.self,
    StyleGAN1DiscriminatorConfiguration.self,
    WaveletDiscriminatorConfiguration.self,
  ]

  /// Every encoder.
  public static let encoders: [any EncoderConfiguration.Type] = [
    StyleTransformerConfiguration.self,
    PSpEncoderConfiguration.self,
  ]

  /// Every network whose features are compared.
  public static let featureNetworks: [any NetworkConfiguration.Type] = [
    FaceRecognitionConfiguration.self,
    IdentityNetworkConfiguration.self,
    ResNetConfiguration.self,
    LPIPSConfiguration.self,
    PerceptualDistanceConfiguration.self,
    InceptionConfiguration.self,
    VGG16Configuration.self,
  ]

  /// Every network that tells what pictures show.
  public static let pictureClassifiers: [any PictureClassifierConfiguration.Type] = [
    AttributeClassifierConfiguration.self,
    StyleGAN1ClassifierConfiguration.self,
  ]

  /// Every network that edits codes or judges them.
  public static let editors: [any NetworkConfiguration.Type] = [
    EditTransformerConfiguration.self,
    LatentClassifierConfiguration.self,
  ]

  /// Every network that finds something in pictures.
  public static let detectors: [any NetworkConfiguration.Type] = [MTCNNConfiguration.self]

  /// Every named configuration, family by family.
  public static let configurations: [NamedConfiguration] = families.flatMap {
    $0.namedConfigurations
  }

  /// Finds a configuration by its name and checks it.
  ///
  /// - Parameters:
  ///   - name: One of `configurations`.
  ///   - resolution: The image's width and height, in pixels; nil for the configuration's own.
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if there is none of that name or the resolution does not fit.
  public static func configuration(named name: String, resolution: Int? = nil)
    throws(ConfigurationError) -> any GeneratorConfiguration
  {
    guard let found = configurations.first(where: { $0.name == name }) else {
      let names = configurations.map(\.name).joined(separator: ", ")
      throw ConfigurationError("configuration: expected one of \(names), found \(name)")
    }
    let configuration = found.make(resolution)
    do {
      try configuration.validate()
    } catch {
      guard let resolution else { throw error }
      throw ConfigurationError(
        "resolution: expected \(resolutions(of: found)) for \(name), found \(resolution)")
    }
    return configuration
  }

  /// The resolutions that a named configuration can have, in words.
  private static func resolutions(of named: NamedConfiguration) -> String {
    let powers = (2...12).map { 1 << $0 }
    func fitting(_ all: [Int]) -> [Int] {
      all.filter { r in
        do throws(ConfigurationError) {
          try named.make(r).validate()
          return true
        } catch {
          return false
        }
      }
    }
    func words(_ all: [Int]) -> String? {
      guard let first = all.first, let last = all.last, first < last else {
        return all.first.map { "\($0)" }
      }
      return "\(first), \(first * 2), … \(last)"
    }
    let ranges = [words(fitting(powers)), words(fitting(powers.map { $0 / 4 * 3 }))]
    return ranges.compactMap(\.self).joined(separator: ", or ")
  }

  /// Finds the configuration of an encoder by its name, and fits it to a generator.
  ///
  /// - Parameters:
  ///   - name: One of the names that the encoders' configurations have.
  ///   - generator: What the codes are for; nil for the generator that it was published for.
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if there is none of that name or it cannot fit the generator.
  public static func encoder(named name: String, for generator: GeneratorTraits? = nil)
    throws(ConfigurationError) -> any EncoderConfiguration
  {
    let all = encoders.flatMap { $0.namedConfigurations }
    guard let found = all.first(where: { $0.name == name })?.configuration else {
      let names = all.map(\.name).joined(separator: ", ")
      throw ConfigurationError("encoder: expected one of \(names), found \(name)")
    }
    let configuration = generator.map { found.fitting($0) } ?? found
    try configuration.validate()
    return configuration
  }

  /// Reads the configuration of any network from one of our own files.
  ///
  /// - Parameters:
  ///   - kind: The network's kind in the file.
  ///   - json: The canonical JSON in the file.
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if the kind is not known or a value does not fit.
  public static func networkConfiguration(kind: String, json: String) throws(ConfigurationError)
    -> any NetworkConfiguration
  {
    let known: [any NetworkConfiguration.Type] =
      families + discriminators + encoders + featureNetworks + pictureClassifiers
      + editors + detectors
    guard let found = known.first(where: { $0.kind == kind }) else {
      throw ConfigurationError("kind: expected that of a known network, found \(kind)")
    }
    return try found.init(canonicalJSON: json)
  }
}

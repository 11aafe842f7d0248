// The one list of families: of generators, each with the configurations that people name, and of
// discriminators.

/// The generators that Stylist knows.
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
    try configuration.validate()
    return configuration
  }

  /// Reads the configuration of any network, generator or discriminator, from one of our own files.
  ///
  /// - Parameters:
  ///   - kind: The network's kind in the file.
  ///   - json: The canonical JSON in the file.
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if the kind is not known or a value does not fit.
  public static func networkConfiguration(kind: String, json: String) throws(ConfigurationError)
    -> any NetworkConfiguration
  {
    let known: [any NetworkConfiguration.Type] = families + discriminators
    guard let found = known.first(where: { $0.kind == kind }) else {
      let kinds = known.map { $0.kind }.joined(separator: ", ")
      throw ConfigurationError("kind: expected one of \(kinds), found \(kind)")
    }
    return try found.init(canonicalJSON: json)
  }
}

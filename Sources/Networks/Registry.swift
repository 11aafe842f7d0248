// The one list of generators: families that files can hold, and configurations that people name.

/// A configuration that has a name, for generators that are made without a file.
public struct NamedConfiguration: Sendable {
  /// What people type, such as `stylegan2-256`.
  public let name: String
  /// What it is, in a few words.
  public let summary: String
  /// Makes the configuration at a resolution, or at its own.
  public let make: @Sendable (_ resolution: Int?) -> any GeneratorConfiguration
}

/// The generators that Stylist knows.
public enum Registry {
  /// Every family; a new one adds its line here.
  public static let families: [any GeneratorConfiguration.Type] = [
    StyleGAN2Configuration.self,
    StyleformerConfiguration.self,
    StyleformerCConfiguration.self,
  ]

  /// Every discriminator.
  public static let discriminators: [any DiscriminatorConfiguration.Type] = [
    StyleGAN2DiscriminatorConfiguration.self
  ]

  /// Every named configuration.
  public static let configurations: [NamedConfiguration] =
    [256, 512, 1024].map { resolution in
      NamedConfiguration(
        name: "stylegan2-\(resolution)",
        summary: "StyleGAN2, configuration F, \(resolution)×\(resolution)"
      ) { StyleGAN2Preset.configF.generator(resolution: $0 ?? resolution) }
    }
    + StyleGAN2Preset.allCases.map { preset in
      NamedConfiguration(
        name: preset.rawValue,
        summary:
          "StyleGAN2 \(preset.rawValue), \(preset.defaultResolution)×\(preset.defaultResolution)"
      ) { preset.generator(resolution: $0) }
    }
    + StyleformerPreset.allCases.map { preset in
      NamedConfiguration(name: "styleformer-\(preset.rawValue)", summary: preset.summary) {
        preset.generator(resolution: $0)
      }
    }
    + [
      NamedConfiguration(
        name: "styleformer-c-256",
        summary: "Styleformer-C in our reading, for it was not published, 256×256"
      ) { StyleformerCConfiguration(resolution: $0 ?? 256) }
    ]

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

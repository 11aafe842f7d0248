// Configurations: what they refuse, and how they are written and read.

import Layers
import Networks
import Testing

private func message(
  _ change: (inout StyleGAN2Configuration) -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) -> String? {
  var configuration = StyleGAN2Configuration()
  change(&configuration)
  return #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
    try configuration.validate()
  }?.description
}

private func discriminatorMessage(
  _ change: (inout StyleGAN2DiscriminatorConfiguration) -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) -> String? {
  var configuration = StyleGAN2DiscriminatorConfiguration()
  change(&configuration)
  return #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
    try configuration.validate()
  }?.description
}

@Suite("Configurations") struct ConfigurationTests {
  @Test("a generator's nonsense is refused by name, with what was expected and found")
  func generatorNonsense() {
    #expect(
      message { $0.resolution = 48 }
        == "resolution: expected a power of two from 4 to 4096, found 48")
    for bad in [Int.min, -4, 0, 2, 8192, .max] {
      #expect(message { $0.resolution = bad }?.hasPrefix("resolution: ") == true)
    }
    #expect(message { $0.channelBase = 1023 }?.hasPrefix("channelBase: ") == true)
    #expect(message { $0.channelBase = .max }?.hasPrefix("channelBase: ") == true)
    #expect(message { $0.channelMax = 0 }?.hasPrefix("channelMax: ") == true)
    #expect(message { $0.imgChannels = 2 } == "imgChannels: expected 1, 3 or 4, found 2")
    #expect(message { $0.zDim = 0 }?.hasPrefix("zDim: ") == true)
    #expect(message { $0.wDim = -1 }?.hasPrefix("wDim: ") == true)
    #expect(message { $0.labelDim = -1 }?.hasPrefix("labelDim: ") == true)
    #expect(message { $0.mappingLayers = 0 }?.hasPrefix("mappingLayers: ") == true)
    #expect(message { $0.numFP16Res = -1 }?.hasPrefix("numFP16Res: ") == true)
    #expect(message { $0.numFP16Res = .max }?.hasPrefix("numFP16Res: ") == true)
    for bad in [0, -256, .nan, .infinity] {
      #expect(message { $0.convClamp = bad }?.hasPrefix("convClamp: ") == true)
    }
    for bad in [[], [1, -1], [.nan], [Double](repeating: 1, count: 65)] {
      #expect(message { $0.resampleFilter = bad }?.hasPrefix("resampleFilter: ") == true)
    }
    for bad in [0..<0, -1..<4, 0..<1025] {
      #expect(message { $0.visibleRows = bad }?.hasPrefix("visibleRows: ") == true)
    }
  }

  @Test("a discriminator's nonsense is refused by name")
  func discriminatorNonsense() {
    #expect(
      discriminatorMessage { $0.resolution = 100 }
        == "resolution: expected a power of two from 8 to 4096, or three times one from 12 to "
        + "3072, found 100")
    for bad in [Int.min, -12, 0, 3, 4, 6, 36, 144, 6144, 8192] {
      #expect(discriminatorMessage { $0.resolution = bad }?.hasPrefix("resolution: ") == true)
    }
    #expect(discriminatorMessage { $0.channelBase = 8 }?.hasPrefix("channelBase: ") == true)
    #expect(discriminatorMessage { $0.channelMax = 0 }?.hasPrefix("channelMax: ") == true)
    #expect(discriminatorMessage { $0.imgChannels = 0 }?.hasPrefix("imgChannels: ") == true)
    #expect(discriminatorMessage { $0.labelDim = -1 }?.hasPrefix("labelDim: ") == true)
    #expect(discriminatorMessage { $0.mappingLayers = 65 }?.hasPrefix("mappingLayers: ") == true)
    #expect(discriminatorMessage { $0.mbstdChannels = 3 }?.hasPrefix("mbstdChannels: ") == true)
    #expect(discriminatorMessage { $0.mbstdChannels = -1 }?.hasPrefix("mbstdChannels: ") == true)
    #expect(discriminatorMessage { $0.mbstdGroupSize = 0 }?.hasPrefix("mbstdGroupSize: ") == true)
    #expect(discriminatorMessage { $0.resampleFilter = [] }?.hasPrefix("resampleFilter: ") == true)
    #expect(discriminatorMessage { $0.convClamp = -1 }?.hasPrefix("convClamp: ") == true)
    #expect(discriminatorMessage { $0.numFP16Res = 99 }?.hasPrefix("numFP16Res: ") == true)
  }

  @Test("the smallest and the largest sizes are accepted")
  func extremes() throws {
    for resolution in [4, 4096] {
      try StyleGAN2Configuration(resolution: resolution).validate()
    }
    for resolution in [8, 4096] {
      try StyleGAN2DiscriminatorConfiguration(resolution: resolution).validate()
    }
    #expect(StyleGAN2Configuration(resolution: 4).numWs == 2)
    #expect(StyleGAN2Configuration(resolution: 4096).numWs == 22)
  }

  @Test("canonical JSON reads back to the same values and the same text")
  func roundTrip() throws {
    var configuration = smallConfiguration(architecture: .resnet, labelDim: 7)
    configuration.convClamp = 256
    configuration.visibleRows = 2..<14
    configuration.resampleFilter = [0.1, 1.0 / 3, 1e-7]
    let json = try configuration.canonicalJSON()
    let read = try StyleGAN2Configuration(canonicalJSON: json)
    #expect(read == configuration)
    #expect(try read.canonicalJSON() == json)
    #expect(!json.contains("\n"))
    let discriminator = smallDiscriminatorConfiguration(labelDim: 2)
    #expect(
      try StyleGAN2DiscriminatorConfiguration(canonicalJSON: discriminator.canonicalJSON())
        == discriminator)
  }

  @Test("canonical JSON is what it was when the first files were written")
  func stability() throws {
    #expect(
      try StyleGAN2Configuration(resolution: 256).canonicalJSON() == """
        {"architecture":"skip","channelBase":32768,"channelMax":512,"imgChannels":3,"labelDim":0,\
        "mappingLayers":8,"numFP16Res":0,"resampleFilter":[1,3,3,1],"resolution":256,\
        "useNoise":true,"wDim":512,"zDim":512}
        """)
  }

  @Test("JSON that is none, incomplete, of other types or refused is an error on one line")
  func badJSON() throws {
    let good = try smallConfiguration().canonicalJSON()
    let bad = [
      "", "{", "[]", "{}", "null", good.replacing("\"resolution\":16,", with: ""),
      good.replacing("\"resolution\":16", with: "\"resolution\":\"16\""),
      good.replacing("\"resolution\":16", with: "\"resolution\":17"),
      good.replacing("\"resolution\":16", with: "\"resolution\":1e99"),
      good.replacing("\"skip\"", with: "\"other\""),
    ]
    for json in bad {
      #expect(json != good)
      let error = #expect(throws: ConfigurationError.self) {
        try StyleGAN2Configuration(canonicalJSON: json)
      }
      #expect(error?.description.contains("\n") == false, "\(json)")
    }
  }

  @Test("kinds have different names")
  func kinds() {
    #expect(StyleGAN2Configuration.kind == "stylegan2")
    #expect(StyleGAN2DiscriminatorConfiguration.kind == "stylegan2-discriminator")
  }
}

@Suite("Registry") struct RegistryTests {
  @Test("every named configuration is valid and has a name of its own")
  func names() throws {
    let names = Registry.configurations.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names { _ = try Registry.configuration(named: name) }
    #expect(names.contains("stylegan2-256") && names.contains("config-f"))
    #expect(Registry.configurations.allSatisfy { !$0.summary.isEmpty })
  }

  @Test("a configuration is made at another resolution if asked")
  func resolutions() throws {
    let made = try Registry.configuration(named: "paper256", resolution: 64)
    #expect((made as? StyleGAN2Configuration)?.resolution == 64)
  }

  @Test("an unknown name is refused with the names there are, a bad resolution by its value")
  func unknownNames() {
    let error = #expect(throws: ConfigurationError.self) {
      _ = try Registry.configuration(named: "stylegan9")
    }
    #expect(error?.description.contains("config-f") == true)
    #expect(error?.description.hasSuffix("found stylegan9") == true)
    let other = #expect(throws: ConfigurationError.self) {
      _ = try Registry.configuration(named: "config-f", resolution: 100)
    }
    #expect(other?.description.hasPrefix("resolution: ") == true)
  }

  @Test("reads a family's configuration by its kind and refuses unknown kinds")
  func kinds() throws {
    let configuration = smallConfiguration()
    let json = try configuration.canonicalJSON()
    let read = try Registry.networkConfiguration(kind: "stylegan2", json: json)
    #expect(read as? StyleGAN2Configuration == configuration)
    let error = #expect(throws: ConfigurationError.self) {
      _ = try Registry.networkConfiguration(kind: "stylegan9", json: json)
    }
    let kinds =
      Registry.families.map { $0.kind } + Registry.discriminators.map { $0.kind }
      + Registry.encoders.map { $0.kind } + Registry.featureNetworks.map { $0.kind }
      + Registry.pictureClassifiers.map { $0.kind } + Registry.editors.map { $0.kind }
      + Registry.detectors.map { $0.kind }
    #expect(Set(kinds).count == kinds.count && kinds.first == "stylegan2")
    #expect(error?.description == "kind: expected that of a known network, found stylegan9")
  }

  @Test("builds the generator of a configuration whose type it does not know")
  func builds() throws {
    let read = try Registry.networkConfiguration(
      kind: "stylegan2", json: smallConfiguration().canonicalJSON())
    let configuration = try #require(read as? any GeneratorConfiguration)
    #expect(configuration.makeGenerator(Scope(ParameterStore())).traits.resolution == 16)
  }

  @Test("reads a discriminator's configuration by its kind")
  func discriminators() throws {
    let configuration = smallDiscriminatorConfiguration(labelDim: 2)
    let read = try Registry.networkConfiguration(
      kind: "stylegan2-discriminator", json: configuration.canonicalJSON())
    #expect(read as? StyleGAN2DiscriminatorConfiguration == configuration)
  }
}

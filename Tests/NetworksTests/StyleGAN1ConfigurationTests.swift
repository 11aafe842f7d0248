// StyleGAN's configurations: what they refuse, their sizes, and the ladder of the paper.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

private func message(
  _ change: (inout StyleGAN1Configuration) -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) -> String {
  var configuration = StyleGAN1Configuration()
  change(&configuration)
  return #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
    try configuration.validate()
  }?.description ?? ""
}

private func discriminatorMessage(
  _ change: (inout StyleGAN1DiscriminatorConfiguration) -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) -> String {
  var configuration = StyleGAN1DiscriminatorConfiguration()
  change(&configuration)
  return #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
    try configuration.validate()
  }?.description ?? ""
}

@Suite("StyleGAN's configurations") struct StyleGAN1ConfigurationTests {
  @Test("a generator's nonsense is refused by name, with what was expected and found")
  func generatorNonsense() {
    #expect(
      message { $0.resolution = 48 }
        == "resolution: expected a power of two from 4 to 4096, found 48")
    #expect(
      message { $0.featureBase = 511 }
        == "featureBase: expected at least half the resolution, at most 16777216, found 511")
    #expect(
      message {
        $0.mappingLayers = 0; $0.zDim = 100
      }
        == "wDim: expected 100, what the mapping of no layers gives, found 512")
    #expect(
      message {
        $0.mappingLayers = 0; $0.labelDim = 3
      }
        == "wDim: expected 1024, what the mapping of no layers gives, found 512")
    for bad in [Int.min, -4, 0, 2, 8192, .max] {
      #expect(message { $0.resolution = bad }.hasPrefix("resolution: "))
    }
    #expect(message { $0.featureBase = .max }.hasPrefix("featureBase: "))
    #expect(message { $0.featureMax = 0 }.hasPrefix("featureMax: "))
    #expect(message { $0.imgChannels = 2 }.hasPrefix("imgChannels: "))
    #expect(message { $0.zDim = 0 }.hasPrefix("zDim: "))
    #expect(message { $0.wDim = -1 }.hasPrefix("wDim: "))
    #expect(message { $0.labelDim = -1 }.hasPrefix("labelDim: "))
    #expect(message { $0.mappingLayers = 65 }.hasPrefix("mappingLayers: "))
    #expect(message { $0.mappingWidth = 0 }.hasPrefix("mappingWidth: "))
    #expect(message { $0.mappingLRMultiplier = 0 }.hasPrefix("mappingLRMultiplier: "))
    #expect(message { $0.mirroredFrom = -1 }.hasPrefix("mirroredFrom: "))
    #expect(message { $0.visibleRows = 0..<1025 }.hasPrefix("visibleRows: "))
    for bad in [[], [1, 1], [1, -1, 0], [.nan], [Double](repeating: 1, count: 65)] {
      #expect(message { $0.blurFilter = bad }.hasPrefix("blurFilter: "))
    }
  }

  @Test("a discriminator's nonsense is refused by name")
  func discriminatorNonsense() {
    for bad in [Int.min, 0, 4, 100, 8192] {
      #expect(discriminatorMessage { $0.resolution = bad }.hasPrefix("resolution: "))
    }
    #expect(discriminatorMessage { $0.featureBase = 8 }.hasPrefix("featureBase: "))
    #expect(discriminatorMessage { $0.featureMax = 0 }.hasPrefix("featureMax: "))
    #expect(discriminatorMessage { $0.imgChannels = 5 }.hasPrefix("imgChannels: "))
    #expect(discriminatorMessage { $0.labelDim = -1 }.hasPrefix("labelDim: "))
    #expect(discriminatorMessage { $0.blurFilter = [1, 2] }.hasPrefix("blurFilter: "))
    #expect(discriminatorMessage { $0.mbstdGroupSize = 0 }.hasPrefix("mbstdGroupSize: "))
    #expect(discriminatorMessage { $0.mbstdChannels = 3 }.hasPrefix("mbstdChannels: "))
  }

  @Test("canonical JSON is what it was when the first files were written, and reads back")
  func stability() throws {
    let json = try StyleGAN1Configuration(resolution: 256).canonicalJSON()
    #expect(
      json == """
        {"blurFilter":[1,2,1],"constInput":true,"featureBase":8192,"featureMax":512,\
        "imgChannels":3,"labelDim":0,"mappingLRMultiplier":0.01,"mappingLayers":8,\
        "mappingWidth":512,"mirroredFrom":128,"resolution":256,"useInstanceNorm":true,\
        "useNoise":true,"usePixelNorm":false,"useStyles":true,"wDim":512,"zDim":512}
        """)
    let read = try Registry.networkConfiguration(kind: "stylegan1", json: json)
    #expect(read as? StyleGAN1Configuration == StyleGAN1Configuration(resolution: 256))
    let d = smallStyleGAN1Discriminator { $0.labelDim = 2 }
    let found = try Registry.networkConfiguration(
      kind: "stylegan1-discriminator", json: d.canonicalJSON())
    #expect(found as? StyleGAN1DiscriminatorConfiguration == d)
  }

  // The paper states 26.2 million parameters for the generator, 23.1 million for the traditional
  // one and the discriminator.
  @Test("numbers of parameters are the published ones")
  func counts() throws {
    func count(_ preset: StyleGAN1Preset) -> Int {
      StyleGAN1(preset.generator(), Scope(ParameterStore(), device: .meta)).parameters
        .parameterCount
    }
    #expect(
      StyleGAN1Preset.allCases.map(count) == [
        23_079_115, 23_079_115, 30_400_651, 26_214_539, 26_219_627, 26_219_627,
      ])
    for preset in StyleGAN1Preset.allCases {
      let d = preset.discriminator()
      try d.validate()
      let network = StyleGAN1Discriminator(d, Scope(ParameterStore(), device: .meta))
      #expect(network.parameters.parameterCount == 23_087_249)
    }
  }

  @Test("the ladder's steps change what the paper says, one after the other")
  func ladder() {
    let steps = StyleGAN1Preset.allCases.map { $0.generator(labelDim: 2, imgChannels: 1) }
    #expect(steps.map(\.blurFilter.count) == [1, 3, 3, 3, 3, 3])
    #expect(steps.map(\.useStyles) == [false, false, true, true, true, true])
    #expect(steps.map(\.mappingLayers) == [0, 0, 8, 8, 8, 8])
    #expect(steps.map(\.usePixelNorm) == [true, true, false, false, false, false])
    #expect(steps.map(\.useInstanceNorm) == [false, false, true, true, true, true])
    #expect(steps.map(\.constInput) == [false, false, false, true, true, true])
    #expect(steps.map(\.useNoise) == [false, false, false, false, true, true])
    #expect(steps.map(\.wDim) == [1024, 1024, 512, 512, 512, 512])
    #expect(steps.allSatisfy { $0.labelDim == 2 && $0.imgChannels == 1 })
    let plain = StyleGAN1Preset.configF.generator()
    #expect(plain == StyleGAN1Configuration())
    #expect(StyleGAN1Preset.configA.discriminator().blurFilter == [1])
    #expect(StyleGAN1Preset.configF.discriminator() == StyleGAN1DiscriminatorConfiguration())
  }

  @Test("the names of the registry make them at their resolution or another")
  func registry() throws {
    let small = try Registry.configuration(named: "stylegan1-256")
    #expect(small as? StyleGAN1Configuration == StyleGAN1Configuration(resolution: 256))
    let b = try Registry.configuration(named: "stylegan1-config-b", resolution: 64)
    #expect(
      b as? StyleGAN1Configuration == StyleGAN1Preset.configB.generator(resolution: 64))
  }

  @Test("every configuration's traits tell as many noise layers as there are noise inputs")
  func noiseLayers() throws {
    for named in Registry.configurations {
      let configuration = named.make(nil)
      try configuration.validate()
      let generator = configuration.makeGenerator(Scope(ParameterStore(), device: .meta))
      #expect(generator.traits.noiseLayers == generator.noiseInputs.count, "\(named.name)")
    }
  }
}

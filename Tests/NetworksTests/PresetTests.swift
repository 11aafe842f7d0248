// Sizes of the published configurations.

import Layers
import Networks
import Tensors
import Testing

@Suite("Presets of StyleGAN2") struct PresetTests {
  private struct Row: Sendable {
    let preset: StyleGAN2Preset
    let resolution: Int
    let numWs: Int
    let generator: Int
    let discriminator: Int
  }

  /// Parameters counted from the published tables of layers; buffers are not among them.
  ///
  /// Configuration F and the 256×256 networks have the numbers that their authors print.
  private static let table = [
    Row(
      preset: .auto, resolution: 256, numWs: 14, generator: 23_191_522, discriminator: 24_001_089),
    Row(
      preset: .stylegan2, resolution: 1024, numWs: 18, generator: 30_370_060,
      discriminator: 29_012_513),
    Row(
      preset: .paper256, resolution: 256, numWs: 14, generator: 24_767_458,
      discriminator: 24_001_089),
    Row(
      preset: .paper512, resolution: 512, numWs: 16, generator: 30_276_583,
      discriminator: 28_982_849),
    Row(
      preset: .paper1024, resolution: 1024, numWs: 18, generator: 30_370_060,
      discriminator: 29_012_513),
    Row(preset: .cifar, resolution: 32, numWs: 8, generator: 19_947_539, discriminator: 20_720_641),
    Row(
      preset: .configB, resolution: 1024, numWs: 18, generator: 23_596_292,
      discriminator: 23_077_137),
    Row(
      preset: .configC, resolution: 1024, numWs: 18, generator: 23_596_292,
      discriminator: 23_077_137),
    Row(
      preset: .configD, resolution: 1024, numWs: 18, generator: 23_596_292,
      discriminator: 23_077_137),
    Row(
      preset: .configE, resolution: 1024, numWs: 18, generator: 24_900_764,
      discriminator: 24_038_161),
    Row(
      preset: .configF, resolution: 1024, numWs: 18, generator: 30_370_060,
      discriminator: 29_012_513),
  ]

  private func generatorCount(_ configuration: StyleGAN2Configuration) -> Int {
    StyleGAN2(configuration, Scope(ParameterStore(), device: .meta)).parameters.parameterCount
  }

  private func discriminatorCount(_ configuration: StyleGAN2DiscriminatorConfiguration) -> Int {
    StyleGAN2Discriminator(configuration, Scope(ParameterStore(), device: .meta)).parameters
      .parameterCount
  }

  @Test("resolutions, rows of W+ and numbers of parameters are the published ones")
  func sizes() throws {
    #expect(Self.table.map(\.preset) == StyleGAN2Preset.allCases)
    for row in Self.table {
      let (g, d) = (row.preset.generator(), row.preset.discriminator())
      try g.validate()
      try d.validate()
      #expect(g.resolution == row.resolution && d.resolution == row.resolution, "\(row.preset)")
      #expect(g.numWs == row.numWs, "\(row.preset)")
      #expect(generatorCount(g) == row.generator, "\(row.preset)")
      #expect(discriminatorCount(d) == row.discriminator, "\(row.preset)")
    }
  }

  @Test("labels add the parameters of their mappings")
  func conditionalSizes() {
    #expect(generatorCount(StyleGAN2Preset.paper512.generator(labelDim: 10)) == 30_544_359)
    #expect(discriminatorCount(StyleGAN2Preset.paper512.discriminator(labelDim: 10)) == 31_351_872)
  }

  @Test("resolution, labels and channels go into both networks")
  func choices() {
    let g = StyleGAN2Preset.auto.generator(resolution: 64, labelDim: 5, imgChannels: 1)
    let d = StyleGAN2Preset.auto.discriminator(resolution: 64, labelDim: 5, imgChannels: 1)
    #expect(g.resolution == 64 && g.labelDim == 5 && g.imgChannels == 1)
    #expect(d.resolution == 64 && d.labelDim == 5 && d.imgChannels == 1)
  }

  @Test("auto doubles its features from 512 pixels on")
  func automatic() {
    #expect(StyleGAN2Preset.auto.generator(resolution: 256).channelBase == 16384)
    #expect(StyleGAN2Preset.auto.generator(resolution: 512).channelBase == 32768)
    #expect(StyleGAN2Preset.auto.discriminator(resolution: 512).channelBase == 32768)
  }

  @Test("groups of the minibatch standard deviation are the published ones")
  func groups() {
    func group(_ preset: StyleGAN2Preset, batchPerDevice: Int = 64) -> Int? {
      preset.discriminator(batchPerDevice: batchPerDevice).mbstdGroupSize
    }
    #expect(StyleGAN2Preset.allCases.map { group($0) } == [4, 4, 8, 8, 4, 32, 4, 4, 4, 4, 4])
    #expect(group(.auto, batchPerDevice: 2) == 2)
  }

  @Test("mapping layers, 16-bit resolutions and clamps are the published ones")
  func details() {
    for preset in StyleGAN2Preset.allCases {
      let g = preset.generator()
      #expect(g.mappingLayers == ([.auto, .cifar].contains(preset) ? 2 : 8), "\(preset)")
      let isLadder = preset.rawValue.hasPrefix("config-")
      #expect(g.numFP16Res == (isLadder ? 0 : 4) && g.convClamp == (isLadder ? nil : 256))
      #expect(g.zDim == 512 && g.wDim == 512 && g.channelMax == 512)
    }
  }
}

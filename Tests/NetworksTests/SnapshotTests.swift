// The names, formats, shapes and roles of every network's parameters, against files that were
// checked once.

import Foundation
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// `name dtype shape role` for every entry, in the order in which they were made.
private func lines(_ store: ParameterStore) -> [String] {
  store.entries.map { name, entry in
    let shape = entry.tensor.shape.map(String.init).joined(separator: ",")
    return "\(name) \(entry.tensor.dtype) [\(shape)] \(entry.role)"
  }
}

/// Expects the entries of a store to be those of a file in `Snapshots`.
func expectNames(
  _ store: ParameterStore, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = "\(repository)/Tests/NetworksTests/Snapshots/\(name).txt"
  try expectSnapshot(lines(store), equals: URL(filePath: file), sourceLocation: sourceLocation)
}

@Suite("Names of parameters") struct SnapshotTests {
  @Test("StyleGAN2's generators", arguments: ["skip", "resnet", "orig"])
  func generators(architecture: String) throws {
    let choice = try #require(StyleGAN2Configuration.Architecture(rawValue: architecture))
    let network = StyleGAN2(smallConfiguration(architecture: choice), Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-\(architecture)")
  }

  @Test("StyleGAN2's generator with labels")
  func conditionalGenerator() throws {
    let network = StyleGAN2(smallConfiguration(labelDim: 3), Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-conditional")
  }

  @Test("StyleGAN2's generator without noise")
  func generatorWithoutNoise() throws {
    var configuration = smallConfiguration()
    configuration.useNoise = false
    let network = StyleGAN2(configuration, Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-without-noise")
  }

  @Test("StyleGAN2's discriminators", arguments: ["skip", "resnet", "orig"])
  func discriminators(architecture: String) throws {
    let choice = try #require(StyleGAN2Configuration.Architecture(rawValue: architecture))
    let network = StyleGAN2Discriminator(
      smallDiscriminatorConfiguration(architecture: choice), Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-discriminator-\(architecture)")
  }

  @Test("StyleGAN2's discriminator with labels")
  func conditionalDiscriminator() throws {
    let network = StyleGAN2Discriminator(
      smallDiscriminatorConfiguration(labelDim: 3), Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-discriminator-conditional")
  }

  @Test("StyleGAN's generators, with labels and without styles", arguments: ["b", "c", "f"])
  func styleGAN1(letter: String) throws {
    let preset = try #require(StyleGAN1Preset(rawValue: "stylegan1-config-\(letter)"))
    var configuration = small(preset)
    if preset == .configF { configuration.labelDim = 3 }
    let network = StyleGAN1(configuration, Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan1-config-\(letter)")
  }

  @Test("StyleGAN's discriminator")
  func styleGAN1Discriminator() throws {
    let network = StyleGAN1Discriminator(smallStyleGAN1Discriminator(), Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan1-discriminator")
  }

  @Test("StyleSwin's generator")
  func styleSwin() throws {
    let network = StyleSwin(smallStyleSwin(), Scope(ParameterStore()))
    try expectNames(network.parameters, "styleswin")
  }

  @Test("the wavelet discriminator, with spectral norms and without", arguments: [true, false])
  func waveletDiscriminators(isSpectral: Bool) throws {
    var configuration = WaveletDiscriminatorConfiguration(resolution: 32)
    (configuration.baseChannels, configuration.usesSpectralNorm) = (8, isSpectral)
    let network = WaveletDiscriminator(configuration, Scope(ParameterStore()))
    try expectNames(
      network.parameters, isSpectral ? "wavelet-discriminator" : "wavelet-discriminator-equalized")
  }

  @Test("Styleformer's generators, with full attention and with Linformer's")
  func styleformers() throws {
    for (name, linformer) in [("styleformer", false), ("styleformer-linformer", true)] {
      let network = Styleformer(smallStyleformer(linformer: linformer), Scope(ParameterStore()))
      try expectNames(network.parameters, name)
    }
  }

  @Test("Styleformer's generator that starts at 12×12")
  func styleformerFrom12() throws {
    var configuration = smallStyleformer(labelDim: 3)
    (configuration.startResolution, configuration.resolution) = (12, 48)
    let network = Styleformer(configuration, Scope(ParameterStore()))
    try expectNames(network.parameters, "styleformer-12")
  }

  @Test("our Styleformer-C")
  func styleformerC() throws {
    let network = StyleformerC(smallStyleformerC(), Scope(ParameterStore()))
    try expectNames(network.parameters, "styleformer-c")
  }

  @Test("StyleGAN2's discriminator of 48×48")
  func discriminatorOf48() throws {
    var configuration = smallDiscriminatorConfiguration(architecture: .orig)
    configuration.resolution = 48
    let network = StyleGAN2Discriminator(configuration, Scope(ParameterStore()))
    try expectNames(network.parameters, "stylegan2-discriminator-48")
  }
}

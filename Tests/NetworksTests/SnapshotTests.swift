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
}

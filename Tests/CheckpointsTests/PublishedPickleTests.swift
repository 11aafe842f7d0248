// NVIDIA's own pickles: networks, configurations, every tensor, and pictures.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Published StyleGAN2 pickles")
struct PublishedPickleTests {
  static let folders = ["checkpoint-stylegan2-ada-pkl", "checkpoint-stylegan2-ada-pkl-cond"]
  static let files = ["network-protocol3.pkl", "network-protocol4.pkl"]

  private func open(_ folder: String, _ file: String = "network-protocol4.pkl") throws -> Checkpoint
  {
    try Checkpoint.open(caseFile("\(folder)/\(file)"))
  }

  @Test("hold G, D and G_ema, and prefer the averaged generator", arguments: folders, files)
  func roles(folder: String, file: String) throws {
    let checkpoint = try open(folder, file)
    #expect(Array(checkpoint.networks.keys) == ["G", "D", "G_ema"])
    #expect(checkpoint.preferredGenerator?.role == "G_ema")
  }

  @Test("hold exactly the expected tensors", arguments: folders, files)
  func tensors(folder: String, file: String) throws {
    let checkpoint = try open(folder, file)
    var found = try checkpoint.otherTensors.mapValues { try StoredParameter($0) }
    for (role, network) in checkpoint.networks {
      for (name, tensor) in network.tensors { found["\(role).\(name)"] = tensor }
    }
    let expected = try Safetensors(path: caseFile("\(folder)/expected.safetensors")).tensors
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, tensor) in expected {
      #expect(found[name]?.shape == tensor.shape, "\(name)")
      let (read, stored) = (try found[name]?.read(), try Tensor.reading(tensor))
      #expect(read?.dtype == stored.dtype, "\(name)")
      #expect(
        read?.values().map(\.bitPattern) == stored.values().map(\.bitPattern), "\(name)")
    }
  }

  @Test("give the generator's configuration", arguments: files)
  func generatorConfiguration(file: String) throws {
    var expected = StyleGAN2Configuration(resolution: 16)
    (expected.zDim, expected.wDim, expected.labelDim) = (16, 16, 3)
    (expected.channelBase, expected.channelMax, expected.convClamp) = (128, 8, 256)
    let networks = try open(Self.folders[1], file).networks
    for role in ["G", "G_ema"] {
      let found = try #require(networks[role]?.configuration as? StyleGAN2Configuration)
      #expect(found == expected)
    }
  }

  @Test("give the discriminator's configuration", arguments: files)
  func discriminatorConfiguration(file: String) throws {
    var expected = StyleGAN2DiscriminatorConfiguration(resolution: 16)
    (expected.labelDim, expected.mappingLayers) = (3, 2)
    (expected.channelBase, expected.channelMax) = (128, 8)
    let network = try #require(try open(Self.folders[1], file).networks["D"])
    #expect(network.configuration as? StyleGAN2DiscriminatorConfiguration == expected)
  }

  @Test("keep what they say about the data that they were trained on")
  func trainingSet() throws {
    guard case .dictionary(let set) = try open(Self.folders[1]).trainingSet else {
      Issue.record("no description")
      return
    }
    #expect(set["path"] == .string("/data/tiny.zip"))
    #expect(set["use_labels"] == .bool(true))
    #expect(set["max_size"] == .int(123))
  }

  @Test("give the same picture in either protocol", arguments: folders)
  func pictures(folder: String) throws {
    let pictures = try Self.files.map { file in
      let network = try #require(try open(folder, file).preferredGenerator?.network)
      let generator = try network.makeGenerator()
      #expect(generator.traits == (try network.generatorTraits()))
      return picture(of: generator, classIndex: generator.traits.labelDim > 0 ? 1 : nil)
    }
    #expect(pictures[0] == pictures[1])
    #expect(Set(pictures[0]).count > 16)
  }

  @Test("give a discriminator that judges the generator's pictures", arguments: folders)
  func discriminator(folder: String) throws {
    let checkpoint = try open(folder)
    let d = try #require(checkpoint.networks["D"]).makeDiscriminator()
    let g = try #require(checkpoint.networks["G"]).makeGenerator()
    let logits = withoutGradients {
      let labels = g.label(classIndex: g.traits.labelDim > 0 ? 2 : nil)
      let wPlus = g.broadcast(g.map(z: g.z(seed: 1), labels: labels))
      return d(g.synthesize(wPlus, options: SynthesisOptions()), labels: labels)
    }
    #expect(logits.shape == [1, 1])
    #expect(logits.item().isFinite)
  }

  @Test("a discriminator is no generator, and the other way round")
  func wrongRole() throws {
    let checkpoint = try open(Self.folders[0])
    let (d, g) = (checkpoint.networks["D"], checkpoint.networks["G"])
    expect(.doesNotFit, says: "expected a generator") { _ = try d?.makeGenerator() }
    expect(.doesNotFit, says: "expected a generator") { _ = try d?.generatorTraits() }
    expect(.doesNotFit, says: "discriminator") { _ = try g?.makeDiscriminator() }
  }
}

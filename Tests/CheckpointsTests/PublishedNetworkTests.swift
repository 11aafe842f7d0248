// The list of published networks: names that are one network each, and facts that agree.

import Checkpoints
import Layers
import Networks
import Tensors
import Testing

@Suite("Published networks")
struct PublishedNetworkTests {
  @Test("names and files tell the networks apart")
  func names() {
    let all = PublishedNetwork.all
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(all.map { "\($0.form.rawValue) \($0.file)" }).count == all.count)
    for network in all { #expect(PublishedNetwork.named(network.name) == network) }
  }

  @Test("the published numbers of parameters are those of the published sizes")
  func parameters() throws {
    let stated = PublishedNetwork.all.filter {
      $0.facts.generatorParameters != nil && $0.kind == StyleGAN2Configuration.kind
    }
    #expect(stated.map(\.name) == ["stylegan2-ffhq-config-f", "rosinality-ffhq-config-f"])
    for network in stated {
      let facts = network.facts
      var g = StyleGAN2Configuration(resolution: network.resolution)
      g.zDim = try #require(facts.zDim)
      g.wDim = try #require(facts.wDim)
      g.labelDim = try #require(facts.labelDim)
      g.mappingLayers = try #require(facts.mappingLayers)
      g.channelBase = try #require(facts.channelBase)
      g.channelMax = try #require(facts.channelMax)
      let generator = ParameterStore()
      _ = g.makeGenerator(Scope(generator, device: .meta))
      #expect(generator.parameterCount == facts.generatorParameters)
      guard let count = facts.discriminatorParameters else { continue }
      var d = StyleGAN2DiscriminatorConfiguration(resolution: network.resolution)
      (d.channelBase, d.channelMax) = (g.channelBase, g.channelMax)
      let discriminator = ParameterStore()
      _ = d.makeDiscriminator(Scope(discriminator, device: .meta))
      #expect(discriminator.parameterCount == count)
    }
  }

  @Test("StyleGAN's published networks are those of the paper's configuration F")
  func styleGAN1() throws {
    let published = PublishedNetwork.all.filter { $0.kind == StyleGAN1Configuration.kind }
    #expect(published.map(\.resolution) == [1024, 1024, 256, 512, 256])
    for network in published {
      let facts = network.facts
      var g = StyleGAN1Configuration(resolution: network.resolution)
      g.zDim = try #require(facts.zDim)
      g.wDim = try #require(facts.wDim)
      g.mappingLayers = try #require(facts.mappingLayers)
      g.featureBase = try #require(facts.channelBase)
      g.featureMax = try #require(facts.channelMax)
      #expect(g == StyleGAN1Preset.configF.generator(resolution: network.resolution))
      let store = ParameterStore()
      _ = g.makeGenerator(Scope(store, device: .meta))
      if let count = facts.generatorParameters { #expect(store.parameterCount == count) }
      #expect(network.roles == ["G", "D", "G_ema"] && network.form == .tensorFlowPickle)
      #expect(network.visibleRows == (network.resolution == 512 ? 64..<448 : nil))
    }
    #expect(published.compactMap(\.facts.generatorParameters) == [26_219_627])
  }

  @Test("StyleSwin's published numbers of parameters are those of its configurations")
  func styleSwinParameters() {
    let networks = PublishedNetwork.all.filter { $0.kind == StyleSwinConfiguration.kind }
    #expect(networks.count == 5 && networks.allSatisfy { $0.licence == "MIT" })
    for network in networks {
      let plan = ParameterStore()
      _ = StyleSwinConfiguration(resolution: network.resolution)
        .makeGenerator(Scope(plan, device: .meta))
      #expect(plan.parameterCount == network.facts.generatorParameters, "\(network.name)")
    }
  }

  @Test("StyleNAT's published numbers of parameters are those of its configurations")
  func styleNATParameters() {
    let networks = PublishedNetwork.all.filter { $0.kind == StyleNATConfiguration.kind }
    #expect(networks.map(\.name) == ["stylenat-ffhq-256", "stylenat-ffhq-1024"])
    for network in networks {
      let plan = ParameterStore()
      var configuration = StyleNATConfiguration(resolution: network.resolution)
      configuration.biasNames = .halves
      _ = configuration.makeGenerator(Scope(plan, device: .meta))
      #expect(plan.parameterCount == network.facts.generatorParameters, "\(network.name)")
    }
  }

  @Test("Styleformer's networks are the named configurations of the same names")
  func styleformers() throws {
    let all = PublishedNetwork.all.filter { $0.kind == StyleformerConfiguration.kind }
    #expect(all.count == 4)
    for network in all {
      let g = try Registry.configuration(named: network.name)
      let plan = ParameterStore()
      #expect(g.makeGenerator(Scope(plan, device: .meta)).traits.resolution == network.resolution)
      #expect(plan.parameterCount == network.facts.generatorParameters, "\(network.name)")
    }
  }

  @Test("every network has the facts that its program fixes, and the form of its program")
  func facts() throws {
    for network in PublishedNetwork.all {
      #expect(network.facts.zDim == 512 && network.facts.wDim == 512, "\(network.name)")
      let isTorchFile = [.rosinality, .transformers].contains(network.form)
      #expect(network.file.hasSuffix(isTorchFile ? ".pt" : ".pkl"), "\(network.name)")
    }
    let paper256 = try #require(
      PublishedNetwork.named("celebahq-res256-mirror-paper256-kimg100000-ada-target0.5"))
    #expect(paper256.facts.channelBase == 16384 && paper256.facts.mappingLayers == 8)
    let cifar = try #require(PublishedNetwork.named("stylegan2-ada-cifar10"))
    #expect(cifar.facts.channelBase == 32768 && cifar.facts.mappingLayers == 2)
    let church = try #require(PublishedNetwork.named("stylegan2-church-config-f"))
    #expect(church.facts.channelBase == 32768 && church.form == .tensorFlowPickle)
    let bedrooms = try #require(PublishedNetwork.named("karras2019stylegan-bedrooms-256x256"))
    #expect(bedrooms.facts.channelBase == 8192 && bedrooms.facts.labelDim == nil)
  }
}

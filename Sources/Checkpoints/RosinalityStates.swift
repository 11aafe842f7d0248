// StyleGAN2 under rosinality's names in torch files, as its program and those built on it write them.

import Formats
import Networks
import OrderedCollections

extension StateFamily {
  /// rosinality's generator.
  static let rosinalityGenerator = StateFamily(
    form: .rosinality, use: .generator,
    recognises: { has in has("conv1.conv.modulation.weight") },
    network: { source throws(FileError) in try source.rosinalityGenerator() })

  /// rosinality's discriminator.
  static let rosinalityDiscriminator = StateFamily(
    form: .rosinality, use: .discriminator,
    recognises: { has in has("final_linear.0.weight") && has("convs.0.0.weight") },
    network: { source throws(FileError) in
      let renamed = try source.renamed(isGenerator: false)
      return Checkpoint.Network(
        completing: renamed,
        as: try StyleGAN2DiscriminatorConfiguration(shapesOf: renamed, file: source.file),
        file: source.file)
    })
}

extension StateSource {
  fileprivate func renamed(isGenerator: Bool) throws(FileError) -> StoredParameters {
    var parameters = parameters
    parameters["latent_avg"] = nil
    return try namedByNVIDIA(rosinality: parameters, isGenerator: isGenerator, file: file)
  }

  fileprivate func rosinalityGenerator() throws(FileError) -> Checkpoint.Network {
    var renamed = try renamed(isGenerator: true)
    var configuration = try StyleGAN2Configuration(shapesOf: renamed, file: file)
    configuration.pixelEncoding = .rounded
    if isDecoder, isOfCars {
      // An eighth above and below is black: 512×384 of 512×512.
      let bar = configuration.resolution / 8
      configuration.visibleRows = bar..<configuration.resolution - bar
    }
    // The mean beside the networks is that of the generator that people look at.
    let owner: LatentAverage.Owner =
      isBesideAverage ? .other : isDecoder ? .encoder : .generator
    let average = try LatentAverage(
      inside: state.tensors[path.appending(key: "latent_avg")],
      beside: state.tensors["latent_avg"], of: owner, configuration, file: file)
    renamed["mapping.w_avg"] = average.mean
    return Checkpoint.Network(
      completing: renamed, as: configuration, wAvgReason: average.reason,
      dropsOtherNoise: isDecoder, file: file)
  }
}

// The classifiers with which separability is measured: where their weights come from, and what they
// say of pictures.

import Checkpoints
import Crypto
import Formats
import Foundation
import Metrics
import Networks
import OrderedCollections
import Tensors

extension FeatureNetworkFiles {
  static let publishedClassifiers =
    "a folder with celebahq-classifier-00-male.pkl to celebahq-classifier-39-wearing-necktie.pkl "
    + "of NVIDIA's stylegan, or one file of kind \(AttributeClassifierConfiguration.kind), such as "
    + "attributes-portraits64, which comes with the program"

  /// The classifiers of pictures, not yet built, in the order of their files' names.
  ///
  /// Of a folder, the files that are called as the published ones count.
  ///
  /// - Returns: The networks, which tell different attributes; nil if no file is named.
  /// - Throws: `FileError` if a file cannot be read, or holds something else.
  func classifiers() throws -> [Checkpoint.Network]? {
    guard let attributes else { return nil }
    var (networks, files): ([Checkpoint.Network], [String: String]) = ([], [:])
    for path in try Self.classifierFiles(attributes) {
      let checkpoint = try Checkpoint.named(path, expecting: Self.publishedClassifiers)
      guard let network = checkpoint.networks["attributes"],
        let configuration = network.configuration as? any PictureClassifierConfiguration
      else { throw checkpoint.misfit(path, Self.publishedClassifiers) }
      for name in configuration.attributes {
        guard let other = files.updateValue(path, forKey: name) else { continue }
        throw FileError(
          .doesNotFit, file: path, expected: "one classifier of \(name)",
          found: "another in \(other)")
      }
      networks.append(network)
    }
    return networks
  }

  private static func classifierFiles(_ named: String) throws -> [String] {
    let path = try ShippedModels.file(named)
    guard ListedFile.isFolder(path) else {
      try expectFile(path, publishedClassifiers)
      return [path]
    }
    let files = ListedFile.all(below: path).filter { file in
      let name = URL(filePath: file.path).lastPathComponent
      return name.hasPrefix(PublishedNetwork.classifierPrefix)
        && [".pkl", ".safetensors"].contains { name.hasSuffix($0) }
    }
    if let objection = files.lazy.compactMap(\.objection).first { throw objection }
    guard !files.isEmpty else {
      throw FileError(
        .missing, file: path, expected: publishedClassifiers, found: "a folder with none of them")
    }
    return files.map(\.path)
  }
}

extension MetricsGeneratorJob {
  /// Refuses separability whose classifiers are not named, or cannot judge the generator's pictures.
  func checkClassifiers(for metric: MetricRecipe, of traits: GeneratorTraits) throws {
    guard let classifiers = try networks.classifiers() else {
      throw RequestError(
        "--attributes", expected: "for \(metric), \(FeatureNetworkFiles.publishedClassifiers)",
        found: "no such option")
    }
    try AttributeJudges.check(classifiers, for: "--metrics=\(metric)", of: traits)
  }
}

/// Classifiers of pictures, ready to judge.
struct AttributeJudges {
  /// The attributes, in the order of the logits.
  let names: [String]
  /// The content hashes of the classifiers, in their order.
  let hashes: [String]
  /// One hash of all that decides what the classifiers say.
  let identity: String
  private let classifiers: [any PictureClassifier]
  private let attributes: [[String]]

  /// Builds the classifiers.
  ///
  /// - Parameter networks: The classifiers.
  /// - Throws: `FileError` if one cannot be built; `CancellationError` between them.
  init(_ networks: [Checkpoint.Network]) throws {
    classifiers = try networks.map { network in
      try Task.checkCancellation()
      return try network.makePictureClassifier()
    }
    hashes = try networks.map { try $0.contentHash() }
    let configurations = classifiers.map { classifier -> any PictureClassifierConfiguration in
      let configuration: any PictureClassifierConfiguration = classifier.configuration
      return configuration
    }
    attributes = configurations.map(\.attributes)
    names = attributes.flatMap(\.self)
    let identities = try zip(configurations, hashes).map { try $0.identity($1) }
    identity = SHA256.hash(data: Data(identities.joined(separator: " ").utf8)).hexadecimal
  }

  /// Checks that classifiers can judge a generator's pictures.
  ///
  /// - Parameters:
  ///   - classifiers: The classifiers, not yet built.
  ///   - option: What asked for them, as it is typed.
  ///   - traits: What the generator is.
  /// - Throws: `FileError` if a classifier cannot be used; `RequestError` if it sees other pictures.
  static func check(
    _ classifiers: [Checkpoint.Network], for option: String, of traits: GeneratorTraits
  ) throws {
    for classifier in classifiers {
      try classifier.check()
      guard let seen = classifier.configuration as? any PictureClassifierConfiguration else {
        preconditionFailure("\(classifier.configuration) is no classifier")
      }
      let side = seen.resolution
      guard traits.resolution >= side, traits.resolution % side == 0 else {
        throw RequestError(
          option,
          expected: "a generator of \(side)×\(side) pixels, or a multiple, as its classifiers see",
          found: "\(traits.resolution)×\(traits.resolution)")
      }
      guard seen.imgChannels == 3 || traits.imgChannels == 1 else {
        throw RequestError(
          option, expected: "a generator of grey pictures, as its classifiers see",
          found: "one of \(traits.imgChannels) channels")
      }
    }
  }

  /// What results call the classifiers: a single one by itself, several by what they tell.
  var extractors: [String: String] {
    guard hashes.count > 1 else { return ["attributes": hashes[0]] }
    let named = zip(attributes, hashes).flatMap { names, hash in
      names.map { ("attributes-\($0)", hash) }
    }
    return Dictionary(named) { first, _ in first }
  }

  /// Judges pictures.
  ///
  /// - Parameter images: [N, C, H, W] in [-1, 1], not bounded.
  /// - Returns: [N, attributes].
  /// - Throws: `CancellationError` between classifiers.
  func logits(_ images: Tensor) throws -> Tensor {
    let all = try classifiers.map { classifier in
      try Task.checkCancellation()
      let configuration: any PictureClassifierConfiguration = classifier.configuration
      let shown = LinearSeparability.shown(
        images, side: configuration.resolution, channels: configuration.imgChannels)
      return classifier(shown)
    }
    return .concatenate(all, axis: 1)
  }
}

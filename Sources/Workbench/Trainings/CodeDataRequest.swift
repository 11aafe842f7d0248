// Which codes a training is asked to learn from, and finding them.

import Checkpoints
import Crypto
import Datasets
import Formats
import Foundation
import Networks
import Tensors
import Training

/// Which codes a training should learn from; nil for what was not said.
public struct CodeDataRequest: Sendable {
  /// The generator that the codes are of: a file, or a model that comes with the program.
  public var network: String?
  /// `codes` for those of seeds, as if nothing was said; a file of codes; or pictures.
  public var data = TrainingDataRequest()
  /// Of a file of codes, the file with their labels.
  public var labels: String?
  /// Of seeds, what tells the attributes of their pictures: a file, or a folder of classifiers.
  public var judge: String?
  /// Of pictures, what finds their codes.
  public var encoder: String?
  /// Of seeds, ψ.
  public var truncationPsi: Double?
  /// Of seeds, the share whose codes are of two z.
  public var styleMixing: Double?
  /// How many of the last codes are held out.
  public var heldOut: Int?

  /// Nothing was said.
  public init() {}

  /// Codes that are held out at most, unless it was said.
  private static let usualHeldOut = 2048
  /// The share of seeds whose codes are of two z, unless it was said.
  private static let usualStyleMixing = 0.5
}

/// The codes of a new training.
struct BegunCodes {
  /// The codes, or the pictures that they are of.
  let data: TrainingData
  /// Where they come from.
  let origin: CodeOrigin
  /// What their labels are called; empty where labels are not needed.
  let attributes: [String]
  /// The pictures, or what stands for codes without any.
  let dataset: any Dataset
  /// The generator.
  let traits: GeneratorTraits
  /// How many of the last codes are held out.
  let heldOut: Int
}

extension CodeDataRequest {
  /// Checks every value by itself.
  func check() throws(RequestError) {
    try data.check()
    try checkRanges(counts: [("--held-out", heldOut, 1...1_000_000)])
    try checkRanges(numbers: [
      ("--trunc", truncationPsi, 0...2, "0 to 2"),
      ("--style-mixing", styleMixing, 0...1, "0 to 1"),
    ])
  }

  /// The way to the codes that was asked for.
  private var kind: CodeOrigin.Kind {
    guard let source = data.source, source != CodeOrigin.sampled else { return .sampled }
    let isFile = [".safetensors", ".npz", ".npy"].contains { source.lowercased().hasSuffix($0) }
    return isFile ? .stored : .encoded
  }

  /// Refuses what was said and does not go with the way to the codes.
  private func checkFitting(_ kind: CodeOrigin.Kind, isLabelled: Bool) throws(RequestError) {
    let said: [(option: String, isSaid: Bool, goesWith: CodeOrigin.Kind)] = [
      ("--labels", labels != nil, .stored), ("--attributes", judge != nil, .sampled),
      ("--encoder", encoder != nil, .encoded), ("--trunc", truncationPsi != nil, .sampled),
      ("--style-mixing", styleMixing != nil, .sampled), ("--res", data.resolution != nil, .encoded),
    ]
    for (option, isSaid, other) in said where isSaid && other != kind {
      let wanted =
        switch other {
        case .sampled: "--data=codes beside it, codes of seeds"
        case .stored: "a file of codes for --data beside it"
        case .encoded: "pictures for --data beside it"
        }
      throw RequestError(option, expected: wanted, found: data.source ?? CodeOrigin.sampled)
    }
    switch kind {
    case .encoded where encoder == nil:
      throw RequestError(
        "--encoder", expected: "what finds the codes of the pictures in --data", found: "nothing")
    case .stored where isLabelled && labels == nil:
      throw RequestError(
        "--labels",
        expected: "labels of the codes in --data: CelebA's list of attributes, a dataset.json or a "
          + "table with commas", found: "nothing")
    default: break
    }
  }

  /// The codes of a new training.
  ///
  /// - Parameters:
  ///   - isLabelled: Whether their labels are needed.
  ///   - seed: What chooses some of the pictures.
  /// - Returns: Everything that is known of them before they are found.
  /// - Throws: `RequestError` about options; `FileError`, `DatasetError` or `MisfitError` about files.
  func begin(isLabelled: Bool, seed: UInt32) throws -> BegunCodes {
    try check()
    try checkFitting(kind, isLabelled: isLabelled)
    guard let network else {
      throw RequestError(
        "--network",
        expected: "the generator that the codes are of: a file, or a model that comes with the "
          + "program", found: "nothing")
    }
    let source = NetworkSource.file(network)
    let traits = try source.summary().traits
    var origin = CodeOrigin(
      kind, of: try NamedGenerator(network, hash: source.contentHash()), numWs: traits.numWs,
      wDim: traits.wDim)
    let (data, dataset, attributes) =
      switch kind {
      case .sampled: try beginSampled(&origin, traits, isLabelled: isLabelled)
      case .stored: try beginStored(&origin, traits, isLabelled: isLabelled)
      case .encoded: try beginEncoded(&origin, traits, isLabelled: isLabelled, seed: seed)
      }
    return BegunCodes(
      data: data, origin: origin, attributes: attributes, dataset: dataset, traits: traits,
      heldOut: try heldOut(of: dataset.count))
  }

  /// A tenth of the codes and at most 2048, unless it was said.
  private func heldOut(of count: Int) throws(RequestError) -> Int {
    guard count > 1 else {
      throw RequestError(
        "--data", expected: "2 codes or more, of which some are held out", found: "\(count)")
    }
    let wanted = heldOut ?? max(min(count / 10, Self.usualHeldOut), 1)
    guard wanted < count else {
      throw RequestError("--held-out", expected: "1 to \(count - 1) codes", found: "\(wanted)")
    }
    return wanted
  }

  private typealias Begun = (TrainingData, any Dataset, attributes: [String])

  private func beginSampled(
    _ origin: inout CodeOrigin, _ traits: GeneratorTraits, isLabelled: Bool
  ) throws -> Begun {
    origin.truncationPsi = truncationPsi ?? 1
    origin.styleMixing = styleMixing ?? Self.usualStyleMixing
    var names: [String] = []
    if isLabelled {
      let file = judge ?? (isOfPortraits ? ShippedModels.portraitsClassifier : nil)
      guard let file else {
        throw RequestError(
          "--attributes",
          expected: "what tells the attributes of the generator's pictures, "
            + FeatureNetworkFiles.publishedClassifiers, found: "nothing")
      }
      let networks = try Self.judges(file, for: traits)
      names = networks.flatMap { network in
        (network.configuration as? any PictureClassifierConfiguration)?.attributes ?? []
      }
      origin.judge = try NamedNetwork(file, kind: "classifier", hash: networks.contentHash())
    }
    let shape = ImageShape(resolution: traits.resolution, channels: traits.imgChannels)
    let dataset = Self.standIn(
      for: data.subset ?? TrainingDataRequest.portraitCount, of: shape)
    var described = data.described(dataset, count: dataset.count, labelDim: names.count)
    (described.source, described.path) = (CodeOrigin.sampled, nil)
    return (described, dataset, names)
  }

  /// Whether the generator is one of portraits that come with the program.
  private var isOfPortraits: Bool {
    network.map { ShippedModels.isModel($0, of: "portraits") } ?? false
  }

  private static func judges(
    _ file: String, for traits: GeneratorTraits
  ) throws -> [Checkpoint.Network] {
    guard let networks = try FeatureNetworkFiles(attributes: file).classifiers() else {
      preconditionFailure("classifiers without a path")
    }
    try AttributeJudges.check(networks, for: "--attributes", of: traits)
    return networks
  }

  private func beginStored(
    _ origin: inout CodeOrigin, _ traits: GeneratorTraits, isLabelled: Bool
  ) throws -> Begun {
    if let subset = data.subset {
      throw RequestError("--subset", expected: "codes of seeds, or pictures", found: "\(subset)")
    }
    origin.labels = isLabelled ? labels.map(Self.wholePath) : nil
    let stored = try Stored(origin, at: data.source ?? "", traits, owner: network ?? "")
    origin.hash = stored.hash
    let shape = ImageShape(resolution: traits.resolution, channels: traits.imgChannels)
    let dataset = Self.standIn(for: stored.count, of: shape)
    return (
      data.described(dataset, count: stored.count, labelDim: stored.attributes.count), dataset,
      stored.attributes
    )
  }

  private func beginEncoded(
    _ origin: inout CodeOrigin, _ traits: GeneratorTraits, isLabelled: Bool, seed: UInt32
  ) throws -> Begun {
    guard let encoder else { preconditionFailure("codes of pictures without an encoder") }
    let found = try Self.encoder(encoder, for: traits)
    origin.encoder = try NamedNetwork(encoder, kind: found.kind, hash: found.hash)
    var data = data
    if data.source == "portraits" { data.resolution = data.resolution ?? traits.resolution }
    let base = try data.open(isLabelled ? .attributes : .none)
    guard base.shape.channels == traits.imgChannels else {
      throw RequestError(
        "--data", expected: "pictures of \(counted(traits.imgChannels, "channel"))",
        found: "\(data.source ?? ""), with \(base.shape.channels)")
    }
    if isLabelled { try TrainAttributesRequest.checkLabels(of: base, data.source ?? "") }
    // Of mirrored pictures those that are held out would be known from their originals.
    let dataset = try data.view(of: base, seed: seed, mirror: false)
    let names = isLabelled ? TrainAttributesRequest.names(of: base) : []
    return (data.described(base, count: dataset.count, labelDim: names.count), dataset, names)
  }

  private static func encoder(
    _ file: String, for traits: GeneratorTraits
  ) throws -> (kind: String, hash: String) {
    let source = EncoderSource(file)
    let (found, kind) = try source.summary()
    try found.check(fits: traits)
    return (kind, try source.contentHash())
  }

  /// What stands for codes that are no pictures, where a data set is expected.
  private static func standIn(for count: Int, of shape: ImageShape) -> SeedPictures {
    SeedPictures(count: count, shape: shape, decoder: "", truncationPsi: 1)
  }

  private static func wholePath(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
  }
}

// MARK: - Going on

extension CodeDataRequest {
  /// What was asked for and is not so in a training, a line each.
  func differences(
    from data: TrainingData, _ origin: CodeOrigin, heldOut had: Int
  ) throws -> [String?] {
    let hash = try network.map { try NetworkSource.file($0).contentHash() }
    return self.data.differences(from: data) + [
      difference("network", hash, origin.generator.hash) { "content hash \($0)" },
      difference("held-out", heldOut, had),
      difference("trunc", truncationPsi, origin.truncationPsi, fourDigits),
      difference("style-mixing", styleMixing, origin.styleMixing, fourDigits),
    ]
  }

  /// The pictures of a training that goes on, or what stands for codes without any.
  func reopen(_ data: TrainingData, _ origin: CodeOrigin, seed: UInt32) throws -> any Dataset {
    guard origin.kind == .encoded else {
      let shape = ImageShape(resolution: data.resolution, channels: data.channels)
      return Self.standIn(for: data.count, of: shape)
    }
    return try self.data.reopen(
      data, seed: seed, data.labelDim > 0 ? .attributes : .none, mirror: false)
  }

  /// The codes of a training, with the generator that they are of.
  ///
  /// - Parameters:
  ///   - origin: Where they come from.
  ///   - data: What the options keep of them.
  ///   - dataset: What `begin` or `reopen` gave.
  /// - Returns: The codes, and the generator.
  /// - Throws: `FileError` if a file is not there, or is another; what opening files throws.
  func open(
    _ origin: CodeOrigin, _ data: TrainingData, on dataset: any Dataset
  ) throws -> (codes: any CodeSource, generator: any Generator) {
    let generator = try origin.generator.source(network).makeGenerator().generator
    switch origin.kind {
    case .sampled:
      let seeds = SeedCodes(
        of: generator, truncationPsi: origin.truncationPsi ?? 1,
        styleMixing: origin.styleMixing ?? 0)
      let judges = try origin.judge.map { had in
        let file = judge ?? had.place
        let networks = try Self.judges(file, for: generator.traits)
        try had.check(networks.contentHash(), in: file)
        return try AttributeJudges(networks)
      }
      let source = SampledCodes(
        count: data.count, of: generator, seeds,
        judge: judges.map { judges in { try judges.logits($0) } })
      return (source, generator)
    case .stored:
      let place = self.data.source ?? data.path ?? data.source
      var origin = origin
      if let labels { origin.labels = Self.wholePath(labels) }
      let stored = try Stored(
        origin, at: place, generator.traits, owner: origin.generator.source)
      guard stored.hash == origin.hash else {
        throw FileError(
          .doesNotFit, file: place,
          expected: "the codes of the training, with their labels, hash \(origin.hash ?? "")",
          found: "others, hash \(stored.hash)")
      }
      return (stored.source, generator)
    case .encoded:
      guard let had = origin.encoder else { preconditionFailure("no encoder") }
      let file = encoder ?? had.place
      try had.check(Self.encoder(file, for: generator.traits).hash, in: file)
      let source = EncodedCodes(
        of: dataset, by: try EncoderSource(file).network().makeEncoder(), into: generator.traits,
        isLabelled: data.labelDim > 0)
      return (source, generator)
    }
  }
}

/// Codes of a file, and their labels.
private struct Stored {
  let source: StoredCodes
  let attributes: [String]
  let hash: String
  var count: Int { source.count }

  /// Reads codes and labels.
  ///
  /// - Parameters:
  ///   - origin: Says where the labels are.
  ///   - path: The file with codes.
  ///   - traits: The generator.
  ///   - owner: The generator as people name it.
  /// - Throws: `FileError` or `DatasetError` about a file; `MisfitError` if codes are of another size,
  ///   or of another generator.
  init(
    _ origin: CodeOrigin, at path: String, _ traits: GeneratorTraits, owner: String
  ) throws {
    let file = try CodeFile(reading: path, for: .samples)
    let codes = file.codes
    guard codes.wDim == traits.wDim, [1, traits.numWs].contains(codes.numWs) else {
      throw MisfitError(
        path, expected: "codes [N, \(traits.numWs), \(traits.wDim)] of the network \(owner)",
        found: "[\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
    if let hash = file.generatorHash, hash != origin.generator.hash {
      throw MisfitError(
        path, expected: "codes of the network \(owner), content hash \(origin.generator.hash)",
        found: "those of another, content hash \(hash)")
    }
    var digest = SHA256()
    codes.values.withUnsafeBytes { digest.update(bufferPointer: $0) }
    var labels: Tensor?
    var names: [String] = []
    if let place = origin.labels {
      let all = try DatasetLabels(file: place, ofNames: file.names, count: codes.count)
      guard case .vectors(let numbers, let dimension, let found) = all,
        numbers.allSatisfy({ $0 == 0 || $0 == 1 })
      else {
        throw FileError(
          .doesNotFit, file: place,
          expected: "labels of several numbers, a 0 or 1 for each attribute", found: "others")
      }
      names = found.isEmpty ? unnamedAttributes(dimension) : found
      numbers.withUnsafeBytes { digest.update(bufferPointer: $0) }
      labels = Tensor(numbers, shape: [codes.count, dimension])
    }
    let w = codes.numWs == traits.numWs ? codes.tensor : codes.tensor.repeated(1, traits.numWs, 1)
    (source, attributes) = (StoredCodes(w, labels: labels), names)
    hash = digest.finalize().hexadecimal
  }
}

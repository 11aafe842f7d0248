// Directions of attributes: pictures of seeds are judged, and boundaries found between their codes.

import Checkpoints
import Editing
import Layers
import Networks
import Tensors
import Training

/// Directions of attributes that classifiers see in a generator's pictures.
public struct AttributeDirections: Sendable {
  /// What tells the attributes: a file, or a folder of the published classifiers.
  public var classifiers: String
  /// The attributes, by their names or places; none for all that are told.
  public var attributes: [String] = []
  /// How many pictures are judged.
  public var samples = 20_000
  /// The share of the codes that is taken at either end.
  public var share = 0.05
  /// Whether each direction is made orthogonal to all others, whose attributes then change less.
  public var areOrthogonal = false

  /// Directions of all attributes that classifiers tell.
  ///
  /// - Parameter classifiers: A file, or a folder of the published classifiers.
  public init(by classifiers: String) { self.classifiers = classifiers }

  /// Pictures that are judged together.
  fileprivate static let together = 16
  /// A rarer attribute has hardly any pictures at its end.
  fileprivate static let rare = 0.01

  /// The classifiers, not yet built.
  fileprivate func networks(for traits: GeneratorTraits) throws -> [Checkpoint.Network] {
    guard let networks = try FeatureNetworkFiles(attributes: classifiers).classifiers() else {
      preconditionFailure("classifiers without a path")
    }
    try AttributeJudges.check(networks, for: "--attributes", of: traits)
    return networks
  }

  /// The attributes that are wanted, among those that are told.
  ///
  /// - Parameter traits: What the generator is.
  /// - Returns: Their names and places.
  /// - Throws: `RequestError` if one is not told, or numbers do not fit; `FileError` about classifiers.
  func names(for traits: GeneratorTraits) throws -> [(name: String, place: Int)] {
    try checkRanges(counts: [("--samples", samples, 4...10_000_000)])
    try DirectionsJob.checkSides(samples, share, "--samples")
    let told = try networks(for: traits).flatMap { network in
      (network.configuration as? any PictureClassifierConfiguration)?.attributes ?? []
    }
    let wanted = attributes.isEmpty ? told : attributes
    let found = try wanted.map { text in
      let choice = try AttributeChoice(text, of: told)
      return (name: choice.name, place: choice.index)
    }
    guard !areOrthogonal || (2...traits.wDim).contains(found.count) else {
      throw RequestError(
        "--orthogonal", expected: "2 to \(traits.wDim) attributes", found: "\(found.count)")
    }
    return found
  }
}

extension GeneratorHost {
  /// Judges pictures, finds the boundary of each attribute, and writes the directions.
  ///
  /// - Parameters:
  ///   - wanted: Which directions.
  ///   - file: The file to create or replace.
  ///   - hash: The generator's content hash.
  ///   - seed: The first seed.
  ///   - classIndex: The class, for generators with labels.
  ///   - progress: Is told how many pictures were judged.
  /// - Returns: What was found.
  /// - Throws: `RequestError` or `FileError` about classifiers; `EditingError` if there is no boundary;
  ///   `CancellationError` between pictures.
  func writeBoundaries(
    _ wanted: AttributeDirections, to file: String, hash: String, seed: UInt32, classIndex: Int?,
    progress: ProgressHandler
  ) throws -> DirectionsJob.Outcome {
    let names = try wanted.names(for: traits)
    let judges = try AttributeJudges(wanted.networks(for: traits))
    var (codes, logits): ([Tensor], [Tensor]) = ([], [])
    for first in stride(from: 0, to: wanted.samples, by: AttributeDirections.together) {
      try Task.checkCancellation()
      let end = min(first + AttributeDirections.together, wanted.samples)
      let seeds = (first..<end).map { seed &+ UInt32(truncatingIfNeeded: $0) }
      let (w, judged) = try judges.judged(seeds, of: generator, classIndex: classIndex ?? 0)
      codes.append(w)
      logits.append(judged)
      progress(JobProgress(done: end, total: wanted.samples, unit: "judged pictures"))
    }
    let (all, scores) = (Tensor.concatenate(codes, axis: 0), Tensor.concatenate(logits, axis: 0))
    let boundaries = try names.map { name, place in
      try Task.checkCancellation()
      return try SemanticBoundary(
        codes: all, scores: scores.selected(place, axis: 1).values(as: Double.self),
        settings: DirectionsJob.settings(share: wanted.share, seed: seed), name: name)
    }
    let found = boundaries.map(\.direction)
    let directions = try found.enumerated().map { index, direction in
      guard wanted.areOrthogonal else { return direction }
      let others = found.enumerated().filter { $0.offset != index }.map(\.element)
      return try direction.orthogonal(to: others)
    }
    let method = wanted.areOrthogonal ? "boundaries, orthogonal" : "boundaries"
    try DirectionFile(directions, generatorHash: hash, method: "\(method) of linear SVMs")
      .write(to: file)
    var outcome = DirectionsJob.Outcome(
      file: file, figure: "held-out accuracy",
      directions: zip(names, boundaries).map { .init(name: $0.name, figure: $1.accuracy) })
    let rare = names.filter { _, place in
      let shown = scores.selected(place, axis: 1).values(as: Float.self).count { $0 > 0 }
      return Double(shown) < AttributeDirections.rare * Double(wanted.samples)
    }
    if let boundary = boundaries.first,
      let remark = DirectionsJob.remark(on: boundary, of: wanted.samples, wDim: traits.wDim)
    {
      outcome.remark = remark
    } else if !rare.isEmpty {
      outcome.remark =
        "fewer than one picture in a hundred shows \(rare.map(\.name).joined(separator: ", ")): these "
        + "directions lead towards what resembles it most"
    }
    return outcome
  }
}

extension AttributeJudges {
  /// Judges the pictures of seeds.
  ///
  /// - Parameters:
  ///   - seeds: The seeds.
  ///   - generator: Draws them.
  ///   - classIndex: The class, for generators with labels.
  /// - Returns: w [N, wDim], and logits [N, attributes].
  /// - Throws: `CancellationError` between classifiers.
  fileprivate func judged(
    _ seeds: [UInt32], of generator: any Generator, classIndex: Int
  ) throws -> (w: Tensor, logits: Tensor) {
    try withoutGradients {
      let z = Tensor.concatenate(seeds.map { generator.z(seed: $0) }, axis: 0)
      let label = generator.label(classIndex: classIndex)
      let w = generator.map(z: z, labels: label?.repeated(seeds.count, 1))
      let img = generator.synthesize(generator.broadcast(w), options: SynthesisOptions())
      return (w, try logits(generator.traits.pixelEncoding.colours(img)))
    }
  }
}

// Directions found for a generator and written to a file: from its weights, from samples of w, or
// from codes with scores.

import Checkpoints
import Editing
import Formats
import Foundation
public import Networks
import Tensors

/// Finds directions in W along which pictures change, and writes them to a file.
public struct DirectionsJob: Sendable {
  /// How directions are found.
  public enum Method: Sendable {
    /// From the weights of the layers that read some rows of W+; nil for all. With `asRosinality`
    /// the weights are taken as they are.
    case sefa(rows: Range<Int>?, asRosinality: Bool)
    /// The directions in which samples of w vary most.
    case pca(samples: Int)
    /// Across the boundary between codes of high and of low score; `share` of them at either end.
    case svm(
      codes: CodeFile, scores: [Double], name: String, share: Double,
      conditions: [StoredDirections])
    /// Across the boundaries of attributes that classifiers see in the pictures of seeds.
    case attributes(AttributeDirections)
  }

  /// What was found.
  public struct Outcome: Encodable, Sendable {
    /// A direction.
    public struct Direction: Encodable, Sendable {
      /// What it is called.
      public let name: String
      /// How much it counts: an eigenvalue, a share of the variance, an accuracy; nil for nothing.
      public let figure: Double?
    }

    /// The file.
    public let file: String
    /// What the figures are, such as `eigenvalue`.
    public let figure: String
    /// The directions, in the order of the file.
    public let directions: [Direction]
    /// What should be known of how they were found, on one line; nil for nothing.
    public internal(set) var remark: String?

    /// The outcome as lines for people.
    public var lines: [String] {
      let rows = directions.enumerated().map { index, direction in
        ["\(index)", direction.name, direction.figure.map { String(format: "%.4g", $0) } ?? ""]
      }
      return [file] + Table.lines(heading: ["", "direction", figure], rows)
    }
  }

  /// How they are found.
  public var method: Method
  /// How many are written; of a boundary there is one.
  public var count = 8
  /// Where the random numbers start from which w are sampled.
  public var seed: UInt32 = 0
  /// The class whose w are sampled, for generators with labels; nil for class 0.
  public var classIndex: Int?
  /// Whether codes and conditions of other generators are taken, too.
  public var takesOthers = false

  /// A job that finds eight.
  ///
  /// - Parameter method: How.
  public init(_ method: Method) { self.method = method }

  /// Truncation, class and noise, of which only the class matters, and only to samples.
  public var settings: PictureSettings? {
    switch method {
    case .pca, .attributes: break
    case .sefa, .svm: return nil
    }
    var settings = PictureSettings()
    settings.classIndex = classIndex
    return settings
  }

  /// The files that the job reads, beside the generator's.
  public var inputs: [String] {
    switch method {
    case .svm(_, _, _, _, let conditions): return conditions.map(\.path)
    case .attributes(let wanted): return [wanted.classifiers]
    case .sefa, .pca: return []
    }
  }

  /// What is questionable about the files that it takes, a line each.
  ///
  /// - Parameters:
  ///   - source: Where the generator comes from, for its hash.
  ///   - name: The generator as the command names it.
  /// - Returns: The remarks.
  /// - Throws: `MisfitError` if they are another generator's, unless those are taken, too; as opening
  ///   the generator's file throws.
  public func remarks(on source: NetworkSource, _ name: String) throws -> [String] {
    guard case .svm(let codes, _, _, _, let conditions) = method else { return [] }
    let owner = try source.owner(name, takesOthers: takesOthers)
    let ofCodes = try owner.remark(about: "codes", in: codes.path, of: codes.generatorHash)
    return try ([ofCodes] + conditions.map { try $0.remark(of: owner) }).compactMap(\.self)
  }

  /// Checks that a generator has so many directions, and that the conditions fit it.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it has not, or class or rows do not fit; `MisfitError` if codes or
  ///   conditions are of another size.
  public func check(_ traits: GeneratorTraits) throws {
    try checkNumbers(traits)
    _ = try conditions(traits)
  }

  /// The directions that shall not change, one of each file.
  private func conditions(_ traits: GeneratorTraits) throws -> [LatentDirection] {
    guard case .svm(_, _, _, _, let conditions) = method else { return [] }
    return try conditions.map { file in
      let all = try file.directions(for: traits)
      guard all.count == 1 else {
        throw RequestError(
          "--condition", expected: "a file with one direction",
          found: "\(all.count) in \(file.path)")
      }
      return all[0]
    }
  }

  private func checkNumbers(_ traits: GeneratorTraits) throws {
    if let settings { try traits.check(settings) }
    guard 1...traits.wDim ~= count else {
      throw RequestError("--count", expected: "1 to \(traits.wDim)", found: "\(count)")
    }
    switch method {
    case .sefa(let rows, _): try traits.check(rows: rows)
    case .attributes(let wanted): _ = try wanted.names(for: traits)
    case .pca(let samples):
      // Codes vary in one direction fewer than there are of them.
      guard count + 1...100_000_000 ~= samples else {
        throw RequestError(
          "--samples", expected: "\(count + 1) to 100,000,000", found: "\(samples)")
      }
    case .svm(let file, let scores, _, let share, _):
      let codes = file.codes
      guard codes.wDim == traits.wDim else {
        throw MisfitError(
          file.path, expected: "codes of \(traits.wDim) numbers", found: "\(codes.wDim)")
      }
      guard codes.count == scores.count else {
        throw RequestError(
          "--scores", expected: "\(codes.count), one for each code", found: "\(scores.count)")
      }
      try Self.checkSides(codes.count, share, "--latents")
    }
  }

  /// Checks that there are codes on either side to find a boundary with.
  ///
  /// - Parameters:
  ///   - count: How many codes there are.
  ///   - share: The share of them at either end.
  ///   - option: What says how many there are.
  /// - Throws: `RequestError` if there are too few.
  static func checkSides(
    _ count: Int, _ share: Double, _ option: String
  ) throws(RequestError) {
    guard share > 0, share <= 0.5 else {
      throw RequestError("--share", expected: "above 0, at most 0.5", found: plain(share))
    }
    func isEnough(_ share: Double) -> Bool {
      settings(share: share, seed: 0).trainingCount(of: count) > 0
    }
    guard isEnough(0.5) else {
      throw RequestError(
        option, expected: "enough codes for a boundary between two sides", found: "\(count)")
    }
    guard isEnough(share) else {
      // Rounded up, and no further than to half of the codes.
      let least = min(0.5, (2e4 / Double(count)).rounded(.up) / 1e4)
      throw RequestError(
        "--share",
        expected: "at least 2 of the \(count) codes at either end, such as "
          + plain(least), found: plain(share))
    }
  }

  /// How boundaries are found.
  static func settings(share: Double, seed: UInt32) -> SemanticBoundarySettings {
    var settings = SemanticBoundarySettings()
    (settings.chosen, settings.seed) = (.share(share), seed)
    return settings
  }

  /// Finds the directions and writes them.
  ///
  /// - Parameters:
  ///   - source: Where the generator comes from, for its hash.
  ///   - host: The generator.
  ///   - file: The safetensors file to create or replace.
  ///   - progress: Is told how many w have been sampled.
  /// - Returns: What was found.
  /// - Throws: What `check` throws; `EditingError` if there are none; `FileError` if the file
  ///   cannot be written.
  public func run(
    _ source: NetworkSource, on host: GeneratorHost, into file: String,
    progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    try checkNumbers(host.traits)
    let still = try conditions(host.traits)
    let hash = try source.contentHash()
    _ = try OutputFolder(of: file)
    switch method {
    case .sefa(let rows, let asRosinality):
      return try await host.writeFactors(
        to: file, hash: hash, rows: rows, method: asRosinality ? .rosinality : .sefa, count: count)
    case .pca(let samples):
      return try await host.writeComponents(
        to: file, hash: hash, samples: samples, seed: seed, classIndex: classIndex ?? 0,
        count: count, progress: progress)
    case .attributes(let wanted):
      return try await host.writeBoundaries(
        wanted, to: file, hash: hash, seed: seed, classIndex: classIndex, progress: progress)
    case .svm(let codes, let scores, let name, let share, _):
      let boundary = try SemanticBoundary(
        codes: codes.codes.tensor.mean(over: 1), scores: scores,
        settings: Self.settings(share: share, seed: seed), name: name)
      let direction =
        still.isEmpty ? boundary.direction : try boundary.direction.orthogonal(to: still)
      try DirectionFile([direction], generatorHash: hash, method: "boundary of a linear SVM")
        .write(to: file)
      return Outcome(
        file: file, figure: "held-out accuracy",
        directions: [Outcome.Direction(name: name, figure: boundary.accuracy)],
        remark: Self.remark(on: boundary, of: codes.codes.count, wDim: codes.codes.wDim))
    }
  }
}

extension DirectionsJob {
  /// What the codes of a boundary are too few for; nil if they are not.
  static func remark(on boundary: SemanticBoundary, of count: Int, wDim: Int) -> String? {
    // So many points in general position are parted by some hyperplane however they are chosen.
    guard boundary.codeCount <= wDim + 1 else { return nil }
    let tested =
      boundary.testCount > 0 ? "only the \(boundary.testCount) held out tell" : "none is held out"
    return "found with \(boundary.codeCount) of \(count) codes, which have \(wDim) numbers each: "
      + "so few are parted whatever their scores are, and \(tested); give more codes, or a "
      + "larger --share (at most 0.5), so that it is some \(4 * wDim) or more"
  }

  /// Checks that no file would be lost but one of directions, which another may replace.
  ///
  /// - Parameter path: The file to be written.
  /// - Throws: `FileError` of kind `cannotCreate` if another file has the name.
  public static func check(replacing path: String) throws {
    guard let bytes = try? ByteRegion(mapping: path), !DirectionFile.isOwn(path) else { return }
    throw FileError(
      .cannotCreate, file: path, expected: "a free name, or a file of directions to replace",
      found: FileForm.words(for: bytes))
  }

  /// Reads scores: one number for each code.
  ///
  /// - Parameter path: A .npy file of shape [N] or [N, 1].
  /// - Returns: The scores.
  /// - Throws: `FileError` if it cannot be read, or holds no such numbers.
  public static func scores(reading path: String) throws -> [Double] {
    let bytes = try ByteRegion(mapping: path)
    guard NPY.recognises(bytes) else {
      throw FileError(
        .notRecognised, file: path, expected: "scores: a .npy file",
        found: FileForm.words(for: bytes))
    }
    let stored = try NPY(bytes).tensor
    guard (1...2).contains(stored.shape.count), stored.shape.dropFirst().allSatisfy({ $0 == 1 }),
      stored.elementCount <= 1 << 24
    else {
      throw FileError(
        .doesNotFit, file: path, expected: "scores [N] or [N, 1]", found: "\(stored.shape)")
    }
    let scores = try Tensor.reading(stored).cast(to: .float64).flattened().values(as: Double.self)
    guard scores.allSatisfy(\.isFinite) else {
      throw FileError(.damaged, file: path, expected: "finite scores", found: "others")
    }
    return scores
  }
}

extension GeneratorHost {
  /// Factorises the layers' styles and writes the strongest directions.
  fileprivate func writeFactors(
    to file: String, hash: String, rows: Range<Int>?, method: StyleFactorization.Method, count: Int
  ) throws -> DirectionsJob.Outcome {
    let found = try StyleFactorization(of: generator, rows: rows, method: method)
    let directions = Array(found.directions(rows: rows).prefix(count))
    try DirectionFile(directions, generatorHash: hash, method: method.rawValue).write(to: file)
    let values = found.values.values(as: Float.self)
    return DirectionsJob.Outcome(
      file: file, figure: method == .sefa ? "eigenvalue" : "singular value",
      directions: zip(directions, values).map { .init(name: $0.name, figure: Double($1)) })
  }

  /// Samples w, and writes the directions in which they vary most.
  fileprivate func writeComponents(
    to file: String, hash: String, samples: Int, seed: UInt32, classIndex: Int, count: Int,
    progress: ProgressHandler
  ) throws -> DirectionsJob.Outcome {
    // GANSpace keeps 80: of fewer, the strongest would come out less exact.
    let kept = min(max(count, 80), samples - 1, traits.wDim)
    let pca = IncrementalPCA(count: kept)
    let label = generator.label(classIndex: classIndex)
    try pca.add(codesOf: generator, count: samples, seed: seed, labels: label) { done in
      try Task.checkCancellation()
      progress(JobProgress(done: done, total: samples, unit: "codes"))
    }
    let found = try pca.components()
    let directions = Array(found.directions.prefix(count))
    if let still = directions.first(where: { !(($0.deviation ?? 0) > 0) }) {
      throw RequestError(
        "--count", expected: "directions in which w varies", found: "none in \(still.name)")
    }
    try DirectionFile(
      directions, mean: found.mean, generatorHash: hash, method: "principal components"
    ).write(to: file)
    let shares = found.shares.cast(to: .float32).values(as: Float.self)
    return DirectionsJob.Outcome(
      file: file, figure: "share of variance",
      directions: zip(directions, shares).map { .init(name: $0.name, figure: Double($1)) })
  }
}

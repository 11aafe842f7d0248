// Pictures beside those of the same name: how near each is to the other.

import Datasets
import Formats
import Foundation
import Networks
import Tensors

/// Compares every picture of one set with the picture of the same name in another.
public struct MetricsPairsJob: Sendable {
  /// The pictures that are judged.
  public var pictures: String
  /// The pictures that they should be like.
  public var reference: String
  /// Networks with which they are judged.
  public var judges: JudgingFiles
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?

  /// A job that compares pictures of the same names.
  ///
  /// - Parameters:
  ///   - pictures: The pictures that are judged.
  ///   - reference: The pictures that they should be like.
  ///   - judges: Networks with which they are judged.
  public init(_ pictures: String, reference: String, judges: JudgingFiles = JudgingFiles()) {
    (self.pictures, self.reference, self.judges) = (pictures, reference, judges)
  }

  /// A picture and its figures.
  public struct Pair: Encodable, Sendable {
    /// The name that both have, without its ending.
    public let name: String
    /// How near they are.
    public let figures: InversionFigures
  }

  /// What was measured.
  public struct Outcome: Encodable, Sendable {
    /// The mean of every figure.
    public let mean: InversionFigures
    /// The deviation of every figure, with the number of pairs as divisor.
    public let deviation: InversionFigures
    /// All pairs, in the order of their names.
    public let pairs: [Pair]
    /// LPIPS, if it was measured.
    public let lpips: InversionProtocol.Extractor?
    /// What identity was measured with, if it was.
    public let identity: InversionProtocol.Extractor?
    /// What little portraits were judged with, by the names of the figures, if they were.
    public let portraits: [String: InversionProtocol.Extractor]?
    /// What is missing or questionable, a line each.
    public let remarks: [String]

    /// The means and deviations as lines for people.
    public var lines: [String] {
      zip(mean.named, deviation.named).compactMap { mean, deviation in
        let name = mean.name
        guard let mean = mean.value, let deviation = deviation.value else { return nil }
        // Equal pictures have no finite PSNR, and no deviation from it.
        guard mean.isFinite else { return "\(name) \(mean)" }
        return "\(name) \(String(format: "%.6g ± %.3g", mean, deviation))"
      }
    }
  }

  /// The names without endings that both sets have.
  ///
  /// - Returns: The names and the places of their pictures, in the order of the names.
  /// - Throws: `FileError` if a set cannot be read; `MisfitError` if a picture has no partner, or two
  ///   of a set have one name.
  private func matched() throws -> (
    ours: PictureFiles, theirs: PictureFiles, pairs: [(name: String, ours: Int, theirs: Int)]
  ) {
    let (ours, theirs) = (try PictureFiles(path: pictures), try PictureFiles(path: reference))
    let places = try [ours, theirs].map { files in
      guard !files.pictures.isEmpty else { throw files.emptiness }
      if let objection = files.objections.first { throw objection }
      var places: [String: Int] = [:]
      for (index, path) in files.pictures.enumerated() {
        guard let name = Self.name(of: path, in: files) else { continue }
        guard places.updateValue(index, forKey: name) == nil else {
          throw MisfitError(
            files.path, expected: "one picture of each name", found: "two named \(name)")
        }
      }
      return places
    }
    for (files, other, lacking) in [(ours, places[1], theirs), (theirs, places[0], ours)] {
      let alone = files.pictures.filter { path in
        Self.name(of: path, in: files).map { other[$0] == nil } ?? false
      }
      guard let first = alone.first else { continue }
      throw MisfitError(
        lacking.path, expected: "a picture for each of \(files.path)",
        found: "none for \(first)" + (alone.count > 1 ? " and \(alone.count - 1) more" : ""))
    }
    let pairs = places[0].keys.sorted().map { name in
      (name: name, ours: places[0][name] ?? 0, theirs: places[1][name] ?? 0)
    }
    return (ours, theirs, pairs)
  }

  /// The name of a picture: that of its file, or in the folder of `stylist invert` that of the photograph;
  /// nil for what else lies there.
  private static func name(of path: String, in files: PictureFiles) -> String? {
    let stem = (path as NSString).deletingPathExtension
    guard files.pictures.contains(InvertJob.sheetName),
      files.pictures.contains(where: { $0.hasSuffix(InvertJob.Ending.compared) })
    else { return stem }
    return path.hasSuffix(InvertJob.Ending.inverted)
      ? String(path.dropLast(InvertJob.Ending.inverted.count)) : nil
  }

  /// How many pairs there are, for a run that computes nothing.
  ///
  /// - Returns: The number.
  /// - Throws: What `run` throws about sets, and weights that cannot be read.
  public func plan() throws -> Int {
    let count = try matched().pairs.count
    _ = try PictureJudge(judges)
    return count
  }

  /// Compares.
  ///
  /// - Parameter progress: Is told after every pair.
  /// - Returns: The figures.
  /// - Throws: `FileError` or `DatasetError` if a file cannot be read; `MisfitError` if a picture has
  ///   no partner of its shape; `CancellationError` between pairs.
  public func run(progress: @escaping ProgressHandler) async throws -> Outcome {
    if let threads { Machine.setThreadCount(threads) }
    let (ours, theirs, pairs) = try matched()
    let judge = try PictureJudge(judges)
    var (found, sizes): ([Pair], Set<[Int]>) = ([], [])
    for (name, mine, other) in pairs {
      try Task.checkCancellation()
      let picture = try ours.image(at: mine).inRGB
      let target = try theirs.image(at: other).inRGB
      guard picture.width * target.height == target.width * picture.height else {
        throw MisfitError(
          ours.place(of: ours.pictures[mine]),
          expected: "the shape of \(theirs.place(of: theirs.pictures[other])), "
            + "\(target.width)×\(target.height)", found: "\(picture.width)×\(picture.height)")
      }
      if sizes.insert([target.width, target.height]).inserted {
        try judges.check(width: target.width, height: target.height)
      }
      found.append(Pair(name: name, figures: await judge.figures(picture, target)))
      progress(JobProgress(done: found.count, total: pairs.count, unit: "pairs"))
    }
    let all = found.map(\.figures)
    let mean = InversionFigures(meanOf: all)
    return Outcome(
      mean: mean, deviation: InversionFigures(deviationOf: all, from: mean), pairs: found,
      lpips: judge.extractors.lpips, identity: judge.extractors.identity,
      portraits: judge.portraitExtractors,
      remarks: [judges.remark].compactMap(\.self))
  }
}

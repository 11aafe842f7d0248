// Features of pictures, computed as far as they are not known yet.

import Crypto
import Formats
import Foundation
import Metrics
import Tensors

/// Where features are kept between runs, or nowhere.
struct FeatureStore {
  /// The folder; nil for none.
  let folder: String?

  /// The features of the first pictures.
  ///
  /// - Parameters:
  ///   - pictures: The pictures.
  ///   - limit: How many of them; nil for all.
  ///   - extractor: The network.
  ///   - rule: The protocol.
  ///   - unit: What progress calls the pictures, in the plural.
  ///   - progress: Is told after every batch.
  /// - Returns: [N, features] in the order of the pictures.
  /// - Throws: An error about the first picture that cannot be had; `CancellationError` between
  ///   batches, after which what is known stays known.
  func features(
    of pictures: any MeasuredPictures, limit: Int? = nil, by extractor: FeatureExtractor,
    _ rule: MetricProtocol, unit: String = "pictures", progress: @escaping (JobProgress) -> Void
  ) throws -> Tensor {
    let total = min(limit ?? pictures.count, pictures.count)
    return try rows(
      key(of: pictures, by: extractor, rule), width: extractor.width, count: total,
      step: pictures.step, unit: unit,
      progress: progress
    ) { range, add in
      try pictures.batches(range) { try add(extractor.features($0)) }
    }
  }

  /// Rows of numbers.
  ///
  /// - Parameters:
  ///   - key: Everything that decides them.
  ///   - width: The numbers of a row.
  ///   - count: How many rows are wanted.
  ///   - step: How many rows are always computed together, from the first on.
  ///   - unit: What a row is of, in the plural.
  ///   - progress: Is told after every batch.
  ///   - compute: Computes rows of a range in their order and adds them, some at a time.
  /// - Returns: [count, width].
  /// - Throws: What `compute` throws; `MisfitError` if numbers are not finite; `FileError` if they
  ///   cannot be kept.
  func rows(
    _ key: String, width: Int, count: Int, step: Int, unit: String,
    progress: @escaping (JobProgress) -> Void,
    compute: (_ range: Range<Int>, _ add: (Tensor) throws -> Void) throws -> Void
  ) throws -> Tensor {
    let known = try file(key, width: width)
    if known.count < count { try known.keep(known.count / step * step) }
    let before = known.count
    if before < count {
      try withoutGradients { () throws in
        try compute(before..<count) { rows in
          guard rows.isFinite().all else {
            throw MisfitError(
              "\(unit) from \(known.count) on", expected: "finite numbers",
              found: "others: weights of the networks overflow, or are damaged")
          }
          try known.add(rows)
          progress(
            JobProgress(done: known.count, total: count, unit: unit, doneBefore: before))
          try Task.checkCancellation()
        }
      }
    }
    return known.features.sliced(0..<count, axis: 0)
  }

  /// Removes the features of pictures, as a protocol sees them.
  ///
  /// - Parameters:
  ///   - pictures: The pictures.
  ///   - extractor: The network.
  ///   - rule: The protocol.
  func forget(
    _ pictures: any MeasuredPictures, by extractor: FeatureExtractor, _ rule: MetricProtocol
  ) {
    guard let path = path(of: key(of: pictures, by: extractor, rule)) else { return }
    try? FileManager.default.removeItem(atPath: path)
  }

  private func key(
    of pictures: any MeasuredPictures, by extractor: FeatureExtractor, _ rule: MetricProtocol
  ) -> String {
    "\(extractor.name) \(extractor.identity) \(rule.resizing.rawValue) \(rule.centre) "
      + pictures.hash
  }

  /// Where the rows of a key are kept; nil where nothing is.
  private func path(of key: String) -> String? {
    // The number changes whenever programs compute other features of the same.
    folder.map { folder in
      let name = SHA256.hash(data: Data("features 2 \(key)".utf8)).hexadecimal
      return "\(folder)/\(name).features"
    }
  }

  private func file(_ key: String, width: Int) throws -> FeatureFile {
    guard let folder, let path = path(of: key) else { return FeatureFile(width: width) }
    try makeFolders(folder, expected: "a folder that keeps features")
    return try FeatureFile(path: path, width: width)
  }
}

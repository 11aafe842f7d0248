// The features of all pictures of a folder or archive, batch by batch.

import Crypto
import Datasets
import Formats
import Foundation
import Metrics
import Tensors

/// Pictures whose features are wanted, and where features are kept.
struct PictureFeatures {
  /// The pictures.
  let files: PictureFiles
  /// The folder that keeps features between runs; nil for none.
  let cache: String?
  /// The SHA-256 of the pictures' files, one after the other.
  let hash: String

  /// Some pictures; reads all files once, for their hash.
  ///
  /// - Parameters:
  ///   - files: The pictures.
  ///   - cache: The folder that keeps features between runs; nil for none.
  /// - Throws: `FileError` or `DatasetError` if pictures cannot be read, or there are none.
  init(_ files: PictureFiles, cache: String?) throws {
    (self.files, self.cache) = (files, cache)
    var hash = SHA256()
    for index in files.pictures.indices {
      try Task.checkCancellation()
      let bytes = try files.bytes(at: index)
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
      bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    self.hash = hash.finalize().hexadecimal
  }

  /// The pictures that are seen at a time.
  private static let batchSize = 32

  /// The features of all pictures, computed as far as they are not known yet.
  ///
  /// - Parameters:
  ///   - extractor: The network.
  ///   - rule: The protocol.
  ///   - progress: Is told after every batch.
  /// - Returns: [N, features] in the order of the pictures.
  /// - Throws: `DatasetError` about the first picture that cannot be decoded; `CancellationError`
  ///   between batches, after which what is known stays known.
  func features(
    of extractor: FeatureExtractor, _ rule: MetricProtocol, progress: (JobProgress) -> Void
  ) throws -> Tensor {
    let known = try file(for: extractor, rule)
    let (before, total) = (known.count, files.pictures.count)
    let pictures = OrderedPrefetch(
      threads: 1, ahead: 2 * Self.batchSize, items: indices(from: before)
    ) { index in
      Result { () throws(DatasetError) in try files.image(at: index) }
    }
    var batch: [ByteImage] = []
    func finish() throws {
      guard let first = batch.first else { return }
      try Task.checkCancellation()
      let pixels = batch.flatMap(\.pixels)
      let shape = [batch.count, first.height, first.width, first.channels]
      try withoutGradients { () throws in
        let seen = Tensor(pixels, shape: shape).permuted(0, 3, 1, 2).withoutAlpha.cast(to: .float32)
        try known.add(extractor.features(seen))
      }
      batch = []
      progress(
        JobProgress(done: known.count, total: total, unit: "pictures", doneBefore: before))
    }
    while let next = pictures.next() {
      let picture = try next.get()
      if batch.count == Self.batchSize || batch.first.map({ !$0.isSameSize(as: picture) }) == true {
        try finish()
      }
      batch.append(picture)
    }
    try finish()
    return known.features
  }

  private func indices(from start: Int) -> () -> Int? {
    var rest = (start..<files.pictures.count).makeIterator()
    return { rest.next() }
  }

  /// Where the features are kept.
  private func file(for extractor: FeatureExtractor, _ rule: MetricProtocol) throws -> FeatureFile {
    guard let cache else { return FeatureFile(width: extractor.width) }
    try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    let key = "\(extractor.name) \(extractor.hash) \(rule.resizing.rawValue) \(rule.centre) \(hash)"
    let name = SHA256.hash(data: Data(key.utf8)).hexadecimal
    return try FeatureFile(
      path: "\(cache)/\(name).features", width: extractor.width, limit: files.pictures.count)
  }
}

extension SHA256Digest {
  /// The hash as 64 hexadecimal digits.
  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

extension ByteImage {
  fileprivate func isSameSize(as other: ByteImage) -> Bool {
    (width, height, channels) == (other.width, other.height, other.channels)
  }
}

extension Tensor {
  /// Pictures [N, C, H, W] without their opacity, which published programs drop, too.
  fileprivate var withoutAlpha: Tensor {
    switch size(1) {
    case 2: sliced(0..<1, axis: 1)
    case 4: sliced(0..<3, axis: 1)
    default: self
    }
  }
}

// Small data sets for tests: pictures of noise in folders and archives.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// A picture of noise as an uncompressed PNG.
func png(_ size: Int = 8, height: Int? = nil, channels: Int = 3, seed: UInt32 = 1) throws -> [UInt8]
{
  let picture = noise(width: size, height: height ?? size, channels: channels, seed: seed)
  return try PNG(image: picture).encoded(level: 0)
}

/// Writes files into a new folder below a scratch folder, and gives its path.
func makeFolder(_ files: [(name: String, content: [UInt8])], in scratch: String) throws -> String {
  let folder = "\(scratch)/set"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for (name, content) in files {
    let file = URL(filePath: "\(folder)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try put(content, at: file.path)
  }
  return folder
}

/// Writes an archive of stored files into a scratch folder, and gives its path.
func makeArchive(_ files: [(name: String, content: [UInt8])], in scratch: String) throws -> String {
  let path = "\(scratch)/set.zip"
  try put(ZIPAssembler(files).bytes, at: path)
  return path
}

/// A data set of plain numbers: picture i is filled with i, and its label is one-hot.
struct CountingDataset: Dataset {
  let count: Int
  var name: String { "counting" }
  var shape: ImageShape { ImageShape(resolution: 2, channels: 3) }
  var labelKind: LabelKind { .classes(count) }
  var fingerprint: DatasetFingerprint {
    DatasetFingerprint(of: count) {
      [UInt8($0 % 256)]
    } content: { _ in
      nil
    }
  }
  /// The pictures that cannot be read.
  var broken: Set<Int> = []

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    guard !broken.contains(index) else {
      throw DatasetError(
        FileError(.damaged, file: "\(index)", expected: "a picture", found: "none"), index: index)
    }
    let byte = UInt8(truncatingIfNeeded: index)
    return ByteImage(
      width: 2, height: 2, channels: 3,
      pixels: (0..<12).map { byte &+ UInt8($0 % 3) &* 100 &+ UInt8($0 / 3) })
  }

  func label(at index: Int) -> [Float] { (0..<count).map { $0 == index ? 1 : 0 } }
}

/// Expects `body` to fail with a `DatasetError` on one line.
@discardableResult
func expectDatasetError(_ words: String, from body: () throws -> Void) -> DatasetError? {
  let error = #expect(throws: DatasetError.self) { try body() }
  let line = error?.description ?? ""
  #expect(line.contains(words), "\(line)")
  #expect(!line.contains { $0.isNewline })
  return error
}

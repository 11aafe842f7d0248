// The pictures that a job has made: written one by one, each saying how it was made.

import Formats

/// A file that a job has written.
public struct WrittenPicture: Codable, Hashable, Sendable {
  /// The file.
  public let file: String
  /// The seed of the picture, if it is of one seed.
  public let seed: UInt32?

  /// A file, with the seed of its picture if it is of one seed.
  public init(file: String, seed: UInt32? = nil) { (self.file, self.seed) = (file, seed) }
}

/// Writes the pictures of a job into its folder, and remembers them.
struct PictureWriter {
  /// The files so far, in the order in which they were written.
  private(set) var written: [WrittenPicture] = []
  private let folder: OutputFolder

  init(_ folder: OutputFolder) { self.folder = folder }

  /// Writes a picture as PNG with texts that say how it was made.
  mutating func write(
    _ picture: ByteImage, _ name: String, seed: UInt32? = nil, _ provenance: Provenance
  ) throws {
    let file = folder.file(name)
    try PNG(image: picture, texts: provenance.texts).write(to: file)
    written.append(WrittenPicture(file: file, seed: seed))
  }
}

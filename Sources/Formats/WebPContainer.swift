// The chunks of a WebP file, counted before libwebp sees them.

/// What the chunks around the pixels of a WebP file say.
struct WebPContainer {
  /// The file without what may follow it.
  let file: ByteRegion
  /// How long each frame of an animation is shown; empty for a still picture.
  private(set) var frameMilliseconds: [Int] = []
  /// How often an animation plays; 0 is forever.
  private(set) var loopCount = 1
  /// Which way up the picture is to be shown.
  private(set) var orientation = ImageOrientation.upright

  private static let headerBytes = 12
  /// Chunks beside the frames.
  private static let otherChunksLimit = 1 << 10

  /// Reads the chunks of the file that fills `bytes`, of at most `frames` frames.
  init(_ bytes: ByteRegion, frames: Int) throws(FileError) {
    let start = try bytes.slice(at: 0, count: Self.headerBytes).copy()
    guard start[..<4].elementsEqual("RIFF".utf8), start[8...].elementsEqual("WEBP".utf8) else {
      throw bytes.error(at: 0, expected: "a WebP file", found: "other content")
    }
    file = try bytes.slice(at: 0, count: 8 + Int(bytes.integer(at: 4, as: UInt32.self)))
    var (offset, chunks) = (Self.headerBytes, 0)
    while offset + 8 <= file.count {
      let size = Int(try file.integer(at: offset + 4, as: UInt32.self))
      let chunk = try file.slice(at: offset + 8, count: size)
      switch try file.integer(at: offset, as: UInt32.self) {
      case chunkName("ANMF"): try addFrame(chunk, limit: frames)
      case chunkName("ANIM"): loopCount = Int(try chunk.integer(at: 4, as: UInt16.self))
      case chunkName("EXIF"): orientation = ImageOrientation(exif: chunk)
      default: break
      }
      chunks += 1
      guard chunks - frameMilliseconds.count <= Self.otherChunksLimit else {
        throw file.error(
          at: offset, expected: "at most \(Self.otherChunksLimit) chunks beside the frames",
          found: "more")
      }
      offset += 8 + size + size % 2
    }
  }

  /// Takes the duration of a frame: three bytes behind its place and size.
  private mutating func addFrame(_ chunk: ByteRegion, limit: Int) throws(FileError) {
    guard frameMilliseconds.count < limit else {
      throw chunk.error(at: 0, expected: "at most \(limit) frames", found: "more")
    }
    frameMilliseconds.append(Int(try chunk.integer(at: 12, as: UInt32.self) & 0xFF_FFFF))
  }
}

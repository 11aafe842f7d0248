// The frames of a WebP file, read one at a time.

import CMedia

/// The frames of an animated WebP; a still picture has one.
public struct WebPFrames: Sendable {
  /// A frame as it is seen.
  public struct Frame: Sendable {
    /// The whole canvas, as RGB, or RGBA if the file says that it has alpha.
    public let image: ByteImage
    /// How long the frame is shown; 0 for a still picture.
    public let milliseconds: Int
  }

  private let container: WebPContainer
  private let header: cm_webp_header

  /// Opens the file that fills `bytes`; no frame is decoded yet.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how large frames may be, and how many.
  /// - Throws: `FileError` of kind `damaged`.
  public init(_ bytes: ByteRegion, limits: ImageLimits = ImageLimits()) throws(FileError) {
    try limits.check(file: bytes)
    container = try WebPContainer(bytes, frames: limits.frames)
    header = try container.file.withUnsafeBytes { (all) throws(FileError) in
      var header = cm_webp_header()
      let start = all.baseAddress?.assumingMemoryBound(to: UInt8.self)
      guard cm_webp_read_header(start, all.count, &header) else {
        throw bytes.error(at: 0, expected: "a valid WebP", found: "a broken header")
      }
      return header
    }
    try check(limits)
  }

  private func check(_ limits: ImageLimits) throws(FileError) {
    let (width, height) = (Int(header.width), Int(header.height))
    try limits.check(
      width: width, height: height, channels: channels, decoderBytes: header.decoder_bytes,
      orientation: container.orientation, file: container.file)
    guard count > 0, count <= limits.framePixels / (width * height) else {
      throw container.file.error(
        at: 0, expected: "1 frame to \(limits.framePixels / (width * height))", found: "\(count)")
    }
    // libwebp adds durations up in 32 bits.
    let milliseconds = container.frameMilliseconds.reduce(0, +)
    guard milliseconds <= Int32.max else {
      throw container.file.error(
        at: 0, expected: "at most \(Int32.max) milliseconds", found: "\(milliseconds)")
    }
  }

  private var channels: Int { header.has_alpha ? 4 : 3 }

  /// What the file says about its frames.
  var imageHeader: ImageHeader {
    ImageHeader(
      .webP, width: Int(header.width), height: Int(header.height), channels: channels,
      turned: container.orientation)
  }

  /// The number of frames.
  public var count: Int { header.is_animated ? container.frameMilliseconds.count : 1 }

  /// How often the animation plays; 0 is forever.
  public var loopCount: Int { header.is_animated ? container.loopCount : 1 }
}

// MARK: - Decoding

extension WebPFrames {
  /// Calls `body` with each frame in turn; only one is in memory.
  /// - Parameter body: takes a frame; what it throws ends the reading.
  /// - Throws: `FileError` of kind `damaged`, or what `body` throws.
  public func forEach(_ body: (Frame) throws -> Void) throws {
    try withDecoder { decoder in
      for index in 0..<count { try body(frame(index, decoder)) }
    }
  }

  /// The first frame.
  func first() throws(FileError) -> ByteImage {
    try withDecoder { (decoder) throws(FileError) in try frame(0, decoder).image }
  }

  /// Calls `body` with libwebp's decoder of an animation, or with none.
  private func withDecoder<Result, Failure: Error>(
    _ body: (OpaquePointer?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try container.file.withUnsafeBytes { (all) throws(Failure) in
      let start = all.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let decoder = header.is_animated ? cm_webp_frames_new(start, all.count) : nil
      defer { cm_webp_frames_release(decoder) }
      return try body(decoder)
    }
  }

  private func frame(_ index: Int, _ decoder: OpaquePointer?) throws(FileError) -> Frame {
    let (width, height) = (Int(header.width), Int(header.height))
    var header = header
    let pixels = container.file.withUnsafeBytes { all in
      decoded(count: width * height * channels) { pixels in
        guard header.is_animated else {
          let start = all.baseAddress?.assumingMemoryBound(to: UInt8.self)
          return cm_webp_decode(start, all.count, &header, pixels)
        }
        return decoder != nil && cm_webp_frames_next(decoder, &header, pixels)
      }
    }
    guard let pixels else {
      throw container.file.error(
        at: 0, expected: "a whole WebP frame", found: "frame \(index) is broken")
    }
    let stored = ByteImage(width: width, height: height, channels: channels, pixels: pixels)
    return Frame(
      image: stored.shown(container.orientation),
      milliseconds: header.is_animated ? container.frameMilliseconds[index] : 0)
  }
}

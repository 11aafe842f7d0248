// Animated WebP, written a frame at a time.

import CMedia

/// An animation in the making: frames are compressed as they come, so raw frames need not be kept.
public final class WebPAnimation {
  private let encoder: OpaquePointer
  private let path: String
  private let quality: WebP.Quality
  private let size: (width: Int, height: Int)
  private let frameMilliseconds: Double
  /// The number of frames so far.
  public private(set) var frameCount = 0

  /// Begins an animation that `finish()` will write.
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - width: columns of every frame.
  ///   - height: rows of every frame.
  ///   - frameMilliseconds: how long each frame is shown; starts are rounded to milliseconds.
  ///   - quality: how frames are compressed.
  ///   - loopCount: how often the animation plays; 0 is forever.
  /// - Throws: `FileError` of kind `cannotCreate` if the format has no such size.
  public init(
    path: String, width: Int, height: Int, frameMilliseconds: Double, quality: WebP.Quality,
    loopCount: Int = 0
  ) throws(FileError) {
    precondition(
      width > 0 && height > 0 && 1...1e6 ~= frameMilliseconds && 0...65535 ~= loopCount,
      "\(width) x \(height), \(frameMilliseconds) ms and \(loopCount) loops are no animation")
    try checkSize(width, height, atMost: WebP.sideLimit, "WebP", file: path)
    guard let encoder = cm_webp_animation_new(UInt32(width), UInt32(height), Int32(loopCount))
    else {
      throw FileError(.ioFailed, file: path, expected: "memory for an animation", found: "none")
    }
    self.encoder = encoder
    self.path = path
    self.quality = quality
    self.frameMilliseconds = frameMilliseconds
    size = (width, height)
  }

  deinit {
    cm_webp_animation_release(encoder)
  }

  /// Compresses the next frame; grey becomes RGB.
  /// - Throws: `FileError` of kind `ioFailed` if libwebp cannot.
  public func append(_ frame: ByteImage) throws(FileError) {
    precondition(
      (frame.width, frame.height) == size,
      "a frame of \(frame.width) x \(frame.height) in an animation of \(size)")
    let added = frame.inColour.withCImage { picture in
      withUnsafePointer(to: picture) {
        cm_webp_animation_add(encoder, $0, time(of: frameCount), quality.settings)
      }
    }
    guard added else { throw failure("frame \(frameCount)") }
    frameCount += 1
  }

  /// Writes the file; it appears under its name only when it is whole.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public func finish() throws {
    precondition(frameCount > 0, "an animation of \(frameCount) frames")
    let content = collect { cm_webp_animation_finish(encoder, time(of: frameCount), &$0) }
    guard let content else { throw failure("a file of \(frameCount) frames") }
    try writeAtomically(to: path) { try $0.write(content) }
  }

  private func time(of frame: Int) -> Int32 {
    Int32(clamping: Int((Double(frame) * frameMilliseconds).rounded()))
  }

  private func failure(_ expected: String) -> FileError {
    FileError(
      .ioFailed, file: path, expected: expected,
      found: String(cString: cm_webp_animation_message(encoder)))
  }
}

// Fuzzing pictures: what is read, written and read again must be the same.

import Formats

/// The pictures that are read here; larger ones take memory that other checks guard.
private let limits = {
  var limits = ImageLimits()
  limits.pixels = 1 << 18
  limits.memoryBytes = 1 << 26
  limits.framePixels = 1 << 20
  return limits
}()

/// Reads a PNG, and reads again what is written of it.
func readPNG(_ input: ByteRegion) throws(FileError) {
  let picture = try PNG(input, limits: limits)
  let again: PNG
  do throws(FileError) {
    again = try PNG(ByteRegion(picture.encoded(level: 1), name: "again"), limits: limits)
  } catch {
    fatalError("what was read cannot be written and read again: \(error)")
  }
  require(again.image == picture.image, "another picture when read again")
  require(
    again.texts == picture.texts, "\(picture.texts) are \(again.texts) when read again")
}

/// Reads a JPEG.
func readJPEG(_ input: ByteRegion) throws(FileError) {
  let picture = try JPEG.read(input, limits: limits)
  require(!picture.hasAlpha, "a JPEG with alpha")
}

/// Reads all frames of a WebP file.
func readWebP(_ input: ByteRegion) throws(FileError) {
  let content = try WebP.read(input, limits: limits)
  require(content.first.channels >= 3, "a picture without colours")
  let frames = try WebPFrames(input, limits: limits)
  require(frames.count == content.frameCount, "two numbers of frames")
  var index = 0
  do {
    try frames.forEach { frame in
      require(index > 0 || frame.image == content.first, "two first frames")
      index += 1
    }
  } catch let error as FileError {
    throw error
  } catch {
    fatalError("an error of another type: \(error)")
  }
  require(index == frames.count, "\(index) frames instead of \(frames.count)")
}

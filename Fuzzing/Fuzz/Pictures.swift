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

/// Puts the right check sum behind every chunk of a PNG, as far as chunks can be followed.
func repairChecksums(_ file: UnsafeMutableBufferPointer<UInt8>) {
  var start = 8
  while start + 12 <= file.count {
    let length = bigEndian(file[start..<start + 4])
    guard length <= file.count - start - 12 else { return }
    let sumStart = start + 8 + length
    let sum = crc32(file[start + 4..<sumStart])
    for index in 0..<4 {
      file[sumStart + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * index))
    }
    start = sumStart + 4
  }
}

private func bigEndian(_ bytes: Slice<UnsafeMutableBufferPointer<UInt8>>) -> Int {
  bytes.reduce(0) { $0 << 8 | Int($1) }
}

private func crc32(_ bytes: Slice<UnsafeMutableBufferPointer<UInt8>>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

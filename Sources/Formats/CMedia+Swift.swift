// Pictures and buffers across the border to C.

import CMedia

extension ByteImage {
  /// Calls `body` with this picture as C sees it, valid during the call only.
  func withCImage<Result>(_ body: (cm_image) -> Result) -> Result {
    pixels.withUnsafeBufferPointer { samples in
      body(
        cm_image(
          pixels: samples.baseAddress, width: UInt32(width), height: UInt32(height),
          channels: UInt32(channels)))
    }
  }
}

/// The bytes that `encode` puts into a buffer, or nil if it fails.
func collect(_ encode: (inout cm_buffer) -> Bool) -> [UInt8]? {
  var buffer = cm_buffer()
  guard encode(&buffer) else { return nil }
  defer { cm_buffer_release(&buffer) }
  return [UInt8](UnsafeBufferPointer(start: buffer.bytes, count: buffer.count))
}

/// `count` bytes that `decode` fills, or nil if it fails.
func decoded(count: Int, _ decode: (UnsafeMutablePointer<UInt8>) -> Bool) -> [UInt8]? {
  var isWhole = false
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
    target.initialize(repeating: 0)
    filled = count
    isWhole = target.baseAddress.map(decode) ?? false
  }
  return isWhole ? bytes : nil
}

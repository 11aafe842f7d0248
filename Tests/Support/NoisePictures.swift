// Pictures of numbers that look random and are the same everywhere, and a short hash of bytes.

package import Formats

/// A picture whose samples are the high bytes of a linear congruential sequence.
package func noise(width: Int, height: Int, channels: Int, seed: UInt32) -> ByteImage {
  var state = seed
  let pixels = (0..<width * height * channels).map { _ -> UInt8 in
    state = state &* 1_664_525 &+ 1_013_904_223
    return UInt8(state >> 24)
  }
  return ByteImage(width: width, height: height, channels: channels, pixels: pixels)
}

/// The 64-bit hash FNV-1a.
package func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

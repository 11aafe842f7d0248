// How near two pictures are, in figures that need no trained weights.

import Formats
import Foundation

/// How near a picture is to its target.
public struct PictureLikeness: Encodable, Hashable, Sendable {
  /// The mean squared difference of samples in [-1, 1].
  public let meanSquare: Double
  /// The peak signal-to-noise ratio of 8-bit samples, in decibels; infinite for equal pictures.
  public let psnr: Double

  /// Compares pictures of one size; traps if their sizes differ.
  init(_ target: ByteImage, _ picture: ByteImage) {
    precondition(
      (target.width, target.height, target.channels)
        == (picture.width, picture.height, picture.channels), "pictures of different sizes")
    let sum = zip(target.pixels, picture.pixels).reduce(0) { sum, pair in
      let difference = Int(pair.0) - Int(pair.1)
      return sum + difference * difference
    }
    let mean = Double(sum) / Double(target.pixels.count)
    meanSquare = mean / (127.5 * 127.5)
    psnr = mean > 0 ? 10 * log10(255 * 255 / mean) : .infinity
  }

  /// The figures for people.
  var words: String { String(format: "L2 %.4f, PSNR %.1f dB", meanSquare, psnr) }
}

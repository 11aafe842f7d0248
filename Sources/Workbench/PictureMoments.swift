// The mean and the spread of pictures of one thing.

import Formats

/// Pictures of one size, summed up pixel by pixel, exactly.
struct PictureMoments {
  private let first: ByteImage
  private var count = 0
  /// For each sample the sum over the pictures.
  private var sums: [Int]
  /// For each pixel the sum of its colours, and of the square of that, over the pictures.
  private var brightness: [(sum: Int, square: Int)]

  /// Nothing summed up yet.
  ///
  /// - Parameter picture: A picture of the size that all will have; it is not counted.
  init(like picture: ByteImage) {
    first = picture
    sums = [Int](repeating: 0, count: picture.pixels.count)
    brightness = [(sum: Int, square: Int)](
      repeating: (0, 0), count: picture.width * picture.height)
  }

  /// Channels that are colours.
  private var colours: Int { first.hasAlpha ? first.channels - 1 : first.channels }

  /// Counts a picture.
  mutating func add(_ picture: ByteImage) {
    precondition(
      picture.pixels.count == sums.count,
      "a picture of \(picture.pixels.count) samples among those of \(sums.count)")
    count += 1
    let (channels, colours) = (first.channels, colours)
    picture.pixels.withUnsafeBufferPointer { pixels in
      for (index, value) in pixels.enumerated() { sums[index] += Int(value) }
      for pixel in brightness.indices {
        var total = 0
        for colour in 0..<colours { total += Int(pixels[pixel * channels + colour]) }
        brightness[pixel].sum += total
        brightness[pixel].square += total * total
      }
    }
  }

  /// The mean picture.
  var mean: ByteImage {
    image(first.channels, sums.map { Double($0) / Double(count) })
  }

  /// The standard deviation of each pixel's mean colour, in grey.
  ///
  /// - Parameter gain: The grey value for each level that pixels deviate by.
  /// - Returns: The picture; what is brighter than white is white.
  func deviation(gain: Double) -> ByteImage {
    let values = brightness.map { sum, square in
      // In whole numbers, so that pixels that never change have no deviation at all.
      let variance = Double(count * square - sum * sum).squareRoot() / Double(count)
      return gain * variance / Double(colours)
    }
    return image(1, values)
  }

  private func image(_ channels: Int, _ values: [Double]) -> ByteImage {
    ByteImage(
      width: first.width, height: first.height, channels: channels,
      pixels: values.map { UInt8(min($0 + 0.5, 255)) })
  }
}

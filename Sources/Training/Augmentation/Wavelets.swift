// The wavelets with which augmentation enlarges, reduces and filters pictures.

/// Wavelets and what is made of them.
package enum Wavelets {
  /// The low-pass filter of the sixth symlet.
  package static let sym6 = [
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
  ]

  /// The low-pass filter of the second symlet.
  static let sym2 = [
    -0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025,
  ]

  /// Filters that part pictures into bands of frequencies, low to high; their sum is the picture.
  package static let bands: [[Double]] = {
    let low = sym2
    let high = low.enumerated().map { $0 % 2 == 0 ? $1 : -$1 }
    let (low2, high2) = (autocorrelation(low), autocorrelation(high))
    var bands = [[1.0], [0], [0], [0]]
    for band in 1..<bands.count {
      bands = bands.map { convolution(spread($0), low2) }
      let start = (bands[band].count - high2.count) / 2
      for (index, tap) in high2.enumerated() { bands[band][start + index] += tap }
    }
    return bands
  }()

  /// How far beyond a pixel the filters of bands reach.
  static let reach = bands[0].count / 2

  /// The power of each band in pictures of the world, as shares of all.
  private static let power = [10.0, 1, 1, 1].map { $0 / 13 }

  /// The filter that makes bands as strong as gains say, keeping the power that pictures are expected
  /// to have.
  ///
  /// - Parameter gains: One for each band.
  /// - Returns: The taps.
  static func filter(gains: [Double]) -> [Double] {
    var all = [Double](repeating: 1, count: bands.count)
    for (band, gain) in gains.enumerated() {
      var each = [Double](repeating: 1, count: bands.count)
      each[band] = gain
      let found = zip(power, each).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
      for index in all.indices { all[index] *= each[index] / found.squareRoot() }
    }
    return bands[0].indices.map { tap in zip(all, bands).reduce(0) { $0 + $1.0 * $1.1[tap] } }
  }

  /// Half the convolution of a filter with itself turned around.
  private static func autocorrelation(_ filter: [Double]) -> [Double] {
    convolution(filter, filter.reversed()).map { $0 / 2 }
  }

  /// Zeros between all taps.
  private static func spread(_ filter: [Double]) -> [Double] {
    Array(filter.map { [$0] }.joined(separator: [0]))
  }

  private static func convolution(_ a: [Double], _ b: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: a.count + b.count - 1)
    for (i, x) in a.enumerated() {
      for (j, y) in b.enumerated() { sums[i + j] += x * y }
    }
    return sums
  }
}

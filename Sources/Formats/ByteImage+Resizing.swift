// Pictures of another size, sample for sample as Pillow makes them, and parts of pictures.

import Foundation

/// How samples are weighed when a picture gets another size.
public enum ResizeFilter: String, CaseIterable, Codable, Sendable {
  /// The mean of what a sample covers.
  case box
  /// Weights that fall evenly to both sides: soft, as torchvision resizes unless told otherwise.
  case bilinear
  /// A cubic that overshoots a little (Keys, a = -0.5), as Pillow resizes unless told otherwise.
  case bicubic
  /// As far-reaching as `bilinear`, and sharper.
  case hamming
  /// Lanczos with three lobes: sharper, with slight halos.
  case lanczos
  /// The mean of what a sample covers, where what it covers in part counts for as much; called
  /// INTER_AREA elsewhere. If both sides become smaller by whole numbers, it is Pillow's `reduce`,
  /// rounded once.
  case area

  /// How far the filter reaches, in samples of the coarser picture.
  fileprivate var support: Double {
    switch self {
    case .box, .area: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight at a distance.
  fileprivate func weight(_ x: Double) -> Double {
    switch self {
    case .box, .area: return -0.5 < x && x <= 0.5 ? 1 : 0
    case .bilinear: return max(0, 1 - x.magnitude)
    case .hamming:
      return x.magnitude < 1 ? Self.sinc(x) * (0.54 + 0.46 * cos(x * .pi)) : 0
    case .bicubic:
      let (x, a) = (x.magnitude, -0.5)
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos: return -3 <= x && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
  }
}

extension ByteImage {
  /// The part of the picture in a rectangle that lies inside.
  /// - Parameters:
  ///   - columns: at least one.
  ///   - rows: at least one.
  /// - Returns: the part.
  public func cropped(columns: Range<Int>, rows: Range<Int>) -> ByteImage {
    precondition(
      0 <= columns.lowerBound && columns.upperBound <= width && 0 <= rows.lowerBound
        && rows.upperBound <= height, "\(columns) and \(rows) of \(width) x \(height)")
    var part: [UInt8] = []
    part.reserveCapacity(columns.count * rows.count * channels)
    for row in rows {
      let start = row * width
      part +=
        pixels[(start + columns.lowerBound) * channels..<(start + columns.upperBound) * channels]
    }
    return ByteImage(width: columns.count, height: rows.count, channels: channels, pixels: part)
  }

  /// The picture with left and right exchanged.
  public var mirrored: ByteImage { shown(.mirrored) }

  /// The picture at another size, as Pillow's `resize` gives it for 8-bit pictures.
  ///
  /// Weights are rounded to 22 bits, the width is changed before the height, and 8 bits are kept in
  /// between, as in every Pillow up to 12; Pillow 13 changes the height first if that is less work.
  /// Colours are weighed by their alpha.
  /// - Parameters:
  ///   - newWidth: columns, at least 1.
  ///   - newHeight: rows, at least 1.
  ///   - filter: how samples are weighed.
  /// - Returns: the picture; this one if it has that size.
  public func resized(
    width newWidth: Int, height newHeight: Int, filter: ResizeFilter
  ) -> ByteImage {
    precondition(newWidth > 0 && newHeight > 0, "no picture is \(newWidth) x \(newHeight)")
    guard (newWidth, newHeight) != (width, height) else { return self }
    guard !hasAlpha else {
      return multipliedByAlpha.resampled(newWidth, newHeight, filter).dividedByAlpha
    }
    return resampled(newWidth, newHeight, filter)
  }

  private func resampled(
    _ newWidth: Int, _ newHeight: Int, _ filter: ResizeFilter
  ) -> ByteImage {
    let isWhole = width.isMultiple(of: newWidth) && height.isMultiple(of: newHeight)
    guard filter != .area || !isWhole else { return reduced(width / newWidth, height / newHeight) }
    var image = self
    if newWidth != width {
      let weights = ResampleWeights(from: width, to: newWidth, filter)
      image = ByteImage(
        width: newWidth, height: height, channels: channels,
        pixels: weights.apply(to: pixels, outer: height, inner: channels))
    }
    if newHeight != height {
      let weights = ResampleWeights(from: height, to: newHeight, filter)
      image = ByteImage(
        width: newWidth, height: newHeight, channels: channels,
        pixels: weights.apply(to: image.pixels, outer: 1, inner: newWidth * channels))
    }
    return image
  }
}

// MARK: - Means of blocks

extension ByteImage {
  /// The picture in which each sample is the mean of a block, as Pillow's `reduce` rounds it.
  private func reduced(_ blockWidth: Int, _ blockHeight: Int) -> ByteImage {
    let (newWidth, newHeight) = (width / blockWidth, height / blockHeight)
    let count = UInt64(blockWidth * blockHeight)
    // Pillow multiplies by the inverse, rounded down to 24 bits. Of blocks so large that this would be
    // off by more than a grey level, the mean is exact.
    let inverse = count <= 1 << 16 ? (1 << 24) / count : 0
    var sums = [UInt64](repeating: 0, count: newWidth * channels)
    var reduced: [UInt8] = []
    reduced.reserveCapacity(newHeight * sums.count)
    for row in 0..<height {
      for column in 0..<width {
        for channel in 0..<channels {
          sums[column / blockWidth * channels + channel] +=
            UInt64(pixels[(row * width + column) * channels + channel])
        }
      }
      guard row % blockHeight == blockHeight - 1 else { continue }
      reduced += sums.map {
        UInt8(inverse > 0 ? (($0 + count / 2) * inverse) >> 24 : ($0 + count / 2) / count)
      }
      for index in sums.indices { sums[index] = 0 }
    }
    return ByteImage(width: newWidth, height: newHeight, channels: channels, pixels: reduced)
  }
}

// MARK: - Weights

/// For each new sample along an axis, which old ones it is made of, and how much of each.
private struct ResampleWeights {
  private let oldCount: Int
  private let first: [Int]
  /// As many weights for each new sample as the first `counts` says, times 2²².
  private let weights: [[Int32]]
  private static let precision: Int32 = 32 - 8 - 2

  init(from oldCount: Int, to newCount: Int, _ filter: ResizeFilter) {
    guard filter != .area else {
      self.oldCount = oldCount
      (first, weights) = Self.coverage(of: oldCount, by: newCount)
      return
    }
    let scale = Double(oldCount) / Double(newCount)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    var (first, weights) = ([Int](), [[Int32]]())
    for index in 0..<newCount {
      let centre = (Double(index) + 0.5) * scale
      let start = max(0, Int(centre - support + 0.5))
      let end = min(oldCount, Int(centre + support + 0.5))
      let exact = (start..<max(start, end)).map {
        filter.weight((Double($0) - centre + 0.5) * (1 / filterScale))
      }
      let sum = exact.reduce(0, +)
      first.append(start)
      weights.append(exact.map { Self.rounded(sum == 0 ? $0 : $0 / sum) })
    }
    (self.oldCount, self.first, self.weights) = (oldCount, first, weights)
  }

  /// Weights of the old samples by how much of each a new one covers.
  private static func coverage(
    of oldCount: Int, by newCount: Int
  ) -> (first: [Int], weights: [[Int32]]) {
    // Counted in parts of an old sample, so that the ends are exact.
    var (first, weights) = ([Int](), [[Int32]]())
    for index in 0..<newCount {
      let (start, end) = (index * oldCount, (index + 1) * oldCount)
      let samples = start / newCount...(end - 1) / newCount
      first.append(samples.lowerBound)
      weights.append(
        samples.map { sample in
          let covered = min(end, (sample + 1) * newCount) - max(start, sample * newCount)
          return rounded(Double(covered) / Double(oldCount))
        })
    }
    return (first, weights)
  }

  private static func rounded(_ weight: Double) -> Int32 {
    let scaled = weight * Double(1 << precision)
    return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
  }

  /// Makes the new samples along an axis of `pixels`, which has `outer` lines before it and `inner`
  /// bytes behind it.
  func apply(to pixels: [UInt8], outer: Int, inner: Int) -> [UInt8] {
    let total = outer * first.count * inner
    return [UInt8](unsafeUninitializedCapacity: total) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for line in 0..<outer {
          let base = line * oldCount * inner
          for (start, factors) in zip(first, weights) {
            factors.withUnsafeBufferPointer { factors in
              for byte in 0..<inner {
                var sum: Int32 = 1 << (Self.precision - 1)
                var place = base + start * inner + byte
                for factor in factors {
                  sum &+= Int32(source[place]) &* factor
                  place += inner
                }
                target.initializeElement(
                  at: count, to: UInt8(clamping: sum >> Self.precision))
                count += 1
              }
            }
          }
        }
      }
    }
  }
}

// MARK: - Alpha

extension ByteImage {
  /// The picture with its colours multiplied by alpha, as Pillow rounds.
  private var multipliedByAlpha: ByteImage {
    mapColours { colour, alpha in
      let product = Int(colour) * Int(alpha) + 128
      return UInt8((product >> 8 + product) >> 8)
    }
  }

  /// The picture with its colours divided by alpha, as Pillow rounds.
  private var dividedByAlpha: ByteImage {
    mapColours { colour, alpha in
      alpha == 0 || alpha == 255 ? colour : UInt8(clamping: 255 * Int(colour) / Int(alpha))
    }
  }

  private func mapColours(_ change: (UInt8, _ alpha: UInt8) -> UInt8) -> ByteImage {
    var image = self
    var changed = pixels
    for index in stride(from: 0, to: pixels.count, by: channels) {
      let alpha = pixels[index + channels - 1]
      for place in index..<index + channels - 1 { changed[place] = change(pixels[place], alpha) }
    }
    image.pixels = changed
    return image
  }
}

// Which way up a stored picture is to be shown.

/// What has to be done to a stored picture before it is shown, under EXIF's numbers.
enum ImageOrientation: UInt16, CaseIterable {
  /// Nothing.
  case upright = 1
  /// Left and right are exchanged.
  case mirrored
  /// Both pairs of sides are exchanged.
  case upsideDown
  /// Top and bottom are exchanged.
  case flipped
  /// Rows become columns.
  case transposed
  /// A quarter turn to the right.
  case turnedRight
  /// Rows become columns, and both pairs of sides are exchanged.
  case transversed
  /// A quarter turn to the left.
  case turnedLeft

  var swapsSides: Bool { rawValue >= Self.transposed.rawValue }

  /// Where the shown picture's first pixel is stored, and how far on the stored pixels are that
  /// follow it to the right and below.
  fileprivate func walk(_ width: Int, _ height: Int) -> (start: Int, right: Int, down: Int) {
    let (lastColumn, lastRow) = (width - 1, (height - 1) * width)
    return switch self {
    case .upright: (0, 1, width)
    case .mirrored: (lastColumn, -1, width)
    case .upsideDown: (lastRow + lastColumn, -1, -width)
    case .flipped: (lastRow, 1, -width)
    case .transposed: (0, width, 1)
    case .turnedRight: (lastRow, -width, 1)
    case .transversed: (lastRow + lastColumn, -width, -1)
    case .turnedLeft: (lastColumn, width, -1)
    }
  }
}

extension ByteImage {
  /// The picture as it is to be shown.
  func shown(_ orientation: ImageOrientation) -> ByteImage {
    guard orientation != .upright else { return self }
    let (columns, rows) = orientation.swapsSides ? (height, width) : (width, height)
    let walk = orientation.walk(width, height)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for row in 0..<rows {
          var place = (walk.start + row * walk.down) * channels
          for _ in 0..<columns {
            for channel in 0..<channels {
              target.initializeElement(at: count, to: source[place + channel])
              count += 1
            }
            place += walk.right * channels
          }
        }
      }
    }
    return ByteImage(width: columns, height: rows, channels: channels, pixels: turned)
  }
}

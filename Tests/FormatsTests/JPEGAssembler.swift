// A little JPEG writer for tests that know every sample: pictures of blocks that are each one level.

import Formats
import TestSupport

/// A JPEG file being put together segment by segment.
///
/// A block is 8 x 8 samples of one level. All coefficients but the first are 0, and that one is
/// quantized such that a step of it is a level, so that files hold levels exactly.
struct JPEGAssembler {
  private(set) var bytes: [UInt8] = [0xFF, 0xD8]
  private let columns: Int
  /// The levels of each component's blocks, row by row.
  private let levels: [[UInt8]]

  /// A picture of so many columns of blocks.
  init(columns: Int, levels: [[UInt8]]) {
    self.columns = columns
    self.levels = levels
  }

  /// Bytes as they are.
  func raw(_ more: [UInt8]) -> Self {
    var copy = self
    copy.bytes += more
    return copy
  }

  /// A segment with its length.
  func segment(_ marker: UInt8, _ content: [UInt8]) -> Self {
    raw([0xFF, marker] + bigEndian(UInt16(content.count + 2)) + content)
  }

  /// EXIF as cameras write it.
  func exif(_ record: [UInt8]) -> Self { segment(0xE1, Array("Exif\0\0".utf8) + record) }

  /// Adobe's segment, which says what the components are: 0 RGB or CMYK, 1 YCbCr, 2 YCCK.
  func adobe(_ transform: UInt8) -> Self {
    segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, transform])
  }

  /// The tables and the frame, of another size than the blocks' if one is given.
  func frame(
    _ marker: UInt8 = 0xC0, bits: UInt8 = 8, width: UInt16? = nil, height: UInt16? = nil
  ) -> Self {
    let size =
      bigEndian(height ?? UInt16(8 * levels[0].count / columns))
      + bigEndian(width ?? UInt16(8 * columns))
    let components = levels.indices.flatMap { [UInt8($0 + 1), 0x11, 0] as [UInt8] }
    return segment(0xDB, [0] + [UInt8](repeating: 8, count: 64))
      // The categories 0 to 11 of four bits each, and the end of a block in one bit.
      .segment(0xC4, [0x00, 0, 0, 0, 12] + [UInt8](repeating: 0, count: 12) + Array(0...11))
      .segment(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
      .segment(marker, [bits] + size + [UInt8(levels.count)] + components)
  }

  /// A scan of these components, or of all: whole blocks, or only the part that progressive files
  /// hold in one scan.
  func scan(_ components: [Int]? = nil, part: ScanPart = .whole) -> Self {
    let components = components ?? Array(levels.indices)
    let header = components.flatMap { [UInt8($0 + 1), 0] as [UInt8] }
    let range: [UInt8] =
      switch part {
      case .whole: [0, 63, 0]
      case .first: [0, 0, 0]
      case .rest: [1, 63, 0]
      }
    return segment(0xDA, [UInt8(components.count)] + header + range)
      .raw(coded(components, part))
  }

  /// Which coefficients of its blocks a scan holds.
  enum ScanPart { case whole, first, rest }

  private func coded(_ components: [Int], _ part: ScanPart) -> [UInt8] {
    var bits: [UInt8] = []
    var previous = [Int](repeating: 128, count: levels.count)
    for block in levels[0].indices {
      for component in components {
        let level = Int(levels[component][block])
        if part != .rest { bits += difference(level - previous[component]) }
        if part != .first { bits.append(0) }
        previous[component] = level
      }
    }
    bits += [UInt8](repeating: 1, count: (8 - bits.count % 8) % 8)
    return stride(from: 0, to: bits.count, by: 8).flatMap { start in
      let byte = bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
      return byte == 0xFF ? [byte, 0] : [byte]
    }
  }

  /// The category of a difference in four bits, then its low bits; one less if it is negative.
  private func difference(_ value: Int) -> [UInt8] {
    let category = Int.bitWidth - abs(value).leadingZeroBitCount
    let low = value < 0 ? value - 1 : value
    return bits(of: category, count: 4) + bits(of: low, count: category)
  }

  private func bits(of value: Int, count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(value >> $0 & 1) }
  }

  /// The bytes of the finished file.
  var file: [UInt8] { raw([0xFF, 0xD9]).bytes }

  /// What the reader makes of the finished file.
  func read(limits: ImageLimits = ImageLimits()) throws -> ByteImage {
    try JPEG.read(ByteRegion(file, name: "test.jpg"), limits: limits)
  }
}

extension ByteImage {
  /// The first pixel of each block of 8 x 8, if all pixels of a block are the same.
  var blocks: [[UInt8]]? {
    var blocks: [[UInt8]] = []
    for y in stride(from: 0, to: height, by: 8) {
      for x in stride(from: 0, to: width, by: 8) {
        let pixels = (0..<64).map { pixel(x + $0 % 8, y + $0 / 8) }
        guard pixels.allSatisfy({ $0 == pixels[0] }) else { return nil }
        blocks.append(pixels[0])
      }
    }
    return blocks
  }

  private func pixel(_ x: Int, _ y: Int) -> [UInt8] {
    let start = (y * width + x) * channels
    return Array(pixels[start..<start + channels])
  }
}

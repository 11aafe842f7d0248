// The colours of portraits: sRGB values in [0, 1], and the palettes that they come from.

/// Red, green and blue in [0, 1], as sRGB encodes them; the fourth number is not used.
typealias Colour = SIMD4<Float>

extension Colour {
  /// A colour as web pages write it.
  init(_ hex: UInt32) {
    self.init(
      Float(hex >> 16 & 255) / 255, Float(hex >> 8 & 255) / 255, Float(hex & 255) / 255, 0)
  }

  /// This colour with a part of another.
  func mixed(with other: Colour, _ part: Float) -> Colour { self + (other - self) * part }

  /// A lighter (> 1) or darker (< 1) colour.
  func scaled(_ factor: Float) -> Colour { self * factor }
}

enum PortraitPalette {
  /// From the palest to the darkest.
  static let skin: [Colour] = [
    0xFCE6DA, 0xF8D8C2, 0xF0C3A0, 0xE2AB80, 0xCB8E60, 0xA96D46, 0x83502F, 0x613A25,
  ].map { Colour($0) }
  static let iris: [Colour] = [
    0x4A2E1B, 0x6B4423, 0x7D6B35, 0x4F7A4A, 0x3F78A8, 0x6E8796,
  ].map { Colour($0) }
  static let background: [Colour] = [
    0x7FB7BE, 0xF2C57C, 0xE98A6D, 0x9AC08F, 0xB9A5D6, 0xF3B7B0, 0x6C8EBF, 0xD9C9A3,
    0x5D737E, 0xC97B84, 0x8FB8DE, 0xF4D9A6, 0x70A288, 0xDAB6C4, 0x546A7B, 0xE7E3D4,
  ].map { Colour($0) }
  static let cloth: [Colour] = [
    0x2F4858, 0xC8553D, 0xF2E9DC, 0x588B8B, 0x8C4A5F, 0x33658A, 0xF0A04B, 0x3E5641,
    0x6D597A, 0x22223B, 0xD8A7B1, 0x8AA29E, 0xB23A48, 0xEDE7E3, 0x4C5B61, 0xE5B25D,
  ].map { Colour($0) }
  static let metal: [Colour] = [0xE8C15A, 0xD9DCE0, 0xF2EEE6, 0x5FC1C9, 0xD4576B].map { Colour($0) }
  static let rim: [Colour] = [0x2B2420, 0x6A3F2A, 0x1F3A4D, 0x8B1E3F, 0x6F6F72].map { Colour($0) }

  /// A colour on the way through a palette, from 0 to 1.
  static func along(_ palette: [Colour], _ position: Float) -> Colour {
    let place = position * Float(palette.count - 1)
    let index = min(Int(place), palette.count - 2)
    return palette[index].mixed(with: palette[index + 1], place - Float(index))
  }
}

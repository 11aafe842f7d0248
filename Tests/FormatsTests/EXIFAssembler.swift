// EXIF records for tests: directories with an orientation, whole and broken.

import TestSupport

/// A TIFF header and one directory.
struct EXIFAssembler {
  var isBigEndian = false
  /// The number after the byte order.
  var magic: UInt16 = 42
  /// Where the directory is said to be.
  var directory: UInt32 = 8
  /// How many entries are said to be there.
  var count: UInt16 = 2
  var tag: UInt16 = 0x0112
  var type: UInt16 = 3
  var valueCount: UInt32 = 1

  /// A directory of a picture's width and then its orientation.
  func record(orientation: UInt16) -> [UInt8] {
    Array((isBigEndian ? "MM" : "II").utf8) + number(magic) + number(directory) + number(count)
      + number(UInt16(0x0100)) + number(UInt16(3)) + number(UInt32(1)) + number(UInt32(6))
      + number(tag) + number(type) + number(valueCount) + number(orientation)
      + number(UInt16(0)) + number(UInt32(0))
  }

  private func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    isBigEndian ? bigEndian(value) : littleEndian(value)
  }

  /// What each orientation makes of the rows `ab`, `cd`, `ef`.
  static let shownRows: [UInt16: [String]] = [
    1: ["ab", "cd", "ef"], 2: ["ba", "dc", "fe"], 3: ["fe", "dc", "ba"], 4: ["ef", "cd", "ab"],
    5: ["ace", "bdf"], 6: ["eca", "fdb"], 7: ["fdb", "eca"], 8: ["bdf", "ace"],
  ]

  /// Records that tell no orientation.
  static let broken: [[UInt8]] = [
    [], [0x49], Array("II*\0".utf8), [UInt8](repeating: 0xFF, count: 100),
    EXIFAssembler(magic: 43).record(orientation: 6),
    EXIFAssembler(directory: 7).record(orientation: 6),
    EXIFAssembler(directory: .max).record(orientation: 6),
    EXIFAssembler(count: 1).record(orientation: 6),
    EXIFAssembler(type: 2).record(orientation: 6),
    EXIFAssembler(valueCount: 2).record(orientation: 6),
    EXIFAssembler(count: .max, tag: 0x0113).record(orientation: 6),
    EXIFAssembler().record(orientation: 0), EXIFAssembler().record(orientation: 9),
    EXIFAssembler(isBigEndian: true).record(orientation: 0x600),
    Array(EXIFAssembler().record(orientation: 6).prefix(30)),
  ]
}

/// Big-endian bytes of a number.
func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  littleEndian(value.byteSwapped)
}

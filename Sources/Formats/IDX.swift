// The format of MNIST: bytes along one to four axes behind a few big-endian numbers.

/// An array of bytes as the files `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` hold it.
public struct IDX: Sendable {
  /// The lengths of its axes, 1 to 4 of them.
  public let shape: [Int]
  /// The elements; the last axis is the one whose neighbours lie side by side.
  public let elements: ByteRegion

  /// Whether the bytes start like such an array of bytes, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    guard let start = try? bytes.slice(at: 0, count: 4).copy() else { return false }
    return start.starts(with: [0, 0, byteType]) && axes ~= Int(start[3])
  }

  private static let byteType: UInt8 = 0x08
  private static let axes = 1...4

  /// Reads the array that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged` if it is no array of bytes, or the file is longer or
  ///   shorter than its axes say.
  public init(_ bytes: ByteRegion) throws(FileError) {
    guard Self.recognises(bytes) else {
      let start = bytes.withUnsafeBytes { $0.prefix(4).map { hex($0) } }
      throw bytes.error(
        at: 0, expected: "0x0 0x0 0x8 and 1 to 4 axes, an array of bytes",
        found: start.isEmpty ? "an empty file" : start.joined(separator: " "))
    }
    var shape: [Int] = []
    for axis in 0..<Int(bytes[3]) {
      shape.append(Int(UInt32(bigEndian: try bytes.integer(at: 4 + 4 * axis, as: UInt32.self))))
    }
    let start = 4 + 4 * shape.count
    guard let count = product(shape), count == bytes.count - start else {
      throw bytes.error(
        at: 4, expected: "\(bytes.count - start) elements, as many as bytes follow",
        found: shape.map(String.init).joined(separator: " x "))
    }
    self.shape = shape
    elements = try bytes.suffix(from: start)
  }
}

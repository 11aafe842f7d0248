// What tells one data set from another without reading all of it.

public import Formats

/// What tells a data set from others: the names and labels of all pictures, and the content of a
/// few.
///
/// It takes a moment even for millions of pictures. A picture that is mended leaves it much the
/// same, so that a training goes on with it; a folder and an archive of it have the same.
public struct DatasetFingerprint: Codable, Hashable, Sendable {
  /// A sum over the names and labels of all pictures, in their order.
  private let pictures: UInt64
  /// Sums over the content of pictures that lie evenly far from each other.
  private let samples: [UInt64]
  /// How many pictures are read.
  private static let sampleLimit = 64

  /// The fingerprint of pictures.
  ///
  /// - Parameters:
  ///   - count: How many there are.
  ///   - name: Gives the name of a picture, and all else that belongs to it, in few bytes.
  ///   - content: Gives the content of a picture; nil if it cannot be read.
  public init(of count: Int, name: (Int) -> [UInt8], content: (Int) -> ByteRegion?) {
    var sum = Sum()
    for index in 0..<count {
      sum.add(name(index))
      sum.add([0])
    }
    pictures = sum.value
    let shown = min(count, Self.sampleLimit)
    samples = (0..<shown).map { place in
      var sum = Sum()
      content(place * count / shown)?.withUnsafeBytes { sum.add($0) }
      return sum.value
    }
  }

  /// The fingerprint of pictures that code makes.
  ///
  /// - Parameter rule: Which code in which version, and everything that decides what it makes.
  public init(madeBy rule: String) {
    self.init(of: 1) { _ in
      Array(rule.utf8)
    } content: { _ in
      nil
    }
  }

  /// Whether both are of one data set, in which some pictures may have been mended.
  ///
  /// - Parameter other: Another fingerprint.
  /// - Returns: Whether all names and labels agree, and at least half of the content.
  public func isOfSameData(as other: DatasetFingerprint) -> Bool {
    let equal = zip(samples, other.samples).count { $0 == $1 }
    return pictures == other.pictures && samples.count == other.samples.count
      && 2 * equal >= samples.count
  }

  /// The sum of Fowler, Noll and Vo (FNV-1a): good against mistakes, not against malice.
  private struct Sum {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
  }
}

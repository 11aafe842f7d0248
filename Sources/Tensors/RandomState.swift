// NumPy's legacy random stream: the seeds that everybody knows.

import Foundation

/// The stream of `numpy.random.RandomState`: MT19937 with the legacy algorithms, number for number.
///
/// Published generators draw the z of seed n as `RandomState(n).randn(1, zDim)`. The state is a
/// value: copying it copies the stream, and it can be saved and read back.
///
/// - Source: M. Matsumoto and T. Nishimura, "Mersenne Twister" (1998), as NumPy's legacy
///   `RandomState` uses it.
public struct RandomState: Hashable, Codable, Sendable {
  private var words: [UInt32]
  private var position: Int
  /// The second number of the last pair of normals, if it has not been asked for yet.
  private var spareNormal: Double?

  /// The stream that starts at a seed.
  ///
  /// - Parameter seed: One word, as NumPy takes it.
  public init(seed: UInt32) {
    words = [seed]
    words.reserveCapacity(624)
    for i in 1..<624 {
      let last = words[i - 1]
      words.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i))
    }
    position = 624
  }

  /// Reads a saved state.
  ///
  /// - Parameter decoder: What the state is read from.
  /// - Throws: `DecodingError` if it is not a state that a stream can have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    words = try container.decode([UInt32].self, forKey: .words)
    position = try container.decode(Int.self, forKey: .position)
    spareNormal = try container.decodeIfPresent(Double.self, forKey: .spareNormal)
    guard words.count == 624, (0...624).contains(position) else {
      throw DecodingError.dataCorruptedError(
        forKey: .words, in: container,
        debugDescription: "expected 624 words and a position from 0 to 624, "
          + "found \(words.count) and \(position)")
    }
  }

  /// The next word of the stream, uniform over all 32-bit numbers.
  public mutating func nextWord() -> UInt32 {
    if position == 624 { twist() }
    var y = words[position]
    position += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  private mutating func twist() {
    for i in 0..<624 {
      let y = (words[i] & 0x8000_0000) | (words[(i + 1) % 624] & 0x7FFF_FFFF)
      words[i] = words[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }

  /// A uniform number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double {
    let a = nextWord() >> 5
    let b = nextWord() >> 6
    return (Double(a) * 67_108_864 + Double(b)) / 9_007_199_254_740_992
  }

  /// A standard normal number by the polar method, which makes two at a time.
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let r2 = x * x + y * y
      if r2 > 0 && r2 < 1 {
        let factor = (-2 * log(r2) / r2).squareRoot()
        spareNormal = factor * x
        return factor * y
      }
    }
  }

  /// `randn(count)`: standard normal numbers.
  public mutating func randn(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

  /// `rand(count)`: uniform numbers in [0, 1).
  public mutating func rand(_ count: Int) -> [Double] { (0..<count).map { _ in uniform() } }

  /// `randint(low, high, count)`: integers from `low` up to but not including `high`.
  ///
  /// - Parameters:
  ///   - range: At least one and at most 2^32 integers.
  ///   - count: How many are drawn.
  /// - Returns: The integers.
  public mutating func randint(_ range: Range<Int>, _ count: Int) -> [Int] {
    precondition(
      !range.isEmpty && range.count <= 1 << 32, "\(range.count) integers to draw from")
    return (0..<count).map { _ in
      range.lowerBound + Int(integer(upThrough: UInt32(range.count - 1)))
    }
  }

  /// `shuffle(list)`: exchanges each place, from the last down, with one at or before it.
  ///
  /// - Parameter list: What is put in random order.
  public mutating func shuffle<Element>(_ list: inout [Element]) {
    for i in stride(from: list.count - 1, to: 0, by: -1) {
      list.swapAt(i, Int(integer(upThrough: UInt32(i))))
    }
  }

  /// The numbers of the pictures that published training takes of a larger data set: the first of a
  /// shuffled order, sorted.
  ///
  /// - Parameters:
  ///   - size: How many are taken; all if there are no more.
  ///   - count: How many pictures there are.
  ///   - seed: What the shuffling depends on; published training takes its `--seed`.
  /// - Returns: The numbers, ascending.
  public static func subset(_ size: Int, of count: Int, seed: UInt32) -> [Int] {
    var order = Array(0..<count)
    guard size < count else { return order }
    var state = RandomState(seed: seed)
    state.shuffle(&order)
    return order.prefix(size).sorted()
  }

  /// An integer from 0 through `bound`: words are masked to its bits until one is small enough.
  private mutating func integer(upThrough bound: UInt32) -> UInt32 {
    guard bound > 0 else { return 0 }
    let mask = UInt32.max >> UInt32(bound.leadingZeroBitCount)
    while true {
      let candidate = nextWord() & mask
      if candidate <= bound { return candidate }
    }
  }
}

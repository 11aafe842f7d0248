// The order in which training sees pictures: endless, the same for the same seed, and resumable.

/// An endless order of the numbers below a count: each epoch all of them, newly shuffled.
///
/// The state is three numbers: saved and read back, the order goes on where it was. How numbers
/// are taken together to batches does not matter to it.
public struct DataOrder: Hashable, Codable, Sendable {
  /// How many numbers there are.
  public let count: Int
  /// What the shuffling depends on, beside the epoch.
  public let seed: UInt64
  /// How many numbers have been taken, in all epochs.
  public private(set) var position = 0
  /// The order of the epoch that was taken from last; it follows from the state.
  private var shuffled: [UInt32] = []
  private var shuffledEpoch = -1

  private enum CodingKeys: CodingKey { case count, seed, position }

  /// The order from its beginning, or from a place in it.
  ///
  /// - Parameters:
  ///   - count: How many numbers there are, from 1 to 2³² − 1.
  ///   - seed: Another seed is another order.
  ///   - position: How many numbers have been taken.
  public init(count: Int, seed: UInt64, position: Int = 0) {
    precondition(
      1...Int(UInt32.max) ~= count && position >= 0, "place \(position) of \(count) numbers")
    (self.count, self.seed, self.position) = (count, seed, position)
  }

  /// Reads a saved state.
  ///
  /// - Parameter decoder: What the state is read from.
  /// - Throws: `DecodingError` if it is not a state that an order can have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    count = try container.decode(Int.self, forKey: .count)
    seed = try container.decode(UInt64.self, forKey: .seed)
    position = try container.decode(Int.self, forKey: .position)
    guard 1...Int(UInt32.max) ~= count, position >= 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .position, in: container,
        debugDescription: "expected a count from 1 to \(UInt32.max) and a position from 0 on, "
          + "found \(count) and \(position)")
    }
  }

  /// How often all numbers have been taken.
  public var epoch: Int { position / count }

  /// Takes the next number.
  public mutating func next() -> Int {
    if shuffledEpoch != epoch {
      shuffled = Self.shuffled(count, seed: seed, epoch: epoch)
      shuffledEpoch = epoch
    }
    let number = Int(shuffled[position % count])
    position += 1
    return number
  }

  /// Takes the next numbers.
  public mutating func next(_ count: Int) -> [Int] { (0..<count).map { _ in next() } }

  /// Whether both give the same numbers from now on.
  public static func == (first: DataOrder, second: DataOrder) -> Bool {
    (first.count, first.seed, first.position) == (second.count, second.seed, second.position)
  }

  /// Hashes the state.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    hasher.combine(seed)
    hasher.combine(position)
  }

  /// The numbers below a count in the order of an epoch (Fisher and Yates, from the end down).
  private static func shuffled(_ count: Int, seed: UInt64, epoch: Int) -> [UInt32] {
    var random = OrderRandom(seed: seed, epoch: UInt64(epoch))
    var numbers = Array(0..<UInt32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      numbers.swapAt(last, random.number(below: last + 1))
    }
    return numbers
  }
}

/// The random numbers of one epoch (SplitMix64).
///
/// They are written out here because Swift does not promise that its own shuffling stays the same.
private struct OrderRandom {
  private var state: UInt64

  init(seed: UInt64, epoch: UInt64) {
    state = Self.mixed(seed) &+ Self.mixed(~epoch)
  }

  private static func mixed(_ bits: UInt64) -> UInt64 {
    var x = bits
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }

  /// A number from 0 to below a bound, each as likely (Lemire 2019).
  mutating func number(below bound: Int) -> Int {
    let bound = UInt64(bound)
    while true {
      state &+= 0x9E37_79B9_7F4A_7C15
      let (high, low) = Self.mixed(state).multipliedFullWidth(by: bound)
      // Below this remainder some numbers would be more likely than others.
      if low >= (0 &- bound) % bound { return Int(high) }
    }
  }
}

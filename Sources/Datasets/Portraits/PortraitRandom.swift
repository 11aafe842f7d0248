// The random numbers of portraits: whole numbers and exact fractions, so that every machine draws
// the same picture.

/// A sequence of random numbers that a seed and the name of its use fix (SplitMix64).
struct PortraitRandom {
  private var state: UInt64

  /// The sequence of a seed for one use; other uses of the same seed share nothing with it.
  init(seed: UInt64, use: UInt64) {
    state = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15 &* (use &+ 1))
  }

  private static func mixed(_ bits: UInt64) -> UInt64 {
    var x = bits
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number in [0, 1), a multiple of 2⁻²⁴.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number between two bounds, each as likely.
  mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  /// A number between two bounds, those in the middle more likely: the mean of three.
  mutating func around(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * ((unit() + unit() + unit()) / 3)
  }

  /// Whether something happens that does so with this probability.
  mutating func chance(_ probability: Float) -> Bool { unit() < probability }

  /// One of the choices, each as likely.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[Int(next() >> 32) % choices.count]
  }

  /// One of the choices by their weights.
  mutating func pick<Choice>(weighted choices: [(Choice, Float)]) -> Choice {
    var left = unit() * choices.reduce(0) { $0 + $1.1 }
    for (choice, weight) in choices {
      left -= weight
      if left < 0 { return choice }
    }
    return choices[choices.count - 1].0
  }
}

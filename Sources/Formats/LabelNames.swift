// The names that the numbers of a label have, wherever they are written.

/// Names that differ, not too many and none of them too long.
struct LabelNames {
  /// What a name, or one more of them, should have been.
  struct Objection {
    let expected: String
    let found: String
  }

  private(set) var names: [String] = []
  private var known: Set<String> = []
  private let countLimit: Int
  private let lengthLimit: Int

  init(limit countLimit: Int, length lengthLimit: Int) {
    (self.countLimit, self.lengthLimit) = (countLimit, lengthLimit)
  }

  /// Adds a name, or says why it cannot be one.
  mutating func add(_ name: String) -> Objection? {
    let length = name.unicodeScalars.count
    guard names.count < countLimit else {
      return Objection(expected: "at most \(countLimit) attributes", found: "more")
    }
    guard 1...lengthLimit ~= length else {
      return Objection(
        expected: "an attribute's name of 1 to \(lengthLimit) characters", found: "\(length)")
    }
    guard known.insert(name).inserted else {
      return Objection(expected: "each attribute once", found: "\(name) twice")
    }
    names.append(name)
    return nil
  }
}

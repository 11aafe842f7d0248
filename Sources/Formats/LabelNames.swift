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
  /// What is named, in one word and in words for many.
  private let one: String
  private let many: String

  init(limit countLimit: Int, length lengthLimit: Int) {
    self.init(limit: countLimit, length: lengthLimit, one: "attribute", many: "attributes")
  }

  /// Names of classes.
  init(ofClasses countLimit: Int, length lengthLimit: Int) {
    self.init(limit: countLimit, length: lengthLimit, one: "class", many: "classes")
  }

  private init(limit countLimit: Int, length lengthLimit: Int, one: String, many: String) {
    (self.countLimit, self.lengthLimit, self.one, self.many) = (countLimit, lengthLimit, one, many)
  }

  /// Adds a name, or says why it cannot be one.
  mutating func add(_ name: String) -> Objection? {
    let length = name.unicodeScalars.count
    guard names.count < countLimit else {
      return Objection(expected: "at most \(countLimit) \(many)", found: "more")
    }
    guard 1...lengthLimit ~= length else {
      let whose = one == "class" ? "a class's" : "an attribute's"
      return Objection(
        expected: "\(whose) name of 1 to \(lengthLimit) characters", found: "\(length)")
    }
    guard known.insert(name).inserted else {
      return Objection(expected: "each \(one) once", found: "\(name) twice")
    }
    names.append(name)
    return nil
  }
}

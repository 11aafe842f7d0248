// Codes that are edited, what is seen in their pictures, and what is asked of an edit.

/// The codes that a repetition edits, and what is seen in their pictures.
struct EditedCodes: Sendable {
  /// The repetition.
  let number: UInt32
  /// The codes, of which the first `logits.count` are edited.
  let subject: EditSubject
  /// The logits of each picture's attributes.
  let logits: [[Float]]
  /// The standard deviation of each attribute's logit.
  let deviations: [Double]

  /// Codes with what is seen in their pictures.
  init(_ number: UInt32, _ subject: EditSubject, logits: [[Float]]) {
    (self.number, self.subject, self.logits) = (number, subject, logits)
    deviations = (logits.first ?? []).indices.map { attribute in
      let values = logits.map { Double($0[attribute]) }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (squares / Double(values.count)).squareRoot()
    }
  }

  /// Whether a picture shows an attribute.
  func shows(_ code: Int, _ attribute: Int) -> Bool { logits[code][attribute] > 0 }

  /// For each code the next one, from the last on to the first, of which the opposite is seen; nil
  /// where there is none.
  func opposites(_ attribute: Int) -> [Int?] {
    var next: [Bool: Int] = [:]
    var found = [Int?](repeating: nil, count: logits.count)
    // Twice around, from behind: what was passed last is what comes next.
    for place in stride(from: 2 * logits.count - 1, through: 0, by: -1) {
      let code = place % logits.count
      let isShown = shows(code, attribute)
      found[code] = next[!isShown]
      next[isShown] = code
    }
    return found
  }
}

/// What edits one attribute of a repetition's codes.
struct AttributeEdit: Sendable {
  let attribute: AttributeChoice
  let editor: CodeEditor
  let codes: EditedCodes
  /// The codes that are edited, each with the one that it takes the attribute over from, if any.
  let pairs: [(code: Int, reference: Int?)]

  init(_ attribute: AttributeChoice, by editor: CodeEditor, of codes: EditedCodes) {
    (self.attribute, self.editor, self.codes) = (attribute, editor, codes)
    guard editor.needsReference else {
      pairs = codes.logits.indices.map { ($0, nil) }
      return
    }
    pairs = codes.opposites(attribute.index).enumerated().compactMap {
      code, reference -> (code: Int, reference: Int?)? in
      guard let reference else { return nil }
      return (code, reference)
    }
  }

  /// Whether the attribute is given to a code, not taken away.
  func gives(_ code: Int) -> Bool { !codes.shows(code, attribute.index) }

  /// Whether an edited picture is as asked.
  func succeeds(_ code: Int, _ logits: [Float]) -> Bool {
    (logits[attribute.index] > 0) == gives(code)
  }

  /// The places of all other attributes.
  var others: [Int] { codes.deviations.indices.filter { $0 != attribute.index } }

  /// The share of other attributes that an edited picture shows as the unedited one does.
  func kept(_ code: Int, _ logits: [Float]) -> Double {
    let others = others
    let same = others.count { (logits[$0] > 0) == codes.shows(code, $0) }
    return Double(same) / Double(others.count)
  }

  /// How much the logits of other attributes changed, in their deviations; nil if none varies.
  func dependency(_ code: Int, _ logits: [Float]) -> Double? {
    let others = others.filter { codes.deviations[$0] > 0 }
    guard !others.isEmpty else { return nil }
    let changes = others.map { other in
      Double((logits[other] - codes.logits[code][other]).magnitude) / codes.deviations[other]
    }
    return changes.reduce(0, +) / Double(changes.count)
  }
}

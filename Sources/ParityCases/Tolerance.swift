// How far computed numbers may be from expected ones, in general and for named tensors.

/// A bound for the error of each element: `atol + rtol * |want| + relativeToMax * max|want|`.
package struct Tolerance: Hashable, Sendable, CustomStringConvertible {
  package var atol: Double
  package var rtol: Double
  package var relativeToMax: Double

  package init(atol: Double, rtol: Double, relativeToMax: Double) {
    (self.atol, self.rtol, self.relativeToMax) = (atol, rtol, relativeToMax)
  }

  init(_ object: StrictObject) throws(CaseError) {
    self.init(
      atol: try object.value("atol"), rtol: try object.value("rtol"),
      relativeToMax: try object.value("relative_to_max"))
  }

  /// The three numbers that are not 0, under the names that case files use.
  package var description: String {
    let numbers = [("atol", atol), ("rtol", rtol), ("relative_to_max", relativeToMax)]
    let parts = numbers.filter { $0.1 != 0 }.map { "\($0.0) \($0.1)" }
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }
}

/// The tolerance of every tensor of a case.
package struct ToleranceTable: Sendable {
  private let general: Tolerance
  /// Names and globs with their own tolerance, in the order of the file.
  private let overrides: [(pattern: String, tolerance: Tolerance)]

  package init(_ object: StrictObject) throws(CaseError) {
    general = try Tolerance(object)
    let named = try object.object("overrides")
    var overrides: [(pattern: String, tolerance: Tolerance)] = []
    for pattern in named.keys {
      overrides.append((pattern, try Tolerance(named.object(pattern))))
    }
    self.overrides = overrides
  }

  /// The tolerance of one tensor: by its own name, else by the first glob, else the general one.
  package func tolerance(for name: String) -> Tolerance {
    let exact = overrides.first { $0.pattern == name }
    let found = exact ?? overrides.first { matches(name, glob: $0.pattern) }
    return found?.tolerance ?? general
  }
}

/// Whether a glob describes a name; `*` is any run of characters, nothing else is special.
///
/// - Parameters:
///   - name: The whole name.
///   - glob: The pattern.
/// - Returns: Whether the pattern covers the name from its first to its last character.
package func matches(_ name: String, glob: String) -> Bool {
  let pieces = glob.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
  guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else {
    return name == glob
  }
  let name = Array(name.utf8)
  guard name.count >= first.count + last.count, name.starts(with: first),
    name.suffix(last.count).elementsEqual(last)
  else { return false }
  // The pieces between the ends are taken as early as possible, which leaves most for the rest.
  var rest = name.dropFirst(first.count).dropLast(last.count)
  for piece in pieces.dropFirst().dropLast() {
    while !rest.starts(with: piece) {
      guard !rest.isEmpty else { return false }
      rest = rest.dropFirst()
    }
    rest = rest.dropFirst(piece.count)
  }
  return true
}

// Running one case: a report that it passed, or of all that is off; nothing is thrown.

import Checkpoints
import Formats
import Tensors

/// What came of one case.
package struct ParityReport: Sendable {
  /// The case's folder, without the path that leads to it.
  package let name: String
  /// A line for each expected tensor that is off, or why the case could not be run.
  package let failures: [String]
  /// Whether every expected tensor was computed and close enough.
  package var passed: Bool { failures.isEmpty }

  /// Runs the case in a folder.
  ///
  /// - Parameter folder: The folder that holds `case.json`.
  package init(folder: String) {
    name = folder.split(separator: "/").last.map(String.init) ?? folder
    do {
      failures = try ParityCase(folder: folder).differences().map { oneLine($0, limit: 1000) }
    } catch {
      failures = [oneLine("\(error)", limit: 1000)]
    }
  }
}

extension ParityCase {
  /// Computes the case in every way that its kind knows.
  ///
  /// - Returns: A line for each expected tensor that is off.
  /// - Throws: Why it could not be computed.
  func differences() throws -> [String] {
    guard let kind = ParityKind.named(kind, of: system) else {
      throw CaseError("no kind \(kind) of the system \(system) is known")
    }
    return try kind.ways.flatMap { way in
      let inputs = try CaseInputs(self)
      let computed = try way.compute(inputs)
      try inputs.config.requireFullyRead()
      return try differences(computed).map { (way.name.map { "[\($0)] " } ?? "") + $0 }
    }
  }

  private func differences(_ computed: Computed) throws -> [String] {
    try expected.compactMap { name, stored in
      let want = try Tensor.reading(stored)
      let got = try computedPart(name, of: computed, storedShape: stored.shape)
      let found = difference(
        of: got, from: want, tolerance: tolerances.tolerance(for: name), upToSign: signs[name])
      return found.map { "\(name): \($0)" }
    }
  }

  private func computedPart(_ name: String, of computed: Computed, storedShape: [Int])
    throws(CaseError) -> Tensor?
  {
    guard let part = parts[name] else { return computed[name] }
    guard let full = computed[part.whole] else { return nil }
    return try part.taken(from: full, storedShape: storedShape)
  }
}

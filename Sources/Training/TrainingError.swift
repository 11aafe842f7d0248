// Why training cannot go on.

/// Why training cannot go on, on one line.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss, or a score that it is made of, is infinite or not a number.
  case nonFiniteLoss(phase: TrainingPhase, loss: String, iteration: Int, count: Int, of: Int)
  /// A batch or a saved state does not fit the networks: what, what was expected, what was found.
  case misfit(String, expected: String, found: String)

  /// What is wrong, what was expected and what was found.
  public var description: String {
    switch self {
    case .nonFiniteLoss(let phase, let loss, let iteration, let count, let all):
      "\(loss) in phase \(phase.rawValue) of iteration \(iteration): expected finite numbers, "
        + "found \(count) of \(all) that are not"
    case .misfit(let what, let expected, let found):
      "\(what): expected \(expected), found \(found)"
    }
  }
}

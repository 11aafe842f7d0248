// What an examination of the machine and the installation found, as plain values.

/// What was found on this machine and in this installation.
public struct DoctorReport: Encodable, Sendable {
  /// How something is.
  public enum State: String, Codable, Sendable {
    /// As it should be.
    case ok
    /// Worth knowing, and no reason not to go on.
    case note
    /// Not as it should be.
    case wrong
  }

  /// Something that was looked at.
  public struct Check: Codable, Hashable, Sendable {
    /// What was looked at, in a word or two.
    public let subject: String
    /// How it is.
    public let state: State
    /// What was found, and what follows.
    public let found: String
    /// The command that mends it, if there is one.
    public let remedy: String?

    package init(_ subject: String, _ state: State, _ found: String, remedy: String? = nil) {
      (self.subject, self.state, self.found, self.remedy) = (subject, state, found, remedy)
    }

    /// Something that is as it should be.
    package init(_ subject: String, _ found: String) { self.init(subject, .ok, found) }
  }

  /// Things that belong together.
  public struct Group: Codable, Hashable, Sendable {
    /// What they are.
    public let name: String
    /// What was looked at, in reading order.
    public let checks: [Check]

    package init(name: String, checks: [Check]) { (self.name, self.checks) = (name, checks) }
  }

  /// The way that an operator takes on this machine, tried on a tiny input.
  public struct OperatorPath: Codable, Hashable, Sendable {
    /// The operator.
    public let name: String
    /// What computes it.
    public let path: String
    /// Why.
    public let reason: String
    /// How it was tried: against what.
    public let reference: String
    /// The largest difference from the reference, relative to its largest number.
    public let difference: Double
    /// The largest difference that rounding explains.
    public let tolerance: Double

    /// Whether the way gives what the reference does.
    public let state: State

    init(
      name: String, path: String, reason: String, reference: String, difference: Double,
      tolerance: Double
    ) {
      (self.name, self.path, self.reason) = (name, path, reason)
      (self.reference, self.difference, self.tolerance) = (reference, difference, tolerance)
      // False for what is not a number, too.
      state = difference <= tolerance ? .ok : .wrong
    }
  }

  /// Stylist's version.
  public let version: String
  /// The worst state of all that was looked at.
  public let state: State
  /// Everything that was looked at.
  public let groups: [Group]
  /// The ways of operators.
  public let operators: [OperatorPath]

  package init(groups: [Group], operators: [OperatorPath]) {
    version = stylistVersion
    (self.groups, self.operators) = (groups, operators)
    let states = groups.flatMap { $0.checks.map(\.state) } + operators.map(\.state)
    state = states.contains(.wrong) ? .wrong : states.contains(.note) ? .note : .ok
  }

  /// What is wrong, by name; empty if nothing is.
  public var wrongSubjects: [String] {
    groups.flatMap(\.checks).filter { $0.state == .wrong }.map(\.subject)
      + operators.filter { $0.state == .wrong }.map(\.name)
  }
}

// What a picture says about how it was made.

import Formats

/// The command that made a picture and from what, written into the picture as text.
public struct Provenance: Hashable, Sendable {
  /// The command line that makes the picture again.
  public var command: String
  /// The network, as the command names it.
  public var network: String
  /// The seed or seeds; nil for pictures of given codes.
  public var seed: String?

  /// A record of a command.
  public init(command: String, network: String, seed: String? = nil) {
    (self.command, self.network, self.seed) = (command, network, seed)
  }

  /// The texts for a PNG file.
  var texts: [PNG.Text] {
    let all: [(String, String?)] = [
      ("Software", "Stylist \(stylistVersion)"), ("Command", command), ("Network", network),
      ("Seed", seed),
    ]
    return all.compactMap { key, value in value.map { PNG.Text(key: key, value: $0) } }
  }
}

/// The version of this program and library.
public let stylistVersion = "0.1.0"

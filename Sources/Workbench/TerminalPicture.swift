// Pictures in terminals: which way of showing them a terminal knows, and what to write to it.

import Formats
import Foundation

/// A way in which terminals show pictures.
public enum TerminalPicture: Sendable {
  /// The graphics protocol of kitty.
  case kitty
  /// The inline images of iTerm2.
  case iTerm2
  /// Sixels.
  case sixel

  /// The way that a terminal is known to have by its name; nil if its name does not say.
  ///
  /// - Parameter environment: The variables that terminals set.
  /// - Returns: The way, or nil.
  public static func named(in environment: [String: String]) -> TerminalPicture? {
    // Multiplexers do not pass pictures on.
    guard environment["TMUX"] == nil, environment["STY"] == nil else { return nil }
    let (program, term) = (environment["TERM_PROGRAM"] ?? "", environment["TERM"] ?? "")
    if environment["KITTY_WINDOW_ID"] != nil || term == "xterm-kitty" || term == "xterm-ghostty" {
      return .kitty
    }
    if ["iTerm.app", "WezTerm", "mintty", "rio"].contains(program) { return .iTerm2 }
    return nil
  }

  /// The question whose answer says whether a terminal draws sixels: its primary device attributes.
  public static let question: [UInt8] = Array("\u{1B}[c".utf8)

  /// Whether a terminal that answers this draws sixels.
  ///
  /// - Parameter answer: What the terminal said to `question`, such as `ESC [ ? 62 ; 4 c`.
  /// - Returns: Whether attribute 4 is among those listed.
  public static func drawsSixels(_ answer: String) -> Bool {
    guard let attributes = answer.firstMatch(of: /\u{1B}\[\?([0-9;]*)c/) else { return false }
    return attributes.1.split(separator: ";").dropFirst().contains("4")
  }

  /// What to write to a terminal so that it shows a picture and goes to the next line.
  ///
  /// - Parameter file: A PNG file.
  /// - Returns: The bytes.
  /// - Throws: `FileError` if it is none.
  public func bytes(showing file: String) throws -> [UInt8] {
    let png = try ByteRegion(mapping: file).copy()
    switch self {
    case .sixel: return Sixel.bytes(of: try PNG(path: file).image) + [10]
    case .kitty: return Array(Self.kitty(png).utf8)
    case .iTerm2:
      let content = Data(png).base64EncodedString()
      return Array("\u{1B}]1337;File=inline=1;size=\(png.count):\(content)\u{7}\n".utf8)
    }
  }

  /// A PNG file in parts of at most 4096 characters, as kitty wants it.
  private static func kitty(_ png: [UInt8]) -> String {
    let content = Array(Data(png).base64EncodedString())
    let parts = stride(from: 0, to: content.count, by: 4096).map {
      String(content[$0..<min($0 + 4096, content.count)])
    }
    return parts.enumerated().map { index, part in
      let start = index == 0 ? "f=100,a=T," : ""
      return "\u{1B}_G\(start)m=\(index == parts.count - 1 ? 0 : 1);\(part)\u{1B}\\"
    }.joined() + "\n"
  }
}

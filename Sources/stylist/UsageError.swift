// Command lines that cannot be meant, and what a mistyped subcommand was probably meant to be.

import ArgumentParser
import Workbench

/// A command line that cannot be meant.
struct UsageError: Error, CustomStringConvertible {
  /// What was expected and what was found, on one line.
  let description: String

  init(_ description: String) { self.description = description }

  /// An error about a command line, if one of its first words is none of the subcommands.
  init?(_ arguments: [String], of root: any ParsableCommand.Type) {
    var (command, path) = (root, [String]())
    for word in arguments {
      let subcommands = command.configuration.subcommands
      guard !word.hasPrefix("-"), !subcommands.isEmpty, word != "help" else { return nil }
      path.append(word)
      guard let next = subcommands.first(where: { $0._commandName == word }) else {
        self.init(unknown: path, among: subcommands.map { $0._commandName })
        return
      }
      command = next
    }
    return nil
  }

  /// What the argument parser says, and what was probably meant by an argument such as `class:3`.
  static func withHint(_ message: String) -> String {
    guard let match = message.wholeMatch(of: /Unexpected argument '-?([a-z][a-z-]+)[:=](.*)'/)
    else {
      return message
    }
    return "\(message); options begin with two hyphens: did you mean --\(match.1)=\(match.2)?"
  }

  private init(unknown path: [String], among commands: [String]) {
    let word = path.last ?? ""
    let hint = suggestion(for: word, among: commands).map { "did you mean '\($0)'?" }
    description =
      "there is no command '\(path.joined(separator: " "))'; "
      + (hint ?? "the commands are \(commands.joined(separator: ", "))")
  }
}

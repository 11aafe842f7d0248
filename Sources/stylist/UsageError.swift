// Command lines that cannot be meant, and what a mistyped subcommand was probably meant to be.

import ArgumentParser

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

  private init(unknown path: [String], among commands: [String]) {
    let word = path.last ?? ""
    let near = commands.map { (command: $0, distance: editDistance(word, $0)) }
      .min { $0.distance < $1.distance }
    let hint = near.flatMap { $0.distance <= 3 ? "did you mean '\($0.command)'?" : nil }
    description =
      "there is no command '\(path.joined(separator: " "))'; "
      + (hint ?? "the commands are \(commands.joined(separator: ", "))")
  }
}

/// The letters to insert, remove or exchange to make one word of another.
private func editDistance(_ first: String, _ second: String) -> Int {
  let second = Array(second)
  var row = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<second.count {
      let exchange = diagonal + (letter == second[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(exchange, diagonal + 1, row[j] + 1)
    }
  }
  return row[second.count]
}

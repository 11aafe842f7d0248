// The commands of the README: all of them run, in their order, as somebody would type them.

import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("README")
struct ReadmeTests {
  /// The lines of all shell blocks, but for those that call make, which runs this test.
  private func commands() throws -> [String] {
    let text = try String(contentsOfFile: "\(repository)/README.md", encoding: .utf8)
    var (isInside, lines) = (false, [String]())
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```sh"
      } else if isInside, !line.hasPrefix("make ") {
        lines.append(String(line))
      }
    }
    return lines
  }

  /// What is exchanged for what, so that commands end in seconds.
  private func shortenings() throws -> [(long: String, short: String)] {
    let path = "\(repository)/Tests/StylistTests/ShortenedCommands.txt"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return try lines.filter { !$0.hasPrefix("#") }.map { line in
      let parts = line.split(separator: " => ")
      try #require(parts.count == 2, "\(line)")
      return (String(parts[0]), String(parts[1]))
    }
  }

  @Test("every command works, long ones shortened as ShortenedCommands.txt says")
  func commandsWork() async throws {
    var script = try commands().joined(separator: "\n")
    #expect(script.split(separator: "\n").count { $0.hasPrefix(".build/release/stylist ") } > 15)
    for (long, short) in try shortenings() {
      #expect(script.contains(long), "nothing in README is shortened by: \(long)")
      script = script.replacing(long, with: short)
    }
    try await withScratchFolder { folder in
      let files = FileManager.default
      try files.createDirectory(
        atPath: "\(folder)/.build/release", withIntermediateDirectories: true)
      for (name, target) in [
        (".build/release/stylist", program("stylist")), ("Tests", "\(repository)/Tests"),
      ] {
        try files.createSymbolicLink(
          atPath: "\(folder)/\(name)", withDestinationPath: target)
      }
      let result = try await Subprocess.run(
        .path("/bin/bash"), arguments: ["-eux", "-o", "pipefail", "-c", script],
        environment: environment(path: nil), workingDirectory: FilePath(folder), input: .none,
        output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
      let last = result.standardError.split(separator: "\n").suffix(4)
      #expect(code(result.terminationStatus) == 0, "\(last.joined(separator: "\n"))")
    }
  }
}

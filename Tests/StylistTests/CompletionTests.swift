// The scripts with which shells complete command lines.

import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("Completions")
struct CompletionTests {
  /// Where a shell is, if it is installed.
  private func path(of shell: String) -> String? {
    ["/bin", "/usr/bin", "/usr/local/bin"].map { "\($0)/\(shell)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private func script(_ shell: String) async throws -> String {
    let outcome = try await stylist(["completions", shell])
    #expect(outcome.exitCode == 0 && outcome.stderr.isEmpty)
    return outcome.stdout
  }

  /// What bash offers for the last of the words.
  private func offers(_ words: [String], in folder: String) async throws -> [String] {
    try put(Array(try await script("bash").utf8), at: "\(folder)/.complete.bash")
    let ask = #"""
      source ./.complete.bash; shift 0
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      COMP_TYPE=9; COMP_KEY=9
      asked=$(complete -p stylist); asked=${asked##*-F }
      "${asked%% *}" stylist "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\n' "${COMPREPLY[@]}"
      """#
    let bash = try #require(path(of: "bash"))
    let result = try await Subprocess.run(
      .path(FilePath(bash)), arguments: Arguments(["--norc", "-c", ask, "bash"] + words),
      workingDirectory: FilePath(folder), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    #expect(result.standardError.isEmpty)
    return result.standardOutput.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }

  @Test(
    "say how they are installed, and the shells accept them", arguments: ["bash", "zsh", "fish"])
  func syntax(shell: String) async throws {
    let script = try await script(shell)
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    // zsh takes the first line for its own.
    #expect(lines[shell == "zsh" ? 1 : 0].hasPrefix("# To install: "))
    #expect(shell != "zsh" || lines[0] == "#compdef stylist")
    #expect(script.contains("generate") && lines.count > 50)
    guard let program = path(of: shell) else { return }
    try await withScratchFolder { folder in
      try put(Array(script.utf8), at: "\(folder)/script")
      let result = try await Subprocess.run(
        .path(FilePath(program)), arguments: ["-n", "\(folder)/script"], output: .discarded,
        error: .string(limit: 1 << 16))
      #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
    }
  }

  @Test("bash completes commands, options, names and files")
  func bash() async throws {
    guard path(of: "bash") != nil else { return }
    try await withScratchFolder { folder in
      for name in ["a.pkl", "b.safetensors", "c.png"] { try put([], at: "\(folder)/\(name)") }
      #expect(try await offers(["stylist", "gen"], in: folder) == ["generate"])
      #expect(try await offers(["stylist", ""], in: folder).contains("doctor"))
      #expect(try await offers(["stylist", "model", "ver"], in: folder) == ["verify"])
      #expect(try await offers(["stylist", "generate", "--see"], in: folder) == ["--seeds"])
      let files = try await offers(["stylist", "generate", "--network", ""], in: folder)
      #expect(files.sorted() == ["a.pkl", "b.safetensors"])
      let recipes = try await offers(["stylist", "train", "gan", "--cfg", "pap"], in: folder)
      #expect(recipes == ["paper256", "paper512", "paper1024"])
      #expect(try await offers(["stylist", "completions", "z"], in: folder) == ["zsh"])
      let modes = try await offers(["stylist", "generate", "--noise-mode", ""], in: folder)
      #expect(modes.sorted() == ["const", "none", "random"])
      // As bash divides `--noise-mode=r`, and as it does not where somebody told it so.
      let divided = ["stylist", "generate", "--noise-mode", "=", "r"]
      #expect(try await offers(divided, in: folder) == ["random"])
      #expect(
        try await offers(["stylist", "generate", "--noise-mode=r"], in: folder)
          == ["--noise-mode=random"])
      let begun = ["stylist", "generate", "--noise-mode", "="]
      #expect(try await offers(begun, in: folder).sorted() == modes.sorted())
    }
  }

  @Test("64: another shell")
  func unknown() async throws {
    expect(try await stylist(["completions", "csh"]), endsWith: 64, saying: "'bash', 'zsh' or")
  }
}

// The help texts, word for word.

import Foundation
import Testing

@Suite("Help")
struct HelpTests {
  /// To write the texts anew after a change, run the tests with this variable set.
  private let isRecording = ProcessInfo.processInfo.environment["STYLIST_RECORD_SNAPSHOTS"] != nil

  private func snapshot(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/\(name).txt")
  }

  static let commands = [
    "", "generate", "mix", "noise", "video", "attention", "align", "project", "invert",
    "directions", "directions sefa", "directions pca", "directions svm",
    "directions attributes", "edit", "edit label",
    "edit reference", "edit direction", "metrics", "metrics generator",
    "metrics folders", "metrics pairs", "metrics disentanglement", "metrics inversion",
    "metrics editing", "model",
    "model list", "model inspect", "model verify", "model convert", "model scan", "dataset",
    "dataset create", "dataset portraits",
    "dataset inspect", "dataset augment", "dataset verify", "dataset fetch", "train", "train gan",
    "train ladder", "train encoder", "train encoder-ladder",
    "train attributes", "train identity", "train perceptual", "train latent-classifier",
    "train edit", "runs", "runs list", "runs show",
    "runs compare", "runs prune", "bench", "bench generate", "bench encode", "bench train",
    "bench tables",
    "doctor",
    "completions",
  ]

  @Test("is as recorded", arguments: commands)
  func text(command: String) async throws {
    let words = command.split(separator: " ").map(String.init)
    let outcome = try await stylist(words + ["--help"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stderr.isEmpty)
    let file = snapshot(words.isEmpty ? "stylist" : words.joined(separator: "-"))
    if isRecording { try Data(outcome.stdout.utf8).write(to: file) }
    #expect(outcome.stdout == (try String(contentsOf: file, encoding: .utf8)))
  }

  @Test("shows examples before anything else, none of which is wrapped")
  func examples() async throws {
    for command in Self.commands {
      let words = command.split(separator: " ").map(String.init)
      let lines = try await stylist(words + ["--help"]).stdout.split(separator: "\n")
      #expect(lines[1] == "EXAMPLES")
      #expect(lines[2].hasPrefix("  stylist "))
      #expect(lines.allSatisfy { $0.count <= 80 })
    }
  }

  @Test("comes without a command, and the version when asked for")
  func root() async throws {
    let (bare, help) = (try await stylist([]), try await stylist(["--help"]))
    #expect(bare.stdout == help.stdout)
    #expect(bare.exitCode == 0)
    let version = try await stylist(["--version"])
    #expect(version.stdout.contains(/^\d+\.\d+\.\d+\n$/))
  }

  @Test("typing errors get a suggestion")
  func typing() async throws {
    expect(try await stylist(["generatr"]), endsWith: 64, saying: "did you mean 'generate'?")
    expect(try await stylist(["frobnicate"]), endsWith: 64, saying: "generate, mix, noise, video")
    expect(try await stylist(["model", "inspct"]), endsWith: 64, saying: "mean 'inspect'?")
    expect(try await stylist(["model", "train"]), endsWith: 64, saying: "'model train'")
    let option = try await stylist(["generate", "--sedes=1", "--outdir=x"])
    #expect(option.exitCode == 64)
    #expect(option.stderr.contains("--seeds"))
  }
}

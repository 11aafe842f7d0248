// Models that come with the program: their names stand where files may stand.

import Foundation
import Testing
import TestSupport

@Suite("Shipped models")
struct ShippedModelTests {
  /// Runs the program with the models of a folder, of which `tiny` is the only one.
  private func stylist(_ arguments: [String], in folder: String) async throws -> Outcome {
    let model = "\(folder)/models/tiny"
    if !FileManager.default.fileExists(atPath: model) {
      try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
      let made = try await StylistTests.stylist([
        "model", "convert", plainNetwork, "\(model)/network.safetensors", "--licence=CC0-1.0",
      ])
      #expect(made.exitCode == 0, "\(made.stderr)")
    }
    return try await StylistTests.stylist(
      arguments, after: "export STYLIST_MODELS='\(folder)/models'", in: folder)
  }

  @Test("every command that takes a network takes a name")
  func names() async throws {
    try await withScratchFolder { folder in
      let commands = [
        ["generate", "--network=tiny", "--seeds=0", "--outdir=out"],
        ["model", "verify", "tiny"], ["model", "convert", "tiny", "t.pt", "--to=nvidia"],
        ["model", "inspect", "tiny"],
        ["generate", "--network=\(folder)/models/tiny", "--seeds=0", "--outdir=out"],
      ]
      for command in commands {
        let outcome = try await stylist(command, in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        if command.last == "tiny" { #expect(outcome.stdout.contains("tiny"), "\(command)") }
      }
      let start = try await stylist(
        [
          "train", "gan", "--data=portraits", "--res=16", "--cbase=128", "--cmax=8",
          "--z-dim=16", "--w-dim=16",
          "--init-from=tiny", "--outdir=runs", "-n",
        ], in: folder)
      #expect(start.exitCode == 0, "\(start.stderr)")
    }
  }

  @Test("the list shows them, and a model says its terms")
  func list() async throws {
    try await withScratchFolder { folder in
      let list = try await stylist(["model", "list", "--json"], in: folder)
      let shipped = try #require(try list.json()["shipped"] as? [[String: String]])
      #expect(
        shipped == [["name": "tiny", "file": "\(folder)/models/tiny/network.safetensors"]])
      let lines = try await stylist(["model", "list"], in: folder)
      #expect(lines.stdout.contains("    tiny  a generator\n"))
      let inspected = try await stylist(["model", "inspect", "tiny"], in: folder)
      #expect(inspected.stdout.contains("CC0-1.0"))
    }
  }

  @Test("a file of the same name comes first; a name of nothing is answered with the nearest")
  func others() async throws {
    try await withScratchFolder { folder in
      let wrong = try await stylist(
        ["generate", "--network=tyny", "--seeds=0", "--outdir=out"], in: folder)
      #expect(wrong.exitCode == 66)
      #expect(wrong.words.count == 1 && wrong.stderr.contains("did you mean tiny?"))
      try Data("a text".utf8).write(to: URL(filePath: "\(folder)/tiny"))
      let file = try await stylist(
        ["generate", "--network=tiny", "--seeds=0", "--outdir=out"], in: folder)
      #expect(file.exitCode == 65, "\(file.stderr)")
    }
  }

  @Test("terms of use need a form that has room for them")
  func licence() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        ["model", "convert", "tiny", "t.pt", "--to=nvidia", "--licence=CC0-1.0"], in: folder)
      #expect(outcome.exitCode == 64 && outcome.stderr.contains("--licence goes with safetensors"))
    }
  }
}

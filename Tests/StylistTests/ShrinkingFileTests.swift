// A file that somebody makes shorter while the program reads it.

import Checkpoints
import Foundation
import Layers
import Networks
import Subprocess
import SystemPackage
import Tensors
import TestSupport
import Testing

@Suite("Shrinking files")
struct ShrinkingFileTests {
  /// Whether the system says which files a process has mapped into memory.
  static let showsMappedFiles = FileManager.default.isReadableFile(atPath: "/proc/self/maps")

  @Test(
    "74: a file that becomes shorter while it is read ends the program in one line",
    .enabled(if: showsMappedFiles))
  func shrinking() async throws {
    let g = StyleGAN2(
      StyleGAN2Configuration(resolution: 64), Scope(ParameterStore(), device: .cpu))
    try await withScratchFolder { folder in
      let path = "\(folder)/large.safetensors"
      var outcome: Outcome?
      // The program may have read all of it before it is cut; seldom twice.
      for _ in 0..<20 where outcome?.exitCode != 74 {
        try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
        outcome = try await inspect(cutting: path)
        try #require(outcome?.exitCode == 0 || outcome?.exitCode == 74, "\(outcome?.stderr ?? "")")
      }
      expect(
        try #require(outcome), endsWith: 74,
        saying: "stylist: a file became shorter while it was read, or its disk failed\n")
    }
  }

  /// Looks into a file, and cuts it as soon as it is mapped.
  private func inspect(cutting path: String) async throws -> Outcome {
    let result = try await Subprocess.run(
      .path(FilePath(program("stylist"))), arguments: ["model", "inspect", path],
      input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
    ) { execution in
      let maps = "/proc/\(execution.processIdentifier.value)/maps"
      // A process that has ended has none.
      while let text = try? String(contentsOfFile: maps, encoding: .utf8), !text.isEmpty {
        if text.contains(path) { break }
      }
      try #require(truncate(path, 0) == 0)
    }
    return Outcome(result.terminationStatus, result.standardOutput, result.standardError)
  }
}

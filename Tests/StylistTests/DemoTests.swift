// The demonstration, and the model that comes with the project: what a newcomer sees first.

import Formats
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("Demonstration")
struct DemoTests {
  private static let model = "\(repository)/Models/stylegan2-portraits64"

  @Test("the demonstration makes its four pictures where it is told, and says where they are")
  func demo() async throws {
    try await withScratchFolder { folder in
      let out = "\(folder)/a folder"
      let result = try await Subprocess.run(
        .path("/bin/bash"), arguments: ["\(repository)/Scripts/demo.sh", out],
        environment: environment(path: nil).updating(["STYLIST": program("stylist")]),
        workingDirectory: FilePath(folder), input: .none,
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
      try #require(code(result.terminationStatus) == 0, "\(result.standardError)")
      let lines = result.standardOutput.split(separator: "\n")
      let said = lines.last ?? ""
      for (name, width, height) in [
        ("samples/grid.png", 6 * 64, 6 * 64), ("mixing/grid.png", 7 * 128, 7 * 128),
        ("truncation/grid.png", 6 * 128, 3 * 128),
      ] {
        // Words stand beside pictures that are shown twice as large.
        let margin = width == 6 * 64 ? 0 : 1
        let picture = try ByteImage(path: "\(out)/\(name)")
        #expect(
          width + margin...width + 300 * margin ~= picture.width
            && height + margin...height + 150 * margin ~= picture.height,
          "\(name): \(picture.width)×\(picture.height)")
        #expect(said.contains("\(out)/\(name)"))
      }
      let walk = try WebPFrames(ByteRegion(mapping: "\(out)/walk.webp"), limits: ImageLimits())
      #expect(walk.count == 80)
      #expect(said.contains("\(out)/walk.webp"))

      let readme = try String(contentsOfFile: "\(repository)/README.md", encoding: .utf8)
      let commands = lines.filter { $0.hasPrefix("$ stylist ") }.map {
        $0.dropFirst(2).replacing(out, with: "demo").replacing(" --show", with: "")
      }
      #expect(commands.count == 4)
      for command in commands {
        #expect(readme.contains(".build/release/\(command)"), "README shows another command")
      }
    }
  }

  @Test("the model is small, says its terms, and stands with what it was made by")
  func shippedModel() async throws {
    let attributes = try FileManager.default.attributesOfItem(
      atPath: "\(Self.model)/network.safetensors")
    #expect(try #require(attributes[.size] as? Int) <= 8 << 20)
    let inspected = try await stylist(["model", "inspect", "stylegan2-portraits64"])
    #expect(inspected.stdout.contains("licence CC0-1.0"))
    let options = try Data(contentsOf: URL(filePath: "\(Self.model)/training_options.json"))
    let recorded = try #require(try JSONSerialization.jsonObject(with: options) as? [String: Any])
    let command = try #require(recorded["command"] as? String)
    let readme = try String(contentsOfFile: "\(Self.model)/README.md", encoding: .utf8)
    #expect(readme.contains(command), "the command of the training is not in the model's README")
  }
}

// `stylist train perceptual`: what a dry run says, and which places are refused.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Train perceptual")
struct TrainPerceptualCommandTests {
  private let classifier = "--classifier=attributes-portraits64"

  @Test("a dry run says what would be looked at, written and made, and makes nothing")
  func plan() async throws {
    try await withScratchFolder { folder in
      let arguments = [
        "train", "perceptual", classifier, "--data=portraits", "--count=3", "--held-out=2", "-n",
      ]
      let here = try await stylist(arguments + ["--out=d.safetensors"], in: folder)
      #expect(
        here.stdout == "would look at 5 pictures\nwould write d.safetensors\n", "\(here.stderr)")
      let deep = ["--out=new/er/d.safetensors", "--sheet=new/er/s.png"]
      let there = try await stylist(arguments + deep, in: folder)
      #expect(
        there.stdout == "would look at 5 pictures\nwould write new/er/d.safetensors\n"
          + "would write new/er/s.png\nwould make the folder new/er\n", "\(there.stderr)")
      let json = try await stylist(arguments + deep + ["--json"], in: folder).json()
      #expect(Set(json.keys) == ["pictures", "file", "sheet", "new_folders", "dry_run"])
      #expect(json["new_folders"] as? [String] == ["new/er"] && json["pictures"] as? Int == 5)
      #expect(names(in: folder).isEmpty)
      // What cannot be made is said before the work, not after it.
      try put([1], at: "\(folder)/file")
      for dry in [["-n"], []] {
        let refused = try await stylist(
          arguments.filter { $0 != "-n" } + dry + ["--out=file/d.safetensors"], in: folder)
        expect(refused, endsWith: 73, saying: "a file called file")
      }
    }
  }

  @Test("nothing is written into the data, whatever way leads there")
  func places() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/data/inner", withIntermediateDirectories: true)
      for number in 0..<3 {
        try noise(width: 64, height: 64, channels: 3, seed: UInt32(number))
          .write(to: "\(folder)/data/\(number).png")
      }
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/link", withDestinationPath: "data")
      let start = [
        "train", "perceptual", classifier, "--data=data", "--count=1", "--held-out=2", "-n",
      ]
      for place in ["data/d", "data/inner/d", "link/d", "data/new/d", "./data/../data/d"] {
        expect(
          try await stylist(start + ["--out=\(place).safetensors"], in: folder), endsWith: 64,
          saying: "--out: expected a place outside of the data, which would be changed")
      }
      expect(
        try await stylist(start + ["--out=d.safetensors", "--sheet=data/s.png"], in: folder),
        endsWith: 64, saying: "--sheet: expected a place outside of the data")
      for (sheet, words) in [
        ("s.jpg", "--sheet: expected a name that ends in .png"),
        ("./d.png", "--sheet: expected another file than that of --out"),
      ] {
        expect(
          try await stylist(start + ["--out=d.png", "--sheet=\(sheet)"], in: folder),
          endsWith: 64, saying: words)
      }
      let beside = try await stylist(start + ["--out=data2/d.safetensors"], in: folder)
      #expect(beside.exitCode == 0, "\(beside.stderr)")
      #expect(names(in: folder) == ["data", "link"])
    }
  }
}

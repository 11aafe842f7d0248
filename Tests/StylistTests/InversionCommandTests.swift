// `stylist align`, `project`, `directions` and `edit`: what they write, what they read of one
// another, and what they refuse.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Inverting and editing")
struct InversionCommandTests {
  /// Writes a small photograph.
  private func photograph(in folder: String) throws -> String {
    let file = "\(folder)/photo.png"
    let pixels = (0..<24 * 16 * 3).map { UInt8($0 * 7 % 256) }
    try PNG(image: ByteImage(width: 24, height: 16, channels: 3, pixels: pixels)).write(to: file)
    return file
  }

  @Test("project writes what it looks at, and codes that draw the same picture again")
  func project() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      let arguments =
        ["project"] + untrained + [
          "--target=\(photo)", "--num-steps=3", "--noise=stored", "--space=w+", "--save-video",
          "--outdir=out",
        ]
      let dry = try await stylist(arguments + ["-n"], in: folder)
      #expect(dry.exitCode == 0 && names(in: folder) == ["photo.png"])
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(outcome.stdout.contains("distance "))
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "distance.png", "proj.png", "proj.webp", "projected_w.npz",
          "target.png",
        ])
      let picture = try PNG(path: "\(folder)/out/proj.png").image
      for file in ["projected_w.npz", "codes.safetensors"] {
        let again = try await stylist(
          ["generate"] + untrained + ["--projected-w=out/\(file)", "--outdir=again"], in: folder)
        #expect(again.exitCode == 0, "\(again.stderr)")
        #expect(try PNG(path: "\(folder)/again/proj00.png").image == picture, "\(file)")
      }
      // The search goes on from a code that was found.
      let further = try await stylist(
        arguments + ["--start=out/codes.safetensors", "--json"], in: folder)
      #expect(further.exitCode == 0, "\(further.stderr)")
      #expect(try further.json()["likeness"] is [String: Any])
    }
  }

  @Test("directions found from weights and from samples move pictures, each in its own way")
  func directions() async throws {
    try await withScratchFolder { folder in
      for (method, more) in [("sefa", ["--layers=0-1"]), ("pca", ["--samples=200"])] {
        let file = "\(method).safetensors"
        let found = try await stylist(
          ["directions", method] + untrained + more + ["--count=2", "--out=\(file)"], in: folder)
        #expect(found.exitCode == 0, "\(found.stderr)")
        let edited = try await stylist(
          ["edit", "direction"] + untrained + [
            "--seeds=1,2", "--direction=\(file)", "--index=1", "--strength=-2,0,2",
            "--outdir=\(method)",
          ], in: folder)
        #expect(edited.exitCode == 0, "\(edited.stderr)")
        let pictures = try ["-2", "0", "2"].map {
          try PNG(path: "\(folder)/\(method)/seed0001-strength\($0).png").image
        }
        #expect(Set(pictures).count == 3)
        let plain = try await stylist(
          ["generate"] + untrained + ["--seeds=1", "--outdir=plain"], in: folder)
        #expect(plain.exitCode == 0)
        #expect(try PNG(path: "\(folder)/plain/seed0001.png").image == pictures[1])
      }
      // Another generator's directions are told by its hash.
      let other = try await stylist(
        ["edit", "direction"] + untrained + [
          "--init-seed=5", "--seeds=1", "--direction=pca.safetensors", "--outdir=other",
        ], in: folder)
      expect(other, endsWith: 65, saying: "expected those of the generator")
    }
  }

  @Test("a boundary between codes of high and low score is a direction that edits")
  func boundary() async throws {
    try await withScratchFolder { folder in
      let (count, rows, width) = (40, 4, 512)
      var values: [Float] = []
      for index in 0..<count * rows * width {
        values.append(Float(index * 7919 % 1009) / 1009 - 0.5)
      }
      let scores = (0..<count).map { values[$0 * rows * width] }
      func array(_ numbers: [Float], _ shape: [Int]) throws -> StoredTensor {
        let bytes = numbers.withUnsafeBytes { ByteRegion(Array($0), name: "numbers") }
        return try StoredTensor(elementType: .float32, shape: shape, bytes: bytes)
      }
      try NPZ.write([("w", try array(values, [count, rows, width]))], to: "\(folder)/codes.npz")
      try put(NPY.encoded(try array(scores, [count])), at: "\(folder)/scores.npy")
      let found = try await stylist(
        ["directions", "svm"] + untrained + [
          "--latents=codes.npz", "--scores=scores.npy", "--name=first", "--share=0.25",
          "--out=first.safetensors",
        ], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let edited = try await stylist(
        ["edit", "direction"] + untrained + [
          "--seeds=1", "--direction=first.safetensors", "--index=first", "--strength=1",
          "--outdir=out",
        ], in: folder)
      #expect(edited.exitCode == 0, "\(edited.stderr)")
    }
  }

  @Test("what cannot be used is refused before anything is written")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      func refuses(_ code: Int32, _ words: String, _ arguments: [String]) async throws {
        let outcome = try await stylist(arguments + ["--outdir=out"], in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder) == ["photo.png"])
      }
      let project = ["project"] + untrained
      try await refuses(66, "none.png", project + ["--target=none.png"])
      try await refuses(65, "expected", project + ["--target=\(plainNetwork)"])
      for (option, words) in [
        ("--space=z", "--space: expected w or w+"), ("--noise=some", "--noise: expected"),
        ("--num-steps=0", "steps"), ("--learning-rate=nan", "learningRate"),
        ("--distance=lpips", "--distance"), ("--class=1", "without labels"),
      ] { try await refuses(64, words, project + ["--target=\(photo)", option]) }
      let edit = ["edit", "direction"] + untrained + ["--seeds=1"]
      try await refuses(66, "none.npy", edit + ["--direction=none.npy"])
      try await refuses(65, "expected directions", edit + ["--direction=\(photo)"])
      let outcome = try await stylist(
        ["align", "--source=\(photo)", "--points=1,2,3", "--dest=out"], in: folder)
      expect(outcome, endsWith: 64, saying: "--points: expected eight numbers")
    }
  }

  @Test("align says the photographs that it cannot use at the end, and makes all others")
  func align() async throws {
    try await withScratchFolder { folder in
      _ = try photograph(in: folder)
      let one = try await stylist(
        ["align", "--source=photo.png", "--points=8,5,15,5,9,10,14,10", "--size=16", "--dest=one"],
        in: folder)
      #expect(one.exitCode == 0, "\(one.stderr)")
      #expect(names(in: "\(folder)/one") == ["landmarks.csv", "photo.png"])
      try FileManager.default.createDirectory(
        atPath: "\(folder)/photos", withIntermediateDirectories: false)
      try put(Array("no picture".utf8), at: "\(folder)/photos/bad.png")
      try put(
        ByteRegion(mapping: "\(folder)/photo.png").copy(), at: "\(folder)/photos/photo.png")
      let many = try await stylist(
        [
          "align", "--source=photos", "--points=one/landmarks.csv", "--size=16", "--dest=many",
        ], in: folder)
      #expect(many.exitCode == 65)
      #expect(many.words.count == 2 && many.words[0].contains("photos/bad.png"))
      #expect(many.words[1] == "stylist: 1 of 2 pictures could not be used")
      #expect(many.stdout == "many/photo.png\n")
    }
  }
}

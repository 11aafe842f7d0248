// `stylist invert`: published checkpoints of encoders over folders of photographs, what is written,
// what is said, and what is refused.

import Checkpoints
import Formats
import Foundation
import Subprocess
import TestSupport
import Testing

@Suite("Inverting")
struct InvertCommandTests {
  /// Writes photographs a.png, b.png and so on.
  private func photographs(_ count: Int, in folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(folder)/photos", withIntermediateDirectories: true)
    for index in 0..<count {
      let picture = noise(width: 24, height: 16, channels: 3, seed: UInt32(index + 1))
      let letter = String(UnicodeScalar(UInt8(97 + index)))
      try PNG(image: picture).write(to: "\(folder)/photos/\(letter).png")
    }
  }

  @Test(
    "pSp's and Style Transformer's checkpoints need no other file",
    arguments: ["GradualStyleEncoder", "BackboneEncoderUsingLastLayerIntoWPlus", "transformer"])
  func published(type: String) async throws {
    try await withScratchFolder { folder in
      try photographs(2, in: folder)
      try put(Array("no picture".utf8), at: "\(folder)/photos/ab.png")
      let files = EncoderFiles()
      if type == "transformer" {
        try files.writeStyleTransformer(to: "\(folder)/encoder.pt")
      } else {
        try files.writePSp(type, to: "\(folder)/encoder.pt")
      }
      let before = names(in: folder)
      let arguments = ["invert", "--encoder=encoder.pt", "--data=photos", "--outdir=out"]
      let dry = try await stylist(arguments + ["-n"], in: folder)
      #expect(dry.exitCode == 65 && dry.words[0].contains("photos/ab.png: damaged"))
      #expect(
        dry.stdout == "would invert 2 pictures into out by encoder.pt with G_ema in encoder.pt\n")
      #expect(names(in: folder) == before)

      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 65)
      let words = outcome.words.filter { !$0.contains("begin with module.") }
      try #require(words.count == 3, "\(words)")
      #expect(words[0].contains("left out: LPIPS") && words[1].contains("photos/ab.png"))
      #expect(words[2] == "stylist: 1 of 3 pictures could not be used")
      #expect(outcome.stdout.hasPrefix("picture  by       L2"))
      #expect(
        names(in: "\(folder)/out") == [
          "a-compared.png", "a-inverted.png", "b-compared.png", "b-inverted.png",
          "codes.safetensors", "grid.png", "metrics.json",
        ])
      // The codes draw the same pictures again.
      let again = try await stylist(
        [
          "generate", "--network=encoder.pt", "--projected-w=out/codes.safetensors",
          "--outdir=again",
        ], in: folder)
      #expect(again.exitCode == 0, "\(again.stderr)")
      for (name, number) in [("a", "00"), ("b", "01")] {
        let inverted = try PNG(path: "\(folder)/out/\(name)-inverted.png")
        #expect(try PNG(path: "\(folder)/again/proj\(number).png").image == inverted.image)
        #expect(
          inverted.texts.first { $0.key == "Command" }?.value
            == "stylist invert --data=photos --encoder=encoder.pt --outdir=out")
      }
    }
  }

  @Test("refining and tuning come nearer each, and the tuned generator opens everywhere")
  func refined() async throws {
    try await withScratchFolder { folder in
      try photographs(1, in: folder)
      try EncoderFiles().writePSp("GradualStyleEncoder", to: "\(folder)/encoder.pt")
      let outcome = try await stylist(
        [
          "invert", "--encoder=encoder.pt", "--data=photos/a.png", "--refine-steps=30",
          "--learning-rate=0.1", "--tune-generator", "--tune-steps=30", "--outdir=out", "--json",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let json = try outcome.json()
      let row = try #require((json["pictures"] as? [[String: Any]])?.first)
      let stages = try #require(row["stages"] as? [[String: Any]])
      #expect(stages.compactMap { $0["stage"] as? String } == ["encoder", "refined", "tuned"])
      let l2 = stages.compactMap { ($0["figures"] as? [String: Any])?["l2"] as? Double }
      #expect(l2.count == 3 && l2[1] < l2[0] && l2[2] < l2[1])
      #expect((json["protocol"] as? [String: Any])?["noise"] as? String == "const")
      #expect(row["tuned"] as? String == "out/a-tuned.safetensors")
      let again = try await stylist(
        [
          "generate", "--network=out/a-tuned.safetensors",
          "--projected-w=out/codes.safetensors", "--outdir=again",
        ], in: folder)
      #expect(again.exitCode == 0, "\(again.stderr)")
      let pictures = try ["again/proj00.png", "out/a-inverted.png"].map {
        try PNG(path: "\(folder)/\($0)").image
      }
      #expect(pictures[0] == pictures[1])
      // Directions that were found for the generator fit the tuned one.
      let found = try await stylist(
        ["directions", "sefa", "--network=encoder.pt", "--count=1", "--out=sefa.safetensors"],
        in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let edited = try await stylist(
        [
          "edit", "direction", "--network=out/a-tuned.safetensors",
          "--latents=out/codes.safetensors", "--direction=sefa.safetensors", "--strength=1",
          "--outdir=edited",
        ], in: folder)
      #expect(edited.exitCode == 0, "\(edited.stderr)")
    }
  }

  @Test("without an encoder the search starts at the mean of w, for any generator")
  func withoutEncoder() async throws {
    try await withScratchFolder { folder in
      try photographs(1, in: folder)
      let outcome = try await stylist(
        ["invert"] + untrained + [
          "--data=photos", "--refine-steps=3", "--space=w+", "--distance=l2", "--outdir=out",
        ], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(outcome.stdout.contains("a        search"))
      let edited = try await stylist(
        ["directions", "sefa"] + untrained + ["--count=1", "--out=sefa.safetensors"], in: folder)
      #expect(edited.exitCode == 0)
      let moved = try await stylist(
        ["edit", "direction"] + untrained + [
          "--latents=out/codes.safetensors", "--direction=sefa.safetensors", "--strength=1",
          "--outdir=edited",
        ], in: folder)
      #expect(moved.exitCode == 0, "\(moved.stderr)")
    }
  }

  @Test("edit direction takes photographs, and edits the codes that invert finds")
  func editing() async throws {
    try await withScratchFolder { folder in
      try photographs(2, in: folder)
      try EncoderFiles().writePSp("GradualStyleEncoder", to: "\(folder)/encoder.pt")
      let directions = try await stylist(
        ["directions", "sefa", "--network=encoder.pt", "--count=1", "--out=sefa.safetensors"],
        in: folder)
      #expect(directions.exitCode == 0, "\(directions.stderr)")
      let photos = ["--data=photos", "--encoder=encoder.pt"]
      let edit = [
        "edit", "direction", "--network=encoder.pt", "--direction=sefa.safetensors",
        "--strength=0,2", "--outdir=edited",
      ]
      #expect(try await stylist(edit + photos + ["-n"], in: folder).exitCode == 0)
      let edited = try await stylist(edit + photos, in: folder)
      #expect(edited.exitCode == 0, "\(edited.stderr)")
      let inverted = try await stylist(["invert", "--outdir=out"] + photos, in: folder)
      #expect(inverted.exitCode == 0, "\(inverted.stderr)")
      for name in ["a", "b"] {
        let pictures = try [
          "edited/\(name)-strength0", "out/\(name)-inverted", "edited/\(name)-strength2",
        ].map { try PNG(path: "\(folder)/\($0).png").image }
        #expect(pictures[0] == pictures[1] && pictures[2] != pictures[0])
      }
      let both = try await stylist(edit + photos + ["--seeds=1", "-n"], in: folder)
      expect(both, endsWith: 64, saying: "give either --seeds")
    }
  }

  @Test("an interruption leaves the codes of the photographs that are done")
  func interruption() async throws {
    try await withScratchFolder { folder in
      try photographs(26, in: folder)
      try EncoderFiles().writePSp("GradualStyleEncoder", to: "\(folder)/encoder.pt")
      let outcome = try await stylist(
        [
          "invert", "--encoder=\(folder)/encoder.pt", "--data=\(folder)/photos",
          "--outdir=\(folder)/out",
        ], signal: .interrupt)
      // A machine in no hurry to deliver the signal has everything done before.
      guard outcome.exitCode != 0 else { return }
      #expect(outcome.exitCode == 130, "\(outcome.stderr)")
      let done = names(in: "\(folder)/out").count { $0.hasSuffix("-inverted.png") }
      let codes = try Safetensors(ByteRegion(mapping: "\(folder)/out/codes.safetensors"))
      let count = try #require(codes.tensors["w"]?.shape.first)
      #expect(count > 0 && count < 26)
      // The picture in progress may have been written before its code was kept.
      #expect((count...count + 1).contains(done))
    }
  }

  @Test("a dry run opens the photographs, and says those that cannot be used")
  func dryRun() async throws {
    try await withScratchFolder { folder in
      try photographs(2, in: folder)
      try put(Array("no picture".utf8), at: "\(folder)/photos/bad.png")
      let outcome = try await stylist(
        ["invert"] + untrained + ["--data=photos", "--refine-steps=1", "--outdir=out", "-n"],
        in: folder)
      #expect(outcome.exitCode == 65)
      #expect(outcome.stdout.hasPrefix("would invert 2 pictures into out"))
      #expect(outcome.words.count == 2 && outcome.words[0].contains("photos/bad.png"))
      #expect(outcome.words[1] == "stylist: 1 of 3 pictures could not be used")
      #expect(names(in: folder) == ["photos"])
    }
  }

  @Test("what cannot be is refused on one line, before anything is written")
  func refusals() async throws {
    try await withScratchFolder { folder in
      try photographs(1, in: folder)
      try EncoderFiles().writePSp("GradualStyleEncoder", to: "\(folder)/encoder.pt")
      let before = names(in: folder)
      func refuses(_ code: Int32, _ words: String, _ arguments: String...) async throws {
        let outcome = try await stylist(["invert", "--outdir=out"] + arguments, in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder) == before)
      }
      let (data, encoder) = ("--data=photos", "--encoder=encoder.pt")
      let network = "--network=\(plainNetwork)"
      try await refuses(64, "give --data", encoder)
      try await refuses(64, "give what finds codes", data, network)
      try await refuses(64, "--network", data, "--refine-steps=1")
      try await refuses(64, "--space goes with", data, encoder, "--space=w")
      try await refuses(64, "--tune-steps goes with", data, encoder, "--tune-steps=3")
      try await refuses(64, "--refine-steps: expected", data, encoder, "--refine-steps=-1")
      try await refuses(64, "--distance=lpips", data, encoder, "--distance=lpips")
      try await refuses(64, "--distance: expected", data, encoder, "--distance=far")
      try await refuses(
        64, "--learning-rate: expected", data, encoder, "--refine-steps=1", "--learning-rate=0")
      try await refuses(
        65,
        "encoder.pt: does not fit: expected codes of 6 rows of 16, for the generator "
          + "\(plainNetwork), found 4 rows of 4", data, encoder, network)
      try await refuses(
        65, "expected an encoder of pSp, e4e or Style Transformer", data,
        "--encoder=\(plainNetwork)")
      try await refuses(66, "none.pt", data, "--encoder=none.pt")
      try await refuses(66, "none.png", "--data=none.png", encoder)
      try await refuses(66, "alexnet-owt", data, encoder, "--lpips-backbone=none.pth")
      try await refuses(66, "model_ir_se50.pth", data, encoder, "--identity=none.pth")
      try await refuses(65, "encoder.pt", data, encoder, "--identity=encoder.pt")
    }
  }
}

// `stylist edit label` and `edit reference`: what they write and say, with files as Style
// Transformer's program writes them, and what they refuse.

import Formats
import Foundation
import TestSupport
import Testing

/// Networks that edit codes, in files as Style Transformer's program writes them.
enum EditingFile {
  private typealias Entry = (key: String, value: TorchArchive.Value)

  /// A tensor of small numbers.
  private static func entry(_ name: String, _ shape: [Int]) -> Entry {
    let count = shape.reduce(1, *)
    let seed = name.utf8.reduce(7) { ($0 * 31 + Int($1)) % 1009 }
    let values = (0..<count).map { Float(($0 + seed) * 7919 % 1013) / 1013 - 0.5 }
    return (
      name,
      .tensor(
        TensorToWrite(elementType: .float32, shape: shape) {
          ByteRegion(floatBytes(values), name: "x")
        })
    )
  }

  private static func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [Entry] {
    [entry("\(name).weight", [outputs, inputs]), entry("\(name).bias", [outputs])]
  }

  private static func write(_ state: [Entry], to path: String) throws {
    try TorchArchive.write(.dictionary([("state_dict", .dictionary(state))]), to: path)
  }

  /// A classifier of codes of so many numbers.
  static func writeClassifier(to path: String, codeLength: Int, attributes: Int = 40) throws {
    var state = linear("fcs.0", codeLength, 6) + linear("fcs.1", 6, 5)
    for index in 0..<attributes {
      state += linear("indep_fcs.\(index)", 5, 3) + linear("output_fcs.\(index)", 3, 1)
    }
    try write(state, to: path)
  }

  /// An edit transformer of rows of so many numbers.
  static func writeEditor(to path: String, width: Int) throws {
    let layer = "encoder.module.transformerlayer"
    var state = linear("\(layer).linear1", width, 6) + linear("\(layer).linear2", 6, width)
    for name in ["self_attn", "multihead_attn"] {
      state += [
        entry("\(layer).\(name).in_proj_weight", [3 * width, width]),
        entry("\(layer).\(name).in_proj_bias", [3 * width]),
      ]
      state += linear("\(layer).\(name).out_proj", width, width)
    }
    for index in 1...3 {
      state += [
        entry("\(layer).norm\(index).weight", [width]),
        entry("\(layer).norm\(index).bias", [width]),
      ]
    }
    try write(state, to: path)
  }
}

@Suite("Editing by label and by reference")
struct EditCommandTests {
  /// The rows of W+ of the untrained network, and their length.
  private let rows = 4
  private let width = 512

  private func withNetworks(_ body: (String) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      try EditingFile.writeClassifier(to: "\(folder)/c.pt", codeLength: rows * width)
      try EditingFile.writeEditor(to: "\(folder)/e.pt", width: width)
      try await body(folder)
    }
  }

  private let byLabel = ["edit", "label"] + untrained + ["--classifier=c.pt"]
  private let byReference = ["edit", "reference"] + untrained + ["--editor=e.pt"]

  @Test("label says what the edits did, and its codes draw the same pictures again")
  func label() async throws {
    try await withNetworks { folder in
      let arguments =
        byLabel + ["--attribute=smiling", "--seeds=1,5", "--strength=2,-1", "--outdir=out"]
      let dry = try await stylist(arguments + ["-n"], in: folder)
      #expect(dry.exitCode == 0, "\(dry.stderr)")
      #expect(dry.stdout.hasPrefix("would make 6 pictures, a sheet and codes in out from config-e"))
      #expect(names(in: folder) == ["c.pt", "e.pt"])
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "grid.png", "seed0001-source.png", "seed0001-strength-1.png",
          "seed0001-strength2.png", "seed0005-source.png", "seed0005-strength-1.png",
          "seed0005-strength2.png",
        ])
      #expect(outcome.stdout.contains("logit of Smiling"))
      let json = try await stylist(arguments + ["--json"], in: folder).json()
      #expect(json["attribute"] as? String == "Smiling" && json["count"] as? Int == 6)
      let edits = try #require(json["edits"] as? [[String: Any]])
      #expect(edits.count == 4)
      for edit in edits {
        let logit = try #require(edit["logit"] as? [Double])
        let strength = try #require(edit["strength"] as? Double)
        #expect((logit[1] > logit[0]) == (strength > 0))
        #expect(edit["dependency"] is Double && edit["change"] is Double)
      }
      // The codes draw the same pictures, and can be edited further.
      let again = try await stylist(
        ["generate"] + untrained + ["--projected-w=out/codes.safetensors", "--outdir=again"],
        in: folder)
      #expect(again.exitCode == 0, "\(again.stderr)")
      let first = try PNG(path: "\(folder)/out/seed0001-strength2.png")
      #expect(try PNG(path: "\(folder)/again/proj00.png").image == first.image)
      let further = try await stylist(
        byLabel + [
          "--attribute=15", "--latents=out/codes.safetensors", "--strength=1", "--outdir=more",
        ], in: folder)
      #expect(further.exitCode == 0 && further.stdout.contains("seed 1, Smiling 2"))
      let over = try await stylist(
        byLabel + ["--attribute=15", "--latents=out/codes.safetensors", "--outdir=out"], in: folder)
      expect(over, endsWith: 64, saying: "--outdir: expected no file that is read")
      // A picture says the command that makes it again.
      let command = try #require(first.texts.first { $0.key == "Command" }?.value)
      #expect(
        command == "stylist edit label --cfg=config-e --res=8 --seeds=1,5 --classifier=c.pt "
          + "--attribute=smiling --strength=2,-1 --outdir=out")
    }
  }

  @Test("photographs are edited, and are references, once their codes are found")
  func photographs() async throws {
    try await withNetworks { folder in
      let made = try await stylist(
        ["dataset", "portraits", "--count=2", "--res=8", "--dest=photos"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let found = ["--data=photos/00000", "--refine-steps=2"]
      let label = try await stylist(
        byLabel + found + ["--attribute=smiling", "--strength=2", "--outdir=out"], in: folder)
      #expect(label.exitCode == 0, "\(label.stderr)")
      let (first, second) = ("img00000000", "img00000001")
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "found.safetensors", "grid.png", "\(first)-source.png",
          "\(first)-strength2.png", "\(second)-source.png", "\(second)-strength2.png",
        ])
      // The codes that were found give the same pictures under the same names, in the same place.
      let source = try ByteRegion(mapping: "\(folder)/out/\(second)-source.png").copy()
      let kept = try await stylist(
        byLabel + [
          "--latents=out/found.safetensors", "--attribute=smiling", "--strength=2", "--outdir=out",
        ], in: folder)
      #expect(kept.exitCode == 0 && kept.words.isEmpty, "\(kept.stderr)")
      #expect(names(in: "\(folder)/out").count == 7)
      let again = try PNG(path: "\(folder)/out/\(second)-source.png").image
      #expect(try PNG(ByteRegion(source, name: "source")).image == again)
      let reference = try await stylist(
        ["edit", "reference"] + untrained + [
          "--editor=e.pt", "--seeds=1", "--ref-data=photos", "--refine-steps=2", "--outdir=refs",
        ], in: folder)
      #expect(reference.exitCode == 0, "\(reference.stderr)")
      #expect(names(in: "\(folder)/refs").contains("seed0001-00000-\(first).png"))
      let references = try Safetensors(
        ByteRegion(mapping: "\(folder)/refs/found-references.safetensors"))
      #expect(references.metadata["stylist.names"] == "[\"00000-\(first)\",\"00000-\(second)\"]")
      let stray = try await stylist(
        byLabel + [
          "--seeds=1", "--refine-steps=2", "--attribute=smiling", "--outdir=no",
        ], in: folder)
      expect(stray, endsWith: 64, saying: "go with photographs")
    }
  }

  @Test("photographs are never replaced, and the names of pictures are known beforehand")
  func kept() async throws {
    try await withNetworks { folder in
      let found = try await stylist(
        ["directions", "sefa"] + untrained + ["--count=1", "--out=sefa.safetensors"], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      let data = ["--data=photos", "--refine-steps=2"]
      let direction = ["edit", "direction", "--direction=sefa.safetensors"] + untrained
      for (photographs, arguments) in [
        (["grid.png"], direction + data), (["a.png", "a-strength2.png"], direction + data),
        (["a.png", "a-source.png"], byLabel + data + ["--attribute=1"]),
        (["a.png", "b.png", "b-a.png"], byReference + data + ["--ref-data=photos"]),
        (["a.png", "seed0001-a.png"], byReference + ["--seeds=1", "--ref-data=photos", data[1]]),
      ] {
        try? FileManager.default.removeItem(atPath: "\(folder)/photos")
        try FileManager.default.createDirectory(
          atPath: "\(folder)/photos", withIntermediateDirectories: false)
        for name in photographs {
          try PNG(image: noise(width: 8, height: 8, channels: 3, seed: 1)).write(
            to: "\(folder)/photos/\(name)")
        }
        for more in [["-n"], []] {
          let outcome = try await stylist(arguments + ["--outdir=./photos/"] + more, in: folder)
          expect(
            outcome, endsWith: 64,
            saying: "--outdir: expected another folder than that of the photographs")
          #expect(names(in: "\(folder)/photos") == photographs.sorted())
        }
      }
    }
  }

  @Test("photographs that cannot be used are said at the end, and found beforehand by -n")
  func unusable() async throws {
    try await withNetworks { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/photos", withIntermediateDirectories: false)
      let picture = PNG(image: noise(width: 24, height: 24, channels: 3, seed: 1))
      for name in ["a", "c", "d"] { try picture.write(to: "\(folder)/photos/\(name).png") }
      try put(Array("no picture".utf8), at: "\(folder)/photos/b.png")
      // Whole as far as its size goes.
      let whole = try ByteRegion(mapping: "\(folder)/photos/c.png").copy()
      try put(Array(whole.prefix(whole.count / 2)), at: "\(folder)/photos/c.png")
      let data = ["--data=photos", "--refine-steps=2"]
      let label = byLabel + data + ["--attribute=1", "--strength=1", "--outdir=out"]
      let reference =
        byReference + ["--seeds=1", "--ref-data=photos", "--refine-steps=2", "--outdir=refs"]
      func complains(_ outcome: Outcome) {
        #expect(outcome.exitCode == 65)
        let words = outcome.words.suffix(3)
        #expect(words.map { $0.contains("photos/b.png") } == [true, false, false], "\(words)")
        #expect(words.map { $0.contains("photos/c.png") } == [false, true, false], "\(words)")
        #expect(words.last == "stylist: 2 of 4 pictures could not be used")
      }
      for (arguments, count) in [(label, 4), (reference, 2)] {
        let dry = try await stylist(arguments + ["-n"], in: folder)
        complains(dry)
        #expect(dry.stdout.hasPrefix("would make \(count) pictures, a sheet and codes in"))
        #expect(names(in: folder) == ["c.pt", "e.pt", "photos"])
      }
      let invert = try await stylist(
        ["invert", "--outdir=no", "-n"] + untrained + data, in: folder)
      complains(invert)
      let edited = try await stylist(label + ["--json"], in: folder)
      complains(edited)
      #expect(
        names(in: "\(folder)/out") == [
          "a-source.png", "a-strength1.png", "codes.safetensors", "d-source.png",
          "d-strength1.png", "found.safetensors", "grid.png",
        ])
      let json = try edited.json()
      #expect(json["count"] as? Int == 4 && (json["failures"] as? [Any])?.count == 2)
      let referred = try await stylist(reference, in: folder)
      complains(referred)
      #expect(
        names(in: "\(folder)/refs") == [
          "codes.safetensors", "found-references.safetensors", "grid.png", "seed0001-a.png",
          "seed0001-d.png",
        ])
      // Where none can be used, nothing is written.
      for name in ["a", "d"] {
        try FileManager.default.removeItem(atPath: "\(folder)/photos/\(name).png")
      }
      let none = try await stylist(label + ["--outdir=none"], in: folder)
      #expect(none.exitCode == 65 && none.stdout.isEmpty && names(in: "\(folder)/none").isEmpty)
      let points = "--points=1,2,3,2,1,4,3,4"
      try put(Array(whole.prefix(whole.count / 2)), at: "\(folder)/half.png")
      let align = try await stylist(
        ["align", "--source=half.png", points, "--dest=faces", "-n"], in: folder)
      #expect(align.exitCode == 65 && align.words.count == 1)
      #expect(align.stdout == "would align the faces of 0 pictures into faces\n")
    }
  }

  @Test("removing is giving with the opposite sign")
  func removal() async throws {
    try await withNetworks { folder in
      let common = byLabel + ["--attribute=31", "--seeds=1", "--layers=0-1", "--no-labels"]
      for more in [["--strength=2", "--remove", "--outdir=a"], ["--strength=-2", "--outdir=b"]] {
        let outcome = try await stylist(common + more, in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      }
      let (a, b) = try (
        ByteRegion(mapping: "\(folder)/a/codes.safetensors").copy(),
        ByteRegion(mapping: "\(folder)/b/codes.safetensors").copy()
      )
      #expect(a == b)
      let sheet = try PNG(path: "\(folder)/a/grid.png")
      #expect((sheet.image.width, sheet.image.height) == (16, 8))
      let command = sheet.texts.first { $0.key == "Command" }?.value
      #expect(command?.hasSuffix("--remove --layers=0-1 --no-labels --outdir=a") == true)
    }
  }

  @Test("reference makes a table of sources and references")
  func reference() async throws {
    try await withNetworks { folder in
      let outcome = try await stylist(
        byReference + ["--seeds=1,2", "--ref-seeds=3", "--outdir=out"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "grid.png", "seed0001-seed0003.png", "seed0002-seed0003.png",
        ])
      let picture = try PNG(path: "\(folder)/out/seed0001-seed0003.png")
      #expect(picture.image.width == 24)
      #expect(
        picture.texts.first { $0.key == "Command" }?.value
          == "stylist edit reference --cfg=config-e --res=8 --seeds=1,2 --ref-seeds=3 "
          + "--editor=e.pt --outdir=out")
    }
  }

  @Test("both attentions and other heads edit codes, each in its own way")
  func attentions() async throws {
    try await withNetworks { folder in
      // Rows must differ: what rows that are all alike make of one another is the same anyhow.
      let count = 2 * rows * width
      let values = (0..<count).map { Float($0 * 7919 % 1009) / 250 - 2 }
      let stored = try StoredTensor(
        elementType: .float32, shape: [2, rows, width],
        bytes: ByteRegion(floatBytes(values), name: "w"))
      try NPZ.write([("w", stored)], to: "\(folder)/w.npz")
      var codes: [[UInt8]] = []
      for more in [[], ["--attention=code"], ["--attention=paper"], ["--heads=8"]] {
        let outcome = try await stylist(
          byReference + ["--latents=w.npz", "--ref=w.npz", "--outdir=out", "--json"] + more,
          in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        #expect(try outcome.json()["count"] as? Int == 4)
        #expect(names(in: "\(folder)/out").contains("01-00.png"))
        codes.append(try ByteRegion(mapping: "\(folder)/out/codes.safetensors").copy())
      }
      #expect(codes[0] == codes[1] && Set(codes).count == 3)
    }
  }

  @Test("what does not fit is refused before anything is written, and both are named")
  func refusals() async throws {
    try await withNetworks { folder in
      try EditingFile.writeClassifier(to: "\(folder)/faces.pt", codeLength: 18 * width)
      try EditingFile.writeEditor(to: "\(folder)/narrow.pt", width: 16)
      try EditingFile.writeEditor(to: "\(folder)/odd.pt", width: 6)
      let made = try await stylist(
        byLabel + ["--attribute=3", "--seeds=1", "--strength=1", "--outdir=made"], in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let before = names(in: folder)
      func refuses(_ code: Int32, _ words: String, _ arguments: [String]) async throws {
        let outcome = try await stylist(arguments + ["--outdir=out", "-n"], in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder) == before)
      }
      let seeds = ["--seeds=1"]
      try await refuses(64, "did you mean Eyeglasses?", byLabel + seeds + ["--attribute=Eyeglases"])
      try await refuses(64, "either --seeds=LIST, --latents", byLabel + ["--attribute=1"])
      try await refuses(64, "--strength", byLabel + seeds + ["--attribute=1", "--strength=a"])
      try await refuses(64, "--steps: expected", byLabel + seeds + ["--attribute=1", "--steps=0"])
      try await refuses(64, "--layers", byLabel + seeds + ["--attribute=1", "--layers=2-4"])
      let codes = ["--latents=made/codes.safetensors"]
      try await refuses(
        64, "go with seeds", byLabel + codes + ["--attribute=1", "--trunc=0.5"])
      let ofOther = byLabel + codes + ["--attribute=1", "--init-seed=3"]
      try await refuses(
        65, "made/codes.safetensors: expected codes of the generator", ofOther)
      let foreign = try await stylist(
        ofOther + ["--any-generator", "--outdir=out", "-n"], in: folder)
      #expect(foreign.exitCode == 0 && foreign.words.count == 1)
      #expect(
        foreign.stderr.contains("made/codes.safetensors: these codes were found for the generator"))
      let other = ["edit", "label", "--cfg=config-e", "--res=16", "--classifier=c.pt"]
      try await refuses(
        65, "expected codes [N, 6, 512] of the network config-e (untrained, seed 0)",
        other + codes + ["--attribute=1"])
      try await refuses(
        65, "c.pt: expected a classifier of codes [6, 512] of the network config-e",
        other + seeds + ["--attribute=1"])
      let with = { (file: String) in ["edit", "label"] + untrained + ["--classifier=\(file)"] }
      try await refuses(65, "[18, 512], 9216 numbers", with("faces.pt") + seeds + ["--attribute=1"])
      try await refuses(66, "none.pt", with("none.pt") + seeds + ["--attribute=1"])
      try await refuses(
        65, "expected a classifier of codes: Style Transformer's .pt",
        with(plainNetwork) + seeds + ["--attribute=1"])
      let pair = seeds + ["--ref-seeds=2"]
      try await refuses(64, "either --ref-seeds", byReference + seeds)
      let heads = "which does not say how many heads it has, found"
      try await refuses(64, "\(heads) 3", byReference + pair + ["--heads=3"])
      try await refuses(64, "\(heads) 0", byReference + pair + ["--heads=0"])
      try await refuses(64, "--attention", byReference + pair + ["--attention=both"])
      let editors = { (file: String) in ["edit", "reference"] + untrained + ["--editor=\(file)"] }
      try await refuses(
        65, "narrow.pt: expected an edit transformer for rows of 512 numbers",
        editors("narrow.pt") + pair)
      try await refuses(65, "expected an edit transformer: ", editors("c.pt") + pair)
      try await refuses(
        64,
        "expected a divisor of 6, the numbers of a row in odd.pt, which does not say how many "
          + "heads it has, found none, and 4, as published, is no divisor", editors("odd.pt") + pair
      )
    }
  }
}

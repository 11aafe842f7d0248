// Trainings from codes as people run them: classifiers of codes and edit transformers, from seeds, from
// files and from pictures, and what goes wrong.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Train latent-classifier, train edit")
struct TrainCodesCommandTests {
  private static let small = [
    "--threads=1", "--kimg=0.064", "--tick=0.032", "--snap=1", "--outdir=runs",
  ]
  private static let classifier =
    ["train", "latent-classifier", "--network=g.safetensors", "--widths=16", "--batch=16"]
  private static let edit =
    ["train", "edit", "--network=g.safetensors", "--classifier=c.safetensors", "--heads=2"]
    + ["--ffn=8", "--batch=16"]

  /// A generator of 8×8 with W+ of 4 rows of 4, classifiers of its pictures, and its encoder.
  private func prepare(_ folder: String) throws {
    let files = EncoderFiles()
    let generator = files.generator
    try writeNetworkFile(
      generator.parameters, configuration: generator.configuration, to: "\(folder)/g.safetensors")
    let judge = smallAttributeClassifier(["Smiling", "Bald", "Young"])
    try writeNetworkFile(
      judge.parameters, configuration: judge.configuration, to: "\(folder)/a.safetensors")
    var codes = LatentClassifierConfiguration()
    (codes.codeLength, codes.hiddenWidths, codes.featureWidth) = (16, [8], 4)
    (codes.attributeCount, codes.attributes) = (3, ["Smiling", "Bald", "Young"])
    let told = LatentClassifier(
      codes, Scope(ParameterStore(), generator: TorchGenerator(seed: 5)))
    try writeNetworkFile(told.parameters, configuration: codes, to: "\(folder)/c.safetensors")
  }

  /// The newest network of the only run in `runs`.
  private func network(_ folder: String) throws -> Checkpoint.Network {
    let run = try onlyRun(in: "\(folder)/runs")
    let file = try #require(names(in: run).last { $0.hasPrefix("network-snapshot") })
    return try #require(try Checkpoint.open("\(run)/\(file)").networks.values.first)
  }

  @Test("a classifier learns from codes of seeds, goes on bit for bit, and edits by label")
  func classifier() async throws {
    try await withScratchFolder { folder in
      try prepare(folder)
      let command = Self.classifier + ["--attributes=a.safetensors", "--held-out=40"]
      let whole = try await stylist(command + Self.small, in: folder)
      #expect(whole.exitCode == 0, "\(whole.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-latent-classifier-codes-batch16"))
      let found = names(in: run)
      for name in ["metric-accuracy.jsonl", "metric-attributes.jsonl", "fakes000000.064.png"] {
        #expect(found.contains(name), "\(name)")
      }
      #expect(!found.contains("reals.png"))
      let configuration = try #require(
        try network(folder).configuration as? LatentClassifierConfiguration)
      #expect(configuration.attributes == ["Smiling", "Bald", "Young"])
      #expect(configuration.codeLength == 16 && configuration.hiddenWidths == [16])
      // Half of the way and then the rest gives the same numbers.
      let half = ["--threads=1", "--kimg=0.032", "--tick=0.032", "--snap=1", "--outdir=parts"]
      _ = try await stylist(command + half, in: folder)
      let rest = try await stylist(
        ["train", "latent-classifier", "--resume=latest", "--kimg=0.064", "--outdir=parts"],
        in: folder)
      #expect(rest.exitCode == 0, "\(rest.stderr)")
      let other = try onlyRun(in: "\(folder)/parts")
      let name = "network-snapshot-000000.064.safetensors"
      #expect(
        try Data(contentsOf: URL(filePath: "\(run)/\(name)"))
          == Data(contentsOf: URL(filePath: "\(other)/\(name)")))
      let edited = try await stylist(
        [
          "edit", "label", "--network=g.safetensors", "--classifier=\(run)/\(name)",
          "--attribute=bald", "--seeds=1", "--outdir=out",
        ], in: folder)
      #expect(edited.exitCode == 0 && edited.stdout.contains("logit of Bald"), "\(edited.stderr)")
      let shown = try await stylist(["runs", "show", run], in: folder)
      #expect(shown.exitCode == 0 && shown.stdout.contains("style-mixing"), "\(shown.stdout)")
    }
  }

  @Test("an edit transformer learns several attributes, and edits by reference")
  func editor() async throws {
    try await withScratchFolder { folder in
      try prepare(folder)
      let command =
        Self.edit + ["--attribute=young,Smiling", "--edit-loss=logits", "--held-out=40"]
      let made = try await stylist(command + Self.small, in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let run = try onlyRun(in: "\(folder)/runs")
      #expect(run.hasSuffix("/00000-edit-2attributes-codes-batch16"))
      for name in ["metric-editing.jsonl", "metric-edited-attributes.jsonl"] {
        #expect(names(in: run).contains(name), "\(name)")
      }
      let configuration = try #require(
        try network(folder).configuration as? EditTransformerConfiguration)
      #expect(configuration.attributes == ["Young", "Smiling"])
      let editor = "\(run)/network-snapshot-000000.064.safetensors"
      let reference = [
        "edit", "reference", "--network=g.safetensors", "--editor=\(editor)", "--seeds=1",
        "--ref-seeds=2", "--outdir=out",
      ]
      let edited = try await stylist(
        reference + ["--attribute=smiling", "--strength=2"], in: folder)
      #expect(edited.exitCode == 0, "\(edited.stderr)")
      expect(
        try await stylist(reference, in: folder), endsWith: 64,
        saying: "one or several of Young, Smiling")
    }
  }

  @Test("codes and labels come from files, and from pictures through an encoder")
  func sources() async throws {
    try await withScratchFolder { folder in
      try prepare(folder)
      let codes = Tensor.seeded([40, 4, 4], seed: 1, dtype: .float32).values(as: Float.self)
      let stored = try StoredTensor(
        elementType: .float32, shape: [40, 4, 4],
        bytes: ByteRegion(codes.withUnsafeBytes { Array($0) }, name: "w"))
      try NPZ.write([("w", stored)], to: "\(folder)/codes.npz")
      let lines = (0..<40).map { "\($0).jpg \($0 % 2 == 0 ? 1 : -1) \($0 % 3 == 0 ? 1 : -1)" }
      try Data((["40", "Odd Third"] + lines).joined(separator: "\n").utf8).write(
        to: URL(filePath: "\(folder)/list.txt"))
      let ofFile = Self.classifier + ["--data=codes.npz", "--labels=list.txt", "--held-out=8"]
      let made = try await stylist(ofFile + Self.small, in: folder)
      #expect(made.exitCode == 0, "\(made.stderr)")
      let told = try network(folder).configuration as? LatentClassifierConfiguration
      #expect(told?.attributes == ["Odd", "Third"])
      // Other codes in the file's place are noticed.
      try NPZ.write(
        [
          (
            "w",
            try StoredTensor(
              elementType: .float32, shape: [40, 4, 4],
              bytes: ByteRegion(codes.reversed().withUnsafeBytes { Array($0) }, name: "w"))
          )
        ],
        to: "\(folder)/codes.npz")
      expect(
        try await stylist(
          ["train", "latent-classifier", "--resume=latest", "--kimg=0.1", "--outdir=runs"],
          in: folder),
        endsWith: 65, saying: "the codes of the training, with their labels")
      try FileManager.default.removeItem(atPath: "\(folder)/runs")
      try EncoderFiles().writeStyleTransformer(to: "\(folder)/e.pt")
      let ofPictures = try await stylist(
        Self.classifier + ["--data=portraits", "--encoder=e.pt", "--held-out=8"]
          + Self.small, in: folder)
      #expect(ofPictures.exitCode == 0, "\(ofPictures.stderr)")
      let names = try network(folder).configuration as? LatentClassifierConfiguration
      #expect(names?.attributes?.contains("Eyeglasses") == true)
    }
  }

  @Test("bad input: one line that says what to do, and the documented exit code")
  func refusals() async throws {
    try await withScratchFolder { folder in
      try prepare(folder)
      let before = names(in: folder)
      func refuses(_ code: Int32, _ words: String, _ arguments: [String]) async throws {
        let outcome = try await stylist(arguments + ["--outdir=runs"], in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder) == before)
      }
      let (label, edit) = (Self.classifier, Self.edit)
      try await refuses(64, "--attributes: expected what tells", label)
      try await refuses(
        64, "--labels: expected a file of codes for --data", label + ["--labels=list.txt"])
      try await refuses(64, "--encoder: expected what finds", label + ["--data=portraits"])
      try await refuses(64, "--widths", label + ["--widths=0"])
      try await refuses(
        64, "--trunc: expected --data=codes beside it",
        label + ["--data=portraits", "--encoder=g.safetensors", "--trunc=0.5"])
      try await refuses(66, "none.npz", label + ["--data=none.npz", "--labels=l.txt"])
      try await refuses(64, "--attribute: expected one or several", edit)
      try await refuses(64, "did you mean Smiling?", edit + ["--attribute=Smilin"])
      try await refuses(64, "names that differ, found Bald twice", edit + ["--attribute=1,Bald"])
      try await refuses(64, "an even number", edit + ["--attribute=1", "--batch=3"])
      try await refuses(
        64, "--heads: expected a divisor of 4", edit + ["--attribute=1", "--heads=3"])
      try await refuses(
        64, "--edit-loss: expected one of features, logits",
        edit + ["--attribute=1", "--edit-loss=pixels"])
      try await refuses(
        64, "--classifier: expected a classifier of codes",
        ["train", "edit", "--network=g.safetensors", "--attribute=1"])
      try await refuses(
        65, "a classifier of codes",
        ["train", "edit", "--network=g.safetensors", "--classifier=a.safetensors"]
          + ["--attribute=1"])
      try await refuses(64, "--network: expected the generator", ["train", "edit"])
    }
  }
}

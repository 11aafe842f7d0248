// Editing by label: the pictures are those of the library's codes, and the figures are true.

import Checkpoints
import Editing
import Formats
import Layers
import Networks
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Editing pictures by label")
struct EditLabelJobTests {
  private func job(
    in folder: String, _ subject: EditSubject = .seeds([3, 1]), attribute: String = "smiling"
  ) throws -> EditLabelJob {
    var job = EditLabelJob(
      try editRequest(subject), attribute: attribute, by: "\(folder)/classifier.safetensors")
    job.strengths = [0.5, -0.25]
    return job
  }

  private func run(_ job: EditLabelJob, in folder: String) async throws -> EditLabelJob.Outcome {
    try await job.run(
      on: GeneratorHost(plainNetwork), into: OutputFolder(making: "\(folder)/out"),
      progress: silently)
  }

  @Test("writes each picture as it is and edited, the edited codes, and the sheet last")
  func files() async throws {
    try await withScratchFolder { folder in
      let classifier = try writeClassifier(to: "\(folder)/classifier.safetensors")
      let outcome = try await run(job(in: folder), in: folder)
      let suffixes = ["source", "strength0.5", "strength-0.25"]
      let names = ["seed0003", "seed0001"].flatMap { stem in suffixes.map { "\(stem)-\($0).png" } }
      let expected = (names + ["codes.safetensors", "grid.png"]).map { "\(folder)/out/\($0)" }
      #expect(outcome.files.map(\.file) == expected)
      #expect(outcome.files.map(\.seed) == [3, 3, 3, 1, 1, 1, nil, nil])
      let file = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      #expect(file.generatorHash == (try editRequest().generatorHash))
      #expect(
        file.names == [
          "seed 3, Smiling 0.5", "seed 3, Smiling -0.25", "seed 1, Smiling 0.5",
          "seed 1, Smiling -0.25",
        ])
      for (index, seed) in [UInt32(3), 1].enumerated() {
        let source = try code(seed)
        #expect(try PNG(path: expected[3 * index]).image == drawn(source))
        for (place, strength) in [0.5, -0.25].enumerated() {
          let editor = try LabelEditor(classifier, attribute: 31, target: strength > 0)
          let edited = withoutGradients { editor.edited(source, strength: strength.magnitude) }
          #expect(file.codes[2 * index + place].values == edited.values(as: Float.self))
          #expect(try PNG(path: expected[3 * index + place + 1]).image == drawn(edited))
        }
      }
      let texts = try PNG(path: expected[1]).texts
      #expect(texts.contains(PNG.Text(key: "Seed", value: "3")))
    }
  }

  @Test("the figures are those of the classifier, and the logit goes where it should")
  func figures() async throws {
    try await withScratchFolder { folder in
      let classifier = try writeClassifier(to: "\(folder)/classifier.safetensors")
      let outcome = try await run(job(in: folder), in: folder)
      let file = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      #expect(outcome.attribute == "Smiling" && outcome.edits.count == 4)
      #expect(outcome.edits.map(\.name) == ["seed 3", "seed 3", "seed 1", "seed 1"])
      for (index, edit) in outcome.edits.enumerated() {
        let source = try code(index < 2 ? 3 : 1)
        let edited = Tensor(file.codes[index].values, shape: [1, 6, 16])
        let logits = withoutGradients {
          [source, edited].map { classifier($0).logits.values(as: Float.self) }
        }
        #expect(edit.strength == [0.5, -0.25][index % 2])
        #expect(edit.logit == logits.map { Double($0[31]) })
        #expect((edit.logit[1] > edit.logit[0]) == (edit.strength > 0))
        #expect((edit.probability[1] > edit.probability[0]) == (edit.strength > 0))
        #expect(edit.probability.allSatisfy { (0...1).contains($0) })
        let others = (0..<40).filter { $0 != 31 }.map {
          Double((logits[1][$0] - logits[0][$0]).magnitude)
        }
        let mean = others.reduce(0, +) / 39
        #expect(abs(try #require(edit.dependency) - mean) < 1e-6)
        #expect(abs(edit.change - edit.strength.magnitude) < 1e-5)
      }
      let table = outcome.lines.dropFirst(outcome.files.count)
      #expect(table.count == 5 && table.first?.contains("logit of Smiling") == true)
    }
  }

  @Test("steps, order, norm and rows are the library's")
  func settings() async throws {
    try await withScratchFolder { folder in
      let classifier = try writeClassifier(to: "\(folder)/classifier.safetensors")
      var job = try job(in: folder, .seeds([3]))
      (job.strengths, job.steps, job.order, job.norm) = ([2], 3, .second, .row)
      job.request.rows = 1..<4
      _ = try await run(job, in: folder)
      var editor = try LabelEditor(classifier, attribute: 31, target: true)
      (editor.order, editor.norm) = (.second(), .row)
      let source = try code(3)
      let expected = withoutGradients {
        editor.edited(source, strength: 2, steps: 3, rows: 1..<4)
      }
      let found = try CodeFile(reading: "\(folder)/out/codes.safetensors").codes
      #expect(found.values == expected.values(as: Float.self))
      let own = source.values(as: Float.self)
      for row in 0..<6 {
        let place = row * 16..<(row + 1) * 16
        #expect((found.values[place] == own[place]) == !(1..<4).contains(row))
      }
    }
  }

  @Test("edited codes of a file are edited again, and keep their names")
  func codes() async throws {
    try await withScratchFolder { folder in
      try writeClassifier(to: "\(folder)/classifier.safetensors")
      _ = try await run(job(in: folder), in: folder)
      let file = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      let further = try job(in: folder, .codes(file))
      let again = try await further.run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: "\(folder)/again"),
        progress: silently)
      #expect(again.edits.map(\.name).prefix(3) == file.names[0...0] + file.names[0...1])
      #expect(again.files.first?.file == "\(folder)/again/seed 3, Smiling 0.5-source.png")
      #expect(
        try PNG(path: "\(folder)/again/seed 3, Smiling -0.25-source.png").image
          == PNG(path: "\(folder)/out/seed0003-strength-0.25.png").image)
    }
  }

  @Test("attributes are known by CelebA's names in any case, and by their places")
  func attributes() throws {
    try withScratchFolder { folder in
      try writeClassifier(to: "\(folder)/classifier.safetensors")
      let traits = try GeneratorHost(plainNetwork).traits
      for name in ["Smiling", "SMILING", "31", "wearing hat", "Wearing-Hat", "5_o_clock_shadow"] {
        try job(in: folder, attribute: name).check(traits)
      }
      refuses("or a number from 0 to 39, found Smilling; did you mean Smiling?") {
        try job(in: folder, attribute: "Smilling").check(traits)
      }
      refuses("found 40") { try job(in: folder, attribute: "40").check(traits) }
      refuses("found -1") { try job(in: folder, attribute: "-1").check(traits) }
      // CelebA's names belong to forty attributes.
      try writeClassifier(to: "\(folder)/classifier.safetensors") { $0.attributeCount = 3 }
      try job(in: folder, attribute: "2").check(traits)
      refuses("expected one of attribute 0, attribute 1, attribute 2, or a number from 0 to 2") {
        try job(in: folder, attribute: "Smiling").check(traits)
      }
      // Our own files say what theirs are called.
      try writeClassifier(to: "\(folder)/classifier.safetensors") {
        ($0.attributeCount, $0.attributes) = (2, ["Bald", "Round_Face"])
      }
      try job(in: folder, attribute: "round face").check(traits)
      refuses("did you mean Round_Face?") {
        try job(in: folder, attribute: "roundface").check(traits)
      }
    }
  }

  @Test("a classifier for other codes, codes of another generator and other files are refused")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let traits = try GeneratorHost(plainNetwork).traits
      try writeClassifier(to: "\(folder)/classifier.safetensors") { $0.codeLength = 18 * 16 }
      let other = #expect(throws: MisfitError.self) { try job(in: folder).check(traits) }
      #expect(
        other?.description
          == "\(folder)/classifier.safetensors: expected a classifier of codes [6, 16] of the network "
          + "tiny, found one of codes [18, 16], 288 numbers")
      try writeEditor(to: "\(folder)/classifier.safetensors")
      expect(.doesNotFit, says: "Style Transformer's .pt, or our .safetensors, found only editor") {
        try job(in: folder).check(traits)
      }
      try writeClassifier(to: "\(folder)/classifier.safetensors")
      var steps = try job(in: folder)
      steps.steps = 0
      refuses("--steps: expected 1 to 10000, found 0") { try steps.check(traits) }
      var rows = try job(in: folder)
      rows.request.rows = 4..<7
      refuses("--layers: expected rows of W+ from 0 to 5, found 6") { try rows.check(traits) }
      // Codes say for which generator they are.
      _ = try await run(job(in: folder), in: folder)
      let codes = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      let host = try host { ($0.resolution, $0.wDim) = (16, 16) }
      var foreign = try job(in: folder, .codes(codes))
      let stranger = NetworkSource.untrained(configuration: "config-e", resolution: 8, seed: 1)
      foreign.request = try EditRequest(.codes(codes), of: stranger, provenance: provenance(nil))
      try foreign.check(host.traits)
      let refusal = #expect(throws: MisfitError.self) { _ = try foreign.remarks }
      let line = try #require(refusal).description
      #expect(line.hasPrefix("\(codes.path): expected codes of the generator "))
      let hash = try #require(codes.generatorHash).prefix(12)
      #expect(
        line.hasSuffix(" in tiny, or --any-generator to take others, found those of \(hash)"))
      foreign.request = try EditRequest(
        .codes(codes), of: stranger, takesOthers: true, provenance: provenance(nil))
      let remark = try #require(foreign.remarks.first)
      #expect(remark.hasPrefix("\(codes.path): these codes were found for the generator "))
      #expect(
        remark.contains(" in tiny; they mean the same only if one was trained from the other"))
      // Other programs' arrays do not say it; the generator's own codes are nothing to remark on.
      let nobody = try writeCodes(to: "\(folder)/w.npz", count: 1, seed: 2)
      #expect(
        try job(in: folder, .codes(nobody)).remarks
          == ["\(nobody.path): nothing says for which generator these codes were found"])
      #expect(try job(in: folder, .codes(codes)).remarks.isEmpty)
      #expect(try job(in: folder).remarks.isEmpty)
    }
  }

  @Test("numbers that are not finite are an error, not a picture")
  func nonFinite() async throws {
    try await withScratchFolder { folder in
      try writeClassifier(to: "\(folder)/classifier.safetensors") { _ in
      } weights: { store in
        withoutGradients { store["fcs.0.bias"].assign(.full(.nan, [24])) }
      }
      let error = await #expect(throws: EditingError.self) {
        _ = try await run(job(in: folder), in: folder)
      }
      #expect(error?.description.contains("expected finite numbers") == true)
      #expect(exitCode(for: try #require(error)) == 1)
    }
  }
}

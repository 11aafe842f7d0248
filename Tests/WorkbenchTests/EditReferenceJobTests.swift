// Editing by reference and along directions: the pictures are those of the library's codes.

import Checkpoints
import Editing
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Editing pictures by reference")
struct EditReferenceJobTests {
  private func job(in folder: String) throws -> EditReferenceJob {
    EditReferenceJob(
      try editRequest(), from: .seeds([7, 8, 9]), by: "\(folder)/editor.safetensors")
  }

  private func run(_ job: EditReferenceJob, in folder: String) async throws -> [WrittenPicture] {
    try await job.run(
      on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently
    ).files
  }

  @Test("every source meets every reference: source, reference and edit beside one another")
  func pictures() async throws {
    try await withScratchFolder { folder in
      let editor = try writeEditor(to: "\(folder)/editor.safetensors")
      let written = try await run(job(in: folder), in: "\(folder)/out")
      let pairs: [(UInt32, UInt32)] = [(3, 7), (3, 8), (3, 9), (1, 7), (1, 8), (1, 9)]
      let files = pairs.map { "\(folder)/out/seed000\($0)-seed000\($1).png" }
      #expect(
        written.map(\.file)
          == files + ["\(folder)/out/codes.safetensors", "\(folder)/out/grid.png"])
      let codes = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      #expect(codes.names.prefix(2) == ["seed 3 with seed 7", "seed 3 with seed 8"])
      for (index, (source, reference)) in pairs.enumerated() {
        let (own, other) = (try code(source), try code(reference))
        let edited = withoutGradients { editor(own, reference: other) }
        #expect(codes.codes[index].values == edited.values(as: Float.self))
        var expected = Sheet(columns: 3, rows: 1, cellWidth: 16, cellHeight: 16, channels: 3)
        for (column, shown) in [own, other, edited].enumerated() {
          expected.place(try drawn(shown), column: column, row: 0)
        }
        #expect(try PNG(path: files[index]).image == expected.image)
      }
    }
  }

  @Test("the sheet has references in its first row, sources in its first column, edits inside")
  func sheet() async throws {
    try await withScratchFolder { folder in
      try writeEditor(to: "\(folder)/editor.safetensors")
      var bare = try job(in: folder)
      bare.request.isBare = true
      _ = try await run(bare, in: "\(folder)/out")
      func cell(_ name: String, _ place: Int) throws -> ByteImage {
        try PNG(path: "\(folder)/out/\(name).png").image
          .cropped(columns: place * 16..<(place + 1) * 16, rows: 0..<16)
      }
      var expected = Sheet(columns: 4, rows: 3, cellWidth: 16, cellHeight: 16, channels: 3)
      for (column, reference) in [7, 8, 9].enumerated() {
        expected.place(try cell("seed0003-seed000\(reference)", 1), column: column + 1, row: 0)
        for (row, source) in [3, 1].enumerated() {
          let name = "seed000\(source)-seed000\(reference)"
          expected.place(try cell(name, 0), column: 0, row: row + 1)
          expected.place(try cell(name, 2), column: column + 1, row: row + 1)
        }
      }
      #expect(try PNG(path: "\(folder)/out/grid.png").image == expected.image)
      _ = try await run(job(in: folder), in: "\(folder)/words")
      let words = try PNG(path: "\(folder)/words/grid.png").image
      #expect(words.width > 4 * 96 && words.height > 3 * 96)
    }
  }

  @Test("both attentions are the library's, and heads can be chosen")
  func attentions() async throws {
    try await withScratchFolder { folder in
      let file = "\(folder)/editor.safetensors"
      try writeEditor(to: file)
      // Rows must differ: what rows that are all alike make of one another is the same anyhow.
      let source = try writeCodes(to: "\(folder)/source.npz", count: 1, seed: 1)
      let reference = try writeCodes(to: "\(folder)/reference.npz", count: 1, seed: 2)
      func edited(_ attention: EditReferenceJob.Attention?, heads: Int? = nil) async throws
        -> Tensor
      {
        var job = EditReferenceJob(
          try editRequest(.codes(source)), from: .codes(reference), by: file)
        (job.attention, job.heads) = (attention, heads)
        job.request.rows = 2..<5
        _ = try await run(job, in: "\(folder)/out")
        let codes = try CodeFile(reading: "\(folder)/out/codes.safetensors").codes
        return Tensor(codes.values, shape: [1, 6, 16])
      }
      func expected(_ paper: Bool, heads: Int = 4) throws -> Tensor {
        let network = try #require(try Checkpoint.open(file).networks["editor"])
        let editor = try network.makeEditTransformer {
          $0.decoder.memoryNormalization = paper ? .queries : .keys
          $0.decoder.heads = heads
        }
        return try ReferenceEditor(editor).edited(
          Tensor(source.codes.values, shape: [1, 6, 16]),
          reference: Tensor(reference.codes.values, shape: [1, 6, 16]), rows: 2..<5)
      }
      let all = [
        try await edited(nil), try await edited(.code), try await edited(.paper),
        try await edited(.paper, heads: 2),
      ]
      let wanted = [
        try expected(false), try expected(false), try expected(true), try expected(true, heads: 2),
      ]
      for (found, wanted) in zip(all, wanted) { #expect(bits(found) == bits(wanted)) }
      for (one, other) in [(1, 2), (2, 3)] {
        #expect((all[one] - all[other]).abs().sum().item() > 0.01)
      }
      // Our own files say which attention is theirs.
      try writeEditor(to: file) { $0.decoder.memoryNormalization = .queries }
      #expect(bits(try await edited(nil)) == bits(all[2]))
    }
  }

  @Test("attributes are taken over one after the other, as much of each as was asked for")
  func attributes() async throws {
    try await withScratchFolder { folder in
      let file = "\(folder)/editor.safetensors"
      let editor = try writeEditor(to: file) { $0.attributes = ["Bald", "Smiling", "Young"] }
      let source = try writeCodes(to: "\(folder)/source.npz", count: 1, seed: 1)
      let reference = try writeCodes(to: "\(folder)/reference.npz", count: 1, seed: 2)
      var job = EditReferenceJob(
        try editRequest(.codes(source)), from: .codes(reference), by: file)
      (job.attributes, job.strength) = (["young", "0"], 0.5)
      _ = try await run(job, in: "\(folder)/out")
      let codes = try CodeFile(reading: "\(folder)/out/codes.safetensors").codes
      let other = Tensor(reference.codes.values, shape: [1, 6, 16])
      let wanted = try [2, 0].reduce(Tensor(source.codes.values, shape: [1, 6, 16])) {
        try ReferenceEditor(editor).edited($0, reference: other, attribute: $1, strength: 0.5)
      }
      #expect(codes.values == wanted.values(as: Float.self))
      for (attributes, words) in [
        ([], "one or several of Bald, Smiling, Young, found nothing"),
        (["Smilling"], "did you mean Smiling?"), (["3"], "a number from 0 to 2, found 3"),
      ] {
        job.attributes = attributes
        let error = #expect(throws: RequestError.self) {
          try job.check(plainNetwork.summary().traits)
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      }
    }
  }

  /// What speaks against an edit of the published generator's pictures.
  private func misfit(heads: Int?, in folder: String) throws -> String? {
    var job = try job(in: folder)
    job.heads = heads
    do {
      try job.check(plainNetwork.summary().traits)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("an edit transformer for other codes, and heads that there cannot be, are refused")
  func refusals() throws {
    try withScratchFolder { folder in
      let file = "\(folder)/editor.safetensors"
      try writeEditor(to: file) { $0.decoder.width = 8 }
      let width = try misfit(heads: nil, in: folder)
      #expect(
        width
          == "\(file): expected an edit transformer for rows of 16 numbers, as the network tiny has "
          + "them, found one for 8")
      try writeEditor(to: file)
      let heads = try misfit(heads: 3, in: folder)
      #expect(
        heads
          == "--heads: expected a divisor of 16, the numbers of a row in \(file), which says 4, "
          + "found 3")
      #expect(try misfit(heads: 8, in: folder) == nil)
      try writeClassifier(to: file)
      #expect(
        try misfit(heads: nil, in: folder)
          == "\(file): does not fit: expected an edit transformer: Style Transformer's .pt, or ours, "
          + "found only classifier (latent-classifier)")
    }
  }
}

@Suite("Editing pictures along directions")
struct EditDirectionJobTests {
  @Test("the codes that come out draw the pictures, and the sheet has words or not")
  func codes() async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/directions.safetensors"
      let vectors = [Tensor.seeded([16], seed: 1), .seeded([16], seed: 2)]
      let directions = zip(vectors, ["", "smile"]).map {
        LatentDirection($0.cast(to: .float32), name: $1)
      }
      try DirectionFile(directions).write(to: path)
      var job = try EditDirectionJob(try editRequest(), along: path)
      (job.direction, job.strengths) = ("smile", [-1, 2])
      let host = try GeneratorHost(plainNetwork)
      let written = try await job.run(
        on: host, into: OutputFolder(making: "\(folder)/out"), progress: silently
      ).files
      #expect(written.count == 6 && job.count == 4)
      let file = try CodeFile(reading: "\(folder)/out/codes.safetensors")
      #expect(file.names[1] == "seed 3, strength 2")
      let moved = directions[1].moving(try code(3), by: 2)
      #expect(file.codes[1].values == moved.values(as: Float.self))
      let picture = try PNG(path: "\(folder)/out/seed0003-strength2.png").image
      #expect(try picture == drawn(moved))
      let words = try PNG(path: "\(folder)/out/grid.png").image
      job.request.isBare = true
      _ = try await job.run(
        on: host, into: OutputFolder(making: "\(folder)/bare"), progress: silently)
      let bare = try PNG(path: "\(folder)/bare/grid.png").image
      #expect((bare.width, bare.height) == (32, 32) && words.width > 192)
      #expect(bare.cropped(columns: 16..<32, rows: 0..<16) == picture)
    }
  }
}

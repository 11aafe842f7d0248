// Ways to invert side by side: figures that are those of inverting alone, repetitions, edits, files, and
// refusals.

import Checkpoints
import Editing
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Comparisons of ways to invert")
struct MetricsInversionJobTests {
  /// Writes three photographs: pictures of codes, of which the average is none.
  private func photographs(_ files: InversionFiles) throws -> [ByteImage] {
    withoutGradients {
      files.generator.wAvg.assign(files.code(40).sliced(0..<1, axis: 1).flattened(from: 0))
    }
    try files.writeGenerator()
    let pictures = (1...3).map { files.picture(files.code(UInt32($0))) }
    try files.put(pictures.enumerated().map { ("\($0).png", $1) })
    return pictures
  }

  private func job(
    _ files: InversionFiles, _ methods: [InversionMethod]
  ) -> MetricsInversionJob {
    MetricsInversionJob(
      methods, into: files.network, named: "g", on: files.photos,
      command: "stylist metrics inversion")
  }

  private func byEncoder(_ files: InversionFiles, _ name: String = "encoder") -> InversionMethod {
    var method = InversionMethod(name, options: ["--encoder=e"])
    method.encoders = [files.encoderSource.path]
    return method
  }

  private func bySearch(_ steps: Int) throws -> InversionMethod {
    var method = InversionMethod("search", options: ["--refine-steps=\(steps)"])
    method.search = try CodeSearch(steps: steps, fromEncoder: false)
    return method
  }

  private func run(
    _ job: MetricsInversionJob, _ files: InversionFiles,
    progress: @escaping ProgressHandler = silently
  ) async throws -> InversionComparison {
    try await job.run(into: OutputFolder(making: files.out), progress: progress)
  }

  @Test("the figures of a way are those of inverting by it alone; the average has its picture's")
  func figures() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let pictures = try photographs(files)
      let alone = try await files.invert()
      let found = try await run(job(files, [byEncoder(files), bySearch(30)]), files)
      #expect(found.methods.map(\.name) == ["encoder", "search"] && found.photographs == 3)
      let run = try #require(found.methods[0].runs.first)
      #expect(run.pictures.map(\.figures) == alone.pictures.map { $0.stages[0].figures })
      let mean = run.pictures.map(\.figures.l2).reduce(0, +) / 3
      #expect(abs((found.methods[0]["mse"]?.mean ?? 0) - mean) < 1e-12)
      #expect(found.methods[0]["mse"]?.deviation == nil)
      let average = try #require(found.average)
      let picture = files.picture(
        files.generator.broadcast(files.generator.wAvg.unsqueezed(0)))
      for (row, photograph) in zip(average.pictures, pictures) {
        let difference = row.figures.l2 - meanSquare(picture, photograph)
        #expect(abs(difference) < 1e-6 && row.attributes == nil)
      }
    }
  }

  @Test("a way is repeated with each encoder, a search from each seed, with deviations")
  func repetitions() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      _ = try photographs(files)
      let other = try InversionFiles(OutputFolder(making: "\(folder)/other").path)
      for (_, entry) in other.encoder.parameters.entries where entry.isTrainable {
        withoutGradients { entry.tensor.multiplyInPlace(1.5) }
      }
      let path = "\(folder)/second.safetensors"
      try writeNetworkFile(
        other.encoder.parameters, configuration: other.encoder.configuration, to: path)
      var method = byEncoder(files)
      method.encoders.append(path)
      var job = job(files, [method, try bySearch(12)])
      job.seeds = [1, 2, 3]
      let found = try await run(job, files)
      #expect(found.methods.map(\.runs.count) == [2, 3])
      #expect(found.methods[1].runs.map(\.seed) == [1, 2, 3])
      #expect(Set(found.methods[0].runs.map(\.encoderHash)).count == 2)
      for method in found.methods {
        let number = try #require(method["mse"])
        let values = number.values.compactMap(\.self)
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        let deviation = (squares / Double(values.count - 1)).squareRoot()
        #expect(abs((number.mean ?? 0) - mean) < 1e-12 && deviation > 0)
        #expect(abs((number.deviation ?? 0) - deviation) < 1e-12)
      }
    }
  }

  @Test("classifiers say which attributes pictures, also edited ones, share with photographs")
  func attributes() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let pictures = try photographs(files)
      let classifier = smallAttributeClassifier(["Smiling", "Hat", "Beard"])
      let path = "\(folder)/c.safetensors"
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration, to: path)
      func shown(_ picture: ByteImage) -> [Bool] {
        withoutGradients {
          let bytes = Tensor(picture.pixels, shape: [1, 16, 16, 3]).cast(to: .float32)
          let images = averagePool2d((bytes / 127.5 - 1).permuted(0, 3, 1, 2).contiguous())
          return classifier(images).values(as: Float.self).map { $0 > 0 }
        }
      }
      let vector = Tensor.seeded([4], seed: 1, dtype: .float32)
      let directions = "\(folder)/d.safetensors"
      try DirectionFile([LatentDirection(vector)]).write(to: directions)
      var job = job(files, [byEncoder(files)])
      job.attributes = path
      var edit = try InversionEdit(along: directions)
      (edit.strength, edit.attribute) = (-2.5, "Hat")
      job.edit = edit
      let found = try await run(job, files)
      let rows = try #require(found.methods[0].runs.first).pictures
      for (row, photograph) in zip(rows, pictures) {
        let (code, wanted) = (files.encoded(photograph), shown(photograph))
        let plain = shown(files.picture(code))
        #expect(row.attributes == Double((0..<3).count { plain[$0] == wanted[$0] }) / 3)
        let edited = shown(files.picture(withoutGradients { code + vector * -2.5 }))
        #expect(row.changed == (edited[1] ? 0 : 1))
        #expect(row.kept == Double([0, 2].count { edited[$0] == wanted[$0] }) / 2)
      }
      #expect(found.sheets == ["inverted.png", "edited.png"])
      #expect(found.classifiers.count == 1)
    }
  }

  @Test("a tuned generator comes nearer than the code that it is tuned around")
  func tuned() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      _ = try photographs(files)
      var tuned = byEncoder(files, "tuned")
      tuned.tuning = InvertJob.tuning(steps: 20, .pyramid)
      let found = try await run(job(files, [byEncoder(files), tuned]), files)
      let errors = found.methods.compactMap { $0["mse"]?.mean }
      #expect(errors.count == 2 && errors[1] < errors[0])
      // The generator is as it was.
      let again = try await run(job(files, [byEncoder(files)]), files)
      #expect(again.methods[0]["mse"] == found.methods[0]["mse"])
    }
  }

  @Test("the page, the numbers, the plot and the sheet are files, and say how they came about")
  func written() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      _ = try photographs(files)
      let found = try await run(job(files, [byEncoder(files)]), files)
      let page = try String(contentsOfFile: "\(files.out)/inversion.md", encoding: .utf8)
      for words in [
        "| average | 1 |", "| encoder | 1 |", "- encoder: `--encoder=e`", "tradeoff.png",
        "inverted.png", "generator g: content hash `", "3 photographs, compared at 16×16 pixels",
        "mse, to average",
      ] {
        #expect(page.contains(words), "\(words): \(page)")
      }
      let data = try Data(contentsOf: URL(filePath: "\(files.out)/inversion.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(object["command"] as? String == "stylist metrics inversion")
      #expect((object["methods"] as? [[String: Any]])?.count == 1)
      for name in ["tradeoff.png", "inverted.png"] {
        #expect(try PNG(path: "\(files.out)/\(name)").image.width > 48)
      }
      #expect(found.lines.contains { $0.hasPrefix("encoder") })
      #expect(found.files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
      #expect(found.files.count == 4 && found.lines.suffix(4) == found.files[...])
    }
  }

  @Test("an interrupted comparison keeps the ways that are done")
  func interrupted() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      _ = try photographs(files)
      let job = job(files, [byEncoder(files), try bySearch(40)])
      let out = files.out
      let task = Task { @Sendable in
        try await job.run(into: OutputFolder(making: out)) { progress in
          if progress.done > 12 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      let error = await #expect(throws: InterruptedWork.self) { _ = try await task.value }
      #expect(error?.description.contains("1 way of 2 are in") == true)
      let data = try Data(contentsOf: URL(filePath: "\(files.out)/inversion.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let methods = try #require(object["methods"] as? [[String: Any]])
      #expect(methods.map { $0["name"] as? String } == ["encoder"])
    }
  }

  @Test("what cannot be is refused before anything is inverted")
  func refusals() throws {
    try withScratchFolder { folder in
      let files = try InversionFiles(folder)
      _ = try photographs(files)
      refuses("--method: expected 1 to 32 ways, found 0") { _ = try job(files, []).plan() }
      refuses("--method: expected names that differ, also from average, found encoder") {
        _ = try job(files, [byEncoder(files), byEncoder(files)]).plan()
      }
      refuses("--method: expected names that differ, also from average, found average") {
        _ = try job(files, [byEncoder(files, "average")]).plan()
      }
      var absent = byEncoder(files)
      absent.encoders = ["\(folder)/none.safetensors"]
      let missing = job(files, [absent])
      let file = #expect(throws: FileError.self) { _ = try missing.plan() }
      #expect(file?.description.contains("none.safetensors: missing") == true)
      absent.encoders = [folder]
      let empty = job(files, [absent])
      let place = #expect(throws: FileError.self) { _ = try empty.plan() }
      #expect(place?.description.contains("the folder of a training") == true)
      let directions = "\(folder)/d.safetensors"
      try DirectionFile([LatentDirection(Tensor.seeded([4], seed: 1, dtype: .float32))])
        .write(to: directions)
      var edited = job(files, [byEncoder(files)])
      edited.edit = try InversionEdit(along: directions)
      let without = edited
      refuses("--direction: expected --attributes beside it") { _ = try without.plan() }
      edited.edit?.direction = "3"
      let classifier = smallAttributeClassifier(["Smiling"])
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration,
        to: "\(folder)/c.safetensors")
      edited.attributes = "\(folder)/c.safetensors"
      let wrong = edited
      refuses("--index: expected 0 to 0, found 3") { _ = try wrong.plan() }
      edited.edit?.direction = "0"
      edited.edit?.attribute = "Hat"
      let unknown = edited
      refuses("--edited-attribute: expected one of Smiling, found Hat") { _ = try unknown.plan() }
      let plan = try job(files, [byEncoder(files), try bySearch(5)]).plan()
      #expect(plan.photographs == 3 && plan.steps == 3 * (1 + 1 + 6))
    }
  }
}

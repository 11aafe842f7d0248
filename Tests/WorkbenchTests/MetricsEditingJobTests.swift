// Ways to edit side by side: figures that are recomputed by hand, strengths, repetitions, files,
// and refusals.

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

/// What tests see of pictures of the published generator, apart from jobs.
private struct EditingJudge {
  static let names = ["Smiling", "Hat", "Beard"]

  let generator: any Generator
  let classifier: AttributeClassifier

  /// A classifier that sees each attribute in half of the pictures of the first seeds.
  init(halving count: Int) throws {
    generator = try WorkbenchTests.generator(plainNetwork)
    classifier = smallAttributeClassifier(Self.names)
    let logits = (0..<count).map { self.logits(code(UInt32($0))) }
    let middles = Self.names.indices.map { attribute in
      let sorted = logits.map { $0[attribute] }.sorted()
      return (sorted[count / 2 - 1] + sorted[count / 2]) / 2
    }
    shift(middles.map { -$0 })
  }

  /// Makes the classifier surer of attributes.
  func shift(_ logits: [Float]) {
    withoutGradients { classifier.parameters["b4.out.bias"].addInPlace(Tensor(logits)) }
  }

  func write(to path: String) throws {
    try writeNetworkFile(
      classifier.parameters, configuration: classifier.configuration, to: path)
  }

  func code(_ seed: UInt32) -> Tensor {
    withoutGradients {
      generator.broadcast(generator.map(z: generator.z(seed: seed), labels: nil))
    }
  }

  func picture(_ code: Tensor) -> ByteImage {
    withoutGradients {
      let image = generator.synthesize(code, options: SynthesisOptions())
      let bytes = generator.traits.pixelEncoding.bytes(image)
      return ByteImage(
        width: 16, height: 16, channels: 3, pixels: bytes.contiguous().values(as: UInt8.self))
    }
  }

  func logits(_ code: Tensor) -> [Float] {
    let picture = picture(code)
    return withoutGradients {
      let bytes = Tensor(picture.pixels, shape: [1, 16, 16, 3]).cast(to: .float32)
      let images = averagePool2d((bytes / 127.5 - 1).permuted(0, 3, 1, 2).contiguous())
      return classifier(images).values(as: Float.self)
    }
  }

  /// The figures of edits, by hand.
  ///
  /// - Parameters:
  ///   - codes: The codes.
  ///   - attribute: What is given and taken away.
  ///   - edited: The edited code of a place, given the attribute or not.
  /// - Returns: Success, what is kept, the dependency, and the code's change.
  func figures(
    _ codes: [Tensor], _ attribute: Int, edited: (Int, Bool) throws -> Tensor
  ) rethrows -> (success: Double, kept: Double, dependency: Double, change: Double) {
    let before = codes.map(logits)
    let others = Self.names.indices.filter { $0 != attribute }
    let deviations = Self.names.indices.map { place in
      let values = before.map { Double($0[place]) }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.map { ($0 - mean) * ($0 - mean) }
      return (squares.reduce(0, +) / Double(values.count)).squareRoot()
    }
    var (success, kept, dependency, change) = (0.0, 0.0, 0.0, 0.0)
    for (index, code) in codes.enumerated() {
      let isGiven = before[index][attribute] <= 0
      let moved = try edited(index, isGiven)
      let after = logits(moved)
      success += (after[attribute] > 0) == isGiven ? 1 : 0
      for other in others {
        kept += (after[other] > 0) == (before[index][other] > 0) ? 1 : 0
        dependency += Double(abs(after[other] - before[index][other])) / deviations[other]
      }
      change += withoutGradients { (moved - code).norm().item() }
    }
    let (count, all) = (Double(codes.count), Double(codes.count * others.count))
    return (success / count, kept / all, dependency / all, change / count)
  }
}

@Suite("Comparisons of ways to edit")
struct MetricsEditingJobTests {
  private func job(
    _ methods: [EditingMethod], of attributes: [String], in folder: String
  ) -> MetricsEditingJob {
    var job = MetricsEditingJob(
      methods, of: attributes, with: plainNetwork, named: "g", command: "stylist metrics editing")
    (job.count, job.classifiers) = (6, "\(folder)/c.safetensors")
    return job
  }

  private func run(
    _ job: MetricsEditingJob, in folder: String, progress: @escaping ProgressHandler = silently
  ) async throws -> EditingComparison {
    try await job.run(into: OutputFolder(making: "\(folder)/out"), progress: progress)
  }

  /// Writes directions under names.
  private func write(_ directions: [(String, Tensor)], to path: String) throws {
    try DirectionFile(directions.map { LatentDirection($0.1, name: $0.0) }).write(to: path)
  }

  private func along(_ files: [String], named: String? = nil) -> EditingMethod {
    EditingMethod("along", options: ["--direction=d"], .direction(named: named), files: files)
  }

  private func isClose(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-3) -> Bool {
    guard let a else { return false }
    return abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test("strengths are doubled until one is enough, then the last step is halved four times")
  func search() {
    func tried(_ success: (Double) -> Double) -> StrengthSearch {
      var search = StrengthSearch(reaching: 0.8)
      while let strength = search.next {
        search.add(
          EditingComparison.Point(strength: strength, success: success(strength), kept: 1))
      }
      return search
    }
    let found = tried { $0 >= 3 ? 0.8 : 0.5 }
    #expect(found.points.map(\.strength) == [0.25, 0.5, 1, 2, 4, 3, 2.5, 2.75, 2.875])
    #expect(found.matched?.strength == 3 && found.matched?.isReached == true)
    let small = tried { _ in 1 }
    #expect(small.points.map(\.strength) == [0.25, 0.125, 0.0625, 0.03125, 0.015625])
    #expect(small.matched?.strength == 0.015625)
    let never = tried { $0 == 8 || $0 == 2 ? 0.7 : 0.1 }
    #expect(never.points.count == 10 && never.points.last?.strength == 128)
    #expect(never.matched?.strength == 2 && never.matched?.isReached == false)
  }

  @Test("every point of a direction is as by hand; repetitions have codes and files of their own")
  func directions() async throws {
    try await withScratchFolder { folder in
      let judge = try EditingJudge(halving: 16)
      try judge.write(to: "\(folder)/c.safetensors")
      let vector = Tensor.seeded([16], seed: 1, dtype: .float32)
      let files = ["\(folder)/a.safetensors", "\(folder)/b.safetensors"]
      let vectors = withoutGradients { [vector, vector * -1] }
      for (file, vector) in zip(files, vectors) {
        let other = Tensor.seeded([16], seed: 2, dtype: .float32)
        try write([("beard", other), ("HAT", vector)], to: file)
      }
      var job = job([along(files)], of: ["hat"], in: folder)
      (job.count, job.repetitions, job.success) = (8, [0, 1], 0.2)
      let found = try await run(job, in: folder)
      let runs = try #require(found.methods.first).runs
      #expect(runs.map(\.repetition) == [0, 1] && runs.compactMap(\.file) == files)
      #expect(Set(runs.map(\.fileHash)).count == 2)
      for (place, run) in runs.enumerated() {
        let codes = (0..<8).map { judge.code(UInt32(8 * place + $0)) }
        let hat = try #require(run.attributes.first)
        #expect(hat.name == "Hat" && hat.codes == 8 && hat.leftOut == 0)
        func byHand(_ strength: Double) -> (
          success: Double, kept: Double, dependency: Double, change: Double
        ) {
          judge.figures(codes, 1) { index, isGiven in
            withoutGradients { codes[index] + vectors[place] * (isGiven ? strength : -strength) }
          }
        }
        for point in hat.curve {
          let figures = byHand(point.strength)
          #expect(isClose(point.success, figures.success, 1e-9), "\(point)")
          #expect(isClose(point.kept, figures.kept, 1e-9), "\(point)")
        }
        let walk = (0..<10).map { 0.25 * pow(2, Double($0)) }
        let ups = hat.curve.prefix { $0.success < 0.2 }.count
        let isReached = ups < hat.curve.count
        #expect(hat.reached == isReached && hat.curve.count == (isReached ? ups + 5 : 10))
        #expect(zip(hat.curve, walk).prefix(ups + 1).allSatisfy { $0.strength == $1 })
        let figures = try #require(hat.figures)
        let enough = hat.curve.filter { $0.success >= 0.2 }.map(\.strength).min()
        let best = hat.curve.map(\.success).max() ?? 0
        #expect(
          figures.strength == enough ?? hat.curve.first { $0.success == best }?.strength)
        let wanted = byHand(figures.strength)
        #expect(isClose(figures.success, wanted.success, 1e-9))
        #expect(isClose(figures.kept, wanted.kept, 1e-9))
        #expect(isClose(figures.dependency, wanted.dependency))
        #expect(isClose(figures.change, wanted.change))
      }
      // At the ends all pictures are alike, and one of the two signs is right.
      #expect(runs.contains { $0.attributes[0].reached })
      for name in ["success", "kept", "dependency", "change", "strength"] {
        let number = try #require(found.methods[0][name])
        let values = number.values.compactMap(\.self)
        #expect(values.count == 2 && isClose(number.mean, (values[0] + values[1]) / 2, 1e-12))
      }
      let unedited = try #require(found.unedited)
      #expect(unedited["success"]?.mean == 0 && unedited["kept"]?.mean == 1)
      #expect(unedited["dependency"]?.mean == 0 && unedited.runs.count == 2)
    }
  }

  @Test("a label and a reference edit as they do alone; the table has means over attributes")
  func networks() async throws {
    try await withScratchFolder { folder in
      let judge = try EditingJudge(halving: 6)
      try judge.write(to: "\(folder)/c.safetensors")
      let names = ["Beard", "Old", "Smiling"]
      let classifier = try writeClassifier(to: "\(folder)/l.safetensors") {
        ($0.attributes, $0.attributeCount) = (names, 3)
      }
      let editor = try writeEditor(to: "\(folder)/e.safetensors") {
        $0.attributes = ["Smiling", "Beard"]
      }
      let label = EditingMethod(
        "label", options: ["--classifier=l", "--steps=2"],
        .label(order: .first, norm: .code, steps: 2), files: ["\(folder)/l.safetensors"])
      var reference = EditingMethod(
        "reference", options: ["--editor=e"], .reference(attention: nil, heads: nil),
        files: ["\(folder)/e.safetensors"])
      reference.rows = 1..<5
      var job = job([label, reference], of: ["smiling", "Beard"], in: folder)
      job.success = 0.5
      let found = try await run(job, in: folder)
      #expect(found.attributes == ["Smiling", "Beard"])
      let codes = (0..<6).map { judge.code(UInt32($0)) }
      let before = codes.map(judge.logits)
      for (place, attribute) in [(0, 0), (1, 2)] {
        let byLabel = try #require(found.methods[0].runs[0].attributes[place].figures)
        let wanted = try judge.figures(codes, attribute) { index, isGiven in
          var own = try LabelEditor(classifier, attribute: 2 - attribute, target: isGiven)
          own.norm = .code
          return withoutGradients {
            own.edited(codes[index], strength: byLabel.strength, steps: 2)
          }
        }
        #expect(byLabel.success == wanted.success && isClose(byLabel.kept, wanted.kept, 1e-9))
        #expect(isClose(byLabel.dependency, wanted.dependency))
        #expect(isClose(byLabel.change, wanted.change))
        let byReference = try #require(found.methods[1].runs[0].attributes[place].figures)
        let other = try judge.figures(codes, attribute) { index, isGiven in
          let next = (1..<6).map { (index + $0) % 6 }
            .first { (before[$0][attribute] > 0) == isGiven }
          return try ReferenceEditor(editor).edited(
            codes[index], reference: codes[try #require(next)], attribute: place,
            strength: byReference.strength, rows: 1..<5)
        }
        #expect(byReference.success == other.success)
        #expect(isClose(byReference.kept, other.kept, 1e-9))
        #expect(isClose(byReference.dependency, other.dependency))
        #expect(isClose(byReference.change, other.change))
      }
      for method in found.methods {
        let kept = method.runs[0].attributes.compactMap { $0.figures?.kept }
        #expect(isClose(method["kept"]?.mean, (kept[0] + kept[1]) / 2, 1e-12))
        #expect(method.attributes["Beard"]?.first { $0.name == "kept" }?.mean == kept[1])
        #expect(method["kept"]?.deviation == nil)
      }
      try checkFiles(found, in: "\(folder)/out")
    }
  }

  /// Checks what the comparison of a label and a reference has written.
  private func checkFiles(_ found: EditingComparison, in out: String) throws {
    #expect(names(in: out) == ["edited.png", "editing.json", "editing.md", "tradeoff.png"])
    #expect(found.files.count == 4)
    let page = try String(contentsOfFile: "\(out)/editing.md", encoding: .utf8)
    for words in [
      "| unedited | 1 |", "| label | 1 |", "| Beard | reference |",
      "- label: `--classifier=l --steps=2`", "tradeoff.png", "edited.png",
      "generator g: content hash `", "- codes: seeds 0 to 5, truncation 1",
      "- label, repetition 0: ", "without the distance from data",
    ] {
      #expect(page.contains(words), "\(words): \(page)")
    }
    let data = try Data(contentsOf: URL(filePath: "\(out)/editing.json"))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["command"] as? String == "stylist metrics editing")
    let methods = try #require(object["methods"] as? [[String: Any]])
    #expect(methods.map { $0["kind"] as? String } == ["label", "reference"])
    let runs = try #require(methods[0]["runs"] as? [[String: Any]])
    #expect(runs[0]["file_hash"] is String && runs[0]["repetition"] as? Int == 0)
    let first = try #require((runs[0]["attributes"] as? [[String: Any]])?.first)
    #expect((first["reached"] as? Bool) != nil && first["left_out"] as? Int == 0)
    let curve = try #require(first["curve"] as? [[String: Any]])
    #expect(Set(curve.flatMap(\.keys)) == ["strength", "success", "kept"])
    let figures = try #require(first["figures"] as? [String: Any])
    #expect(
      Set(figures.keys) == ["success", "kept", "dependency", "change", "strength"])
    for name in ["tradeoff.png", "edited.png"] {
      let image = try PNG(path: "\(out)/\(name)").image
      #expect(image.width > 3 * 96 && image.height > 96)
    }
    let lines = found.lines
    #expect(lines[0].contains("repetitions  success") && lines[1].hasPrefix("unedited"))
    #expect(lines.contains { $0.hasPrefix("Smiling    label") })
    #expect(lines.suffix(4) == found.files[...])
  }

  @Test("a success that no strength reaches is said, and so are codes without a reference")
  func unreachable() async throws {
    try await withScratchFolder { folder in
      let judge = try EditingJudge(halving: 6)
      judge.shift([0, 0, 1000])
      try judge.write(to: "\(folder)/c.safetensors")
      let still = withoutGradients { Tensor.seeded([16], seed: 1, dtype: .float32) * 1e-15 }
      try write([("", still)], to: "\(folder)/d.safetensors")
      try writeEditor(to: "\(folder)/e.safetensors")
      let along = along(["\(folder)/d.safetensors"], named: "0")
      let reference = EditingMethod(
        "reference", options: [], .reference(attention: nil, heads: nil),
        files: ["\(folder)/e.safetensors"])
      let found = try await run(
        job([along, reference], of: ["Beard"], in: folder), in: folder)
      let beard = try #require(found.methods[0].runs[0].attributes.first)
      #expect(!beard.reached && beard.curve.count == 10 && beard.codes == 6)
      let figures = try #require(beard.figures)
      #expect(figures.strength == 0.25 && figures.success == 0 && figures.kept == 1)
      #expect(figures.dependency == 0 && figures.change == 0)
      #expect(
        found.remarks.contains {
          $0.hasPrefix("along, Beard, repetition 0: no strength up to 128 reaches a success of 0.8")
        }, "\(found.remarks)")
      #expect(found.lines.contains { $0.hasPrefix("along") && $0.contains("0 *") })
      let none = try #require(found.methods[1].runs[0].attributes.first)
      #expect(none.codes == 0 && none.leftOut == 6 && none.figures == nil && none.curve.isEmpty)
      #expect(
        found.remarks.contains { $0.hasPrefix("reference, Beard, repetition 0: 6 codes left out") })
      #expect(found.lines.contains { $0.hasPrefix("reference") && $0.contains("–") })
    }
  }

  @Test("the distance from data is that of folders of the same pictures")
  func distance() async throws {
    try await withScratchFolder { folder in
      let judge = try EditingJudge(halving: 4)
      try judge.write(to: "\(folder)/c.safetensors")
      let vector = Tensor.seeded([16], seed: 1, dtype: .float32)
      try write([("Smiling", vector)], to: "\(folder)/d.safetensors")
      let inception = smallInception()
      try writeNetworkFile(
        inception.parameters, configuration: inception.configuration,
        to: "\(folder)/inception.safetensors")
      func put(_ pictures: [ByteImage], _ name: String) throws {
        let place = try OutputFolder(making: "\(folder)/\(name)")
        for (index, picture) in pictures.enumerated() {
          try PNG(image: picture).write(to: place.file("\(index).png"))
        }
      }
      try put((0..<5).map { noise(width: 16, height: 16, channels: 3, seed: 9 + $0) }, "data")
      var job = job([along(["\(folder)/d.safetensors"])], of: ["Smiling"], in: folder)
      (job.count, job.data) = (4, MetricData("\(folder)/data"))
      job.networks = FeatureNetworkFiles(inception: "\(folder)/inception.safetensors")
      let found = try await run(job, in: folder)
      #expect(found.metric == "fid4_full" && found.data?.hasPrefix("5 pictures of") == true)
      let strength = try #require(found.methods[0]["strength"]?.mean)
      let codes = (0..<4).map { judge.code(UInt32($0)) }
      try put(codes.map(judge.picture), "unedited")
      try put(
        codes.map { code in
          let sign: Double = judge.logits(code)[0] > 0 ? -1 : 1
          return judge.picture(withoutGradients { code + vector * (sign * strength) })
        }, "edits")
      let pairs: [(String, EditingComparison.Method?)] = [
        ("unedited", found.unedited), ("edits", found.methods[0]),
      ]
      for (name, method) in pairs {
        let alone = try await MetricsFoldersJob(
          "\(folder)/\(name)", reference: "\(folder)/data", networks: job.networks
        ).run(progress: silently)
        let fid = try #require(alone.results["fid"])
        #expect(isClose(method?["fid4_full"]?.mean, fid), "\(name): \(fid)")
      }
    }
  }

  @Test("an interrupted comparison keeps the ways that are done; codes of a file are all edited")
  func interrupted() async throws {
    try await withScratchFolder { folder in
      let judge = try EditingJudge(halving: 6)
      try judge.write(to: "\(folder)/c.safetensors")
      let vector = Tensor.seeded([16], seed: 1, dtype: .float32)
      try write([("Smiling", vector)], to: "\(folder)/d.safetensors")
      let other = EditingMethod(
        "other", options: [], .direction(named: "0"), files: ["\(folder)/d.safetensors"])
      var plan = job([along(["\(folder)/d.safetensors"]), other], of: ["Smiling"], in: folder)
      (plan.count, plan.latents) = (
        nil, try writeCodes(to: "\(folder)/codes.npz", count: 3, seed: 1)
      )
      let (job, out) = (plan, "\(folder)/out")
      #expect(try job.plan().pictures == 3 + 2 * 15 * 3)
      let task = Task { @Sendable in
        try await job.run(into: OutputFolder(making: out)) { progress in
          if progress.done > 3 + 15 * 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      let error = await #expect(throws: InterruptedWork.self) { _ = try await task.value }
      #expect(error?.description.contains("1 way of 2 are in") == true)
      let data = try Data(contentsOf: URL(filePath: "\(out)/editing.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let methods = try #require(object["methods"] as? [[String: Any]])
      #expect(methods.map { $0["name"] as? String } == ["along"] && object["count"] as? Int == 3)
      #expect((object["codes"] as? String)?.contains("the first 3 of 3 in ") == true)
      #expect(names(in: out).contains("edited.png"))
    }
  }

  @Test("what cannot be is refused before anything is drawn")
  func refusals() throws {
    try withScratchFolder { folder in
      try EditingJudge(halving: 2).write(to: "\(folder)/c.safetensors")
      let vector = Tensor.seeded([16], seed: 1, dtype: .float32)
      let file = "\(folder)/d.safetensors"
      try write([("Smiling", vector)], to: file)
      let good = job([along([file])], of: ["Smiling"], in: folder)
      #expect(try good.plan().pictures == 6 + 15 * 6)
      func refused(_ words: String, _ change: (inout MetricsEditingJob) throws -> Void) rethrows {
        var job = good
        try change(&job)
        refuses(words) { _ = try job.plan() }
      }
      func replaced(_ methods: [EditingMethod], _ attributes: [String]) -> MetricsEditingJob {
        job(methods, of: attributes, in: folder)
      }
      refuses("--method: expected 1 to 32 ways, found 0") { _ = try replaced([], ["Hat"]).plan() }
      refuses("--method: expected names that differ, also from unedited, found along") {
        _ = try replaced([along([file]), along([file])], ["Hat"]).plan()
      }
      refuses("found Smilin; did you mean Smiling?") {
        _ = try replaced([along([file])], ["Smilin"]).plan()
      }
      refuses("--attribute: expected each name once, found smiling again") {
        _ = try replaced([along([file])], ["Smiling", "smiling"]).plan()
      }
      refuses("method along: --index: expected one --attribute") {
        _ = try replaced([along([file], named: "0")], ["Smiling", "Hat"]).plan()
      }
      refuses("--index: expected 0 to 0, or one of Smiling, found 3") {
        _ = try replaced([along([file], named: "3")], ["Smiling"]).plan()
      }
      refused("--count: expected 2 to 100,000 codes, found 1") { $0.count = 1 }
      refused("--success: expected above 0, at most 1, found 0") { $0.success = 0 }
      refused("--success: expected above 0, at most 1, found 1.5") { $0.success = 1.5 }
      refused("--seeds: expected repetitions from 0 to ") { $0.repetitions = [.max] }
      refused("--attributes: expected a folder with") { $0.classifiers = nil }
      try refused("--count: expected at most the 3 codes of") {
        $0.latents = try writeCodes(to: "\(folder)/codes.npz", count: 3, seed: 1)
      }
      let unknown = #expect(throws: MisfitError.self) {
        _ = try replaced([along([file])], ["Hat"]).plan()
      }
      #expect(unknown?.description.contains("else one called Hat, found Smiling") == true)
      try writeEditor(to: "\(folder)/e.safetensors") { $0.decoder.width = 8 }
      let reference = EditingMethod(
        "reference", options: [], .reference(attention: nil, heads: nil),
        files: ["\(folder)/e.safetensors"])
      let misfit = #expect(throws: MisfitError.self) {
        _ = try replaced([reference], ["Hat"]).plan()
      }
      #expect(misfit?.description.contains("rows of 16 numbers") == true)
      let out = try OutputFolder(making: "\(folder)/out").path
      var over = good
      over.latents = try writeCodes(to: "\(out)/editing.json", count: 6, seed: 1)
      let reading = over
      refuses("--outdir: expected no file that is read") { try reading.check(into: out) }
    }
  }
}

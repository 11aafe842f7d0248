// Studies of disentanglement: their numbers are those of the metrics one by one, their pictures those
// that generate draws, and they go on where they were interrupted.

import Checkpoints
import Formats
import Foundation
import Layers
import Metrics
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Studies of disentanglement") struct DisentanglementJobTests {
  /// The file of a small generator of 32×32 pixels.
  private func writeGenerator(to path: String, seed: UInt64 = 1, resolution: Int = 32) throws {
    var configuration = StyleGAN2Configuration(resolution: resolution)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (8, 8, 2)
    (configuration.channelBase, configuration.channelMax) = (128, 8)
    let g = StyleGAN2(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
    for name in g.parameters.names(under: "") where name.hasSuffix("noise_strength") {
      g.parameters[name].assign(.ones(g.parameters[name].shape) * 0.3)
    }
    try writeNetworkFile(g.parameters, configuration: configuration, to: path)
  }

  /// A folder with two generators, all small networks that judge, and 20 pictures.
  private func withStudy(
    _ body: (_ folder: String, DisentanglementJob) async throws -> Void
  ) async throws {
    let (inception, distance) = (smallInception(), smallLPIPS())
    let classifier = smallAttributeClassifier(["a", "b"])
    try await withScratchFolder { folder in
      let weights = FeatureNetworkFiles(
        inception: "\(folder)/inception.safetensors", vgg: "\(folder)/lpips.safetensors",
        attributes: "\(folder)/classifier.safetensors")
      try writeNetworkFile(
        inception.parameters, configuration: inception.configuration,
        to: try #require(weights.inception))
      try writeNetworkFile(
        distance.parameters, configuration: distance.configuration, to: try #require(weights.vgg))
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration,
        to: try #require(weights.attributes))
      _ = try OutputFolder(making: "\(folder)/data")
      for index in 0..<20 {
        let picture = noise(width: 32, height: 32, channels: 3, seed: 500 + UInt32(index))
        try PNG(image: picture).write(to: "\(folder)/data/\(100 + index).png")
      }
      for (name, seed) in [("one", 1), ("two", 2)] {
        try writeGenerator(to: "\(folder)/\(name).safetensors", seed: UInt64(seed))
      }
      var job = DisentanglementJob(
        ["\(folder)/one.safetensors"], weights: weights, command: "the command")
      (job.counts.paths, job.counts.judged, job.counts.pictures) = (10, 40, 20)
      (job.data, job.cache, job.seed) = ("\(folder)/data", "\(folder)/cache", 30)
      try await body(folder, job)
    }
  }

  private func run(
    _ job: DisentanglementJob, into folder: String, progress: @escaping ProgressHandler = silently
  ) async throws -> DisentanglementJob.Outcome {
    try await job.run(into: OutputFolder(making: folder), progress: progress)
  }

  private static let rowNames = [
    "ppl_zfull", "ppl_wfull", "ppl_zend", "ppl_wend", "ls_z", "ls_w", "fid20_full",
    "fid20_full-mix2", "fid20_full-mix3", "fid20_full-mix4",
  ]

  @Test("numbers are those of the metrics one by one, and stand in all files")
  func numbers() async throws {
    try await withStudy { folder, job in
      let outcome = try await run(job, into: "\(folder)/out")
      #expect(outcome.rows.map(\.name) == Self.rowNames)
      let values = outcome.rows.compactMap { $0.values[0] }
      #expect(values.count == 10 && values.allSatisfy(\.isFinite))
      var single = MetricsGeneratorJob(
        try MetricsGeneratorJob.recipes("ppl_zfull,ppl_wend", samples: 10)
          + MetricsGeneratorJob.recipes("ls", samples: 40), data: MetricData("\(folder)/data"),
        networks: job.weights)
      var distance = try #require(MetricRecipe("fid50k_full"))
      distance.generated = 20
      single.metrics.append(distance)
      single.seed = 30
      let host = try GeneratorHost(.file("\(folder)/one.safetensors"))
      let alone = try await host.measure(single, progress: silently)
      func study(_ name: String) -> Double? { outcome.networks[0][name] }
      #expect(study("ppl_zfull") == alone.findings[0]["ppl_zfull"])
      #expect(study("ppl_wend") == alone.findings[1]["ppl_wend"])
      #expect(study("ls_w") == alone.findings[2]["ls_w"])
      #expect(study("fid20_full") == alone.findings[3]["fid50k_full"])
      #expect(Set(values.suffix(4)).count == 4, "mixed pictures are other pictures")
      #expect(outcome.data?.count == 20 && outcome.seed == 30)
      let page = try String(contentsOfFile: "\(folder)/out/disentanglement.md", encoding: .utf8)
      for row in outcome.rows { #expect(page.contains("| \(row.title) | `\(row.name)` | ")) }
      #expect(page.contains("Made by `the command`"))
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: "\(folder)/out/disentanglement.json")))
      let rows = try #require((json as? [String: Any])?["rows"] as? [[String: Any]])
      let written = rows.compactMap { ($0["values"] as? [Double])?.first }
      // JSONSerialization reads some numbers one bit off.
      #expect(written.count == 10 && zip(written, values).allSatisfy { abs($0 / $1 - 1) < 1e-13 })
      #expect(
        names(in: "\(folder)/out") == [
          "disentanglement.json", "disentanglement.md", "mixed.png", "mixing.png",
          "path-lengths.png", "separability.png",
        ])
      #expect(
        outcome.files.map { ($0 as NSString).lastPathComponent }.sorted()
          == names(in: "\(folder)/out"))
      try checkBars(of: outcome, in: "\(folder)/out/path-lengths.png")
      // There is room between the highest bar and the title.
      let planes = try PNG(path: "\(folder)/out/separability.png").image
      #expect(!Self.hasBar(planes, rows: 0..<64) && Self.hasBar(planes, rows: 64..<330))
    }
  }

  /// Whether rows of pixels have any of the first network's colour.
  private static func hasBar(_ image: ByteImage, rows: Range<Int>) -> Bool {
    (rows.lowerBound * image.width..<rows.upperBound * image.width).contains { place in
      image.pixels[3 * place..<3 * place + 3] == [0x00, 0x72, 0xB2]
    }
  }

  /// Checks that bars are as high as their numbers say.
  private func checkBars(of outcome: DisentanglementJob.Outcome, in file: String) throws {
    let plot = try PNG(path: file)
    #expect(plot.texts.contains(PNG.Text(key: "Command", value: "the command")))
    let image = plot.image
    // The columns in the middle of the four groups.
    let heights = (0..<4).map { group in
      let x = 100 + (2 * group + 1) * 496 / 8
      return (44..<324).count { y in
        let pixel = (y * image.width + x) * 3
        return image.pixels[pixel..<pixel + 3] == [0x00, 0x72, 0xB2]
      }
    }
    let values = outcome.rows.prefix(4).compactMap { $0.values[0] }
    let scale = Double(heights.max() ?? 0) / (values.max() ?? 1)
    #expect((heights.max() ?? 0) > 150)
    for (height, value) in zip(heights, values) {
      // Of a row of pixels a part may be filled.
      #expect(abs(Double(height) - scale * value) <= 2, "\(heights) for \(values)")
    }
  }

  @Test("the sheet's first row are the pictures that generate draws, the others are not")
  func sheet() async throws {
    try await withStudy { folder, job in
      _ = try await run(job, into: "\(folder)/out")
      var drawing = GenerateJob(.seeds(Array(30..<38)), provenance: provenance)
      drawing.settings.noise = .random
      let host = try GeneratorHost(.file("\(folder)/one.safetensors"))
      let drawn = try await drawing.run(
        on: host, into: OutputFolder(making: "\(folder)/drawn"), progress: silently)
      let words = SheetWords(
        title: "pictures of one latent, and mixed of more at random rows of W+",
        columns: (30..<38).map { "seed \($0)" }, rows: (1...4).map { counted($0, "latent") })
      let layout = PictureSheet(words, width: 32, height: 32, isBare: false)
      let sheet = try PNG(path: "\(folder)/out/mixed.png").image
      #expect(sheet.width == layout.width && sheet.height == layout.height)
      /// The largest difference of a cell's pixels from those of a picture, shown three times as wide.
      func difference(_ picture: ByteImage, column: Int, row: Int) -> Int {
        let (left, top) = layout.corner(column: column, row: row)
        return (0..<32 * 32 * 3).reduce(0) { most, place in
          let (pixel, channel) = place.quotientAndRemainder(dividingBy: 3)
          let (x, y) = (left + 3 * (pixel % 32) + 1, top + 3 * (pixel / 32) + 1)
          let shown = sheet.pixels[(y * sheet.width + x) * 3 + channel]
          return max(most, abs(Int(shown) - Int(picture.pixels[place])))
        }
      }
      for column in 0..<8 {
        let picture = try PNG(path: drawn[column].file).image
        // Drawn eight at a time rather than alone, a number may be rounded to the other of two bytes.
        #expect(difference(picture, column: column, row: 0) <= 1)
        #expect(difference(picture, column: column, row: 3) > 8)
      }
    }
  }

  @Test("goes on after a cancellation and with cut off features, with the same numbers")
  func interruption() async throws {
    try await withStudy { folder, job in
      let job = job
      let whole = try await run(job, into: "\(folder)/whole")
      var other = job
      other.cache = "\(folder)/other"
      let interrupted = other
      let task = Task {
        try await run(interrupted, into: "\(folder)/out") { step in
          if step.unit.hasSuffix(", 7 of 9") { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(names(in: "\(folder)/out").isEmpty)
      let kept = names(in: "\(folder)/other")
      #expect(kept.count == 10, "four path lengths, logits, planes in both spaces, features")
      for name in kept {
        let file = "\(folder)/other/\(name)"
        let bytes = try ByteRegion(mapping: file).copy()
        try put(Array(bytes.prefix(bytes.count * 4 / 5)), at: file)
      }
      let steps = Mutex<[JobProgress]>([])
      let again = try await run(interrupted, into: "\(folder)/out") { step in
        steps.withLock { $0.append(step) }
      }
      #expect(again.rows == whole.rows)
      let before = steps.withLock { Set($0.map { "\($0.doneBefore) \($0.unit)" }) }
      #expect(before.contains("8 paths, 1 of 9") && before.contains("0 generated pictures, 9 of 9"))
      let nothing = Mutex<[JobProgress]>([])
      _ = try await run(job, into: "\(folder)/whole") { step in nothing.withLock { $0.append(step) }
      }
      #expect(nothing.withLock { $0.isEmpty })
    }
  }

  @Test("several networks are columns, and runs stand for their newest network")
  func networks() async throws {
    try await withStudy { folder, job in
      var job = job
      (job.weights.vgg, job.weights.attributes) = (nil, nil)
      _ = try OutputFolder(making: "\(folder)/00003-run")
      for kimg in ["000004", "000008"] {
        let place = "\(folder)/00003-run/network-snapshot-\(kimg).safetensors"
        try writeGenerator(to: place, seed: kimg == "000008" ? 2 : 3)
      }
      job.networks = ["\(folder)/one.safetensors", "\(folder)/two.safetensors"]
      job.networks.append("\(folder)/00003-run")
      job.counts.latents = 2
      let plan = try job.plan()
      #expect(plan.networks == ["one.safetensors", "two.safetensors", "00003-run"])
      #expect(plan.measures.map(\.metric) == ["fid20_full", "fid20_full-mix2"])
      #expect(plan.drawn == 120 && plan.tflop > 0 && plan.notes.count == 2)
      #expect(plan.notes[0].contains("path lengths are left out: they need --vgg: vgg16.pt"))
      let outcome = try await run(job, into: "\(folder)/out")
      #expect(names(in: "\(folder)/out") == plan.files.sorted())
      #expect(plan.files.contains("mixed-3.png"))
      for row in outcome.rows {
        let values = row.values.compactMap(\.self)
        #expect(values.count == 3 && values[0] != values[1] && values[1] == values[2])
      }
      #expect(outcome.networks[1].generator == outcome.networks[2].generator)
      #expect(outcome.remarks.contains { $0.hasPrefix("separability is left out") })
      #expect(outcome.lines[0].contains("one.safetensors  two.safetensors  00003-run"))
      try writeGenerator(to: "\(folder)/small.safetensors", seed: 4, resolution: 16)
      job.networks = ["\(folder)/one.safetensors", "\(folder)/small.safetensors"]
      #expect(try job.plan().notes.last?.hasPrefix("pictures of 16×16, 32×32: distances") == true)
    }
  }

  @Test("what does not fit is said before anything is computed")
  func refusals() async throws {
    try await withStudy { folder, job in
      func refused(_ words: String, _ change: (inout DisentanglementJob) -> Void) {
        var other = job
        change(&other)
        let changed = other
        refuses(words) { _ = try changed.plan() }
      }
      refused("--network: expected 1 to 8 networks, found 0") { $0.networks = [] }
      refused("--network: expected networks that differ") { $0.networks += $0.networks }
      refused("--latents: expected 1 to 9, found 0") { $0.counts.latents = 0 }
      refused("--latents: expected at most 8, the rows of W+ that one.safetensors reads, found 9") {
        $0.counts.latents = 9
      }
      refused("--paths: expected 1 to 10000000, found 0") { $0.counts.paths = 0 }
      refused("--judged: expected 2 to 10000000, found 1") { $0.counts.judged = 1 }
      refused("--pictures: expected 2 to 10000000, found 1") { $0.counts.pictures = 1 }
      refused("--data: expected the pictures that fid20_full compares with") { $0.data = nil }
      refused("expected --data=portraits, or weights: --vgg, --attributes") {
        ($0.weights, $0.data) = (FeatureNetworkFiles(), nil)
      }
      var missing = job
      missing.networks = [folder]
      let empty = missing
      expect(.missing, says: "a network-snapshot-") { _ = try empty.plan() }
      #expect(!names(in: folder).contains("cache"))
    }
  }

  @Test("networks of different trainings need to be told what to compare with")
  func differentData() async throws {
    try await withStudy { folder, job in
      var job = job
      job.networks = []
      for (name, seed) in [("a", 1), ("b", 2)] {
        var request = TrainGANRequest()
        let data = "\(folder)/data-\(name)"
        (request.data.source, request.cfg) = (data, "auto")
        _ = try OutputFolder(making: data)
        for index in 0..<4 {
          let picture = noise(width: 32, height: 32, channels: 3, seed: UInt32(10 * seed + index))
          try PNG(image: picture).write(to: "\(data)/\(index).png")
        }
        request.batchSize = 4
        (request.schedule.kimg, request.schedule.kimgPerTick) = (0.004, 0.004)
        (request.channelBase, request.channelMax, request.mappingLayers) = (64, 4, 2)
        (request.zDim, request.wDim) = (8, 8)
        let made = try await TrainingJob(
          request, .new(outdir: "\(folder)/runs"), command: "test"
        ).run { _ in }
        job.networks.append(made.folder)
      }
      job.data = nil
      let both = job
      refuses("--data: expected what to compare with") { _ = try both.plan() }
      job.networks.removeLast()
      #expect(try job.plan().measures.count == 9)
    }
  }

  @Test("axes count, and stand on zero")
  func axes() {
    let latents = Axis(counting: 1...4)
    #expect(latents.ticks.map(\.text) == ["1", "2", "3", "4"])
    #expect(latents.place(of: 1) > 0.05 && latents.place(of: 4) < 0.95)
    let values = Axis(fromZeroTo: [3, 80, .nan])
    #expect(values.low == 0 && values.high == 88 && values.ticks.first?.text == "0")
  }
}

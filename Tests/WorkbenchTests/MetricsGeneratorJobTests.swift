// Metrics of generators: they are those of the pictures that generate draws, and go on where they
// were interrupted.

import Checkpoints
import Datasets
import Formats
import Foundation
import Layers
import Metrics
import Networks
import OrderedCollections
import Synchronization
import Tensors
import TestSupport
import Testing
import Workbench

/// A metric of fewer pictures than its name says.
private func recipe(_ name: String, generated: Int) throws -> MetricRecipe {
  var recipe = try #require(MetricRecipe(name))
  recipe.generated = generated
  return recipe
}

@Suite("Metrics of generators") struct MetricsGeneratorJobTests {
  /// A folder with a small Inception-v3, a small LPIPS, and 20 pictures of the generators' size.
  private func withData(
    labels: Int? = nil,
    _ body: (_ folder: String, MetricsGeneratorJob) async throws -> Void
  ) async throws {
    let inception = smallInception()
    let distance = smallLPIPS()
    let vgg = smallVGG16()
    try await withScratchFolder { folder in
      let networks = FeatureNetworkFiles(
        inception: "\(folder)/inception.safetensors", vgg: "\(folder)/lpips.safetensors")
      try writeNetworkFile(
        inception.parameters, configuration: inception.configuration,
        to: try #require(networks.inception))
      try writeNetworkFile(
        distance.parameters, configuration: distance.configuration,
        to: try #require(networks.vgg))
      try writeNetworkFile(
        vgg.parameters, configuration: vgg.configuration, to: "\(folder)/vgg.safetensors")
      _ = try OutputFolder(making: "\(folder)/data")
      for index in 0..<20 {
        let picture = noise(width: 16, height: 16, channels: 3, seed: 500 + UInt32(index))
        try PNG(image: picture).write(to: "\(folder)/data/\(100 + index).png")
      }
      if let labels {
        let all = (0..<20).map { "[\"\(100 + $0).png\", \($0 % labels)]" }
        try put(
          Array("{\"labels\": [\(all.joined(separator: ", "))]}".utf8),
          at: "\(folder)/data/dataset.json")
      }
      var job = MetricsGeneratorJob([], data: MetricData("\(folder)/data"), networks: networks)
      job.cache = "\(folder)/cache"
      try await body(folder, job)
    }
  }

  @Test("are those of the pictures that generate draws", arguments: NoiseKind.allCases)
  func pictures(_ noise: NoiseKind) async throws {
    try await withData { folder, job in
      var job = job
      job.metrics = [
        try recipe("fid50k_full", generated: 22), try recipe("kid50k_full", generated: 22),
        try recipe("is50k", generated: 22), try recipe("pr50k3_full", generated: 22),
      ]
      (job.seed, job.settings.noise) = (30, noise)
      job.networks.vgg = "\(folder)/vgg.safetensors"
      job.settings.truncationPsi = 0.7
      let host = try GeneratorHost(plainNetwork)
      let found = try await host.measure(job, progress: silently)
      var drawing = GenerateJob(.seeds(Array(30..<52)), provenance: provenance)
      drawing.settings = job.settings
      _ = try await drawing.run(
        on: host, into: OutputFolder(making: "\(folder)/drawn"), progress: silently)
      var folders = MetricsFoldersJob(
        "\(folder)/drawn", reference: "\(folder)/data", networks: job.networks, rule: job.rule)
      (folders.seed, folders.metrics) = (30, [.fid, .kid, .inceptionScore, .precisionRecall])
      let expected = try await folders.run(progress: silently)
      let names = [
        "fid50k_full": "fid", "kid50k_full": "kid", "is50k_mean": "is", "is50k_std": "is_std",
        "pr50k3_full_precision": "precision", "pr50k3_full_recall": "recall",
      ]
      let all = found.findings.flatMap { $0.results.map { ($0.key, $0.value) } }
      #expect(Set(all.map(\.0)) == Set(names.keys))
      for (name, value) in all {
        let other = try #require(expected.results[names[name] ?? ""])
        // Drawn eight at a time, a number may be rounded to the other of two bytes; of 20 pictures
        // one may lie on a border.
        let limit = name.hasPrefix("pr") ? 0.051 : 2e-3 * abs(other) + 1e-5
        #expect(abs(value - other) <= limit, "\(name): \(value) and \(other)")
      }
      #expect((found.frechetDistance ?? 0) > 1e-3)
      #expect(found.data?.count == 20 && found.extractors.keys.sorted() == ["inception", "vgg16"])
      #expect(found.findings.map(\.generated) == [22, 22, 22, 22])
    }
  }

  @Test("go on where they were, whatever was cut off, with the same bits")
  func interruption() async throws {
    try await withData { folder, job in
      var job = job
      job.metrics = [
        try recipe("fid50k_full", generated: 20), try recipe("ppl2_wend", generated: 12),
      ]
      let host = try GeneratorHost(plainNetwork)
      let whole = try await host.measure(job, progress: silently)
      let kept = names(in: "\(folder)/cache")
      #expect(kept.count == 3)
      for name in kept {
        let file = "\(folder)/cache/\(name)"
        let bytes = try ByteRegion(mapping: file).copy()
        // Some rows, and a part of one.
        try put(Array(bytes.prefix(bytes.count * 11 / 20 + 1)), at: file)
      }
      let steps = Mutex<[JobProgress]>([])
      let again = try await host.measure(job) { step in steps.withLock { $0.append(step) } }
      #expect(again.findings.map(\.results) == whole.findings.map(\.results))
      let units = steps.withLock { $0.map { "\($0.doneBefore) \($0.unit)" } }
      // What is seen together is seen together again: 8 generated pictures, 16 real ones, 8 paths.
      #expect(Set(units) == ["8 generated pictures", "0 real pictures", "0 paths"], "\(units)")
      #expect(try await host.measure(job, progress: silently).findings.count == 2)
      var other = job
      other.seed = 1
      let changed = try await host.measure(other, progress: silently)
      #expect(changed.findings[1].results != whole.findings[1].results)
    }
  }

  @Test("path lengths are those of their definition", arguments: ["ppl2_wend", "ppl_zfull"])
  func paths(_ name: String) async throws {
    try await withData { folder, job in
      var job = job
      let metric = try recipe(name, generated: 11)
      (job.metrics, job.data, job.seed) = ([metric], nil, 5)
      job.settings.noise = .const
      var configuration = StyleGAN2Configuration(resolution: 32)
      (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (8, 8, 2)
      (configuration.channelBase, configuration.channelMax) = (128, 8)
      let g = StyleGAN2(
        configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
      let file = "\(folder)/generator.safetensors"
      try writeNetworkFile(g.parameters, configuration: configuration, to: file)
      let found = try await GeneratorHost(.file(file)).measure(job, progress: silently)
      guard case .pathLength(let length) = metric.kind else { return }
      let lpips = smallLPIPS()
      var state = RandomState(seed: 5)
      let places = state.rand(11)
      let lengths = withoutGradients {
        (0..<11).map { path -> Float in
          let ends = [0, 1].map { g.z(seed: UInt32(5 + 2 * path + $0)) }
          return length.lengths(
            of: g, between: (ends[0], ends[1]), at: Tensor([Float(places[path])], shape: [1])
          ) { lpips.embedding($0 / 127.5 - 1) }.values()[0]
        }
      }
      let value = try #require(found.findings[0][name])
      let expected = PerceptualPathLength.mean(of: lengths).mean
      // The step is small: what rounding changes of a picture counts 10^8 times.
      #expect(abs(value / expected - 1) < 0.05, "\(value) and \(expected)")
      #expect(found.data == nil && found.extractors.keys.sorted() == ["lpips-vgg16"])
      // The middle of 16×16 pixels is smaller than the smallest that the network sees.
      job.metrics = [try recipe("ppl_wend", generated: 4)]
      let small = job
      refuses("--metrics=ppl_wend: expected a generator of at least 32×32 pixels, found 16×16") {
        try small.check(generator(plainNetwork).traits)
      }
    }
  }

  @Test("a generator with labels takes those of the data, and refuses data without")
  func labels() async throws {
    try await withData(labels: 3) { folder, job in
      var job = job
      job.metrics = [try recipe("fid50k", generated: 16)]
      let host = try GeneratorHost(labelledNetwork)
      let mixed = try await host.measure(job, progress: silently).frechetDistance
      // All of one class.
      try put(
        Array(
          "{\"labels\": [\((0..<20).map { "[\"\(100 + $0).png\", \($0 == 0 ? 2 : 0)]" }.joined(separator: ", "))]}"
            .utf8), at: "\(folder)/data/dataset.json")
      let single = try await host.measure(job, progress: silently).frechetDistance
      #expect(mixed != nil && mixed != single)
      try FileManager.default.removeItem(atPath: "\(folder)/data/dataset.json")
      await #expect {
        try await host.measure(job, progress: silently)
      } throws: {
        "\($0)".contains("--data: expected pictures with labels of 3 numbers")
      }
    }
  }

  @Test("mirror images count where training saw them, not in metrics of all pictures as they are")
  func mirror() async throws {
    try await withData { _, job in
      var job = job
      job.metrics = [
        try recipe("fid50k", generated: 16), try recipe("fid50k_full", generated: 16),
      ]
      let host = try GeneratorHost(plainNetwork)
      let plain = try await host.measure(job, progress: silently)
      job.data?.mirror = true
      let mirrored = try await host.measure(job, progress: silently)
      #expect(plain.findings[0]["fid50k"] == plain.findings[1]["fid50k_full"])
      #expect(plain.findings[0].results != mirrored.findings[0].results)
      #expect(plain.findings[1].results == mirrored.findings[1].results)
    }
  }

  @Test("what is missing is said before anything is computed")
  func refusals() async throws {
    try await withData { folder, job in
      let traits = try generator(plainNetwork).traits
      var job = job
      refuses("--metrics: expected fid50k_full") { try job.check(traits) }
      job.metrics = [try #require(MetricRecipe("fid1k_full"))]
      job.networks.inception = nil
      refuses("--inception: expected for fid1k_full, inception-2015-12-05.pt") {
        try job.check(traits)
      }
      job.metrics = [try #require(MetricRecipe("pr1k3_full"))]
      job.networks.vgg = nil
      refuses("--vgg: expected for pr1k3_full, vgg16.pt") { try job.check(traits) }
      job.metrics = [try #require(MetricRecipe("ppl_wend"))]
      refuses("--vgg: expected for ppl_wend, vgg16.pt") { try job.check(traits) }
      job.networks.inception = "\(folder)/inception.safetensors"
      (job.metrics, job.data) = ([try #require(MetricRecipe("kid1k"))], nil)
      refuses("--data: expected the pictures that kid1k compares with") { try job.check(traits) }
      refuses("did you mean fid50k_full?") {
        _ = try MetricsGeneratorJob.recipes("fid50k_ful")
      }
      refuses("--samples: expected a path length") {
        _ = try MetricsGeneratorJob.recipes("fid1k", samples: 10)
      }
      #expect(
        try MetricsGeneratorJob.recipes("ppl_wend,fid1k,fid1k", samples: 9).map(\.generated) == [
          9, 1000,
        ])
    }
  }

  @Test("a training measures its snapshots, and the log says of which network")
  func training() async throws {
    try await withData { folder, job in
      var request = TrainGANRequest()
      (request.data.source, request.cfg) = ("\(folder)/data", "auto")
      request.batchSize = 4
      (request.schedule.kimg, request.schedule.kimgPerTick) = (0.008, 0.004)
      (request.channelBase, request.channelMax, request.mappingLayers) = (64, 8, 2)
      (request.zDim, request.wDim, request.schedule.ticksPerSnapshot) = (8, 8, 1)
      let start = TrainingStart.new(outdir: "\(folder)/runs")
      var metrics = job
      (metrics.metrics, metrics.data) = ([try recipe("fid50k_full", generated: 16)], nil)
      request.metrics = metrics
      let outcome = try await TrainingJob(request, start, command: "test").run { _ in }
      let log = "\(outcome.folder)/metric-fid50k_full.jsonl"
      let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 2)
      let network = try #require(outcome.network)
      // The same afterwards, by itself, with the data that the run's options name.
      let host = try GeneratorHost(.file(network))
      var after = metrics
      after.data = try MetricData(ofTrainingOf: network)
      let found = try await host.measure(after, progress: silently)
      let value = try #require(found.frechetDistance)
      #expect(lines.last?.contains("\"fid50k_full\":\(value)") == true, "\(lines)")
      let added = try found.addToLogs(of: network)
      #expect(added.logs.isEmpty)
      #expect(added.remarks.count == 1)
      #expect(added.remarks.first?.hasSuffix("it takes 16 samples, not 50,000") == true)
      #expect(try MetricData(ofTrainingOf: "\(folder)/inception.safetensors") == nil)
      // Weights that are missing are noticed before the first step.
      metrics.networks.inception = nil
      request.metrics = metrics
      let training = TrainingJob(request, start, command: "test")
      await #expect {
        try await training.run { _ in }
      } throws: {
        "\($0)".contains("--inception: expected for fid50k_full")
      }
    }
  }

  @Test("a finding of the published kind goes into the log of the training that made the network")
  func log() async throws {
    try await withData { folder, job in
      var job = job
      (job.metrics, job.data) = ([try #require(MetricRecipe("is1k"))], nil)
      let found = try await GeneratorHost(plainNetwork).measure(job, progress: silently)
      let network = "\(folder)/network-snapshot-000001.safetensors"
      let nowhere = try found.addToLogs(of: network)
      #expect(nowhere.logs.isEmpty && nowhere.remarks.isEmpty, "nothing was trained here")
      // Another program's options, in a file of the same name.
      try put(Array("{\"G_kwargs\": {}}".utf8), at: "\(folder)/training_options.json")
      #expect(try found.addToLogs(of: network).logs.isEmpty)
      #expect(try MetricData(ofTrainingOf: network) == nil)
      try put(Self.options(of: "\(folder)/data"), at: "\(folder)/training_options.json")
      let log = "\(folder)/metric-is1k.jsonl"
      for _ in 0..<2 { #expect(try found.addToLogs(of: network).logs == [log]) }
      let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 2)
      #expect(lines[1].contains("\"snapshot_pkl\":\"network-snapshot-000001.safetensors\""))
      #expect(lines[1].contains("\"is1k_mean\":"))
      job.settings.truncationPsi = 0.5
      let truncated = try await GeneratorHost(plainNetwork).measure(job, progress: silently)
      let kept = try truncated.addToLogs(of: network)
      #expect(kept.logs.isEmpty)
      #expect(kept.remarks.first?.hasSuffix("its pictures are truncated") == true)
    }
  }

  /// What a training on some data leaves in its folder.
  private static func options(of data: String, subset: Int? = nil) -> [UInt8] {
    Array(
      """
      {"command": "stylist train gan", "version": "0.1.0",
       "options": {"cfg": "auto", "changes": {}, "seed": 0, "threads": 1,
         "data": {"channels": 3, "count": 20, "label_dim": 0, "mirror": false, "name": "data",
           \(subset.map { "\"subset\": \($0)," } ?? "") "resolution": 16, "source": "\(data)"}},
       "schedule": {"kept_states": 2, "kimg": 1, "kimg_per_tick": 1, "ticks_per_snapshot": 2}}
      """.utf8)
  }

  @Test("what was compared with other data than the training's is not for its logs")
  func otherData() async throws {
    try await withData { folder, job in
      var job = job
      job.metrics = [try #require(MetricRecipe("kid1k_full"))]
      let found = try await GeneratorHost(plainNetwork).measure(job, progress: silently)
      #expect(found.rules.kidSubsetSize == 20, "there are no more pictures")
      let network = "\(folder)/network-snapshot-000001.safetensors"
      try put(Self.options(of: "\(folder)/./data"), at: "\(folder)/training_options.json")
      #expect(try found.addToLogs(of: network).logs.count == 1)
      // All pictures are the same ones, whichever part of them the training had.
      try put(
        Self.options(of: "\(folder)/data", subset: 5), at: "\(folder)/training_options.json")
      #expect(try found.addToLogs(of: network).logs.count == 1)
      try put(Self.options(of: "\(folder)/cats.zip"), at: "\(folder)/training_options.json")
      let other = try found.addToLogs(of: network)
      #expect(other.logs.isEmpty)
      #expect(other.remarks.first?.contains("other data than that of the training") == true)
    }
  }

  @Test("a part of the training's pictures must be enough for what is measured")
  func fewPictures() async throws {
    try await withData { folder, job in
      var job = job
      try put(Self.options(of: "\(folder)/data", subset: 1), at: "\(folder)/training_options.json")
      job.data = try MetricData(ofTrainingOf: "\(folder)/network-snapshot-000001.safetensors")
      #expect(job.data?.subset == 1)
      job.metrics = [try recipe("kid1k", generated: 8)]
      let traits = try GeneratorHost(plainNetwork)
      let wrong = job
      await #expect {
        try await traits.measure(wrong, progress: silently)
      } throws: {
        "\($0)".contains("at least 2 pictures for kid1k, found 1")
      }
      // All of the data is enough.
      job.metrics = [try recipe("kid1k_full", generated: 8)]
      _ = try await traits.measure(job, progress: silently)
    }
  }

  @Test("features are not those of another configuration with the same weights")
  func configurations() async throws {
    try await withData { folder, job in
      var job = job
      job.metrics = [try recipe("fid50k_full", generated: 8)]
      func measured(clamp: Double?) async throws -> Double? {
        var configuration = StyleGAN2Configuration(resolution: 16)
        (configuration.channelBase, configuration.channelMax) = (128, 8)
        (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (8, 8, 1)
        configuration.convClamp = clamp
        let generator = configuration.makeGenerator(
          Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
        let file = "\(folder)/generator.safetensors"
        try writeNetworkFile(
          generator.parameters, configuration: configuration, role: "G_ema", to: file)
        let host = try GeneratorHost(.file(file))
        return try await host.measure(job, progress: silently).findings[0]["fid50k_full"]
      }
      let loose = try await measured(clamp: nil)
      let tight = try await measured(clamp: 0.01)
      #expect(loose != nil && loose != tight)
      #expect(names(in: "\(folder)/cache").count == 3, "of the data, and of both")
      // Those of a training's snapshot do not stay.
      job.keepsDrawn = false
      #expect(try await measured(clamp: 0.01) == tight)
      #expect(names(in: "\(folder)/cache").count == 2)
    }
  }

  @Test("numbers that are not finite are refused, and not kept")
  func notFinite() async throws {
    try await withData { folder, job in
      var job = job
      let inception = smallInception()
      withoutGradients {
        for parameter in inception.parameters.trainable.values {
          parameter.assign(parameter * Double.nan)
        }
      }
      let file = try #require(job.networks.inception)
      try writeNetworkFile(
        inception.parameters, configuration: inception.configuration, to: file)
      job.metrics = [try recipe("is50k", generated: 8)]
      let host = try GeneratorHost(plainNetwork)
      let wrong = job
      await #expect {
        try await host.measure(wrong, progress: silently)
      } throws: {
        "\($0)".contains("expected finite numbers")
      }
    }
  }
}

// Ladders: what is trained, what is gone on with, and what the table says.

import Checkpoints
import Formats
import Foundation
import Layers
import Metrics
import Networks
import Synchronization
import TestSupport
import Testing
import Workbench

@Suite("Ladders of trainings") struct LadderJobTests {
  /// Two rungs of tiny networks, which differ in their features.
  private func job(
    in folder: String, kimg: Double = 0.008, seeds: [UInt32] = [0, 1]
  ) throws -> LadderJob {
    let inception = smallInception()
    let file = "\(folder)/inception.safetensors"
    try writeNetworkFile(inception.parameters, configuration: inception.configuration, to: file)
    _ = try OutputFolder(making: "\(folder)/data")
    for index in 0..<20 {
      let picture = noise(width: 8, height: 8, channels: 3, seed: 500 + UInt32(index))
      try PNG(image: picture).write(to: "\(folder)/data/\(100 + index).png")
    }
    let rungs = [8, 4].map { features in
      LadderJob.Rung(
        "width-\(features)", options: ["--cmax=\(features)"],
        request: request(in: folder, features: features, kimg: kimg))
    }
    return LadderJob(
      name: "widths", rungs: rungs, seeds: seeds, outdir: "\(folder)/ladder", command: "test")
  }

  /// The training of a rung.
  private func request(in folder: String, features: Int, kimg: Double) -> TrainGANRequest {
    var metrics = MetricsGeneratorJob(
      [MetricRecipe(distanceOf: 16, isOfPortraits: false)], data: nil,
      networks: FeatureNetworkFiles(inception: "\(folder)/inception.safetensors"))
    metrics.cache = "\(folder)/cache"
    var request = TrainGANRequest()
    (request.data.source, request.cfg, request.batchSize) = ("\(folder)/data", "auto", 4)
    (request.channelBase, request.channelMax, request.mappingLayers) = (64, features, 1)
    (request.zDim, request.wDim) = (8, 8)
    (request.schedule.kimg, request.schedule.kimgPerTick) = (kimg, 0.004)
    (request.schedule.ticksPerSnapshot, request.metrics) = (1, metrics)
    return request
  }

  @Test("every rung is trained from every seed; the table has means and deviations")
  func table() async throws {
    try await withScratchFolder { folder in
      let job = try job(in: folder)
      let plan = try await job.plan()
      #expect(!FileManager.default.fileExists(atPath: job.outdir))
      #expect(plan.rungs.map(\.name) == ["width-8", "width-4"])
      #expect(plan.rungs.map(\.kimgLeft) == [0.016, 0.016])
      let remarks = Mutex<[String]>([])
      let outcome = try await job.run { event in
        if case .remark(let text) = event { remarks.withLock { $0.append(text) } }
      }
      let begun = remarks.withLock { $0.filter { $0.contains(": training ") } }
      #expect(
        begun == [
          "width-8, seed 0: training 1 of 4", "width-4, seed 0: training 2 of 4",
          "width-8, seed 1: training 3 of 4", "width-4, seed 1: training 4 of 4",
        ])
      #expect(outcome.rungs.map(\.name) == ["width-8", "width-4"] && outcome.diverged.isEmpty)
      for rung in outcome.rungs {
        #expect(rung.runs.compactMap { $0?.kimg } == [0.008, 0.008])
        let number = try #require(rung.numbers.first)
        let (a, b) = (try #require(number.values[0]), try #require(number.values[1]))
        #expect(number.name == "fid16_full" && a != b)
        #expect(number.mean == (a + b) / 2)
        let deviation = try #require(number.deviation)
        #expect((deviation - (a - b).magnitude / 2.0.squareRoot()).magnitude < 1e-9 * deviation)
      }
      let counts = outcome.rungs.compactMap(\.parameters)
      #expect(counts.count == 2 && counts[0] > counts[1])
      let names = ["ladder.md", "ladder.json", "curves.png", "pictures.png"]
      #expect(outcome.lines.suffix(4) == names.map { "\(job.outdir)/\($0)" }[...])
      let page = try String(contentsOfFile: "\(job.outdir)/ladder.md", encoding: .utf8)
      #expect(page.contains("| width-4 | \(grouped(counts[1])) | 0.008 | "))
      #expect(page.contains("- width-4: `--cmax=4`"))
      // A row for each rung, below a title and the seeds.
      let pictures = try PNG(path: "\(job.outdir)/pictures.png").image
      #expect(pictures.width > 8 * 96 && pictures.height > 2 * 96)
    }
  }

  @Test("what is finished stays; more images, or another seed, are added to it")
  func goingOn() async throws {
    try await withScratchFolder { folder in
      let first = try await job(in: folder, seeds: [0]).run { _ in }
      let run = try #require(first.rungs[0].runs[0])
      #expect(first.rungs[0].numbers[0].deviation == nil)
      let again = try await job(in: folder, seeds: [0]).run { _ in }
      #expect(again.rungs[0].numbers == first.rungs[0].numbers)
      let plan = try await job(in: folder, kimg: 0.016, seeds: [0, 1]).plan()
      #expect(plan.rungs.map(\.kimgLeft) == [0.024, 0.024])
      let longer = try await job(in: folder, kimg: 0.016, seeds: [0, 1]).run { _ in }
      #expect(longer.rungs[0].runs.compactMap { $0?.kimg } == [0.016, 0.016])
      #expect(longer.rungs[0].runs[0]?.folder == run.folder)
    }
  }

  @Test("what does not fit is said with the rung's name, before anything is trained")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let good = try job(in: folder)
      func ladder(_ change: (inout TrainGANRequest) -> Void) -> LadderJob {
        var request = self.request(in: folder, features: 4, kimg: 0.008)
        change(&request)
        let rungs = [good.rungs[0], LadderJob.Rung("other", options: [], request: request)]
        return LadderJob(
          name: "bad", rungs: rungs, seeds: [0], outdir: good.outdir, command: "test")
      }
      let cases: [(LadderJob, String)] = [
        (ladder { $0.residual = "nothing" }, "rung other, --residual: expected one of "),
        (ladder { $0.dilations = "dual" }, "rung other, cfg auto: expected no --dilations=dual"),
        (ladder { $0.metrics = nil }, "--metrics: expected what rungs are compared by, found none"),
      ]
      for (bad, words) in cases {
        await #expect {
          try await bad.run { _ in }
        } throws: {
          "\($0)".hasPrefix(words)
        }
      }
      #expect(!FileManager.default.fileExists(atPath: good.outdir))
    }
  }
}

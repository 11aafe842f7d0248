// Conversions: what is compared and told, and that a job that is cancelled writes nothing.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Conversions")
struct ConvertJobTests {
  private let source = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")

  private func job(in folder: String, form: ConvertJob.Form = .nvidia) -> ConvertJob {
    var job = ConvertJob(
      [source], to: "\(folder)/new/a.\(form.endings[0])", form: form)
    job.seeds = [3, 4, 5]
    return job
  }

  @Test("progress is told after every seed of every network")
  func progress() throws {
    try withScratchFolder { folder in
      let steps = Mutex<[JobProgress]>([])
      let outcome = try job(in: folder).run { step in steps.withLock { $0.append(step) } }
      #expect(outcome.written.map(\.file) == ["\(folder)/new/a.pt"])
      #expect(outcome.written[0].comparisons.map(\.role) == ["G", "D", "G_ema"])
      #expect(steps.withLock { $0.map(\.done) } == Array(1...9))
      #expect(steps.withLock { $0.allSatisfy { $0.total == 9 && $0.unit == "comparisons" } })
    }
  }

  @Test(
    "a job that is cancelled writes none of its files, however late", arguments: [1, 4, 8, 9])
  func cancellation(step last: Int) async throws {
    try await withScratchFolder { folder in
      var job = job(in: folder, form: .safetensors)
      job.roles = ["G", "D", "G_ema"]
      let copy = job
      let work = Task {
        try copy.run { step in
          if step.done == last { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: CancellationError.self) { _ = try await work.value }
      #expect(names(in: "\(folder)/new").isEmpty)
    }
  }

  @Test("a file that appears while the job works is not replaced")
  func meanwhile() throws {
    try withScratchFolder { folder in
      let job = job(in: folder)
      expect(.cannotCreate, says: "--force") {
        _ = try job.run { step in
          if step.done == 9 { try? Data([1]).write(to: URL(filePath: "\(folder)/new/a.pt")) }
        }
      }
      #expect(names(in: "\(folder)/new") == ["a.pt"])
      let bytes = try ByteRegion(mapping: "\(folder)/new/a.pt").copy()
      #expect(bytes == [1])
    }
  }

  @Test("refuses to compare nothing")
  func noSeeds() throws {
    try withScratchFolder { folder in
      var job = job(in: folder)
      job.seeds = []
      refuses("at least one to compare with") { _ = try job.plan() }
      refuses("at least one to compare with") { _ = try job.run(progress: silently) }
    }
  }

  @Test("the comparison is over all seeds: the worst of them, and their mean")
  func allSeeds() throws {
    try withScratchFolder { folder in
      // rosinality's networks have no bound on what convolutions let through; this one needs it.
      var configuration = StyleGAN2Configuration(resolution: 8)
      (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
      (configuration.channelBase, configuration.channelMax) = (32, 4)
      configuration.convClamp = 0.01
      let g = StyleGAN2(
        configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
      var job = job(in: folder, form: .rosinality)
      job.sources = ["\(folder)/own.safetensors"]
      try writeNetworkFile(g.parameters, configuration: configuration, to: job.sources[0])
      func failure(_ seeds: [UInt32]) throws -> NetworkComparison {
        job.seeds = seeds
        return try #require(try job.run(progress: silently).failure)
      }
      let (a, b, both) = (try failure([3]), try failure([4]), try failure([3, 4]))
      #expect(a.worst != b.worst && a.worst > 0 && a.mean < a.worst)
      #expect(both.worst == max(a.worst, b.worst))
      #expect(both.mean == (a.mean + b.mean) / 2)
    }
  }
}

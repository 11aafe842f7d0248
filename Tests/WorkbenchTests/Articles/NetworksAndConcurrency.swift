// The code of the article "Networks and Swift concurrency".

import Checkpoints
import Formats
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

/// Owns a generator: seeds come in, pictures go out.
actor Painter {
  private let generator: any Generator

  init(_ build: @Sendable () throws -> sending any Generator) rethrows {
    generator = try build()
  }

  func picture(seed: UInt32, psi: Double) -> ByteImage {
    withoutGradients {
      let w = generator.map(z: generator.z(seed: seed), labels: nil)
      let wPlus = generator.broadcast(w, truncation: Truncation(psi: psi))
      let images = generator.synthesize(wPlus, options: SynthesisOptions())
      let bytes = generator.traits.pixelEncoding.bytes(images)  // [1, H, W, C]
      return ByteImage(
        width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
        pixels: bytes.values(as: UInt8.self))
    }
  }
}

@Suite("Networks and Swift concurrency") struct NetworksAndConcurrencyArticleTests {
  private let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")

  @Test("an actor of one's own paints what the host paints")
  func ownActor() async throws {
    let path = path

    let painter = try Painter {
      guard let found = try Checkpoint.open(path).preferredGenerator else {
        throw FileError(.unsupported, file: path, expected: "a generator", found: "none")
      }
      return try found.network.makeGenerator()
    }
    async let first = painter.picture(seed: 0, psi: 0.7)
    async let second = painter.picture(seed: 1, psi: 0.7)
    let pictures = await [first, second]

    let host = try GeneratorHost(.file(path))
    var settings = PictureSettings()
    settings.truncationPsi = 0.7
    let codes = await host.codes(seeds: [85, 55], settings: settings)
    let mixed = await host.mix(codes[0], with: codes[1], rows: [0, 1, 2, 3])
    let picture = await host.picture(mixed)

    #expect(pictures[0] != pictures[1] && picture.width == 16)
    let seeds = await host.codes(seeds: [0, 1], settings: settings)
    for index in 0..<2 {
      #expect(await host.picture(seeds[index]) == pictures[index])
    }
  }

  @Test("the mode of gradients is put back, and belongs to the thread")
  func gradientMode() {
    let weight = Tensor([1, 2, 3] as [Float]).requiringGrad()

    let silent = withoutGradients { weight.square().sum() }  // a number and nothing more
    let recorded = weight.square().sum()  // remembers how it came about
    let slope = gradients(of: [recorded], withRespectTo: [weight])[0]  // 2 · weight

    #expect(!silent.requiresGrad && recorded.requiresGrad)
    #expect(slope.values() == [2, 4, 6])
  }

  @Test("a job that is cancelled ends between pictures")
  func cancellation() async throws {
    try await withScratchFolder { outdir in
      let host = try GeneratorHost(.file(path))

      let job = GenerateJob(.seeds(Array(0..<10_000))) { _ in
        Provenance(command: "example", network: "tiny")
      }
      let folder = try OutputFolder(making: outdir)
      let (beginnings, begun) = AsyncStream.makeStream(of: JobProgress.self)
      let task = Task {
        try await job.run(on: host, into: folder) { begun.yield($0) }
      }
      for await progress in beginnings where progress.done > 1 { break }
      task.cancel()
      let outcome = await task.result  // CancellationError; every file written so far is whole

      #expect(throws: CancellationError.self) { try outcome.get() }
      let written = names(in: outdir)
      #expect(written.count > 1 && written.count < 10_000)
      for name in written { #expect(throws: Never.self) { try PNG(path: "\(outdir)/\(name)") } }
    }
  }
}

// Noise sheets: means, deviations, draws, parts, and the layers that noise is kept to.

import Formats
import Networks
import TestSupport
import Testing
import Workbench

@Suite("Noise")
struct NoiseJobTests {
  private func job(_ seeds: [UInt32] = [3], draws: Int = 3) -> NoiseJob {
    var job = NoiseJob(seeds: seeds, provenance: provenance)
    job.draws = draws
    return job
  }

  private func run(
    _ job: NoiseJob, in folder: String, source: NetworkSource = plainNetwork
  ) async throws -> [WrittenPicture] {
    try await job.run(
      on: GeneratorHost(source), into: OutputFolder(making: folder), progress: silently)
  }

  private func image(_ folder: String, _ name: String) throws -> ByteImage {
    try PNG(path: "\(folder)/\(name).png").image
  }

  @Test("the draws of a seed differ, and their mean and deviation are what they are named")
  func moments() async throws {
    try await withScratchFolder { folder in
      let written = try await run(job(), in: folder)
      #expect(
        written.map(\.file)
          == [
            "seed0003-mean", "seed0003-deviation", "seed0003-draw0", "seed0003-draw1",
            "seed0003-draw2", "grid",
          ].map { "\(folder)/\($0).png" })
      #expect(written.map(\.seed) == [3, 3, 3, 3, 3, nil])
      let draws = try (0..<3).map { try image(folder, "seed0003-draw\($0)") }
      #expect(Set(draws).count == 3)
      let mean = try image(folder, "seed0003-mean")
      for (index, value) in mean.pixels.enumerated() {
        let sum = draws.reduce(0) { $0 + Int($1.pixels[index]) }
        #expect(Int(value) == Int(Double(sum) / 3 + 0.5))
      }
      let deviation = try image(folder, "seed0003-deviation")
      #expect(deviation.channels == 1)
      for pixel in 0..<16 * 16 {
        let grey = draws.map { draw in
          Double(draw.pixels[3 * pixel..<3 * pixel + 3].reduce(0) { $0 + Int($1) }) / 3
        }
        let middle = grey.reduce(0, +) / 3
        let spread = grey.map { ($0 - middle) * ($0 - middle) }.reduce(0, +) / 3
        let expected = min(4 * spread.squareRoot(), 255)
        #expect(abs(Double(deviation.pixels[pixel]) - expected) <= 0.5 + 1e-6)
      }
    }
  }

  @Test("only some draws are kept, and each repeats with its number")
  func repetition() async throws {
    try await withScratchFolder { folder in
      let few = try await run(job(draws: 2), in: "\(folder)/few")
      let many = try await run(job(draws: 6), in: "\(folder)/many")
      #expect((few.count, many.count) == (5, 7))
      for draw in 0..<2 {
        let name = "seed0003-draw\(draw)"
        #expect(try image("\(folder)/few", name) == image("\(folder)/many", name))
      }
    }
  }

  @Test("where no layer gets noise all draws are one, and nothing deviates")
  func withoutLayers() async throws {
    try await withScratchFolder { folder in
      var job = job()
      job.settings.noiseLayers = 0..<0
      _ = try await run(job, in: folder)
      #expect(try image(folder, "seed0003-deviation").pixels.allSatisfy { $0 == 0 })
      #expect(try image(folder, "seed0003-mean") == image(folder, "seed0003-draw1"))
    }
  }

  @Test("layers that get noise make pictures of their own")
  func layers() async throws {
    let host = try GeneratorHost(plainNetwork)
    let code = await host.codes(seeds: [4], settings: PictureSettings())
    var pictures: [[UInt8]] = []
    for layers in [nil, 0..<0, 0..<2, 2..<5] as [Range<Int>?] {
      pictures.append(await host.picture(code, noise: .random, noiseLayers: layers).pixels)
    }
    #expect(Set(pictures).count == 4)
    #expect(await host.picture(code, noise: .none).pixels == pictures[1])
    #expect(await host.picture(code, noise: .random, noiseLayers: 0..<5).pixels == pictures[0])
  }

  @Test("parts are those of the draws, and the sheet has a row for each seed")
  func crops() async throws {
    try await withScratchFolder { folder in
      var job = job([3, 8])
      job.crop = PixelRectangle("2,1,10,5")
      _ = try await run(job, in: folder)
      for seed in ["0003", "0008"] {
        for draw in 0..<3 {
          #expect(
            try image(folder, "seed\(seed)-crop\(draw)")
              == image(folder, "seed\(seed)-draw\(draw)").cropped(columns: 2..<10, rows: 1..<5))
        }
      }
      let sheet = try image(folder, "grid")
      // Whole draw, mean, deviation and three parts; 256 pixels each, with gaps and captions.
      #expect((sheet.width, sheet.height) == (6 * 264 + 8, 2 * 280 + 8))
      let text = try PNG(path: "\(folder)/seed0008-crop1.png").texts
      #expect(text.contains(PNG.Text(key: "Seed", value: "8")))
    }
  }

  @Test("a part is four numbers that leave pixels between them")
  func rectangles() {
    let rectangle = PixelRectangle("650,180,906,436")
    #expect(rectangle?.columns == 650..<906 && rectangle?.rows == 180..<436)
    #expect(rectangle?.text == "650,180,906,436")
    for text in [
      "", "1,2,3", "1,2,3,4,5", "3,2,3,4", "1,4,3,4", "-1,0,2,2", "a,b,c,d", "0,0,1.5,2",
    ] {
      #expect(PixelRectangle(text) == nil, "\(text)")
    }
  }

  @Test("refuses what cannot be before anything is made")
  func refusals() throws {
    let traits = try plainNetwork.summary().traits
    refuses("draws: expected 2 to 100000, found 1") { try job(draws: 1).check(traits) }
    var cropped = job()
    cropped.crop = PixelRectangle("0,0,16,17")
    refuses("crop: expected a part of the picture's 16×16 pixels, found 0,0,16,17") {
      try cropped.check(traits)
    }
    var layered = job()
    layered.settings.noiseLayers = 2..<6
    refuses("noise-layers: expected layers from 0 to 4, found 5") { try layered.check(traits) }
    refuses("sheet: expected at most") {
      try job(Array(0..<10_000)).check(traits)
    }
    let silent = NetworkSource.untrained(
      configuration: "stylegan1-config-d", resolution: 16, seed: 0)
    refuses("the network: expected layers with noise, found none") {
      try job().check(silent.summary().traits)
    }
  }
}

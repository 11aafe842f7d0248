// Requests that cannot be met are refused before anything is built or computed.

import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Requests")
struct RequestTests {
  private func traits(_ source: NetworkSource = plainNetwork) throws -> GeneratorTraits {
    try source.summary().traits
  }

  @Test("a summary knows the traits of the generator before it is built")
  func summaryTraits() throws {
    for source in [plainNetwork, labelledNetwork] {
      #expect(try source.summary().traits == GeneratorHost(source).traits)
    }
    let untrained = NetworkSource.untrained(configuration: "config-e", resolution: 16, seed: 0)
    #expect(try untrained.summary().traits.resolution == 16)
  }

  @Test("a summary of the largest network takes no memory for it")
  func summaryMemory() throws {
    let before = try #require(residentBytes())
    let source = NetworkSource.untrained(configuration: "config-f", resolution: 1024, seed: 0)
    #expect(try source.summary().traits.numWs == 18)
    #expect(try #require(residentBytes()) - before < 1 << 26)
  }

  @Test("an untrained network depends on its seed alone")
  func untrained() async throws {
    var pictures: [[UInt8]] = []
    for seed in [UInt64(1), 1, 2] {
      let host = try GeneratorHost(
        .untrained(configuration: "config-e", resolution: 8, seed: seed))
      let code = await host.codes(seeds: [0], settings: PictureSettings())
      pictures.append(await host.picture(code).pixels)
    }
    #expect(pictures[0] == pictures[1])
    #expect(pictures[0] != pictures[2])
  }

  @Test("refuses classes that a network does not have")
  func classes() throws {
    var job = GenerateJob(.seeds([1]), provenance: provenance)
    job.settings.classIndex = 0
    refuses("without labels") { try job.check(traits()) }
    #expect(throws: Never.self) { try job.check(traits(labelledNetwork)) }
    for index in [-1, 3, .max] {
      job.settings.classIndex = index
      refuses("0 to 2, found \(index)") { try job.check(traits(labelledNetwork)) }
    }
    job.settings.classIndex = nil
    #expect(throws: Never.self) { try job.check(traits(labelledNetwork)) }
  }

  @Test("refuses truncation by no number", arguments: [Double.nan, .infinity])
  func truncation(psi: Double) throws {
    var job = GenerateJob(.seeds([1]), provenance: provenance)
    job.settings.truncationPsi = psi
    refuses("trunc: expected a number from -1000 to 1000") { try job.check(traits()) }
  }

  @Test("refuses rows that W+ does not have")
  func rows() throws {
    for rows in [Set([6]), [0, 99], [-1]] {
      let job = MixJob(rows: [1], columns: [2], styles: [.rows(rows)], provenance: provenance(nil))
      refuses("rows from 0 to 5") { try job.check(traits()) }
    }
    let fine = MixJob(rows: [1], columns: [2], styles: [.fine], provenance: provenance(nil))
    refuses("found fine, of which a network of 16 pixels has no rows") { try fine.check(traits()) }
  }

  @Test("refuses rows of W+ that a network has and never reads, and mixes none of them unasked")
  func unreadRows() throws {
    let traits = try traits(
      .untrained(configuration: "styleformer-celeba64l", resolution: 16, seed: 0))
    #expect(traits.numWs == 5 && traits.usedWs == 0..<4)
    func job(_ styles: [StyleGroup]) -> MixJob {
      MixJob(rows: [1], columns: [2], styles: styles, provenance: provenance(nil))
    }
    refuses("styles: expected rows from 0 to 3, found 4, which is never read") {
      try job([.rows([1, 4])]).check(traits)
    }
    refuses("styles: expected rows from 0 to 3, found 5") {
      try job([.rows([5])]).check(traits)
    }
    #expect(throws: Never.self) { try job([.coarse, .middle, .rows([3])]).check(traits) }
  }

  @Test("refuses codes of another size")
  func codes() throws {
    let codes = Codes(count: 1, numWs: 2, wDim: 3, values: [0, 0, 0, 0, 0, 0])
    let job = GenerateJob(.codes(codes), provenance: provenance)
    let error = #expect(throws: MisfitError.self) { try job.check(traits()) }
    #expect(error?.description == "codes: expected [N, 6, 16], found [1, 2, 3]")
  }

  @Test("refuses sheets that are too large for memory or files")
  func sheets() throws {
    let before = try #require(residentBytes())
    var generate = GenerateJob(.seeds([1]), provenance: provenance)
    for grid in [GridSize(columns: 65535, rows: 65535), GridSize(columns: 1, rows: 4097)] {
      generate.grid = grid
      refuses("in all, found \(grid.columns)×\(grid.rows)") { try generate.check(traits()) }
    }
    let seeds = Array(UInt32(0)..<4096)
    let mix = MixJob(rows: seeds, columns: seeds, styles: [.rows([0])], provenance: provenance(nil))
    refuses("pixels a side") { try mix.check(traits()) }
    var video = VideoJob(seeds: seeds)
    video.grid = GridSize(columns: 1024, rows: 1)
    refuses("frames of at most 16383") { try video.check(traits(), output: "walk.webp") }
    #expect(try #require(residentBytes()) - before < 1 << 26)
  }

  @Test("a job refuses before it writes anything")
  func nothingWritten() async throws {
    try await withScratchFolder { folder in
      var job = GenerateJob(.seeds([1]), provenance: provenance)
      job.settings.classIndex = 9
      let (host, output) = (try GeneratorHost(plainNetwork), try OutputFolder(making: folder))
      await #expect(throws: RequestError.self) {
        try await job.run(on: host, into: output, progress: silently)
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("refuses videos without frames, with too many, or with seeds that do not fill the grid")
  func videos() throws {
    func plan(_ change: (inout VideoJob) -> Void) throws {
      var job = VideoJob(seeds: [1, 2, 3, 4])
      change(&job)
      _ = try job.plan()
    }
    refuses("a multiple of the 3 cells") { try plan { $0.grid = GridSize(columns: 3, rows: 1) } }
    refuses("a multiple of the 1 cells") { try plan { $0.seeds = [] } }
    refuses("seeds") { try plan { ($0.seeds, $0.keyframes) = ([], 4) } }
    for count in [0, -1, .max] {
      refuses("found \(count)") { try plan { $0.framesPerKeyframe = count } }
      refuses("found \(count)") { try plan { $0.keyframes = count } }
      refuses("found \(count)") { try plan { $0.framesPerSecond = count } }
    }
    refuses("grid: expected at most") {
      try plan { ($0.grid, $0.keyframes) = (GridSize(columns: 65535, rows: 65535), 1 << 20) }
    }
  }

  @Test("refuses videos whose codes would not fit into memory")
  func videoMemory() throws {
    let source = NetworkSource.untrained(configuration: "config-f", resolution: 1024, seed: 0)
    var job = VideoJob(seeds: [1])
    job.framesPerKeyframe = 1 << 19
    refuses("codes in memory") { try job.check(traits(source), output: "walk.webp") }
  }

  @Test("says which of a network's weights are not finite")
  func warnings() throws {
    #expect(try GeneratorHost(plainNetwork).warnings.isEmpty)
    #expect(try host().warnings.isEmpty)
    let spoilt = try host(tensors: { $0["mapping.w_avg"].assign(.full(.nan, [4])) })
    #expect(spoilt.warnings.count == 1)
    #expect(spoilt.warnings[0].contains("not finite, which spoil pictures, in 1 of its tensors"))
    #expect(spoilt.warnings[0].contains("mapping.w_avg"))
  }
}

@Suite("Output folders")
struct OutputFolderTests {
  @Test("a check makes nothing, and making makes all")
  func making() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/a/b c\n🎨"
      try OutputFolder.check(path)
      #expect(names(in: folder).isEmpty)
      #expect(try OutputFolder(making: path).file("x.png") == "\(path)/x.png")
      #expect(names(in: "\(folder)/a") == ["b c\n🎨"])
      #expect(throws: Never.self) { try OutputFolder(making: path) }
    }
  }

  @Test("refuses a file in the way, and no name")
  func refusals() throws {
    try withScratchFolder { folder in
      try put([1], at: "\(folder)/file")
      #expect(throws: Never.self) { try OutputFolder.check("x") }
      for path in ["\(folder)/file", "\(folder)/file/below", ""] {
        expect(.cannotCreate, says: "a folder to write to") { try OutputFolder.check(path) }
        expect(.cannotCreate) { _ = try OutputFolder(making: path) }
      }
    }
  }
}

// Pictures of seeds and codes: the right files, the right texts, the same bits whatever stands
// beside them.

import Formats
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Generating")
struct GenerateJobTests {
  private func pixels(_ folder: String, _ name: String) throws -> [UInt8] {
    try PNG(path: "\(folder)/\(name)").image.pixels
  }

  @Test("writes a picture for each seed, in order, and says so")
  func files() async throws {
    try await withScratchFolder { folder in
      let steps = Mutex<[JobProgress]>([])
      let job = GenerateJob(.seeds([85, 3, 123456]), provenance: provenance)
      let written = try await job.run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: "\(folder)/a/b"),
        progress: { step in steps.withLock { $0.append(step) } })
      let expected = ["seed0085.png", "seed0003.png", "seed123456.png"]
      #expect(written.map(\.file) == expected.map { "\(folder)/a/b/\($0)" })
      #expect(written.map(\.seed) == [85, 3, 123456])
      #expect(names(in: "\(folder)/a/b") == expected.sorted())
      #expect(steps.withLock { $0.map(\.done) } == [1, 2, 3])
      #expect(steps.withLock { $0.allSatisfy { $0.total == 3 && $0.unit == "pictures" } })
    }
  }

  @Test("a picture is what the generator's protocol gives, in 8 bits")
  func pictures() async throws {
    try await withScratchFolder { folder in
      var job = GenerateJob(.seeds([7]), provenance: provenance)
      (job.settings.truncationPsi, job.settings.truncationCutoff) = (0.5, 3)
      job.settings.classIndex = 2
      _ = try await job.run(
        on: GeneratorHost(labelledNetwork), into: OutputFolder(making: folder), progress: silently)
      let g = try generator(labelledNetwork)
      let expected = withoutGradients {
        let w = g.map(z: g.z(seed: 7), labels: g.label(classIndex: 2))
        let wPlus = g.broadcast(w, truncation: Truncation(psi: 0.5, cutoff: 3))
        let img = g.synthesize(wPlus, options: SynthesisOptions())
        return g.traits.pixelEncoding.bytes(img).values(as: UInt8.self)
      }
      #expect(try pixels(folder, "seed0007.png") == expected)
    }
  }

  @Test("a seed gives the same bits alone and among others", arguments: NoiseKind.allCases)
  func independence(noise: NoiseKind) async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      for (seeds, name) in [([5], "alone"), ([1, 5, 5, 9], "among"), ([5], "again")] {
        var job = GenerateJob(.seeds(seeds.map(UInt32.init)), provenance: provenance)
        job.settings.noise = noise
        _ = try await job.run(
          on: host, into: OutputFolder(making: "\(folder)/\(name)"), progress: silently)
      }
      let alone = try pixels(folder, "alone/seed0005.png")
      #expect(alone == (try pixels(folder, "among/seed0005.png")))
      #expect(alone == (try pixels(folder, "again/seed0005.png")))
    }
  }

  @Test("the three kinds of noise give three pictures, and random noise another for each seed")
  func noise() async throws {
    let host = try GeneratorHost(plainNetwork)
    let code = await host.codes(seeds: [4], settings: PictureSettings())
    var pictures: [[UInt8]] = []
    for (kind, seed) in [(NoiseKind.const, 1), (.none, 1), (.random, 1), (.random, 2)] {
      pictures.append(await host.picture(code, noise: kind, noiseSeed: UInt32(seed)).pixels)
    }
    #expect(Set(pictures).count == 4)
  }

  @Test("pictures say how they were made")
  func texts() async throws {
    try await withScratchFolder { folder in
      var job = GenerateJob(.seeds([1, 2]), provenance: provenance)
      job.grid = GridSize(columns: 2, rows: 1)
      _ = try await job.run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      let own = try PNG(path: "\(folder)/seed0002.png").texts
      #expect(
        own == [
          PNG.Text(key: "Software", value: "Stylist \(stylistVersion)"),
          PNG.Text(key: "Command", value: "test"), PNG.Text(key: "Network", value: "tiny"),
          PNG.Text(key: "Seed", value: "2"),
        ])
      #expect(
        try PNG(path: "\(folder)/grid.png").texts.map(\.key) == ["Software", "Command", "Network"])
    }
  }

  @Test("fills sheets from left to right and top to bottom, and begins another when one is full")
  func grid() async throws {
    try await withScratchFolder { folder in
      var job = GenerateJob(.seeds([1, 2, 3, 4, 5]), provenance: provenance)
      job.grid = GridSize(columns: 2, rows: 2)
      let written = try await job.run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      #expect(
        written.map { $0.file.dropFirst(folder.count + 1) }.suffix(2) == [
          "seed0005.png", "grid-2.png",
        ])
      for (sheet, seeds) in [("grid", [1, 2, 3, 4]), ("grid-2", [5])] {
        var expected = Sheet(
          columns: 2, rows: 2, cellWidth: 16, cellHeight: 16, channels: 3)
        for (cell, seed) in seeds.enumerated() {
          let picture = try PNG(path: "\(folder)/seed000\(seed).png").image
          expected.place(picture, column: cell % 2, row: cell / 2)
        }
        #expect(try PNG(path: "\(folder)/\(sheet).png").image == expected.image)
      }
    }
  }

  @Test("only the rows that are meant to be seen are shown")
  func visibleRows() async throws {
    let host = try host { $0.visibleRows = 1..<7 }
    let code = await host.codes(seeds: [1], settings: PictureSettings())
    let picture = await host.picture(code)
    #expect((picture.width, picture.height) == (8, 6))
  }

  @Test("grey and transparent networks make grey and transparent pictures", arguments: [1, 4])
  func channels(count: Int) async throws {
    try await withScratchFolder { folder in
      let host = try host { $0.imgChannels = count }
      let job = GenerateJob(.seeds([1]), provenance: provenance)
      _ = try await job.run(on: host, into: OutputFolder(making: folder), progress: silently)
      #expect(try PNG(path: "\(folder)/seed0001.png").image.channels == count)
    }
  }

  @Test("a job that is cancelled leaves whole files and nothing else")
  func cancellation() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      let work = Task {
        let job = GenerateJob(.seeds(Array(0..<50)), provenance: provenance)
        return try await job.run(on: host, into: OutputFolder(making: folder)) { step in
          if step.done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: CancellationError.self) { _ = try await work.value }
      #expect(names(in: folder) == ["seed0000.png", "seed0001.png", "seed0002.png"])
      for name in names(in: folder) { #expect(try pixels(folder, name).count == 16 * 16 * 3) }
    }
  }

  // MARK: Codes

  @Test("codes from a file give the picture of the seed that they came from")
  func codes() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      let codes = await host.codes(seeds: [8, 9], settings: PictureSettings())
      let path = "\(folder)/codes.safetensors"
      try write(codes.values, [2, codes.numWs, codes.wDim], to: path)
      let read = try Codes(reading: path)
      #expect(read == codes)
      let job = GenerateJob(.codes(read), provenance: provenance)
      let written = try await job.run(
        on: host, into: OutputFolder(making: folder), progress: silently)
      #expect(written.map { $0.file.dropFirst(folder.count + 1) } == ["proj00.png", "proj01.png"])
      let second = await host.picture(codes[1])
      #expect(try pixels(folder, "proj01.png") == second.pixels)
    }
  }

  @Test("codes are read from .npz and .npy too, told by their first bytes")
  func numpyCodes() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/codes"
      let w = try StoredTensor(
        elementType: .float32, shape: [1, 2, 3],
        bytes: ByteRegion(floatBytes([1, 2, 3, 4, 5, 6]), name: "memory"))
      try NPZ.write([("other", w), ("w", w)], to: path)
      #expect(try Codes(reading: path).values == [1, 2, 3, 4, 5, 6])
      let archive = try ZIPArchive(ByteRegion(mapping: path))
      let entry = try #require(archive["w.npy"])
      try put(archive.contents(of: entry).copy(), at: "\(folder)/bare")
      let bare = try Codes(reading: "\(folder)/bare")
      #expect(bare.values == [1, 2, 3, 4, 5, 6])
      #expect((bare.count, bare.numWs, bare.wDim) == (1, 2, 3))
      try NPZ.write([("latents", w)], to: path)
      expect(.doesNotFit, says: "latents [1, 2, 3]") { _ = try Codes(reading: path) }
    }
  }

  @Test("refuses files without codes, and codes that are not finite")
  func codeFiles() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/codes.safetensors"
      try write([1, 2], [1, 2], to: path)
      expect(.doesNotFit, says: "codes w [N, numWs, wDim]") { _ = try Codes(reading: path) }
      try write([], [0, 1, 1], to: path)
      expect(.doesNotFit, says: "codes w [N, numWs, wDim]") { _ = try Codes(reading: path) }
      try write([1, .nan], [1, 1, 2], to: path)
      expect(.damaged, says: "finite") { _ = try Codes(reading: path) }
      try write([1, 2], [1, 1, 2], named: "latents", to: path)
      expect(.doesNotFit, says: "latents [1, 1, 2]") { _ = try Codes(reading: path) }
      expect(.missing) { _ = try Codes(reading: "\(folder)/nothing") }
      let many = Safetensors.Entry(name: "w", elementType: .bool, shape: [1, 1, (1 << 24) + 1]) {
        ByteRegion([UInt8](repeating: 0, count: (1 << 24) + 1), name: "w")
      }
      try Safetensors.write([many], to: path)
      expect(.doesNotFit, says: "at most 16,777,216 numbers") { _ = try Codes(reading: path) }
    }
  }

  private func write(
    _ values: [Float], _ shape: [Int], named name: String = "w", to path: String
  ) throws {
    let entry = Safetensors.Entry(name: name, elementType: .float32, shape: shape) {
      ByteRegion(floatBytes(values), name: name)
    }
    try Safetensors.write([entry], to: path)
  }
}

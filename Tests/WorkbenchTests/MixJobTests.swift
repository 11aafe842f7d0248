// Style mixing sheets.

import Formats
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Mixing")
struct MixJobTests {
  /// A job whose sheet shows pictures only.
  private func job(_ styles: Set<Int>?) -> MixJob {
    var job = MixJob(
      rows: [1, 2], columns: [3, 2], styles: styles.map { [.rows($0)] } ?? [],
      provenance: provenance(nil))
    job.isBare = true
    return job
  }

  @Test("writes every pair, every seed once, and the sheet last")
  func files() async throws {
    try await withScratchFolder { folder in
      let written = try await job([0, 1]).run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      let expected = [
        "1-1.png", "1-2.png", "1-3.png", "2-2.png", "2-3.png", "3-3.png", "grid.png",
      ]
      #expect(names(in: folder) == expected)
      #expect(written.count == expected.count)
      #expect(written.last?.file == "\(folder)/grid.png")
      let texts = try PNG(path: "\(folder)/1-3.png").texts
      #expect(texts.contains(PNG.Text(key: "Seed", value: "1, 3")))
    }
  }

  @Test("a mixed picture is what the generator's protocol gives")
  func pictures() async throws {
    try await withScratchFolder { folder in
      _ = try await job([0, 2, 5]).run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      let g = try generator(plainNetwork)
      let expected = withoutGradients {
        let codes = [UInt32(1), 3].map { g.broadcast(g.map(z: g.z(seed: $0), labels: nil)) }
        let mixed = g.mix(codes[0], with: codes[1], rows: [0, 2, 5])
        let img = g.synthesize(mixed, options: SynthesisOptions())
        return g.traits.pixelEncoding.bytes(img).values(as: UInt8.self)
      }
      #expect(try PNG(path: "\(folder)/1-3.png").image.pixels == expected)
    }
  }

  @Test("the sheet has the seeds at its edges, the pairs inside, and a free corner")
  func sheet() async throws {
    try await withScratchFolder { folder in
      _ = try await job([0]).run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      var expected = Sheet(
        columns: 3, rows: 3, cellWidth: 16, cellHeight: 16, channels: 3)
      let cells = [[nil, "3-3", "2-2"], ["1-1", "1-3", "1-2"], ["2-2", "2-3", "2-2"]]
      for (row, names) in cells.enumerated() {
        for (column, name) in names.enumerated() {
          guard let name else { continue }
          expected.place(
            try PNG(path: "\(folder)/\(name).png").image, column: column, row: row)
        }
      }
      #expect(try PNG(path: "\(folder)/grid.png").image == expected.image)
    }
  }

  @Test("words on the sheet do not change the pictures, and say the seeds and the styles")
  func words() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      var job = job([0, 1, 4])
      for isBare in [true, false] {
        job.isBare = isBare
        let path = "\(folder)/\(isBare)"
        _ = try await job.run(on: host, into: OutputFolder(making: path), progress: silently)
      }
      for name in names(in: "\(folder)/true") where name != "grid.png" {
        #expect(
          try PNG(path: "\(folder)/true/\(name)").image
            == PNG(path: "\(folder)/false/\(name)").image)
      }
      let words = SheetWords(
        title: "styles 0-1,4 from above", columns: ["", "seed 3", "seed 2"],
        rows: ["", "seed 1", "seed 2"])
      var expected = PictureSheet(words, width: 16, height: 16, isBare: false)
      let cells = [[nil, "3-3", "2-2"], ["1-1", "1-3", "1-2"], ["2-2", "2-3", "2-2"]]
      for (row, names) in cells.enumerated() {
        for (column, name) in names.enumerated() {
          guard let name else { continue }
          expected.place(
            try PNG(path: "\(folder)/true/\(name).png").image, column: column, row: row)
        }
      }
      #expect(try PNG(path: "\(folder)/false/grid.png").image == expected.image)
    }
  }

  @Test("takes the first seven rows unless told otherwise, as far as there are so many")
  func defaultRows() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      #expect(host.traits.numWs == 6)
      for (styles, name) in [(nil, "unsaid"), (Set(0..<6), "said")] {
        _ = try await job(styles).run(
          on: host, into: OutputFolder(making: "\(folder)/\(name)"), progress: silently)
      }
      let sheets = try ["unsaid", "said"].map { try PNG(path: "\(folder)/\($0)/grid.png").image }
      #expect(sheets[0] == sheets[1])
    }
  }

  @Test("several groups of rows make a part of the sheet each, of the pictures they make alone")
  func groups() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      var both = MixJob(
        rows: [1, 2], columns: [3], styles: [.middle, .coarse], provenance: provenance(nil))
      both.isBare = true
      _ = try await both.run(
        on: host, into: OutputFolder(making: "\(folder)/both"), progress: silently)
      #expect(
        names(in: "\(folder)/both") == [
          "1-1.png", "1-3-coarse.png", "1-3-middle.png", "2-2.png", "2-3-coarse.png",
          "2-3-middle.png", "3-3.png", "grid.png",
        ])
      var expected = Sheet(columns: 2, rows: 5, cellWidth: 16, cellHeight: 16, channels: 3)
      for (index, rows) in [Set([4, 5]), [0, 1, 2, 3]].enumerated() {
        let alone = MixJob(
          rows: [1, 2], columns: [3], styles: [.rows(rows)], provenance: provenance(nil))
        let path = "\(folder)/\(index)"
        _ = try await alone.run(on: host, into: OutputFolder(making: path), progress: silently)
        for (row, names) in [["1-1", "1-3"], ["2-2", "2-3"]].enumerated() {
          for (column, name) in names.enumerated() {
            expected.place(
              try PNG(path: "\(path)/\(name).png").image, column: column,
              row: 1 + 2 * index + row)
          }
        }
        expected.place(try PNG(path: "\(path)/3-3.png").image, column: 1, row: 0)
      }
      #expect(try PNG(path: "\(folder)/both/grid.png").image == expected.image)
    }
  }
}

// Truncation sheets.

import Formats
import TestSupport
import Testing
import Workbench

@Suite("Truncation")
struct TruncationJobTests {
  private func job(_ psis: [Double]) -> TruncationJob {
    TruncationJob(seeds: [3, 1], psis: psis) { picture in
      Provenance(
        command: "test", network: "tiny",
        seed: picture.map { "\($0.seed) at \(plain($0.psi))" } ?? "all")
    }
  }

  @Test("shows each seed at each ψ as truncation to that ψ does, and the sheet last")
  func pictures() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      var bare = job([1, 0.5, -1])
      bare.isBare = true
      let written = try await bare.run(
        on: host, into: OutputFolder(making: "\(folder)/sweep"), progress: silently)
      let psis = ["1", "0.5", "-1"]
      let expected = ["0003", "0001"].flatMap { seed in
        psis.map { "\(folder)/sweep/seed\(seed)-trunc\($0).png" }
      }
      #expect(written.map(\.file) == expected + ["\(folder)/sweep/grid.png"])
      #expect(written.map(\.seed) == [3, 3, 3, 1, 1, 1, nil])
      let text = try PNG(path: expected[1]).texts
      #expect(text.contains(PNG.Text(key: "Seed", value: "3 at 0.5")))
      var sheet = Sheet(columns: 3, rows: 2, cellWidth: 16, cellHeight: 16, channels: 3)
      for (column, psi) in [1, 0.5, -1].enumerated() {
        var alone = GenerateJob(.seeds([3, 1]), provenance: provenance)
        alone.settings.truncationPsi = psi
        let path = "\(folder)/\(column)"
        _ = try await alone.run(on: host, into: OutputFolder(making: path), progress: silently)
        for (row, seed) in ["0003", "0001"].enumerated() {
          let picture = try PNG(path: "\(path)/seed\(seed).png").image
          #expect(try PNG(path: expected[row * 3 + column]).image == picture)
          sheet.place(picture, column: column, row: row)
        }
      }
      #expect(try PNG(path: "\(folder)/sweep/grid.png").image == sheet.image)
    }
  }

  @Test("the sheet says seeds and ψ unless it is bare")
  func words() async throws {
    try await withScratchFolder { folder in
      let written = try await job([1, 0.5]).run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      var expected = PictureSheet(
        SheetWords(title: "truncation psi", columns: ["1", "0.5"], rows: ["seed 3", "seed 1"]),
        width: 16, height: 16, isBare: false)
      for (index, file) in written.dropLast().enumerated() {
        expected.place(try PNG(path: file.file).image, column: index % 2, row: index / 2)
      }
      #expect(try PNG(path: "\(folder)/grid.png").image == expected.image)
    }
  }

  @Test("at ψ = 0 all seeds are the average")
  func average() async throws {
    try await withScratchFolder { folder in
      let written = try await job([0]).run(
        on: GeneratorHost(plainNetwork), into: OutputFolder(making: folder), progress: silently)
      let images = try written.prefix(2).map { try PNG(path: $0.file).image }
      #expect(images[0] == images[1])
    }
  }

  @Test("refuses a ψ that is no number before anything is made")
  func refusal() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      refuses("trunc: expected a number from -1000 to 1000") {
        try job([1, .nan]).check(host.traits)
      }
      await #expect(throws: RequestError.self) {
        try await job([1, .nan]).run(
          on: host, into: OutputFolder(making: folder), progress: silently)
      }
      #expect(names(in: folder).isEmpty)
    }
  }
}

// Figures of pictures beside those of the same name.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import TestSupport
import Testing
import Workbench

@Suite("Metrics of pairs") struct MetricsPairsJobTests {
  private func write(_ picture: ByteImage, to path: String) throws {
    _ = try OutputFolder(of: path)
    try PNG(image: picture).write(to: path)
  }

  @Test("means and deviations are those of the pairs of one name, whatever the ending")
  func figures() async throws {
    try await withScratchFolder { folder in
      var errors: [Double] = []
      for index in 0..<3 {
        let (a, b) = (
          noise(width: 16, height: 12, channels: 3, seed: UInt32(index)),
          noise(width: 16, height: 12, channels: 3, seed: UInt32(50 + index))
        )
        try write(a, to: "\(folder)/a/sub/\(index).png")
        try write(b, to: "\(folder)/b/sub/\(index).PNG")
        let squares = zip(a.pixels, b.pixels).map { pair in
          let difference = (Double(pair.0) - Double(pair.1)) / 127.5
          return difference * difference
        }
        errors.append(squares.reduce(0, +) / Double(squares.count))
      }
      let job = MetricsPairsJob("\(folder)/a", reference: "\(folder)/b")
      let found = try await job.run(progress: silently)
      #expect(found.pairs.map(\.name) == ["sub/0", "sub/1", "sub/2"])
      for (pair, error) in zip(found.pairs, errors) {
        #expect(abs(pair.figures.l2 / error - 1) < 1e-5)
        #expect(abs(pair.figures.psnr - 10 * log10(4 / error)) < 1e-4)
        #expect(pair.figures.ssim != nil && pair.figures.lpips == nil)
      }
      let mean = errors.reduce(0, +) / 3
      let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3
      #expect(abs(found.mean.l2 / mean - 1) < 1e-5)
      #expect(abs(found.deviation.l2 / variance.squareRoot() - 1) < 1e-3)
      #expect(found.lines.map { $0.prefix { $0 != " " } } == ["mse", "psnr", "ssim"])
      #expect(found.remarks.count == 1 && found.remarks[0].contains("LPIPS"))
    }
  }

  @Test("of the folder of an inversion the inverted pictures count, by the photographs' names")
  func inverted() async throws {
    try await withScratchFolder { folder in
      for name in ["a", "b"] {
        let photograph = noise(width: 16, height: 16, channels: 3, seed: name == "a" ? 1 : 2)
        try write(photograph, to: "\(folder)/photos/\(name).png")
        try write(photograph, to: "\(folder)/out/\(name)-inverted.png")
        try write(
          noise(width: 40, height: 16, channels: 3, seed: 3),
          to: "\(folder)/out/\(name)-compared.png")
      }
      let job = MetricsPairsJob("\(folder)/out", reference: "\(folder)/photos")
      #expect(throws: MisfitError.self) { _ = try job.plan() }
      try write(
        noise(width: 40, height: 40, channels: 3, seed: 4), to: "\(folder)/out/grid.png")
      let found = try await job.run(progress: silently)
      #expect(found.pairs.map(\.name) == ["a", "b"] && found.mean.l2 == 0)
      try FileManager.default.removeItem(atPath: "\(folder)/out/b-inverted.png")
      let error = #expect(throws: MisfitError.self) { _ = try job.plan() }
      #expect("\(error.map { "\($0)" } ?? "")".contains("none for b.png"))
    }
  }

  @Test("pictures that networks cannot compare are refused, in whichever pair they are")
  func sizes() async throws {
    try await withScratchFolder { folder in
      for (index, height) in [16, 3].enumerated() {
        let picture = noise(width: 32, height: height, channels: 3, seed: UInt32(index))
        for side in ["a", "b"] { try write(picture, to: "\(folder)/\(side)/\(index).png") }
      }
      var configuration = LPIPSConfiguration()
      configuration.widthDivisor = 32
      let lpips = LPIPS(configuration, Scope(ParameterStore()))
      let file = "\(folder)/lpips.safetensors"
      try writeNetworkFile(lpips.parameters, configuration: configuration, to: file)
      var job = MetricsPairsJob("\(folder)/a", reference: "\(folder)/b")
      job.judges.lpips = try LPIPSFiles.named(backbone: file, heads: nil)
      let error = await #expect(throws: RequestError.self) {
        try await job.run(progress: silently)
      }
      #expect("\(error as Any)".contains("found pictures of 32×3"))
    }
  }

  @Test("equal pictures have no error, and a PSNR without bound")
  func equal() async throws {
    try await withScratchFolder { folder in
      for index in 0..<2 {
        let picture = noise(width: 16, height: 16, channels: 3, seed: UInt32(index))
        try write(picture, to: "\(folder)/a/\(index).png")
      }
      let found = try await MetricsPairsJob("\(folder)/a", reference: "\(folder)/a")
        .run(progress: silently)
      #expect(found.lines == ["mse 0 ± 0", "psnr inf", "ssim 1 ± 0"])
    }
  }

  @Test("wide pictures are compared 256 pixels wide; grey ones, and those with alpha, in RGB")
  func forms() async throws {
    try await withScratchFolder { folder in
      let grey = noise(width: 512, height: 512, channels: 1, seed: 1)
      try write(grey, to: "\(folder)/a/0.png")
      try write(
        ByteImage(
          width: 512, height: 512, channels: 4,
          pixels: grey.pixels.flatMap { [255 - $0, 255 - $0, 255 - $0, 255] }),
        to: "\(folder)/b/0.png")
      let found = try await MetricsPairsJob("\(folder)/a", reference: "\(folder)/b")
        .run(progress: silently)
      // Means of 2×2 pixels, whose differences are twice those from the middle grey.
      var sum = 0.0
      for y in 0..<256 {
        for x in 0..<256 {
          let four = [(0, 0), (0, 1), (1, 0), (1, 1)].map { row, column in
            Double(grey.pixels[(2 * y + row) * 512 + 2 * x + column])
          }
          let value = four.reduce(0, +) / 4 / 127.5 - 1
          sum += 4 * value * value
        }
      }
      #expect(abs(found.mean.l2 / (sum / 65536) - 1) < 1e-4)
    }
  }

  @Test("a picture without a partner, or with one of another shape, is named")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let picture = noise(width: 16, height: 16, channels: 3, seed: 1)
      for name in ["a/0.png", "a/1.png", "a/2.png", "b/0.png"] {
        try write(picture, to: "\(folder)/\(name)")
      }
      let job = MetricsPairsJob("\(folder)/a", reference: "\(folder)/b")
      func refusal(_ words: String) async {
        await #expect {
          try await job.run(progress: silently)
        } throws: { error in
          error is MisfitError && "\(error)".contains(words)
        }
      }
      await refusal(
        "b: expected a picture for each of \(folder)/a, found none for 1.png and 1 more")
      try write(picture, to: "\(folder)/b/1.png")
      try write(noise(width: 16, height: 8, channels: 3, seed: 1), to: "\(folder)/b/2.png")
      await refusal("a/2.png: expected the shape of \(folder)/b/2.png, 16×8, found 16×16")
      try write(picture, to: "\(folder)/b/2.jpg")
      await refusal("b: expected one picture of each name, found two named 2")
    }
  }
}

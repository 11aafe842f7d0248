// Inversion as a job: codes that are the encoder's, searches that come nearer, tuned generators, and
// figures that agree with others' computation.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Workbench

/// The structural similarity of pictures in RGB, window by window.
private func similarity(_ a: ByteImage, _ b: ByteImage) -> Double {
  let weights = (0..<11).map { exp(-pow(Double($0 - 5), 2) / 4.5) }
  let total = weights.reduce(0, +)
  let (x, y) = (samples(a), samples(b))
  var (sum, count) = (0.0, 0.0)
  for channel in 0..<3 {
    for top in 0...a.height - 11 {
      for left in 0...a.width - 11 {
        var (mx, my, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for row in 0..<11 {
          for column in 0..<11 {
            let weight = weights[row] * weights[column] / (total * total)
            let at = ((top + row) * a.width + left + column) * 3 + channel
            mx += weight * x[at]
            my += weight * y[at]
            xx += weight * x[at] * x[at]
            yy += weight * y[at] * y[at]
            xy += weight * x[at] * y[at]
          }
        }
        let (c1, c2) = (0.0004, 0.0036)
        let above = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
        sum += above / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2))
        count += 1
      }
    }
  }
  return sum / count
}

@Suite("Inverting photographs") struct InvertJobTests {
  @Test("codes are the encoder's own, and pictures those of the codes")
  func encoder() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let photos = [
        ("a.png", noise(width: 20, height: 14, channels: 3, seed: 1)),
        ("in/b.png", noise(width: 16, height: 30, channels: 4, seed: 2)),
      ]
      try files.put(photos)
      let outcome = try await files.invert()
      #expect(outcome.failures.isEmpty && outcome.pictures.map(\.name) == ["a", "in-b"])
      let written = try Safetensors(ByteRegion(mapping: "\(files.out)/codes.safetensors"))
      let w = try #require(written.tensors["w"])
      #expect(w.shape == [2, 6, 4])
      #expect(written.metadata["stylist.names"] == #"["a","in-b"]"#)
      #expect(
        written.metadata["stylist.generator_hash"]
          == (try files.generator.parameters.contentHash()))
      let expected = Tensor.concatenate(photos.map { files.encoded($0.1.inRGB) }, axis: 0)
      // One division of samples by 127.5, and two, differ in the last bit.
      expectClose(Tensor(floats(w), shape: w.shape), expected, atol: 1e-5)
      for (index, row) in outcome.pictures.enumerated() {
        let code = Tensor(floats(w), shape: w.shape).sliced(index..<index + 1, axis: 0)
        #expect(try PNG(path: row.inverted).image == files.picture(code))
        #expect(row.stages.map(\.stage) == [.encoder])
      }
      #expect(
        names(in: files.out) == [
          "a-compared.png", "a-inverted.png", "codes.safetensors", "grid.png", "in-b-compared.png",
          "in-b-inverted.png", "metrics.json",
        ])
    }
  }

  @Test("figures are those that somebody computes from the files")
  func figures() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let photos = [1, 2].map { noise(width: 20, height: 14, channels: 3, seed: $0) }
      try files.put([("a.png", photos[0]), ("b.png", photos[1])])
      let outcome = try await files.invert()
      #expect(outcome.made.size == [16, 16])
      for (row, photo) in zip(outcome.pictures, photos) {
        let picture = try PNG(path: row.inverted).image
        let target = photo.resized(width: 16, height: 16, filter: .bilinear)
        let figures = row.stages[0].figures
        let l2 = meanSquare(picture, target)
        // Figures are computed in single precision.
        #expect(abs(figures.l2 - l2) < 1e-6)
        #expect(abs(figures.psnr - 10 * log10(4 / l2)) < 1e-4)
        #expect(abs((figures.ssim ?? .nan) - similarity(picture, target)) < 1e-5)
        #expect(figures.lpips == nil && figures.identity == nil)
      }
      let all = outcome.pictures.map(\.stages[0].figures.l2)
      #expect(abs(outcome.means[0].figures.l2 - (all[0] + all[1]) / 2) < 1e-12)
      #expect(outcome.remark?.contains("alexnet-owt-7be5be79.pth") == true)
      let table = outcome.lines
      #expect(
        table[0].split(separator: " ").map(String.init).suffix(4)
          == ["PSNR", "SSIM", "seconds", "drawing"])
      #expect(table[3].hasPrefix("mean") && table[4].contains("16×16 pixels"))
      let text = try String(contentsOfFile: "\(files.out)/metrics.json", encoding: .utf8)
      #expect(
        text.contains("\"command\" : \"test\"") && text.contains("\"photographs\" : \"whole\""))
    }
  }

  @Test("LPIPS and identity are those of their networks, and say which")
  func trainedFigures() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let photo = noise(width: 16, height: 16, channels: 3, seed: 1)
      try files.put([("a.png", photo)])
      var configuration = LPIPSConfiguration()
      configuration.widthDivisor = 32
      let lpips = LPIPS(configuration, InversionFiles.scope(4))
      for name in lpips.parameters.entries.keys where name.hasPrefix("lin") {
        lpips.parameters[name].assign(.ones(lpips.parameters[name].shape))
      }
      var faces = FaceRecognitionConfiguration()
      (faces.trunk, faces.resolution, faces.featureCount) = (tinyTrunk(), 16, 3)
      let recognition = FaceRecognition(faces, InversionFiles.scope(5))
      let (a, b) = ("\(folder)/lpips.safetensors", "\(folder)/faces.safetensors")
      try writeNetworkFile(lpips.parameters, configuration: configuration, to: a)
      try writeNetworkFile(recognition.parameters, configuration: faces, to: b)
      let weights = try LPIPSFiles.named(backbone: a, heads: nil)
      let outcome = try await files.invert(steps: 20) {
        $0.judges = JudgingFiles(lpips: weights, identity: b)
        $0.photographs.distance = try PictureDistance(named: "lpips", lpips: weights)
      }
      func large(_ picture: ByteImage) -> Tensor {
        let bytes = Tensor(picture.pixels, shape: [1, 16, 16, 3]).cast(to: .float32)
        return nearestResized2d(
          (bytes / 127.5 - 1).permuted(0, 3, 1, 2).contiguous(), height: 256, width: 256)
      }
      let row = try #require(outcome.pictures.first)
      let (x, y) = (large(try PNG(path: row.inverted).image), large(photo))
      let last = try #require(row.stages.last?.figures)
      #expect(abs((last.lpips ?? .nan) - lpips(x, y).item()) < 1e-6)
      let cosine = (recognition.features(x) * recognition.features(y)).sum().item()
      #expect(abs((last.identity ?? .nan) - cosine) < 1e-6)
      // What was minimised became less.
      #expect(try #require(last.lpips) < #require(row.stages[0].figures.lpips))
      #expect(outcome.made.lpips?.kind == "lpips alex")
      #expect(outcome.made.lpips?.hash == (try lpips.parameters.contentHash()))
      #expect(outcome.remark == nil)
    }
  }

  @Test("a search from the encoder's code comes nearer, and one from the mean of w")
  func refinement() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      try files.put([("a.png", files.picture(files.code(7)))])
      let outcome = try await files.invert(steps: 60, learningRate: 0.1)
      let stages = try #require(outcome.pictures.first?.stages)
      #expect(stages.map(\.stage) == [.encoder, .refined])
      #expect(stages[1].figures.l2 < 0.8 * stages[0].figures.l2)
      let free = try await files.invert(encoder: false, steps: 60)
      #expect(free.pictures.first?.stages.map(\.stage) == [.search])
      let mean = files.picture(files.generator.wAvg.reshaped(1, 1, 4).repeated(1, 6, 1))
      let before = meanSquare(mean, files.picture(files.code(7)))
      #expect(try #require(free.pictures.first?.stages[0].figures.l2) < before)
      #expect(free.made.photographs == "middle")
    }
  }

  @Test("tuned generators draw the photograph, each from the generator as it was")
  func tuning() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let photos = [1, 2].map { noise(width: 16, height: 16, channels: 3, seed: $0) }
      try files.put([("a.png", photos[0]), ("b.png", photos[1])])
      let change: (inout InvertJob) -> Void = { job in
        job.tuning = InvertJob.tuning(steps: 60, .pyramid)
      }
      let both = try await files.invert(change)
      let hash = try files.generator.parameters.contentHash()
      for row in both.pictures {
        #expect(row.stages.map(\.stage) == [.encoder, .tuned])
        #expect(row.stages[1].figures.l2 < row.stages[0].figures.l2)
        let checkpoint = try Checkpoint.open(try #require(row.tuned))
        #expect(checkpoint.notes.parentHash == hash)
        let network = try #require(checkpoint.preferredGenerator?.network)
        let tuned = try network.makeGenerator()
        let picture = withoutGradients {
          let photo = row.name == "a" ? photos[0] : photos[1]
          return PixelEncoding.truncated.bytes(
            tuned.synthesize(files.encoded(photo), options: SynthesisOptions()))
        }
        let difference = zip(
          picture.values(as: UInt8.self), try PNG(path: row.inverted).image.pixels
        ).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(difference) <= 1)
      }
      // The second photograph alone gives the same: nothing of the first stays behind.
      let second = try ByteRegion(mapping: try #require(both.pictures[1].tuned)).copy()
      try FileManager.default.removeItem(atPath: "\(files.photos)/a.png")
      let alone = try await files.invert(change)
      #expect(try ByteRegion(mapping: try #require(alone.pictures[0].tuned)).copy() == second)
    }
  }

  @Test("photographs that cannot be used are said, and the others are inverted")
  func failures() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      try files.put([
        ("a.png", noise(width: 16, height: 16, channels: 1, seed: 1)),
        ("c.png", noise(width: 16, height: 16, channels: 3, seed: 2)),
      ])
      try put(Array("nothing".utf8), at: "\(files.photos)/b.png")
      let outcome = try await files.invert()
      #expect(outcome.pictures.map(\.name) == ["a", "c"])
      #expect(outcome.failures.map(\.exitCode) == [65])
      #expect(outcome.failures[0].reason.contains("photos/b.png"))
      #expect(try Codes(reading: "\(files.out)/codes.safetensors").count == 2)

      // A search with a generator whose numbers are none.
      let const = files.generator.parameters["synthesis.b4.const"]
      let own = const.cloned()
      const.assign(const * .nan)
      try files.writeGenerator()
      let lost = try await files.invert(steps: 3)
      #expect(lost.pictures.isEmpty && lost.failures.map(\.exitCode) == [1, 65, 1])
      #expect(lost.failures[0].reason.contains("photos/a.png: step"))
      #expect(lost.failures[0].reason.contains("expected a finite loss"))

      const.assign(own)
      try files.writeGenerator()

      // An encoder whose numbers are none.
      let norm = files.encoder.parameters["output_layer_2.0.weight"]
      norm.assign(norm * .nan)
      try writeNetworkFile(
        files.encoder.parameters, configuration: files.encoder.configuration,
        to: "\(folder)/e.safetensors")
      let none = try await files.invert()
      #expect(none.pictures.isEmpty && none.failures.count == 3)
      #expect(none.failures[0].reason.contains("an encoder whose codes are finite numbers"))
      #expect(none.codes == nil && none.lines.isEmpty)
    }
  }

  @Test("names are each photograph's own, and never those of another file")
  func naming() async throws {
    try await withScratchFolder { folder in
      let files = try InversionFiles(folder)
      let photo = noise(width: 8, height: 8, channels: 3, seed: 1)
      try files.put([("a.jpg", photo), ("a.png", photo), ("grid.png", photo)])
      let outcome = try await files.invert()
      #expect(outcome.pictures.map(\.name) == ["a", "a-2", "grid"])
      let job = InvertJob(
        try PhotographCodes(files.photos, encoder: files.encoderSource, search: nil),
        provenance: provenance(nil))
      refuses("--outdir: expected another folder") {
        try job.check(files.generator.traits, of: "g", into: "\(files.photos)/../photos")
      }
      // Photographs in folders below are as little replaced.
      try files.put([("in/b-inverted.png", photo), ("in/b.png", photo)])
      let below = InvertJob(
        try PhotographCodes("\(files.photos)/in", encoder: files.encoderSource, search: nil),
        provenance: provenance(nil))
      refuses("found b-inverted.png") {
        try below.check(files.generator.traits, of: "g", into: "\(files.photos)/in")
      }
      try files.put([("in/grid.png", photo)])
      let all = InvertJob(
        try PhotographCodes(files.photos, encoder: files.encoderSource, search: nil),
        provenance: provenance(nil))
      refuses("found in/grid.png") {
        try all.check(files.generator.traits, of: "g", into: "\(files.photos)/in")
      }
    }
  }

  @Test("an encoder and a generator that do not go together are refused by name")
  func misfits() throws {
    try withScratchFolder { folder in
      for (words, change): (String, (inout PSpEncoderConfiguration) -> Void) in [
        ("codes of 6 rows of 4, for the generator g.pkl, found 5 rows", { $0.shape.numWs = 5 }),
        ("which have 3 channels, found one of", { $0.shape.trunk.inChannels = 1 }),
        ("proportions 16×16, for the generator g.pkl, found 32×24", { $0.shape.height = 24 }),
      ] {
        let files = try InversionFiles(folder, change)
        try files.put([("a.png", noise(width: 8, height: 8, channels: 3, seed: 1))])
        let codes = try PhotographCodes(files.photos, encoder: files.encoderSource, search: nil)
        expect(.doesNotFit, says: words) {
          try codes.check(files.generator.traits, of: "g.pkl")
        }
      }
      let files = try InversionFiles(folder)
      let other = try PhotographCodes(
        files.photos, encoder: EncoderSource("\(folder)/g.safetensors"), search: nil)
      expect(.doesNotFit, says: "or our .safetensors of one, found only G_ema (stylegan2)") {
        try other.check(files.generator.traits, of: "g")
      }
      refuses("what finds codes") {
        _ = try PhotographCodes(files.photos, encoder: nil, search: nil)
      }
    }
  }

  @Test("weights that are not there, or are others, are said with the published names")
  func weights() throws {
    try withScratchFolder { folder in
      let files = try InversionFiles(folder)
      try files.put([("a.png", noise(width: 8, height: 8, channels: 3, seed: 1))])
      func check(_ judges: JudgingFiles) throws {
        var job = InvertJob(
          try PhotographCodes(files.photos, encoder: files.encoderSource, search: nil),
          provenance: provenance(nil))
        job.judges = judges
        try job.check(files.generator.traits, of: "g", into: files.out)
      }
      let absent = try LPIPSFiles.named(backbone: "\(folder)/none.pth", heads: nil)
      expect(.missing, says: "alexnet-owt-7be5be79.pth") { try check(JudgingFiles(lpips: absent)) }
      expect(.missing, says: "model_ir_se50.pth") {
        try check(JudgingFiles(identity: "\(folder)/none.pth"))
      }
      let encoder = files.encoderSource.path
      let other = try LPIPSFiles.named(backbone: encoder, heads: nil)
      expect(.doesNotFit, says: "found only encoder (psp-encoder)") {
        try check(JudgingFiles(lpips: other))
      }
      expect(.doesNotFit, says: "found only encoder") { try check(JudgingFiles(identity: encoder)) }
      refuses("--lpips-heads: expected --lpips-backbone beside it") {
        _ = try LPIPSFiles.named(backbone: nil, heads: "alex.pth")
      }
      refuses("--distance=lpips: expected --lpips-backbone") {
        _ = try PictureDistance(named: "lpips")
      }
    }
  }
}

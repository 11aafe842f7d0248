// Metrics of folders: what is compared, what is kept between runs, and what is refused.

import Checkpoints
import Formats
import Foundation
import Layers
import Metrics
import Networks
import Synchronization
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Metrics of folders") struct MetricsFoldersJobTests {
  /// A folder with a small Inception-v3 and a small VGG-16, 24 pictures of noise in `a` and 20 in `b`.
  private func withPictures(
    _ body: (_ folder: String, _ inception: InceptionV3, MetricsFoldersJob) async throws -> Void
  ) async throws {
    let network = smallInception()
    try await withScratchFolder { folder in
      let file = "\(folder)/inception.safetensors"
      try writeNetworkFile(network.parameters, configuration: network.configuration, to: file)
      for (set, count, seed) in [("a", 24, UInt32(0)), ("b", 20, 100)] {
        for index in 0..<count {
          let picture = noise(
            width: 16, height: 12, channels: 3, seed: seed + UInt32(index))
          try write(picture, to: "\(folder)/\(set)/\(100 + index).png")
        }
      }
      let vgg = smallVGG16()
      let other = "\(folder)/vgg.safetensors"
      try writeNetworkFile(vgg.parameters, configuration: vgg.configuration, to: other)
      var job = MetricsFoldersJob(
        "\(folder)/a", reference: "\(folder)/b",
        networks: FeatureNetworkFiles(inception: file, vgg: other))
      job.cache = "\(folder)/cache"
      try await body(folder, network, job)
    }
  }

  /// Writes a picture into a folder that need not be there.
  private func write(_ picture: ByteImage, to path: String) throws {
    _ = try OutputFolder(of: path)
    try PNG(image: picture).write(to: path)
  }

  /// A picture as a tensor [1, C, H, W].
  private func tensor(_ picture: ByteImage) -> Tensor {
    Tensor(picture.pixels, shape: [1, picture.height, picture.width, picture.channels])
      .permuted(0, 3, 1, 2)
  }

  /// The features of a folder's pictures, one at a time.
  private func features(_ folder: String, _ of: (Tensor) -> Tensor) throws -> Tensor {
    let rows = try names(in: folder).map { name in
      of(tensor(try ByteImage(ByteRegion(mapping: "\(folder)/\(name)"))))
    }
    return .concatenate(rows, axis: 0)
  }

  @Test("numbers are those of the features by each protocol", arguments: MetricProtocol.allCases)
  func numbers(_ rule: MetricProtocol) async throws {
    try await withPictures { folder, inception, job in
      var job = job
      job.rule = rule
      job.metrics = [.fid, .kid, .inceptionScore, .precisionRecall]
      job.subsets = (5, 10)
      let outcome = try await job.run { _ in }
      let fake = try features("\(folder)/a") { rule.features($0, of: inception) }
      let real = try features("\(folder)/b") { rule.features($0, of: inception) }
      func distribution(_ features: Tensor) -> FeatureDistribution {
        var moments = FeatureMoments(dimension: 128)
        moments.add(features)
        return FeatureDistribution(moments, divisor: rule == .legacy ? .count : .countMinusOne)
      }
      let fid = distribution(fake).frechetDistance(from: distribution(real))
      #expect(abs((outcome.results["fid"] ?? 0) / fid - 1) < 1e-4)
      let subsets = KernelSubset.random(
        count: 5, size: 10, rows: (24, 20), seed: rule == .torchFidelity ? 2020 : 0)
      let kid = kernelDistance(fake, real, subsets: subsets) { _ in }
      #expect(abs((outcome.results["kid"] ?? 0) - kid.mean) < 1e-6)
      var order = Array(0..<24)
      if rule == .torchFidelity {
        var state = RandomState(seed: 2020)
        state.shuffle(&order)
      }
      let score = inceptionScore(logits: inception.logits(fake.picked(Tensor(order), axis: 0)))
      #expect(abs((outcome.results["is"] ?? 0) - score.mean) < 1e-5)
      let vgg = smallVGG16()
      let both = PrecisionAndRecall(
        generated: try features("\(folder)/a") { rule.features($0, of: vgg) },
        real: try features("\(folder)/b") { rule.features($0, of: vgg) },
        rounding: rule == .legacy ? .float16 : .float32
      ) { _ in }
      // One picture may lie on a border, within rounding.
      #expect(abs((outcome.results["precision"] ?? -1) - both.precision) < 0.051)
      #expect(abs((outcome.results["recall"] ?? -1) - both.recall) < 0.051)
      #expect(outcome.pictures.count == 24 && outcome.reference.count == 20)
      // 20 pictures are too few for 128 features, and for a score.
      #expect(outcome.remarks.map { $0.prefix { $0 != ":" } } == ["fid", "is"])
    }
  }

  @Test("what is kept is used again, whole rows of it, and gives the same numbers")
  func cache() async throws {
    try await withPictures { folder, _, job in
      let cache = "\(folder)/cache"
      let first = try await job.run { _ in }
      let kept = names(in: cache)
      #expect(kept.count == 2)
      let sizes = try kept.map { try ByteRegion(mapping: "\(cache)/\($0)").count }
      let row = 128 * 4 + 8  // with its seal
      #expect(sizes.sorted() == [20 * row, 24 * row])
      // An interruption cuts off the last row.
      for name in kept {
        let file = "\(cache)/\(name)"
        let bytes = try ByteRegion(mapping: file).copy()
        try put(Array(bytes.dropLast(300)), at: file)
      }
      let seen = Mutex<[JobProgress]>([])
      let second = try await job.run { step in seen.withLock { $0.append(step) } }
      let done = seen.withLock { $0 }
      // Sixteen are seen together, and together again, so that all bits are the same.
      #expect(second.results == first.results && (first.results["fid"] ?? 0) > 1e-4)
      #expect(done.map(\.doneBefore) == [16, 16] && done.map(\.done) == [24, 20])
      // A row that is not what was computed is computed again, with all that follow.
      for name in kept {
        let file = "\(cache)/\(name)"
        var bytes = try ByteRegion(mapping: file).copy()
        bytes[3 * row + 100] ^= 64
        try put(bytes, at: file)
      }
      let again = Mutex<[Int]>([])
      let third = try await job.run { step in again.withLock { $0.append(step.doneBefore) } }
      #expect(third.results == first.results)
      #expect(again.withLock { Set($0) } == [0])
      let mended = try kept.map { try ByteRegion(mapping: "\(cache)/\($0)").count }
      #expect(mended == sizes)
      var other = job
      other.rule = .clean
      _ = try await other.run { _ in }
      #expect(names(in: cache).count == 4, "another protocol sees other features")
      var alone = job
      alone.cache = nil
      #expect(try await alone.run { _ in }.results == first.results)
    }
  }

  @Test("pictures of other sizes, grey ones and ones with alpha are seen as published programs do")
  func forms() async throws {
    try await withPictures { folder, inception, job in
      let grey = noise(width: 9, height: 9, channels: 1, seed: 5)
      let clear = noise(width: 16, height: 12, channels: 4, seed: 6)
      try write(grey, to: "\(folder)/c/0.png")
      try write(clear, to: "\(folder)/c/1.png")
      try write(
        noise(width: 16, height: 12, channels: 3, seed: 0), to: "\(folder)/c/2.png")
      var job = job
      job.pictures = "\(folder)/c"
      let found = try #require(try await job.run { _ in }.results["fid"])
      let plain = noise(width: 16, height: 12, channels: 3, seed: 0)
      var moments = FeatureMoments(dimension: 128)
      for picture in [
        tensor(grey).repeated(1, 3, 1, 1), tensor(clear).sliced(0..<3, axis: 1), tensor(plain),
      ] {
        moments.add(MetricProtocol.legacy.features(picture, of: inception))
      }
      var real = FeatureMoments(dimension: 128)
      real.add(try features("\(folder)/b") { MetricProtocol.legacy.features($0, of: inception) })
      let expected = FeatureDistribution(moments).frechetDistance(from: FeatureDistribution(real))
      #expect(abs(found / expected - 1) < 1e-4)
    }
  }

  @Test("moments of other programs stand for pictures, where only those are needed")
  func moments() async throws {
    try await withPictures { folder, inception, job in
      var job = job
      job.rule = .pytorchFID
      let whole = try #require(try await job.run { _ in }.results["fid"])
      var real = FeatureMoments(dimension: 128)
      real.add(
        try features("\(folder)/b") { MetricProtocol.pytorchFID.features($0, of: inception) })
      func stored(_ tensor: Tensor) throws -> StoredTensor {
        try StoredTensor(
          elementType: .float64, shape: tensor.shape, bytes: ByteRegion(bits(tensor), name: "m"))
      }
      let file = "\(folder)/b.npz"
      try NPZ.write(
        [("mu", try stored(real.mean)), ("sigma", try stored(real.covariance(.countMinusOne)))],
        to: file)
      job.reference = file
      let found = try await job.run { _ in }
      #expect(abs((found.results["fid"] ?? 0) / whole - 1) < 1e-6)
      #expect(found.reference.count == nil && found.reference.hash.count == 64)
      job.metrics = [.fid, .kid]
      #expect(throws: RequestError.self) { try job.check() }
      job.metrics = [.fid]
      // What is wrong with moments is known before pictures are looked at.
      let covariance = real.covariance(.countMinusOne)
      let nowhere = Tensor((0..<128 * 128).map { $0 == 200 ? Double.nan : 0 }, shape: [128, 128])
      let lopsided = Tensor((0..<128 * 128).map { $0 == 200 ? 1e3 : 0.0 }, shape: [128, 128])
      for (arrays, kind) in [
        ([("mu", real.mean)], FileError.Kind.doesNotFit),
        ([("mu", real.mean), ("sigma", covariance.sliced(0..<5, axis: 0))], .doesNotFit),
        ([("mu", real.mean), ("sigma", covariance + nowhere)], .damaged),
        ([("mu", real.mean), ("sigma", covariance + lopsided)], .damaged),
        ([("mu", real.mean), ("sigma", covariance * -1)], .damaged),
        (
          [
            ("mu", real.mean.sliced(0..<5, axis: 0)),
            ("sigma", covariance.sliced(0..<5, axis: 0).sliced(0..<5, axis: 1)),
          ], .doesNotFit
        ),
      ] {
        try NPZ.write(arrays.map { ($0, try stored($1)) }, to: file)
        let error = #expect(throws: FileError.self) { try job.plan() }
        #expect(error?.kind == kind)
        let wrong = job
        await #expect(throws: FileError.self) { _ = try await wrong.run { _ in } }
      }
    }
  }

  @Test("what cannot be looked at is no smaller set of pictures, but an error")
  func objections() async throws {
    try await withPictures { folder, _, job in
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/a/more", withDestinationPath: "\(folder)/b")
      #expect(throws: FileError.self) { try job.plan() }
      await #expect(throws: FileError.self) { _ = try await job.run { _ in } }
    }
  }

  @Test("what is missing is said before anything is computed")
  func missing() async throws {
    try await withPictures { folder, _, job in
      func words(_ change: (inout MetricsFoldersJob) -> Void) -> String {
        var job = job
        change(&job)
        do {
          _ = try job.plan()
          return "nothing"
        } catch {
          return "\(error)"
        }
      }
      #expect(words { _ in } == "nothing")
      #expect(words { $0.networks.inception = nil }.contains("inception-2015-12-05.pt"))
      #expect(
        words {
          $0.metrics = [.precisionRecall]
          $0.networks.vgg = nil
        }.contains("vgg16.pt"))
      #expect(words { $0.metrics = [] }.contains("fid, kid, is, pr"))
      #expect(words { $0.pictures = "\(folder)/b.npz" }.contains("a folder or zip archive"))
      try write(noise(width: 4, height: 4, channels: 3, seed: 1), to: "\(folder)/one/a.png")
      #expect(words { $0.pictures = "\(folder)/one" }.contains("at least 2 pictures"))
      #expect(words { $0.reference = "\(folder)/none" }.contains("none"))
    }
  }
}

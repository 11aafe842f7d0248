// A generator and an encoder of tiny pictures in files, with photographs to invert.

import Checkpoints
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Workbench

/// Networks of 16×16 pictures, files of them in a folder, and photographs.
struct InversionFiles {
  let folder: String
  let generator: StyleGAN2
  let encoder: any ImageEncoder

  var network: NetworkSource { .file("\(folder)/g.safetensors") }
  var encoderSource: EncoderSource { EncoderSource("\(folder)/e.safetensors") }
  var photos: String { "\(folder)/photos" }
  var out: String { "\(folder)/out" }

  /// Where a network of random weights is made.
  static func scope(_ seed: UInt64) -> Scope {
    Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
  }

  init(_ folder: String, _ change: (inout PSpEncoderConfiguration) -> Void = { _ in }) throws {
    self.folder = folder
    var g = StyleGAN2Configuration(resolution: 16)
    (g.zDim, g.wDim, g.mappingLayers) = (4, 4, 2)
    (g.channelBase, g.channelMax) = (64, 4)
    generator = StyleGAN2(g, Self.scope(1))
    var e = PSpEncoderConfiguration()
    (e.head, e.shape.trunk, e.shape.numWs, e.shape.wDim) = (.intoWPlus, tinyTrunk(), 6, 4)
    (e.shape.width, e.shape.height) = (32, 32)
    change(&e)
    encoder = e.makeEncoder(Self.scope(2))
    encoder.latentAverage?.assign(.seeded([e.shape.numWs, 4], seed: 3, dtype: .float32) * 0.3)
    try writeGenerator()
    try writeNetworkFile(encoder.parameters, configuration: e, to: "\(folder)/e.safetensors")
  }

  /// Writes the generator as it is now.
  func writeGenerator() throws {
    try writeNetworkFile(
      generator.parameters, configuration: generator.configuration,
      to: "\(folder)/g.safetensors")
  }

  /// The code of a seed, [1, 6, 4].
  func code(_ seed: UInt32) -> Tensor {
    generator.broadcast(generator.map(z: generator.z(seed: seed), labels: nil))
  }

  /// The picture of a code.
  func picture(_ code: Tensor) -> ByteImage {
    withoutGradients {
      let bytes = PixelEncoding.truncated.bytes(
        generator.synthesize(code, options: SynthesisOptions()))
      return ByteImage(width: 16, height: 16, channels: 3, pixels: bytes.values(as: UInt8.self))
    }
  }

  /// Writes pictures as photographs.
  func put(_ pictures: [(String, ByteImage)]) throws {
    for (name, picture) in pictures {
      _ = try OutputFolder(of: "\(photos)/\(name)")
      try PNG(image: picture).write(to: "\(photos)/\(name)")
    }
  }

  /// What the encoder makes of a picture, directly.
  func encoded(_ picture: ByteImage) -> Tensor {
    let resized = picture.resized(width: 32, height: 32, filter: .bilinear)
    let bytes = Tensor(resized.pixels, shape: [1, 32, 32, 3]).cast(to: .float32)
    let x = ((bytes / 255 - 0.5) / 0.5).permuted(0, 3, 1, 2)
    return withoutGradients { encoder.wPlus(of: x) }
  }

  /// Runs a job over the photographs.
  func invert(
    encoder isUsed: Bool = true, steps: Int = 0, learningRate: Double? = nil,
    _ change: (inout InvertJob) throws -> Void = { _ in }
  ) async throws -> InvertJob.Outcome {
    let search =
      steps > 0
      ? try CodeSearch(steps: steps, fromEncoder: isUsed, learningRate: learningRate) : nil
    var job = InvertJob(
      try PhotographCodes(photos, encoder: isUsed ? encoderSource : nil, search: search),
      provenance: provenance(nil))
    try change(&job)
    return try await job.run(
      network, on: GeneratorHost(network), into: OutputFolder(making: out), progress: silently)
  }
}

/// The samples of a picture in [-1, 1].
func samples(_ picture: ByteImage) -> [Double] {
  picture.pixels.map { Double($0) / 127.5 - 1 }
}

/// The mean squared difference, sample by sample.
func meanSquare(_ a: ByteImage, _ b: ByteImage) -> Double {
  let differences = zip(samples(a), samples(b)).map { ($0 - $1) * ($0 - $1) }
  return differences.reduce(0, +) / Double(differences.count)
}

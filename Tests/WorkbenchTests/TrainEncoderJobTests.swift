// What is planned for the training of an encoder: sizes that follow from the generator, and refusals.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Training
import Workbench

@Suite("Plans of encoders' trainings")
struct TrainEncoderJobTests {
  /// Writes a generator of 8×8 pictures.
  private func writeGenerator(
    _ folder: String, _ change: (inout StyleGAN2Configuration) -> Void = { _ in }
  ) throws -> String {
    var configuration = StyleGAN2Configuration(resolution: 8)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (16, 16, 2)
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    change(&configuration)
    let g = StyleGAN2(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let path = "\(folder)/g.safetensors"
    try writeNetworkFile(g.parameters, configuration: configuration, to: path)
    return path
  }

  private func request(_ network: String) -> TrainEncoderRequest {
    var request = TrainEncoderRequest()
    (request.network, request.data.source) = (network, "codes")
    (request.losses.lpips, request.losses.identity) = (0, 0)
    return request
  }

  private func plan(_ request: TrainEncoderRequest, _ folder: String) throws -> TrainingPlan {
    try TrainingJob(request, .new(outdir: "\(folder)/runs"), command: "test").plan()
  }

  private func options(
    _ request: TrainEncoderRequest, _ folder: String
  ) throws -> EncoderTrainingOptions {
    try #require(plan(request, folder).options as? EncoderTrainingOptions)
  }

  @Test("what nobody said follows from the generator and the published recipe")
  func usual() throws {
    try withScratchFolder { folder in
      let path = try writeGenerator(folder)
      let plan = try plan(request(path), folder)
      let options = try #require(plan.options as? EncoderTrainingOptions)
      let made = options.encoder
      #expect(made.kind == .styleTransformer && made.mappingLayers == 2)
      #expect((made.width, made.height, made.channels) == (8, 8, 3))
      #expect((made.numWs, made.wDim, made.pyramidWidth) == (4, 16, 16))
      let settings = options.settings
      #expect((settings.batchSize, settings.learningRate) == (8, 1e-4))
      #expect(settings.optimizer == .ranger && settings.losses.l2 == 1)
      #expect(options.distance == nil && options.identity == nil && options.comparedWidth == 8)
      #expect(options.decoder.path == path && options.decoder.source == path)
      #expect(options.heldOut == 256 && options.data.count == 1 << 20)
      #expect(plan.schedule.kimg == 200)
      #expect(plan.networks.map(\.name) == ["encoder"] && plan.networks[0].parameters > 100_000)
      var large = request(path)
      (large.architecture.size, large.architecture.width) = ("published", 256)
      #expect(try self.plan(large, folder).schedule.kimg == 4800)
      #expect(try self.options(large, folder).encoder.widths == [64, 128, 256, 16])
    }
  }

  @Test("a recipe's weights are those of its name, but for single ones that were said")
  func weights() throws {
    try withScratchFolder { folder in
      var request = try request(writeGenerator(folder))
      (request.losses.recipe, request.losses.l2) = ("toonify", 0.5)
      let weights = try options(request, folder).settings.losses
      #expect((weights.l2, weights.wNorm, weights.identity) == (0.5, 0.025, 0))
    }
  }

  @Test("the encoder sees the rows of pictures that are meant to be seen")
  func rows() throws {
    try withScratchFolder { folder in
      let path = try writeGenerator(folder) { $0.visibleRows = 1..<7 }
      let made = try options(request(path), folder).encoder
      #expect((made.height, made.width) == (6, 8))
    }
  }

  @Test("parts that an encoder goes without are kept; what is as published is not")
  func parts() throws {
    try withScratchFolder { folder in
      var request = try request(writeGenerator(folder))
      request.architecture.levels = ["coarse", "middle", "fine"]
      (request.architecture.selfAttention, request.architecture.average) = (true, true)
      request.architecture.space = "w+"
      let published = try options(request, folder).encoder
      #expect(published.levels == nil && published.selfAttention == nil)
      #expect(published.isIntoW == nil && published.isResidual == nil)
      request.architecture.levels = ["coarse"]
      (request.architecture.selfAttention, request.architecture.average) = (false, false)
      request.architecture.space = "w"
      let reduced = try options(request, folder).encoder
      #expect(reduced.levels == [.coarse] && reduced.selfAttention == false)
      #expect(reduced.isIntoW == true && reduced.isResidual == false)
    }
  }

  @Test("a trunk starts as that of a network for faces, and must have its sizes")
  func trunk() async throws {
    try await withScratchFolder { folder in
      var faces = FaceRecognitionConfiguration()
      (faces.resolution, faces.featureCount) = (8, 4)
      faces.trunk = IRSEConfiguration(
        stemWidth: 16, stages: [(16, 1), (16, 1), (16, 1)].map { .init(width: $0, units: $1) })
      let network = FaceRecognition(
        faces, Scope(ParameterStore(), generator: TorchGenerator(seed: 9)))
      let file = "\(folder)/faces.safetensors"
      try writeNetworkFile(network.parameters, configuration: faces, to: file)
      var request = try request(writeGenerator(folder))
      (request.architecture.widths, request.architecture.units) = ([16, 16, 16], [1, 1, 1])
      (request.architecture.trunk, request.learningRate, request.seed) = (file, 0, 1)
      (request.batchSize, request.heldOut, request.data.subset) = (2, 2, 8)
      (request.schedule.kimg, request.schedule.kimgPerTick) = (0.004, 0.002)
      let made = try options(request, folder)
      #expect(made.trunk?.files == [file] && made.trunk?.hash.count == 64)
      let outcome = try await TrainingJob(
        request, .new(outdir: "\(folder)/runs"), command: "test"
      ).run { _ in }
      let trained = try Checkpoint.open(try #require(outcome.network)).networks["encoder"]
      let encoder = try #require(trained).makeEncoder()
      let names = network.parameters.names(under: "body").filter { $0.hasSuffix(".weight") }
      #expect(names.count > 8)
      for name in names {
        let (own, start) = (encoder.parameters[name], network.parameters[name])
        #expect((own - start).abs().max().item() == 0, "\(name)")
      }
      request.architecture.widths = [16, 16, 32]
      let wide = request
      let error = #expect(throws: FileError.self) { _ = try plan(wide, folder) }
      #expect(error?.description.contains("expected a trunk of 1,1,1 units of 16,16,32") == true)
    }
  }

  @Test("sizes that do not go together are refused by the options' names")
  func sizes() throws {
    try withScratchFolder { folder in
      let path = try writeGenerator(folder)
      func refused(_ words: String, _ change: (inout TrainEncoderRequest) -> Void) throws {
        var request = request(path)
        change(&request)
        refuses(words) { _ = try plan(request, folder) }
      }
      try refused("--units: expected as many") { $0.architecture.units = [1, 1, 1] }
      try refused("--widths: expected at most the narrowest stage") {
        ($0.architecture.widths, $0.architecture.units) = ([8, 16, 16], [1, 1, 1])
      }
      try refused("--head-width: expected --encoder=psp") { $0.architecture.headWidth = 4 }
      try refused("--levels: expected --encoder=style-transformer beside it") {
        ($0.architecture.levels, $0.architecture.kind) = (["fine"], "psp")
      }
      try refused("--optimizer: expected one of ranger, adam") { $0.optimizer = "sgd" }
      try refused("--data: expected portraits, a folder") { $0.data.source = nil }
      try refused("--trunc: expected 0 to 2") { $0.truncationPsi = 3 }
      let grey = try writeGenerator(folder) { $0.imgChannels = 1 }
      refuses("--network: expected a generator of pictures in RGB") {
        _ = try plan(request(grey), folder)
      }
    }
  }
}

// The training of encoders: that they learn, from pictures and from codes, that a training goes on with
// the same bits, what stays as it is, and the first values.

import Checkpoints
import Datasets
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Grey ramps of 16×16 pixels in RGB, each in other directions.
private struct Ramps: Dataset {
  let name = "ramps"
  var count = 60
  let shape = ImageShape(resolution: 16, channels: 3)
  let labelKind = LabelKind.none
  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: "\(name) \(count)") }

  func label(at index: Int) -> [Float] { [] }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let pixels = (0..<256).flatMap { place in
      let (row, column) = (place / 16, place % 16)
      return (0..<3).map { channel in
        UInt8((row * (index % 5 + channel) + column * (index % 7)) * 4 % 256)
      }
    }
    return ByteImage(width: 16, height: 16, channels: 3, pixels: pixels)
  }
}

/// A small encoder for `smallGenerator`, whose W+ has six rows of eight numbers.
private func architecture(
  _ kind: EncoderKind, into decoder: any Generator
) -> EncoderArchitecture {
  var made = EncoderArchitecture(kind, .small, width: 16, into: decoder)
  (made.stemWidth, made.widths, made.units) = (16, [16, 16, 16], [1, 1, 1])
  if kind == .psp { made.headWidth = 8 }
  return made
}

@Suite("Training of encoders")
struct EncoderTrainingTests {
  private let decoder: StyleGAN2 = {
    let generator = smallGenerator()
    let z = Tensor.randn([64, 8], generator: TorchGenerator(seed: 3))
    withoutGradients {
      generator.wAvg.assign(generator.map(z: z, labels: nil).mean(over: 0))
      // Untrained colours are pale: with stronger ones pictures differ.
      for name in generator.parameters.names(under: "") where name.hasSuffix("torgb.weight") {
        generator.parameters[name].multiplyInPlace(4)
      }
    }
    return generator
  }()

  private func options(
    _ kind: EncoderKind = .styleTransformer, data source: String = "ramps", count: Int = 60,
    change: (inout EncoderTrainingOptions.Settings) -> Void = { _ in }
  ) -> EncoderTrainingOptions {
    let data = TrainingData(
      source: source, name: source, count: count, resolution: 16, channels: 3, labelDim: 0,
      mirror: false, subset: nil)
    var settings = EncoderTrainingOptions.Settings()
    (settings.batchSize, settings.learningRate) = (4, 1e-3)
    (settings.losses.lpips, settings.losses.identity) = (0, 0)
    change(&settings)
    return EncoderTrainingOptions(
      data: data, heldOut: 8, decoder: .init(source: "g.safetensors", path: nil, hash: "abc"),
      encoder: architecture(kind, into: decoder), distance: nil, identity: nil,
      comparedWidth: 16, settings: settings, seed: 3, threads: 1)
  }

  private func losses(_ options: EncoderTrainingOptions) -> EncoderLosses {
    EncoderLosses(
      InversionLoss(options.settings.losses, lpips: nil, features: nil),
      codeWeight: options.settings.codeLoss, comparedWidth: options.comparedWidth)
  }

  private func dataset(_ options: EncoderTrainingOptions) -> any Dataset {
    options.learnsFromCodes
      ? SeedPictures(
        count: options.data.count, shape: ImageShape(resolution: 16, channels: 3),
        decoder: "abc", truncationPsi: options.settings.truncationPsi)
      : Ramps(count: options.data.count)
  }

  private func training(_ options: EncoderTrainingOptions) throws -> EncoderTraining {
    try EncoderTraining(
      options, into: decoder, losses: losses(options), on: dataset(options))
  }

  /// Takes steps, and gives all tensors and random streams that decide the next one.
  private func step(
    _ training: EncoderTraining, _ count: Int, imagesSeen: Int = 0
  ) throws -> OrderedDictionary<String, [UInt8]> {
    var statistics = Statistics()
    for step in 0..<count {
      _ = try training.step(imagesSeen: imagesSeen + step * 4, &statistics)
    }
    var state = TrainingState()
    try training.save(into: &state)
    var all = try state.tensors.mapValues { bits(try $0.read()) }
    for (name, bytes) in state.generators { all["random.\(name)"] = bytes }
    return all
  }

  @Test(
    "learns to draw pictures of codes again better than with the average code",
    arguments: EncoderKind.allCases)
  func learns(kind: EncoderKind) throws {
    let options = options(kind, data: EncoderTrainingOptions.codes, count: 1000) {
      ($0.codeLoss, $0.optimizer, $0.learningRate) = (1, .adam, 5e-3)
    }
    let training = try training(options)
    let before = bits(decoder.parameters["synthesis.b4.const"])
    let validation = try EncoderValidation(
      options, into: decoder, losses: losses(options), on: dataset(options))
    let first = try validation(training.learner.encoder) { _ in }
    _ = try step(training, 250)
    let found = try validation(training.learner.encoder) { _ in }
    #expect(
      Array(found.keys) == ["loss", "l2", "code", "average_loss", "average_l2", "average_code"])
    #expect(try #require(found["loss"]) < #require(first["loss"]))
    // One matrix for all rows, without a pyramid, has just found the average by then.
    for name in kind == .pspWPlus ? [] : ["l2", "code"] {
      let (own, average) = (try #require(found[name]), try #require(found["average_\(name)"]))
      #expect(own < 0.8 * average, "\(name): \(own), of the average \(average)")
    }
    #expect(bits(decoder.parameters["synthesis.b4.const"]) == before)
    // The losses of the average code are those of the generator's, whatever the encoder is.
    #expect(try validation(training.learner.encoder) { _ in } == found)
  }

  @Test("the first codes of pSp's heads without their numbers are the average code")
  func average() throws {
    let training = try training(options(.pspW))
    let encoder = training.learner.encoder
    withoutGradients { encoder.parameters["linear.weight"].multiplyInPlace(0) }
    let img = try Ramps().batch(0..<2).images
    let wanted = decoder.broadcast(decoder.wAvg.unsqueezed(0)).repeated(2, 1, 1)
    expectClose(encoder.wPlus(of: img), wanted, atol: 1e-6)
  }

  @Test("queries start with the generator's mapping network, where that is of one form")
  func mapping() throws {
    let training = try training(options())
    #expect(training.startsWithMapping == true)
    let encoder = try #require(training.learner.encoder as? StyleTransformerEncoder)
    let z = Tensor.randn([3, 8], generator: TorchGenerator(seed: 5))
    expectClose(encoder.mapping(z), decoder.map(z: z, labels: nil), atol: 1e-6)
    #expect(try self.training(options(.psp)).startsWithMapping == nil)
    let other = smallGenerator { $0.mappingLRMultiplier = 0.5 }
    let own = try options().network().makeEncoder(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
    let before = bits(own.parameters["mapping.fc0.weight"])
    #expect(EncoderLearner.start(own, from: other) == false)
    #expect(bits(own.parameters["mapping.fc0.weight"]) == before)
  }

  @Test("the loss is the weighted sum of its parts, of pictures as they are compared")
  func parts() throws {
    let options = options(data: EncoderTrainingOptions.codes) {
      ($0.losses.l2, $0.losses.wNorm, $0.codeLoss) = (2, 0.5, 3)
    }
    let training = try training(options)
    let learner = training.learner
    let codes = Tensor.randn([2, 6, 8], generator: TorchGenerator(seed: 6))
    let img = withoutGradients { decoder.synthesize(codes) }
    let terms = learner.judged(img, trueCodes: codes)
    let found = withoutGradients { decoder.synthesize(terms.wPlus) }
    let l2 = (found - img).square().mean().item()
    let code = (terms.wPlus - codes).square().mean().item()
    let far = (terms.wPlus - decoder.wAvg).square().sum(over: 1, 2).sqrt().mean().item()
    #expect(abs(try #require(terms.pictures.l2).item() - l2) < 1e-5 * max(l2, 1))
    #expect(abs(try #require(terms.code).item() - code) < 1e-5 * max(code, 1))
    #expect(abs(terms.total.item() - (2 * l2 + 0.5 * far + 3 * code)) < 1e-4 * terms.total.item())
    #expect(terms.named.map(\.name) == ["loss", "l2", "w_norm", "code"])
    // At half the width means of four pixels are compared.
    let halved = EncoderLosses(learner.losses.ofPictures, comparedWidth: 8)
    let less = withoutGradients {
      halved(
        terms.wPlus, of: img, by: decoder, latentAverage: Tensor.zeros([6, 8])
      ).pictures.l2
    }
    let pooled = adaptiveAveragePool2d(found - img, height: 8, width: 8).square().mean().item()
    #expect(abs(try #require(less).item() - pooled) < 1e-5 * max(pooled, 1))
  }

  @Test(
    "a restored training goes on with the same bits, another's state is refused",
    arguments: ["ramps", EncoderTrainingOptions.codes], ["ranger", "adam"])
  func resuming(source: String, optimizer: String) throws {
    let options = options(data: source) {
      $0.optimizer = optimizer == "adam" ? .adam : .ranger
      $0.codeLoss = source == "ramps" ? 0 : 0.5
    }
    let whole = try step(training(options), 8)
    let first = try training(options)
    _ = try step(first, 3)
    var state = TrainingState()
    try first.save(into: &state)
    state.tensors = try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) }
    let second = try training(options)
    _ = try step(second, 1)
    try second.restore(from: state)
    let found = try step(second, 5, imagesSeen: 12)
    for name in ["E.z", "E.input_layer.1.running_mean", "optimizer.step", "random.dropout"] {
      #expect(found.keys.contains(name), "\(name)")
    }
    #expect(found == whole)
    let before = try step(second, 0)
    for damage in ["tensor", "stream", "place"] {
      var damaged = state
      switch damage {
      case "tensor": damaged.tensors["E.z"] = nil
      case "stream": damaged.generators["dropout"] = [1, 2, 3]
      default: damaged.values.dataPosition = nil
      }
      #expect(throws: (any Error).self, "\(damage)") { try second.restore(from: damaged) }
      #expect(try step(second, 0) == before, "\(damage)")
    }
  }

  @Test("pictures of codes are those that the generator draws of seeds, held-out ones of others")
  func seeds() throws {
    let options = options(data: EncoderTrainingOptions.codes, count: 20) {
      $0.truncationPsi = 0.5
    }
    let training = try training(options)
    var sheets: [ByteImage] = []
    training.draw = { pairs in
      sheets = pairs.map(\.target)
      return pairs[0].inverted
    }
    _ = try training.sampleSheet()
    #expect(sheets.count == 8)
    for (place, picture) in sheets.enumerated() {
      let w = decoder.map(z: decoder.z(seed: UInt32(12 + place)), labels: nil)
      let img = withoutGradients {
        decoder.synthesize(decoder.broadcast(w, truncation: Truncation(psi: 0.5)))
      }
      let wanted = decoder.traits.pixelEncoding.bytes(img).values(as: UInt8.self)
      let apart = zip(picture.pixels, wanted).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(apart <= 1, "\(place): \(apart)")
    }
  }

  @Test("of pictures with black bars the rows between are seen, drawn and compared")
  func rows() throws {
    let decoder = smallGenerator { $0.visibleRows = 2..<14 }
    for source in ["ramps", EncoderTrainingOptions.codes] {
      var options = options(data: source)
      options.encoder = architecture(.styleTransformer, into: decoder)
      #expect((options.encoder.height, options.encoder.width) == (12, 16))
      let training = try EncoderTraining(
        options, into: decoder, losses: losses(options), on: dataset(options))
      training.draw = { pairs in
        #expect(pairs.allSatisfy { $0.target.height == 12 && $0.inverted.height == 12 })
        return pairs[0].target
      }
      let target = try #require(try training.sampleSheet())
      _ = try step(training, 1)
      #expect(try training.dataSheet() != nil)
      guard source == "ramps" else { continue }
      let whole = try Ramps().image(at: 52)
      #expect(target.pixels == Array(whole.pixels[16 * 3 * 2..<16 * 3 * 14]))
    }
  }

  @Test("the file holds the encoder, and says for which generator it is")
  func file() throws {
    try withScratchFolder { folder in
      let training = try training(options())
      _ = try step(training, 2)
      try training.writeNetwork(to: "\(folder)/e.safetensors", kimg: 2)
      let checkpoint = try Checkpoint.open("\(folder)/e.safetensors")
      #expect(checkpoint.notes.parentHash == "abc" && checkpoint.notes.kimg == 2)
      let read = try #require(checkpoint.networks["encoder"]).makeEncoder()
      let img = try Ramps().batch(0..<3).images
      let own = withoutGradients { training.learner.encoder.wPlus(of: img) }
      #expect(withoutGradients { read.wPlus(of: img).values() } == own.values())
    }
  }

  @Test("options are the same again from their text, and give the same network")
  func text() throws {
    for kind in EncoderKind.allCases {
      let options = options(kind) { ($0.losses.l2Crop, $0.losses.wNorm) = (0.25, 0.005) }
      let json = try options.canonicalJSON()
      #expect(json.contains(#""training":"encoder""#))
      let read = try EncoderTrainingOptions(canonicalJSON: json)
      #expect(try read.canonicalJSON() == json && read.encoder == options.encoder)
      #expect(read.settings == options.settings)
      #expect(try read.folderName() == "\(kind.rawValue)-ramps-batch4")
    }
  }

  @Test("a small encoder into a w of 256 numbers has at most three million parameters")
  func sizes() throws {
    var configuration = StyleGAN2Configuration(resolution: 64)
    (configuration.wDim, configuration.zDim, configuration.mappingLayers) = (256, 256, 4)
    let decoder = configuration.makeGenerator(Scope(ParameterStore(), device: .meta))
    for kind in EncoderKind.allCases {
      let made = EncoderArchitecture(kind, .small, width: 64, into: decoder)
      let store = ParameterStore()
      let encoder = try made.configuration().makeEncoder(Scope(store, device: .meta))
      #expect(store.parameterCount <= 3_000_000, "\(kind): \(store.parameterCount)")
      #expect(store.parameterCount > 500_000, "\(kind): \(store.parameterCount)")
      #expect((encoder.traits.numWs, encoder.traits.wDim) == (10, 256))
    }
  }

  @Test("parts that an encoder goes without are in its configuration, and nothing else is")
  func leftOut() throws {
    let whole = try architecture(.styleTransformer, into: decoder).configuration()
    var made = architecture(.styleTransformer, into: decoder)
    (made.selfAttention, made.levels, made.isIntoW) = (false, [.coarse], true)
    made.isResidual = false
    var wanted = try #require(whole as? StyleTransformerConfiguration)
    (wanted.decoder.selfAttention, wanted.levels) = (false, [.coarse])
    (wanted.isIntoW, wanted.tokens, wanted.shape.isResidual) = (true, 1, false)
    #expect(try made.configuration() as? StyleTransformerConfiguration == wanted)
  }

  @Test("the published size is the published encoder")
  func published() throws {
    let configuration = StyleGAN2Configuration(resolution: 1024)
    let decoder = configuration.makeGenerator(Scope(ParameterStore(), device: .meta))
    for kind in EncoderKind.allCases {
      let made = EncoderArchitecture(kind, .published, width: 256, into: decoder)
      let wanted = try Registry.encoder(named: kind.rawValue, for: decoder.traits)
      #expect(try made.configuration().canonicalJSON() == wanted.canonicalJSON())
    }
  }

  @Test("a loss that is no number ends the training")
  func notFinite() throws {
    let training = try training(options())
    withoutGradients { training.learner.encoder.parameters["z"].assign(.full(.nan, [1, 6, 8])) }
    var statistics = Statistics()
    #expect {
      _ = try training.step(imagesSeen: 8, &statistics)
    } throws: {
      "\($0)".contains("loss after 8 pictures")
    }
  }
}

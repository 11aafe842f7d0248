// Torch files of programs built on rosinality's: means of w in several shapes, generators inside
// encoders' files, discriminators alone, networks wrapped for training.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Torch files of other programs")
struct TorchFileTests {
  typealias Entries = [(key: String, value: TorchArchive.Value)]

  /// The tensors of one network of a published training file.
  private func state(_ key: String = "g_ema") throws -> Entries {
    try tensors(of: caseFile("checkpoint-rosinality-pt/training-zip.pt"), under: "\(key).")
  }

  private func tensors(of file: String, under prefix: String) throws -> Entries {
    try TorchState(reading: file).tensors.filter { $0.key.hasPrefix(prefix) }.map {
      (String($0.key.dropFirst(prefix.count)), .tensor(TensorToWrite($0.value)))
    }
  }

  private func tensor(_ shape: [Int], _ value: @escaping (Int) -> Float = { Float($0) })
    -> TorchArchive.Value
  {
    .tensor(
      TensorToWrite(elementType: .float32, shape: shape) {
        ByteRegion(floatBytes((0..<shape.reduce(1, *)).map(value)), name: "x")
      })
  }

  private func open(_ entries: Entries) throws -> Checkpoint {
    try withScratchFolder { folder in
      try TorchArchive.write(.dictionary(entries), to: "\(folder)/a.pt")
      return try Checkpoint.open("\(folder)/a.pt")
    }
  }

  // MARK: The mean of w

  /// The generator, 16×16 with w of 12 numbers, beside this `latent_avg`.
  private func generator(beside average: TorchArchive.Value) throws -> Checkpoint.Network {
    let checkpoint = try open([("g_ema", .dictionary(try state())), ("latent_avg", average)])
    return try #require(checkpoint.networks["G_ema"])
  }

  @Test("a mean of w is taken, be it alone, in one row, or the same in every row of W+")
  func averages() throws {
    let expected = (0..<12).map(Float.init)
    for average in [
      tensor([12]), tensor([1, 12]), tensor([6, 12]) { Float($0 % 12) },
    ] {
      let network = try generator(beside: average)
      #expect(network.wAvgSource == .stored && network.wAvgReason == nil)
      #expect(try network.makeGenerator().wAvg.values() == expected)
    }
  }

  @Test("the generator's own mean goes before the one beside it")
  func ownAverage() throws {
    let own: Entries = try state() + [("latent_avg", tensor([12]))]
    let checkpoint = try open([
      ("g_ema", .dictionary(own)), ("latent_avg", tensor([12]) { _ in 5 }),
    ])
    let generator = try #require(checkpoint.networks["G_ema"]).makeGenerator()
    #expect(generator.wAvg.values() == (0..<12).map(Float.init))
  }

  @Test("a mean of W+ whose rows differ is no mean of w, and is said to be there")
  func averageOfWPlus() throws {
    let network = try generator(beside: tensor([6, 12]))
    #expect(network.wAvgSource == .estimated(samples: 4096, seed: 0))
    #expect(network.wAvgReason?.contains("a mean of W+, [6, 12] with rows that differ") == true)
    // One number in the last row is enough.
    let almost = try generator(beside: tensor([6, 12]) { $0 == 71 ? 0.5 : Float($0 % 12) })
    #expect(almost.wAvgReason != nil)
  }

  @Test(
    "means of other shapes are errors",
    arguments: [[], [11], [13], [12, 1], [5, 12], [7, 12], [1, 1, 12], [72]])
  func wrongAverages(shape: [Int]) {
    expect(.damaged, says: "latent_avg of shape [12], [1, 12] or [6, 12], found \(shape)") {
      _ = try generator(beside: tensor(shape))
    }
  }

  @Test("the mean of w is the averaged generator's, and the other says so")
  func othersAverage() throws {
    let networks = try open([
      ("g", .dictionary(try state("g"))), ("g_ema", .dictionary(try state())),
      ("latent_avg", tensor([12])),
    ]).networks
    #expect(networks["G_ema"]?.wAvgSource == .stored)
    #expect(networks["G"]?.wAvgReason == "the mean of w in the file is G_ema's")
    let alone = try open([("g", .dictionary(try state("g"))), ("latent_avg", tensor([12]))])
    #expect(alone.networks["G"]?.wAvgSource == .stored)
  }

  // MARK: Generators inside encoders' files

  @Test(
    "the generator in an encoder's file opens; noise that it never used is drawn anew",
    arguments: [
      "checkpoint-psp/psp.pt", "checkpoint-psp/psp_legacy.pt",
      "checkpoint-style-transformer/style_transformer.pt",
      "checkpoint-style-transformer/style_transformer_legacy.pt",
    ])
  func decoders(file: String) throws {
    let checkpoint = try Checkpoint.open(caseFile(file))
    #expect(checkpoint.networks.keys == ["G_ema"])
    #expect(checkpoint.otherParts == ["opts", "state_dict.encoder"])
    let network = try #require(checkpoint.networks["G_ema"])
    #expect(try network.generatorTraits().resolution == 1024)
    #expect(network.remarks.contains { $0.contains("noise of other sizes than 16 layers") })
    // The case shortens all axes of the network to 3, and this mean to none.
    #expect(network.wAvgReason?.contains("512]") == true, "\(network.wAvgReason ?? "")")
    let const = try network.tensors["synthesis.b4.const"]?.read()
    let expected = try TorchState(reading: caseFile(file)).tensors.first {
      $0.key.hasSuffix("input.input")
    }
    #expect(try const?.values() == expected.map { try Tensor.reading($0.value).values() })
  }

  @Test("an encoder's repeated mean of w is the generator's")
  func decoderAverage() throws {
    let inside = try tensors(of: caseFile("checkpoint-psp/psp.pt"), under: "state_dict.")
    let network = try #require(
      try open([
        ("state_dict", .dictionary(inside)), ("latent_avg", tensor([18, 3]) { Float($0 % 3) }),
      ]).networks["G_ema"])
    #expect(network.wAvgSource == .stored)
    #expect(try network.tensors["mapping.w_avg"]?.read().values() == [0, 1, 2])
    // Of more rows than codes have, an encoder takes the first.
    let more = try #require(
      try open([
        ("state_dict", .dictionary(inside)), ("latent_avg", tensor([20, 3]) { Float($0 % 3) }),
      ]).networks["G_ema"])
    #expect(try more.tensors["mapping.w_avg"]?.read().values() == [0, 1, 2])
  }

  @Test("noise of another size is an error where a generator stands by itself")
  func otherNoise() throws {
    var entries = try state()
    let index = try #require(entries.firstIndex { $0.key == "noises.noise_3" })
    entries[index].value = tensor([1, 1, 4, 4])
    expect(.damaged, says: "b16.conv0.noise_const") {
      try open([("g_ema", .dictionary(entries))]).networks["G_ema"]?.check()
    }
    let decoder = try open([("decoder", .dictionary(entries))]).networks["G_ema"]
    #expect(try decoder?.makeGenerator().traits.resolution == 16)
    let kept = try decoder?.tensors["synthesis.b16.conv1.noise_const"]?.read().values()
    let published = try open([("g_ema", .dictionary(try state()))]).networks["G_ema"]
    #expect(
      try kept == published?.tensors["synthesis.b16.conv1.noise_const"]?.read().values())
  }

  // MARK: Roles

  @Test("a discriminator by itself is D", arguments: [[], ["state_dict"]])
  func discriminatorAlone(keys: [String]) throws {
    for entries in [try state("d"), try nvidiaState("D")] {
      let nested = keys.reduce(entries) { [(key: $1, value: .dictionary($0))] }
      let checkpoint = try open(nested)
      #expect(checkpoint.networks.keys == ["D"])
      #expect(try checkpoint.networks["D"]?.makeDiscriminator().configuration.resolution == 16)
      #expect(checkpoint.preferredGenerator == nil)
    }
  }

  @Test("a discriminator where a generator should be is an error, and the other way round")
  func exchanged() throws {
    let (g, d) = (try state("g"), try state("d"))
    expect(.damaged, says: "g_ema: a generator, found the tensors of a discriminator") {
      _ = try open([("g_ema", .dictionary(d))])
    }
    expect(.damaged, says: "d: a discriminator, found the tensors of a generator") {
      _ = try open([("d", .dictionary(g))])
    }
  }

  // MARK: Wrapped networks

  private func wrapped(_ entries: Entries) -> Entries {
    entries.map { ("module.\($0.key)", $0.value) }
  }

  @Test("names that all begin with module. are read without it, which is remarked")
  func modules() throws {
    let hash = try open([("g_ema", .dictionary(try state()))]).networks["G_ema"]?.contentHash()
    let inside = wrapped(try state())
    func under(_ key: String, _ entries: Entries) -> Entries {
      entries.map { ("\(key).\($0.key)", $0.value) }
    }
    let encoder = [("encoder.x", tensor([1]))]
    let files: [Entries] = [
      inside, [("g_ema", .dictionary(inside))], [("state_dict", .dictionary(inside))],
      [("state_dict", .dictionary(wrapped(under("decoder", try state()))))],
      [("state_dict", .dictionary(under("decoder", inside) + encoder))],
    ]
    for file in files {
      let network = try open(file).networks["G_ema"]
      #expect(try network?.contentHash() == hash)
      #expect(network?.remarks.contains { $0.contains("begin with module.") } == true)
    }
    let both = try open([
      ("g_ema", .dictionary(inside)), ("d", .dictionary(wrapped(try state("d")))),
      ("latent_avg", tensor([12])),
    ])
    #expect(both.networks.keys == ["G_ema", "D"] && both.otherParts.isEmpty)
    #expect(both.networks["G_ema"]?.wAvgSource == .stored)
    let plain = try open([("g_ema", .dictionary(try state()))]).networks["G_ema"]
    #expect(plain?.remarks.contains { $0.contains("module.") } == false)
  }

  @Test("names of which only some begin with module. are not guessed at")
  func someModules() throws {
    let entries = wrapped(try state()) + [("other", tensor([1]))]
    expect(.notRecognised, says: "networks of StyleGAN2, Styleformer") {
      _ = try open([("g_ema", .dictionary(entries))])
    }
  }

  // MARK: Guesses

  /// One network's tensors under NVIDIA's names.
  private func nvidiaState(_ role: String) throws -> Entries {
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
    let network = try #require(try Checkpoint.open(path).networks[role])
    return network.tensors.map { name, parameter in
      (
        name,
        .tensor(
          TensorToWrite(elementType: .float32, shape: parameter.shape) {
            ByteRegion(floatBytes(try parameter.read().values()), name: name)
          })
      )
    }
  }

  @Test("NVIDIA's names without arguments: what shapes do not tell is guessed, which is remarked")
  func guesses() throws {
    let networks = try open([
      ("G_ema", .dictionary(try nvidiaState("G_ema"))), ("D", .dictionary(try nvidiaState("D"))),
    ]).networks
    let start = "no init_kwargs for it in the file; guessed, since shapes do not tell: "
    #expect(
      networks["G_ema"]?.remarks == [
        start + "conv_clamp none, num_fp16_res 0, the mapping's lr_multiplier 0.01"
      ])
    #expect(
      networks["D"]?.remarks == [
        start + "conv_clamp none, num_fp16_res 0, mbstd_group_size 4"
      ])
    let unfiltered = try nvidiaState("G_ema").filter { !$0.key.hasSuffix("resample_filter") }
    let remarks = try open([("G_ema", .dictionary(unfiltered))]).networks["G_ema"]?.remarks
    #expect(remarks?.first?.hasSuffix("resample_filter [1.0, 3.0, 3.0, 1.0]") == true)
  }

  @Test("with arguments nothing is guessed")
  func noGuesses() throws {
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
    let networks = try Checkpoint.open(path).networks
    try withScratchFolder { folder in
      try NVIDIAStateFile.write(networks, to: "\(folder)/a.pt")
      let read = try Checkpoint.open("\(folder)/a.pt").networks
      #expect(read.values.allSatisfy { $0.remarks.isEmpty })
    }
  }
}

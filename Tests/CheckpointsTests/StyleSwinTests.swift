// StyleSwin's torch files: what they hold, what follows from the shapes, and what is refused.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Torch files of StyleSwin")
struct StyleSwinTests {
  typealias Entries = [(key: String, value: TorchArchive.Value)]

  private let file = caseFile("checkpoint-styleswin/050000.pt")

  /// The entries of one network of the published training file.
  private func state(_ key: String) throws -> Entries {
    try TorchState(reading: file).tensors.filter { $0.key.hasPrefix("\(key).") }.map {
      (String($0.key.dropFirst(key.count + 1)), .tensor(TensorToWrite($0.value)))
    }
  }

  private func open(_ entries: Entries) throws -> Checkpoint {
    try withScratchFolder { folder in
      try TorchArchive.write(.dictionary(entries), to: "\(folder)/a.pt")
      return try Checkpoint.open("\(folder)/a.pt")
    }
  }

  private func tensor(_ shape: [Int]) -> TorchArchive.Value {
    .tensor(
      TensorToWrite(elementType: .float32, shape: shape) {
        ByteRegion(floatBytes([Float](repeating: 0, count: shape.reduce(1, *))), name: "x")
      })
  }

  @Test("the configurations follow from the shapes, and the rest of the file is named")
  func configurations() throws {
    let checkpoint = try Checkpoint.open(file)
    #expect(checkpoint.form == .transformers && checkpoint.networks.keys == ["G_ema", "G", "D"])
    #expect(checkpoint.otherParts == ["g_optim", "d_optim", "args"])
    var g = StyleSwinConfiguration(resolution: 16)
    (g.shape.wDim, g.shape.mappingLayers) = (16, 2)
    (g.shape.baseChannels, g.shape.channelMultiplier) = (16, 1)
    for role in ["G", "G_ema"] {
      #expect(checkpoint.networks[role]?.configuration as? StyleSwinConfiguration == g)
    }
    var d = WaveletDiscriminatorConfiguration(resolution: 16)
    (d.baseChannels, d.channelMultiplier) = (16, 1)
    #expect(checkpoint.networks["D"]?.configuration as? WaveletDiscriminatorConfiguration == d)
  }

  @Test("tables and masks are streamed past, and no tensor of the network is lost")
  func derived() throws {
    let network = try #require(try Checkpoint.open(file).networks["G_ema"])
    let configuration = try #require(network.configuration as? StyleSwinConfiguration)
    let derived = Set(configuration.derivedBuffers.keys)
    let stored = Set(try state("g_ema").map(\.key))
    #expect(derived.isSubset(of: stored) && derived.count == 16)
    #expect(Set(network.tensors.keys) == stored.subtracting(derived).union(["style.w_avg"]))
    try network.check()
  }

  @Test("the mean of w is taken over fixed samples of torch's stream, and the file is told")
  func average() throws {
    let network = try #require(try Checkpoint.open(file).networks["G_ema"])
    #expect(network.wAvgSource == .estimated(samples: 10000, seed: 0))
    #expect(network.wAvgReason == "no mean of w in the file")
    let generator = try network.makeGenerator()
    #expect(generator.traits.wAvgSource == .estimated(samples: 10000, seed: 0))
    let z = Tensor.randn([10000, 16], generator: TorchGenerator(seed: 0))
    let w = withoutGradients { generator.map(z: z, labels: nil).mean(over: 0) }
    expectClose(generator.wAvg, w, atol: 1e-6)
    #expect(w.abs().max().item() > 1e-3)
  }

  @Test("a network of the file is the same in one of our own files")
  func conversion() throws {
    for (role, network) in try Checkpoint.open(file).networks {
      try withScratchFolder { folder in
        var notes = NetworkFileNotes()
        notes.wAvgSource = network.isGenerator ? network.wAvgSource : nil
        try network.writeNetworkFile(role: role, notes: notes, to: "\(folder)/a.safetensors")
        let copy = try #require(try Checkpoint.open("\(folder)/a.safetensors").networks[role])
        #expect(try copy.contentHash() == network.contentHash())
        guard network.isGenerator else {
          let img = Tensor.seeded([4, 3, 16, 16], dtype: .float32)
          let (a, b) = (try network.makeDiscriminator(), try copy.makeDiscriminator())
          withoutGradients { expectClose(a(img), b(img), atol: 0) }
          return
        }
        #expect(copy.wAvgSource == network.wAvgSource)
        let pixels = picture(of: try network.makeGenerator())
        #expect(picture(of: try copy.makeGenerator()) == pixels && Set(pixels).count > 16)
      }
    }
  }

  @Test("what is written for StyleSwin's programs is what they wrote, tables and masks included")
  func writing() throws {
    let checkpoint = try Checkpoint.open(file)
    try withScratchFolder { folder in
      try StyleSwinFile.write(checkpoint.networks, to: "\(folder)/a.pt")
      let copy = try TorchState(reading: "\(folder)/a.pt")
      let original = try TorchState(reading: file)
      for (name, tensor) in original.tensors
      where ["g", "d", "g_ema"].contains(name.prefix { $0 != "." }) {
        // PyTorch's module reserves it and never writes into it.
        guard !name.hasSuffix("_float_tensor") else { continue }
        let written = try StoredParameter(try #require(copy.tensors[name], "\(name)")).read()
        expectClose(written, try StoredParameter(tensor).read(), atol: 0, name)
      }
      let read = try Checkpoint.open("\(folder)/a.pt").networks
      for (role, network) in checkpoint.networks {
        #expect(try read[role]?.contentHash() == network.contentHash(), "\(role)")
      }
    }
  }

  @Test("networks that StyleSwin's code does not have are not written for it")
  func strangers() throws {
    func refuses(_ words: String, _ network: Checkpoint.Network, _ role: String) {
      let error = #expect(throws: ConversionError.self) {
        try StyleSwinFile.check([role: network])
      }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
    let other = try Checkpoint.open(caseFile("checkpoint-rosinality-pt/converted-zip.pt"))
    let network = try #require(other.networks["G_ema"])
    refuses("expected StyleSwin or its discriminator, found stylegan2", network, "G_ema")
  }

  @Test("a network alone is found, wrapped or not")
  func alone() throws {
    let plain = try open(try state("g_ema"))
    #expect(plain.networks.keys == ["G_ema"] && plain.otherParts.isEmpty)
    // Without arguments nothing tells the factor on channels that the network does not have.
    let found = plain.networks["G_ema"]?.configuration as? StyleSwinConfiguration
    #expect(found?.shape.channelMultiplier == 2 && found?.shape.baseChannels == 16)
    let wrapped = try open([
      ("g_ema", .dictionary(try state("g_ema").map { ("module.\($0.key)", $0.value) }))
    ])
    let network = try #require(wrapped.networks["G_ema"])
    #expect(network.remarks.count == 1 && network.remarks[0].contains("DataParallel"))
    try network.check()
  }

  @Test("files that contradict themselves are refused, with what was expected and found")
  func contradictions() throws {
    let entries = try state("g_ema")
    func refuses(
      _ words: String, _ name: String, _ value: TorchArchive.Value?, check: Bool = false,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      expect(.damaged, says: words, sourceLocation: sourceLocation) {
        var changed = entries.filter { $0.key != name }
        if let value { changed.append((name, value)) }
        let network = try open(changed).networks["G_ema"]
        if check { try network?.check() }
      }
    }
    let mask = "layers.2.blocks.0.attn_mask2"
    refuses("\(mask) of shape [4, 64, 64], found [4, 64, 32]", mask, tensor([4, 64, 32]))
    refuses("style.1.weight with 2 axes, found none", "style.1.weight", nil)
    refuses("2 to 9 stages", "layers.1.blocks.0.norm1.style.weight", nil)
    refuses(
      "1 missing: layers.2.blocks.1.proj.bias", "layers.2.blocks.1.proj.bias", nil, check: true)
    refuses("1 unexpected: style.9.weight", "style.9.weight", tensor([16, 16]), check: true)
    refuses(
      "a multiple of 4 and of the 4 heads, found 18", "input.input", tensor([1, 18, 4, 4]))
    expect(.damaged, says: "the size that args state, n_mlp 3, found 2") {
      _ = try open([
        ("g_ema", .dictionary(entries)), ("args", .dictionary([("n_mlp", .int(3))])),
      ])
    }
    expect(.damaged, says: "g_ema: a generator, found the tensors of a discriminator") {
      _ = try open([("g_ema", .dictionary(try state("d")))])
    }
  }

  @Test("a discriminator of other widths or without its spectral norms is refused")
  func discriminators() throws {
    let entries = try state("d")
    func refuses(_ words: String, _ name: String, _ value: TorchArchive.Value?) {
      expect(.damaged, says: words) {
        var changed = entries.filter { $0.key != name }
        if let value { changed.append((name, value)) }
        try open(changed).networks["D"]?.check()
      }
    }
    refuses("1 missing: final_conv.0.weight_u", "final_conv.0.weight_u", nil)
    refuses("2 to 8 layers", "from_rgbs.1.conv.0.weight_orig", nil)
    refuses("convs.0.conv2.0.kernel", "convs.0.conv2.0.kernel", tensor([4, 4]))
  }
}

// StyleNAT's torch files: as its program writes them now, as the published ones are, and what is
// refused.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Torch files of StyleNAT")
struct StyleNATTests {
  typealias Entries = [(key: String, value: TorchArchive.Value)]

  private let current = caseFile("checkpoint-stylenat/050000.pt")
  private let legacy = caseFile("checkpoint-stylenat-legacy/FFHQ256_940k_flip.pt")

  /// The entries of the averaged generator of a published training file.
  private func state(_ file: String) throws -> Entries {
    let prefix = file == current ? "state_dicts.g_ema." : "g_ema."
    return try TorchState(reading: file).tensors.filter { $0.key.hasPrefix(prefix) }.map {
      (String($0.key.dropFirst(prefix.count)), .tensor(TensorToWrite($0.value)))
    }
  }

  /// The file that has these networks and settings of the generator, in the current layout.
  private func open(_ entries: Entries, settings: Entries? = nil) throws -> Checkpoint {
    var parts: Entries = [("state_dicts", .dictionary([("g_ema", .dictionary(entries))]))]
    if let settings {
      parts.append(
        ("args", .dictionary([("runs", .dictionary([("generator", .dictionary(settings))]))])))
    }
    return try withScratchFolder { folder in
      try TorchArchive.write(.dictionary(parts), to: "\(folder)/a.pt")
      return try Checkpoint.open("\(folder)/a.pt")
    }
  }

  private func tensor(_ shape: [Int]) -> TorchArchive.Value {
    .tensor(
      TensorToWrite(elementType: .float32, shape: shape) {
        ByteRegion(floatBytes([Float](repeating: 0, count: shape.reduce(1, *))), name: "x")
      })
  }

  /// The configuration of both files.
  private var tiny: StyleNATConfiguration {
    var configuration = StyleNATConfiguration(resolution: 16)
    (configuration.shape.wDim, configuration.shape.mappingLayers) = (16, 2)
    (configuration.shape.baseChannels, configuration.shape.channelMultiplier) = (16, 1)
    return configuration
  }

  @Test("the current layout states everything")
  func currentLayout() throws {
    let checkpoint = try Checkpoint.open(current)
    #expect(checkpoint.form == .transformers && checkpoint.networks.keys == ["G_ema", "G", "D"])
    #expect(
      Set(checkpoint.otherParts) == ["args", "optim_dicts", "lr_dicts", "eval_info"])
    for role in ["G", "G_ema"] {
      let network = try #require(checkpoint.networks[role])
      #expect(network.configuration as? StyleNATConfiguration == tiny)
      #expect(network.remarks.isEmpty)
    }
    let d = try #require(
      checkpoint.networks["D"]?.configuration as? WaveletDiscriminatorConfiguration)
    #expect(d.resolution == 16 && d.channelMultiplier == 1)
  }

  @Test("the published layout has other names and no dilations, which are guessed and said")
  func legacyLayout() throws {
    let checkpoint = try Checkpoint.open(legacy)
    #expect(checkpoint.networks.keys == ["G_ema", "G", "D"])
    #expect(checkpoint.otherParts == ["g_optim", "d_optim", "args"])
    var expected = tiny
    expected.biasNames = .halves
    for role in ["G", "G_ema"] {
      let network = try #require(checkpoint.networks[role])
      let found = try #require(network.configuration as? StyleNATConfiguration)
      // Under the old names one partition looks like two; both are the same at 8×8.
      #expect(found == expected, "\(found)")
      #expect(
        network.remarks == [
          "no dilations in the file, and tensors do not tell them; taken as published: "
            + "[1] at 8×8, [1, 2] at 16×16"
        ])
      try network.check()
    }
  }

  @Test("the mean of w is taken over fixed samples of torch's stream, and truncation uses it")
  func average() throws {
    let network = try #require(try Checkpoint.open(legacy).networks["G_ema"])
    #expect(network.wAvgSource == .estimated(samples: 10000, seed: 0))
    #expect(network.wAvgReason == "no mean of w in the file")
    let generator = try network.makeGenerator()
    let z = Tensor.randn([10000, 16], generator: TorchGenerator(seed: 0))
    let w = withoutGradients { generator.map(z: z, labels: nil).mean(over: 0) }
    expectClose(generator.wAvg, w, atol: 1e-6)
    let pictures = [3, 4].map { picture(of: generator, seed: $0) }
    #expect(pictures[0] != pictures[1] && Set(pictures[0]).count > 16)
  }

  @Test("a network of either layout is the same in one of our own files")
  func conversion() throws {
    for file in [current, legacy] {
      let network = try #require(try Checkpoint.open(file).networks["G_ema"])
      try withScratchFolder { folder in
        var notes = NetworkFileNotes()
        notes.wAvgSource = network.wAvgSource
        try network.writeNetworkFile(role: "G_ema", notes: notes, to: "\(folder)/a.safetensors")
        let copy = try #require(try Checkpoint.open("\(folder)/a.safetensors").networks["G_ema"])
        #expect(
          copy.configuration as? StyleNATConfiguration
            == network.configuration as? StyleNATConfiguration)
        #expect(try copy.contentHash() == network.contentHash())
        #expect(copy.wAvgSource == network.wAvgSource)
        let pixels = picture(of: try network.makeGenerator())
        #expect(picture(of: try copy.makeGenerator()) == pixels)
      }
    }
  }

  @Test("what is written for StyleNAT's program is read again with the same network")
  func writing() throws {
    for file in [current, legacy] {
      let original = try Checkpoint.open(file).networks
      try withScratchFolder { folder in
        try StyleNATFile.write(original, to: "\(folder)/a.pt")
        let copy = try Checkpoint.open("\(folder)/a.pt")
        #expect(Set(copy.networks.keys) == ["G_ema", "G", "D"])
        for (role, network) in original {
          #expect(try copy.networks[role]?.contentHash() == network.contentHash(), "\(role)")
        }
        let configuration = copy.networks["G_ema"]?.configuration as? StyleNATConfiguration
        #expect(configuration == original["G_ema"]?.configuration as? StyleNATConfiguration)
        // The program finds the tensors that its own file has, where that file has them.
        func names(_ path: String) throws -> Set<String> {
          let names = try TorchState(reading: path).tensors.keys
          return Set(names.filter { $0.contains("g_ema.") || $0.hasPrefix("g_ema.") })
        }
        #expect(try names("\(folder)/a.pt") == names(file))
        let table = "g_ema.layers.0.blocks.0.attn.relative_position_index"
        func bytes(_ path: String) throws -> [UInt8]? {
          let tensors = try TorchState(reading: path).tensors
          return (tensors[table] ?? tensors["state_dicts.\(table)"])?.contiguousBytes().copy()
        }
        #expect(try bytes("\(folder)/a.pt") == bytes(file))
      }
    }
  }

  @Test("networks that StyleNAT's files have no room for are not written")
  func unwritable() throws {
    let entries = try state(legacy)
    let lists: TorchArchive.Value = .list([
      .list([]), .list([.int(1)]), .list([.int(1), .int(1)]),
    ])
    let near = try open(entries, settings: [("dilations", lists)]).networks
    let error = #expect(throws: ConversionError.self) { try StyleNATFile.check(near) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("published dilations"))
    let swin = try Checkpoint.open(caseFile("checkpoint-styleswin/050000.pt")).networks
    #expect(throws: ConversionError.self) { try StyleNATFile.check(swin) }
  }

  @Test("without settings kernels and heads follow from the biases")
  func shapes() throws {
    var entries = try state(current).filter { !$0.key.contains("layers.2.blocks.0.attn.rpb") }
      .filter { !$0.key.contains("layers.2.blocks.1.attn.rpb") }
    for block in 0..<2 {
      for (i, (heads, side)) in [(1, 5), (1, 9), (2, 5)].enumerated() {
        entries.append(("layers.2.blocks.\(block).attn.rpb.\(i)", tensor([heads, side, side])))
      }
    }
    let network = try #require(try open(entries).networks["G_ema"])
    let found = try #require(network.configuration as? StyleNATConfiguration)
    #expect(found.kernelSizes == [[7], [3, 5, 3]])
    #expect(found.dilations == [[1], [1, 2, 2]])
    try network.check()
  }

  @Test("settings that are stated go before guesses")
  func settings() throws {
    let network = try #require(
      try open(
        state(current),
        settings: [
          ("kernels", .list([.list([.int(3)]), .list([.int(7)]), .list([.int(7)])])),
          ("dilations", .list([.list([]), .list([.int(1)]), .list([.int(2), .int(1)])])),
          ("qk_scale", .double(0.25)), ("lr_mlp", .double(0.02)), ("min_heads", .int(4)),
        ]
      ).networks["G_ema"])
    let found = try #require(network.configuration as? StyleNATConfiguration)
    #expect(found.dilations == [[1], [2, 1]] && found.qkScale == 0.25)
    #expect(found.shape.mappingLRMultiplier == 0.02 && network.remarks.isEmpty)
  }

  @Test("settings that are nonsense or of other attention are refused")
  func refusedSettings() throws {
    let entries = try state(current)
    func refuses(
      _ words: String, _ name: String, _ value: TorchArchive.Value,
      kind: FileError.Kind = .damaged
    ) {
      expect(kind, says: words) { _ = try open(entries, settings: [(name, value)]) }
    }
    refuses(
      "attention of block_type nat, found \"swin\"", "block_type", .string("swin"),
      kind: .unsupported)
    refuses("args.runs.generator.min_heads: a whole number", "min_heads", .string("4"))
    refuses("args.runs.generator.lr_mlp: a number", "lr_mlp", .list([]))
    refuses("args.runs.generator.kernels: lists of whole numbers", "kernels", .list([.int(7)]))
    refuses(
      "args.runs.generator.dilations: lists of whole numbers", "dilations",
      .list([.list([.double(1.5)])]))
    refuses("dilations: expected 2 lists", "dilations", .list([.list([.int(1)])]))
    refuses(
      "kernel size 7 and dilation 9", "dilations",
      .list([.list([]), .list([.int(9)]), .list([.int(1)])]))
    refuses("n_mlp 3, found 2", "n_mlp", .int(3))
    refuses("qkScale: expected a positive number", "qk_scale", .double(-1))
    refuses("minHeads: expected from 1 to 1024", "min_heads", .int(.max))
  }

  @Test("a stage without position biases is refused")
  func missingBias() throws {
    let entries = try state(current).filter { $0.key != "layers.1.blocks.0.attn.rpb.0" }
    expect(.damaged, says: "layers.1.blocks.0.attn.rpb.0, a position bias, found none") {
      _ = try open(entries)
    }
  }

  @Test("files that contradict themselves are refused, with what was expected and found")
  func contradictions() throws {
    for (file, second) in [(current, "rpb.1"), (legacy, "rpb1")] {
      let entries = try state(file)
      func refuses(_ words: String, _ name: String, _ value: TorchArchive.Value?) {
        expect(.damaged, says: words) {
          var changed = entries.filter { $0.key != name }
          if let value { changed.append((name, value)) }
          try open(changed).networks["G_ema"]?.check()
        }
      }
      let table = "layers.0.blocks.0.attn.relative_position_index"
      refuses("\(table) of shape [16, 16], found [16, 15]", table, tensor([16, 15]))
      refuses("layers.2.blocks.1.attn.\(second)", "layers.2.blocks.1.attn.\(second)", nil)
      refuses(
        "with 3 axes", "layers.1.blocks.0.attn.\(file == current ? "rpb.0" : "rpb0")",
        tensor([4]))
      refuses(
        "expected a map of at least", "layers.2.blocks.0.attn.\(second)", tensor([2, 65, 65]))
    }
  }
}

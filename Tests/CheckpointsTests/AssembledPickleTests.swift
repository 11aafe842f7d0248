// Pickles made by hand: the layouts of both repositories, and modules that nobody should trust.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Assembled pickles")
struct AssembledPickleTests {
  private func pickle(_ change: (inout Module) -> Void = { _ in }) -> PickleAssembler {
    var module = Module(tinyGenerator())
    change(&module)
    return .checkpoint(["G_ema": module])
  }

  private func refuses(
    _ words: String, _ kind: FileError.Kind = .damaged,
    sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout Module) -> Void
  ) {
    expect(kind, says: words, sourceLocation: sourceLocation) {
      let network = try pickle(change).open().networks["G_ema"]
      _ = try network?.makeGenerator()
    }
  }

  // MARK: Layouts

  @Test("gives the generator that was pickled")
  func roundTrip() throws {
    let original = tinyGenerator()
    let checkpoint = try pickle().open()
    let generator = try #require(checkpoint.networks["G_ema"]).makeGenerator()
    #expect(generator.configuration as? StyleGAN2Configuration == original.configuration)
    #expect(picture(of: generator) == picture(of: original))
    #expect(Array(checkpoint.networks.keys) == ["G_ema"])
    #expect(checkpoint.trainingSet == .null)
  }

  @Test("reads the layout of stylegan3: options beside the others, formats only as attributes")
  func stylegan3() throws {
    let original = tinyGenerator { $0.mappingLayers = 3 }
    let module = changed(Module(original)) { module in
      module.arguments = [
        "z_dim": .int(4), "c_dim": .int(0), "w_dim": .int(4), "img_resolution": .int(8),
        "img_channels": .int(3), "mapping_kwargs": .dictionary([:]), "channel_base": .int(32),
        "channel_max": .int(4), "fused_modconv_default": .string("inference_only"),
      ]
      module.change("mapping") { $0.attributes["num_layers"] = .int(3) }
      module.change("synthesis") { $0.attributes["num_fp16_res"] = .int(4) }
      module.change("synthesis.b8") { $0.attributes["architecture"] = .string("skip") }
      module.change("synthesis.b8.conv1") { $0.attributes["conv_clamp"] = .int(256) }
    }
    let network = try #require(
      try PickleAssembler.checkpoint(["G_ema": module]).open().networks["G_ema"])
    var expected = original.configuration
    (expected.numFP16Res, expected.convClamp) = (4, 256)
    #expect(network.configuration as? StyleGAN2Configuration == expected)
  }

  @Test("recorded attributes speak only where arguments are silent")
  func precedence() throws {
    let checkpoint = try pickle { module in
      module.arguments["num_fp16_res"] = .int(2)
      module.arguments["conv_clamp"] = .int(64)
      module.arguments["synthesis_kwargs"] = .dictionary([
        "channel_base": .int(32), "channel_max": .int(4),
      ])
      module.change("synthesis") { $0.attributes["num_fp16_res"] = .int(4) }
      module.change("synthesis.b8.conv1") { $0.attributes["conv_clamp"] = .double(64) }
    }.open()
    let found = checkpoint.networks["G_ema"]?.configuration as? StyleGAN2Configuration
    #expect(found?.numFP16Res == 2)
    #expect(found?.convClamp == 64)
  }

  @Test("refuses attributes that contradict the arguments: the published code would follow them")
  func contradictions() {
    refuses("num_ws = 4, as constructed, found 18") { $0.attributes["num_ws"] = .int(18) }
    refuses("mapping.num_layers") {
      $0.change("mapping") { $0.attributes["num_layers"] = .int(7) }
    }
    refuses("synthesis.b4.torgb.conv_clamp") {
      $0.change("synthesis.b4.torgb") { $0.attributes["conv_clamp"] = .int(1) }
    }
    refuses("synthesis.b8.conv0.use_noise = true") {
      $0.change("synthesis.b8.conv0") { $0.attributes["use_noise"] = .bool(false) }
    }
    refuses("synthesis.b4.architecture") {
      $0.change("synthesis.b4") { $0.attributes["architecture"] = .string("orig") }
    }
  }

  @Test("a discriminator whose frozen layers are buffers is the same discriminator")
  func freezeD() throws {
    let original = tinyDiscriminator()
    let module = changed(Module(original)) { module in
      module.change("b8.conv0") { part in
        part.buffers.merge(part.parameters) { first, _ in first }
        part.parameters = [:]
      }
      module.change("b8") { $0.attributes["use_fp16"] = .bool(true) }
      module.arguments["block_kwargs"] = .dictionary(["freeze_layers": .int(1)])
    }
    let network = try #require(try PickleAssembler.checkpoint(["D": module]).open().networks["D"])
    let d = try network.makeDiscriminator()
    #expect(
      d.parameters["b8.conv0.weight"].values() == original.parameters["b8.conv0.weight"].values())
    #expect((d.configuration as? StyleGAN2DiscriminatorConfiguration)?.numFP16Res == 1)
  }

  @Test("a file with a discriminator only has no generator to prefer")
  func discriminatorOnly() throws {
    let checkpoint = try PickleAssembler.checkpoint(["D": Module(tinyDiscriminator())]).open()
    #expect(checkpoint.preferredGenerator == nil)
  }

  @Test("G serves where there is no average")
  func onlyG() throws {
    let pickle = PickleAssembler(protocol: 2).dictionary {
      $0.text("G").module(Module(tinyGenerator())).text("D").ops("N").text("G_ema").ops("N")
        .text("training_set_kwargs").ops("N").text("augment_pipe").ops("N")
    }
    #expect(try pickle.open().preferredGenerator?.role == "G")
  }

  // MARK: Refusals

  @Test("a hostile module source is never looked at")
  func source() throws {
    try withScratchFolder { folder in
      let pickle = pickle { $0.source = "open('\(folder)/canary', 'w').close()" }
      _ = try #require(try pickle.open().networks["G_ema"]).makeGenerator()
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("refuses arguments that nobody asked for, and says which")
  func unknownArgument() {
    refuses("magic = 3") { $0.arguments["magic"] = .int(3) }
    refuses("embed_features") {
      $0.arguments["mapping_kwargs"] = .dictionary(["embed_features": .int(7)])
    }
    refuses("channel_base once") { $0.arguments["channel_base"] = .int(32) }
    refuses("the only one supported") { $0.arguments["activation"] = .string("relu") }
  }

  @Test("refuses arguments of the wrong kind")
  func wrongArgument() {
    refuses("z_dim to be an integer") { $0.arguments["z_dim"] = .string("4") }
    refuses("architecture to be a known choice") { $0.arguments["architecture"] = .string("tree") }
    refuses("finite number") {
      $0.arguments["synthesis_kwargs"] = .dictionary(["conv_clamp": .double(.infinity)])
    }
    refuses("named arguments") { $0.arguments["synthesis_kwargs"] = .list([]) }
    refuses("resolution") { $0.arguments["img_resolution"] = .int(24) }
    refuses("plain values") { $0.assembleArguments = { $0.global("torch", "float32") } }
    refuses("named arguments only") { $0.positional = [.int(512)] }
  }

  @Test("refuses other classes and versions")
  func otherClasses() {
    refuses("class Destroyer", .unsupported) { $0.className = "Destroyer" }
    refuses("a network of class Generator", .unsupported) {
      $0.children["synthesis"] = Module("Part")
    }
    refuses("class in version 5") { $0.version = 5 }
    refuses("function in version 6") { $0.kind = "function" }
  }

  @Test("refuses tensors that are missing, too many, of another shape, or given twice")
  func tensors() {
    refuses("1 missing: mapping.w_avg") { $0.change("mapping") { $0.buffers["w_avg"] = nil } }
    refuses("1 unexpected: mapping.w_std") {
      $0.change("mapping") { $0.buffers["w_std"] = .zeros([4]) }
    }
    refuses("mapping.w_avg (expected float32[4], found float32[5])") {
      $0.change("mapping") { $0.buffers["w_avg"] = .zeros([5]) }
    }
    refuses("both as a parameter and a buffer") {
      $0.change("mapping") { $0.parameters["w_avg"] = .zeros([4]) }
    }
  }

  @Test("refuses names that could stand for others", arguments: ["", "a.b", "..", "x\u{0}.y"])
  func badNames(name: String) {
    refuses("without dots") { $0.children[name] = Module("Part") }
    refuses("without dots") { $0.buffers[name] = .zeros([1]) }
  }

  @Test("refuses networks that are no modules, and files without any")
  func noModules() {
    let number = PickleAssembler().dictionary { $0.text("G_ema").int(4) }
    expect(.damaged, says: "G_ema: a persistent module") { _ = try number.open() }
    let other = PickleAssembler().dictionary { $0.text("state").int(4) }
    expect(.notRecognised, says: "only state") { _ = try other.open() }
    expect(.damaged, says: "a dictionary of networks") { _ = try PickleAssembler().int(1).open() }
  }

  // MARK: Much out of little

  @Test("modules that mention one another many times over are refused soon")
  func laughingModules() {
    /// Each module holds the one before twice: 2 to the power of 24 in all.
    let pickle = PickleAssembler(protocol: 3).dictionary { start in
      let first = start.text("G_ema").module(Module("Part")).put(0).ops("0")
      return (0..<24).reduce(first) { pickle, _ in
        pickle.call("torch_utils.persistence", "_reconstruct_persistent_obj") {
          $0.dictionary {
            $0.text("type").text("class").text("version").int(6).text("class_name").text("Part")
              .text("state").dictionary {
                $0.text("_modules").dictionary { $0.text("a").get(0).text("b").get(0) }
              }
          }
        }.put(0).ops("0")
      }.get(0)
    }
    expect(.damaged, says: "modules and tensors") { _ = try pickle.open() }
  }

  @Test("arguments that mention one another many times over are refused soon")
  func laughingArguments() {
    refuses("plain values") { module in
      module.assembleArguments = { start in
        let lists = (0..<60).reduce(start.ops("]").put(0)) { pickle, _ in
          pickle.ops("0").ops("](").get(0).get(0).ops("e").put(0)
        }
        return lists.ops("0").dictionary { $0.text("z_dim").get(0) }
      }
    }
  }

  @Test("long texts that arguments mention many times over are refused soon")
  func longTexts() {
    refuses("plain values") { module in
      module.assembleArguments = { start in
        let text = start.text(String(repeating: "x", count: 1 << 20)).put(0).ops("0")
        return text.dictionary { $0.text("z_dim").ops("](").get(0).get(0).get(0).get(0).ops("e") }
      }
    }
  }

  @Test("modules inside modules are refused beyond a depth")
  func depth() {
    refuses("inside one another") { module in
      module.children["x"] = (0..<200).reduce(Module("Part")) { inner, _ in
        var outer = Module("Part")
        outer.children["x"] = inner
        return outer
      }
    }
  }
}

/// A changed copy.
private func changed<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
  var copy = value
  change(&copy)
  return copy
}

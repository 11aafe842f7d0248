// Our own network files: what is written is what is read, and nothing else is believed.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Network files")
struct NetworkFileTests {
  /// Writes the tiny generator, lets `change` alter tensors and metadata, and opens the result.
  private func reopen(
    _ change: (inout [Safetensors.Entry], inout [String: String]) throws -> Void = { _, _ in }
  ) throws -> Checkpoint {
    try withScratchFolder { folder in
      let (first, second) = ("\(folder)/first.safetensors", "\(folder)/second.safetensors")
      let g = tinyGenerator()
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: first)
      let file = try Safetensors(path: first)
      var entries = file.names.compactMap { name in
        file.tensors[name].map { Safetensors.Entry(name: name, $0) }
      }
      var metadata = file.metadata
      try change(&entries, &metadata)
      try Safetensors.write(entries, metadata: metadata, to: second)
      return try Checkpoint.open(second)
    }
  }

  private func refuses(
    _ words: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout [Safetensors.Entry], inout [String: String]) -> Void
  ) {
    expect(.damaged, says: words, sourceLocation: sourceLocation) {
      let network = try reopen(change).networks["G_ema"]
      _ = try network?.makeGenerator()
    }
  }

  // MARK: Round trip

  @Test("a written generator is read again bit for bit, with its notes")
  func roundTrip() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/network.safetensors"
      let g = tinyGenerator { ($0.convClamp, $0.visibleRows) = (256, 1..<7) }
      var notes = NetworkFileNotes()
      (notes.kimg, notes.licence) = (200.5, "CC0-1.0")
      (notes.parentHash, notes.wAvgSource) = ("abc", .estimated(samples: 4096, seed: 0))
      try writeNetworkFile(g.parameters, configuration: g.configuration, notes: notes, to: path)
      let checkpoint = try Checkpoint.open(path)
      let network = try #require(checkpoint.preferredGenerator?.network)
      let read = try network.makeGenerator()
      #expect(checkpoint.notes == notes)
      #expect(read.configuration as? StyleGAN2Configuration == g.configuration)
      #expect(Set(read.parameters.entries.keys) == Set(g.parameters.entries.keys))
      for (name, entry) in g.parameters.entries {
        #expect(
          read.parameters[name].values().map(\.bitPattern)
            == entry.tensor.values().map(\.bitPattern), "\(name)")
      }
      #expect(picture(of: read) == picture(of: g))
    }
  }

  @Test("a written discriminator is read again")
  func discriminator() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/network.safetensors"
      let d = tinyDiscriminator()
      try writeNetworkFile(d.parameters, configuration: d.configuration, to: path)
      let network = try #require(try Checkpoint.open(path).networks["D"])
      let read = try network.makeDiscriminator()
      #expect(read.configuration as? StyleGAN2DiscriminatorConfiguration == d.configuration)
      #expect(read.parameters["b4.out.weight"].values() == d.parameters["b4.out.weight"].values())
    }
  }

  @Test("the metadata says format, kind and configuration, and only the notes that there are")
  func metadata() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/network.safetensors"
      let g = tinyGenerator()
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
      let metadata = try Safetensors(path: path).metadata
      #expect(
        metadata == [
          "stylist.format": "1", "stylist.kind": "stylegan2",
          "stylist.configuration": try g.configuration.canonicalJSON(),
        ])
    }
  }

  @Test("equal networks give equal files")
  func deterministic() throws {
    try withScratchFolder { folder in
      let paths = ["\(folder)/a", "\(folder)/b"]
      for path in paths {
        let g = tinyGenerator()
        try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
      }
      let bytes = try paths.map { try ByteRegion(mapping: $0).copy() }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test("tensors in other floating-point formats are converted")
  func conversion() throws {
    let half = try reopen { entries, _ in
      let w = Tensor([0.5, -1.5, 2, 0] as [Float]).cast(to: .float16)
      let bytes = w.values(as: Float.self).flatMap { littleEndian(Float16($0).bitPattern) }
      entries.removeAll { $0.name == "mapping.w_avg" }
      entries.append(
        Safetensors.Entry(name: "mapping.w_avg", elementType: .float16, shape: [4]) {
          ByteRegion(bytes, name: "w_avg")
        })
    }
    let generator = try #require(half.networks["G_ema"]).makeGenerator()
    #expect(generator.wAvg.dtype == .float32)
    #expect(generator.wAvg.values() == [0.5, -1.5, 2, 0])
  }

  // MARK: Refusals

  @Test("refuses tensors that are missing, too many, or of another shape or kind")
  func tensors() {
    func zeros(_ type: ElementType, _ shape: [Int]) -> Safetensors.Entry {
      Safetensors.Entry(name: "mapping.w_avg", elementType: type, shape: shape) {
        ByteRegion([UInt8](repeating: 0, count: shape.reduce(type.byteCount, *)), name: "zeros")
      }
    }
    func replacing(_ entry: Safetensors.Entry, _ entries: inout [Safetensors.Entry]) {
      entries.removeAll { $0.name == entry.name }
      entries.append(entry)
    }
    refuses("1 missing: mapping.w_avg") { entries, _ in
      entries.removeAll { $0.name == "mapping.w_avg" }
    }
    refuses("1 unexpected: surplus") { entries, _ in
      entries.append(
        Safetensors.Entry(name: "surplus", elementType: .bool, shape: [1]) {
          ByteRegion([1], name: "surplus")
        })
    }
    refuses("expected float32[4], found float32[2, 2]") { entries, _ in
      replacing(zeros(.float32, [2, 2]), &entries)
    }
    refuses("expected float32[4], found int64[4]") { entries, _ in
      replacing(zeros(.int64, [4]), &entries)
    }
    refuses("an element type that networks use") { entries, _ in
      replacing(zeros(.uint32, [4]), &entries)
    }
  }

  @Test("refuses other kinds, versions and metadata")
  func metadataErrors() {
    refuses("stylist.format in its metadata") { $1["stylist.format"] = nil }
    refuses("stylist.format 1, found 2") { $1["stylist.format"] = "2" }
    refuses("stylist.kind") { $1["stylist.kind"] = nil }
    refuses("found stylegan9") { $1["stylist.kind"] = "stylegan9" }
    refuses("stylist.configuration") { $1["stylist.configuration"] = nil }
    refuses("cannot be read") { $1["stylist.configuration"] = "{" }
    refuses("cannot be read") { $1["stylist.configuration"] = "[]" }
    refuses("stylist.kimg") { $1["stylist.kimg"] = "many" }
    refuses("stylist.kimg") { $1["stylist.kimg"] = "nan" }
  }

  @Test("refuses configurations with names or values that the network does not have")
  func configuration() {
    func changing(_ part: String, to other: String) -> (inout [String: String]) -> Void {
      { $0["stylist.configuration"] = $0["stylist.configuration"]?.replacing(part, with: other) }
    }
    refuses("called magic") { changing("{", to: "{\"magic\":1,")(&$1) }
    refuses("resolution") { changing("\"resolution\":8", to: "\"resolution\":9")(&$1) }
    refuses("cannot be read") { changing("\"skip\"", to: "\"tree\"")(&$1) }
    refuses("cannot be read") { changing("\"resolution\":8", to: "\"resolution\":8e99")(&$1) }
    refuses("called shape.magic, which stylenat does not have") { _, metadata in
      metadata["stylist.kind"] = StyleNATConfiguration.kind
      metadata["stylist.configuration"] = try? StyleNATConfiguration().canonicalJSON()
      changing("\"shape\":{", to: "\"shape\":{\"magic\":1,")(&metadata)
    }
  }

  @Test("refuses gigantic networks with few tensors before it takes memory")
  func gigantic() throws {
    let before = try #require(residentBytes())
    refuses("different") { _, metadata in
      var configuration = StyleGAN2Configuration(resolution: 4096)
      (configuration.channelBase, configuration.channelMax) = (1 << 24, 1 << 16)
      (configuration.zDim, configuration.wDim, configuration.labelDim) = (65536, 65536, 65536)
      configuration.mappingLayers = 64
      metadata["stylist.configuration"] = try? configuration.canonicalJSON()
    }
    // Such a network takes terabytes; its plan takes next to nothing.
    #expect(try #require(residentBytes()) - before < 1 << 26)
  }

  @Test("loads numbers that are not finite, and tells which tensors have them")
  func nonFinite() throws {
    let checkpoint = try reopen { entries, _ in
      entries.removeAll { $0.name == "mapping.w_avg" }
      entries.append(
        Safetensors.Entry(name: "mapping.w_avg", elementType: .float32, shape: [4]) {
          ByteRegion(floatBytes([0, .nan, 1, -.infinity]), name: "w_avg")
        })
    }
    let generator = try #require(checkpoint.networks["G_ema"]).makeGenerator()
    #expect(generator.parameters.nonFiniteNames == ["mapping.w_avg"])
    #expect(tinyGenerator().parameters.nonFiniteNames.isEmpty)
  }
}

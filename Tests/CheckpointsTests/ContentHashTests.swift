// The content hash: the same for a network in any form, another for any other network.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Content hashes")
struct ContentHashTests {
  private func hash(
    _ change: (inout [Safetensors.Entry]) throws -> Void = { _ in }
  ) throws -> String {
    try withScratchFolder { folder in
      let (first, second) = ("\(folder)/first.safetensors", "\(folder)/second.safetensors")
      let g = tinyGenerator()
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: first)
      let file = try Safetensors(path: first)
      var entries = file.names.compactMap { name in
        file.tensors[name].map { Safetensors.Entry(name: name, $0) }
      }
      try change(&entries)
      try Safetensors.write(entries, metadata: file.metadata, to: second)
      return try #require(try Checkpoint.open(second).networks["G_ema"]).contentHash()
    }
  }

  @Test("is what another program computed from the same tensors by the documented rule")
  func known() throws {
    // Computed in Python, with hashlib and struct, from the tensors of this file.
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol3.pkl")
    let hash = try Checkpoint.open(path).networks["G_ema"]?.contentHash()
    #expect(hash == "878d29e6b754611ebc8a947e4f695d8c370f1a2b552baf51addc561c8086e99f")
  }

  @Test("does not depend on the order of tensors, and depends on everything else")
  func dependence() throws {
    let original = try hash()
    #expect(try hash { $0.reverse() } == original)
    let name = "mapping.fc0.bias"
    func replaced(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]) throws
      -> String
    {
      try hash { entries in
        entries.removeAll { $0.name == "mapping.fc0.bias" }
        entries.append(
          Safetensors.Entry(name: name, elementType: type, shape: shape) {
            ByteRegion(bytes, name: name)
          })
      }
    }
    let zeros = [UInt8](repeating: 0, count: 16)
    let hashes = [
      original, try replaced(name, .float32, [4], zeros),
      try replaced("other", .float32, [4], zeros),
      try replaced(name, .float32, [2, 2], zeros), try replaced(name, .float16, [8], zeros),
      try replaced(name, .float32, [4], [1] + zeros.dropFirst()),
    ]
    // The tiny generator's biases are zeros, so the second is the original again.
    #expect(hashes[1] == original)
    #expect(Set(hashes).count == hashes.count - 1)
  }

  @Test("the tensors by which networks differ are named")
  func changedNames() throws {
    func network(_ g: StyleGAN2) throws -> Checkpoint.Network {
      try withScratchFolder { folder in
        let path = "\(folder)/network.safetensors"
        try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
        return try #require(try Checkpoint.open(path).networks["G_ema"])
      }
    }
    let g = tinyGenerator()
    let original = try network(g)
    #expect(try original.changedNames(in: network(tinyGenerator())).isEmpty)
    let bias = g.parameters["mapping.fc1.bias"]
    withoutGradients { bias.assign(bias + 1) }
    #expect(try original.changedNames(in: network(g)) == ["mapping.fc1.bias"])
    let shorter = try network(tinyGenerator { $0.mappingLayers = 1 })
    let names = ["mapping.fc1.weight", "mapping.fc1.bias"]
    #expect(try Set(names).isSubset(of: original.changedNames(in: shorter)))
    #expect(try Set(names).isSubset(of: shorter.changedNames(in: original)))
  }
}

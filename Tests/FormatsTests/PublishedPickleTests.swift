// NVIDIA's checkpoint layout on real files: every tensor found, every value equal.

import Formats
import TestSupport
import Testing

@Suite("Published pickles")
struct PublishedPickleTests {
  @Test(
    "finds every tensor with its exact values",
    arguments: [
      "stylegan2-ada-pkl/network-protocol3", "stylegan2-ada-pkl/network-protocol4",
      "stylegan2-ada-pkl-cond/network-protocol3", "stylegan2-ada-pkl-cond/network-protocol4",
      "styleformer/network-snapshot-000000", "styleformer-linformer/network-snapshot-000000",
    ])
  func tensors(file: String) throws {
    let folder = caseFile("checkpoint-\(file.prefix { $0 != "/" })")
    let expected = try Safetensors(path: "\(folder)/expected.safetensors").tensors
      .filter { !Self.results.contains($0.key) }
    let found = try NetworkWalk(ByteRegion(mapping: caseFile("checkpoint-\(file).pkl"))).tensors
    #expect(Set(found.keys) == Set(expected.keys.map(Self.wholeName)))
    for (name, tensor) in expected {
      let candidate = try #require(found[Self.wholeName(name)])
      guard name == Self.wholeName(name) else { continue }
      #expect(candidate.shape == tensor.shape, "\(name)")
      #expect(candidate.elementType == tensor.elementType, "\(name)")
      #expect(
        candidate.contiguousBytes().copy() == tensor.contiguousBytes().copy(), "\(name)")
    }
  }

  /// The name of a tensor of which the case keeps only a part: its shape, sum and first row.
  private static func wholeName(_ name: String) -> String {
    let part = [".shape", ".sum", ".first_row"].first { name.hasSuffix($0) }
    return String(name.dropLast(part?.count ?? 0))
  }

  /// What the case's networks computed, which is not in the files.
  private static let results: Set = ["image_from_G_ema", "logits_from_D"]

  @Test("a hostile module source is only text")
  func moduleSource() throws {
    let source = "import os; os.system('touch canary')"
    let pickle = PickleAssembler(protocol: 3).call(
      "torch_utils.persistence", "_reconstruct_persistent_obj"
    ) {
      $0.ops("}").text("module_src").text(source).ops("s")
    }
    guard case .object(let object) = try pickle.read() else {
      Issue.record("not an object")
      return
    }
    #expect(object.arguments.items[0].asDictionary?["module_src"]?.asString == source)
  }
}

/// Collects the parameters and buffers of the modules in a checkpoint.
private struct NetworkWalk {
  private(set) var tensors: [String: StoredTensor] = [:]
  private let source: TorchTensors

  init(_ bytes: ByteRegion) throws {
    source = TorchTensors(file: bytes.name)
    let root = try PickleReader(bytes, allowing: .standard).readWhole()
    for (key, value) in try #require(root.asDictionary).entries {
      if let name = key.asString { try visit(value, name) }
    }
  }

  private mutating func visit(_ value: PickleValue, _ path: String) throws {
    guard
      let module = value.asCall(
        of: PickleGlobal("torch_utils.persistence", "_reconstruct_persistent_obj")),
      let state = module.arguments.items[0].asDictionary?["state"]?.asDictionary
    else { return }
    for table in ["_parameters", "_buffers"] {
      for (key, value) in state[table]?.asDictionary?.entries ?? [] {
        let name = try #require(key.asString)
        if let tensor = try source.tensor(value) { tensors["\(path).\(name)"] = tensor }
      }
    }
    for (key, child) in state["_modules"]?.asDictionary?.entries ?? [] {
      try visit(child, "\(path).\(try #require(key.asString))")
    }
  }
}

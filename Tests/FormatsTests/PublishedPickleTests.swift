// NVIDIA's checkpoint layout on real files: every tensor found, every value equal.

import Formats
import TestSupport
import Testing

@Suite("Published pickles")
struct PublishedPickleTests {
  @Test(
    "finds every tensor with its exact values",
    arguments: ["checkpoint-stylegan2-ada-pkl", "checkpoint-stylegan2-ada-pkl-cond"],
    ["network-protocol3.pkl", "network-protocol4.pkl"])
  func tensors(folder: String, file: String) throws {
    let expected = try Safetensors(path: caseFile("\(folder)/expected.safetensors"))
    let bytes = try ByteRegion(mapping: caseFile("\(folder)/\(file)"))
    let found = try NetworkWalk(bytes).tensors
    #expect(found.keys.sorted() == expected.tensors.keys.sorted())
    for (name, tensor) in expected.tensors {
      let candidate = try #require(found[name])
      #expect(candidate.shape == tensor.shape, "\(name)")
      #expect(candidate.elementType == tensor.elementType, "\(name)")
      #expect(
        candidate.contiguousBytes().copy() == tensor.contiguousBytes().copy(), "\(name)")
    }
  }

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

// A little assembler for TorchScript archives: modules within modules, and their tensors.

import Formats

/// A TorchScript archive whose modules hold float32 tensors.
package struct TorchScriptAssembler {
  /// The tensors under dotted names.
  private let tensors: [(name: String, shape: [Int], values: [Float])]

  /// An archive of tensors.
  ///
  /// - Parameter tensors: Their dotted names, shapes and row-major elements.
  package init(_ tensors: [(name: String, shape: [Int], values: [Float])]) {
    self.tensors = tensors.sorted { $0.name < $1.name }
  }

  /// The archive's bytes.
  package var bytes: [UInt8] {
    let names = tensors.indices.map { (tensors[$0].name.split(separator: ".")[...], $0) }
    var files: [(name: String, content: [UInt8])] = [
      ("net/data.pkl", module(names, PickleAssembler(protocol: 2)).region.copy()),
      ("net/code/__torch__.py", Array("import os".utf8)),
      ("net/constants.pkl", PickleAssembler().ops(")").region.copy()),
      ("net/version", Array("3\n".utf8)),
    ]
    for (index, tensor) in tensors.enumerated() {
      files.append(("net/data/\(index)", floatBytes(tensor.values)))
    }
    return ZIPAssembler(files).bytes
  }

  /// A module and what is below it; names that begin alike stand side by side.
  private func module(
    _ names: [(ArraySlice<Substring>, Int)], _ start: PickleAssembler
  ) -> PickleAssembler {
    var groups: [(key: Substring, members: [(ArraySlice<Substring>, Int)])] = []
    for (path, index) in names {
      guard let key = path.first else { continue }
      if groups.last?.key != key { groups.append((key, [])) }
      groups[groups.count - 1].members.append((path.dropFirst(), index))
    }
    let filled = groups.reduce(start.call("__torch__", "M") { $0 }.ops("}(")) { pickle, group in
      let named = pickle.text(String(group.key))
      guard let (path, index) = group.members.first, path.isEmpty else {
        return module(group.members, named)
      }
      return tensor(index, named)
    }
    return filled.ops("ub")
  }

  private func tensor(_ index: Int, _ pickle: PickleAssembler) -> PickleAssembler {
    let shape = tensors[index].shape
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return pickle.call("torch._utils", "_rebuild_tensor_v2") { arguments in
      arguments.tuple {
        $0.text("storage").global("torch", "FloatStorage").text("\(index)").text("cpu")
          .int(Int32(tensors[index].values.count))
      }.ops("Q").int(0).ints(shape.map(Int32.init)).ints(strides.map(Int32.init)).bool(false)
        .ops("N")
    }
  }
}

// Feature networks of metrics in both published forms: state dictionaries and TorchScript archives.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Classifiers whose features metrics compare") struct ClassifierFileTests {
  private typealias Weights = [(name: String, shape: [Int], values: [Float])]

  /// Numbers in [0, 1) that depend on an element's place and its tensor's.
  private func uniform(_ count: Int, _ tensor: Int) -> [Double] {
    (0..<count).map { index in
      var h = UInt32(index) &* 2_654_435_761 &+ UInt32(tensor) &* 2_246_822_519
      h ^= h >> 15
      h = h &* 2_246_822_519
      h ^= h >> 13
      return Double(h >> 8) / 16_777_216
    }
  }

  /// The parameters of a network, filled in the order of their names.
  private func weights(_ build: (Scope) -> Void) -> Weights {
    let plan = ParameterStore()
    build(Scope(plan, device: .meta))
    return plan.entries.keys.sorted().enumerated().map { tensor, name in
      let shape = plan[name].shape
      let u = uniform(shape.reduce(1, *), tensor)
      let values: [Double]
      if name.hasSuffix("bn.weight") {
        values = u.map { _ in 1 }
      } else if name.hasSuffix("running_var") {
        values = u.map { 0.5 + $0 }
      } else if name.hasPrefix("fc") {
        values = u.map { ($0 - 0.5) * 0.1 }
      } else if name.hasSuffix("weight") {
        let fanIn = Double(shape.dropFirst().reduce(1, *))
        values = u.map { (2 * $0 - 1) * (6 / fanIn).squareRoot() }
      } else {
        values = u.map { ($0 - 0.5) * 0.2 }
      }
      return (name, shape, values.map(Float.init))
    }
  }

  /// Inception-v3, sixteen times narrower and with ten classes.
  private var inception: Weights {
    var configuration = InceptionConfiguration()
    (configuration.widthDivisor, configuration.classCount) = (16, 10)
    return weights { _ = InceptionV3(configuration, $0) }
  }

  /// A state dictionary in torch's form.
  private func writeState(_ weights: Weights, to path: String) throws {
    var entries: [(key: String, value: TorchArchive.Value)] = []
    for (name, shape, values) in weights {
      let tensor = TensorToWrite(elementType: .float32, shape: shape) {
        ByteRegion(floatBytes(values), name: name)
      }
      entries.append((name, .tensor(tensor)))
    }
    try TorchArchive.write(.dictionary(entries), to: path)
  }

  /// Two smooth pictures [2, 3, 75, 75].
  private var pictures: Tensor {
    var values: [Float] = []
    for n in 1...2 {
      for c in 1...3 {
        for y in 0..<75 {
          values += (0..<75).map { x in
            Float(0.1 * Double(n) * Double(x) + 0.07 * Double(c) * Double(y))
          }
        }
      }
    }
    return Tensor(values, shape: [2, 3, 75, 75]).sin()
  }

  @Test("Inception's features are those of pytorch-fid's network with the same weights")
  func inceptionState() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/inception.pth"
      try writeState(inception, to: path)
      let network = try #require(try Checkpoint.open(path).networks["features"])
      #expect(network.use == .features)
      let inception = try network.makeInception()
      #expect(inception.configuration.widthDivisor == 16)
      let features = inception.features(pictures)
      #expect(features.shape == [2, 128])
      // Computed by pytorch-fid 0.3.0 with torchvision 0.28, all widths divided by 16.
      let first: [Float] = [0.238344, 0, 0.306424, 0, 0, 0, 0, 0]
      let second: [Float] = [0.069313, 0.046231, 0, 0, 0, 0, 0.044459, 0]
      expectClose(features.selected(0, axis: 0).sliced(0..<8, axis: 0), Tensor(first), atol: 2e-5)
      expectClose(
        features.selected(1, axis: 0).sliced(100..<108, axis: 0), Tensor(second), atol: 2e-5)
      #expect(abs(features.sum().item() - 22.847145) < 1e-3)
      let logits: [Float] = [
        -0.029674, 0.093311, -0.096148, -0.012281, -0.018678, 0.027159, 0.013058, 0.053068, 0.00694,
        0.062997,
      ]
      expectClose(inception.logits(features).selected(0, axis: 0), Tensor(logits), atol: 2e-5)
      let biased: [Float] = [
        -0.070937, 0.16231, -0.080843, -0.061434, -0.023334, 0.046399, 0.030324, 0.119449,
        -0.009742, 0.072448,
      ]
      expectClose(
        inception.logits(features, hasBias: true).selected(1, axis: 0), Tensor(biased), atol: 2e-5)
    }
  }

  @Test(
    "NVIDIA's archive gives the same features bit for bit, towers being modules or parts of names",
    arguments: [false, true])
  func inceptionArchive(towersAreNames: Bool) throws {
    let parts = [
      "conv.weight": "weight", "bn.bias": "beta", "bn.running_mean": "mean",
      "bn.running_var": "var",
    ]
    let units = Dictionary(uniqueKeysWithValues: inceptionUnits.map { ($0.ours, $0.theirs) })
    var archive: Weights = []
    for (name, shape, values) in inception where !name.hasSuffix("bn.weight") {
      guard !name.hasPrefix("fc.") else {
        archive.append(("output.\(name.dropFirst(3))", shape, values))
        continue
      }
      let (part, theirs) = try #require(parts.first { name.hasSuffix($0.key) })
      var unit = try #require(units[String(name.dropLast(part.count + 1))])
      if towersAreNames, unit.hasPrefix("mixed_9.") || unit.hasPrefix("mixed_10.") {
        let block = unit.prefix { $0 != "." }
        let rest = unit.dropFirst(block.count + 1).split(separator: ".").joined(separator: "_")
        unit = "\(block).\(rest)"
      }
      archive.append(("layers.\(unit).\(theirs)", shape, values))
    }
    try withScratchFolder { folder in
      let (state, script) = ("\(folder)/inception.pth", "\(folder)/inception.pt")
      try writeState(inception, to: state)
      try put(TorchScriptAssembler(archive).bytes, at: script)
      let found = try [state, script].map { path in
        let network = try #require(try Checkpoint.open(path).networks["features"])
        return try network.makeInception().features(pictures)
      }
      #expect(bits(found[0]) == bits(found[1]))
      #expect(try Checkpoint.open(script).form == .torchScript)
    }
  }

  @Test("a unit too few or too many in an archive is said by name")
  func damagedArchive() throws {
    let archive: Weights = [
      ("layers.conv.beta", [2], [0, 0]),
      ("output.weight", [10, 128], .init(repeating: 0, count: 1280)),
      ("layers.mixed_11.conv.weight", [1], [1]),
    ]
    try withScratchFolder { folder in
      let path = "\(folder)/inception.pt"
      try put(TorchScriptAssembler(archive).bytes, at: path)
      expect(.damaged, says: "layers.mixed_11.conv.weight") { _ = try Checkpoint.open(path) }
      try put(TorchScriptAssembler([("weight", [1], [1])]).bytes, at: path)
      expect(.refusedAsUnsafe, says: "a TorchScript archive, which holds a program") {
        _ = try Checkpoint.open(path)
      }
    }
  }

  @Test("VGG-16 and LPIPS of NVIDIA's archive are those of torchvision's file and LPIPS' heads")
  func vgg() throws {
    var configuration = VGG16Configuration()
    configuration.widthDivisor = 64
    let backbone = weights { _ = VGG16(configuration, $0) }
    let heads = (0..<5).map { index in
      let width = [1, 2, 4, 8, 8][index]
      let values = uniform(width, 100 + index).map(Float.init)
      return (name: "lin\(index).model.1.weight", shape: [1, width, 1, 1], values: values)
    }
    let names = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    var archive: Weights = heads.enumerated().map { index, head in
      ("lpips\(index)", Array(head.shape.dropFirst()), head.values)
    }
    for (name, shape, values) in backbone {
      let parts = name.split(separator: ".")
      let place = try #require(Int(parts[1]))
      let layer =
        parts[0] == "features"
        ? "conv\((names.firstIndex(of: place) ?? -1) + 1)" : "fc\(place / 3 + 1)"
      archive.append(("layers.\(layer).\(parts[2])", shape, values))
    }
    let last: Weights = [
      ("layers.fc3.weight", [10, 64], .init(repeating: 0, count: 640)),
      ("layers.fc3.bias", [10], .init(repeating: 0, count: 10)),
    ]
    try withScratchFolder { folder in
      let paths = ["vgg.pth", "heads.pth", "vgg.pt"].map { "\(folder)/\($0)" }
      try writeState(backbone, to: paths[0])
      try writeState(heads, to: paths[1])
      try put(TorchScriptAssembler(archive + last).bytes, at: paths[2])
      let picture = Tensor.seeded([1, 3, 224, 224], seed: 1, dtype: .float32) / 3
      let other = Tensor.seeded([1, 3, 224, 224], seed: 2, dtype: .float32) / 3
      let features = try [paths[0], paths[2]].map { path in
        try #require(try Checkpoint.open(path).networks["features"]).makeVGG16().features(picture)
      }
      #expect(features[0].shape == [1, 64] && bits(features[0]) == bits(features[1]))
      let published = try Checkpoint.Network.lpips(backbone: paths[0], heads: paths[1])
      let archived = try #require(try Checkpoint.open(paths[2]).networks["distance"])
      let distances = try [published, archived].map { try $0.makeLPIPS()(picture, other) }
      #expect(distances[0].item() > 0 && bits(distances[0]) == bits(distances[1]))
    }
  }
}

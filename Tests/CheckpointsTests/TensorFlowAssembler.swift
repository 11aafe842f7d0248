// TensorFlow pickles in the making: networks with variables, as NVIDIA's first programs wrote them.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport

/// A network of a TensorFlow pickle.
struct TensorFlowModule {
  var name: String
  var version: Int32 = 4
  var arguments: [String: PlainValue] = [:]
  var variables: OrderedDictionary<String, Tensor> = [:]
  var components: OrderedDictionary<String, TensorFlowModule> = [:]
  /// Python text that a careless program would run.
  var source = ""
}

extension TensorFlowModule {
  /// StyleGAN2's generator as its TensorFlow program held it.
  ///
  /// The rules are those of the published converter, read backwards: [out, in, k, k] becomes
  /// [k, k, in, out], enlarging convolutions are mirrored, and a style's bias loses its 1.
  init(_ generator: StyleGAN2, name: String) {
    let (p, c) = (generator.parameters, generator.configuration)
    self.init(name: name)
    variables = ["lod": .zeros([]), "dlatent_avg": p["mapping.w_avg"]]
    var mapping = TensorFlowModule(name: "G_mapping")
    for layer in 0..<c.mappingLayers {
      mapping.variables["Dense\(layer)/weight"] = p["mapping.fc\(layer).weight"].transposed(0, 1)
      mapping.variables["Dense\(layer)/bias"] = p["mapping.fc\(layer).bias"]
    }
    var synthesis = TensorFlowModule(name: "G_synthesis")
    synthesis.variables["4x4/Const/const"] = p["synthesis.b4.const"].unsqueezed(0)
    for r in c.blockResolutions {
      let block = "synthesis.b\(r)"
      let first = 2 * r.trailingZeroBitCount - 5
      if r == 4 {
        synthesis.addLayer("4x4/Conv", "\(block).conv1", noise: 0, of: generator)
      } else {
        synthesis.addLayer("\(r)x\(r)/Conv0_up", "\(block).conv0", noise: first, of: generator)
        synthesis.addLayer("\(r)x\(r)/Conv1", "\(block).conv1", noise: first + 1, of: generator)
      }
      synthesis.addLayer("\(r)x\(r)/ToRGB", "\(block).torgb", noise: nil, of: generator)
      if p.entries["\(block).skip.weight"] != nil {
        synthesis.variables["\(r)x\(r)/Skip/weight"] = p["\(block).skip.weight"].flipped(2, 3)
          .permuted(2, 3, 1, 0)
      }
    }
    components = ["synthesis": synthesis, "mapping": mapping]
  }

  private mutating func addLayer(
    _ theirs: String, _ ours: String, noise: Int?, of generator: StyleGAN2
  ) {
    let p = generator.parameters
    guard p.entries["\(ours).weight"] != nil else { return }
    let weight = p["\(ours).weight"]
    let isMirrored = theirs.hasSuffix("_up")
    variables["\(theirs)/weight"] = (isMirrored ? weight.flipped(2, 3) : weight)
      .permuted(2, 3, 1, 0)
    variables["\(theirs)/bias"] = p["\(ours).bias"]
    variables["\(theirs)/mod_weight"] = p["\(ours).affine.weight"].transposed(0, 1)
    variables["\(theirs)/mod_bias"] = p["\(ours).affine.bias"] - 1
    guard let noise else { return }
    variables["\(theirs)/noise_strength"] = p["\(ours).noise_strength"]
    variables["noise\(noise)"] = p["\(ours).noise_const"].unsqueezed(0).unsqueezed(0)
  }

  /// StyleGAN2's discriminator as its TensorFlow program held it.
  init(_ discriminator: StyleGAN2Discriminator) {
    let (p, c) = (discriminator.parameters, discriminator.configuration)
    self.init(name: "D")
    func add(_ theirs: String, _ ours: String) {
      let weight = p["\(ours).weight"]
      variables["\(theirs)/weight"] =
        weight.rank == 4 ? weight.permuted(2, 3, 1, 0) : weight.transposed(0, 1)
      guard p.entries["\(ours).bias"] != nil else { return }
      variables["\(theirs)/bias"] = p["\(ours).bias"]
    }
    for r in c.blockResolutions {
      if r == c.resolution { add("\(r)x\(r)/FromRGB", "b\(r).fromrgb") }
      add("\(r)x\(r)/Conv0", "b\(r).conv0")
      add("\(r)x\(r)/Conv1_down", "b\(r).conv1")
      add("\(r)x\(r)/Skip", "b\(r).skip")
    }
    add("4x4/Conv", "b4.conv")
    add("4x4/Dense0", "b4.fc")
    add("Output", "b4.out")
  }
}

extension PickleAssembler {
  /// A NumPy array in float32.
  func array(_ tensor: Tensor) -> Self {
    let content = floatBytes(tensor.contiguous().values())
    return call("numpy.core.multiarray", "_reconstruct") {
      $0.global("numpy", "ndarray").ints([0]).bytes([0x62])
    }.tuple {
      $0.int(1).ints(tensor.shape.map(Int32.init)).dtype("f4").bool(false).bytes(content)
    }.ops("b")
  }

  /// A NumPy element type in little-endian order.
  func dtype(_ code: String, order: String = "<") -> Self {
    call("numpy", "dtype") { $0.text(code).int(0).int(1) }
      .tuple { $0.int(3).text(order).ops("NNN").int(-1).int(-1).int(0) }.ops("b")
  }

  func network(_ module: TensorFlowModule) -> Self {
    global("dnnlib.tflib.network", "Network").ops(")").op(0x81).dictionary {
      $0.text("version").int(module.version).text("name").text(module.name)
        .text("static_kwargs").plain(.dictionary(module.arguments))
        .text("components").dictionary {
          module.components.reduce($0) { $0.text($1.key).network($1.value) }
        }
        .text("build_module_src").text(module.source).text("build_func_name").text("G_main")
        .text("variables").ops("](").then {
          module.variables.reduce($0) { pickle, variable in
            pickle.tuple { $0.text(variable.key).array(variable.value) }
          }
        }.ops("e")
    }.ops("b")
  }

  /// The tuple (G, D, Gs) of a snapshot.
  static func tensorFlow(
    _ g: TensorFlowModule, _ d: TensorFlowModule, _ gs: TensorFlowModule
  ) -> Self {
    PickleAssembler(protocol: 4).tuple { $0.network(g).network(d).network(gs) }
  }
}

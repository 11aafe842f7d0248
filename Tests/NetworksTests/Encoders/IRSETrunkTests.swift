// The trunk of encoders: its sizes, its shortcuts, its statistics, its gradients and its refusals.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("The trunk of encoders") struct IRSETrunkTests {
  private func trunk(_ configuration: IRSEConfiguration, dtype: DType = .float64)
    -> (IRSETrunk, ParameterStore)
  {
    let store = ParameterStore()
    let trunk = IRSETrunk(
      configuration, Scope(store, dtype: dtype, generator: TorchGenerator(seed: 4)))
    randomizeNorms(of: store)
    return (trunk, store)
  }

  @Test("taps are the ends of the last three stages, at sizes rounded up")
  func taps() {
    let (trunk, _) = trunk(smallTrunk())
    let img = Tensor.seeded([2, 3, 13, 9])
    let taps = trunk(img)
    #expect(taps.fine.shape == [2, 4, 7, 5])
    #expect(taps.middle.shape == [2, 6, 4, 3])
    #expect(taps.coarse.shape == [2, 8, 2, 2])
    let steps = trunk.everyStep(img)
    #expect(steps.stem.shape == [2, 4, 13, 9] && steps.units.count == 4)
    for (tap, unit) in zip([taps.fine, taps.middle, taps.coarse], [0, 2, 3]) {
      expectClose(tap, steps.units[unit], atol: 0)
    }
    #expect(IRSEConfiguration().tapUnits == [6, 20, 23])
    #expect(IRSEConfiguration().tapWidths == [128, 256, 512])
  }

  // One band of rows, several, and one of an odd number of rows.
  @Test(
    "without gradients, samples and rows by themselves give the same taps", arguments: [24, 88, 75])
  func finished(height: Int) {
    var configuration = smallTrunk()
    configuration.stemWidth = 32
    configuration.stages = [(32, 2), (64, 2), (64, 1), (32, 1)].map { .init(width: $0, units: $1) }
    let (trunk, _) = trunk(configuration, dtype: .float32)
    let img = Tensor.seeded([2, 3, height, 20], dtype: .float32)
    let taps = withoutGradients { trunk(img) }
    let steps = withoutGradients { trunk.everyStep(img).units }
    for (tap, unit) in zip([taps.fine, taps.middle, taps.coarse], [3, 4, 5]) {
      let largest: Double = steps[unit].abs().max().item()
      // Errors of Winograd's filtering, 1e-5 of the largest result, in every one of 6 units.
      expectClose(tap, steps[unit], atol: 1e-4 * largest)
    }
    let alone = withoutGradients { trunk(img.sliced(1..<2, axis: 0)) }
    expectClose(alone.fine, taps.fine.sliced(1..<2, axis: 0), atol: 0)
  }

  @Test("where the width stays, the shortcut is the picture thinned out, without parameters")
  func shortcuts() {
    let (trunk, store) = trunk(smallTrunk(squeezes: false))
    #expect(store.names(under: "body.0.shortcut_layer").isEmpty)
    #expect(!store.names(under: "body.1.shortcut_layer").isEmpty)
    #expect(store.names(under: "body.2.shortcut_layer").isEmpty)
    // Without what the second normalisation gives, only the shortcut is left.
    store["body.0.res_layer.4.weight"].assign(.zeros([4]))
    store["body.0.res_layer.4.bias"].assign(.zeros([4]))
    let steps = trunk.everyStep(.seeded([1, 3, 6, 6]))
    let thinned = steps.stem.sliced(0..<6, axis: 2, step: 2).sliced(0..<6, axis: 3, step: 2)
    expectClose(steps.units[0], thinned, atol: 0)
  }

  @Test("only training moves the running statistics, once for each picture")
  func statistics() {
    let (trunk, store) = trunk(smallTrunk())
    let img = Tensor.seeded([3, 3, 16, 16])
    let before = store.entries.mapValues { $0.tensor.values(as: Double.self) }
    _ = trunk(img)
    #expect(store.entries.mapValues { $0.tensor.values(as: Double.self) } == before)
    let evaluated = trunk(img).coarse
    let trained = trunk(img, purpose: .training).coarse
    #expect((evaluated - trained).abs().max().item() > 1e-3)
    for (name, entry) in store.entries where entry.role == .buffer {
      #expect(entry.tensor.values(as: Double.self) != before[name], "\(name)")
    }
    let counters = store.entries.filter { $0.key.hasSuffix("num_batches_tracked") }
    #expect(counters.count == 11 && counters.values.allSatisfy { $0.tensor.item() == 1 })
  }

  @Test("gradients are what differences say", arguments: [ForwardPurpose.evaluation, .training])
  func gradients(purpose: ForwardPurpose) {
    let trunk = trunk(smallTrunk()).0
    // 16×16 leaves the last stage four pixels a picture to take statistics of.
    expectGradients(at: [.seeded([2, 3, 16, 16])], tolerance: 1e-5) {
      let taps = trunk($0[0], purpose: purpose)
      return .concatenate(
        [taps.fine, taps.middle, taps.coarse].map { $0.flattened(from: 1) }, axis: 1)
    }
  }

  @Test("names, with weighed channels and without")
  func names() throws {
    try expectNames(trunk(smallTrunk()).1, "irse-trunk")
    let plain = trunk(smallTrunk(squeezes: false)).1
    #expect(
      Set(trunk(smallTrunk()).1.entries.keys).subtracting(plain.entries.keys)
        == Set(
          (0..<4).flatMap { unit in
            ["fc1", "fc2"].map { "body.\(unit).res_layer.5.\($0).weight" }
          }))
  }

  @Test("the published depths")
  func depths() {
    #expect(IRSEConfiguration().stages.map(\.units) == [3, 4, 14, 3])
    let deep = IRSEConfiguration(units: [3, 13, 30, 3], squeezes: false)
    let plan = ParameterStore()
    _ = IRSETrunk(deep, Scope(plan, device: .meta))
    #expect(!plan.names(under: "body.48").isEmpty && plan.names(under: "body.49").isEmpty)
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func message(_ change: (inout IRSEConfiguration) -> Void) -> String? {
      var configuration = IRSEConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(message { $0.inChannels = 0 } == "trunk.inChannels: expected from 1 to 256, found 0")
    #expect(message { $0.stemWidth = .max }?.hasPrefix("trunk.stemWidth: ") == true)
    #expect(
      message { $0.stages.removeLast(2) } == "trunk.stages: expected 3 to 8 stages, found 2")
    #expect(message { $0.stages[1].width = -1 }?.hasPrefix("trunk.stages[1].width: ") == true)
    #expect(message { $0.stages[2].units = .max }?.hasPrefix("trunk.stages[2].units: ") == true)
    #expect(message { $0.squeezeReduction = 0 }?.hasPrefix("trunk.squeezeReduction: ") == true)
    #expect(
      message { $0.squeezeReduction = 65 }
        == "trunk.squeezeReduction: expected at most the narrowest stage, 64, found 65")
  }
}

// The store of parameters: names, roles, freezing.

import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// A small network's store: two blocks whose names share a beginning, a buffer, and an alias.
private func sampleStore() -> ParameterStore {
  let store = ParameterStore()
  let p = Scope(store)
  _ = (p / "b1" / "conv").parameter("weight", .ones([2, 3]))
  _ = (p / "b1").parameter("bias", .zeros([3]))
  _ = (p / "b16").parameter("bias", .zeros([5]))
  _ = p.parameter("b1", .zeros([1]))
  _ = p.buffer("average", .zeros([7]))
  _ = (p / "b16").alias("tied", of: "b1.conv.weight")
  return store
}

@Suite("ParameterStore") struct ParameterStoreTests {
  @Test("keeps the order in which tensors were made")
  func order() {
    #expect(
      Array(sampleStore().entries.keys) == [
        "b1.conv.weight", "b1.bias", "b16.bias", "b1", "average", "b16.tied",
      ])
  }

  @Test("traps on two tensors of one name, and on a name that is not there")
  func duplicateNames() async {
    await #expect(processExitsWith: .failure) {
      let p = Scope(ParameterStore())
      _ = p.parameter("weight", .zeros([1]))
      _ = p.buffer("weight", .zeros([1]))
    }
    await #expect(processExitsWith: .failure) { _ = ParameterStore()["weight"] }
    await #expect(processExitsWith: .failure) {
      Scope(ParameterStore()).alias("second", of: "first")
    }
  }

  @Test("finds the names under a path by whole components")
  func namesUnderPath() {
    let store = sampleStore()
    #expect(store.names(under: "b1") == ["b1.conv.weight", "b1.bias", "b1"])
    #expect(store.names(under: "b16") == ["b16.bias", "b16.tied"])
    #expect(store.names(under: "b1.conv.weight") == ["b1.conv.weight"])
    #expect(store.names(under: "b") == [])
    #expect(store.names(under: "").count == 6)
  }

  @Test("counts parameters only, and an alias not again")
  func counts() {
    #expect(sampleStore().parameterCount == 6 + 3 + 5 + 1)
  }

  @Test("an alias is the same tensor under a second name")
  func aliases() {
    let store = sampleStore()
    #expect(store["b16.tied"].isSame(as: store["b1.conv.weight"]))
    #expect(store.entries["b16.tied"]?.role == .alias(of: "b1.conv.weight"))
    #expect(store.trainable["b16.tied"] == nil)
  }

  @Test("freezes and frees by path, parameters only")
  func freezing() {
    let store = sampleStore()
    #expect(Array(store.trainable.keys) == ["b1.conv.weight", "b1.bias", "b16.bias", "b1"])
    store.setTrainable(false, under: "b1")
    #expect(Array(store.trainable.keys) == ["b16.bias"])
    store.setTrainable(true, under: "b1.conv")
    #expect(Array(store.trainable.keys) == ["b1.conv.weight", "b16.bias"])
    store.setTrainable(true)
    #expect(store.trainable.count == 4)
  }

  @Test("names another store's tensors below a path, as what they are")
  func including() throws {
    let (store, other) = (ParameterStore(), sampleStore())
    other.setTrainable(false, under: "b16")
    store.include(other, under: "G")
    store.include(sampleStore(), under: "G_ema")
    #expect(store.names(under: "G") == other.entries.keys.map { "G.\($0)" })
    #expect(store["G.b1.bias"].isSame(as: other["b1.bias"]))
    #expect(store.entries["G.b16.tied"]?.role == .alias(of: "G.b1.conv.weight"))
    #expect(store.entries["G.b16.bias"]?.isTrainable == false)
    #expect(store.entries["G.average"]?.role == .buffer)
    try store.load(store.entries.mapValues { StoredParameter($0.tensor + 1) })
    #expect(other["b1.bias"].values() == [1, 1, 1])
  }

  @Test("records gradients for trainable tensors, aliased ones included, and stops again")
  func recording() {
    let store = sampleStore()
    store.setTrainable(false, under: "b16")
    store.setRequiresGrad(true)
    let recording = store.entries.filter { $0.value.tensor.requiresGrad }.keys
    #expect(Array(recording) == ["b1.conv.weight", "b1.bias", "b1", "b16.tied"])
    store.setRequiresGrad(false)
    #expect(store.entries.values.allSatisfy { !$0.tensor.requiresGrad })
  }
}

@Suite("Scope") struct ScopeTests {
  @Test("joins names with the family's separator")
  func separator() {
    let store = ParameterStore()
    let p = Scope(store, separator: "/")
    _ = (p / "G_synthesis" / "4x4").parameter("weight", .zeros([1]))
    _ = (p / "G_synthesis" / "4x40").parameter("weight", .zeros([1]))
    #expect((p / "G_synthesis" / "4x4").path == "G_synthesis/4x4")
    #expect(store.names(under: "G_synthesis/4x4") == ["G_synthesis/4x4/weight"])
  }

  @Test("takes another separator for what lies below a place")
  func otherSeparator() {
    let store = ParameterStore()
    let p = (Scope(store) / "G" / "net").separated(by: "/") / "4x4"
    _ = p.parameter("weight", .zeros([1]))
    #expect(Array(store.entries.keys) == ["G.net/4x4/weight"])
  }

  @Test("makes parameters in its own number format")
  func dtype() {
    let p = Scope(ParameterStore(), dtype: .float64)
    #expect((p / "a").parameter("x", .ones([2])).dtype == .float64)
    #expect(p.buffer("y", .values(Tensor([0.5 as Float]))).dtype == .float64)
  }

  @Test("leaves counters whole numbers")
  func integerBuffers() {
    let p = Scope(ParameterStore(), dtype: .bfloat16)
    let counter = p.buffer("num_batches_tracked", .values(Tensor([300])))
    #expect(counter.dtype == .int64 && counter.item() == 300)
  }

  @Test("makes shapes without memory on the device that only plans")
  func planning() {
    let p = Scope(ParameterStore(), device: .meta, dtype: .float16)
    let weight = p.parameter("weight", .randn([1 << 20, 1 << 20]))
    #expect(weight.device == .meta && weight.dtype == .float16)
    #expect(p.store.parameterCount == 1 << 40)
    #expect(p.buffer("n", .values(Tensor([1]))).dtype == .int64)
  }

  @Test("draws nothing without a generator, but sets constants")
  func withoutGenerator() {
    let p = Scope(ParameterStore())
    #expect(p.parameter("a", .randn([3])).values() == [0, 0, 0])
    #expect(p.parameter("b", .constant(2, [2])).values() == [2, 2])
    #expect(p.parameter("c", .ones([1])).values() == [1])
  }

  @Test("draws from its generator in the order of the calls")
  func withGenerator() {
    let p = Scope(ParameterStore(), generator: TorchGenerator(seed: 4))
    let generator = TorchGenerator(seed: 4)
    let (a, b) = (p.parameter("a", .randn([20])), (p / "q").parameter("b", .randn([20], std: 3)))
    #expect(a.values() == Tensor.randn([20], generator: generator).values())
    #expect(b.values() == (Tensor.randn([20], generator: generator) * 3).values())
  }

  @Test("copies given values, so that later changes do not meet")
  func givenValues() {
    let filter = Tensor([1 as Float, 2])
    let kept = Scope(ParameterStore()).buffer("filter", .values(filter))
    filter.multiplyInPlace(2)
    #expect(kept.values() == [1, 2])
  }
}

// Loading: everything or nothing, with one report.

import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

private typealias State = OrderedDictionary<String, StoredParameter>

private func store() -> ParameterStore {
  let store = ParameterStore()
  let p = Scope(store)
  _ = p.parameter("a", .constant(1, [2]))
  _ = p.parameter("b", .constant(2, [2, 2]))
  _ = p.buffer("n", .values(Tensor([7])))
  return store
}

private func fitting() -> State {
  [
    "a": StoredParameter(Tensor([3 as Float, 4])),
    "b": StoredParameter(Tensor([5 as Float, 6, 7, 8], shape: [2, 2])),
    "n": StoredParameter(Tensor([9])),
  ]
}

private func values(_ store: ParameterStore) -> [[Double]] {
  store.entries.values.map { $0.tensor.values(as: Double.self) }
}

private let untouched: [[Double]] = [[1, 1], [2, 2, 2, 2], [7]]

@Suite("Loading parameters") struct ParameterLoadingTests {
  @Test("copies every tensor into the one that the layers hold")
  func loads() throws {
    let store = store()
    let held = store["a"]
    try store.load(fitting())
    #expect(values(store) == [[3, 4], [5, 6, 7, 8], [9]])
    #expect(store["a"].isSame(as: held))
  }

  @Test("converts between floating-point formats")
  func converts() throws {
    let store = store()
    var state = fitting()
    state["a"] = StoredParameter(Tensor([0.5, 1.5]).cast(to: .float16))
    try store.load(state)
    #expect(store["a"].dtype == .float32 && store["a"].values() == [0.5, 1.5])
  }

  @Test("reports everything that is missing, unexpected or different at once, changing nothing")
  func reports() throws {
    let store = store()
    let state: State = [
      "b": StoredParameter(Tensor.zeros([2, 3])),
      "n": StoredParameter(Tensor.zeros([1])),
      "x": StoredParameter(Tensor.zeros([1])),
      "y": StoredParameter(Tensor.zeros([1])),
    ]
    let error = #expect(throws: ParameterLoadError.self) { try store.load(state) }
    #expect(error?.missing == ["a"])
    #expect(error?.unexpected == ["x", "y"])
    #expect(
      error?.mismatched == [
        "b (expected float32[2, 2], found float32[2, 3])",
        "n (expected int64[1], found float32[1])",
      ])
    #expect(
      error?.description == """
        1 missing: a; 2 unexpected: x, y; 2 different: b (expected float32[2, 2], found \
        float32[2, 3]), n (expected int64[1], found float32[1])
        """)
    #expect(values(store) == untouched)
  }

  @Test("cuts long lists short in the report's text, not in its lists")
  func longReports() {
    let error = #expect(throws: ParameterLoadError.self) {
      var state = fitting()
      for i in 0..<9 { state["x\(i)"] = StoredParameter(Tensor.zeros([1])) }
      try store().load(state)
    }
    #expect(error?.unexpected.count == 9)
    #expect(error?.description == "9 unexpected: x0, x1, x2, x3, …")
  }

  @Test("lets optional names be missing and keeps their values")
  func optional() throws {
    let store = store()
    var state = fitting()
    state["n"] = nil
    #expect(throws: ParameterLoadError.self) { try store.load(state) }
    try store.load(state) { $0 == "n" }
    #expect(values(store) == [[3, 4], [5, 6, 7, 8], [7]])
  }

  @Test("changes nothing when a tensor cannot be read")
  func unreadable() {
    struct Unreadable: Error {}
    let store = store()
    var state = fitting()
    state["b"] = StoredParameter(shape: [2, 2], dtype: .float32) { throw Unreadable() }
    #expect(throws: Unreadable.self) { try store.load(state) }
    #expect(values(store) == untouched)
  }

  @Test("changes nothing when a tensor is not what was announced")
  func otherThanAnnounced() {
    let store = store()
    var state = fitting()
    state["b"] = StoredParameter(shape: [2, 2], dtype: .float32) { Tensor.zeros([1, 2]) }
    let error = #expect(throws: ParameterLoadError.self) { try store.load(state) }
    #expect(error?.mismatched == ["b (expected float32[2, 2], found float32[1, 2])"])
    #expect(values(store) == untouched)
  }

  @Test("loads while gradients are recorded, without becoming part of the record")
  func whileRecording() throws {
    let store = store()
    store.setRequiresGrad(true)
    try store.load(fitting())
    #expect(store["a"].values() == [3, 4] && store["a"].requiresGrad)
    let g = gradients(of: [store["a"].square().sum()], withRespectTo: [store["a"]])
    #expect(g[0].values() == [6, 8])
  }

  // MARK: Tensors of two names

  private func twoNames() -> ParameterStore {
    let store = ParameterStore()
    let p = Scope(store)
    _ = p.parameter("block.proj", .constant(1, [2]))
    p.alias("enc.proj", of: "block.proj")
    return store
  }

  @Test("a tensor of two names is loaded once where both are equal, numbers that are none too")
  func aliases() throws {
    let store = twoNames()
    let values = StoredParameter(Tensor([3 as Float, .nan]))
    try store.load(["block.proj": values, "enc.proj": values])
    #expect(store["enc.proj"].isSame(as: store["block.proj"]))
    #expect(store["enc.proj"].values()[0] == 3 && store["enc.proj"].values()[1].isNaN)
    let wide = Tensor([0.5 as Float, 4])
    let narrow = StoredParameter(wide.cast(to: .float16))
    try store.load(["block.proj": StoredParameter(wide), "enc.proj": narrow])
    #expect(store["enc.proj"].values() == [0.5, 4])
  }

  @Test("a tensor of two names that differ is refused, changing nothing")
  func differingAliases() {
    let store = twoNames()
    let state: State = [
      "block.proj": StoredParameter(Tensor([3 as Float, 4])),
      "enc.proj": StoredParameter(Tensor([3 as Float, 5])),
    ]
    let error = #expect(throws: ParameterLoadError.self) { try store.load(state) }
    #expect(
      error?.description
        == "1 different: enc.proj (expected the numbers of block.proj, found others)")
    #expect(store["block.proj"].values() == [1, 1])
    #expect(throws: ParameterLoadError.self) { try store.checkAliases(state) }
  }

  @Test("the second name may be missing where it is optional")
  func missingAlias() throws {
    let store = twoNames()
    try store.load(["block.proj": StoredParameter(Tensor([3 as Float, 4]))]) { $0 == "enc.proj" }
    #expect(store["enc.proj"].values() == [3, 4])
  }
}

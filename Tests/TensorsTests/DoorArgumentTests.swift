// What can be passed through the door into libtorch, and what comes back.

import TestSupport
import Tensors
import Testing

@Suite("Arguments of operators") struct DoorArgumentTests {
  private let x = Tensor([3 as Float, 1, 2])

  @Test("arguments that are not given take the schema's defaults")
  func defaults() {
    // add has alpha = 1, cumsum has dtype = None.
    #expect(call("aten::add.Tensor", x, x).values() == [6, 2, 4])
    #expect(call("aten::add.Tensor", x, x, SchemaDefault()).values() == [6, 2, 4])
    #expect(call("aten::add.Tensor", x, x, 10).values() == [33, 11, 22])
  }

  @Test("a default in the middle is the schema's, the rest is the caller's")
  func defaultInTheMiddle() {
    let y = call("aten::std.correction", x, SchemaDefault(), SchemaDefault(), true)
    #expect(y.shape == [1])
    #expect(y.item() == 1)
  }

  @Test("whole numbers serve where a schema wants real ones")
  func integerForReal() {
    #expect(call("aten::leaky_relu", -x, 2).values() == [-6, -2, -4])
    #expect(call("aten::dropout", x, 0, true).values() == x.values())
  }

  @Test("lists of whole numbers, booleans and reals arrive in order")
  func numberLists() {
    #expect(Tensor.zeros([2, 0, 3]).shape == [2, 0, 3])
    #expect(call("aten::permute", Tensor.zeros([2, 3, 4]), [2, 0, 1]).shape == [4, 2, 3])
    let enlarged = call(
      "aten::upsample_nearest2d.vec", Tensor.zeros([1, 1, 2, 2]), [Int]?.none, [2.0, 3.0])
    #expect(enlarged.shape == [1, 1, 4, 6])
    let (one, weight) = (Tensor.ones([1, 1, 2, 2]), Tensor.ones([1, 1, 1, 1]))
    let gradients = callMany(
      "aten::convolution_backward", one, one, weight, [1], [1, 1], [0, 0], [1, 1], false, [0, 0], 1,
      [true, true, true])
    #expect(gradients.map(\.shape) == [[1, 1, 2, 2], [1, 1, 1, 1], [1]])
  }

  @Test("empty lists arrive as empty lists")
  func emptyLists() {
    #expect(Tensor.zeros([]).shape == [])
    #expect(throws: TorchError.self) { try tryCall("aten::stack", [Tensor]()) }
  }

  @Test("texts arrive whole")
  func texts() {
    let a = Tensor([1 as Float, 2, 3, 4], shape: [2, 2])
    #expect(call("aten::einsum", "ij,jk->ik", [a, a]).values() == a.matmul(a).values())
    #expect(call("aten::gelu", x, "tanh").values() != call("aten::gelu", x, "none").values())
  }

  @Test("a list may hold missing tensors where the schema allows them")
  func optionalTensors() {
    // x[:, [2, 0]]: the first axis has no index.
    let x = Tensor((0..<6).map(Float.init), shape: [2, 3])
    let y = call("aten::index.Tensor", x, OptionalTensors([nil, Tensor([2, 0])]))
    #expect(y.values() == [2, 0, 5, 3])
    #expect(y.shape == [2, 2])
  }

  @Test("a missing tensor, number or list stands for None")
  func missingValues() {
    let a = Tensor.ones([2, 2])
    #expect(call("aten::linear", a, a, Tensor?.none).values() == [2, 2, 2, 2])
    #expect(call("aten::clamp", x, Double?.none, 1.5).values() == [1.5, 1, 1.5])
    #expect(call("aten::sum.dim_IntList", x, [Int]?.none).item() == 6)
  }

  @Test("a list of results comes back in order")
  func listResults() {
    let parts = callMany("aten::unbind.int", Tensor((0..<6).map(Float.init), shape: [3, 2]), 0)
    #expect(parts.map { $0.values() } == [[0, 1], [2, 3], [4, 5]])
  }

  @Test("several results come back in order, also beside a list")
  func severalResults() {
    let sorted = callMany("aten::sort", x)
    #expect(sorted[0].values() == [1, 2, 3])
    #expect(sorted[1].values(as: Int.self) == [1, 2, 0])
  }

  @Test("an in-place operator returns the tensor it changed")
  func inPlace() {
    let y = x.cloned()
    let result = call("aten::add_.Tensor", y, x)
    #expect(result.isSame(as: y))
    #expect(y.values() == [6, 2, 4])
  }

  @Test("devices are passed by their names")
  func devices() {
    #expect(call("aten::to.device", x, Device.cpu, DType.float64).dtype == .float64)
    #expect(Tensor.zeros([1], device: .cpu).device == .cpu)
    #expect(throws: TorchError.self) {
      try tryCall("aten::to.device", x, Device.cuda(99), DType.float32)
    }
  }

  @Test("generators are drawn from and move on")
  func generators() {
    let generator = TorchGenerator(seed: 5)
    let first = Tensor.zeros([4])
    _ = call("aten::normal_", first, 0.0, 1.0, generator)
    #expect(first.values() == Tensor.randn([4], generator: TorchGenerator(seed: 5)).values())
    #expect(first.values() != Tensor.randn([4], generator: generator).values())
  }

  @Test("reads devices in libtorch's spelling and no others")
  func deviceNames() {
    #expect(Device("cpu") == .cpu)
    #expect(Device("cuda") == .cuda(0))
    #expect(Device("cuda:3") == .cuda(3))
    for text in ["", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:x", "mps"] {
      #expect(Device(text) == nil, "\(text)")
    }
    #expect("\(Device.cuda(2))" == "cuda:2")
  }
}

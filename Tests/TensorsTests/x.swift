import Testing
import Tensors
@Test func works() throws {
  let x = Tensor([1 as Float, -2, 3], shape: [3]).requiringGrad()
  let y = (x * x * x).sum()
  let g = gradients(of: [y], withRespectTo: [x], createGraph: true)[0]
  let h = gradients(of: [g.sum()], withRespectTo: [x])[0]
  #expect(h.values() == [6, -12, 18] as [Float])
  #expect(throws: TorchError.self) { try tryCall("aten::nope", x) }
  do { _ = try tryCall("aten::mm", x, x) } catch { print(error) }
  do { _ = try tryCall("aten::nope", x) } catch { print(error) }
  do { _ = try tryCall("aten::zeros", [1<<50]) } catch { print(error, error.isOutOfMemory) }
  do { _ = try tryCall("aten::add.Tensor", Tensor([1,2,3]), Tensor.zeros([2])) } catch { print(error, error.isOutOfMemory) }
  print(Machine.torchVersion, Machine.featureLevel, Machine.threadCount)
}

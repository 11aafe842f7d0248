// No call through the door leaves memory behind.

import TestSupport
import Tensors
import Testing
import ThrowingOperators

/// Runs `round` until it has made 10,000 calls, to fill caches and allocator pools, then 100,000
/// more.
///
/// A tensor's bookkeeping alone takes more than 200 bytes, a string or list at least 16 with the
/// allocator's own: a leak of one of them at every call would take 1.6 MB or more, of one tensor at
/// every tenth call 2 MB. What grows by chance (pools of the allocator, pages touched late) stays
/// below 1 MB, so the bound is 1.5 MB.
private func expectNoGrowth(callsPerRound: Int, _ round: () -> Void) {
  for _ in 0..<(10_000 / callsPerRound) { round() }
  guard let before = residentBytes() else { return }
  for _ in 0..<(100_000 / callsPerRound) { round() }
  let growth = (residentBytes() ?? before) - before
  #expect(growth < 1_500_000, "\(growth) bytes more after 100,000 calls")
}

// Each in a process of its own, since other tests that run meanwhile would be counted too.
@Suite("Memory") struct DoorLeakTests {
  @Test("operators of all kinds keep nothing of results that are dropped")
  func operators() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([2, 3])
      expectNoGrowth(callsPerRound: 10) {
        _ = x + x
        _ = x.matmul(x.transposed(0, 1))
        _ = callMany("aten::unbind.int", x, 0)
        _ = Tensor.concatenate([x, x], axis: 0)
        _ = Tensor([1 as Float, 2, 3]).values()
        _ = x.cast(to: .float16).shape
        _ = x.device
        x.addInPlace(x)
        x.multiplyInPlace(0.5)
      }
    }
  }

  @Test("texts, lists, devices and missing values are freed")
  func arguments() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([2, 2])
      let index = Tensor([1, 0])
      expectNoGrowth(callsPerRound: 5) {
        _ = call("aten::einsum", "ij,jk->ik", [x, x])
        _ = call("aten::index.Tensor", x, OptionalTensors([nil, index]))
        _ = call("aten::to.device", x, Device.cpu, DType.float64)
        _ = call("aten::upsample_nearest2d.vec", x.reshaped(1, 1, 2, 2), [Int]?.none, [2.0, 2.0])
      }
    }
  }

  @Test("gradients of gradients free their records")
  func gradientRecords() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor([1 as Float, -2, 3]).requiringGrad()
      expectNoGrowth(callsPerRound: 10) {
        let y = (x * x * x).sum()
        let first = gradients(of: [y], withRespectTo: [x], createGraph: true)[0]
        _ = gradients(of: [first.square().sum()], withRespectTo: [x])
        _ = optionalGradients(of: [(x * 2).sum()], withRespectTo: [x, x])
      }
    }
  }

  @Test("records that are never differentiated are freed")
  func droppedRecords() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([4]).requiringGrad()
      expectNoGrowth(callsPerRound: 4) { _ = (x * x).sqrt().sum() }
    }
  }

  @Test("calls that fail free what they were given")
  func errors() async {
    await #expect(processExitsWith: .success) {
      throwing_operators_register()
      let x = Tensor.ones([2, 3])
      expectNoGrowth(callsPerRound: 5) {
        _ = try? tryCall("aten::mm", x, x)
        _ = try? tryCall("aten::cat", [x, Tensor.ones([1])], 0)
        _ = try? tryCall("aten::relu", "a text that is no tensor", [1, 2, 3])
        _ = try? tryCall("throwing::standard", x)
      }
    }
  }

  @Test("generators and their states are freed")
  func generators() async {
    await #expect(processExitsWith: .success) {
      expectNoGrowth(callsPerRound: 4) {
        let generator = TorchGenerator(seed: 1)
        _ = Tensor.randn([3], generator: generator)
        try? generator.restore(generator.state)
      }
    }
  }
}

// Gradients of known functions, and the modes that record for them.

import Foundation
import Synchronization
import TestSupport
import Tensors
import Testing

@Suite("Gradients") struct GradientTests {
  private let x = Tensor([1.0, -2, 3]).requiringGrad()

  @Test("the gradient of a polynomial is its derivative")
  func polynomial() {
    let g = gradients(of: [(x * x * x).sum()], withRespectTo: [x])
    #expect(g[0].values(as: Double.self) == [3, 12, 27])
    #expect(!g[0].requiresGrad)
  }

  @Test("createGraph gives gradients that can be differentiated again, and again")
  func higherOrders() {
    let first = gradients(of: [(x * x * x).sum()], withRespectTo: [x], createGraph: true)[0]
    let second = gradients(of: [first.sum()], withRespectTo: [x], createGraph: true)[0]
    #expect(second.values(as: Double.self) == [6, -12, 18])
    #expect(
      gradients(of: [second.sum()], withRespectTo: [x])[0].values(as: Double.self) == [6, 6, 6])
  }

  @Test("weights scale each output's part")
  func weights() {
    let (a, b) = (x * x, x * 3)
    let g = gradients(
      of: [a, b], withRespectTo: [x], weights: [Tensor([1.0, 0, 0]), Tensor([0.0, 1, 2])])
    #expect(g[0].values(as: Double.self) == [2, 3, 6])
  }

  @Test("outputs without weights count as the sum of their elements, and several as their sum")
  func withoutWeights() {
    #expect(
      gradients(of: [x * x], withRespectTo: [x])[0].values(as: Double.self) == [2, -4, 6])
    let g = gradients(of: [(x * x).sum(), x.sum()], withRespectTo: [x])
    #expect(g[0].values(as: Double.self) == [3, -3, 7])
  }

  @Test("an input without influence is nil, or zeros of its shape and type")
  func unusedInput() {
    let y = Tensor.ones([2, 2], dtype: .float32).requiringGrad()
    let found = optionalGradients(
      of: [x.sum()], withRespectTo: [x, y], retainGraph: true)
    #expect(found[0] != nil && found[1] == nil)
    let zeros = gradients(of: [x.sum()], withRespectTo: [y])[0]
    #expect(zeros.shape == [2, 2] && zeros.dtype == .float32)
    #expect(zeros.values() == [0, 0, 0, 0])
  }

  @Test("a record is kept only if asked")
  func retainGraph() async {
    let y = (x * x).sum()
    let first = gradients(of: [y], withRespectTo: [x], retainGraph: true)[0]
    let second = gradients(of: [y], withRespectTo: [x])[0]
    #expect(first.values(as: Double.self) == second.values(as: Double.self))
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1.0]).requiringGrad()
      let y = (x * x).sum()
      _ = gradients(of: [y], withRespectTo: [x])
      _ = gradients(of: [y], withRespectTo: [x])
    }
  }

  @Test("a detached tensor shares memory and records nothing")
  func detached() {
    let y = x.detached()
    #expect(y.sharesMemory(with: x) && !y.isSame(as: x) && !y.requiresGrad)
    #expect(x.requiresGrad)
  }

  @Test("modes nest, innermost first")
  func nesting() {
    #expect((x * 2).requiresGrad)
    withoutGradients {
      #expect(!(x * 2).requiresGrad)
      withGradients {
        #expect((x * 2).requiresGrad)
        withoutGradients { #expect(!(x * 2).requiresGrad) }
        #expect((x * 2).requiresGrad)
      }
      #expect(!(x * 2).requiresGrad)
    }
    #expect((x * 2).requiresGrad)
  }

  @Test("a mode ends when its body throws, with the body's own error")
  func throwing() {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try withoutGradients { () throws(Stop) in throw Stop() }
    }
    #expect((x * 2).requiresGrad)
    let error = #expect(throws: TorchError.self) {
      try withoutGradients { () throws(TorchError) in try tryCall("aten::nope", x) }
    }
    #expect(error?.isOutOfMemory == false)
    #expect((x * 2).requiresGrad)
  }

  @Test("a mode belongs to the thread that set it")
  func threads() {
    let other = Mutex<Bool?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    withoutGradients {
      Thread {
        let records = (Tensor([1.0]).requiringGrad() * 2).requiresGrad
        other.withLock { $0 = records }
        isDone.signal()
      }.start()
      isDone.wait()
    }
    #expect(other.withLock(\.self) == true)
  }

  @Test("gradients can be taken inside withoutGradients, of records made before")
  func gradientsInside() {
    let y = (x * x).sum()
    let g = withoutGradients { gradients(of: [y], withRespectTo: [x])[0] }
    #expect(g.values(as: Double.self) == [2, -4, 6])
  }

  @Test("every differentiable method agrees with differences of itself")
  func methods() {
    let a = Tensor.seeded([2, 3], seed: 1)
    let positive = Tensor.seeded([2, 3], seed: 2).square() + 0.5
    let functions: [(String, (Tensor) -> Tensor)] = [
      ("sqrt", { $0.sqrt() }), ("rsqrt", { $0.rsqrt() }), ("log", { $0.log() }),
      ("exp", { $0.exp() }), ("abs", { $0.abs() }), ("square", { $0.square() }),
      ("tanh", { $0.tanh() }), ("sigmoid", { $0.sigmoid() }), ("elu", { $0.elu() }),
      ("selu", { $0.selu() }), ("softplus", { $0.softplus() }),
      ("softmax", { $0.softmax(axis: 1) }), ("relu", { $0.relu() }),
      ("leakyReLU", { $0.leakyReLU(slope: 0.2) }), ("lerp", { $0.lerp(to: a, weight: 0.3) }),
      ("mean", { $0.mean(over: 1) }), ("sum", { $0.sum(over: 0, keepAxes: true) }),
      ("max", { $0.max(over: 1) }), ("clamped", { $0.clamped(from: 0.4, to: 1.1) }),
      ("padded", { $0.padded(1, -1, 2, 0) }), ("flipped", { $0.flipped(0, 1) }),
      ("sliced", { $0.sliced(0..<3, axis: 1, step: 2) }),
      ("divided", { 2 - $0 / (a.square() + 1) }),
      ("matmul", { $0.matmul($0.transposed(0, 1)) }),
    ]
    for (name, function) in functions {
      expectGradients(at: [positive], name) { function($0[0]) }
    }
  }
}

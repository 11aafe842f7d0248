// Computations that keep their inputs only: results, gradients, random numbers, memory, misuse.

import TestSupport
import Tensors
import Testing

@Suite("Checkpointed computations") struct CheckpointingTests {
  private let x = Tensor.seeded([4, 6], seed: 1).requiringGrad()
  private let y = Tensor.seeded([4, 6], seed: 2).requiringGrad()
  private let weight = Tensor.seeded([6, 6], seed: 3).requiringGrad()

  private func block(_ x: Tensor, _ y: Tensor) -> [Tensor] {
    let h = (x.matmul(weight) * y).exp().sigmoid()
    return [h, (h * y).square() + x]
  }

  /// The gradients of what two blocks make of `x` and `y`.
  private func found(checkpointing: Bool) -> (results: [Tensor], gradients: [Tensor]) {
    func run(_ x: Tensor, _ y: Tensor) -> [Tensor] {
      guard checkpointing else { return block(x, y) }
      return checkpointed([x, y]) { [self] kept, _ in block(kept[0], kept[1]) }.compactMap(\.self)
    }
    let scaled = x * 2
    let first = run(scaled, y)
    // Given to one computation each: what comes to an input from several is added up by computations.
    let second = run(first[0] + first[1], Tensor.seeded([4, 6], seed: 6))
    let loss = (second[0] * second[1]).sum() + first[1].sum()
    return (second, gradients(of: [loss], withRespectTo: [x, y, weight]))
  }

  @Test("results and gradients have the same bits as without")
  func bits() {
    let (plain, kept) = (found(checkpointing: false), found(checkpointing: true))
    for (a, b) in zip(plain.results + plain.gradients, kept.results + kept.gradients) {
      #expect(a.values(as: Double.self) == b.values(as: Double.self))
    }
    #expect(kept.gradients.allSatisfy { $0.abs().max().item() > 1e-3 })
  }

  @Test("gradients are those of finite differences, also where an input is missing")
  func finiteDifferences() throws {
    for other in [y, nil] {
      func loss(_ x: Tensor) -> Tensor {
        let made = checkpointed([x], optional: [other, nil]) { [weight] kept, others in
          [nil, (kept[0].matmul(weight) * (others[0] ?? kept[0])).sigmoid()]
        }
        #expect(made.count == 2 && made[0] == nil)
        return (made[1] ?? x).square().sum()
      }
      let slope = gradients(of: [loss(x)], withRespectTo: [x])[0]
      let direction = Tensor.seeded([4, 6], seed: 4)
      // In float64 a step of 1e-5 leaves 1e-10 by curvature and 1e-11 by rounding.
      let expected = withoutGradients {
        (loss(x + direction * 1e-5) - loss(x - direction * 1e-5)).item() / 2e-5
      }
      #expect(abs((slope * direction).sum().item() - expected) < 1e-8)
    }
  }

  @Test("runs once forwards, once more for gradients, and in no mode for the sake of another")
  func counts() {
    var modes: [Bool] = []
    func run() -> Tensor {
      checkpointed([x]) { kept in
        modes.append(recordsGradients)
        return kept[0].square()
      }
    }
    withoutGradients { _ = run() }
    #expect(modes == [false])
    let made = run()
    #expect(modes == [false, true] && made.requiresGrad)
    let sum = made.sum()
    withoutGradients {
      _ = gradients(of: [sum], withRespectTo: [x])
      #expect(!recordsGradients)
    }
    #expect(modes == [false, true, true])
    let constant = checkpointed([x.detached()]) { kept in kept[0].exp() }
    #expect(!constant.requiresGrad)
  }

  @Test("random numbers are the same the second time, and streams go on from where they were")
  func randomNumbers() {
    func run(checkpointing: Bool) -> (values: [Double], next: [Double]) {
      let random = TorchGenerator(seed: 5)
      func noisy(_ x: Tensor) -> Tensor {
        (x * .randn([4, 6], generator: random, dtype: .float64)).exp()
      }
      let first = checkpointing ? checkpointed([x], replaying: [random]) { noisy($0[0]) } : noisy(x)
      let second =
        checkpointing ? checkpointed([first], replaying: [random]) { noisy($0[0]) } : noisy(first)
      let slope = gradients(of: [second.sum()], withRespectTo: [x])[0]
      return (
        slope.values(as: Double.self),
        Tensor.randn([3], generator: random, dtype: .float64).values(as: Double.self)
      )
    }
    let (plain, kept) = (run(checkpointing: false), run(checkpointing: true))
    #expect(plain.values == kept.values && plain.next == kept.next)
  }

  @Test("only inputs and results are held afterwards, all of it while the computation runs")
  func memory() {
    let x = Tensor.seeded([64, 64], seed: 1, dtype: .float32).requiringGrad()
    func chain(_ x: Tensor) -> Tensor { (0..<8).reduce(x) { x, _ in x.sigmoid() } }
    let size = 64 * 64 * 4
    // A sigmoid keeps its result.
    #expect(bytesHeld { chain(x) } == 8 * size && mostBytesHeld { chain(x) } == 8 * size)
    let run = { checkpointed([checkpointed([x]) { chain($0[0]) }]) { chain($0[0]) } }
    #expect(bytesHeld(by: run) == 2 * size)
    #expect(mostBytesHeld(by: run) == 9 * size)
  }

  private final class Token {}

  @Test("what a computation holds is let go with its record")
  func release() {
    weak var token: Token?
    func run() -> Tensor {
      let own = Token()
      token = own
      return checkpointed([x]) { kept in withExtendedLifetime(own) { kept[0].square() } }
    }
    do {
      let made = run()
      #expect(token != nil && made.requiresGrad)
    }
    #expect(token == nil)
    let made = run()
    _ = gradients(of: [made.sum()], withRespectTo: [x])
    #expect(token == nil)
  }

  @Test("gradients of gradients, and what was recorded outside, end the program with a reason")
  func misuse() async {
    func text(_ result: ExitTest.Result?) -> String {
      String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }
    let twice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1.0, 2]).requiringGrad()
      let made = checkpointed([x]) { kept in kept[0].square() }
      _ = gradients(of: [made.sum()], withRespectTo: [x], createGraph: true)
    }
    #expect(text(twice).contains("checkpointed computations are differentiated once"))
    let outside = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1.0, 2]).requiringGrad()
      let other = x * 2
      _ = checkpointed([x]) { kept in kept[0] * other }
    }
    #expect(text(outside).contains("a recorded tensor that is not among its inputs"))
  }
}

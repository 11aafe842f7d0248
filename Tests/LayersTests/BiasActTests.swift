// Bias and activation: the one pass over memory against the plain reference.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("biasAct") struct BiasActTests {
  private struct Choice: CustomStringConvertible {
    let activation: Activation
    let shape: [Int]
    let axis: Int
    let hasBias: Bool
    let gain: Double?
    let clamp: Double?
    var description: String {
      "\(activation) of \(shape) along \(axis), bias \(hasBias), gain \(gain ?? 0), clamp \(clamp ?? 0)"
    }
  }

  /// All activations with every axis, gain and clamp, with and without bias.
  private var choices: [Choice] {
    var all: [Choice] = []
    for activation in Activation.allCases {
      for (shape, axis) in [
        ([7], 0), ([2, 3], 1), ([3, 2], 0), ([2, 3, 5, 4], 1), ([2, 3, 5, 4], 3), ([0, 3, 2], 1),
        ([2, 3, 0], 1),
      ] {
        for hasBias in [false, true] {
          for gain in [nil, 0.5, 3] as [Double?] {
            for clamp in [nil, 0.4, 2] as [Double?] {
              all.append(
                Choice(
                  activation: activation, shape: shape, axis: axis, hasBias: hasBias, gain: gain,
                  clamp: clamp))
            }
          }
        }
      }
    }
    return all
  }

  private func apply(
    _ function: (Tensor, Tensor?, Int, Activation, Double, Double?, Double?) -> Tensor,
    _ c: Choice, _ x: Tensor, _ bias: Tensor
  ) -> Tensor {
    function(x, c.hasBias ? bias : nil, c.axis, c.activation, 0.2, c.gain, c.clamp)
  }

  // Two straight lines are one rounding of the result; curves are libtorch's, and are rounded up to
  // four times on the way.
  @Test(
    "equals the reference for all activations, axes, gains and clamps",
    arguments: [
      (DType.float64, 1e-15, 1e-15), (.float32, 1e-6, 1e-6), (.bfloat16, 0x1p-8, 0x1p-6),
      (.float16, 0x1p-11, 0x1p-9),
    ])
  func equalsReference(dtype: DType, ofLines: Double, ofCurves: Double) {
    for c in choices {
      let x = Tensor.seeded(c.shape, seed: 1).cast(to: dtype)
      let bias = Tensor.seeded([c.shape[c.axis]], seed: 2)
      let y = apply(biasAct, c, x, bias)
      #expect(y.dtype == dtype)
      // The bias meets x in the format of x.
      let expected = apply(
        biasActReference, c, x.cast(to: .float64), bias.cast(to: dtype).cast(to: .float64))
      let isOfLines = [.linear, .relu, .lrelu].contains(c.activation)
      let rtol = isOfLines ? ofLines : ofCurves
      // Where x and bias cancel, sums of 32 bits are wrong by a share of them, not of the small sum;
      // in curves those of 16 bits, too.
      let atol = dtype == .float64 ? 4e-15 : isOfLines ? 4e-6 : rtol * 4
      expectClose(y, expected, atol: atol, rtol: rtol, "\(c)")
    }
  }

  @Test("differs from the reference's gradients nowhere but at the bound")
  func gradientsEqualReference() {
    for c in choices where c.shape.allSatisfy({ $0 > 0 }) {
      let x = Tensor.seeded(c.shape, seed: 1).requiringGrad()
      let bias = Tensor.seeded([c.shape[c.axis]], seed: 2).requiringGrad()
      let weights = Tensor.seeded(c.shape, seed: 3)
      let inputs = c.hasBias ? [x, bias] : [x]
      let found = gradients(
        of: [apply(biasAct, c, x, bias)], withRespectTo: inputs, weights: [weights])
      let expected = gradients(
        of: [apply(biasActReference, c, x, bias)], withRespectTo: inputs, weights: [weights])
      for (a, b) in zip(found, expected) { expectClose(a, b, atol: 1e-13, "\(c)") }
    }
  }

  @Test("first and second gradients agree with differences of the function")
  func differences() {
    for activation in Activation.allCases {
      for clamp in [nil, 0.7] as [Double?] {
        expectSecondGradients(
          at: [.seeded([2, 3, 4], seed: 5), .seeded([3], seed: 6)],
          "\(activation) clamp \(clamp ?? 0)"
        ) { biasAct($0[0], bias: $0[1], activation: activation, gain: 1.3, clamp: clamp) }
      }
    }
  }

  @Test("clamped elements have no gradient, in 16-bit formats too", arguments: DType.allFloating)
  func clampedGradients(dtype: DType) {
    // sqrt(0.5) * 256 is no 16-bit number: the bound itself is rounded when it is written.
    for clamp in [256 * 0.5.squareRoot(), 0.7, 0.1, 1000] {
      let x = Tensor([-5000.0, -0.001, 0.001, 5000]).cast(to: dtype).requiringGrad()
      let y = biasAct(x.unsqueezed(0), activation: .linear, gain: 1, clamp: clamp)
      let g = gradients(of: [y], withRespectTo: [x])[0]
      #expect(g.values() == [0, 1, 1, 0], "\(dtype) \(clamp)")
    }
  }

  @Test("at zero the negative side's slope counts, as in the reference")
  func slopeAtZero() {
    for activation in [Activation.relu, .lrelu] {
      let x = Tensor([0.0, -0.0]).requiringGrad()
      let g = gradients(
        of: [biasAct(x, axis: 0, activation: activation, gain: 2)], withRespectTo: [x])
      #expect(g[0].values(as: Double.self) == [1, 1].map { $0 * (activation == .relu ? 0 : 0.4) })
    }
  }

  @Test("not-a-number goes through, bounded or not")
  func notANumber() {
    let y = biasAct(Tensor([Float.nan, 1]), axis: 0, activation: .lrelu, clamp: 2)
    #expect(y.values()[0].isNaN && y.values()[1].isFinite)
  }

  @Test("infinities become bounds, or stay")
  func infinities() {
    let x = Tensor([Float.infinity, -.infinity])
    #expect(biasAct(x, axis: 0, activation: .lrelu, clamp: 3).values() == [3, -3])
    #expect(biasAct(x, axis: 0, activation: .lrelu).values() == [.infinity, -.infinity])
    #expect(biasAct(x, axis: 0, activation: .relu).values() == [.infinity, 0])
  }

  @Test("x need not lie in row-major order")
  func strided() {
    let x = Tensor.seeded([4, 3, 2], seed: 1).transposed(0, 2)
    let bias = Tensor.seeded([6], seed: 2).sliced(0..<6, axis: 0, step: 2)
    expectClose(
      biasAct(x, bias: bias, activation: .lrelu),
      biasActReference(x, bias: bias, activation: .lrelu), atol: 1e-15)
  }

  @Test("gains that are not positive take the reference's way")
  func otherGains() {
    let x = Tensor.seeded([2, 3], seed: 1)
    for gain in [0, -2.0] {
      expectClose(
        biasAct(x, activation: .lrelu, gain: gain),
        biasActReference(x, activation: .lrelu, gain: gain), atol: 1e-15)
    }
  }

  @Test("activations have StyleGAN2's gains and values")
  func activations() {
    #expect(Activation.allCases.filter { $0.defaultGain != 1 } == [.relu, .lrelu, .swish])
    #expect(Activation.lrelu.defaultGain == 2.0.squareRoot())
    let x = Tensor([-1.0])
    let values = Activation.allCases.map { $0(x).item() }
    let e = 0.36787944117144233
    let expected = [
      -1, 0, -0.2, -0.7615941559557649, 0.2689414213699951, e - 1,
      1.0507009873554805 * 1.6732632423543772 * (e - 1), 0.31326168751822286,
      -0.2689414213699951,
    ]
    for (a, b) in zip(values, expected) { #expect(abs(a - b) < 1e-14) }
  }

  @Test("traps on a bias of another length and an axis that is not there")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = biasAct(Tensor.ones([2, 3]), bias: .ones([2]))
    }
    await #expect(processExitsWith: .failure) { _ = biasAct(Tensor.ones([2, 3]), axis: 2) }
  }
}

extension DType {
  static let allFloating = allCases.filter(\.isFloatingPoint)
}

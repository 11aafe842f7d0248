// Spectral norms and the Haar transform.

import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("SpectralNorm") struct SpectralNormTests {
  private func layer(_ weight: Tensor, dtype: DType = .float64) -> (SpectralNorm, ParameterStore) {
    let store = ParameterStore()
    let scope = Scope(store, dtype: dtype, generator: TorchGenerator(seed: 1))
    return (SpectralNorm(scope, .values(weight)), store)
  }

  @Test("after many uses in training the largest singular value is 1")
  func norm() {
    // Singular values 3, 2 and 1 along the axes.
    let weight = Tensor([3, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0] as [Double], shape: [3, 4])
    let (norm, _) = layer(weight)
    for _ in 0..<60 { _ = norm(.training) }
    // The share of the others falls by (2 / 3)² each time.
    expectClose(norm(.evaluation), weight / 3, atol: 1e-9)
  }

  @Test("evaluation takes u and v as they are")
  func evaluation() {
    let (norm, store) = layer(.seeded([3, 2, 2], seed: 4))
    let (first, second) = (norm(.evaluation), norm(.evaluation))
    expectClose(first, second, atol: 0)
    let (u, v) = (store["weight_u"], store["weight_v"])
    let matrix = store["weight_orig"].reshaped(3, 4)
    let sigma = (u * matrix.matmul(v)).sum().item()
    expectClose(first * sigma, store["weight_orig"], atol: 1e-12)
    // First values are drawn and normalised in float32.
    #expect(abs(u.norm().item() - 1) < 1e-6 && abs(v.norm().item() - 1) < 1e-6)
  }

  @Test("gradients see u and v as constants, also those that training has just improved")
  func gradientsOfWeight() {
    let start = Tensor.seeded([3, 4], seed: 4)
    expectSecondGradients(at: [start]) { x in
      let (copy, store) = layer(.zeros([3, 4], dtype: .float64))
      store["weight_orig"].assign(x[0])
      return copy(.evaluation)
    }
    let (norm, store) = layer(start)
    store.setRequiresGrad(true)
    let sum = (norm(.training) * .seeded([3, 4], seed: 5)).sum()
    let inTraining = gradients(of: [sum], withRespectTo: [store["weight_orig"]])[0]
    let again = (norm(.evaluation) * .seeded([3, 4], seed: 5)).sum()
    let inEvaluation = gradients(of: [again], withRespectTo: [store["weight_orig"]])[0]
    expectClose(inTraining, inEvaluation, atol: 1e-12)
  }
}

@Suite("HaarTransform") struct HaarTransformTests {
  @Test("the inverse gives the images back")
  func inverse() {
    let p = Scope(ParameterStore())
    let x = Tensor.seeded([2, 3, 8, 6], seed: 1, dtype: .float32)
    let coefficients = HaarTransform(p / "dwt")(x)
    #expect(coefficients.shape == [2, 12, 4, 3])
    expectClose(InverseHaarTransform(p / "iwt")(coefficients), x, atol: 1e-6)
  }

  @Test("rows that differ are in lh, columns that differ in hl, for each colour apart")
  func kinds() {
    let transform = HaarTransform(Scope(ParameterStore()))
    let rows = Tensor([0, 0, 2, 2] as [Float], shape: [1, 1, 2, 2])
    let x = Tensor.concatenate([rows, rows.transposed(2, 3), rows * 0 + 1], axis: 1)
    let found = transform(x).values()
    // Colours within kinds: ll, lh, hl, hh; a true convolution takes the first minus the second.
    let expected: [Float] = [2, 2, 2, -2, 0, 0, 0, -2, 0, 0, 0, 0]
    expectClose(Tensor(found), Tensor(expected), atol: 1e-6)
  }
}

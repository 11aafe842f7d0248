// Factorised weights: orthonormal, sorted, and of the layers that were asked for.

import Editing
import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Factorised styles") struct StyleFactorizationTests {
  @Test(
    "directions are orthonormal, the strongest first", arguments: StyleFactorization.Method.allCases
  )
  func orthonormal(method: StyleFactorization.Method) throws {
    let found = try StyleFactorization(of: smallGenerator(), method: method)
    #expect(found.vectors.shape == [8, 8])
    let v = found.vectors.cast(to: .float64)
    expectClose(v.matmul(v.transposed(0, 1)), call("aten::eye", 8, DType.float64), atol: 1e-6)
    let values = found.values.values(as: Double.self)
    #expect(values == values.sorted(by: >) && values.allSatisfy { $0 > 0 })
  }

  @Test("a value is how much a step along its direction changes the styles")
  func meaning() throws {
    let matrices = [Tensor.seeded([5, 4], seed: 1), .seeded([7, 4], seed: 2)]
    let stack = Tensor.concatenate(matrices, axis: 0)
    let raw = try StyleFactorization(of: matrices, method: .rosinality)
    let sefa = try StyleFactorization(of: matrices)
    let rows = stack / stack.square().sum(over: 1, keepAxes: true).sqrt()
    for k in 0..<4 {
      func change(_ weights: Tensor, _ found: StyleFactorization) -> Double {
        weights.matmul(found.vectors.selected(k, axis: 0).cast(to: .float64)).square().sum().item()
      }
      let value = raw.values.values(as: Double.self)[k]
      #expect(abs(change(stack, raw) - value * value) < 1e-4)
      #expect(abs(change(rows, sefa) - sefa.values.values(as: Double.self)[k]) < 1e-5)
    }
    // Lengths of weights do not matter to the published form.
    let scaled = try StyleFactorization(of: [matrices[0] * 3, matrices[1]])
    expectClose(scaled.vectors, sefa.vectors, atol: 1e-5)
  }

  @Test("only layers that read the rows count, and one that makes colours")
  func layers() throws {
    let generator = smallGenerator()
    func of(_ names: [String], _ method: StyleFactorization.Method) throws -> Tensor {
      let weights = names.map { generator.parameters["synthesis.\($0).affine.weight"] }
      return try StyleFactorization(of: weights, method: method).vectors
    }
    let all = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]
    let sefa = try StyleFactorization(of: generator)
    expectClose(sefa.vectors, try of(all + ["b16.torgb"], .sefa), atol: 1e-5)
    let rosinality = try StyleFactorization(of: generator, method: .rosinality)
    expectClose(rosinality.vectors, try of(all + ["b4.torgb"], .rosinality), atol: 1e-5)
    let some = try StyleFactorization(of: generator, rows: 1..<3)
    expectClose(some.vectors, try of(["b8.conv0", "b8.conv1"], .sefa), atol: 1e-5)
    #expect(some.directions(rows: 1..<3).allSatisfy { $0.rows == 1..<3 })
    let none = #expect(throws: EditingError.self) {
      _ = try StyleFactorization(of: generator, rows: 6..<9)
    }
    #expect(
      none?.description.hasPrefix("factorisation of rows 6..<9: expected layers that read them")
        == true)
  }
}

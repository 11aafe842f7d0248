// Boundaries: the widest margin, exactly; chosen codes; accuracy; refusals.

import Editing
import TestSupport
import Tensors
import Testing

@Suite("Boundaries") struct SemanticBoundaryTests {
  @Test("between two pairs of points the boundary lies where geometry says")
  func geometry() throws {
    // Margins touch (1, 1) and (-1, -1), other points lie further out.
    let samples = Tensor([1.0, 1, 3, 0.5, -1, -1, -4, 0], shape: [4, 2])
    let svm = try LinearSVM(samples, isPositive: [true, true, false, false], c: 10)
    expectClose(svm.weight, Tensor([0.5, 0.5]), atol: 1e-7)
    #expect(abs(svm.bias) < 1e-7)
  }

  @Test("no other hyperplane has a smaller objective", arguments: [0.01, 1, 100])
  func optimality(c: Double) throws {
    let samples = Tensor.seeded([60, 5], seed: 1)
    let isPositive = (0..<60).map { $0 % 3 == 0 }
    let svm = try LinearSVM(samples, isPositive: isPositive, c: c)
    #expect(svm.gap < 1e-10)
    let signs = Tensor(isPositive.map { $0 ? 1.0 : -1 })
    func objective(_ w: Tensor, _ b: Double) -> Double {
      let margins = signs * (samples.matmul(w) + b)
      return w.square().sum().item() / 2 + c * (1 - margins).relu().sum().item()
    }
    let best = objective(svm.weight, svm.bias)
    for seed in UInt64(0)..<20 {
      let step = Tensor.seeded([6], seed: seed) * 1e-3
      let moved = objective(
        svm.weight + step.sliced(0..<5, axis: 0), svm.bias + step.selected(5, axis: 0).item())
      #expect(moved >= best * (1 - 1e-12))
    }
  }

  @Test("many more samples than numbers, classes that overlap, unequal scales")
  func large() throws {
    let scales = Tensor([100.0, 1, 0.01, 5])
    let samples = Tensor.seeded([3000, 4], seed: 2) * scales + 7
    let scores = (samples / scales).sum(over: 1) + Tensor.seeded([3000], seed: 3) * 2
    let values = scores.values(as: Double.self)
    let middle = values.sorted()[1500]
    let svm = try LinearSVM(samples, isPositive: values.map { $0 > middle })
    #expect(svm.gap < 1e-10)
  }

  @Test("samples of one class, or that are not finite, are refused")
  func refusals() {
    let one = #expect(throws: EditingError.self) {
      _ = try LinearSVM(.ones([2, 2]), isPositive: [true, true])
    }
    #expect(
      one?.description == "a boundary between classes: expected samples of two classes, "
        + "found 2 and 0 of [2, 2]")
    let infinite = #expect(throws: EditingError.self) {
      _ = try LinearSVM(.full(.infinity, [2, 2]), isPositive: [true, false])
    }
    #expect(infinite?.description.hasSuffix("found samples that are not finite") == true)
  }

  @Test("the direction of an attribute is found from scores")
  func attribute() throws {
    let codes = Tensor.seeded([1000, 6], seed: 4)
    let normal = Tensor.seeded([6], seed: 5)
    let scores = (codes.matmul(normal) + 1).values(as: Double.self)
    var settings = SemanticBoundarySettings()
    settings.chosen = .share(0.2)
    let boundary = try SemanticBoundary(
      codes: codes, scores: scores, settings: settings, name: "smile")
    #expect(boundary.direction.name == "smile")
    #expect(abs(boundary.direction.vector.norm().item() - 1) < 1e-12)
    let cosine = (boundary.direction.vector * normal).sum().item() / normal.norm().item()
    #expect(cosine > 0.99)
    #expect(boundary.accuracy == 1)
    #expect((boundary.codeCount, boundary.testCount) == (280, 120))
    // Of 200 a side 140 find the boundary; with all of them none is left to test it.
    settings.trainingShare = 1
    #expect(try SemanticBoundary(codes: codes, scores: scores, settings: settings).accuracy == nil)
    settings.chosen = .count(100_000)
    #expect(throws: Never.self) {
      _ = try SemanticBoundary(codes: codes, scores: scores, settings: settings)
    }
  }

  @Test("equal codes, codes that are not finite, and settings that cannot be are refused")
  func numbers() {
    let scores = (0..<10).map(Double.init)
    var settings = SemanticBoundarySettings()
    settings.chosen = .share(0.5)
    for (codes, words) in [
      (Tensor.full(0.1, [10, 3]), "codes that differ"),
      (Tensor.full(.nan, [10, 3]), "finite codes"),
    ] {
      let error = #expect(throws: EditingError.self) {
        _ = try SemanticBoundary(codes: codes, scores: scores, settings: settings)
      }
      #expect(error?.description.contains(words) == true, "\(words)")
    }
    let codes = Tensor.seeded([10, 3], seed: 1)
    let equal = #expect(throws: EditingError.self) {
      _ = try SemanticBoundary(
        codes: codes, scores: [Double](repeating: 1, count: 10), settings: settings)
    }
    #expect(equal?.description.contains("scores that differ") == true)
    for change in [
      { (s: inout SemanticBoundarySettings) in s.chosen = .share(.nan) },
      { $0.chosen = .count(-1) }, { $0.trainingShare = .nan }, { $0.c = 0 },
    ] {
      var settings = settings
      change(&settings)
      let error = #expect(throws: EditingError.self) {
        _ = try SemanticBoundary(codes: codes, scores: scores, settings: settings)
      }
      #expect(error?.description.contains("shares from 0 to 1") == true)
    }
  }

  @Test("scores that are not finite, and too few codes, are refused")
  func scores() {
    let codes = Tensor.seeded([10, 3], seed: 1)
    let few = #expect(throws: EditingError.self) {
      _ = try SemanticBoundary(codes: codes, scores: (0..<10).map(Double.init))
    }
    #expect(
      few?.description
        == "a boundary: expected at least one code of each side to find it with, found 0 of 10")
    let nan = #expect(throws: EditingError.self) {
      _ = try SemanticBoundary(codes: codes, scores: [.nan] + (1..<10).map(Double.init))
    }
    #expect(
      nan?.description
        == "a boundary: expected finite scores of codes [10, 3], found 10, of which 1 are not")
  }
}

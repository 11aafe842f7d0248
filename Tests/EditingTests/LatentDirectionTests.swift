// Directions: how far codes move along them, in which rows, and what conditions leave of them.

import Editing
import TestSupport
import Tensors
import Testing

@Suite("Directions") struct LatentDirectionTests {
  private let codes = Tensor.seeded([2, 4, 6], seed: 1)
  private let u = LatentDirection(.seeded([6], seed: 2)).normalized

  /// Where each row of codes lies on the direction.
  private func places(_ codes: Tensor, _ direction: LatentDirection) -> Tensor {
    (codes * direction.vector).sum(over: 2)
  }

  @Test("the strength is how far every row moves, in deviations where they are known")
  func strength() {
    var scaled = u
    scaled.deviation = 2
    expectClose(places(u.moving(codes, by: 1.5), u), places(codes, u) + 1.5, atol: 1e-12)
    expectClose(places(scaled.moving(codes, by: 1.5), u), places(codes, u) + 3, atol: 1e-12)
    expectClose(u.moving(u.moving(codes, by: 3), by: -3), codes, atol: 1e-12)
  }

  @Test("only the rows asked for move, else those of the direction")
  func rows() {
    var coarse = u
    coarse.rows = 0..<2
    for (moved, rows) in [
      (coarse.moving(codes, by: 1), 0..<2), (coarse.moving(codes, by: 1, rows: 1..<4), 1..<4),
      (u.moving(codes, by: 1, rows: 2..<9), 2..<4), (u.moving(codes, by: 1), 0..<4),
    ] {
      for row in 0..<4 {
        let change = (moved - codes).selected(row, axis: 1).norm().item()
        #expect(abs(change - (rows.contains(row) ? 2.0.squareRoot() : 0)) < 1e-12, "row \(row)")
      }
    }
  }

  @Test("the first row comes to the place asked for, all others by the same way")
  func place() {
    let mean = Tensor.seeded([6], seed: 3)
    var scaled = u
    scaled.deviation = 0.5
    let moved = scaled.moving(codes, to: 3, from: mean)
    let first = places((moved - mean), u).selected(0, axis: 1)
    expectClose(first, .full(1.5, [2], dtype: .float64), atol: 1e-12)
    let change = moved - codes
    expectClose(change, change.sliced(0..<1, axis: 1).expanded(2, 4, 6), atol: 1e-12)
    // Across the direction nothing moves.
    let across = change - places(change, u).unsqueezed(2) * u.vector
    expectClose(across, .zeros([2, 4, 6], dtype: .float64), atol: 1e-12)
  }

  @Test(
    "the place is reached along directions of any length, and of a row each", arguments: [1, 4])
  func placeOfLong(rows: Int) {
    let vector = rows == 1 ? u.vector * 3 : Tensor.seeded([4, 6], seed: 9)
    let direction = LatentDirection(vector, deviation: 0.5)
    let first = vector.reshaped(rows, 6).selected(0, axis: 0)
    let moved = direction.moving(codes, to: 3).selected(0, axis: 1)
    let places = (moved * first).sum(over: 1) / first.square().sum() / 0.5
    expectClose(places, .full(3, [2], dtype: .float64), atol: 1e-12)
  }

  @Test("a direction with a vector for every row moves each along its own")
  func rowVectors() {
    let direction = LatentDirection(.seeded([4, 6], seed: 5))
    expectClose(direction.moving(codes, by: 2), codes + direction.vector * 2, atol: 0)
  }

  @Test("with conditions, what they are along does not change", arguments: 1...3)
  func conditions(count: Int) throws {
    // The third condition depends on the first two.
    let (a, b) = (Tensor.seeded([6], seed: 7), Tensor.seeded([6], seed: 8))
    let conditions = [a, b, a * 2 - b].prefix(count).map { LatentDirection($0) }
    let left = try u.orthogonal(to: conditions)
    #expect(abs(left.vector.norm().item() - 1) < 1e-12)
    for condition in conditions {
      #expect(abs((left.vector * condition.vector).sum().item()) < 1e-12)
    }
    if count == 1 {
      // The published formula for one condition.
      let c = a / a.norm()
      let projected = u.vector - c * (u.vector * c).sum()
      expectClose(left.vector, projected / projected.norm(), atol: 1e-12)
    }
  }

  @Test("one condition in two roundings is one condition")
  func roundedConditions() throws {
    let a = Tensor.seeded([6], seed: 7)
    let rounded = LatentDirection(a.cast(to: .float32).cast(to: .float64))
    let left = try u.orthogonal(to: [LatentDirection(a), rounded])
    let one = try u.orthogonal(to: [LatentDirection(a)])
    expectClose(left.vector, one.vector, atol: 1e-6)
    #expect(throws: EditingError.self) {
      _ = try u.orthogonal(to: [LatentDirection(.zeros([6], dtype: .float64))])
    }
  }

  @Test("a direction that its conditions span is refused")
  func spanned() {
    let error = #expect(throws: EditingError.self) {
      _ = try LatentDirection(.ones([3]), name: "age").orthogonal(
        to: [LatentDirection(.ones([3]) * -2)])
    }
    #expect(
      error?.description.hasPrefix(
        "the direction age: expected one that its 1 conditions do not span") == true)
  }
}

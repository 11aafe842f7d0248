// Moments and distances of features against their definitions.

import Metrics
import TestSupport
import Tensors
import Testing

@Suite("Moments of features") struct FeatureMomentsTests {
  private let features = Tensor.seeded([40, 5]) * 3 + 7

  /// The covariance by its definition.
  private func covariance(_ divisor: Double) -> Tensor {
    let centred = features - features.mean(over: 0, keepAxes: true)
    return centred.transposed(0, 1).matmul(centred) / divisor
  }

  @Test("batches of any size give the moments of all features")
  func batches() {
    for sizes in [[40], [1, 39], [13, 13, 14]] {
      var moments = FeatureMoments(dimension: 5)
      var start = 0
      for size in sizes {
        moments.add(features.sliced(start..<start + size, axis: 0))
        start += size
      }
      #expect(moments.count == 40)
      expectClose(moments.mean, features.mean(over: 0), atol: 1e-12)
      expectClose(moments.covariance(.count), covariance(40), atol: 1e-11)
      expectClose(moments.covariance(.countMinusOne), covariance(39), atol: 1e-11)
    }
  }
}

@Suite("Fréchet distance") struct FrechetDistanceTests {
  /// Numbers on a diagonal.
  private func diagonal(_ values: [Double]) -> Tensor { call("aten::diag", Tensor(values)) }

  @Test("of diagonal covariances it is the sum over the axes")
  func diagonals() {
    let a = FeatureDistribution(mean: Tensor([1.0, 2, 3]), covariance: diagonal([1, 4, 0]))
    let b = FeatureDistribution(mean: Tensor([0.0, 2, 5]), covariance: diagonal([9, 1, 2]))
    // Squared distances of means, 1, 0 and 4, and of deviations, 4, 1 and 2.
    let expected = 12.0
    #expect(abs(a.frechetDistance(from: b) - expected) < 1e-9)
    #expect(abs(b.frechetDistance(from: a) - expected) < 1e-9)
  }

  @Test("it does not depend on the axes, and is 0 for equal distributions of any rank")
  func rotations() {
    let turn = callMany("aten::linalg_qr", Tensor.seeded([6, 6], seed: 4))[0]
    func turned(_ values: [Double]) -> Tensor {
      turn.matmul(diagonal(values)).matmul(turn.transposed(0, 1))
    }
    let a = FeatureDistribution(mean: .zeros([6]), covariance: turned([1, 4, 9, 0, 0, 16]))
    let b = FeatureDistribution(mean: .ones([6]), covariance: turned([4, 4, 1, 0, 1, 0]))
    // Six squared distances of means, and those of deviations, 1, 0, 4, 0, 1 and 16.
    let expected = 28.0
    #expect(abs(a.frechetDistance(from: b) - expected) < 1e-5)
    #expect(abs(a.frechetDistance(from: a)) < 1e-5)
  }

  @Test("rounding never makes it negative")
  func equal() {
    for seed in 0..<12 as Range<UInt64> {
      let x = Tensor.seeded([40, 12], seed: seed)
      let a = FeatureDistribution(
        mean: x.mean(over: 0), covariance: x.transposed(0, 1).matmul(x) * 1000)
      let distance = a.frechetDistance(from: a)
      #expect(distance >= 0 && distance < 1e-5)
      // Nor is a distance that is no number taken for one.
      let none = FeatureDistribution(mean: a.mean / 0, covariance: a.covariance)
      #expect(none.frechetDistance(from: none).isNaN)
    }
  }

  @Test("covariances that do not commute have the trace of the product's root")
  func products() {
    func covariance(_ seed: UInt64) -> Tensor {
      let x = Tensor.seeded([9, 4], seed: seed)
      return x.transposed(0, 1).matmul(x) / 9
    }
    let (s, t) = (covariance(5), covariance(6))
    let values: Tensor = call("aten::linalg_eigvals", s.matmul(t))
    let roots = (call("aten::real", values) as Tensor).sqrt().sum().item()
    let traces = [s, t].map { ($0 * diagonal([1, 1, 1, 1])).sum().item() }
    let zero = Tensor.zeros([4])
    let found = FeatureDistribution(mean: zero, covariance: s)
      .frechetDistance(from: FeatureDistribution(mean: zero, covariance: t))
    #expect(abs(found - (traces[0] + traces[1] - 2 * roots)) < 1e-9)
    #expect(found > 0.01)
  }
}

@Suite("Kernel distance") struct KernelDistanceTests {
  /// The estimate by its definition, pair by pair.
  private func definition(_ x: [[Double]], _ y: [[Double]]) -> Double {
    func kernel(_ a: [Double], _ b: [Double]) -> Double {
      let value = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / Double(a.count) + 1
      return value * value * value
    }
    let m = Double(x.count)
    var (within, across) = (0.0, 0.0)
    for i in x.indices {
      for j in x.indices {
        if i != j { within += kernel(x[i], x[j]) + kernel(y[i], y[j]) }
        across += kernel(x[i], y[j])
      }
    }
    return within / (m * (m - 1)) - 2 * across / (m * m)
  }

  @Test("blocks of rows give what all pairs give")
  func pairs() {
    func rows(_ tensor: Tensor) -> [[Double]] {
      let values = tensor.values(as: Double.self)
      return stride(from: 0, to: values.count, by: 3).map { Array(values[$0..<$0 + 3]) }
    }
    for m in [2, 7, 1001] {
      let (x, y) = (Tensor.seeded([m, 3], seed: 1), Tensor.seeded([m, 3], seed: 2) + 0.3)
      let expected = definition(rows(x), rows(y))
      #expect(abs(kernelDistance(x, y) - expected) < 1e-10 * Double(m), "\(m) rows")
    }
  }

  @Test("subsets are those of NumPy's choice without replacement")
  func subsets() {
    let found = KernelSubset.random(count: 2, size: 4, rows: (10, 10), seed: 2020)
    #expect(found.map(\.first) == [[2, 4, 9, 1], [1, 9, 2, 8]])
    #expect(found.map(\.second) == [[5, 7, 6, 4], [0, 3, 4, 6]])
    let uneven = KernelSubset.random(count: 1, size: 4, rows: (6, 9), seed: 7)
    #expect(uneven == [KernelSubset(first: [3, 5, 0, 2], second: [6, 3, 4, 8])])
    let few = KernelSubset.random(count: 1, size: 100, rows: (3, 9), seed: 7)
    #expect(few[0].first.count == 3 && few[0].second.count == 3)
  }

  @Test("the mean is taken over subsets, and work can be stopped")
  func mean() {
    let (x, y) = (Tensor.seeded([6, 3], seed: 1), Tensor.seeded([6, 3], seed: 2))
    let halves = [
      KernelSubset(first: [0, 1, 2], second: [3, 4, 5]),
      KernelSubset(first: [5, 4, 3], second: [0, 2, 1]),
    ]
    let each = halves.map { half in
      kernelDistance(
        x.picked(Tensor(half.first), axis: 0), y.picked(Tensor(half.second), axis: 0))
    }
    let found = kernelDistance(x, y, subsets: halves) { _ in }
    #expect(abs(found.mean - (each[0] + each[1]) / 2) < 1e-12)
    #expect(abs(found.deviation - abs(each[0] - each[1]) / 2) < 1e-12)
    var seen: [Int] = []
    #expect(throws: Stopped.self) {
      _ = try kernelDistance(x, y, subsets: halves) { _ in
        throw Stopped()
      }
    }
    _ = kernelDistance(x, y, subsets: halves) { seen.append($0) }
    #expect(seen == [1, 2])
  }

  private struct Stopped: Error {}
}

@Suite("Inception Score") struct InceptionScoreTests {
  @Test("sure and varied pictures score the number of classes, equal ones 1")
  func extremes() {
    let sure = Tensor.oneHot((0..<20).map { $0 % 4 }, count: 4) * 200
    let varied = inceptionScore(logits: sure, splits: 5)
    #expect(abs(varied.mean - 4) < 1e-9 && varied.deviation < 1e-9)
    let equal = inceptionScore(
      logits: Tensor.oneHot([Int](repeating: 2, count: 20), count: 4) * 200)
    #expect(abs(equal.mean - 1) < 1e-9)
  }

  @Test("parts are cut in order, the last as large as the rest")
  func parts() {
    // Two parts of 2 and 3: the first has one class, the second two.
    let logits = Tensor.oneHot([0, 0, 0, 1, 1], count: 2) * 200
    let found = inceptionScore(logits: logits, splits: 2)
    let entropy = -(1.0 / 3 * _log(1.0 / 3) + 2.0 / 3 * _log(2.0 / 3))
    let scores = [1, _exp(entropy)]
    #expect(abs(found.mean - (scores[0] + scores[1]) / 2) < 1e-9)
    #expect(abs(found.deviation - (scores[1] - scores[0]) / 2) < 1e-9)
  }

  private func _log(_ x: Double) -> Double { Tensor([x]).log().item() }
  private func _exp(_ x: Double) -> Double { Tensor([x]).exp().item() }
}

@Suite("Precision and recall") struct PrecisionRecallTests {
  @Test("shares of features in balls, on a line where they can be counted")
  func line() {
    // Real 0 … 9: the third neighbour of the ends is 3 away, of the next 2, of all others 2.
    let real = Tensor((0..<10).map(Double.init), shape: [10, 1])
    let fake = Tensor([-3.0, -3.25, 4.5, 11, 12.5, 30], shape: [6, 1])
    let found = PrecisionAndRecall(generated: fake, real: real) { _ in }
    // Reached: -3, 4.5, 11 and, 3 from 9, nothing else but 12 would be.
    #expect(found.precision == 3.0 / 6)
    // The balls of -3, -3.25, 4.5, 11, 12.5 and 30 reach 14, 14.25, 7.75, 14.25, 15.75 and 25.5.
    #expect(found.recall == 1)
  }

  @Test("distances are rounded as is asked, and one feature's own distance does not count")
  func rounding() throws {
    let real = Tensor([0.0, 1, 2, 3, 4096], shape: [5, 1])
    // In float16, 4097 is 4096 and so inside of a ball without neighbours nearer than 4093.
    let exact = FeatureManifold(real, k: 1, precision: .float32) { _ in }
    #expect(exact.share(of: Tensor([4.5, -1, -1.5], shape: [3, 1])) { _ in } == 2.0 / 3)
    let rounded = FeatureManifold(Tensor([0.0, 2048], shape: [2, 1]), k: 1) { _ in }
    #expect(rounded.share(of: Tensor([4096.9, 4100], shape: [2, 1])) { _ in } == 0.5)
  }

  @Test("many features in pieces are what few are at once, and progress reaches 1")
  func pieces() {
    let (real, fake) = (
      Tensor.seeded([9000, 2], seed: 1), Tensor.seeded([9000, 2], seed: 2) * 1.3
    )
    var shares: [Double] = []
    let found = PrecisionAndRecall(generated: fake, real: real, rounding: .float32) {
      shares.append($0)
    }
    #expect(shares.count >= 8 && shares == shares.sorted() && abs((shares.last ?? 0) - 1) < 1e-12)
    let part = FeatureManifold(real, precision: .float32) { _ in }
    let halves = [0..<4500, 4500..<9000].map { part.share(of: fake.sliced($0, axis: 0)) { _ in } }
    #expect(abs(found.precision - (halves[0] + halves[1]) / 2) < 1e-12)
    #expect(found.precision < found.recall)
  }
}

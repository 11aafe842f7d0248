// The example on the first page about metrics.

import Metrics
import TestSupport
import Tensors
import Testing

@Suite("First example of Metrics") struct MetricsPageTests {
  @Test("features are gathered and compared")
  func example() {
    let real = Tensor.seeded([100, 8], seed: 1)
    let fake = Tensor.seeded([100, 8], seed: 2) + 1

    var moments = FeatureMoments(dimension: 8)
    for batch in [real.sliced(0..<60, axis: 0), real.sliced(60..<100, axis: 0)] {
      moments.add(batch)
    }
    let reference = FeatureDistribution(moments)
    var generated = FeatureMoments(dimension: 8)
    generated.add(fake)
    let distance = FeatureDistribution(generated).frechetDistance(from: reference)

    let subsets = KernelSubset.random(count: 10, size: 50, rows: (100, 100), seed: 0)
    let kernel = kernelDistance(fake, real, subsets: subsets) { _ in }
    let both = PrecisionAndRecall(generated: fake, real: real) { _ in }

    // Means that are 1 apart in all eight numbers.
    #expect(distance > 6 && distance < 12)
    #expect(kernel.mean > 1 && kernel.deviation < kernel.mean)
    #expect((0.2...0.98).contains(both.precision) && (0.2...0.98).contains(both.recall))
  }
}

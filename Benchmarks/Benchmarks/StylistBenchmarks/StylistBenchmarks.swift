// How long calls, operators and networks take; figures to compare within one run.

import Benchmark
import Tensors

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .cpuTotal, .throughput], warmupIterations: 3,
    maxDuration: .seconds(3))
  // As in the program: large results find pages that are there already.
  Machine.reuseMemory()

  callBenchmarks()
  neighborhoodBenchmarks()
  convolutionBenchmarks()
  attentionBenchmarks()
  linearBenchmarks()
  pictureBenchmarks()
}

// What the benchmarks of operators share: a time and a rate for each call, and random numbers.

import Benchmark
import Tensors

/// 10⁹ additions and multiplications of an operator's definition in a second, however it computes.
private let rate = BenchmarkMetric.custom(
  "GFLOP/s", polarity: .prefersLarger, useScalingFactor: false)

/// A call to time.
private struct Work {
  let run: () -> Void
}

/// Registers a benchmark of a call, which reports its time and the rate of its definition.
///
/// - Parameters:
///   - name: The operator, the shapes, and after a colon what is done with them.
///   - flop: The additions and multiplications of the definition.
///   - prepare: Makes what the call needs, and returns the call.
func benchmarkRate(_ name: String, flop: Int, prepare: @escaping () -> () -> Void) {
  let configuration = Benchmark.Configuration(
    metrics: [.wallClock, rate], timeUnits: .microseconds, units: [rate: .count],
    warmupIterations: 3, maxDuration: .seconds(2))
  Benchmark(
    name, configuration: configuration,
    closure: { (benchmark: Benchmark, work: Work) in
      benchmark.startMeasurement()
      let time = ContinuousClock().measure(work.run)
      benchmark.stopMeasurement()
      benchmark.measurement(rate, Int((Double(flop) / (time / .nanoseconds(1))).rounded()))
    }, setup: { Work(run: prepare()) })
}

/// A call whose results nobody needs, without gradients.
func evaluation(_ body: @escaping () -> Tensor) -> () -> Void {
  { blackHole(withoutGradients(body)) }
}

/// A call for the gradients of a result by some of what it was made of.
///
/// - Parameters:
///   - inputs: What is differentiated by.
///   - result: Makes the result of `inputs`, in turn.
/// - Returns: The call, of which the result is no part.
func differentiation(_ inputs: [Tensor], of result: ([Tensor]) -> Tensor) -> () -> Void {
  let inputs = inputs.map { $0.detached().requiringGrad() }
  let y = result(inputs)
  let weights = random(like: y)
  return {
    blackHole(gradients(of: [y], withRespectTo: inputs, weights: [weights], retainGraph: true))
  }
}

/// Normally distributed numbers.
func random(_ shape: [Int], _ dtype: DType = .float32, seed: UInt64 = 0) -> Tensor {
  .randn(shape, generator: TorchGenerator(seed: seed)).cast(to: dtype)
}

/// Normally distributed numbers in the order of memory of others.
private func random(like x: Tensor) -> Tensor {
  x.detached() + random(x.shape, x.dtype, seed: 9)
}

/// A number format, as benchmarks' names end.
func suffix(_ dtype: DType) -> String { dtype == .float32 ? "" : ", \(dtype)" }

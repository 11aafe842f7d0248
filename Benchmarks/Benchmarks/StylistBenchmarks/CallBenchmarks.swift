// What the door into libtorch costs, and two fused operators beside their plain references.

import Benchmark
import CTorch
import Layers
import Tensors

func callBenchmarks() {
  // What the door costs by itself: the same operator as below, without Swift's handling of arguments.
  Benchmark("door: aten::neg on one element", configuration: .init(scalingFactor: .kilo)) {
    benchmark in
    var (error, one, shape) = (CTorchError(), Float(1), Int64(1))
    let x = ctorch_from_bytes(&one, 4, &shape, 1, Int32(CTorchFloat32.rawValue), &error)
    var argument = CTorchValue()
    (argument.tag, argument.tensor) = (CTorchTagTensor, x)
    let name: StaticString = "aten::neg"
    let address = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    var result: CTorchTensorRef?
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      _ = ctorch_call(address, &argument, 1, &result, 1, &error)
      ctorch_release(result)
    }
    benchmark.stopMeasurement()
    ctorch_release(x)
  }

  // What a call costs from Swift: an operator on one number does next to nothing beside the call.
  Benchmark("call: aten::add.Tensor on one element", configuration: .init(scalingFactor: .kilo)) {
    benchmark in
    let (a, b) = (Tensor.ones([1]), Tensor.ones([1]))
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(call("aten::add.Tensor", a, b)) }
  }

  Benchmark("call: aten::neg on one element", configuration: .init(scalingFactor: .kilo)) {
    benchmark in
    let a = Tensor.ones([1])
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(call("aten::neg", a)) }
  }

  // Each fused operator beside its plain reference.
  let filter = defaultResampleFilter
  Benchmark("upsample2d [1, 64, 128, 128]: fused") { benchmark in
    let x = Tensor.randn([1, 64, 128, 128], generator: TorchGenerator(seed: 0))
    let taps = filter()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(upsample2d(x, filter: taps)) }
  }
  Benchmark("upsample2d [1, 64, 128, 128]: reference") { benchmark in
    let x = Tensor.randn([1, 64, 128, 128], generator: TorchGenerator(seed: 0))
    let taps = filter()
    let padding = Padding(left: 2, right: 1, top: 2, bottom: 1)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(upfirdn2dReference(x, filter: taps, up: 2, padding: padding, gain: 4))
    }
  }
  Benchmark("biasAct [1, 64, 256, 256]: fused") { benchmark in
    let x = Tensor.randn([1, 64, 256, 256], generator: TorchGenerator(seed: 0))
    let bias = Tensor.zeros([64])
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(biasAct(x, bias: bias, activation: .lrelu, clamp: 256))
    }
  }
  Benchmark("biasAct [1, 64, 256, 256]: reference") { benchmark in
    let x = Tensor.randn([1, 64, 256, 256], generator: TorchGenerator(seed: 0))
    let bias = Tensor.zeros([64])
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(biasActReference(x, bias: bias, activation: .lrelu, clamp: 256))
    }
  }
}

// Whole pictures of StyleGAN2.

import Benchmark
import Layers
import Networks
import Tensors

func pictureBenchmarks() {
  for resolution in [64, 256] {
    Benchmark("StyleGAN2, configuration F, \(resolution)×\(resolution), one picture") { benchmark in
      let configuration = StyleGAN2Configuration(resolution: resolution)
      let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 0))
      let generator = StyleGAN2(configuration, scope)
      let wPlus = generator.broadcast(generator.map(z: generator.z(seed: 0)))
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        blackHole(withoutGradients { generator.synthesize(wPlus) })
      }
    }
  }
}

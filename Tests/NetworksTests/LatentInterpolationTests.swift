// Interpolated keyframes: the spline of SciPy, closed, in the shape of W+.

import Networks
import Tensors
import Testing

@Suite struct LatentInterpolationTests {
  @Test("gives the numbers of SciPy's not-a-knot cubic")
  func matchesSciPy() {
    let keyframes = Tensor([0, 1, 0, -2] as [Double], shape: [4, 1, 1])
    // interp1d(arange(-4 * wraps, 4 * (wraps + 1)), tile(y, 2 * wraps + 1), kind="cubic") at 0,
    // 1/2, …
    let published: [Int: [Double]] = [
      1: [0, 0.780936305, 1, 0.780896226, 0, -1.27952121, -2, -1.28781138],
      2: [0, 0.781248383, 1, 0.781248176, 0, -1.28124109, -2, -1.28128382],
    ]
    for (wraps, expected) in published {
      let frames = interpolateKeyframes(keyframes, framesPerKeyframe: 2, wraps: wraps)
      let errors = zip(frames.values(as: Double.self), expected).map { abs($0 - $1) }
      #expect(errors.allSatisfy { $0 < 5e-9 }, "wraps \(wraps): \(errors)")
    }
  }

  @Test("passes through every keyframe and keeps shape and type")
  func passesThroughKeyframes() {
    let keyframes = Tensor.randn([3, 2, 5], generator: TorchGenerator(seed: 3))
    let frames = interpolateKeyframes(keyframes, framesPerKeyframe: 4)
    #expect(frames.shape == [12, 2, 5])
    #expect(frames.dtype == .float32)
    let atKnots = frames.sliced(0..<12, axis: 0, step: 4)
    #expect((atKnots - keyframes).abs().max().item() < 1e-6)
  }

  @Test("goes on smoothly from the last frame to the first")
  func closes() {
    let keyframes = Tensor.randn([4, 1, 3], generator: TorchGenerator(seed: 4))
    let turned = Tensor.concatenate(
      [keyframes.sliced(1..<4, axis: 0), keyframes.sliced(0..<1, axis: 0)], axis: 0)
    // Far from the ends the curve does not know where it began: the influence falls by 0.27 a knot.
    let frames = interpolateKeyframes(keyframes, framesPerKeyframe: 5, wraps: 4)
    let others = interpolateKeyframes(turned, framesPerKeyframe: 5, wraps: 4)
    let ahead = Tensor.concatenate(
      [frames.sliced(5..<20, axis: 0), frames.sliced(0..<5, axis: 0)], axis: 0)
    #expect((ahead - others).abs().max().item() < 1e-5)
  }

  @Test("stands still on a single keyframe")
  func singleKeyframe() {
    let keyframe = Tensor([0.5, -2] as [Float], shape: [1, 1, 2])
    let frames = interpolateKeyframes(keyframe, framesPerKeyframe: 3)
    #expect(frames.values() == [0.5, -2, 0.5, -2, 0.5, -2] as [Float])
  }
}

// Kinds of cases about animations.

import Networks
import Tensors

let videoKinds = [ParityKind("StyleGAN2-ADA", "interp_video", interpolatedFrames)]

/// The only way in which animations are interpolated.
private enum SplineKind: String, CaseIterable, JSONReadable {
  case cubicNotAKnot = "cubic_not_a_knot"
}

private func interpolatedFrames(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (keyframes, frames) = (try config.count("keyframes"), try config.count("w_frames"))
  let (numWs, wDim) = (try config.count("num_ws"), try config.count("w_dim"))
  let wraps = try config.count("wraps", in: 1...1024, default: 2)
  let _: SplineKind = try config.value("spline")
  guard keyframes * (2 * wraps + 1) >= 4 else {
    throw CaseError("\(keyframes) keyframes, \(wraps) wraps: too few for a spline")
  }
  let ws = try inputs.input("ws", shape: [keyframes, numWs, wDim])
  return ["frames": interpolateKeyframes(ws, framesPerKeyframe: frames, wraps: wraps)]
}

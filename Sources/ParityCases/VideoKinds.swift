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
  let (keyframes, numWs): (Int, Int) = (try config.value("keyframes"), try config.value("num_ws"))
  let (wDim, frames): (Int, Int) = (try config.value("w_dim"), try config.value("w_frames"))
  let wraps = try config.value("wraps", default: 2)
  let _: SplineKind = try config.value("spline")
  guard wraps >= 1, frames >= 1, keyframes * (2 * wraps + 1) >= 4 else {
    throw CaseError("\(keyframes) keyframes, \(wraps) wraps, \(frames) frames: too few")
  }
  let ws = try inputs.input("ws", shape: [keyframes, numWs, wDim])
  return ["frames": interpolateKeyframes(ws, framesPerKeyframe: frames, wraps: wraps)]
}

// Perceptual path length: Karras et al., "A Style-Based Generator Architecture for Generative
// Adversarial Networks" (2019), section 4.1, with the choices of the published programs.

public import Networks
public import Tensors

/// How abruptly pictures change as a latent moves: the distance of two pictures that are a small
/// step of the latent apart, over the step squared.
public struct PerceptualPathLength: Hashable, Sendable {
  /// The latents between which a path runs.
  public enum Space: String, CaseIterable, Codable, Hashable, Sendable {
    /// Along the great circle between normalised z.
    case z
    /// Along the line between w.
    case w
  }

  /// The places on a path at which it is measured.
  public enum Sampling: String, CaseIterable, Codable, Hashable, Sendable {
    /// Anywhere between both ends.
    case full
    /// Only at the first end, where latents come from the generator's own distribution.
    case end
  }

  /// The latents between which the paths run.
  public var space: Space
  /// The places at which they are measured.
  public var sampling: Sampling
  /// Whether only the middle of the picture counts, where FFHQ has the face: rows from 3/8 to 7/8,
  /// columns from 2/8 to 6/8.
  public var isCropped: Bool
  /// The step.
  public var epsilon: Double
  /// Whether pictures above 256 pixels are averaged down by the size that they have after the crop,
  /// as the StyleGAN paper's program does; the programs since take the network's own size.
  public var reducesByCrop: Bool

  /// A path length of this kind.
  ///
  /// - Parameters:
  ///   - space: The latents between which the paths run.
  ///   - sampling: The places at which they are measured.
  ///   - isCropped: Whether only the middle of the picture counts.
  ///   - epsilon: The step.
  ///   - reducesByCrop: Whether pictures are averaged down by their size after the crop.
  public init(
    space: Space, sampling: Sampling, isCropped: Bool = false, epsilon: Double = 1e-4,
    reducesByCrop: Bool = false
  ) {
    self.space = space
    self.sampling = sampling
    self.isCropped = isCropped
    self.epsilon = epsilon
    self.reducesByCrop = reducesByCrop
  }

  /// The lengths of some paths.
  ///
  /// Both pictures of a path have the same noise.
  ///
  /// - Shape: N paths; result [N], float32.
  /// - Parameters:
  ///   - generator: Draws the pictures, without truncation.
  ///   - ends: The z at which the paths start and end, [N, zDim] each.
  ///   - t: Where on the paths they are measured, from 0 to 1; `end` measures at 0 whatever it is.
  ///   - labels: [N, labelDim]; nil for generators without labels.
  ///   - options: Noise and number format.
  ///   - features: From pictures [2 N, 3, H, W] with numbers from 0 to 255, not bounded, to
  ///     [2 N, F] whose squared differences sum up to the distance.
  /// - Returns: Squared distances over the squared step.
  public func lengths(
    of generator: any Generator, between ends: (Tensor, Tensor), at t: Tensor,
    labels: Tensor? = nil, options: SynthesisOptions = SynthesisOptions(),
    features: (Tensor) -> Tensor
  ) -> Tensor {
    let t = (sampling == .full ? t : t.zerosLike()).unsqueezed(1)
    let w: (Tensor, Tensor)
    switch space {
    case .z:
      func mapped(_ t: Tensor) -> Tensor {
        generator.map(z: sphericalInterpolation(ends.0, ends.1, at: t), labels: labels)
      }
      w = (mapped(t), mapped(t + epsilon))
    case .w:
      let start = generator.map(z: ends.0, labels: labels)
      let end = generator.map(z: ends.1, labels: labels)
      func moved(_ t: Tensor) -> Tensor { call("aten::lerp.Tensor", start, end, t) }
      w = (moved(t), moved(t + epsilon))
    }
    let wPlus = generator.broadcast(.concatenate([w.0, w.1], axis: 0))
    let drawn = generator.synthesize(wPlus, options: options)
    let seen = features(shown(generator.traits.pixelEncoding.colours(drawn), of: generator.traits))
    let n = t.size(0)
    let difference = seen.sliced(0..<n, axis: 0) - seen.sliced(n..<2 * n, axis: 0)
    return difference.square().sum(over: 1) / (epsilon * epsilon)
  }

  /// What is compared of pictures: cropped, averaged down, from 0 to 255, in three channels.
  private func shown(_ images: Tensor, of traits: GeneratorTraits) -> Tensor {
    var x = images
    if isCropped {
      let part = x.size(2) / 8
      x = x.sliced(3 * part..<7 * part, axis: 2).sliced(2 * part..<6 * part, axis: 3)
    }
    x = averagedDown(x, by: (reducesByCrop ? x.size(2) : traits.resolution) / 256)
    x = (x + 1) * 127.5
    return x.size(1) == 1 ? x.repeated(1, 3, 1, 1) : x.sliced(0..<3, axis: 1)
  }

  /// The mean of path lengths without the smallest and largest hundredth.
  ///
  /// - Parameter lengths: At least one.
  /// - Returns: The mean, and the smallest and largest length that count.
  public static func mean(of lengths: [Float]) -> (mean: Double, bounds: ClosedRange<Float>) {
    precondition(!lengths.isEmpty, "no lengths")
    let sorted = lengths.sorted()
    // The percentiles' places among the sorted lengths, rounded away from the middle.
    let last = Double(sorted.count - 1)
    let low = sorted[Int((0.01 * last).rounded(.down))]
    let high = sorted[Int((0.99 * last).rounded(.up))]
    let kept = sorted.filter { low <= $0 && $0 <= high }
    return (kept.reduce(0.0) { $0 + Double($1) } / Double(kept.count), low...high)
  }
}

/// Pictures whose squares of pixels are averaged.
///
/// - Parameters:
///   - images: [N, C, H, W].
///   - factor: The width and height of a square; 1 and less leave pictures as they are.
/// - Returns: [N, C, H / factor, W / factor].
func averagedDown(_ images: Tensor, by factor: Int) -> Tensor {
  guard factor > 1 else { return images }
  let stride = [factor, factor]
  return call("aten::avg_pool2d", images, stride, stride, [0, 0], false, true)
}

/// The point on the great circle between normalised vectors.
///
/// With d = ⟨a, b⟩ and c the unit vector of b - d a, the point is a cos(t acos d) + c sin(t acos d).
///
/// - Shape: `a` and `b` [N, D], `t` [N, 1] or without axes; result [N, D], each of length 1.
/// - Parameters:
///   - a: Where t is 0.
///   - b: Where t is 1.
///   - t: The place.
/// - Returns: The point.
public func sphericalInterpolation(_ a: Tensor, _ b: Tensor, at t: Tensor) -> Tensor {
  func unit(_ x: Tensor) -> Tensor {
    x / (call("aten::linalg_vector_norm", x, 2.0, [-1], true) as Tensor)
  }
  let (a, b) = (unit(a), unit(b))
  let d = (a * b).sum(over: -1, keepAxes: true)
  let angle = t * (call("aten::acos", d) as Tensor)
  return unit(a * angle.cos() + unit(b - d * a) * angle.sin())
}

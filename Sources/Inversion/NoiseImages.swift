// What keeps noise images noise while they are optimised: a penalty on their structure, and their
// scale.

import Layers
public import Tensors

/// How much neighbouring pixels of a noise image resemble each other, at every scale.
///
/// The square of the mean product of the image and itself moved by one pixel, along both axes, and
/// the same of the image at half its size, and so on down to 8 pixels. Without it an optimised
/// noise image would show the picture.
///
/// - Source: Karras et al. (2020), "Analyzing and Improving the Image Quality of StyleGAN",
///   appendix D; `projector.py` of stylegan2-ada-pytorch.
/// - Parameter noise: [H, W].
/// - Returns: A tensor without axes.
public func noiseAutocorrelation(_ noise: Tensor) -> Tensor {
  var n = noise.unsqueezed(0).unsqueezed(0)
  func similarity(along axis: Int) -> Tensor { (n * n.rolled([1], axes: [axis])).mean().square() }
  var sum = similarity(along: 3) + similarity(along: 2)
  while n.size(2) > 8 {
    n = averagePool2d(n)
    sum = sum + similarity(along: 3) + similarity(along: 2)
  }
  return sum
}

/// A noise image of mean 0 and mean square 1.
///
/// - Parameter noise: Any shape.
/// - Returns: The same shape.
public func normalizedNoise(_ noise: Tensor) -> Tensor {
  let centred = noise - noise.mean()
  return centred * centred.square().mean().rsqrt()
}

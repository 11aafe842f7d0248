// The body of our own networks that judge pictures: that of StyleGAN2's discriminator, which looks at
// each picture by itself.

import Layers
import Tensors

extension StyleGAN2DiscriminatorConfiguration {
  /// A body that compares no pictures with each other.
  static func body(
    resolution: Int, imgChannels: Int, channelBase: Int, channelMax: Int
  ) -> StyleGAN2DiscriminatorConfiguration {
    var body = StyleGAN2DiscriminatorConfiguration(resolution: resolution)
    (body.imgChannels, body.channelBase, body.channelMax) = (imgChannels, channelBase, channelMax)
    body.mbstdChannels = 0
    return body
  }
}

/// StyleGAN2's discriminator with any number of results.
///
/// - Shape: `img` [N, C, H, W] in [-1, 1], features [N, F], results [N, O].
final class PictureBody {
  private let blocks: [DiscriminatorBlock]
  private let epilogue: DiscriminatorEpilogue

  /// Makes the blocks `b64` and so on, and the last layer `b4.out`.
  ///
  /// - Parameters:
  ///   - body: Its sizes.
  ///   - p: The root of the names.
  ///   - outFeatures: O.
  init(_ body: StyleGAN2DiscriminatorConfiguration, _ p: Scope, outFeatures: Int) {
    let filter = Layers.resampleFilter(body.resampleFilter)
    blocks = body.blockResolutions.map { r in
      DiscriminatorBlock(p / "b\(r)", resolution: r, body, filter: filter)
    }
    epilogue = DiscriminatorEpilogue(
      p / "b\(body.lastResolution)", body, filter: filter, outFeatures: outFeatures)
  }

  /// What the blocks hand on, each half as wide as the one before.
  ///
  /// - Parameter img: [N, C, H, W].
  /// - Returns: For every block [N, channels, h, w].
  func stages(_ img: Tensor) -> [Tensor] {
    var stages: [Tensor] = []
    _ = lastState(img) { stages.append($0) }
    return stages
  }

  /// What the last layer reads: [N, F].
  func features(_ img: Tensor) -> Tensor { epilogue.features(lastState(img) { _ in }) }

  /// What the last layer says: [N, O].
  func callAsFunction(_ img: Tensor) -> Tensor { epilogue.out(features(img)) }

  private func lastState(_ img: Tensor, seen: (Tensor) -> Void) -> DiscriminatorBlock.State {
    var state = DiscriminatorBlock.State(x: nil, img: img.channelsLast())
    for block in blocks {
      state = block(state, DiscriminatorOptions())
      if let x = state.x { seen(x) }
    }
    return state
  }
}

// How far a picture is from the one that is sought: by any features, or without weights.

import Layers
public import Networks
public import Tensors

/// How far pictures are from a target.
///
/// Pictures and target are [1, C, H, W] in [-1, 1], not bounded. What the target needs, such as its
/// features, is computed once.
public struct ImageDistance {
  /// Takes the target and gives what measures the distance of pictures from it, a tensor without
  /// axes that can be differentiated.
  public let prepare: (Tensor) -> (Tensor) -> Tensor

  /// A distance of any kind.
  ///
  /// - Parameter prepare: Takes the target and gives what measures the distance of pictures.
  public init(_ prepare: @escaping (_ target: Tensor) -> (_ picture: Tensor) -> Tensor) {
    self.prepare = prepare
  }

  /// The sum of squared differences of features, as NVIDIA's projector measures it with those of
  /// VGG-16 that LPIPS takes.
  ///
  /// - Parameters:
  ///   - size: Pictures whose width or height is larger are first averaged down to it.
  ///   - features: From pictures [1, C, H, W] with numbers from 0 to 255 to features of any shape.
  /// - Returns: The distance.
  public static func squaredFeatures(
    atMost size: Int = 256, _ features: @escaping (Tensor) -> Tensor
  ) -> ImageDistance {
    comparing({ features(($0.averaged(atMost: size) + 1) * 127.5) }, by: { $0.square().sum() })
  }

  /// The mean of squared differences of features, as in-domain inversion measures it.
  ///
  /// - Parameters:
  ///   - size: Pictures whose width or height is larger are first averaged down to it.
  ///   - features: From pictures [1, C, H, W] in [-1, 1] to features of any shape.
  /// - Returns: The distance.
  public static func meanFeatures(
    atMost size: Int = 256, _ features: @escaping (Tensor) -> Tensor
  ) -> ImageDistance {
    comparing({ features($0.averaged(atMost: size)) }, by: { $0.square().mean() })
  }

  /// The sum of squared differences of embeddings, which the distances of deep features are.
  ///
  /// - Parameter embedding: From pictures [1, C, H, W] in [-1, 1] to one vector each.
  /// - Returns: The distance.
  public static func squaredEmbeddings(
    _ embedding: @escaping (Tensor) -> Tensor
  ) -> ImageDistance {
    comparing(embedding, by: { $0.square().sum() })
  }

  /// A distance of a classifier's features, such as that of portraits which comes with the program.
  ///
  /// - Parameter distance: The distance.
  /// - Returns: What measures it.
  public static func perceptual(_ distance: PerceptualDistance) -> ImageDistance {
    squaredEmbeddings(distance.embedding)
  }

  /// What is seen in a picture, against what is seen in the target.
  private static func comparing(
    _ seen: @escaping (Tensor) -> Tensor, by measure: @escaping (Tensor) -> Tensor
  ) -> ImageDistance {
    ImageDistance { target in
      let wanted = withoutGradients { seen(target) }
      return { picture in measure(wanted - seen(picture)) }
    }
  }

  /// A distance that needs no trained weights: the mean squared differences of colours and of their
  /// changes from pixel to pixel, at every scale.
  ///
  /// Both pictures are averaged down by halves while width and height are even and above 8. At every
  /// scale the mean squared differences of the colours, of their horizontal and of their vertical
  /// differences are taken; the distance is the mean of their sums over the scales. Coarse scales
  /// make it smooth, fine ones and the differences make it see edges. Unlike a distance of learned
  /// features, it does not know what people look at: textures that are alike but lie elsewhere are
  /// far apart.
  public static var pyramid: ImageDistance {
    ImageDistance { target in
      let wanted = withoutGradients { scales(of: target) }
      return { picture in
        let sums = zip(wanted, scales(of: picture)).map { a, b in
          let difference = b - a
          let (height, width) = (difference.size(2), difference.size(3))
          func change(along axis: Int, _ length: Int) -> Tensor {
            difference.sliced(1..<length, axis: axis)
              - difference.sliced(0..<length - 1, axis: axis)
          }
          let colours = difference.square().mean()
          guard height > 1, width > 1 else { return colours }
          return colours + change(along: 3, width).square().mean()
            + change(along: 2, height).square().mean()
        }
        return Tensor.stack(sums).mean()
      }
    }
  }

  /// The picture and its halves: [1, C, H, W] each.
  private static func scales(of picture: Tensor) -> [Tensor] {
    var scales = [picture]
    var x = picture
    while min(x.size(2), x.size(3)) > 8, x.size(2) % 2 == 0, x.size(3) % 2 == 0 {
      x = averagePool2d(x)
      scales.append(x)
    }
    return scales
  }

  /// The mean squared difference of the colours.
  public static var meanSquare: ImageDistance {
    ImageDistance { target in { picture in (picture - target).square().mean() } }
  }
}

extension Tensor {
  /// Pictures averaged down to a width and height, if they are larger.
  fileprivate func averaged(atMost size: Int) -> Tensor {
    guard self.size(2) > size || self.size(3) > size else { return self }
    return adaptiveAveragePool2d(
      self, height: Swift.min(self.size(2), size), width: Swift.min(self.size(3), size))
  }
}

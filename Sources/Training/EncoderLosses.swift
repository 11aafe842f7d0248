// What encoders learn with: the losses of the pictures that a generator draws of their codes, Richardson
// et al. (2021) and Hu et al. (2022), and a loss of the codes themselves.

import Layers
public import Networks
public import Tensors

/// How far what a generator draws of codes is from the pictures that they are codes of.
public struct EncoderLosses {
  /// The losses of a batch.
  public struct Terms {
    /// The codes, [N, numWs, wDim].
    public let wPlus: Tensor
    /// What the generator draws of them, at the size at which pictures are compared: [N, C, H, W].
    public let yHat: Tensor
    /// The losses of pictures.
    public let pictures: InversionLoss.Terms
    /// The mean of the squared differences of codes, a tensor without axes; nil where true codes are
    /// not known.
    public let code: Tensor?
    /// The sum, each times its weight: a tensor without axes.
    public let total: Tensor

    /// The losses that count by their names in logs, `total` first.
    public var named: [(name: String, loss: Tensor)] {
      let all: [(String, Tensor?)] = [
        ("loss", total), ("l2", pictures.l2), ("lpips", pictures.lpips),
        ("identity", pictures.identity), ("l2_crop", pictures.l2Crop),
        ("lpips_crop", pictures.lpipsCrop), ("w_norm", pictures.wNorm), ("code", code),
      ]
      return all.compactMap { name, loss in loss.map { (name, $0) } }
    }
  }

  /// The losses of pictures.
  public let ofPictures: InversionLoss
  /// How much the loss of codes counts.
  public let codeWeight: Double
  /// The width at which pictures are compared, in pixels.
  public let comparedWidth: Int

  /// Losses of pictures and of codes.
  ///
  /// - Parameters:
  ///   - ofPictures: The losses of pictures.
  ///   - codeWeight: How much the loss of codes counts.
  ///   - comparedWidth: The width at which pictures are compared, in pixels.
  public init(_ ofPictures: InversionLoss, codeWeight: Double = 0, comparedWidth: Int = 256) {
    (self.ofPictures, self.codeWeight) = (ofPictures, codeWeight)
    self.comparedWidth = comparedWidth
  }

  /// The losses of codes.
  ///
  /// - Parameters:
  ///   - wPlus: The codes, [N, numWs, wDim].
  ///   - img: The pictures that they are codes of, as an encoder sees them: [N, C, H, W] in [-1, 1].
  ///   - decoder: Draws the codes, with the noise that is stored with it.
  ///   - latentAverage: The average code, [numWs, wDim].
  ///   - trueCodes: The codes that the pictures were drawn from, [N, numWs, wDim]; nil where they are
  ///     not known.
  /// - Returns: The losses.
  public func callAsFunction(
    _ wPlus: Tensor, of img: Tensor, by decoder: any Generator, latentAverage: Tensor,
    trueCodes: Tensor? = nil
  ) -> Terms {
    let y = compared(img)
    let yHat = compared(decoder.visibleColours(wPlus), like: y)
    let pictures = ofPictures(yHat, y: y, wPlus: wPlus, latentAverage: latentAverage)
    let rows = decoder.traits.usedWs
    let code = trueCodes.map {
      meanSquaredError(wPlus.sliced(rows, axis: 1), $0.sliced(rows, axis: 1))
    }
    let counted = codeWeight > 0 ? code.map { $0 * codeWeight } : nil
    return Terms(
      wPlus: wPlus, yHat: yHat, pictures: pictures, code: code,
      total: counted.map { pictures.total + $0 } ?? pictures.total)
  }

  /// Pictures at the width at which they are compared.
  private func compared(_ img: Tensor) -> Tensor {
    img.pooled(height: max(1, comparedWidth * img.size(2) / img.size(3)), width: comparedWidth)
  }

  private func compared(_ img: Tensor, like y: Tensor) -> Tensor {
    img.pooled(height: y.size(2), width: y.size(3))
  }
}

extension Generator {
  /// What the generator draws of codes, with the noise that is stored with it: the rows that are meant
  /// to be seen.
  ///
  /// - Parameter wPlus: [N, numWs, wDim].
  /// - Returns: [N, C, H, W], from -1, black, to 1, white, not bounded.
  func visibleColours(_ wPlus: Tensor) -> Tensor {
    let img = traits.pixelEncoding.colours(synthesize(wPlus, options: SynthesisOptions()))
    return traits.visibleRows.count == img.size(2) ? img : img.sliced(traits.visibleRows, axis: 2)
  }
}

extension Tensor {
  /// Images at another size, each pixel the mean of those that it stands for; pixels are repeated where
  /// the size is larger.
  func pooled(height: Int, width: Int) -> Tensor {
    shape.suffix(2) == [height, width]
      ? self : adaptiveAveragePool2d(self, height: height, width: width)
  }
}

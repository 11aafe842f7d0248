// What a projection tells while it runs, and what it gives.

public import Networks
public import Tensors

/// The numbers of one step of a projection, taken before the code is moved.
public struct ProjectionStep: Hashable, Sendable, Codable {
  /// The step, counted from 0.
  public var step: Int
  /// What is minimised: the weighted sum of all terms.
  public var loss: Double
  /// The distance between the pictures, without its weight.
  public var distance: Double
  /// The mean squared difference of the pictures, in [-1, 1].
  public var pixelDifference: Double
  /// The structure of the noise images, without its weight; 0 where they are not sought.
  public var noiseAutocorrelation: Double
  /// The learning rate of the step.
  public var learningRate: Double
  /// The deviation of the noise that was added to w.
  public var wNoiseScale: Double
}

/// The code of a picture.
public struct Projection {
  /// The code, a row for every layer: [1, numWs, wDim].
  public var wPlus: Tensor
  /// The noise images that belong to it, in the order and shapes of the generator's `noiseInputs`;
  /// nil for the generator's own.
  public var noise: [Tensor]?
  /// The numbers of every step.
  public var history: [ProjectionStep]

  /// The picture of the code, without a record for gradients.
  ///
  /// - Parameters:
  ///   - generator: The generator that it was found for.
  ///   - source: What the layers add if the projection has no noise images of its own.
  /// - Returns: [1, C, H, W], as the generator makes it.
  public func picture(by generator: any Generator, noise source: NoiseSource = .const) -> Tensor {
    withoutGradients {
      guard let noise else {
        return generator.synthesize(wPlus, options: SynthesisOptions(noise: source))
      }
      return generator.withNoise(noise) {
        generator.synthesize(wPlus, options: SynthesisOptions())
      }
    }
  }
}

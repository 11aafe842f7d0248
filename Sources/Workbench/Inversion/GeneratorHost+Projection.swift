// The codes of pictures, found by gradients in the actor that owns the generator.

import Formats
import Inversion
import Networks
import Tensors

/// What is asked of a projection, as plain values.
struct ProjectionRequest: Sendable {
  /// How the code is sought.
  var settings = ProjectionSettings()
  /// How the distance of pictures is measured.
  var distance = PictureDistance.pyramid
  /// Where random numbers start.
  var seed: UInt32 = 303
  /// How many w tell where codes lie.
  var samples = 10_000
  /// The class, for generators with labels.
  var classIndex: Int?
  /// Where the search starts; nil for the mean of w.
  var start: Codes?
}

/// The noise of one layer, as plain numbers.
struct NoiseImage: Hashable, Sendable {
  /// The name of the generator's noise input.
  let name: String
  /// The shape of that input.
  let shape: [Int]
  /// Its numbers.
  let values: [Float]
}

/// What a projection found, as plain values.
struct ProjectionOutcome: Sendable {
  /// W+ of the picture.
  let code: Codes
  /// The codes on the way that were kept.
  let path: [Codes]
  /// The noise images that were found with it; empty where none were sought.
  let noise: [NoiseImage]
  /// The numbers of every step.
  let history: [ProjectionStep]
  /// Whether the search was ended before its last step.
  let isInterrupted: Bool
}

extension GeneratorHost {
  /// Finds the code of a picture.
  ///
  /// - Parameters:
  ///   - target: The picture, of the generator's size and channels.
  ///   - request: How it is sought.
  ///   - interval: Every how many steps the code is kept; nil for never.
  ///   - watch: Is told after every step.
  /// - Returns: What was found, so far if the task is cancelled.
  /// - Throws: `ConfigurationError` or `InversionError`; `CancellationError` if no step was taken.
  func project(
    _ target: ByteImage, _ request: ProjectionRequest,
    keepingEvery interval: Int? = nil,
    watch: @Sendable (ProjectionStep) -> Void
  ) throws -> ProjectionOutcome {
    let label = generator.label(classIndex: request.classIndex ?? 0)
    let statistics = statistics(samples: request.samples, label: label, request.classIndex ?? 0)
    let projector = try Projector(
      of: target.tensor, by: generator, distance: measure(request.distance),
      statistics: statistics, settings: request.settings, start: request.start?.tensor,
      seed: UInt64(request.seed))
    var path: [Codes] = []
    try Task.checkCancellation()
    var isInterrupted = false
    do {
      _ = try projector.run { step in
        if let interval, step.step.isMultiple(of: interval) { path.append(Codes(projector.wPlus)) }
        watch(step)
        try Task.checkCancellation()
      }
    } catch is CancellationError {
      isInterrupted = true
    }
    let found = projector.projection
    let noise = found.noise.map { images in
      zip(generator.noiseInputs, images).map { input, image in
        NoiseImage(
          name: input.name, shape: image.shape, values: image.contiguous().values(as: Float.self))
      }
    }
    return ProjectionOutcome(
      code: Codes(found.wPlus), path: path, noise: noise ?? [], history: found.history,
      isInterrupted: isInterrupted)
  }

  /// The picture of a code with noise images that belong to it.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - noise: An image for each of the generator's noise inputs; none for its own.
  ///   - kind: Where noise comes from if there are no such images.
  /// - Returns: 8-bit pixels of the rows that are meant to be seen.
  func picture(_ code: Codes, with noise: [NoiseImage], or kind: NoiseKind) -> ByteImage {
    guard !noise.isEmpty else { return picture(code, noise: kind) }
    return generator.withNoise(noise.map { Tensor($0.values, shape: $0.shape) }) {
      picture(code)
    }
  }

  /// Where the generator's codes lie, measured once for all pictures.
  private func statistics(samples: Int, label: Tensor?, _ classIndex: Int) -> LatentStatistics {
    let key = [samples, classIndex]
    if let known = latentStatistics, known.key == key { return known.statistics }
    let statistics = withoutGradients {
      LatentStatistics(of: generator, count: samples, labels: label)
    }
    latentStatistics = (key, statistics)
    return statistics
  }
}

// The mean of w that rosinality's files, and those of programs built on it, keep as `latent_avg`.

import Formats
import Layers
import Networks
import Tensors

/// What a file's `latent_avg` is: a mean of w, or why it is none.
struct LatentAverage {
  /// The mean of w, [w].
  let mean: StoredParameter?
  /// Why there is none, if there is none.
  let reason: String

  /// Whose the mean beside a generator is.
  enum Owner {
    /// The generator's.
    case generator
    /// That of an encoder, which adds it to its codes, and which it came to from the generator.
    case encoder
    /// Another generator's.
    case other
  }

  /// Takes the mean of w.
  ///
  /// Programs that invert pictures keep a row for each row of W+: all the same if they repeated a
  /// mean of w, else a mean of W+, which is no w.
  ///
  /// - Parameters:
  ///   - inside: The `latent_avg` of the generator's own dictionary, which goes first.
  ///   - beside: The file's `latent_avg`.
  ///   - owner: Whose the one beside is.
  ///   - configuration: The generator's.
  ///   - file: The file.
  /// - Throws: `FileError` if it is the generator's and neither a w nor a W+.
  init(
    inside: StoredTensor?, beside: StoredTensor?, of owner: Owner,
    _ configuration: StyleGAN2Configuration, file: String
  ) throws(FileError) {
    guard let stored = inside ?? (owner == .other ? nil : beside) else {
      mean = nil
      reason = beside == nil ? "no mean of w in the file" : "the mean of w in the file is G_ema's"
      return
    }
    let (w, shape) = (configuration.wDim, stored.shape)
    let rows = shape.dropLast().reduce(1, *)
    // Encoders take the first rows of more.
    let hasMore =
      inside == nil && owner == .encoder && shape.count == 2 && shape[1] == w
      && rows > configuration.numWs
    guard hasMore || [[w], [1, w], [configuration.numWs, w]].contains(shape) else {
      guard inside == nil, owner == .encoder else {
        throw FileError(
          .damaged, file: file,
          expected: "latent_avg of shape [\(w)], [1, \(w)] or [\(configuration.numWs), \(w)]",
          found: "\(shape)")
      }
      mean = nil
      reason = "latent_avg, what the file's encoder adds to its codes, is \(shape) and no w of \(w)"
      return
    }
    let parameter = try StoredParameter(stored)
    guard rows > 1 else {
      mean = parameter.reshaped([w])
      reason = ""
      return
    }
    let values = try Tensor.reading(stored)
    let isRepeated = withoutGradients {
      (values - values.selected(0, axis: 0)).abs().max().item() == 0
    }
    mean = isRepeated ? parameter.changed(to: [w]) { $0.selected(0, axis: 0) } : nil
    reason = "latent_avg is a mean of W+, \(shape) with rows that differ, and no mean of w"
  }
}

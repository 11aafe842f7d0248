// Generators tuned to one picture, in the actor that owns the generator, which gets its weights back.

import Checkpoints
import Formats
import Inversion
import Layers
import Networks
import OrderedCollections
import Tensors

/// The published locality term: pictures of random codes near the pivot are to stay as they were.
struct TuningLocality: Sendable {
  /// Where the random codes start.
  let seed: UInt32
  /// The class of the codes, for generators with labels; nil for none.
  let classIndex: Int?
}

extension GeneratorHost {
  /// Tunes the generator until the picture of a code is a target, and writes the tuned one; the
  /// generator itself is as before.
  ///
  /// - Parameters:
  ///   - target: The picture, of the generator's size and channels.
  ///   - code: W+ of the target.
  ///   - distance: How pictures are compared.
  ///   - settings: How it is tuned.
  ///   - locality: Keeps other pictures as they were; nil for nothing.
  ///   - file: The network file to create or replace.
  ///   - notes: What the file says beside the network.
  ///   - watch: Is told after every step.
  /// - Returns: The picture of the code by the tuned generator.
  /// - Throws: `ConfigurationError` or `InversionError`; `FileError` if the file cannot be written;
  ///   `CancellationError` between steps.
  func tune(
    to target: ByteImage, around code: Codes, _ distance: PictureDistance,
    _ settings: PivotalTuningSettings, _ locality: TuningLocality?, writing file: String,
    _ notes: NetworkFileNotes,
    watch: @Sendable (PivotalTuningStep) -> Void
  ) throws -> ByteImage {
    let trainable = generator.parameters.trainable
    let own = withoutGradients { trainable.mapValues { $0.detached().cloned() } }
    defer {
      withoutGradients { for (name, tensor) in trainable { own[name].map { tensor.assign($0) } } }
    }
    let term = locality.map { locality in
      var term = LocalityTerm(original: generator.copy())
      term.classIndex = locality.classIndex
      return term
    }
    let tuning = try PivotalTuning(
      generator, pivot: code.tensor, target: target.tensor, distance: measure(distance),
      settings: settings, locality: term, seed: UInt64(locality?.seed ?? 0))
    try tuning.run { step in
      try Task.checkCancellation()
      watch(step)
    }
    var notes = notes
    notes.wAvgSource = generator.wAvgSource
    try writeNetworkFile(
      generator.parameters, configuration: generator.configuration, notes: notes, to: file)
    return picture(code)
  }
}

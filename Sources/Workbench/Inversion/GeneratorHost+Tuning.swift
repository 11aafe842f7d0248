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
  /// Tunes the generator until the picture of a code is a target; afterwards it is as before.
  ///
  /// - Parameters:
  ///   - target: The picture, of the generator's size and channels.
  ///   - code: W+ of the target.
  ///   - distance: How pictures are compared.
  ///   - settings: How it is tuned.
  ///   - locality: Keeps other pictures as they were; nil for nothing.
  ///   - file: The file of the tuned generator to create or replace, and what it says beside the
  ///     network; nil for none.
  ///   - others: Codes that the tuned generator draws, too.
  ///   - watch: Is told after every step.
  /// - Returns: The pictures of the code, and of the others, by the tuned generator.
  /// - Throws: `ConfigurationError` or `InversionError`; `FileError` if the file cannot be written;
  ///   `CancellationError` between steps.
  func tune(
    to target: ByteImage, around code: Codes, _ distance: PictureDistance,
    _ settings: PivotalTuningSettings, _ locality: TuningLocality?,
    writing file: (path: String, notes: NetworkFileNotes)? = nil, drawing others: [Codes] = [],
    watch: @Sendable (PivotalTuningStep) -> Void
  ) throws -> [ByteImage] {
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
    if var file {
      file.notes.wAvgSource = generator.wAvgSource
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration, notes: file.notes,
        to: file.path)
    }
    return ([code] + others).map { picture($0) }
  }
}

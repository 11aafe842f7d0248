// What the engine trains: anything that learns a step at a time and whose state can be saved.

public import Checkpoints
public import Formats

/// A training as the engine sees it: steps, a state, a network to write, pictures to look at.
///
/// The engine does not know what learns, from which data, or by which loss. Everything that decides
/// the next step belongs to the state, so that a training that is restored goes on bit for bit.
public protocol Trainable: AnyObject {
  /// Trains on the next images.
  ///
  /// - Parameters:
  ///   - imagesSeen: The images of all steps before.
  ///   - statistics: Gets what the step measures.
  /// - Returns: The images of this step.
  /// - Throws: `TrainingError` if the training has broken down; `DatasetError` if the next data
  ///   cannot be used, before anything has changed.
  func step(imagesSeen: Int, _ statistics: inout Statistics) throws -> Int

  /// What of the statistics stands in the lines for people, under which words.
  var shownStatistics: [(word: String, name: String)] { get }

  /// Numbers that stand in every line of the logs as they are then, rather than as means, and under
  /// which words in those for people.
  var currentNumbers: [(word: String, name: String, value: Double)] { get }

  /// Adds everything that decides the next step to a state.
  ///
  /// - Parameter state: Gets tensors, random states, numbers and the place in the data.
  /// - Throws: An error if something cannot be saved.
  func save(into state: inout TrainingState) throws

  /// Goes on from a saved state.
  ///
  /// - Parameter state: What `save` made.
  /// - Throws: An error if it is not the state of such a training; nothing is changed then.
  func restore(from state: TrainingState) throws

  /// Writes the network that people will use.
  ///
  /// - Parameters:
  ///   - path: The file, created or replaced atomically.
  ///   - kimg: Thousands of images seen.
  /// - Throws: `FileError` if it cannot be written.
  func writeNetwork(to path: String, kimg: Double) throws

  /// A sheet of the data, made once; nil for trainings without pictures.
  ///
  /// - Returns: The picture.
  /// - Throws: An error about the data.
  func dataSheet() throws -> ByteImage?

  /// A sheet that shows what was learned so far, of the same codes or pictures every time; nil for
  /// trainings without pictures.
  ///
  /// - Returns: The picture.
  /// - Throws: An error about the data.
  func sampleSheet() throws -> ByteImage?
}

extension Trainable {
  /// No such numbers.
  public var currentNumbers: [(word: String, name: String, value: Double)] { [] }
}

// What the engine trains: anything that learns a step at a time and whose state can be saved.

public import Checkpoints
public import Formats
import Foundation

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
  var currentNumbers: [CurrentNumber] { get }

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

  /// What the rows of both sheets show, from above; empty if rows mean nothing.
  var sheetRows: [String] { get }
}

extension Trainable {
  /// No such numbers.
  public var currentNumbers: [CurrentNumber] { [] }

  /// Rows that mean nothing.
  public var sheetRows: [String] { [] }
}

/// A number that stands in a line of the logs as it is then.
public struct CurrentNumber: Sendable {
  /// What it is called in lines for people.
  public let word: String
  /// What it is called in logs for programs.
  public let name: String
  /// The number.
  public let value: Double
  /// Digits behind the point in lines for people.
  public let digits: Int

  /// A number for the logs.
  ///
  /// - Parameters:
  ///   - word: What it is called in lines for people.
  ///   - name: What it is called in logs for programs.
  ///   - value: The number.
  ///   - digits: Digits behind the point in lines for people.
  public init(_ word: String, _ name: String, _ value: Double, digits: Int) {
    (self.word, self.name, self.value, self.digits) = (word, name, value, digits)
  }

  /// The number as people read it.
  var text: String { String(format: "%.\(digits)f", value) }
}

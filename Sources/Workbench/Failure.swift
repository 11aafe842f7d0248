// How failures of any kind end a command.

import Checkpoints
import Datasets
import Editing
import Formats
import Inversion
import Layers
import Networks
import Training

/// A request that cannot be met, or does not fit what it is made of.
public struct RequestError: Error, CustomStringConvertible, Sendable {
  /// What was asked for, what was expected, and what was found, on one line.
  public let description: String

  init(_ what: String, expected: String, found: String) {
    description = "\(what): expected \(expected), found \(found)"
  }

  /// An error that says what was asked for, what was expected, and what was found.
  init(_ description: String) { self.description = description }

  /// A value of a request that no network or search can have.
  ///
  /// - Parameters:
  ///   - error: What is wrong with it.
  ///   - options: The options by the values' own names, which nobody types.
  init(_ error: ConfigurationError, options: [String: String] = [:]) {
    let name = error.description.prefix { $0 != ":" }
    let option = options[String(name)] ?? String(name)
    description = option + error.description.dropFirst(name.count)
  }
}

/// Files that are good each by itself, and were not made for each other.
public struct MisfitError: Error, CustomStringConvertible, Sendable {
  /// Which files, what was expected, and what was found, on one line.
  public let description: String

  /// A file does not fit what it is used with.
  init(_ file: String, expected: String, found: String) {
    description = "\(file): expected \(expected), found \(found)"
  }

  /// What speaks against a file, on one line.
  init(_ misfit: String, in file: String) { description = "\(file): \(misfit)" }
}

/// A program that a job needs and that is not there.
public struct UnavailableError: Error, CustomStringConvertible, Sendable {
  /// What is missing and what to do about it, on one line.
  public let description: String
}

/// The exit code that a command ends with after an error.
///
/// - Parameter error: What a job or the building of a network threw.
/// - Returns: 64 for a request that does not fit, 65 damaged or made for something else, 66 missing, 69 unavailable, 73 cannot
///   create, 74 input or output failed, 77 refused as unsafe, 78 bad configuration; nil for errors
///   that are none of these.
public func exitCode(for error: any Error) -> Int32? {
  switch error {
  case let error as FileError: error.kind.exitCode
  case let error as DatasetError: error.error.kind.exitCode
  case is RequestError, is ConversionError: 64
  case is ParameterLoadError, is MisfitError: 65
  case TrainingError.misfit: 65
  case TrainingError.nonFiniteLoss: 1
  case is InversionError, is EditingError: 1
  case is UnavailableError: 69
  case is ConfigurationError: 78
  default: nil
  }
}

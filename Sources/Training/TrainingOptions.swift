// What the options of every kind of training have in common, and how states and folders keep them.

import Foundation
public import Networks

/// Everything that decides what a training learns: with the data, it gives the same networks again.
public protocol TrainingOptions: Codable, Sendable {
  /// What is trained, as people type it: `gan`.
  static var kind: String { get }
  /// The name of the recipe.
  var cfg: String { get }
  /// The pictures.
  var data: TrainingData { get }
  /// Where all random streams start.
  var seed: UInt32 { get }
  /// Threads that one operation may use; another number gives other last bits.
  var threads: Int { get }

  /// What the folder of the run is called behind its number.
  ///
  /// - Returns: A name such as `auto-portraits64-batch32-gamma0.0256`.
  /// - Throws: `ConfigurationError` if values do not fit.
  func folderName() throws(ConfigurationError) -> String
}

extension TrainingOptions {
  /// The options as JSON with sorted keys, with the kind of training among them: equal options are
  /// equal text.
  ///
  /// - Returns: One line of JSON.
  /// - Throws: `EncodingError` if a number is not finite.
  public func canonicalJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(KindedOptions(self)), as: UTF8.self)
  }

  /// Reads what `canonicalJSON()` wrote.
  ///
  /// - Parameter json: The text.
  /// - Throws: `ConfigurationError` if it says something else, or is of another kind of training.
  public init(canonicalJSON json: String) throws(ConfigurationError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = Foundation.Data(json.utf8)
    do {
      let kind = try decoder.decode(TrainingKind.self, from: data)
      guard kind.training == Self.kind else { throw kind.misfit(expected: Self.kind) }
      self = try decoder.decode(Self.self, from: data)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("the options of the training cannot be read: \(misreading(error))")
    }
  }
}

/// What says of which kind of training options are.
package struct TrainingKind: Decodable {
  /// What is trained, as people type it.
  package let training: String

  private enum CodingKeys: CodingKey { case training }

  /// Reads the kind; options from before there were several are of `gan`.
  package init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: CodingKeys.self)
    training = try object.decodeIfPresent(String.self, forKey: .training) ?? GANOptions.kind
  }

  fileprivate func misfit(expected: String) -> ConfigurationError {
    ConfigurationError(
      "--resume: expected a training of `stylist train \(expected)`, found one of "
        + "`stylist train \(training)`")
  }
}

/// Options with their kind among the values.
package struct KindedOptions: Encodable {
  private let options: any TrainingOptions

  private enum CodingKeys: CodingKey { case training }

  /// Options to be written.
  package init(_ options: any TrainingOptions) { self.options = options }

  /// Writes all values of the options, and the kind.
  package func encode(to encoder: any Encoder) throws {
    try options.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(type(of: options).kind, forKey: .training)
  }
}

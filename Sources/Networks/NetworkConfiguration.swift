// What every network's configuration can do: be checked, be written as canonical JSON, and be built
// from.

import Foundation
public import Layers
public import Tensors

/// The sizes and choices from which one kind of network is built.
public protocol NetworkConfiguration: Codable, Hashable, Sendable {
  /// The name of the kind of network in our own files, such as `stylegan2`.
  static var kind: String { get }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  func validate() throws(ConfigurationError)
}

/// The sizes and choices from which one family of generators is built.
public protocol GeneratorConfiguration: NetworkConfiguration {
  /// The configurations of this family that people name, for generators that are made without a
  /// file.
  static var namedConfigurations: [NamedConfiguration] { get }
  /// The number formats that images can be computed in; float32 is always one.
  static var numberFormats: [DType] { get }
  /// The image's width and height, in pixels.
  var resolution: Int { get }

  /// The same network with attention among all pixels, to compare costs with; nil where there is no
  /// attention, or none that is limited.
  var withFullAttention: (any GeneratorConfiguration)? { get }

  /// Builds the generator; `validate()` must accept the values.
  ///
  /// - Parameter p: The root of the names.
  /// - Returns: The generator.
  func makeGenerator(_ p: Scope) -> any Generator
}

/// A configuration that has a name, for generators that are made without a file.
public struct NamedConfiguration: Sendable {
  /// What people type, such as `stylegan2-256`.
  public let name: String
  /// What it is, in a few words.
  public let summary: String
  /// What its authors measured at its own resolution.
  public let results: [PublishedResult]
  /// Makes the configuration at a resolution, or at its own.
  public let make: @Sendable (_ resolution: Int?) -> any GeneratorConfiguration

  /// A configuration of this name.
  ///
  /// - Parameters:
  ///   - name: What people type.
  ///   - summary: What it is, in a few words.
  ///   - results: What its authors measured.
  ///   - make: Makes the configuration at a resolution, or at its own.
  public init(
    name: String, summary: String, results: [PublishedResult] = [],
    make: @escaping @Sendable (_ resolution: Int?) -> any GeneratorConfiguration
  ) {
    (self.name, self.summary, self.results, self.make) = (name, summary, results, make)
  }
}

/// A figure that a network's authors published.
public struct PublishedResult: Hashable, Sendable, Encodable {
  /// What was measured, such as `FID`.
  public let metric: String
  /// The pictures that the network learned from.
  public let dataset: String
  /// The figure.
  public let value: Double

  /// A Fréchet inception distance of 50,000 pictures: the lower, the better.
  ///
  /// - Parameters:
  ///   - dataset: The pictures that the network learned from.
  ///   - value: The figure.
  /// - Returns: The result.
  public static func fid(_ dataset: String, _ value: Double) -> PublishedResult {
    PublishedResult(metric: "FID", dataset: dataset, value: value)
  }

  /// An inception score of 50,000 pictures: the higher, the better.
  ///
  /// - Parameters:
  ///   - dataset: The pictures that the network learned from.
  ///   - value: The figure.
  /// - Returns: The result.
  public static func inceptionScore(_ dataset: String, _ value: Double) -> PublishedResult {
    PublishedResult(metric: "IS", dataset: dataset, value: value)
  }
}

extension GeneratorConfiguration {
  /// None, unless the family says otherwise.
  public static var namedConfigurations: [NamedConfiguration] { [] }

  /// None, unless the family says otherwise.
  public var withFullAttention: (any GeneratorConfiguration)? { nil }

  /// float32 alone, unless the family says otherwise.
  public static var numberFormats: [DType] { [.float32] }
}

extension NetworkConfiguration {
  /// The values as JSON with sorted keys, so that equal configurations are equal text.
  ///
  /// - Returns: One line of JSON.
  /// - Throws: `EncodingError` if a value is not a number that JSON can hold.
  public func canonicalJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Reads the values from JSON and checks them.
  ///
  /// - Parameter json: What `canonicalJSON()` wrote.
  /// - Throws: `ConfigurationError` saying what is wrong.
  public init(canonicalJSON json: String) throws(ConfigurationError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    } catch {
      throw ConfigurationError(
        "the configuration of \(Self.kind) cannot be read: \(misreading(error))")
    }
    try validate()
  }
}

/// A value in a configuration from which no network can be built.
public struct ConfigurationError: Error, CustomStringConvertible, Equatable {
  /// The value's name, what was expected, and what was found, on one line.
  public let description: String

  /// An error that says what is wrong.
  ///
  /// - Parameter description: The value's name, what was expected, and what was found, on one line.
  public init(_ description: String) { self.description = description }

  /// Checks that a whole number lies in a range.
  ///
  /// - Parameters:
  ///   - name: What the value is called.
  ///   - value: The value.
  ///   - range: What it may be.
  /// - Throws: `ConfigurationError` if it is not.
  public static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>)
    throws(ConfigurationError)
  {
    try check(
      name, value, is: "from \(range.lowerBound) to \(range.upperBound)", range.contains)
  }

  /// Checks that a value is what is expected.
  ///
  /// - Parameters:
  ///   - name: What the value is called.
  ///   - value: The value.
  ///   - expected: What it should be, in words.
  ///   - holds: Whether it is.
  /// - Throws: `ConfigurationError` if it is not.
  public static func check<Value>(
    _ name: String, _ value: Value, is expected: String, _ holds: (Value) -> Bool
  ) throws(ConfigurationError) {
    guard holds(value) else {
      throw ConfigurationError("\(name): expected \(expected), found \(value)")
    }
  }

  static func checkResampleFilter(_ taps: [Double]) throws(ConfigurationError) {
    try check("resampleFilter", taps, is: "1 to 64 finite taps whose sum is not 0") {
      (1...64).contains($0.count) && $0.allSatisfy(\.isFinite) && $0.reduce(0, +) != 0
    }
  }

  static func checkConvClamp(_ clamp: Double?) throws(ConfigurationError) {
    try check("convClamp", clamp ?? 1, is: "a positive number") { $0 > 0 && $0.isFinite }
  }
}

// What all jobs have in common that make pictures with a generator.

public import Networks

/// A job that makes something with a generator and writes it into a folder.
public protocol GeneratorJob: Sendable {
  /// What is known of it afterwards.
  associatedtype Made: Sendable

  /// Checks that a generator can make it.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it cannot; `FileError` if a file that it needs cannot be read.
  func check(_ traits: GeneratorTraits) throws

  /// What is questionable about the files that it takes, a line each; known once `check` holds, and
  /// a `MisfitError` if they are another generator's.
  var remarks: [String] { get throws }

  /// Makes and writes it.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: What was made.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between pictures.
  func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> Made
}

/// A job that makes pictures with a generator; what it returns are the files in the order in which
/// they were written.
public protocol PictureJob: GeneratorJob where Made == [WrittenPicture] {}

extension GeneratorJob {
  /// Nothing is questionable about jobs that take no files.
  public var remarks: [String] { [] }
}

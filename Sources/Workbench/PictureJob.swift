// What all jobs have in common that make pictures with a generator.

public import Networks

/// A job that makes pictures with a generator and writes them into a folder.
public protocol PictureJob: Sendable {
  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it cannot; `FileError` if a file that it needs cannot be read.
  func check(_ traits: GeneratorTraits) throws

  /// Makes and writes the pictures.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files in the order in which they were written.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between pictures.
  func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> [WrittenPicture]
}

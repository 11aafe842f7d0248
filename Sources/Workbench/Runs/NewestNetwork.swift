// The network that people mean when they name a folder.

import Formats
import Training

extension RunFolder {
  /// The file that somebody names, or the newest network of a training's folder.
  ///
  /// - Parameter named: A file, the name of a model that comes with the program, or a training's folder.
  /// - Returns: The file.
  /// - Throws: `FileError` if there is none.
  static func newestNetwork(_ named: String) throws -> String {
    let file = try ShippedModels.file(named)
    guard !ListedFile.isFolder(file) else {
      throw FileError(
        .missing, file: file,
        expected: "a network, or the folder of a training with a network-snapshot-….safetensors",
        found: "a folder without")
    }
    return file
  }
}

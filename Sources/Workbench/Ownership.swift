// Whose codes and directions are: files say it by the content hash of the generator.

import Checkpoints

/// A generator, as files of codes and directions know it.
struct CodeOwner: Hashable, Sendable {
  /// Its content hash, and that of the generator that it was tuned from, if it says so.
  var hashes: [String]
  /// The generator as the command names it.
  var network: String

  /// What is questionable about taking what belongs to another generator, on one line.
  ///
  /// Another hash is no reason to refuse: a generator that was trained further, rounded or averaged
  /// has one, too, and shares its codes with the one that it came from.
  ///
  /// - Parameters:
  ///   - things: What the file holds, such as `codes`.
  ///   - file: The file.
  ///   - hash: The content hash of the generator that it says they belong to, if any.
  /// - Returns: The remark; nil if they are this generator's.
  func remark(about things: String, in file: String, of hash: String?) -> String? {
    guard let hash else {
      return "\(file): nothing says for which generator these \(things) were found"
    }
    guard !hashes.contains(hash) else { return nil }
    return "\(file): these \(things) were found for the generator \(hash.prefix(12)), not for "
      + "\(hashes.first?.prefix(12) ?? "none") in \(network); they mean the same only if one was "
      + "trained from the other"
  }
}

extension NetworkSource {
  /// The generator, as files of codes and directions know it.
  ///
  /// - Parameter name: The generator as the command names it.
  /// - Returns: Its hashes and its name.
  /// - Throws: As opening the generator's file throws.
  func owner(_ name: String) throws -> CodeOwner {
    CodeOwner(
      hashes: [try contentHash(), try notes().parentHash].compactMap(\.self), network: name)
  }

  /// What is questionable about taking a file's codes for the generator, on one line; nil for
  /// nothing.
  ///
  /// - Parameters:
  ///   - file: The codes.
  ///   - name: The generator as the command names it.
  /// - Returns: The remark.
  /// - Throws: As opening the generator's file throws.
  public func remark(about file: CodeFile, _ name: String) throws -> String? {
    try owner(name).remark(about: "codes", in: file.path, of: file.generatorHash)
  }
}

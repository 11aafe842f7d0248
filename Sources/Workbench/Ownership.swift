// Whose codes and directions are: files say it by the content hash of the generator.

import Checkpoints

/// A generator, as files of codes and directions know it.
struct CodeOwner: Hashable, Sendable {
  /// Its content hash, and that of the generator that it was tuned from, if it says so.
  var hashes: [String]
  /// The generator as the command names it.
  var network: String
  /// Whether what belongs to other generators is taken, too: one that was trained further, rounded
  /// or averaged has another hash, and yet shares its codes with the one that it came from.
  var takesOthers: Bool

  /// What is questionable about taking what a file holds for the generator, on one line.
  ///
  /// - Parameters:
  ///   - things: What the file holds, such as `codes`.
  ///   - file: The file.
  ///   - hash: The content hash of the generator that it says they belong to, if any.
  /// - Returns: The remark; nil if they are this generator's.
  /// - Throws: `MisfitError` if they are another's, unless those are taken, too.
  func remark(
    about things: String, in file: String, of hash: String?
  ) throws(MisfitError) -> String? {
    guard let hash else {
      return "\(file): nothing says for which generator these \(things) were found"
    }
    guard !hashes.contains(hash) else { return nil }
    let own = "\(hashes.first?.prefix(12) ?? "none") in \(network)"
    guard takesOthers else {
      throw MisfitError(
        file, expected: "\(things) of the generator \(own), or --any-generator to take others",
        found: "those of \(hash.prefix(12))")
    }
    return
      "\(file): these \(things) were found for the generator \(hash.prefix(12)), not for \(own); "
      + "they mean the same only if one was trained from the other"
  }
}

extension NetworkSource {
  /// The generator, as files of codes and directions know it.
  ///
  /// - Parameters:
  ///   - name: The generator as the command names it.
  ///   - takesOthers: Whether what belongs to other generators is taken, too.
  /// - Returns: Its hashes and its name.
  /// - Throws: As opening the generator's file throws.
  func owner(_ name: String, takesOthers: Bool) throws -> CodeOwner {
    CodeOwner(
      hashes: [try contentHash(), try notes().parentHash].compactMap(\.self), network: name,
      takesOthers: takesOthers)
  }
}

// The networks that files may hold and that cannot be opened yet, told by names that only they
// have.

import Formats

/// What a file of networks that cannot be opened seems to hold.
enum OtherFamilies {
  /// The networks by the end of a name that only they have; the more telling first.
  ///
  /// - Source: stylegan3.
  private static let families: [(name: String, family: String)] = [
    ("synthesis.input.freqs", "StyleGAN3")
  ]

  /// The networks that have such names, or nil if none is known to.
  ///
  /// - Parameter names: Names of tensors with dots, whatever stands before the networks' own.
  /// - Returns: The name of the family.
  static func family(of names: some Sequence<String>) -> String? {
    var best: Int?
    // Networks have a few hundred tensors; optimisers' states come behind them.
    for name in names.prefix(1 << 13) {
      var ending = name[...]
      while true {
        if let found = rank[ending] { best = min(found, best ?? found) }
        guard let dot = ending.firstIndex(of: ".") else { break }
        ending = ending[ending.index(after: dot)...]
      }
    }
    return best.map { families[$0].family }
  }

  /// The error of a whole file that holds other networks than `expected`, or none at all.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - expected: The networks that can be opened.
  ///   - names: The names of the tensors.
  ///   - otherwise: What is found if the names tell nothing.
  ///   - kind: What sort of failure it is if the names tell nothing.
  /// - Returns: The error.
  static func error(
    in file: String, expected: String, names: some Sequence<String>, otherwise: String,
    kind: FileError.Kind = .notRecognised
  ) -> FileError {
    let found = family(of: names).map { "what seems to be \($0), which is not supported yet" }
    return FileError(
      found == nil ? kind : .unsupported, file: file, expected: expected,
      found: found ?? otherwise)
  }

  private static let rank = Dictionary(
    uniqueKeysWithValues: families.enumerated().map { (Substring($1.name), $0) })
}

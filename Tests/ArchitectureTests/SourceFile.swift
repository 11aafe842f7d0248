// The project's own source files, as text.

import Foundation
import TestSupport

/// A file below the package's folder.
struct SourceFile: Sendable, CustomStringConvertible {
  /// Its place, from the package's folder on, such as `Sources/Tensors/Tensor.swift`.
  let path: String
  /// Its lines without their ends.
  let lines: [Substring]

  var description: String { path }
  /// The target's folder, such as `Tensors`.
  var folder: String { String(path.split(separator: "/")[1]) }

  /// The modules that its `import` lines name.
  var imports: [String] {
    lines.compactMap { line in
      // Attributes and access first, perhaps a kind of declaration, then the module before any dot.
      let pattern =
        /\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+).*/
      return line.wholeMatch(of: pattern).map { String($0.1) }
    }
  }

  /// All files in `Sources` and `Tests` whose names end in one of `extensions`.
  static func all(in folders: [String], _ extensions: Set<String>) throws -> [SourceFile] {
    try folders.flatMap { folder in
      let names = FileManager.default.enumerator(atPath: "\(repository)/\(folder)")?
        .compactMap { $0 as? String }
      return try (names ?? []).sorted().filter {
        extensions.contains(($0 as NSString).pathExtension)
      }
      .map { name in
        let text = try String(contentsOfFile: "\(repository)/\(folder)/\(name)", encoding: .utf8)
        return SourceFile(
          path: "\(folder)/\(name)",
          lines: text.split(separator: "\n", omittingEmptySubsequences: false))
      }
    }
  }
}

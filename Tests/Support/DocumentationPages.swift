// The pages of the DocC catalogues as text, and the blocks of code in them.

import Foundation

/// A page in the catalogue of a target.
package struct DocumentationPage: Sendable, CustomStringConvertible {
  /// Its place, from the package's folder on, such as `Sources/Networks/Networks.docc/Styles.md`.
  package let path: String
  /// Its lines without their ends.
  package let lines: [Substring]

  package var description: String { path }
  /// The target that the catalogue belongs to.
  package var target: String { String(path.split(separator: "/")[1]) }
  /// The page's name without its ending.
  package var name: String { String(path.split(separator: "/")[3].dropLast(3)) }
  /// The test file that holds the page's code, from the package's folder on.
  package var testFile: String { "Tests/\(target)Tests/Articles/\(name).swift" }

  /// A block of code between two fences.
  package struct Block: Sendable {
    /// What stands behind the fence, such as `swift`.
    package let language: String
    /// Its first line in the page, counted from 1.
    package let line: Int
    /// Its lines.
    package let lines: [Substring]

    /// Whether the block stands in a file, all of it indented by the same number of spaces.
    ///
    /// - Parameter file: The lines of the file.
    /// - Returns: Whether its lines are there one after the other.
    package func occurs(in file: [Substring]) -> Bool {
      guard !lines.isEmpty, lines.count <= file.count else { return false }
      return (0...file.count - lines.count).contains { start in
        let indentation = file[start].prefix { $0 == " " }
        return zip(lines, file[start...]).allSatisfy { line, found in
          line.isEmpty ? found.isEmpty : found == indentation + line
        }
      }
    }
  }

  /// The blocks of code in their order; a block without an end reaches to the page's.
  package var blocks: [Block] {
    var blocks: [Block] = []
    var open: (language: String, line: Int)?
    for (index, line) in lines.enumerated() where line.hasPrefix("```") {
      if let (language, first) = open {
        blocks.append(
          Block(language: language, line: first, lines: Array(lines[first - 1..<index])))
        open = nil
      } else {
        open = (String(line.dropFirst(3)), index + 2)
      }
    }
    if let (language, first) = open {
      blocks.append(Block(language: language, line: first, lines: Array(lines[(first - 1)...])))
    }
    return blocks
  }

  /// A page with this text.
  package init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// All pages of all catalogues.
  package static func all() throws -> [DocumentationPage] {
    let sources = "\(repository)/Sources"
    let names = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String }
    return try (names ?? []).filter { $0.contains(/^\w+\/\w+\.docc\/\w+\.md$/) }.sorted().map {
      let text = try String(contentsOfFile: "\(sources)/\($0)", encoding: .utf8)
      return DocumentationPage(path: "Sources/\($0)", text: text)
    }
  }
}

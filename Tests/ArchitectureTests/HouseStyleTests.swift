// House rules that reading alone can check.

import Foundation
import TestSupport
import Testing

@Suite("House style") struct HouseStyleTests {
  private static let languages: Set<String> = ["swift", "h", "c", "cpp", "cc", "hpp", "cu"]

  /// Spellings that switch off a check, and the only folders where a comment may say why that is
  /// safe.
  private static let exceptions: [(spelling: String, folders: Set<String>)] = [
    ("@unchecked Sendable", ["CTorch", "Tensors"]),
    ("nonisolated(unsafe)", ["CTorch", "Tensors"]),
    ("try!", []),
    ("fatalError(", ["CTorch", "Tensors"]),
  ]

  @Test("no file but the door's border switches off the compiler's checks")
  func uncheckedCode() throws {
    for file in try SourceFile.all(in: ["Sources"], ["swift"]) {
      for (spelling, folders) in Self.exceptions where !folders.contains(file.folder) {
        let lines = file.lines.filter { $0.contains(spelling) }
        #expect(lines.isEmpty, "\(file): \(lines)")
      }
    }
  }

  @Test("no file is longer than 600 lines")
  func lengths() throws {
    for file in try SourceFile.all(in: ["Sources", "Tests"], Self.languages) {
      #expect(file.lines.count <= 600, "\(file) has \(file.lines.count) lines")
    }
  }

  @Test("every file begins with a sentence that says what it holds")
  func firstSentences() throws {
    let files = try SourceFile.all(in: ["Sources", "Tests"], Self.languages)
    #expect(files.count > 50)
    for file in files {
      let comment = file.lines.prefix { $0.hasPrefix("// ") }.map { $0.dropFirst(3) }
      let text = comment.joined(separator: " ")
      #expect(text.contains(/\S[.:]( |$)/), "\(file) begins with \(file.lines.first ?? "")")
    }
  }

  @Test("the script that runs the tests names all of their folders")
  func layers() throws {
    let script = try String(contentsOfFile: "\(repository)/Scripts/test.sh", encoding: .utf8)
    let words = Set(script.split { !$0.isLetter }.map(String.init))
    let folders = try FileManager.default.contentsOfDirectory(atPath: "\(repository)/Tests")
      .filter { $0.hasSuffix("Tests") }
    #expect(folders.count > 10)
    for folder in folders {
      #expect(words.contains(folder), "Scripts/test.sh leaves out \(folder)")
    }
  }
}

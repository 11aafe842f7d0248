// The documentation keeps to the code: its blocks are compiled and run, its lists are complete.

import Foundation
import TestSupport
import Testing

@Suite("Documentation") struct ArticleTests {
  /// The targets that have a catalogue.
  private static let targets = [
    "Checkpoints", "Datasets", "Editing", "Formats", "Inversion", "Layers", "Metrics",
    "Networks", "Tensors", "Training", "Workbench",
  ]

  @Test("every public target has a page of its own")
  func pages() throws {
    let pages = try DocumentationPage.all()
    #expect(pages.filter { $0.name == $0.target }.map(\.target) == Self.targets)
    for page in pages where page.name == page.target {
      #expect(page.lines.first == "# ``\(page.target)``", "\(page)")
      #expect(page.blocks.contains { $0.language == "swift" }, "\(page) has no example")
    }
  }

  @Test("all Swift code in pages is code of the test file that has the page's name")
  func blocks() throws {
    for page in try DocumentationPage.all() {
      let blocks = page.blocks.filter { $0.language == "swift" }
      guard !blocks.isEmpty else { continue }
      let file = try String(contentsOfFile: "\(repository)/\(page.testFile)", encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      for block in blocks {
        #expect(block.occurs(in: file), "\(page):\(block.line) is not in \(page.testFile)")
      }
    }
  }

  @Test("no code escapes for want of a known language, and no test file for want of a page")
  func strays() throws {
    let pages = try DocumentationPage.all()
    for page in pages {
      for block in page.blocks {
        let isKnown = ["swift", "sh", "text", "python"].contains(block.language)
        #expect(isKnown, "\(page):\(block.line) is a block of \(block.language)")
      }
    }
    let claimed = Set(pages.map(\.testFile))
    for file in try SourceFile.all(in: ["Tests"], ["swift"]) where file.path.contains("/Articles/")
    {
      #expect(claimed.contains(file.path), "\(file) belongs to no page")
    }
  }

  @Test("every public declaration of a target is in the topics of its page")
  func topics() throws {
    let pages = try DocumentationPage.all()
    for file in try SourceFile.all(in: ["Sources"], ["swift"]) {
      guard Self.targets.contains(file.folder) else { continue }
      let page = try #require(pages.first { $0.target == file.folder && $0.name == file.folder })
      let topics = page.lines.drop { $0 != "## Topics" }
      for name in file.lines.compactMap(publicName) {
        let isListed = topics.contains { $0.contains("``\(name)``") || $0.contains("``\(name)(") }
        #expect(isListed, "\(page) does not list \(name) of \(file)")
      }
    }
  }

  /// The name that a line declares publicly outside of any type.
  private func publicName(_ line: Substring) -> String? {
    let pattern =
      /public (?:final )?(?:actor|class|enum|func|let|protocol|struct|typealias|var) (\w+).*/
    return line.wholeMatch(of: pattern).map { String($0.1) }
  }

  @Test("a block is found wherever it is indented as a whole, and only there")
  func occurrence() {
    let text = "Text.\n\n```swift\nif a {\n\n  b()\n}\n```\n\n```sh\nls\n"
    let page = DocumentationPage(path: "Sources/A/A.docc/B.md", text: text)
    #expect(page.blocks.map(\.language) == ["swift", "sh"])
    #expect(page.blocks.map(\.line) == [4, 11])
    #expect((page.target, page.name) == ("A", "B"))
    #expect(page.testFile == "Tests/ATests/Articles/B.swift")
    func found(_ file: String) -> Bool {
      page.blocks[0].occurs(in: file.split(separator: "\n", omittingEmptySubsequences: false))
    }
    #expect(found("if a {\n\n  b()\n}"))
    #expect(found("func f() {\n    if a {\n\n      b()\n    }\n}"))
    #expect(!found("  if a {\n\n  b()\n  }"))
    #expect(!found("if a {\n  b()\n}"))
    #expect(!found("if a {\n\n  c()\n}") && !found("if a {"))
  }
}

// The table of a training's log: what is left out of it in narrow terminals.

import Testing
import Workbench

@Suite("Tables of logs")
struct LogTableTests {
  private func cells(_ texts: [String] = []) -> [(name: String, text: String)] {
    let names = ["tick", "kimg", "time", "left", "s/kimg", "GiB", "G", "D", "real", "augment"]
    return names.enumerated().map { ($1, texts.indices.contains($0) ? texts[$0] : "1.000") }
  }

  private func heading(_ columns: Int?) -> [Substring] {
    var table = LogTable()
    return table.lines(cells(), columns: columns)[0].split(separator: " ")
  }

  @Test("all columns are shown where there is room, else those that matter most")
  func columns() {
    // Nine of 6, one of 7, and the spaces between.
    #expect(heading(nil) == heading(70) && heading(70).count == 10)
    #expect(!heading(69).contains("GiB") && heading(69).count == 9)
    #expect(heading(60) == ["kimg", "time", "left", "s/kimg", "G", "D", "real", "augment"])
    #expect(heading(47) == ["kimg", "time", "left", "G", "D", "real"])
    #expect(heading(20) == ["kimg", "time", "left"])
    #expect(heading(19) == ["kimg", "left"])
    #expect(heading(3) == ["kimg"])
    for columns in 6...70 {
      var table = LogTable()
      #expect(table.lines(cells(), columns: columns).allSatisfy { $0.count <= columns })
    }
  }

  @Test("numbers stand below the names of their columns")
  func rows() {
    var table = LogTable()
    let texts = ["0", "4.0", "0:00:09"]
    #expect(
      table.lines(cells(texts), columns: 21) == ["  kimg    time   left", "   4.0 0:00:09  1.000"])
  }

  @Test("a heading comes back after twenty rows, and when other columns are shown")
  func headings() {
    var table = LogTable()
    let counts = (0..<22).map { _ in table.lines(cells(), columns: nil).count }
    #expect(counts == [2] + Array(repeating: 1, count: 19) + [2, 1])
    #expect(table.lines(cells(), columns: 60).count == 2)
    #expect(table.lines(cells(), columns: 60).count == 1)
    // A number that needs more room takes it from others.
    #expect(table.lines(cells(["1", "1000000000.0"]), columns: 60).count == 2)
  }
}

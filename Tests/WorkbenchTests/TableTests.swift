// Texts in columns.

import Testing
import Workbench

@Suite("Tables")
struct TableTests {
  @Test("columns stand below one another, and empty ones are left out")
  func columns() {
    let rows = [["a", "", "long", "1"], ["bbb", "", "c", ""]]
    #expect(Table.lines(rows) == ["a    long  1", "bbb  c"])
    #expect(Table.lines(heading: ["x", "y", "z", "n"], rows)[0] == "x    z     n")
    #expect(Table.lines([]).isEmpty)
  }

  @Test("one column is cut where lines would be too long")
  func width() {
    let rows = [["1", "a name that is long", "2"], ["2", "short", "3"]]
    let lines = Table.lines(rows, width: 20, elastic: 1)
    #expect(lines == ["1  a name that i…  2", "2  short           3"])
    #expect(Table.lines(rows, width: 5, elastic: 1)[0] == "1  a name …  2")
  }

  @Test("numbers are written as people read them")
  func numbers() {
    #expect([0, 999, 1000, 1_048_576].map(grouped) == ["0", "999", "1,000", "1,048,576"])
    #expect(decimal(2, 3) == "2" && decimal(0.0625, 6) == "0.0625" && decimal(1.999, 2) == "2")
    #expect(
      [0, 999, 1500, 16e9, 2.5e12].map(byteCount) == [
        "0 bytes", "999 bytes", "1.5 kB", "16 GB", "2.5 TB",
      ])
    #expect([0, 61, 3661].map(clock) == ["0:00", "1:01", "1:01:01"])
  }
}

// Tables of timings: the right lines stand beside one another, and other files are refused.

import Formats
import Foundation
import TestSupport
import Testing
import Workbench

/// A line as `stylist bench --json` and the peers print it.
private func line(
  _ cfg: String, seconds: Double, mib: Double = 100, batch: Int = 1,
  _ more: [String: Any] = [:]
) throws -> String {
  var line: [String: Any] = [
    "system": "stylist", "command": "generate", "cfg": cfg, "batch": batch, "dtype": "float32",
    "threads": 2, "s_per_image": seconds, "best": seconds / 2, "peak_mib": mib + 50,
    "runtime_mib": 50, "rounds": 3, "parameters": 1000, "resolution": 256,
    "machine": "A processor", "gflop_per_image": 2.5, "ceiling_gflops": 16,
    "date": "2026-01-02", "libtorch": "2.3.4",
  ]
  line.merge(more) { $1 }
  return String(decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self)
}

private func peer(_ cfg: String, seconds: Double, mib: Double = 200, allocator: String) throws
  -> String
{
  try line(
    cfg, seconds: seconds, mib: mib,
    ["system": "pytorch", "allocator": allocator, "resolution": NSNull(), "machine": NSNull()])
}

private func write(_ lines: [String], to path: String) throws {
  try put(Array(lines.map { $0 + "\n" }.joined().utf8), at: path)
}

@Suite("Tables of timings")
struct BenchTablesTests {
  /// The cells of the rows that follow a heading.
  private func rows(_ title: String, _ page: String) throws -> [[String]] {
    let start = try #require(page.range(of: "## \(title)\n"), "\(page)")
    let section = page[start.upperBound...].components(separatedBy: "\n## ")[0]
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { row in
      row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return Array(rows.dropFirst())
  }

  @Test("several lines of the same work are one row: medians, the best, the most memory")
  func own() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      try write(
        [
          try line("a", seconds: 0.5), try line("b", seconds: 2, batch: 8),
          try line("a", seconds: 0.25, mib: 120), try line("a", seconds: 0.125),
        ], to: path)
      let job = BenchTablesJob(lines: [path], growth: [], command: "the command")
      let files = try job.run(into: "\(folder)/out")
      #expect(files == ["\(folder)/out/RESULTS.md"])
      let page = try String(contentsOfFile: files[0], encoding: .utf8)
      #expect(page.contains("2026-01-02, A processor, 2 threads, libtorch 2.3.4."))
      #expect(page.contains("Made by `the command`."))
      #expect(
        try rows("Every network", page) == [
          ["`a`", "256", "1", "0.250", "0.0625", "", "120", "2.50", "10", "62 %"],
          ["`b`", "256", "8", "2.000", "1.000", "", "100", "2.50", "1", "8 %"],
        ])
      #expect(!page.contains("PyTorch") && !page.contains("## bfloat16"))
    }
  }

  @Test("a peer stands beside the same work, with ratios; bfloat16 beside float32")
  func comparisons() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      try write(
        [
          try line("a", seconds: 0.5), try peer("a", seconds: 1.25, allocator: "default"),
          try peer("a", seconds: 0.75, allocator: "tuned"), try line("a", seconds: 1, batch: 8),
          try line("a", seconds: 0.25, ["dtype": "bfloat16", "psnr": 44.44]),
          try line("a", seconds: 1, ["dtype": "bfloat16", "equals_float32": true, "batch": 8]),
          try peer("c", seconds: 9, allocator: "default"),
        ], to: path)
      let files = try BenchTablesJob(lines: [path], growth: [], command: "x").run(into: folder)
      let page = try String(contentsOfFile: files[0], encoding: .utf8)
      #expect(
        try rows("Beside PyTorch", page) == [
          ["`a`", "256", "1", "1.250", "0.750", "0.500", "2.50", "1.50", "50 %", "31 %"]
        ])
      #expect(
        try rows("bfloat16", page) == [
          ["`a`", "256", "1", "0.500", "0.250", "2.00", "62 %", "44.4 dB"],
          ["`a`", "256", "8", "1.000", "1.000", "–", "–", "computed in float32"],
        ])
    }
  }

  @Test("beside a peer stand only timings from a file that holds one, which was made in turn")
  func inTurn() throws {
    try withScratchFolder { folder in
      let (turn, alone) = ("\(folder)/turn.jsonl", "\(folder)/alone.jsonl")
      try write(
        [
          try line("a", seconds: 0.5), try peer("a", seconds: 1.25, allocator: "default"),
          try peer("b", seconds: 1.5, allocator: "default"),
        ], to: turn)
      // Faster, and of a network that the other file has a peer's timing of, too.
      try write(
        [
          try line("a", seconds: 0.125), try line("a", seconds: 0.125),
          try line("b", seconds: 0.125),
        ], to: alone)
      for lines in [[turn, alone], [alone, turn]] {
        let files = try BenchTablesJob(lines: lines, growth: [], command: "x").run(into: folder)
        let page = try String(contentsOfFile: files[0], encoding: .utf8)
        #expect(
          try rows("Beside PyTorch", page) == [
            ["`a`", "256", "1", "1.250", "", "0.500", "2.50", "", "50 %", "31 %"]
          ])
        // The median of all three.
        let own = try rows("Every network", page)
        #expect(own.first { $0[0] == "`a`" }?[3] == "0.125")
      }
    }
  }

  @Test("a training is compared phase by phase")
  func training() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      let work: [String: Any] = [
        "command": "train", "resolution": 64, "gflop_per_image": NSNull(),
      ]
      func phases(_ scale: Double, _ more: [String: Any]) -> [String: Any] {
        let phases = ["phases": ["Gmain": 0.5 * scale, "Dmain": 0.25 * scale]]
        return work.merging(phases) { $1 }.merging(more) { $1 }
      }
      try write(
        [
          try line("auto", seconds: 1, phases(1, [:])),
          try line("auto", seconds: 3, phases(2, ["system": "pytorch", "allocator": "default"])),
          try line("auto", seconds: 2, phases(1.5, ["system": "pytorch", "allocator": "tuned"])),
          // Another network, of which no other program was timed.
          try line("auto", seconds: 5, phases(5, ["cbase": 512, "cmax": 64])),
        ], to: path)
      let files = try BenchTablesJob(lines: [path], growth: [], command: "x").run(into: folder)
      let page = try String(contentsOfFile: files[0], encoding: .utf8)
      #expect(
        try rows("Beside PyTorch", page) == [
          ["`training auto`", "64", "1", "3.000", "2.000", "1.000", "3.00", "2.00", "100 %", ""],
          ["– Dmain", "64", "1", "0.500", "0.375", "0.250", "2.00", "1.50", "", ""],
          ["– Gmain", "64", "1", "1.000", "0.750", "0.500", "2.00", "1.50", "", ""],
        ])
    }
  }

  @Test("growth makes a plot with a line for each network, higher where it takes longer")
  func growth() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/windows.jsonl"
      var lines: [String] = []
      for resolution in [16, 32, 64] {
        for (attention, power) in [(nil, 2.0), ("full", 4.0)] as [(String?, Double)] {
          let seconds = pow(Double(resolution), power) / 1e4
          lines.append(
            try line(
              "a", seconds: seconds, mib: 10 * seconds,
              ["resolution": resolution, "attention": attention ?? NSNull()]))
        }
      }
      try write(lines, to: path)
      let files = try BenchTablesJob(lines: [], growth: [path], command: "x").run(into: folder)
      #expect(files == ["\(folder)/RESULTS.md", "\(folder)/growth-windows.png"])
      let page = try String(contentsOfFile: files[0], encoding: .utf8)
      let table = try rows("Cost as resolution and batch grow: windows", page)
      #expect(
        table.map { $0[0] }
          == Array(repeating: ["a", "a, full attention"], count: 3).flatMap(\.self))
      #expect(table.last == ["a, full attention", "64", "1", "1677.722", "16777"])
      let png = try PNG(path: files[1])
      #expect(png.texts.contains { $0.key == "Command" && $0.value == "x" })
      // Of the two lines' last points, in the panel at the left, full attention's is the higher one.
      let image = png.image
      func top(_ colour: [UInt8]) -> Int? {
        (0..<380).first { y in
          (0..<620).contains { x in
            let at = (y * image.width + x) * image.channels
            return Array(image.pixels[at..<at + 3]) == colour
          }
        }
      }
      let (windows, full) = (top([0x00, 0x72, 0xB2]), top([0xD5, 0x5E, 0x00]))
      #expect(try #require(full) + 50 < #require(windows))
    }
  }

  @Test("what differs in more than the time stands in rows of its own, and is named")
  func works() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      let training: [String: Any] = ["command": "train", "gflop_per_image": NSNull()]
      func wide(_ most: Int) -> [String: Any] { training.merging(["cmax": most]) { $1 } }
      try write(
        [
          try line("auto", seconds: 1, wide(8)), try line("auto", seconds: 2, wide(32)),
          try line("a", seconds: 1), try line("a", seconds: 2, ["resolution": 64]),
          try line("a", seconds: 3, ["threads": 4]),
          try line("a", seconds: 4, ["machine": "Another"]),
          try line("b", seconds: 0.5, ["dtype": "bfloat16", "psnr": 50]),
        ], to: path)
      let files = try BenchTablesJob(lines: [path], growth: [path], command: "x").run(into: folder)
      let page = try String(contentsOfFile: files[0], encoding: .utf8)
      let ends = ", 2 threads, A processor`"
      #expect(
        try rows("Every network", page).map { $0[0...3] } == [
          ["`training auto, cmax 8\(ends)", "256", "1", "1.000"],
          ["`training auto, cmax 32\(ends)", "256", "1", "2.000"],
          ["`a\(ends)", "256", "1", "1.000"], ["`a\(ends)", "64", "1", "2.000"],
          ["`a, 4 threads, A processor`", "256", "1", "3.000"],
          ["`a, 2 threads, Another`", "256", "1", "4.000"],
        ])
      #expect(
        try rows("bfloat16", page) == [
          ["`b\(ends)", "256", "1", "", "0.500", "", "31 %", "50.0 dB"]
        ])
      let growth = try rows("Cost as resolution and batch grow: lines", page)
      #expect(growth.last?[0] == "b, bfloat16")
    }
  }

  @Test("another file is refused at the line that is not a timing, and nothing is written")
  func refusals() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      let good = try line("a", seconds: 1)
      func bad(_ name: String, _ value: Any) throws -> [String] {
        [good, try line("a", seconds: 1, [name: value])]
      }
      for (lines, words) in [
        (
          [good, "{\"cfg\": 3}"],
          "expected system, as `stylist bench --json` prints it, in line 2, found {\"cfg\": 3}"
        ),
        ([good, "{\"cfg\": "], "expected a line of `stylist bench --json` in line 2"),
        (
          [try line("a", seconds: -1)],
          "expected a number from 1e-09 to 1,000,000,000 as s_per_image in line 1, found -1.0"
        ),
        ([try line("a", seconds: 1e308)], "as s_per_image in line 1, found 1e+308"),
        (try bad("best", 1.5), "expected a number from 1e-09 to 1 as best in line 2, found 1.5"),
        (try bad("peak_mib", 40), "expected a number from 0 to 40 as runtime_mib"),
        (try bad("threads", 0), "as threads in line 2, found 0"),
        (try bad("first_image_s", -1), "as first_image_s in line 2, found -1"),
        (try bad("ceiling_gflops", 0), "as ceiling_gflops in line 2, found 0"),
        (try bad("phases", ["Gmain": -1.0]), "expected seconds above 0 in phases in line 2"),
        (try bad("batch", "8"), "expected a number as batch in line 2, found another value"),
        (try bad("system", "x"), "expected stylist or pytorch as system in line 2, found x"),
        (try bad("dtype", "float8"), "expected float32 or bfloat16 as dtype"),
        (try bad("cfg", "a|b"), "expected 1 to 200 letters that a table can hold as cfg"),
        (try bad("cfg", ""), "as cfg in line 2, found none"),
        ([], "expected lines of `stylist bench --json`, found none"),
      ] {
        try write(lines, to: path)
        let error = #expect(throws: FileError.self) {
          try BenchTablesJob(lines: [path], growth: [], command: "x").run(into: "\(folder)/out")
        }
        #expect(try #require(error).description.contains(words), "\(error!.description)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/out"))
      }
      try write([try peer("a", seconds: 1, allocator: "default")], to: path)
      let error = #expect(throws: MisfitError.self) {
        try BenchTablesJob(lines: [path], growth: [], command: "x").run(into: "\(folder)/out")
      }
      #expect(try #require(error).description.contains("found those of pytorch alone"))
    }
  }

  @Test("a last line counts without its end, and half of one is refused")
  func openEnd() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/lines.jsonl"
      let lines = try [line("a", seconds: 1), line("b", seconds: 2)].joined(separator: "\n")
      try put(Array(lines.utf8), at: path)
      let job = BenchTablesJob(lines: [path], growth: [], command: "x")
      let page = try String(contentsOfFile: job.run(into: folder)[0], encoding: .utf8)
      #expect(try rows("Every network", page).map { $0[0] } == ["`a`", "`b`"])
      try put(Array(lines.utf8.dropLast(10)), at: path)
      let error = #expect(throws: FileError.self) { try job.run(into: folder) }
      #expect(try #require(error).description.contains("in line 2"))
    }
  }
}

@Suite("Axes")
struct AxisTests {
  @Test("on a logarithmic axis equal factors are equal ways, and marks are round")
  func logarithmic() {
    let axis = Axis(logarithmicFor: [0.02, 0.3, 4])
    let ways = [0.05, 0.1, 0.2].map { axis.place(of: 2 * $0) - axis.place(of: $0) }
    #expect(ways.allSatisfy { abs($0 - ways[0]) < 1e-12 } && ways[0] > 0)
    #expect(axis.place(of: 0.02) > 0 && axis.place(of: 4) < 1)
    #expect(axis.ticks.map(\.text) == ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"])
    let wide = Axis(logarithmicFor: [0.001, 100])
    #expect(wide.ticks.map(\.text) == ["0.001", "0.01", "0.1", "1", "10", "100"])
    let narrow = Axis(logarithmicFor: [58, 180])
    #expect(narrow.ticks.map(\.text) == ["60", "80", "100", "150", "200"])
    let resolutions = Axis(logarithmicFor: [16, 64], marks: [16, 32, 64])
    #expect(resolutions.ticks.map(\.text) == ["16", "32", "64"])
  }
}

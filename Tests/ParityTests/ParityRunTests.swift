// What the program prints and with which code it ends.

import Formats
import Foundation
import ParityCases
import Testing

/// Runs the cases below a folder and collects what is printed.
private func run(_ folders: [String]) throws -> (lines: [String], tally: ParityTally) {
  var lines: [String] = []
  let tally = try runParity(folders: folders) { lines.append($0) }
  return (lines, tally)
}

@Suite struct ParityRunTests {
  @Test("prints what is off, then the tally, and fails if a case does")
  func passingAndFailing() throws {
    let folder = try TemporaryFolder()
    try SmallCase().write(to: folder, as: "good")
    var off = SmallCase()
    off.expected["y"]?.values[0] += 1
    try off.write(to: folder, as: "deep/down/bad")
    let (lines, tally) = try run([folder.path])
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("bad: [fused] y: 1 of 6 off, worst absolute error 1, "))
    #expect(lines[1].hasPrefix("bad: [reference] y: 1 of 6 off"))
    #expect(lines[2] == "1 passed, 1 failed")
    #expect(tally.exitCode == 1)
  }

  @Test("succeeds if every case passes, and says nothing else")
  func allPass() throws {
    let folder = try TemporaryFolder()
    try SmallCase().write(to: folder, as: "a")
    try SmallCase().write(to: folder, as: "b")
    let (lines, tally) = try run([folder.path])
    #expect(lines == ["2 passed, 0 failed"])
    #expect(tally.exitCode == 0)
  }

  @Test("counts a case once, however often its folder is named")
  func namedTwice() throws {
    let folder = try TemporaryFolder()
    try SmallCase().write(to: folder, as: "a")
    #expect(try run([folder.path, folder.path + "/a", folder.path + "/"]).tally.passed == 1)
  }

  @Test("fails if there is no case")
  func noCase() throws {
    let folder = try TemporaryFolder()
    let (lines, tally) = try run([folder.path])
    #expect(lines == ["0 passed, 0 failed"])
    #expect(tally.exitCode == 1)
  }

  @Test("goes on after files that are damaged or missing, with a line for each")
  func damagedFiles() throws {
    let folder = try TemporaryFolder()
    try SmallCase().write(to: folder, as: "z-good")
    try folder.write("{", to: "a-json/case.json")
    try folder.write(SmallCase().json, to: "b-lacks-numbers/case.json")
    try folder.write(SmallCase().json, to: "c-short/case.json")
    try folder.write("short", to: "c-short/expected.safetensors")
    try folder.write("[]", to: "d-list/case.json")
    let lines = try run([folder.path]).lines
    let names = lines.dropLast().map { String($0.prefix { $0 != ":" }) }
    #expect(names == ["a-json", "b-lacks-numbers", "c-short", "d-list"])
    #expect(lines.last == "1 passed, 4 failed")
  }

  @Test("runs nothing if a folder is missing, and ends with code 66")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    try SmallCase().write(to: folder, as: "a")
    var lines: [String] = []
    let error = #expect(throws: FileError.self) {
      try runParity(folders: [folder.path, folder.path + "/none"]) { lines.append($0) }
    }
    #expect(lines == [])
    #expect(error?.kind.exitCode == 66)
    #expect(error?.description.contains("/none") == true)
    #expect(throws: FileError.self) { try run([folder.path + "/a/case.json"]) }
  }
}

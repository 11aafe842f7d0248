// Which tolerance a tensor gets: its own, the first glob's, or the general one.

import Formats
import ParityCases
import Testing

private func table(_ overrides: String) throws -> ToleranceTable {
  let json = #"{"atol": 1, "rtol": 2, "relative_to_max": 3, "overrides": {\#(overrides)}}"#
  let object = try StrictObject(JSON(ByteRegion(Array(json.utf8), name: "test")), path: "tolerance")
  let table = try ToleranceTable(object)
  try object.requireFullyRead()
  return table
}

private func override(_ name: String, _ atol: Int) -> String {
  #""\#(name)": {"atol": \#(atol), "rtol": 0, "relative_to_max": 0}"#
}

@Suite struct ToleranceTests {
  @Test("gives the general tolerance where no override fits")
  func general() throws {
    let found = try table(override("a.*", 9)).tolerance(for: "b.a.c")
    #expect(found == Tolerance(atol: 1, rtol: 2, relativeToMax: 3))
  }

  @Test("replaces all three numbers")
  func replacesAll() throws {
    let found = try table(override("a", 9)).tolerance(for: "a")
    #expect(found == Tolerance(atol: 9, rtol: 0, relativeToMax: 0))
  }

  @Test("prefers the exact name to every glob, wherever it stands")
  func exactName() throws {
    let overrides = [override("*", 4), override("delta.w", 5), override("delta.*", 6)]
    #expect(try table(overrides.joined(separator: ",")).tolerance(for: "delta.w").atol == 5)
  }

  @Test("takes the first glob in the order of the file, not the longest one")
  func firstGlob() throws {
    let names = ["z*", "delta.g.style.*", "delta.*", "*", "a*"]
    let overrides = names.enumerated().map { override($1, 10 + $0) }.joined(separator: ",")
    let table = try table(overrides)
    #expect(table.tolerance(for: "delta.g.style.1").atol == 11)
    #expect(table.tolerance(for: "delta.g.other").atol == 12)
    #expect(table.tolerance(for: "a").atol == 13)
    #expect(table.tolerance(for: "zebra").atol == 10)
  }

  @Test(
    "refuses an override that lacks a number or has one more",
    arguments: [
      #""a": {"atol": 1, "rtol": 0}"#,
      #""a": {"atol": 1, "rtol": 0, "relative_to_max": 0, "more": 0}"#,
      #""a": {"atol": "1", "rtol": 0, "relative_to_max": 0}"#,
    ])
  func malformed(override: String) {
    #expect(throws: CaseError.self) { try table(override) }
  }

  @Test(
    "matches a star with any run of characters, also of dots, slashes and none",
    arguments: [
      ("*", ""), ("*", "a.b/c"), ("a*", "a"), ("a*", "a.b/c"), ("*c", "a.b/c"), ("a*c", "ac"),
      ("a*b*c", "a.b.b.c"), ("it*.d_loss", "it10.d_loss"), ("**", "x"), ("a**b", "ab"),
      ("*ab*ab", "abab"), ("[a]?*", "[a]?b"), ("", ""),
    ])
  func matching(glob: String, name: String) { #expect(matches(name, glob: glob)) }

  @Test(
    "does not match anything else",
    arguments: [
      ("a", "ab"), ("a", "A"), ("a*", "ba"), ("*a", "ab"), ("a*a", "a"), ("a*b*c", "a.c.b"),
      ("*ab*ab", "ab"), ("[ab]*", "a"), ("a?", "ab"), ("", "a"), ("a.b*", "aXb"),
    ])
  func notMatching(glob: String, name: String) { #expect(!matches(name, glob: glob)) }
}

// Reading case files: JSON with its order, its kinds of numbers, and every key accounted for.

import Formats
import ParityCases
import Testing

private func json(_ text: String) throws -> JSON {
  try JSON(ByteRegion(Array(text.utf8), name: "test.json"))
}

private func object(_ text: String) throws -> StrictObject {
  try StrictObject(json(text), path: "config")
}

@Suite struct JSONTests {
  @Test("tells integers, other numbers, truth values, text and null apart")
  func values() throws {
    let expected: [JSON] = [
      .integer(-3), .number(3), .number(1e-5), .bool(true), .null, .string("a\"ü\n😀"), .array([]),
    ]
    let text = #"[-3, 3.0, 1e-5, true, null, "a\"\u00fc\n\ud83d\ude00", [ ]]"#
    #expect(try json(text) == .array(expected))
  }

  @Test("keeps the order of keys")
  func order() throws {
    #expect(try object(#"{"z": 1, "a": 2, "m": {}}"#).keys == ["z", "a", "m"])
  }

  @Test(
    "refuses what is not JSON, with the place",
    arguments: [
      "", "{", "[1,]", "{\"a\": 1,}", "{\"a\" 1}", "{a: 1}", "[1] 2", "nul", "\"a", "\"\\x\"", "+",
      "NaN", "Infinity", "1e999", "{\"a\": 1, \"a\": 2}", "\"\u{1}\"",
      String(repeating: "[", count: 1000),
    ])
  func malformed(text: String) {
    #expect(throws: FileError.self) { try json(text) }
  }
}

@Suite struct StrictObjectTests {
  @Test("reads values of the type asked for")
  func reading() throws {
    let config = try object(#"{"n": 2, "gain": 3, "flip": false, "list": [1, 2.5], "name": "a"}"#)
    #expect(try config.value("n") as Int == 2)
    #expect(try config.value("gain") as Double == 3)
    #expect(try config.value("flip") as Bool == false)
    #expect(try config.value("list") as [Double] == [1, 2.5])
    #expect(try config.value("name") as String == "a")
    try config.requireFullyRead()
  }

  @Test("refuses a value of another type")
  func wrongTypes() throws {
    let config = try object(
      #"{"n": 2.0, "flag": 1, "number": true, "list": [1, "a"], "null": null, "big": 1e39}"#)
    #expect(throws: CaseError("config.n: expected an integer, found 2.0")) {
      try config.value("n") as Int
    }
    #expect(throws: CaseError.self) { try config.value("flag") as Bool }
    #expect(throws: CaseError.self) { try config.value("number") as Double }
    #expect(throws: CaseError.self) { try config.value("big") as Double }
    #expect(throws: CaseError.self) { try config.value("list") as [Int] }
    #expect(throws: CaseError.self) { try config.value("null", default: 1.0) }
    #expect(throws: CaseError("config.none is missing")) { try config.value("none") as Int }
  }

  @Test("takes a default only for a missing key, and nil also for null")
  func defaults() throws {
    let config = try object(#"{"a": 2, "b": null}"#)
    #expect(try config.value("a", default: 7) == 2)
    #expect(try config.value("z", default: 7) == 7)
    #expect(try config.optional("a") == 2)
    #expect(try config.optional("b", as: Int.self) == nil)
    #expect(try config.optional("z", as: Int.self) == nil)
  }

  @Test("refuses keys that nobody asked for, at any depth, and names them all")
  func unreadKeys() throws {
    let config = try object(#"{"variants": [{"name": 1}, {"name": 2, "odd": 3}], "G": {"x": {}}}"#)
    for variant in try config.objects("variants") { _ = try variant.value("name") as Int }
    _ = try config.object("G").object("x")
    #expect(throws: CaseError("config.variants[1].odd: not known here")) {
      try config.requireFullyRead()
    }
    #expect(throws: CaseError("config.a, config.b: not known here")) {
      try object(#"{"a": 1, "b": {"c": 2}}"#).requireFullyRead()
    }
  }

  @Test("counts within bounds")
  func counts() throws {
    let config = try object(#"{"n": 0, "many": 65537, "few": 3}"#)
    #expect(try config.count("few") == 3)
    #expect(throws: CaseError.self) { try config.count("n") }
    #expect(throws: CaseError.self) { try config.count("many") }
    #expect(try config.count("n", in: 0...1) == 0)
  }
}

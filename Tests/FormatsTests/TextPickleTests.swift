// Text pickles of protocol 0: what their lines say, and which lines are refused.

import Formats
import TestSupport
import Testing

@Suite("Text pickles")
struct TextPickleTests {
  /// A pickle of text instructions alone.
  private func pickle(_ instructions: String) -> PickleAssembler {
    PickleAssembler(protocol: nil).ops(instructions)
  }

  @Test(
    "reads integers and Booleans",
    arguments: [
      ("I0\n", 0), ("I-12\n", -12), ("I9223372036854775807\n", Int64.max), ("L5L\n", 5),
      ("L-9223372036854775808L\n", Int64.min), ("L77\n", 77),
    ])
  func integers(instructions: String, value: Int64) throws {
    #expect(try pickle(instructions).read().asInt == value)
  }

  @Test("reads 00 and 01 as Booleans")
  func booleans() throws {
    #expect(try pickle("I00\n").read().asBool == false)
    #expect(try pickle("I01\n").read().asBool == true)
  }

  @Test(
    "reads integers beyond 64 bits as the shortest two's complement",
    arguments: [
      ("9223372036854775808", [0, 0, 0, 0, 0, 0, 0, 0x80, 0]),
      ("-9223372036854775809", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF]),
      ("-604462909807314587353088", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]),
      (
        "119547037146038801333356",
        [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
      ),
    ] as [(String, [UInt8])])
  func bigIntegers(digits: String, bytes: [UInt8]) throws {
    guard case .bigInt(let found) = try pickle("L\(digits)L\n").read() else {
      Issue.record("not a big integer")
      return
    }
    #expect(found == bytes)
  }

  @Test(
    "reads floating-point numbers exactly",
    arguments: [
      ("1.5", 1.5), ("-0.0", -0.0), ("1e-05", 1e-5), ("5e-324", .leastNonzeroMagnitude), ("3", 3),
      ("1.7976931348623157e+308", .greatestFiniteMagnitude), ("inf", .infinity),
      ("-inf", -.infinity), ("nan", .nan),
    ] as [(String, Double)])
  func floats(digits: String, value: Double) throws {
    #expect(try pickle("F\(digits)\n").read().asDouble?.bitPattern == value.bitPattern)
  }

  @Test(
    "reads strings of Python 2 in either quotes, with its escapes",
    arguments: [
      ("''", ""), ("'plain'", "plain"), (#""it's""#, "it's"), (#"'it\'s "it"'"#, #"it's "it""#),
      (#"'a\\b\n\r\t\x00\xe9'"#, "a\\b\n\r\t\0é"), (#"'\\x41'"#, #"\x41"#),
    ])
  func strings(line: String, text: String) throws {
    let value = try pickle("S\(line)\n").read()
    #expect(value.asString == text)
    #expect(value.asBytes?.copy().count == text.unicodeScalars.count)
  }

  @Test(
    "reads text with Unicode escapes",
    arguments: [
      ("", ""), ("plain", "plain"), (#"a\u005cb\u000a"#, "a\\b\n"), (#"\u65e5\U0001f3a8"#, "日🎨"),
      (#"\ud83c\udfa8"#, "🎨"), (#"a\b\\u0041"#, #"a\b\\u0041"#), (#"\\\u0041"#, #"\\A"#),
    ])
  func text(line: String, text: String) throws {
    #expect(try pickle("V\(line)\n").read().asString == text)
    let latin = PickleAssembler(protocol: nil).op(0x56, [0x41, 0xE9, 0x0A])
    #expect(try latin.read().asString == "Aé")
  }

  @Test("reads what Python 2 and 3 write for a dictionary of everything")
  func whole() throws {
    let python2 = """
      (dp0
      S'list'
      p1
      (lp2
      I1
      aF2.5
      aNasS'pair'
      p3
      (g1
      I01
      tp4
      sVgr\\u00f6\\u00dfe
      p5
      L12L
      s
      """
    let dictionary = try #require(try pickle(python2).read().asDictionary)
    #expect(dictionary["list"]?.asItems?.map(\.asDouble) == [1, 2.5, nil])
    #expect(dictionary["pair"]?.asItems?.first?.asString == "list")
    #expect(dictionary["pair"]?.asItems?.last?.asBool == true)
    #expect(dictionary["größe"]?.asInt == 12)
    let ordered = "ccollections\nOrderedDict\np0\n(tRp1\nVw\np2\nI7\ns"
    #expect(try pickle(ordered).read().asDictionary?["w"]?.asInt == 7)
  }

  @Test("memo indices of text and binary instructions are the same")
  func memo() throws {
    #expect(try pickle("I5\np300\n0").op(0x6A, [0x2C, 1, 0, 0]).read().asInt == 5)
    #expect(try pickle("I6\n").put(7).ops("0g7\n").read().asInt == 6)
  }

  @Test(
    "refuses lines that are not what their instruction needs",
    arguments: [
      "I\n", "I007\n", "I-0\n", "I+1\n", "I 1\n", "I1_0\n", "I0x1\n", "I1.0\n", "I1", "I-\n",
      "I1L\n", "L\n", "LL\n", "L1LL\n", "L-L\n", "L00L\n", "F\n", "Fe\n", "F1,5\n", "F0x1p3\n",
      "Finfinity\n", "F1e999\n", "F--1\n", "F 1\n", "p1\n", "p-1\n", "N0p0\n", "Np\n", "Np-1\n",
      "Np01\n", "Np1.0\n", "Np99999999999999999999\n", "Np16777217\n", "g0\n", "g-1\n", "S\n",
      "S'\n", "Sa\n", "S'a\n", "Sa'\n", "S'a\"\n", "S'a''\n", "S'a'b'\n", #"S'\'"# + "\n",
      #"S'\a'"# + "\n", #"S'\x4'"# + "\n", #"S'\x+4'"# + "\n", #"S'\101'"# + "\n", #"V\u12"# + "\n",
      #"V\u12g4"# + "\n", #"V\ud83c"# + "\n", #"V\udfa8\ud83c"# + "\n", #"V\U00110000"# + "\n",
      #"V\U0000d83c"# + "\n", #"V\U0001"# + "\n", "Vendless",
    ])
  func malformed(instructions: String) {
    expect(.damaged) { _ = try pickle(instructions).read() }
  }

  @Test("refuses long lines before taking memory")
  func longLines() {
    var limits = PickleLimits()
    limits.stringBytes = 100
    limits.integerBytes = 9
    let line = { (count: Int) in String(repeating: "1", count: count) }
    for instruction in ["S'\(line(99))'", "V\(line(101))", "I\(line(28))", "F\(line(28))"] {
      expect(.damaged, at: 0, says: "a line of at most") {
        _ = try pickle("\(instruction)\n").read(limits: limits)
      }
    }
    expect(.damaged, at: 0, says: "11 bytes") {
      _ = try pickle("L\(line(26))L\n").read(limits: limits)
    }
  }

  @Test("refuses calls and names as in binary pickles")
  func calls() {
    expect(.refusedAsUnsafe, at: 0, says: "os.system") {
      _ = try pickle("cos\nsystem\n(S'touch canary'\ntR").read()
    }
    expect(.refusedAsUnsafe, at: 1, says: "os.system") {
      _ = try pickle("(ios\nsystem\n").read()
    }
    for module in ["copy_reg", "copyreg"] {
      let object = "c\(module)\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR"
      expect(.refusedAsUnsafe, at: 0, says: "\(module)._reconstructor") {
        _ = try pickle(object).read()
      }
    }
    expect(.refusedAsUnsafe, says: "a call of a string") { _ = try pickle("S'os'\n(tR").read() }
  }

  @Test("refuses persistent ids that are lines of text")
  func persistentIDs() {
    expect(.damaged, at: 0, says: "persistent id") { _ = try pickle("Pid\n").read() }
  }
}

// Groups 34 to 39: NumPy's arrays and safetensors.

import Formats
import TestSupport

extension HostileInput {
  /// Groups 34 and 35: NumPy's arrays as codes.
  static let arrays: [HostileInput] = [
    array(34, "Python objects", 77, "Python objects", header(descr: "'|O'")),
    HostileInput(34, "Python objects in an archive", 77, "Python objects", command: .codes) {
      ZIPAssembler([("w.npy", npy(header(descr: "'|O'")))]).bytes
    },
    HostileInput(34, "Python objects, scanned", 77, "Python objects", command: .scan) {
      npy(header(descr: "'|O'"))
    },
    array(35, "a call for a header", 65, "at byte 10", "__import__('os').system('touch canary')"),
    array(35, "a call in a header", 65, "'", header(shape: "open('canary', 'w')")),
    HostileInput(35, "a header beyond the end", 65, "at byte 10", command: .codes) {
      var bytes = npy(header())
      bytes[9] = 0x3F
      return bytes
    },
    array(
      35, "a shape of 2^63 elements", 65, "64 bits", header(shape: "(9223372036854775807, 1, 1)")),
    array(
      35, "a shape that 64 bits cannot count", 65, "64 bits",
      header(shape: "(4294967296, 4294967296, 1)")),
    array(35, "a negative shape", 65, "at byte", header(shape: "(-1, 2, 1)")),
    array(35, "ten thousand brackets", 65, "at byte", String(repeating: "(", count: 10_000)),
    array(
      35, "columns first, and too many", 65, "bytes", header(order: "True", shape: "(3, 1, 1)")),
    array(35, "big-endian numbers", 69, ">f4", header(descr: "'>f4'")),
    HostileInput(35, "version 9", 65, "version 1.0, 2.0 or 3.0", command: .codes) {
      var bytes = npy(header())
      bytes[6] = 9
      return bytes
    },
  ]

  private static func array(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String, _ header: String
  ) -> HostileInput {
    HostileInput(group, title, exitCode, words, command: .codes) { npy(header) }
  }

  private static func header(
    descr: String = "'<f4'", order: String = "False", shape: String = "(1, 2, 1)"
  ) -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }"
  }

  /// A .npy file with eight bytes behind its header.
  private static func npy(_ header: String) -> [UInt8] {
    [0x93] + Array("NUMPY\u{1}\u{0}".utf8) + littleEndian(UInt16(header.utf8.count))
      + Array(header.utf8) + [UInt8](repeating: 0, count: 8)
  }

  /// What stands before the elements of a .npy file.
  static func npyStart(descr: String, shape: String) -> [UInt8] {
    Array(npy(header(descr: descr, shape: shape)).dropLast(8))
  }

  /// Groups 36 to 39: safetensors.
  static let safetensors: [HostileInput] =
    ([0, 7, 1 << 63, 1000, .max] as [UInt64]).map { length in
      // What has a header longer than the format allows is no such file.
      let words = length < 1 << 63 ? "at byte 0" : "not recognised"
      return HostileInput(36, "a header of \(length) bytes", 65, words) {
        safetensors("{}", length: length)
      }
    } + [
      json(37, "no JSON", 65, "at byte 9", "{os.system('touch canary')}"),
      json(37, "spaces in front", 65, "expected codes", command: .codes, "  {}"),
      HostileInput(37, "no UTF-8", 65, "UTF-8") {
        let json = Array(#"{"__metadata__":{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}}"#.utf8)
        return littleEndian(UInt64(json.count)) + json
      },
      json(
        37, "a configuration of 100,000 brackets", 65, "a known network",
        metadata(
          configuration: String(repeating: "[", count: 100_000))),
      json(
        38, "tensors that overlap", 65, "byte", "{\(tensor("a", 0, 4)),\(tensor("b", 2, 6))}", 6),
      json(38, "a hole", 65, "byte", "{\(tensor("a", 0, 4)),\(tensor("b", 8, 12))}", 12),
      json(38, "a tensor that ends before it begins", 65, "byte", "{\(tensor("a", 4, 0))}", 4),
      HostileInput(38, "200,000 names of one range", 65, "byte") {
        let names = (0..<200_000).map { tensor("\($0)", 0, 4) }
        return safetensors("{\(names.joined(separator: ","))}", dataCount: 4)
      },
      HostileInput(38, "a million names of one range, as the length says", 65, "60000000") {
        safetensors("{\(tensor("a", 0, 4))}", length: 60_000_000, dataCount: 4)
      },
      HostileInput(38, "300,000 names of nothing", 65, "262144 tensors", command: .codes) {
        let names = (0..<300_000).map { tensor("\($0)", 0, 0, shape: "[0]") }
        return safetensors("{\(names.joined(separator: ","))}")
      },
      json(
        39, "a shape that 64 bits cannot count", 65, "64 bits",
        "{\(tensor("a", 0, 4, shape: "[4294967296,4294967296]"))}", 4),
      json(39, "an unknown type", 65, "F8", "{\(tensor("a", 0, 4, type: "F8"))}", 4),
      json(
        39, "a name twice", 65, "a twice", command: .scan,
        "{\(tensor("a", 0, 4)),\(tensor("a", 4, 8))}", 8),
      json(
        39, "metadata that is no text", 65, "at byte", command: .convert,
        #"{"__metadata__":{"a":1}}"#),
    ]

  private static func json(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    command: Command = .inspect, _ header: String, _ dataCount: Int = 0
  ) -> HostileInput {
    HostileInput(group, title, exitCode, words, command: command) {
      safetensors(header, dataCount: dataCount)
    }
  }

  private static func safetensors(
    _ header: String, length: UInt64? = nil, dataCount: Int = 0
  ) -> [UInt8] {
    littleEndian(length ?? UInt64(header.utf8.count)) + Array(header.utf8)
      + [UInt8](repeating: 0, count: dataCount)
  }

  private static func tensor(
    _ name: String, _ begin: Int, _ end: Int, shape: String = "[1]", type: String = "F32"
  ) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
  }

  private static func metadata(configuration: String) -> String {
    #"{"__metadata__":{"stylist.format":"1","stylist.kind":"stylegan2","#
      + #""stylist.configuration":"\#(configuration)"}}"#
  }
}

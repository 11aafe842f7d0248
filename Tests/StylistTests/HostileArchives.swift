// Groups 26 to 32: ZIP archives of torch and of NumPy's arrays.

import Formats
import TestSupport

extension HostileInput {
  /// Group 26: archives that expand.
  static let bombs: [HostileInput] = [
    HostileInput(26, "weights.npy that claims 40 GB", 65, "at most 200 times", command: .codes) {
      ZIPAssembler([claiming(40_000_000_000, "weights.npy")]).bytes
    },
    HostileInput(26, "archive/data/0 that claims 40 GB", 65, "at most 200 times") {
      let rest = TorchFileAssembler([1]).zipFiles.filter { $0.name != "archive/data/0" }
      return ZIPAssembler(
        rest.map { .init($0.name, $0.content) } + [claiming(40_000_000_000, "archive/data/0")]
      ).bytes
    },
    HostileInput(26, "a small array that inflates to 64 MB", 65, "more bytes", command: .codes) {
      let stream = deflateZeros(repeats: 260_000)
      return ZIPAssembler([.init("w.npy", deflated: stream, of: [0])]).bytes
    },
    HostileInput(26, "arrays of 16 MB, as many as are allowed", 65, "found uint8", command: .codes)
    {
      ZIPAssembler(arrays(count: 15)).bytes
    },
    HostileInput(
      26, "arrays of 16 MB, more than are allowed", 65, "after inflating", command: .codes
    ) {
      ZIPAssembler(arrays(count: 40)).bytes
    },
    HostileInput(26, "entries that share their bytes", 77, "bytes") {
      var entries = TorchFileAssembler([1]).zipFiles.map { ZIPAssembler.Entry($0.name, $0.content) }
      var twin = entries[0]
      twin.offset = 0
      twin.setBoth { $0.name = Array("archive/data.pkm".utf8) }
      entries.append(twin)
      return ZIPAssembler(entries).bytes
    },
    HostileInput(26, "an entry inside another's content", 77, "bytes", command: .scan) {
      let inner = ZIPAssembler.Entry("in", [1, 2, 3])
      let header = Array(ZIPAssembler([inner]).bytes.prefix(30 + 2 + 3))
      var file = ZIPAssembler([.init("out", header), inner])
      file.entries[1].offset = 30 + 3
      file.entries[1].local.name = []
      return file.bytes
    },
  ]

  /// A small entry that says it expands to more than 32 bits can count.
  private static func claiming(_ count: UInt64, _ name: String) -> ZIPAssembler.Entry {
    var entry = ZIPAssembler.Entry(name, deflated: deflateZeros(repeats: 40), of: [0])
    let packedCount = UInt64(entry.packed.count)
    entry.setBoth {
      ($0.byteCount, $0.packedCount) = (.max, .max)
      $0.extra = [1, 0, 16, 0] + littleEndian(count) + littleEndian(packedCount)
    }
    return entry
  }

  /// Arrays of nearly 16 MB of zeros: `w`, and others.
  private static func arrays(count: Int) -> [ZIPAssembler.Entry] {
    let repeats = 64_000
    let header = npyStart(descr: "'|u1'", shape: "(1, \(258 * repeats + 1), 1)")
    // A stored block that is not the last, then the zeros.
    let stream = [0] + deflateStored(header).dropFirst() + deflateZeros(repeats: repeats)
    let content = header + [UInt8](repeating: 0, count: 258 * repeats + 1)
    let entry = ZIPAssembler.Entry("w.npy", deflated: stream, of: content)
    return (0..<count).map { index in
      var copy = entry
      if index > 0 { copy.setBoth { $0.name = Array("\(index).npy".utf8) } }
      return copy
    }
  }

  /// Groups 27 to 32: names, contradictions, twins and numbers of entries.
  static let archives: [HostileInput] =
    ["../../x", "/etc/x", "a\\x", "a\u{0}x"].map { name in
      damage(27, "an entry \(name.debugDescription)", 77, "files below a folder") {
        $0.entries.append(.init(name, [1]))
      }
    } + [
      damage(27, "a link", 77, "link", command: .codes) {
        $0.entries[0].attributes = 0o120777 << 16
      },
      damage(28, "another name in the local header", 65, "as in the directory") {
        $0.entries[0].local.name = Array("archive/data.pkm".utf8)
      },
      damage(28, "encrypted", 65, "flag", command: .scan) {
        $0.entries[0].setBoth { $0.flags = 1 }
      },
      damage(28, "patched", 65, "flag") { $0.entries[0].setBoth { $0.flags = 0x20 } },
      damage(28, "strongly encrypted", 65, "flag", command: .convert) {
        $0.entries[0].setBoth { $0.flags = 0x40 }
      },
      damage(28, "another check sum", 65, "CRC-32") { $0.entries[0].setBoth { $0.checksum ^= 1 } },
      damage(28, "another size", 65, "size") { $0.entries[0].local.byteCount += 1 },
      damage(28, "an unknown method", 65, "method 99") {
        $0.entries[0].setBoth { $0.method = 99 }
      },
      damage(29, "data.pkl twice", 65, "each name once") {
        $0.entries.insert($0.entries[0], at: 0)
      },
      damage(30, "an end record in the comment", 65, "end record") {
        $0.comment = ZIPAssembler().bytes
      },
      damage(30, "2^64 - 1 entries", 65, "at most 10000 entries") {
        $0.wideEnd = .init()
        $0.wideEnd?.fields.count = .max
        $0.wideEnd?.fields.countHere = .max
        ($0.end.countHere, $0.end.count) = (0xFFFF, 0xFFFF)
      },
      damage(30, "a PNG in front", 65, "a PNG picture", command: .generate) {
        $0.prefix = Array("\u{89}PNG\r\n\u{1A}\n".unicodeScalars.map { UInt8($0.value) })
      },
      damage(30, "junk in front", 65, "expected codes", command: .codes) { $0.prefix = [0] },
      damage(30, "junk behind", 65, "more bytes") { $0.suffix = [0] },
      damage(31, "a call before the good pickle of its name", 65, "each name once") {
        $0.entries.insert(.init("archive/data.pkl", call), at: 0)
      },
      damage(31, "a call in a pickle that is not used", 77, "os.system", command: .scan) {
        $0.entries.insert(.init("archive/a.pkl", call), at: 0)
      },
      HostileInput(32, "65,537 entries", 65, "at most 10000 entries") {
        let empty = ZIPAssembler.Entry("", [])
        var file = ZIPAssembler(
          (0..<65_537).map { index in
            var entry = empty
            entry.setBoth { $0.name = Array("\(index)".utf8) }
            return entry
          })
        file.wideEnd = .init()
        (file.end.countHere, file.end.count) = (0xFFFF, 0xFFFF)
        return file.bytes
      },
    ]

  private static let call = PickleAssembler()
    .call("os", "system") { $0.text("touch canary") }.region.copy()

  /// A torch archive that is damaged.
  private static func damage(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    command: Command = .inspect, _ change: @escaping @Sendable (inout ZIPAssembler) -> Void
  ) -> HostileInput {
    HostileInput(group, title, exitCode, words, command: command) {
      var file = ZIPAssembler(TorchFileAssembler([1]).zipFiles)
      change(&file)
      return file.bytes
    }
  }
}

// Groups 1 to 15: pickles that call, hide what they call, or ask for too much.

import Formats
import TestSupport

extension HostileInput {
  /// Groups 1 to 8: calls of every kind.
  static let callingPickles: [HostileInput] =
    [
      calling(1, "os.system"), calling(1, "posix.system", .scan), calling(1, "nt.system", .convert),
      calling(2, "builtins.eval"), calling(2, "builtins.exec", .generate),
      calling(2, "builtins.getattr"), calling(2, "__builtin__.eval", .scan),
      calling(3, "functools.partial"), calling(3, "operator.attrgetter"),
      calling(3, "pkgutil.resolve_name"), calling(3, "runpy.run_path"), calling(3, "ctypes.CDLL"),
      calling(3, "numpy.f2py.getlincoef"), calling(3, "torch.utils.collect_env.run"),
      calling(3, "logging.FileHandler"), calling(3, "_io.FileIO"),
      calling(3, "urllib.request.urlopen"),
    ] + [
      HostileInput(4, "a name from the memo", 77, "os.system") {
        $0.text("system").put(0).text("os").put(1).ops("00").get(1).get(0).op(0x93)
          .tuple { $0.text("touch canary") }.ops("R")
      },
      HostileInput(5, "a dotted name", 77, "collections.OrderedDict.fromkeys") {
        $0.text("collections").text("OrderedDict.fromkeys").op(0x93)
      },
      HostileInput(5, "a name behind an allowed one", 77, "__globals__", command: .scan) {
        $0.text("torch.storage").text("_load_from_bytes.__globals__").op(0x93)
      },
      HostileInput(6, "INST", 77, "os.system") {
        $0.ops("(").text("touch canary").ops("ios\nsystem\n")
      },
      HostileInput(6, "OBJ", 77, "obj instruction") {
        $0.ops("(").global("collections", "OrderedDict").ops("o")
      },
      HostileInput(6, "NEWOBJ_EX", 77, "builtins.exec") {
        $0.global("builtins", "exec").tuple { $0.text("open('canary', 'w')") }.ops("}").op(0x92)
      },
      HostileInput(6, "EXT1", 77, "at byte 2") { $0.op(0x82, [1]) },
      HostileInput(7, "__setstate__ as a state's key", 65, "a dictionary of networks") {
        $0.call("argparse", "Namespace") { $0 }.ops("}").text("__setstate__").text("os.system")
          .ops("sb")
      },
      HostileInput(7, "a state for a name", 77, "state for the name") {
        $0.global("argparse", "Namespace").ops("}").text("__setstate__").text("os.system")
          .ops("sb")
      },
      HostileInput(8, "a call, then garbage", 77, "os.system") {
        $0.call("os", "system") { $0.text("touch canary") }.raw([0xFF, 0xFE, 0xFD])
      },
      HostileInput(8, "a network, then a call", 65, "more bytes", command: .generate) {
        try ByteRegion(mapping: plainNetwork).copy()
          + PickleAssembler().call("os", "system") { $0.text("touch canary") }.region.copy()
      },
    ]

  /// A pickle that calls a dotted name.
  private static func calling(
    _ group: Int, _ name: String, _ command: Command = .inspect
  ) -> HostileInput {
    let parts = name.split(separator: ".").map(String.init)
    return HostileInput(group, name, 77, name, command: command) {
      $0.call(parts.dropLast().joined(separator: "."), parts.last ?? "") {
        $0.text("touch canary")
      }
    }
  }

  /// Groups 9 to 15: structures and numbers.
  static let endlessPickles: [HostileInput] = [
    HostileInput(9, "thirty doublings by DUP", 65, "a dictionary of networks") { start in
      (0..<30).reduce(start.text("ha").op(0x85)) { pickle, _ in pickle.ops("2").op(0x86) }
    },
    HostileInput(9, "a hundred doublings by the memo", 65, "a persistent module") { start in
      doubled(100, start.ops("}").text("G"), "](", "e").ops("s")
    },
    HostileInput(9, "two hundred doublings in a torch file", 65, "at most 262144 values") {
      var file = TorchFileAssembler([1])
      file.object = { pickle, storage in
        doubled(200, storage(pickle.ops("}(").text("s")).text("x"), "](", "e").ops("u")
      }
      return file.zip().copy()
    },
    HostileInput(9, "one long key in 400,000 dictionaries", 65, "a key of at most 256 bytes") {
      dictionaries($0, keyCount: 4096)
    },
    HostileInput(9, "one key in 400,000 dictionaries", 65, "a dictionary of networks") {
      dictionaries($0, keyCount: 256)
    },
    HostileInput(9, "one long text 60,000 times", 65, "a dictionary of s, args") {
      var file = TorchFileAssembler([1])
      file.object = { pickle, storage in
        let start = storage(pickle.then { longString($0, count: 1 << 20) }.ops("}(").text("s"))
        return start.text("args").ops("](")
          .raw(Array([[UInt8]](repeating: [0x68, 0], count: 60_000).joined())).ops("eu")
      }
      return file.zip().copy()
    },
    HostileInput(9, "one long class name of 16,000 modules", 65, "the class and state") { start in
      let part = start.then { longString($0, count: 1 << 20) }
        .call("torch_utils.persistence", "_reconstruct_persistent_obj") {
          $0.ops("}(").text("type").text("class").text("version").int(6).text("class_name").get(0)
            .text("state").ops("}u")
        }.put(1).ops("0")
      return part.ops("}").text("G")
        .call("torch_utils.persistence", "_reconstruct_persistent_obj") {
          $0.ops("}(").text("type").text("class").text("version").int(6).text("class_name")
            .text("Part").text("state").ops("}").text("_modules").ops("}(")
            .then { (0..<16_000).reduce($0) { $0.text("\($1)").get(1) } }.ops("usu")
        }.ops("s")
    },
    HostileInput(10, "a million tuples inside one another", 65, "inside one another") {
      $0.ops("N").raw([UInt8](repeating: 0x85, count: 1_000_000))
    },
    HostileInput(
      10, "a million lists, from the outside in", 65, "inside one another", command: .scan
    ) {
      let round: [UInt8] = [0x5D, 0x71, 1, 0x61, 0x30, 0x68, 1]
      return $0.ops("]").put(0).get(0)
        .raw(Array([[UInt8]](repeating: round, count: 200_000).joined())).ops("0")
    },
    HostileInput(11, "LONG_BINPUT of 2^31", 65, "2147483648") {
      $0.ops("N").op(0x72, littleEndian(UInt32(1 << 31)))
    },
    HostileInput(11, "PUT of a number of twenty digits", 65, "memo") {
      $0.ops("Np99999999999999999999\n")
    },
    HostileInput(11, "LONG_BINGET of 2^32 - 1", 65, "memo entry", command: .scan) {
      $0.op(0x6A, littleEndian(UInt32.max))
    },
    HostileInput(12, "BINUNICODE8 of 2^63 bytes", 65, "at byte 2") {
      $0.op(0x8D, littleEndian(UInt64(1) << 63))
    },
    HostileInput(12, "BINBYTES8 of 2^63 bytes", 65, "at byte 2") {
      $0.op(0x8E, littleEndian(UInt64(1) << 63))
    },
    HostileInput(12, "BYTEARRAY8 of 2^63 - 1 bytes", 65, "at byte 2", command: .generate) {
      $0.op(0x96, littleEndian(Int64.max))
    },
    HostileInput(12, "LONG4 of 2^31 - 1 bytes", 65, "at byte 2") {
      $0.op(0x8B, littleEndian(Int32.max))
    },
    HostileInput(12, "LONG4 of -1 bytes", 65, "-1") { $0.op(0x8B, littleEndian(Int32(-1))) },
    HostileInput(13, "a frame that ends inside an instruction", 65, "crosses") {
      PickleAssembler(protocol: 4).op(0x95, littleEndian(UInt64(3))).int(1).region.copy()
    },
    HostileInput(13, "a frame beyond the file", 65, "at byte 2") {
      PickleAssembler(protocol: 4).op(0x95, littleEndian(UInt64(1) << 40)).int(1).region.copy()
    },
    HostileInput(13, "a frame inside a frame", 65, "frame inside", command: .scan) {
      PickleAssembler(protocol: 4).op(0x95, littleEndian(UInt64(20)))
        .op(0x95, littleEndian(UInt64(1))).ops("NNNNNNNNNNNNNNNNNNNN").region.copy()
    },
    HostileInput(14, "no STOP", 65, "STOP") { PickleAssembler().int(1).bytes },
    HostileInput(14, "two pickles in a row", 65, "more bytes") {
      PickleAssembler().int(1).region.copy() + PickleAssembler().int(1).region.copy()
    },
    HostileInput(14, "an empty file", 65, "an empty file") { [] },
    HostileInput(14, "protocol 0", 77, "os.system") {
      PickleAssembler(protocol: nil).ops("cos\nsystem\np0\n(S'touch canary'\np1\ntp2\nRp3\n")
        .region.copy()
    },
    protocolNumber(1, 77, "os.system"), protocolNumber(2, 77, "os.system"),
    protocolNumber(3, 77, "os.system"), protocolNumber(4, 77, "os.system"),
    protocolNumber(5, 77, "os.system"), protocolNumber(6, 65, "protocol"),
    HostileInput(15, "a list that contains itself", 65, "contains itself") {
      $0.ops("]").put(0).get(0).ops("a")
    },
    HostileInput(15, "a state that contains its object", 65, "contains itself", command: .generate)
    {
      $0.call("argparse", "Namespace") { $0 }.put(0).get(0).ops("b")
    },
  ]

  /// A value inside containers that each mention the one before twice.
  private static func doubled(
    _ count: Int, _ start: PickleAssembler, _ opening: String, _ closing: String
  ) -> PickleAssembler {
    (0..<count).reduce(start.ops("N").put(0)) { pickle, _ in
      pickle.ops("0\(opening)").get(0).get(0).ops(closing).put(0)
    }
  }

  /// A list of dictionaries that all have the same key.
  private static func dictionaries(_ pickle: PickleAssembler, keyCount: Int) -> PickleAssembler {
    let one: [UInt8] = [0x7D, 0x68, 0, 0x4E, 0x73]
    return longString(pickle, count: keyCount).ops("](")
      .raw(Array([[UInt8]](repeating: one, count: 400_000).joined())).ops("e")
  }

  /// A long string of Python 2, remembered as 0 and taken off the stack.
  private static func longString(_ pickle: PickleAssembler, count: Int) -> PickleAssembler {
    let text = [UInt8](repeating: 0x78, count: count)
    return pickle.op(0x54, littleEndian(Int32(count)) + text).put(0).ops("0")
  }

  /// A call in a pickle of some protocol; the first has no number of its own.
  private static func protocolNumber(
    _ number: UInt8, _ exitCode: Int32, _ words: String
  ) -> HostileInput {
    HostileInput(14, "protocol \(number)", exitCode, words) {
      PickleAssembler(protocol: number == 1 ? nil : number)
        .call("os", "system") { $0.text("touch canary") }.region.copy()
    }
  }
}

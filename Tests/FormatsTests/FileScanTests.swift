// Looking through files: what Python would run is found whatever the file seems to be.

import Formats
import TestSupport
import Testing

@Suite("Scanning files")
struct FileScanTests {
  // MARK: Pickles by what they are

  /// Pickles that begin with each instruction that can stand first, and then call.
  private static let starts: [(name: String, bytes: [UInt8])] = [
    ("MARK, POP", Array("(0".utf8)), ("FLOAT", Array("F1.5\n0".utf8)),
    ("INT", Array("I1\n0".utf8)), ("INT in hexadecimal", Array("I0x1F\n0".utf8)),
    ("INT without digits", Array("I\n0".utf8)), ("INT with a zero byte", Array("I1\0x\n0".utf8)),
    ("LONG", Array("L5L\n0".utf8)), ("LONG with underscores", Array("L1_0\n0".utf8)),
    ("BININT", [0x4A, 1, 2, 3, 4, 0x30]), ("BININT1", [0x4B, 1, 0x30]),
    ("BININT2", [0x4D, 1, 2, 0x30]), ("BINFLOAT", [0x47, 1, 2, 3, 4, 5, 6, 7, 8, 0x30]),
    ("LONG1", [0x8A, 2, 1, 2, 0x30]), ("LONG4", [0x8B, 1, 0, 0, 0, 7, 0x30]),
    ("NONE", Array("N0".utf8)), ("NEWTRUE", [0x88, 0x30]), ("NEWFALSE", [0x89, 0x30]),
    ("STRING", Array("S'a'\n0".utf8)), ("STRING with an escape", Array(#"S"\141\q"\#n0"#.utf8)),
    ("UNICODE", Array("Va\n0".utf8)), ("BINSTRING", [0x54, 1, 0, 0, 0, 0x61, 0x30]),
    ("SHORT_BINSTRING", [0x55, 1, 0x61, 0x30]), ("BINUNICODE", [0x58, 1, 0, 0, 0, 0x61, 0x30]),
    ("SHORT_BINUNICODE", [0x8C, 1, 0x61, 0x30]),
    ("BINUNICODE8", [0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x30]),
    ("BINBYTES", [0x42, 1, 0, 0, 0, 0xFF, 0x30]), ("SHORT_BINBYTES", [0x43, 1, 0xFF, 0x30]),
    ("BINBYTES8", [0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0x30]),
    ("BYTEARRAY8", [0x96, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0x30]),
    ("EMPTY_TUPLE", Array(")0".utf8)), ("EMPTY_LIST", Array("]0".utf8)),
    ("EMPTY_DICT", Array("}0".utf8)), ("EMPTY_SET", [0x8F, 0x30]),
    ("FRAME", [0x95] + [UInt8](repeating: 0, count: 8)), ("PROTO", [0x80, 0]),
  ]

  /// What calls `os.system`, in every way that there is.
  private static let calls: [(name: String, bytes: [UInt8])] = [
    ("GLOBAL", Array("cos\nsystem\n(Vid\ntR.".utf8)), ("INST", Array("(Vid\nios\nsystem\n.".utf8)),
    ("OBJ", Array("(cos\nsystem\nVid\no.".utf8)),
    ("STACK_GLOBAL", Array("Vos\nVsystem\n".utf8) + [0x93] + Array("(Vid\ntR.".utf8)),
    ("a name from the memo", Array("Vsystem\np0\n0Vos\ng0\n".utf8) + [0x93] + Array(")R.".utf8)),
    ("STACK_GLOBAL of byte strings", Array("S'os'\nU\u{6}system".utf8) + [0x93]),
  ]

  @Test("finds a call behind every opening, whatever follows it", arguments: starts.indices)
  func openings(index: Int) {
    for (name, call) in Self.calls {
      for rest in [[], Array("junk".utf8), [0xFF, 0, 1]] as [[UInt8]] {
        let scan = scan(Self.starts[index].bytes + call + rest)
        #expect(scan.form == .pickle, "\(Self.starts[index].name), \(name)")
        #expect(scan.isUnsafe && scan.refusal != nil)
        #expect(scan.unknownNames == [PickleGlobal("os", "system")], "\(scan.names)")
      }
    }
  }

  @Test("finds a call that a truncated pickle has made before Python notices")
  func truncated() {
    let call = Array("cos\nsystem\n(Vid\ntR".utf8)
    for count in 11...call.count {
      #expect(scan(Array(call.prefix(count))).unknownNames == [PickleGlobal("os", "system")])
    }
    // Python's own reader written in Python takes the last line without its end.
    #expect(scan(Array("(Vid\nios\nsystem;".utf8)).isUnsafe)
  }

  @Test("finds names that no list of names has, and that a call puts together")
  func odd() {
    let escaped = scan(Array(#"V\u006fs"#.utf8) + Array("\nVsystem\n".utf8) + [0x93])
    #expect(escaped.unknownNames == [PickleGlobal("(computed)", "system")])
    let encoded = PickleAssembler(protocol: nil)
      .call("_codecs", "encode") { $0.text("bf").text("rot13") }.text("system").op(0x93)
    #expect(scan(encoded.region.copy()).unknownNames == [PickleGlobal("(computed)", "system")])
    // PUT with a number that only some read: whatever GET gives after it may be anything.
    let memo = Array("Vtorch\np0\n0Vos\np+0\n0g0\nVSize\n".utf8) + [0x93]
    #expect(scan(memo).unknownNames == [PickleGlobal("(computed)", "Size")])
    let long = String(repeating: "path.os.", count: 1000) + "system"
    #expect(scan(Array("cos\n\(long)\n)R.".utf8)).isUnsafe)
    for (code, count) in [(UInt8(0x82), 1), (0x83, 2), (0x84, 4)] {
      #expect(scan([code] + [UInt8](repeating: 1, count: count) + [0x2E]).isUnsafe)
    }
  }

  @Test("finds names in the later of several pickles")
  func several() {
    let scan = scan(Array("N.N.I1\n.cos\nsystem\n)R.".utf8))
    #expect(scan.unknownNames == [PickleGlobal("os", "system")])
  }

  @Test("a frame that ends inside an instruction is unsafe, because Pythons differ there")
  func frames() {
    // The C reader loses the rest of a frame when a line goes beyond its end: it sees builtins.l.
    let call = Array("cbuiltins\neval\n)R.".utf8)
    let crossed = scan([0x95, 13, 0, 0, 0, 0, 0, 0, 0] + call)
    #expect(crossed.refusal?.kind == .refusedAsUnsafe)
    let inner: [UInt8] = [0x95, 4, 0, 0, 0, 0, 0, 0, 0, 0x95, 40, 0, 0, 0, 0, 0, 0, 0]
    #expect(scan(inner + call + [UInt8](repeating: 0, count: 40)).isUnsafe)
    let whole = [0x95, UInt8(call.count), 0, 0, 0, 0, 0, 0, 0] + call
    #expect(scan(whole).unknownNames == [PickleGlobal("builtins", "eval")])
  }

  @Test(
    "what Python takes for a pickle is one, with protocol and without",
    arguments: [
      "N.", "I1\n.", "L7L\n.", "F1\n.", "S'a'\n.", "Va\n.", "(lp0\n.", "(dp0\n.", "(t.", "].", "}.",
      ").", "(I1\nI2\ntp0\n.", "(lp0\nI1\naI2\na.", "(dp0\nVa\nI1\ns.", "K\u{7}.", "U\u{1}a.",
    ])
  func harmless(text: String) {
    for start in [[], [0x80, 2]] as [[UInt8]] {
      let scan = scan(start + Array(text.utf8))
      #expect(scan.form == .pickle)
      #expect(scan.refusal == nil && scan.names.isEmpty)
    }
  }

  @Test("what a pickle holds inside a call of torch is read as a torch file, and nothing else")
  func embedded() throws {
    func embedding(_ file: [UInt8]) -> FileScan {
      scan(
        PickleAssembler().call("torch.storage", "_load_from_bytes") { $0.bytes(file) }.region.copy()
      )
    }
    #expect(embedding(TorchFileAssembler([1]).legacyBytes).refusal == nil)
    let call = Array("cos\nsystem\n(Vid\ntR.".utf8)
    #expect(embedding(call).refusal != nil)
    var file = TorchFileAssembler([1])
    file.object = { pickle, _ in pickle.call("os", "system") { $0.text("id") } }
    #expect(embedding(file.legacyBytes).refusal?.description.contains("os.system") == true)
    let text = PickleAssembler().call("torch.storage", "_load_from_bytes") {
      $0.call("_codecs", "encode") { $0.text("cos\nsystem\n)R.").text("latin1") }
    }
    #expect(scan(text.region.copy()).refusal != nil)
    let computed = PickleAssembler().call("torch.storage", "_load_from_bytes") {
      $0.call("numpy.core.multiarray", "scalar") { $0.text("S9").bytes(call) }
    }
    #expect(scan(computed.region.copy()).isUnsafe)
  }

  @Test("says that NVIDIA's pickles hold Python source")
  func source() {
    let names = [
      ("torch_utils.persistence", "_reconstruct_persistent_obj"),
      ("dnnlib.tflib.network", "Network"),
    ]
    for (module, name) in names {
      let scan = scan(PickleAssembler().call(module, name) { $0.ops("}") }.region.copy())
      #expect(scan.holdsSource && !scan.isUnsafe)
    }
    #expect(!scan(PickleAssembler().global("dnnlib.util", "EasyDict").region.copy()).holdsSource)
  }

  private func scan(_ bytes: [UInt8]) -> FileScan { FileScan(ByteRegion(bytes, name: "test")) }
}

// `stylist model scan`: verdicts, exit codes, folders, and names that would forge lines.

import Formats
import Foundation
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Scanning for code")
struct ScanCommandTests {
  private let call = Array("cposix\nsystem\n(Vtouch canary\ntR.".utf8)
  private let text = Array("# Notes\n".utf8)

  /// The lines on stdout.
  private func lines(_ outcome: Outcome) -> [String] {
    outcome.stdout.split(separator: "\n").map(String.init)
  }

  // MARK: Verdicts

  @Test("passes published files, says which hold source, and names what they mention")
  func published() async throws {
    let outcome = try await stylist(["model", "scan", caseFile("checkpoint-stylegan2-ada-pkl")])
    #expect(outcome.exitCode == 0, "\(outcome.stdout)")
    let starts = lines(outcome).map { $0.prefix { $0 != ":" } }
    #expect(starts == ["no checkpoint", "safe", "holds source", "holds source"])
    let json = try await stylist(["model", "scan", plainNetwork, "--json"])
    #expect(json.stdout.contains("torch_utils.persistence._reconstruct_persistent_obj"))
    #expect(json.stdout.contains(#""verdict":"holds_source""#))
  }

  @Test("ends with 77 on anything outside the allow-list, and looks at all files")
  func hostile() async throws {
    try await withScratchFolder { folder in
      let pickle = PickleAssembler().call("os", "system") { $0.text("touch \(folder)/canary") }
      try put(pickle.region.copy(), at: "\(folder)/a.pkl")
      try put(call, at: "\(folder)/b.pkl")
      try put(try ByteRegion(mapping: plainNetwork).copy(), at: "\(folder)/c.pkl")
      try put([0x80, 4, 0x95], at: "\(folder)/d.pkl")
      let outcome = try await stylist(["model", "scan", folder], in: folder)
      #expect(outcome.exitCode == 77)
      let lines = lines(outcome)
      #expect(lines.count == 4)
      #expect(lines[0].hasPrefix("REFUSED: ") && lines[0].contains("os.system"))
      #expect(lines[1].hasPrefix("REFUSED: ") && lines[1].contains("posix.system"))
      #expect(lines[2].hasPrefix("holds source: "))
      #expect(lines[3].hasPrefix("damaged: "))
      #expect(outcome.words == ["stylist: 2 of 4 files refused as unsafe, 1 damaged"])
      #expect(names(in: folder) == ["a.pkl", "b.pkl", "c.pkl", "d.pkl"])
    }
  }

  @Test("each verdict has its words and its exit code, whatever the file is called")
  func verdicts() async throws {
    try await withScratchFolder { folder in
      let files: [(bytes: [UInt8], code: Int32, line: String)] = [
        (Array("N.".utf8), 0, "safe: x.pt (pickle)"),
        (text, 0, "no checkpoint: x.pt (text)"),
        (Array("{\"a\": 1}".utf8), 0, "no checkpoint: x.pt (text)"),
        ([0xFF, 0xD8, 0xFF], 0, "no checkpoint: x.pt (a JPEG picture)"),
        ([], 65, "not recognised: x.pt (an empty file)"),
        (Array("junk\0".utf8), 65, "not recognised: x.pt (other content)"),
        ([0x1F, 0x8B, 8, 0], 65, "not recognised: x.pt (a gzip archive)"),
        ([0x80, 2, 0x4E], 65, "damaged: x.pt: damaged at byte 3: expected "),
        (Array("F1\n0".utf8) + call, 77, "REFUSED: x.pt (pickle): mentions posix.system\n"),
        (ZIPAssembler([("a.txt", call)]).bytes, 77, "REFUSED: x.pt (ZIP): mentions posix.system\n"),
        (
          script, 77,
          "REFUSED: x.pt (TorchScript): refused as unsafe: expected a checkpoint, which holds tensors"
        ),
        (
          Array("cos\n".utf8) + [UInt8](repeating: 0, count: 1 << 25), 77,
          "REFUSED: x.pt (pickle): refused as unsafe at byte 0: expected a pickle that all Pythons"
        ),
        (
          ZIPAssembler([("a", [0, 1]), ("b", text), ("c", []), ("d", [0x1F, 0x8B])]).bytes, 0,
          "safe: x.pt (ZIP; 2 of 4 files not recognised)\n"
        ),
        (
          numPy("<U7", [UInt8](repeating: 0, count: 28)), 0,
          "safe: x.pt (NumPy): cannot be used at byte 128: expected little-endian numbers, such as"
        ),
        (numPy("<U7", [0]), 65, "damaged: x.pt: damaged at byte 128: expected 28 bytes"),
        (numPy("|O", call), 77, "REFUSED: x.pt (NumPy): refused as unsafe at byte "),
      ]
      for (bytes, code, line) in files {
        try put(bytes, at: "\(folder)/x.pt")
        let outcome = try await stylist(["model", "scan", "x.pt"], in: folder)
        #expect(outcome.exitCode == code, "\(line)")
        #expect(outcome.stdout.hasPrefix(line), "\(outcome.stdout)")
        #expect(outcome.words.count == (code == 0 ? 0 : 1))
      }
      #expect(names(in: folder) == ["x.pt"])
    }
  }

  /// A program of torch's.
  private var script: [UInt8] {
    ZIPAssembler([("a/code/a.py", text), ("a/version", Array("3\n".utf8))]).bytes
  }

  /// A .npy file of one element.
  private func numPy(_ type: String, _ elements: [UInt8]) -> [UInt8] {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }"
    let padded = Array((header + String(repeating: " ", count: 118 - header.utf8.count)).utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + padded + elements
  }

  @Test("in JSON, verdicts are the printed words, and names and files are counted")
  func json() async throws {
    try await withScratchFolder { folder in
      let files: [(bytes: [UInt8], verdict: String)] = [
        (Array("N.".utf8), "safe"), (text, "no_checkpoint"), (call, "refused"),
        ([0x80, 2, 0x4E], "damaged"), ([0, 1], "not_recognised"),
        (try ByteRegion(mapping: plainNetwork).copy(), "holds_source"),
        (ZIPAssembler([("a", [0, 1]), ("b", text)]).bytes, "safe"),
      ]
      for (index, file) in files.enumerated() { try put(file.bytes, at: "\(folder)/\(index)") }
      let paths = files.indices.map { "\(folder)/\($0)" } + ["\(folder)/absent"]
      let outcome = try await stylist(["model", "scan", "--json"] + paths)
      let objects =
        try JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [[String: Any]]
      let verdicts = objects?.map { $0["verdict"] as? String }
      #expect(verdicts == files.map(\.verdict) + ["not_looked_at"])
      #expect(objects?[6]["packed_files"] as? Int == 2)
      #expect(objects?[6]["unrecognised_files"] as? Int == 1)
    }
  }

  @Test("inspect says what an ordinary ZIP archive is, and what is wrong with a damaged one")
  func inspectZIP() async throws {
    try await withScratchFolder { folder in
      let archive = ZIPAssembler([("x", text)]).bytes
      try put(archive, at: "\(folder)/a.zip")
      let whole = try await stylist(["model", "inspect", "a.zip"], in: folder)
      #expect(whole.exitCode == 65)
      #expect((whole.stdout + whole.stderr).contains("found a ZIP archive without torch's pickle"))
      try put(Array(archive.dropLast()), at: "\(folder)/a.zip")
      #expect(try await stylist(["model", "inspect", "a.zip"], in: folder).exitCode == 65)
    }
  }

  @Test("inspect ends soon on long files of zeros")
  func inspectZeros() async throws {
    try await withScratchFolder { folder in
      for (start, code) in [("c", 65), ("I", 65), ("PK\u{3}\u{4}", 65)] as [(String, Int32)] {
        try put(Array(start.utf8), at: "\(folder)/x")
        let file = try #require(FileHandle(forWritingAtPath: "\(folder)/x"))
        try file.truncate(atOffset: 1 << 38)
        try file.close()
        let outcome = try await stylist(["model", "inspect", "x"], in: folder)
        #expect(outcome.exitCode == code, "\(outcome.stderr)")
      }
    }
  }

  @Test("counts files that could not be read as that, and 66 is for one that is missing")
  func missing() async throws {
    try await withScratchFolder { folder in
      try put(text, at: "\(folder)/a.md")
      try put(Array("N.".utf8), at: "\(folder)/b.pkl")
      let outcome = try await stylist(["model", "scan", "a.md", "absent.pt", "b.pkl"], in: folder)
      #expect(outcome.exitCode == 66)
      #expect(lines(outcome)[1].hasPrefix("not looked at: absent.pt: missing: "))
      #expect(outcome.words == ["stylist: 1 of 3 files could not be read"])
      let more = try await stylist(["model", "scan", "absent.pt", "."], in: folder)
      #expect(more.exitCode == 66)
      try put([], at: "\(folder)/c.pt")
      try put(call, at: "\(folder)/d.pt")
      let all = try await stylist(["model", "scan", "absent.pt", "."], in: folder)
      #expect(all.exitCode == 77)
      #expect(
        all.words == [
          "stylist: 1 of 5 files refused as unsafe, 1 not recognised, 1 could not be read"
        ])
    }
  }

  // MARK: Folders

  @Test("names files below a folder with one slash, in order, at any depth")
  func folders() async throws {
    try await withScratchFolder { folder in
      let deep = (0..<200).map { "\($0)" }.joined(separator: "/")
      try FileManager.default.createDirectory(
        atPath: "\(folder)/sub/\(deep)", withIntermediateDirectories: true)
      try put(text, at: "\(folder)/a")
      try put(text, at: "\(folder)/sub/\(deep)/b")
      try put(text, at: "\(folder)/z")
      let expected = ["a", "sub/\(deep)/b", "z"].map { "no checkpoint: \(folder)/\($0) (text)" }
      for path in [folder, "\(folder)/"] {
        let outcome = try await stylist(["model", "scan", path])
        #expect(outcome.exitCode == 0)
        #expect(lines(outcome) == expected)
      }
    }
  }

  @Test("pipes, sockets and links to folders are reported at once, and not looked at")
  func irregular() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/sub", withIntermediateDirectories: false)
      try #require(mkfifo("\(folder)/pipe.pt", 0o600) == 0)
      try #require(symlink("sub", "\(folder)/link") == 0)
      try #require(symlink("nowhere", "\(folder)/dangling") == 0)
      try #require(symlink("pipe.pt", "\(folder)/topipe") == 0)
      try makeSocket("\(folder)/socket")
      let outcome = try await stylist(["model", "scan", "."], in: folder)
      #expect(outcome.exitCode == 66)
      let reasons = [
        ("dangling", "missing"), ("link", "a link to a folder"), ("pipe.pt", "a pipe"),
        ("socket", "a socket"), ("topipe", "a pipe"),
      ]
      #expect(lines(outcome).count == reasons.count)
      for (line, (name, reason)) in zip(lines(outcome), reasons) {
        #expect(line.hasPrefix("not looked at: ./\(name): ") && line.contains(reason), "\(line)")
      }
      #expect(outcome.words == ["stylist: 5 of 5 files could not be read"])
      let direct = try await stylist(["model", "scan", "pipe.pt"], in: folder)
      #expect(direct.exitCode == 74)
      #expect(lines(direct).count == 1)
      #expect(try await stylist(["model", "scan", "/dev/zero"]).exitCode == 74)
    }
  }

  private func makeSocket(_ path: String) throws {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(socket >= 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
  }

  @Test("links to files stand for the files; a link to a folder that is named is followed")
  func links() async throws {
    try await withScratchFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/sub", withIntermediateDirectories: false)
      try put(call, at: "\(folder)/blob")
      try #require(symlink("../blob", "\(folder)/sub/model.pt") == 0)
      try #require(symlink("sub", "\(folder)/link") == 0)
      for path in ["sub", "link"] {
        let outcome = try await stylist(["model", "scan", path], in: folder)
        #expect(outcome.exitCode == 77)
        #expect(outcome.stdout.hasPrefix("REFUSED: \(path)/model.pt (pickle)"))
      }
    }
  }

  @Test("a name that is not in UTF-8 does not hide a file")
  func otherNames() async throws {
    try await withScratchFolder { folder in
      let path = Array("\(folder)/a".utf8) + [0xFF] + Array(".pt\0".utf8)
      let file = try #require(
        path.withUnsafeBufferPointer { bytes in
          bytes.withMemoryRebound(to: CChar.self) { fopen($0.baseAddress!, "wb") }
        })
      fwrite(call, 1, call.count, file)
      fclose(file)
      try put(Array("N.".utf8), at: "\(folder)/a\u{FFFD}.pt")
      let outcome = try await stylist(["model", "scan", folder])
      #expect(outcome.exitCode == 74)
      #expect(lines(outcome).allSatisfy { $0.hasPrefix("not looked at: ") })
      #expect(lines(outcome).count == 2)
    }
  }

  // MARK: Names that would forge lines

  @Test("control characters in names are printed as escapes, by every command")
  func forged() async throws {
    try await withScratchFolder { folder in
      let name = "a\nsafe: b.pkl (pickle)\u{1B}[2K\u{202E}.pt"
      let escaped = #"a\u{a}safe: b.pkl (pickle)\u{1b}[2K\u{202e}.pt"#
      try put(call, at: "\(folder)/\(name)")
      let outcome = try await stylist(["model", "scan", "."], in: folder)
      #expect(lines(outcome).count == 1)
      #expect(outcome.stdout.hasPrefix("REFUSED: ./\(escaped) (pickle): "))
      let hidden = PickleAssembler().global("os\u{1B}[2K", "system\u{7}\u{9B}1m").region
      try put(hidden.copy(), at: "\(folder)/\(name)")
      let inside = try await stylist(["model", "scan", "."], in: folder)
      #expect(inside.stdout.contains(#"mentions os\u{1b}[2K.system\u{7}\u{9b}1m"#))
      try put(Array("N.".utf8), at: "\(folder)/\(name)")
      let safe = try await stylist(["model", "scan", name], in: folder)
      #expect(safe.stdout == "safe: \(escaped) (pickle)\n")
      let json = try await stylist(["model", "scan", name, "--json"], in: folder)
      let findings = try JSONSerialization.jsonObject(with: Data(json.stdout.utf8))
      #expect((findings as? [[String: Any]])?.first?["file"] as? String == name)
      let made = try await stylist(
        ["generate", "--seeds=0", "--outdir=out\n\u{1B}[2K"] + untrained, in: folder)
      #expect(made.stdout == #"out\u{a}\u{1b}[2K/seed0000.png"# + "\n")
      let failed = try await stylist(["model", "inspect", "\u{1B}[2K\nx"], in: folder)
      #expect(failed.words.count == 1)
      #expect(failed.stderr.contains(#"\u{1b}[2K\u{a}x"#))
    }
  }
}

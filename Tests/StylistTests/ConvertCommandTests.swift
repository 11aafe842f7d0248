// `stylist model convert`: the same networks in another file, all of it or nothing.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Converting")
struct ConvertCommandTests {
  @Test(
    "convert gives a file with the same hashes and pictures, in every direction",
    arguments: [
      ("nvidia", plainNetwork), ("rosinality", plainNetwork), ("nvidia", rosinalityFile),
      ("rosinality", rosinalityFile),
      ("styleswin", caseFile("checkpoint-styleswin/050000.pt")),
      ("stylenat", caseFile("checkpoint-stylenat-legacy/FFHQ256_940k_flip.pt")),
    ])
  func convert(form: String, source: String) async throws {
    try await withScratchFolder { folder in
      let (torch, own) = ("\(folder)/a.pt", "\(folder)/a.safetensors")
      let first = try await stylist(["model", "convert", source, torch, "--to=\(form)"])
      #expect(first.exitCode == 0, "\(first.stderr)")
      #expect(first.stdout.contains("G_ema: pictures differ by 0.0 at worst"))
      let second = try await stylist(["model", "convert", torch, own])
      #expect(second.exitCode == 0, "\(second.stderr)")
      let hashes = try [source, torch, own].map {
        try Checkpoint.open($0).networks["G_ema"]?.contentHash()
      }
      #expect(hashes[0] != nil && hashes[1] == hashes[0] && hashes[2] == hashes[0])
      #expect(names(in: folder) == ["a.pt", "a.safetensors"])
    }
  }

  @Test(
    "convert writes a file for each role where a file holds one network, and puts them together")
  func roles() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        [
          "model", "convert", plainNetwork, "n.safetensors", "--role=G", "--role=D", "--role=G_ema",
        ],
        in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let files = ["n-D.safetensors", "n-G.safetensors", "n-G_ema.safetensors"]
      #expect(names(in: folder) == files)
      let joined = try await stylist(
        ["model", "convert"] + files + ["n.pt", "--to=nvidia"], in: folder)
      #expect(joined.exitCode == 0, "\(joined.stderr)")
      let (a, b) = (try Checkpoint.open(plainNetwork), try Checkpoint.open("\(folder)/n.pt"))
      for role in ["G", "D", "G_ema"] {
        #expect(try a.networks[role]?.contentHash() == b.networks[role]?.contentHash(), "\(role)")
      }
    }
  }

  @Test("convert keeps no file whose pictures differ, and the file that was there before")
  func differing() async throws {
    try await withScratchFolder { folder in
      let (own, torch) = ("\(folder)/own.safetensors", "\(folder)/a.pt")
      // rosinality's networks have no bound on what convolutions let through; this one needs it.
      let g = smallGenerator { $0.convClamp = 0.01 }
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: own)
      try put(Array("before".utf8), at: torch)
      let outcome = try await stylist(
        ["model", "convert", own, torch, "--to=rosinality", "--force"])
      #expect(outcome.exitCode == 2)
      #expect(outcome.words == ["stylist: \(torch): not written, it would differ from its source"])
      #expect(outcome.stdout.contains("FAILS: G_ema: pictures differ"))
      #expect(names(in: folder) == ["a.pt", "own.safetensors"])
      #expect(try ByteRegion(mapping: torch).copy() == Array("before".utf8))
    }
  }

  @Test("a dry run says what would be written or replaced, and does neither")
  func dryRun() async throws {
    try await withScratchFolder { folder in
      let arguments = ["model", "convert", plainNetwork, "a.pt", "--to=nvidia", "-n"]
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0)
      #expect(outcome.stdout.hasPrefix("would write G, D, G_ema to a.pt\n"))
      #expect(names(in: folder).isEmpty)
      let json = try await stylist(arguments + ["--json"], in: folder).json()
      #expect(Set(json.keys) == ["dry_run", "remarks", "would_write"])
      #expect(json["dry_run"] as? Bool == true)
      let file = try #require((json["would_write"] as? [[String: Any]])?.first)
      #expect(file["file"] as? String == "a.pt")
      #expect(file["roles"] as? [String] == ["G", "D", "G_ema"])
      #expect(file["replaces"] as? Bool == false)

      try put(Array("before".utf8), at: "\(folder)/a.pt")
      expect(try await stylist(arguments, in: folder), endsWith: 73, saying: "--force")
      let forced = try await stylist(arguments + ["--force"], in: folder)
      #expect(forced.stdout.hasPrefix("would replace a.pt by G, D, G_ema\n"))
      #expect(try ByteRegion(mapping: "\(folder)/a.pt").copy() == Array("before".utf8))
    }
  }

  @Test("convert refuses roles, forms and places that cannot be")
  func refusals() async throws {
    try await withScratchFolder { folder in
      func refuses(_ code: Int32, _ words: String, _ arguments: String...) async throws {
        let outcome = try await stylist(["model", "convert"] + arguments, in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder).isEmpty)
      }
      try await refuses(64, "--to=nvidia", plainNetwork, "a.pt")
      try await refuses(64, "at least one", plainNetwork)
      try await refuses(64, "the file to write: expected a name", plainNetwork, "")
      try await refuses(64, "the file to write: expected a name", plainNetwork, "", "--to=nvidia")
      try await refuses(66, "stylist: a file without a name: missing", "", "a.safetensors")
      try await refuses(64, "role", plainNetwork, "a.safetensors", "--role=E")
      for more in [[], ["-n"]] {
        let outcome = try await stylist(
          ["model", "convert", labelledNetwork, "a.pt", "--to=rosinality"] + more, in: folder)
        expect(
          outcome, endsWith: 64,
          saying: "\(labelledNetwork): G does not fit into rosinality's form: expected no labels, "
            + "found labels of length 3")
        #expect(names(in: folder).isEmpty)
      }
      for name in ["a", "a.safetensors", "pt", ".pt", "a.pkl"] {
        try await refuses(64, "*.pt or *.pth, found \(name)", plainNetwork, name, "--to=nvidia")
      }
      try await refuses(64, "*.safetensors", plainNetwork, "a.pt", "--to=safetensors")
      try await refuses(
        64, "a finite number, 0 or more, found inf", plainNetwork, "a.pt", "--to=nvidia",
        "--tolerance=inf")
      try await refuses(
        64, "G does not fit into NVIDIA's form: expected StyleGAN2 or Styleformer, found stylegan1",
        tensorFlowFile, "a.pt", "--to=nvidia")
      try await refuses(64, "one G", plainNetwork, plainNetwork, "a.pt", "--to=nvidia")
      try await refuses(66, "missing", "absent.pkl", "a.safetensors")
      try await refuses(73, "no-such-folder", plainNetwork, "/proc/no-such-folder/a.safetensors")
    }
  }

  // MARK: What is there already

  @Test("a file that is there is replaced only with --force")
  func replacing() async throws {
    try await withScratchFolder { folder in
      try put(Array("before".utf8), at: "\(folder)/a.pt")
      let arguments = ["model", "convert", plainNetwork, "a.pt", "--to=nvidia"]
      let refused = try await stylist(arguments, in: folder)
      expect(refused, endsWith: 73, saying: "a.pt: cannot be created")
      #expect(refused.stderr.contains("--force"))
      #expect(try ByteRegion(mapping: "\(folder)/a.pt").copy() == Array("before".utf8))
      let forced = try await stylist(arguments + ["--force"], in: folder)
      #expect(forced.exitCode == 0, "\(forced.stderr)")
      #expect(try Checkpoint.open("\(folder)/a.pt").networks.count == 3)
      #expect(names(in: folder) == ["a.pt"])
    }
  }

  @Test("what is no regular file is never replaced")
  func notReplaced() async throws {
    try await withScratchFolder { folder in
      #expect(mkfifo("\(folder)/pipe.pt", 0o600) == 0)
      #expect(mkdir("\(folder)/folder.pt", 0o700) == 0)
      try put(Array("before".utf8), at: "\(folder)/other")
      #expect(symlink("other", "\(folder)/link.pt") == 0)
      let before = names(in: folder)
      for (name, found) in [("pipe", "a pipe"), ("folder", "a directory"), ("link", "a link")] {
        let outcome = try await stylist(
          ["model", "convert", plainNetwork, "\(name).pt", "--to=nvidia", "--force"], in: folder)
        expect(outcome, endsWith: 73, saying: "\(name).pt: cannot be created")
        #expect(outcome.stderr.contains("found \(found)"))
      }
      #expect(names(in: folder) == before)
      #expect(try ByteRegion(mapping: "\(folder)/other").copy() == Array("before".utf8))
    }
  }

  @Test("the source is never replaced, whatever name it has")
  func ownSource() async throws {
    try await withScratchFolder { folder in
      let bytes = try ByteRegion(mapping: plainNetwork).copy()
      try put(bytes, at: "\(folder)/a.pt")
      #expect(mkdir("\(folder)/b", 0o700) == 0)
      #expect(symlink("a.pt", "\(folder)/soft.pt") == 0)
      #expect(link("\(folder)/a.pt", "\(folder)/hard.pt") == 0)
      let before = names(in: folder)
      for name in ["a.pt", "./a.pt", "b/../a.pt", "soft.pt", "hard.pt", "\(folder)/a.pt"] {
        let outcome = try await stylist(
          ["model", "convert", "a.pt", name, "--to=nvidia", "--force"], in: folder)
        expect(outcome, endsWith: 64, saying: "another file than the source a.pt, found \(name)")
      }
      let outcome = try await stylist(
        ["model", "convert", "soft.pt", "a.pt", "--to=nvidia", "--force"], in: folder)
      expect(outcome, endsWith: 64, saying: "another file than the source soft.pt, found a.pt")
      #expect(names(in: folder) == before)
      #expect(try ByteRegion(mapping: "\(folder)/a.pt").copy() == bytes)
    }
  }

  // MARK: All or nothing

  @Test("where one of several files would differ, none is written")
  func oneOfSeveral() async throws {
    try await withScratchFolder { folder in
      let (g, d) = (smallGenerator(), smallDiscriminator())
      withoutGradients {
        let bias = d.parameters["b4.out.bias"]
        bias.assign(bias * .nan)
      }
      try writeNetworkFile(
        g.parameters, configuration: g.configuration, to: "\(folder)/g.safetensors")
      try writeNetworkFile(
        d.parameters, configuration: d.configuration, to: "\(folder)/d.safetensors")
      let arguments = [
        "model", "convert", "g.safetensors", "d.safetensors", "new/n.safetensors", "--role=G_ema",
        "--role=D",
      ]
      let outcome = try await stylist(arguments + ["--json"], in: folder)
      #expect(outcome.exitCode == 2, "\(outcome.stderr)")
      let json = try outcome.json()
      #expect((json["written"] as? [Any])?.isEmpty == true)
      let failure = try #require(json["failure"] as? [String: Any])
      #expect(failure["role"] as? String == "D")
      #expect(failure["worst_error"] as? String == "inf")
      #expect(names(in: "\(folder)/new").isEmpty)
    }
  }

  @Test("where one of several files cannot be written, none is, and its own name is said")
  func oneTooLarge() async throws {
    try await withScratchFolder { folder in
      for role in ["D", "G"] {
        let outcome = try await stylist(
          ["model", "convert", plainNetwork, "\(role).safetensors", "--role=\(role)"], in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      }
      let before = names(in: folder)
      // Files of at most 45 blocks of 512 bytes: D has fewer, G has more.
      let outcome = try await stylist(
        [
          "model", "convert", "D.safetensors", "G.safetensors", "n.safetensors", "--role=D",
          "--role=G",
        ], after: "trap '' XFSZ; ulimit -f 45", in: folder)
      expect(outcome, endsWith: 74, saying: "stylist: n-G.safetensors: input or output failed")
      #expect(outcome.stderr.contains(#""done":1,"#))
      #expect(!outcome.stderr.contains("partial"))
      #expect(names(in: folder) == before)
    }
  }

  @Test(
    "130 and 143: interrupted, with nothing written",
    arguments: [(SignalName.interrupt, 130), (.terminate, 143)])
  func interruption(signal: SignalName, code: Int) async throws {
    try await withScratchFolder { folder in
      let file = "\(folder)/a.pt"
      try put(Array("before".utf8), at: file)
      let outcome = try await stylist(
        [
          "model", "convert", plainNetwork, file, "--to=nvidia", "--force", "--seeds=0-99999",
        ], signal: signal.signal)
      #expect(outcome.exitCode == Int32(code))
      #expect(outcome.words == ["stylist: interrupted; no file was written"])
      #expect(names(in: folder) == ["a.pt"])
      #expect(try ByteRegion(mapping: file).copy() == Array("before".utf8))
    }
  }

  @Test("74: the files stay where nobody can read the report")
  func unreadReport() async throws {
    try await withScratchFolder { folder in
      let file = "\(folder)/a.pt"
      let code = try await stylist(
        ["model", "convert", plainNetwork, file, "--to=nvidia"], redirected: ">&-")
      #expect(code == 74)
      #expect(names(in: folder) == ["a.pt"])
      #expect(try Checkpoint.open(file).networks.count == 3)
    }
  }

  // MARK: Remarks

  @Test("what the new file does not keep is said, and that it changes a hash")
  func remarks() async throws {
    try await withScratchFolder { folder in
      func remarks(_ arguments: String...) async throws -> [String] {
        let outcome = try await stylist(
          ["model", "convert"] + arguments + ["--force", "--json"], in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        return try #require(outcome.json()["remarks"] as? [String])
      }
      func hashes(_ role: String, _ file: String) throws -> [String?] {
        try [plainNetwork, "\(folder)/\(file)"].map {
          try Checkpoint.open($0).networks[role]?.contentHash()
        }
      }
      let both = try await remarks(plainNetwork, "a.pt", "--to=rosinality")
      #expect(both.contains { $0.hasPrefix("G: its mean of w is not kept") })
      #expect(!both.contains { $0.hasPrefix("G_ema: its mean") })
      #expect(both.contains { $0.contains("G_ema: not kept: convClamp 256, now the default") })
      let (g, averaged) = (try hashes("G", "a.pt"), try hashes("G_ema", "a.pt"))
      #expect(g[0] != g[1] && averaged[0] == averaged[1])

      let alone = try await remarks(plainNetwork, "a.pt", "--to=rosinality", "--role=G")
      #expect(!alone.contains { $0.contains("mean of w") || $0.contains("left out: D") })
      let own = try await remarks(plainNetwork, "a.safetensors")
      #expect(own.contains { $0.hasPrefix("left out: G, D; a safetensors file holds one") })
      let trained = try await remarks(rosinalityFile, "b.pt", "--to=rosinality")
      #expect(trained == ["left out: g_optim, d_optim, args, ada_aug_p of \(rosinalityFile)"])

      var notes = NetworkFileNotes()
      notes.licence = "CC0-1.0"
      let network = smallGenerator()
      try writeNetworkFile(
        network.parameters, configuration: network.configuration, notes: notes,
        to: "\(folder)/noted.safetensors")
      let noted = try await remarks("noted.safetensors", "c.pt", "--to=nvidia")
      #expect(noted == ["left out: the notes licence CC0-1.0"])
      let lines = try await stylist(
        ["model", "convert", "noted.safetensors", "d.pt", "--to=nvidia"], in: folder)
      #expect(lines.stdout.hasSuffix("d.pt\nremark: left out: the notes licence CC0-1.0\n"))
    }
  }

  private func smallDiscriminator() -> StyleGAN2Discriminator {
    var configuration = StyleGAN2DiscriminatorConfiguration(resolution: 8)
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    return StyleGAN2Discriminator(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }
}

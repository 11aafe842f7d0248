// Every documented way to end, with one clear line, and nothing written where nothing was done.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Exit codes")
struct ExitCodeTests {
  /// Expects a command to fail with a code and words on one line, having written nothing.
  private func refuses(
    _ code: Int32, _ words: String, _ arguments: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == code, "\(outcome.stderr)", sourceLocation: sourceLocation)
      #expect(outcome.stdout.isEmpty, sourceLocation: sourceLocation)
      #expect(outcome.stderr.contains(words), "\(outcome.stderr)", sourceLocation: sourceLocation)
      #expect(outcome.words.count == 1, "\(outcome.stderr)", sourceLocation: sourceLocation)
      #expect(names(in: folder).isEmpty, sourceLocation: sourceLocation)
    }
  }

  private func generate(_ arguments: String...) -> [String] {
    ["generate", "--outdir=out"] + arguments
  }

  private let network: String = "--network=\(plainNetwork)"

  // MARK: 64, usage

  @Test(
    "64: lists of seeds that are none",
    arguments: ["5-1", "0-99999999999", "", "1,,2", "-1", "a", "+5", "0-1000000", "1-2-3"])
  func seeds(list: String) async throws {
    try await refuses(64, "--seeds", generate(network, "--seeds=\(list)"))
  }

  @Test("64: sizes of grids that are none", arguments: ["0x4", "axb", "4", "65536x1"])
  func grids(size: String) async throws {
    let arguments = generate(network, "--seeds=1", "--grid=\(size)")
    try await refuses(64, "COLUMNSxROWS such as 6x6", arguments)
  }

  @Test("64: options that contradict one another or their ranges")
  func options() async throws {
    try await refuses(64, "either --network=FILE or --cfg=NAME", generate("--seeds=1"))
    try await refuses(
      64, "either --network=FILE", generate(network, "--cfg=auto", "--seeds=1"))
    try await refuses(64, "go with --cfg", generate(network, "--res=8", "--seeds=1"))
    try await refuses(64, "either --seeds", generate(network))
    try await refuses(64, "either --seeds", generate(network, "--seeds=1", "--projected-w=x"))
    try await refuses(
      64, "go with --seeds", generate(network, "--projected-w=x", "--trunc=0.5"))
    try await refuses(64, "--threads: expected", generate(network, "--seeds=1", "--threads=0"))
    for psi in ["nan", "inf", "-inf", "1e300", "-1001", "0x10"] {
      try await refuses(64, "from -1000 to 1000", generate(network, "--seeds=1", "--trunc=\(psi)"))
    }
    try await refuses(
      64, "several make a sheet of their own",
      generate(network, "--seeds=1", "--trunc=1,0", "--grid=2x2"))
    try await refuses(64, "found '1,,2'", generate(network, "--seeds=1", "--trunc=1,,2"))
    for styles in ["coarse,7", "fine,fine", "coarse,", "blue"] {
      try await refuses(
        64, "expected",
        ["mix", network, "--rows=1", "--cols=2", "--outdir=x", "--styles=\(styles)"])
    }
    try await refuses(
      64, "--trunc: expected one number, found 1,0.5",
      ["mix", network, "--rows=1", "--cols=2", "--outdir=x", "--trunc=1,0.5"])
    try await refuses(64, "0 or more", generate(network, "--seeds=1", "--trunc-cutoff=-1"))
    try await refuses(64, "goes with --trunc", generate(network, "--seeds=1", "--trunc-cutoff=2"))
    try await refuses(
      64, "trunc-cutoff: expected 0 to 6, the rows of W+, found 7",
      generate(network, "--seeds=1", "--trunc=0.5", "--trunc-cutoff=7"))
    try await refuses(
      64, "--noise-mode=none has none",
      generate(network, "--seeds=1", "--noise-mode=none", "--noise-layers=0-1"))
    try await refuses(
      64, "goes with --seed", ["attention", "--shift", "--trunc=0.5", "--outdir=x"])
    try await refuses(
      64, "at most",
      ["video", network, "--seeds=0-3", "--grid=65535x65535", "--output=x.webp"])
    try await refuses(
      64, "noise-mode", generate(network, "--seeds=1", "--noise-mode=loud"))
  }

  @Test("64: layers and parts that are none, noise of networks without any")
  func noise() async throws {
    for layers in ["1,3", "5-2", "x", "", "-1"] {
      try await refuses(
        64, "--noise-layers", generate(network, "--seeds=1", "--noise-layers=\(layers)"))
    }
    try await refuses(
      64, "noise-layers: expected layers from 0 to 4, found 7",
      generate(network, "--seeds=1", "--noise-layers=0-7"))
    func noise(_ arguments: String...) -> [String] {
      ["noise", network, "--seeds=1", "--outdir=out"] + arguments
    }
    for crop in ["1,2,3", "0,0,0,4", "4,4,2,8", "a,b,c,d", "0,0,70000,70000"] {
      try await refuses(64, "the corners x0,y0,x1,y1", noise("--crop=\(crop)"))
    }
    try await refuses(
      64, "crop: expected a part of the picture's 16×16 pixels, found 0,0,17,4",
      noise("--crop=0,0,17,4"))
    try await refuses(64, "draws: expected 2 to 100000, found 1", noise("--draws=1"))
    try await refuses(64, "--trunc: expected one number", noise("--trunc=1,0.5"))
    try await refuses(64, "sheet", ["noise", network, "--seeds=0-9999", "--outdir=out"])
    try await refuses(
      64, "the network: expected layers with noise, found none",
      ["noise", "--cfg=stylegan1-config-d", "--res=16", "--seeds=1", "--outdir=out"])
    try await refuses(
      64, "noise-layers: expected none, for a network without noise, found 3",
      generate("--cfg=stylegan1-config-d", "--res=16", "--seeds=1", "--noise-layers=2-3"))
  }

  @Test("64: values given twice where they name files")
  func twice() async throws {
    let again = "for they name files; found 2 again"
    try await refuses(64, again, generate(network, "--seeds=2,1-3"))
    try await refuses(64, again, generate(network, "--seeds=1", "--trunc=2,1,2.0"))
    try await refuses(64, again, ["mix", network, "--rows=1", "--cols=2,2", "--outdir=out"])
    try await refuses(64, again, ["noise", network, "--seeds=2,2", "--outdir=out"])
    for command in ["direction", "label"] {
      try await refuses(
        64, again,
        [
          "edit", command, network, "--seeds=1", "--strength=2,2", "--direction=x",
          "--classifier=x", "--attribute=1", "--outdir=out",
        ])
    }
  }

  @Test("65: files that are not what the option takes, whichever option it is")
  func otherFiles() async throws {
    try await withScratchFolder { folder in
      let (photo, text) = ("\(folder)/photo.png", "\(folder)/text")
      let picture = TestSupport.noise(width: 16, height: 16, channels: 3, seed: 1)
      try PNG(image: picture).write(to: photo)
      try put(Array("plain text".utf8), at: text)
      let invert = ["invert", "--data=\(photo)", "--outdir=out"]
      let search = invert + [network, "--refine-steps=1"]
      let edit = ["edit"]
      let one = [network, "--seeds=1", "--outdir=out"]
      for (file, found) in [(photo, "found a PNG picture"), (text, "found text")] {
        let commands: [[String]] = [
          generate("--network=\(file)", "--seeds=1"), generate(network, "--projected-w=\(file)"),
          edit + ["direction", "--direction=\(file)"] + one,
          edit + ["direction", "--direction=x", network, "--latents=\(file)", "--outdir=out"],
          edit + ["label", "--classifier=\(file)", "--attribute=1"] + one,
          edit + ["reference", "--editor=\(file)", "--ref-seeds=2"] + one,
          edit + ["reference", "--editor=x", "--ref=\(file)"] + one,
          ["project", network, "--target=\(photo)", "--start=\(file)", "--outdir=out"],
          invert + [network, "--encoder=\(file)"], search + ["--identity=\(file)"],
          search + ["--lpips-backbone=\(file)"],
          search + ["--lpips-backbone=\(file)", "--lpips-heads=\(file)"],
          ["directions", "svm", network, "--latents=\(file)", "--scores=x", "--out=x"],
          ["align", "--source=\(photo)", "--detector=\(file)", "--dest=out"],
        ]
        for command in commands { try await refuses(65, found, command) }
      }
      try await refuses(
        65, "a table of points, in text, found a PNG picture",
        ["align", "--source=\(photo)", "--points=\(photo)", "--dest=out"])
      try await refuses(
        65, "a first line with file",
        ["align", "--source=\(photo)", "--points=\(text)", "--dest=out"])
      let codes = "\(folder)/w.npy"
      let w = try StoredTensor(
        elementType: .float32, shape: [4, 1, 1],
        bytes: ByteRegion(floatBytes([1, 2, 3, 4]), name: "w"))
      try put(NPY.encoded(w), at: codes)
      try await refuses(
        65, "scores: a .npy file, found a PNG picture",
        ["directions", "svm", network, "--latents=\(codes)", "--scores=\(photo)", "--out=x"])
      for option in ["--encoder", "--identity"] {
        try await refuses(65, "found only G", search + ["\(option)=\(plainNetwork)"])
      }
    }
  }

  @Test("64: what the argument parser refuses is said on one line too")
  func parser() async throws {
    try await refuses(64, "stylist: Missing expected argument '<files> ...'", ["model", "convert"])
    try await refuses(64, "stylist: Missing expected argument '<file>'", ["model", "verify"])
    try await refuses(64, "--outdir", ["generate"])
    try await refuses(64, "--sedes", generate(network, "--sedes=1"))
    try await refuses(64, "stylist: Missing value for '--to", ["model", "convert", "a", "--to"])
    try await refuses(64, "tolerance", ["model", "convert", "a", "b", "--tolerance=x\ny"])
    try await refuses(64, "surplus", ["model", "list", "surplus"])
    for argument in ["class:1", "class=1"] {
      try await refuses(
        64, "'\(argument)'; options begin with two hyphens: did you mean --class=1?",
        generate(network, "--seeds=1", argument))
    }
  }

  @Test("64: sheets that are too large, before memory is taken")
  func sheets() async throws {
    try await refuses(64, "sheet", generate(network, "--seeds=1", "--grid=65535x65535"))
    let mix = ["mix", "--rows=0-4096", "--cols=0-4096", network, "--outdir=out"]
    try await refuses(64, "sheet", mix)
    let video = ["video", "--seeds=1", "--num-keyframes=1", network, "--output=a.webp"]
    try await refuses(64, "16383", video + ["--grid=1024x1"])
  }

  @Test("64: classes and rows that the network does not have")
  func classes() async throws {
    let labelled = "--network=\(labelledNetwork)"
    try await refuses(
      64, "--class: expected none, for a network without labels",
      generate(network, "--seeds=1", "--class=0"))
    try await refuses(64, "0 to 2, found 3", generate(labelled, "--seeds=1", "--class=3"))
    try await refuses(64, "0 to 2, found -1", generate(labelled, "--seeds=1", "--class=-1"))
    let mix = ["mix", "--rows=1", "--cols=2", network, "--outdir=out", "--styles=99"]
    try await refuses(64, "rows from 0 to 5, found 99", mix)
  }

  @Test("64: videos that cannot be, before the network is even opened")
  func videos() async throws {
    let video = ["video", "--network=absent.pkl", "--seeds=0-3"]
    try await refuses(64, "a multiple of the 3 cells", video + ["--grid=3x1", "--output=a.webp"])
    try await refuses(64, "frames", video + ["--w-frames=0", "--output=a.webp"])
    try await refuses(64, "fps", video + ["--fps=0", "--output=a.webp"])
    try await refuses(64, "keyframes", video + ["--num-keyframes=0", "--output=a.webp"])
    for name in ["a.avi", "a", "webp"] {
      try await refuses(64, ".webp, .mp4, .gif", video + ["--output=\(name)"])
    }
  }

  // MARK: 65, 66, 74, 77: the network

  @Test("65: files that are no networks, and networks whose tensors do not fit")
  func damaged() async throws {
    try await withScratchFolder { folder in
      let contents: [(String, [UInt8], String)] = [
        ("empty.pkl", [], "an empty file"),
        ("page.pkl", Array("<!DOCTYPE html>".utf8), "a web page"),
        ("zip.pkl", [0x50, 0x4B, 3, 4], "end record of a ZIP archive"),
        ("cut.pkl", Array(try ByteRegion(mapping: plainNetwork).copy().prefix(5000)), "byte"),
      ]
      for (name, bytes, words) in contents {
        try put(bytes, at: "\(folder)/\(name)")
        try await refuses(65, words, generate("--network=\(folder)/\(name)", "--seeds=1"))
      }
      let (path, store) = ("\(folder)/network.safetensors", ParameterStore())
      try writeNetworkFile(store, configuration: StyleGAN2Configuration(), to: path)
      try await refuses(65, "missing", generate("--network=\(path)", "--seeds=1"))
    }
  }

  @Test("65: whole files that are no networks, and files without a generator")
  func unusable() async throws {
    let others = caseFile("checkpoint-rosinality-pt/views-zip.pt")
    let words = "expected networks of StyleGAN2, Styleformer, StyleSwin or StyleNAT, found a dict"
    try await refuses(65, words, generate("--network=\(others)", "--seeds=1"))
    try await refuses(65, words, generate("--network=\(others)", "--seeds=1", "-n"))
    let classifier = caseFile("checkpoint-edit/latent_classifier.pt")
    let found = "a generator, G_ema or G, found only classifier (latent-classifier)"
    try await refuses(65, found, generate("--network=\(classifier)", "--seeds=1"))
    try await withScratchFolder { folder in
      let path = "\(folder)/d.safetensors"
      let d = try Checkpoint.open(plainNetwork).networks["D"]
      try d?.writeNetworkFile(role: "D", notes: NetworkFileNotes(), to: path)
      let words = "a generator, G_ema or G, found only D (stylegan2-discriminator)"
      try await refuses(65, words, generate("--network=\(path)", "--seeds=1"))
    }
  }

  @Test("65: codes that are none, or of another size")
  func codes() async throws {
    try await refuses(
      65, "expected codes: a .safetensors, .npz or .npy file, found a pickle",
      generate(network, "--projected-w=\(plainNetwork)"))
    try await withScratchFolder { folder in
      let path = "\(folder)/w.safetensors"
      let entry = Safetensors.Entry(name: "w", elementType: .float32, shape: [1, 1, 2]) {
        ByteRegion([UInt8](repeating: 0, count: 8), name: "w")
      }
      try Safetensors.write([entry], to: path)
      try await refuses(65, "[1, 1, 2]", generate(network, "--projected-w=\(path)"))
    }
  }

  @Test("66: files that are not there")
  func missing() async throws {
    try await refuses(66, "missing", generate("--network=absent.pkl", "--seeds=1"))
    try await refuses(66, "missing", generate(network, "--projected-w=absent"))
    try await withScratchFolder { folder in
      #expect(symlink("\(folder)/nowhere", "\(folder)/link") == 0)
      try await refuses(66, "missing", generate("--network=\(folder)/link", "--seeds=1"))
    }
  }

  @Test("74: what is no regular file")
  func unreadable() async throws {
    try await withScratchFolder { folder in
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      for path in [folder, "\(folder)/pipe", "/dev/zero"] {
        try await refuses(74, "a regular file", generate("--network=\(path)", "--seeds=1"))
      }
    }
  }

  @Test("77: files that ask for code to be run")
  func unsafe() async throws {
    try await withScratchFolder { folder in
      let pickle = PickleAssembler().call("os", "system") { $0.text("touch canary") }
      try put(pickle.region.copy(), at: "\(folder)/evil.pkl")
      try await refuses(77, "os.system", generate("--network=\(folder)/evil.pkl", "--seeds=1"))
      #expect(names(in: folder) == ["evil.pkl"])
    }
  }

  // MARK: 69, 73, 78

  @Test("69: no ffmpeg for a video that needs it, before the network is opened")
  func unavailable() async throws {
    try await withScratchFolder { folder in
      for name in ["a.mp4", "a.gif"] {
        let outcome = try await stylist(
          ["video", "--network=absent.pkl", "--seeds=1", "--output=\(name)"], path: folder,
          in: folder)
        expect(outcome, endsWith: 69, saying: "ffmpeg")
      }
    }
  }

  @Test("73: folders that cannot be made")
  func cannotCreate() async throws {
    for folder in [plainNetwork, "\(plainNetwork)/below"] {
      try await refuses(
        73, "cannot be created", ["generate", network, "--seeds=1", "--outdir=\(folder)"])
    }
    try await refuses(
      73, "cannot be created", ["video", network, "--seeds=1", "--output=\(plainNetwork)/a.webp"])
    let outcome = try await stylist(["generate", network, "--seeds=1", "--outdir=/proc/none/such"])
    expect(outcome, endsWith: 73, saying: "cannot be created")
  }

  @Test("73: what is no regular file is never replaced")
  func notReplaced() async throws {
    try await withScratchFolder { folder in
      #expect(mkfifo("\(folder)/pipe.webp", 0o600) == 0)
      #expect(mkfifo("\(folder)/seed0001.png", 0o600) == 0)
      let before = names(in: folder)
      for arguments in [
        ["video", "--output=\(folder)/pipe.webp"], ["generate", "--outdir=\(folder)"],
      ] {
        let outcome = try await stylist(arguments + [network, "--seeds=1"])
        expect(outcome, endsWith: 73, saying: "found a pipe")
      }
      #expect(names(in: folder) == before)
    }
  }

  @Test("64 and 78: configurations that no network has")
  func configurations() async throws {
    try await refuses(
      64, "found Styleswin-ffhq25; did you mean styleswin-ffhq256?",
      generate("--cfg=Styleswin-ffhq25", "--seeds=1"))
    try await refuses(
      78, "resolution: expected 64, 128, … 2048 for styleformer-c-256, found 32",
      generate("--cfg=styleformer-c-256", "--res=32", "--seeds=1"))
    for size in ["-8", "0", "24", "1048576", "\(Int.max)"] {
      try await refuses(
        78, "resolution", generate("--cfg=auto", "--res=\(size)", "--seeds=1"))
    }
  }

  @Test("a dry run refuses what the real run would")
  func dryRun() async throws {
    let run = generate(network, "--seeds=1", "-n")
    try await refuses(64, "without labels", run + ["--class=0"])
    try await refuses(64, "sheet", run + ["--grid=65535x65535"])
    try await refuses(66, "missing", generate("--network=absent.pkl", "--seeds=1", "-n"))
    try await refuses(73, "cannot be created", run + ["--outdir=\(plainNetwork)"])
    try await withScratchFolder { folder in
      let (path, store) = ("\(folder)/network.safetensors", ParameterStore())
      try writeNetworkFile(store, configuration: StyleGAN2Configuration(), to: path)
      try await refuses(65, "missing", generate("--network=\(path)", "--seeds=1", "-n"))
    }
  }

  // MARK: Interruption and warnings

  @Test(
    "130 and 143: interrupted, with whole files only",
    arguments: [(SignalName.interrupt, 130), (.terminate, 143)])
  func interruption(signal: SignalName, code: Int) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        ["generate", "--seeds=0-99999", "--outdir=\(folder)"] + untrained, signal: signal.signal)
      #expect(outcome.exitCode == Int32(code))
      #expect(outcome.words == ["stylist: interrupted; every file written so far is whole"])
      let written = names(in: folder)
      #expect((1..<99999).contains(written.count))
      for name in written {
        #expect(try PNG(path: "\(folder)/\(name)").image.width == 8)
      }
    }
  }

  @Test("130: interrupted twice, in the middle of a large picture", arguments: 0..<3)
  func twice(_ attempt: Int) async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        ["generate", "--cfg=stylegan2-512", "--seeds=0-99", "--outdir=\(folder)"],
        signal: SignalName.interrupt.signal, twice: true)
      #expect(outcome.exitCode == 130, "\(outcome.stderr.suffix(400))")
      #expect(outcome.words.count == 1 && outcome.words[0].hasPrefix("stylist: interrupted"))
    }
  }

  @Test(
    "130: interrupted while the work leaves no processor free",
    .enabled(if: canChooseProcessor), arguments: ["inspect", "convert", "scan"])
  func busyProcessor(command: String) async throws {
    try await withScratchFolder { folder in
      // One job, of more units than can be done before the signal comes.
      let arguments =
        switch command {
        case "convert": [plainNetwork, "\(folder)/a.pt", "--to=nvidia", "--seeds=0-99999"]
        default: Array(repeating: plainNetwork, count: 2000)
        }
      let outcome = try await stylist(
        ["model", command] + arguments, signal: SignalName.interrupt.signal, onOneProcessor: true)
      #expect(outcome.exitCode == 130, "\(outcome.stderr.suffix(200))")
      let words = command == "convert" ? "interrupted; no file was written" : "interrupted"
      #expect(outcome.words == ["stylist: \(words)"])
      #expect(outcome.stdout.isEmpty && names(in: folder).isEmpty)
    }
  }

  @Test("0 with a warning: weights that are not finite")
  func warning() async throws {
    try await withScratchFolder { folder in
      var configuration = StyleGAN2Configuration(resolution: 8)
      (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 1)
      (configuration.channelBase, configuration.channelMax) = (32, 4)
      let g = StyleGAN2(
        configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
      g.parameters["mapping.w_avg"].assign(.full(.infinity, [4]))
      let path = "\(folder)/network.safetensors"
      try writeNetworkFile(g.parameters, configuration: configuration, to: path)
      let outcome = try await stylist([
        "generate", "--network=\(path)", "--seeds=1", "--outdir=\(folder)",
      ])
      #expect(outcome.exitCode == 0)
      #expect(outcome.words.count == 1)
      #expect(outcome.words.first?.hasPrefix("stylist: warning: ") == true)
      #expect(outcome.stderr.contains("mapping.w_avg"))
    }
  }
}

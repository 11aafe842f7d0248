// Whole runs of the commands: files, JSON, dry runs, spellings.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Commands")
struct CommandTests {
  @Test("generate lists the files that it wrote, one on a line")
  func generate() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist([
        "generate", "--network=\(plainNetwork)", "--seeds=0-1,85", "--grid=2x2",
        "--outdir=\(folder)/out",
      ])
      #expect(outcome.exitCode == 0)
      let expected = ["seed0000.png", "seed0001.png", "seed0085.png", "grid.png"]
      #expect(outcome.stdout == expected.map { "\(folder)/out/\($0)\n" }.joined())
      #expect(names(in: "\(folder)/out") == expected.sorted())
      #expect(outcome.words.isEmpty)
    }
  }

  @Test("a picture says the command that makes it again, bit for bit")
  func reproduction() async throws {
    try await withScratchFolder { folder in
      let out = "it's a folder"
      let first = try await stylist(
        [
          "generate", "--network=\(labelledNetwork)", "--seeds=3,8", "--class=1", "--trunc=0.5",
          "--trunc-cutoff=3", "--noise-mode=random", "--outdir=\(out)",
        ], in: folder)
      #expect(first.exitCode == 0, "\(first.stderr)")
      let picture = try PNG(path: "\(folder)/\(out)/seed0008.png")
      let command = try #require(picture.texts.first { $0.key == "Command" }?.value)
      #expect(
        command == "stylist generate --seeds=8 --network=\(labelledNetwork) --trunc=0.5 "
          + "--trunc-cutoff=3 --class=1 --noise-mode=random '--outdir=it'\\''s a folder'")
      var again = command.split(separator: " ").dropFirst().map(String.init)
      again = again.filter { $0.hasPrefix("--") || $0 == "generate" } + ["--outdir=again"]
      again.removeAll { $0.contains("it'") }
      #expect(try await stylist(again, in: folder).exitCode == 0)
      #expect(try PNG(path: "\(folder)/again/seed0008.png").image == picture.image)
    }
  }

  @Test("several ψ make a sheet, and its pictures say the command that makes them again")
  func truncationSheet() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist([
        "generate", "--network=\(plainNetwork)", "--seeds=5", "--trunc=1,0.5,-1",
        "--outdir=\(folder)",
      ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let expected = [
        "grid.png", "seed0005-trunc-1.png", "seed0005-trunc0.5.png", "seed0005-trunc1.png",
      ]
      #expect(names(in: folder) == expected)
      let sheet = try PNG(path: "\(folder)/grid.png")
      // Pictures of 16×16 are shown six times as large, beside their seed and below their ψ.
      #expect(sheet.image.width > 3 * 96 && sheet.image.height > 96)
      let commands = try expected.map { name in
        try PNG(path: "\(folder)/\(name)").texts.first { $0.key == "Command" }?.value
      }
      let rest = "--network=\(plainNetwork)"
      for (command, trunc) in zip(
        commands, [" --trunc=1,0.5,-1", " --trunc=-1", " --trunc=0.5", ""])
      {
        #expect(command == "stylist generate --seeds=5 \(rest)\(trunc) --outdir=\(folder)")
      }
    }
  }

  @Test("mix takes the names of groups, with a part of the sheet for each")
  func styleGroups() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        [
          "mix", "--rows=1", "--cols=2,3", "--styles=Coarse,fine", "--outdir=\(folder)",
          "--cfg=config-e", "--res=64", "--no-labels", "--json",
        ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(try outcome.json()["count"] as? Int == 8)
      #expect(
        names(in: folder) == [
          "1-1.png", "1-2-coarse.png", "1-2-fine.png", "1-3-coarse.png", "1-3-fine.png", "2-2.png",
          "3-3.png", "grid.png",
        ])
      let sheet = try PNG(path: "\(folder)/grid.png")
      #expect((sheet.image.width, sheet.image.height) == (192, 192))
      #expect(
        sheet.texts.first { $0.key == "Command" }?.value.contains("--styles=coarse,fine") == true)
    }
  }

  @Test("mix and video do what they say")
  func others() async throws {
    try await withScratchFolder { folder in
      let mix = try await stylist([
        "mix", "--network=\(plainNetwork)", "--rows=1", "--cols=2", "--styles=0-3",
        "--outdir=\(folder)",
      ])
      #expect(mix.exitCode == 0)
      #expect(names(in: folder) == ["1-1.png", "1-2.png", "2-2.png", "grid.png"])
      let video = try await stylist([
        "video", "--network=\(plainNetwork)", "--seeds=0-3", "--grid=2x1", "--w-frames=2",
        "--output=\(folder)/new/walk.webp",
      ])
      #expect(video.exitCode == 0)
      #expect(video.stdout == "\(folder)/new/walk.webp\n")
      let content = try WebP.read(ByteRegion(mapping: "\(folder)/new/walk.webp"))
      #expect(content.frameCount == 4)
      #expect((content.first.width, content.first.height) == (32, 16))
    }
  }

  @Test("noise writes mean, deviation, draws and parts of them, and says how each was made")
  func noise() async throws {
    try await withScratchFolder { folder in
      let arguments = [
        "noise", "--network=\(tensorFlowFile)", "--seeds=5", "--draws=3", "--crop=4,2,12,8",
        "--trunc=0.7", "--noise-layers=2-5", "--outdir=\(folder)/out",
      ]
      let dry = try await stylist(arguments + ["-n"])
      #expect(dry.exitCode == 0 && dry.stdout.contains("would make 3 draws"), "\(dry.stderr)")
      #expect(names(in: folder).isEmpty)
      let outcome = try await stylist(arguments)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let files = names(in: "\(folder)/out")
      #expect(
        files == [
          "grid.png", "seed0005-crop0.png", "seed0005-crop1.png", "seed0005-crop2.png",
          "seed0005-deviation.png", "seed0005-draw0.png", "seed0005-draw1.png",
          "seed0005-draw2.png", "seed0005-mean.png",
        ])
      #expect(outcome.stdout.hasSuffix("\(folder)/out/grid.png\n"))
      let crop = try PNG(path: "\(folder)/out/seed0005-crop0.png")
      #expect((crop.image.width, crop.image.height) == (8, 6))
      #expect(
        crop.texts.first { $0.key == "Command" }?.value
          == "stylist noise --seeds=5 --network=\(tensorFlowFile) --draws=3 --crop=4,2,12,8 "
          + "--trunc=0.7 --noise-layers=2-5 --outdir=\(folder)/out")
    }
  }

  @Test("noise can be kept to some layers, all or none, and such pictures say so")
  func noiseLayers() async throws {
    try await withScratchFolder { folder in
      var pictures: [ByteImage] = []
      for layers in ["all", "none", "0-1", "2"] {
        let outcome = try await stylist([
          "generate", "--network=\(plainNetwork)", "--seeds=1", "--noise-mode=random",
          "--noise-layers=\(layers)", "--outdir=\(folder)",
        ])
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        let picture = try PNG(path: "\(folder)/seed0001.png")
        pictures.append(picture.image)
        #expect(picture.texts.contains { $0.value.contains(" --noise-layers=\(layers) ") })
      }
      let bare = try await stylist([
        "generate", "--network=\(plainNetwork)", "--seeds=1", "--noise-mode=none",
        "--outdir=\(folder)",
      ])
      #expect(bare.exitCode == 0)
      #expect(try PNG(path: "\(folder)/seed0001.png").image == pictures[1])
      #expect(Set(pictures).count == 4)
    }
  }

  @Test("StyleGAN's pickle is drawn, mixed and animated as every other network")
  func styleGAN1() async throws {
    try await withScratchFolder { folder in
      let network = "--network=\(tensorFlowFile)"
      let generate = try await stylist([
        "generate", network, "--seeds=1,2", "--trunc=1,0.7", "--trunc-cutoff=4",
        "--outdir=\(folder)/a",
      ])
      #expect(generate.exitCode == 0, "\(generate.stderr)")
      let mix = try await stylist([
        "mix", network, "--rows=1", "--cols=2", "--styles=coarse,middle", "--outdir=\(folder)/b",
      ])
      #expect(mix.exitCode == 0, "\(mix.stderr)")
      #expect(
        names(in: "\(folder)/b")
          == ["1-1.png", "1-2-coarse.png", "1-2-middle.png", "2-2.png", "grid.png"])
      let video = try await stylist([
        "video", network, "--seeds=0,1", "--w-frames=2", "--output=\(folder)/walk.webp",
      ])
      #expect(video.exitCode == 0, "\(video.stderr)")
    }
  }

  @Test("a network of encoder layers is drawn, mixed and moved as others are")
  func styleformer() async throws {
    let network = ["--cfg=styleformer-celeba64l", "--res=16", "--init-seed=1"]
    try await withScratchFolder { folder in
      let drawn = try await stylist(
        ["generate", "--seeds=1", "--trunc=0.7", "--outdir=\(folder)/out"] + network)
      #expect(drawn.exitCode == 0, "\(drawn.stderr)")
      #expect(try PNG(path: "\(folder)/out/seed0001.png").image.width == 16)
      let mix = ["mix", "--rows=1", "--cols=2", "--outdir=\(folder)/mix"] + network
      #expect(try await stylist(mix + ["--styles=coarse,middle"]).exitCode == 0)
      #expect(names(in: "\(folder)/mix").count == 5)
      let unread = try await stylist(mix + ["--styles=4"])
      #expect(unread.exitCode == 64, "\(unread.stderr)")
      #expect(unread.stderr.contains("rows from 0 to 3, found 4, which is never read"))
      let video = try await stylist(
        ["video", "--seeds=0-1", "--w-frames=2", "--output=\(folder)/walk.webp"] + network)
      #expect(video.exitCode == 0, "\(video.stderr)")
    }
  }

  @Test("converting keeps a Styleformer's hash and pictures", arguments: ["", "-linformer"])
  func convertStyleformer(variant: String) async throws {
    let source = caseFile("checkpoint-styleformer\(variant)/network-snapshot-000000.pkl")
    try await withScratchFolder { folder in
      let (own, torch) = ("\(folder)/a.safetensors", "\(folder)/a.pt")
      for command in [[source, own], [own, torch, "--to=nvidia"]] {
        let outcome = try await stylist(["model", "convert"] + command)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        #expect(outcome.stdout.contains("G_ema: pictures differ by 0.0 at worst"))
      }
      let inspected = try await stylist(["model", "inspect", source, own, torch])
      #expect(inspected.exitCode == 0)
      let hashes = inspected.stdout.split(separator: "\n").filter { $0.contains("content hash") }
      // G and D of the source come with its G_ema.
      #expect(hashes.count == 5 && Set(hashes).count == 3)
      #expect(try await stylist(["model", "verify", source]).exitCode == 0)
    }
  }

  @Test("the original programs' spellings are understood")
  func spellings() async throws {
    try await withScratchFolder { folder in
      try codes(at: "\(folder)/w_1.safetensors")
      let outcome = try await stylist([
        "generate", "--network", plainNetwork, "--projected_w", "\(folder)/w_1.safetensors",
        "--noise_mode=none", "--outdir", "\(folder)/out_1",
      ])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(names(in: "\(folder)/out_1") == ["proj00.png"])
      let truncated = try await stylist([
        "generate", "--network=\(plainNetwork)", "--seeds=1", "--truncation_psi=0.5",
        "--trunc_cutoff=2", "--outdir=\(folder)",
      ])
      #expect(truncated.exitCode == 0)
    }
  }

  private func codes(at path: String) throws {
    let entry = Safetensors.Entry(name: "w", elementType: .float32, shape: [1, 6, 16]) {
      ByteRegion([UInt8](repeating: 0, count: 6 * 16 * 4), name: "w")
    }
    try Safetensors.write([entry], to: path)
  }

  @Test("names of files may hold anything", arguments: ["a b", "a\nb", "🎨", "a;rm -rf *", "--x=1"])
  func fileNames(name: String) async throws {
    try await withScratchFolder { folder in
      let bytes = try ByteRegion(mapping: plainNetwork).copy()
      try put(bytes, at: "\(folder)/\(name).pkl")
      let outcome = try await stylist(
        ["generate", "--network=\(name).pkl", "--seeds=1", "--outdir=\(name)", "--json"],
        in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let files = try #require(try outcome.json()["files"] as? [[String: Any]])
      #expect(files.first?["file"] as? String == "\(name)/seed0001.png")
      let texts = try PNG(path: "\(folder)/\(name)/seed0001.png").texts
      #expect(texts.first { $0.key == "Network" }?.value == "\(name).pkl")
    }
  }

  @Test("JSON says what was made, and of what network")
  func json() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist([
        "generate", "--network=\(labelledNetwork)", "--seeds=4", "--class=0", "--json",
        "--outdir=\(folder)",
      ])
      let result = try outcome.json()
      #expect(Set(result.keys) == ["count", "files", "network"])
      #expect(result["count"] as? Int == 1)
      let files = try #require(result["files"] as? [[String: Any]])
      #expect(files.count == 1)
      #expect(files[0]["file"] as? String == "\(folder)/seed0004.png")
      #expect(files[0]["seed"] as? Int == 4)
      let network = try #require(result["network"] as? [String: Any])
      #expect(network["kind"] as? String == "stylegan2")
      #expect(network["origin"] as? String == "G_ema in \(labelledNetwork)")
      let configuration = try #require(network["configuration"] as? [String: Any])
      #expect(configuration["label_dim"] as? Int == 3)
      #expect(configuration["resolution"] as? Int == 16)
    }
  }

  @Test("progress is reported as JSON where there is no terminal")
  func progress() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        ["generate", "--seeds=1-3", "--outdir=\(folder)"] + untrained)
      let last = try #require(outcome.stderr.split(separator: "\n").last)
      let value = try JSONSerialization.jsonObject(with: Data(last.utf8))
      let line = try #require(value as? [String: Any])
      #expect(line["done"] as? Int == 3)
      #expect(line["total"] as? Int == 3)
      #expect(line["unit"] as? String == "pictures")
      #expect(Set(line.keys) == ["done", "total", "unit", "per_second", "seconds_left"])
    }
  }

  @Test("a dry run says what would be done, and writes nothing")
  func dryRun() async throws {
    try await withScratchFolder { folder in
      let network = ["--network=\(plainNetwork)", "-n"]
      let commands = [
        (["generate", "--seeds=0-9", "--outdir=\(folder)/out"], "would make 10 pictures"),
        (["mix", "--rows=1,2", "--cols=3", "--outdir=\(folder)/out"], "would make 5 pictures"),
        (["video", "--seeds=1-3", "--output=\(folder)/out/a.webp"], "would make 360 frames"),
      ]
      for (command, words) in commands {
        let outcome = try await stylist(command + network)
        #expect(outcome.exitCode == 0)
        #expect(outcome.stdout.contains(words))
        #expect(outcome.stderr.isEmpty)
        let json = try await stylist(command + network + ["--json"]).json()
        #expect(Set(json.keys) == ["count", "dry_run", "network"])
        #expect(json["dry_run"] as? Bool == true)
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test(
    "progress that nobody can read does not end the work",
    arguments: ["2>/dev/full", "2>&-", "2>&- <&-"])
  func unreadProgress(redirection: String) async throws {
    try await withScratchFolder { folder in
      let arguments = [
        "generate", "--network=\(plainNetwork)", "--seeds=0-2", "--outdir=\(folder)/out",
      ]
      let code = try await stylist(arguments, redirected: redirection)
      #expect(code == 0)
      #expect(names(in: "\(folder)/out") == ["seed0000.png", "seed0001.png", "seed0002.png"])
    }
  }

  @Test("74: results that nobody can read", arguments: [">/dev/full"])
  func unreadResults(redirection: String) async throws {
    try await withScratchFolder { folder in
      let arguments = [
        "generate", "--network=\(plainNetwork)", "--seeds=0", "--outdir=\(folder)/out",
      ]
      let code = try await stylist(arguments, redirected: redirection)
      #expect(code == 74)
    }
  }

  @Test("a network with labels draws class 0 unless told otherwise, and says so")
  func classes() async throws {
    try await withScratchFolder { folder in
      let network = "--network=\(labelledNetwork)"
      let common = ["generate", network, "--seeds=4", "--trunc=0.7"]
      let unsaid = try await stylist(common + ["--outdir=\(folder)/unsaid"])
      #expect(unsaid.exitCode == 0)
      #expect(unsaid.stderr.contains("classes 0 to 2; taking class 0, choose with --class"))
      var pictures: [ByteImage] = []
      for index in 0...1 {
        let said = try await stylist(
          common + ["--class=\(index)", "--outdir=\(folder)/\(index)"])
        #expect(said.exitCode == 0 && !said.stderr.contains("taking class"))
        pictures.append(try PNG(path: "\(folder)/\(index)/seed0004.png").image)
      }
      #expect(try PNG(path: "\(folder)/unsaid/seed0004.png").image == pictures[0])
      #expect(pictures[0] != pictures[1])
    }
  }
}

// `stylist align`, `project`, `directions` and `edit`: what they write, what they read of one
// another, and what they refuse.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Inverting and editing")
struct InversionCommandTests {
  /// Writes a small photograph.
  private func photograph(in folder: String) throws -> String {
    let file = "\(folder)/photo.png"
    let pixels = (0..<24 * 16 * 3).map { UInt8($0 * 7 % 256) }
    try PNG(image: ByteImage(width: 24, height: 16, channels: 3, pixels: pixels)).write(to: file)
    return file
  }

  @Test("project writes what it looks at, and codes that draw the same picture again")
  func project() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      let arguments =
        ["project"] + untrained + [
          "--target=\(photo)", "--num-steps=3", "--noise=stored", "--space=w+", "--save-video",
          "--outdir=out",
        ]
      let dry = try await stylist(arguments + ["-n"], in: folder)
      #expect(dry.exitCode == 0 && names(in: folder) == ["photo.png"])
      let outcome = try await stylist(arguments, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(outcome.stdout.contains("distance "))
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "distance.png", "proj.png", "proj.webp", "projected_w.npz",
          "target.png",
        ])
      let codes = try Safetensors(ByteRegion(mapping: "\(folder)/out/codes.safetensors"))
      #expect(codes.metadata["stylist.names"] == "[\"photo\"]")
      let picture = try PNG(path: "\(folder)/out/proj.png").image
      for file in ["projected_w.npz", "codes.safetensors"] {
        let again = try await stylist(
          ["generate"] + untrained + ["--projected-w=out/\(file)", "--outdir=again"], in: folder)
        #expect(again.exitCode == 0, "\(again.stderr)")
        #expect(try PNG(path: "\(folder)/again/proj00.png").image == picture, "\(file)")
      }
      // What is read is never replaced.
      for input in ["--target=out/target.png", "--start=./out/codes.safetensors"] {
        let over = try await stylist(arguments + [input], in: folder)
        expect(over, endsWith: 64, saying: "--outdir: expected no file that is read")
      }
      // A code of another generator is taken for it only if that is said.
      for command in [
        ["generate", "--projected-w=out/codes.safetensors", "--outdir=other", "-n"],
        arguments + ["--start=out/codes.safetensors", "--outdir=other", "-n"],
      ] {
        let foreign = command + ["--init-seed=8"] + (command[0] == "generate" ? untrained : [])
        expect(
          try await stylist(foreign, in: folder), endsWith: 65,
          saying: "out/codes.safetensors: expected codes of the generator")
        let taken = try await stylist(foreign + ["--any-generator"], in: folder)
        #expect(taken.exitCode == 0, "\(taken.stderr)")
        #expect(taken.stderr.contains("they mean the same only if one was trained from the other"))
      }
      // The search goes on from a code that was found.
      let further = try await stylist(
        arguments + ["--start=out/codes.safetensors", "--outdir=further", "--json"], in: folder)
      #expect(further.exitCode == 0, "\(further.stderr)")
      #expect(try further.json()["likeness"] is [String: Any])
    }
  }

  @Test("a search that is interrupted keeps what it has found")
  func interruptedSearch() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(
        ["project"] + untrained + [
          "--target=\(try photograph(in: folder))", "--num-steps=1000000", "--noise=stored",
          "--save-video", "--outdir=\(folder)/out",
        ], signal: SignalName.interrupt.signal)
      #expect(outcome.exitCode == 130, "\(outcome.stderr)")
      #expect(
        outcome.stderr.contains(
          "interrupted; what was found so far is in \(folder)/out, without the video"))
      #expect(
        names(in: "\(folder)/out") == [
          "codes.safetensors", "distance.png", "proj.png", "projected_w.npz", "target.png",
        ])
    }
  }

  @Test("project minimises LPIPS where its weights are named")
  func perception() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      var configuration = LPIPSConfiguration()
      configuration.widthDivisor = 32
      let lpips = LPIPS(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
      for name in lpips.parameters.entries.keys where name.hasPrefix("lin") {
        lpips.parameters[name].assign(.ones(lpips.parameters[name].shape))
      }
      try writeNetworkFile(
        lpips.parameters, configuration: configuration, to: "\(folder)/lpips.safetensors")
      let arguments =
        ["project"] + untrained + [
          "--target=\(photo)", "--num-steps=20", "--noise=stored", "--outdir=out", "--json",
          "--lpips-backbone=lpips.safetensors",
        ]
      let outcome = try await stylist(arguments + ["--distance=lpips"], in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      let distance = try #require(try outcome.json()["distance"] as? [Double])
      #expect(distance.count == 2 && distance[1] < distance[0])
      expect(
        try await stylist(arguments, in: folder), endsWith: 64, saying: "goes with --distance=lpips"
      )
    }
  }

  @Test("directions found from weights and from samples move pictures, each in its own way")
  func directions() async throws {
    try await withScratchFolder { folder in
      for (method, more) in [("sefa", ["--layers=0-1"]), ("pca", ["--samples=200"])] {
        let file = "\(method).safetensors"
        let found = try await stylist(
          ["directions", method] + untrained + more + ["--count=2", "--out=\(file)"], in: folder)
        #expect(found.exitCode == 0, "\(found.stderr)")
        let edited = try await stylist(
          ["edit", "direction"] + untrained + [
            "--seeds=1,2", "--direction=\(file)", "--index=1", "--strength=-2,0,2",
            "--outdir=\(method)",
          ], in: folder)
        #expect(edited.exitCode == 0, "\(edited.stderr)")
        let pictures = try ["-2", "0", "2"].map {
          try PNG(path: "\(folder)/\(method)/seed0001-strength\($0).png").image
        }
        #expect(Set(pictures).count == 3)
        let plain = try await stylist(
          ["generate"] + untrained + ["--seeds=1", "--outdir=plain"], in: folder)
        #expect(plain.exitCode == 0)
        #expect(try PNG(path: "\(folder)/plain/seed0001.png").image == pictures[1])
      }
      // Another generator's directions are told by its hash.
      let ofOther =
        ["edit", "direction"] + untrained + [
          "--init-seed=5", "--seeds=1", "--direction=pca.safetensors", "--outdir=other",
        ]
      let refused = try await stylist(ofOther, in: folder)
      expect(
        refused, endsWith: 65, saying: "pca.safetensors: expected directions of the generator")
      let other = try await stylist(ofOther + ["--any-generator"], in: folder)
      #expect(other.exitCode == 0 && other.words.count == 1)
      #expect(
        other.stderr.contains("pca.safetensors: these directions were found for the generator"))
    }
  }

  @Test("a boundary between codes of high and low score is a direction that edits")
  func boundary() async throws {
    try await withScratchFolder { folder in
      let (count, rows, width) = (40, 4, 512)
      var values: [Float] = []
      for index in 0..<count * rows * width {
        values.append(Float(index * 7919 % 1009) / 1009 - 0.5)
      }
      let scores = (0..<count).map { values[$0 * rows * width] }
      func array(_ numbers: [Float], _ shape: [Int]) throws -> StoredTensor {
        let bytes = numbers.withUnsafeBytes { ByteRegion(Array($0), name: "numbers") }
        return try StoredTensor(elementType: .float32, shape: shape, bytes: bytes)
      }
      try NPZ.write([("w", try array(values, [count, rows, width]))], to: "\(folder)/codes.npz")
      try put(NPY.encoded(try array(scores, [count])), at: "\(folder)/scores.npy")
      let found = try await stylist(
        ["directions", "svm"] + untrained + [
          "--latents=codes.npz", "--scores=scores.npy", "--name=first", "--share=0.25",
          "--out=first.safetensors",
        ], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      #expect(found.stdout.contains("held-out accuracy"))
      #expect(
        found.words == [
          "stylist: codes.npz: nothing says for which generator these codes were found",
          "stylist: note: found with 14 of 40 codes, which have 512 numbers each: so few are parted "
            + "whatever their scores are, and only the 6 held out tell; give more codes, or a larger "
            + "--share (at most 0.5), so that it is some 2048 or more",
        ])
      // Codes of low score lie behind the boundary, those of high score before it.
      let stored = try #require(
        Safetensors(ByteRegion(mapping: "\(folder)/first.safetensors")).tensors["vectors"])
      let vector = stored.contiguousBytes().copy().withUnsafeBytes {
        Array($0.bindMemory(to: Float.self))
      }
      let places = (0..<count).map { code in
        (0..<rows * width).reduce(0) {
          $0 + Double(values[code * rows * width + $1] * vector[$1 % width])
        }
      }
      let order = scores.indices.sorted { scores[$0] < scores[$1] }
      let (low, high) = (order.prefix(10).map { places[$0] }, order.suffix(10).map { places[$0] })
      #expect(try #require(high.min()) > #require(low.max()))
      let same = try await stylist(
        ["directions", "svm"] + untrained + [
          "--latents=codes.npz", "--scores=scores.npy", "--share=0.25", "--out=./codes.npz",
        ], in: folder)
      expect(same, endsWith: 64, saying: "--out: expected no file that is read")
      let few = try await stylist(
        ["directions", "svm"] + untrained + [
          "--latents=codes.npz", "--scores=scores.npy", "--out=few.safetensors", "-n",
        ], in: folder)
      expect(
        few, endsWith: 64,
        saying:
          "--share: expected at least 2 of the 40 codes at either end, such as 0.05, found 0.02")
      let condition = ["--condition=first.safetensors", "--out=second.safetensors"]
      let left = try await stylist(
        ["directions", "svm"] + untrained + [
          "--latents=codes.npz", "--scores=scores.npy", "--share=0.25",
        ] + condition, in: folder)
      #expect(left.exitCode == 1 && left.words.count == 2)
      #expect(left.words.last?.contains("conditions do not span") == true)
      let edited = try await stylist(
        ["edit", "direction"] + untrained + [
          "--seeds=1", "--direction=first.safetensors", "--index=first", "--strength=1",
          "--outdir=out",
        ], in: folder)
      #expect(edited.exitCode == 0, "\(edited.stderr)")
    }
  }

  @Test("a boundary of more codes than a code has numbers gets no note")
  func manyCodes() async throws {
    try await withScratchFolder { folder in
      let (count, rows, width) = (60, 6, 16)
      func array(_ numbers: [Float], _ shape: [Int]) throws -> StoredTensor {
        try StoredTensor(
          elementType: .float32, shape: shape, bytes: ByteRegion(floatBytes(numbers), name: "w"))
      }
      let values = (0..<count * rows * width).map { Float($0 * 7919 % 1009) / 1009 - 0.5 }
      let scores = (0..<count).map { values[$0 * rows * width] }
      try NPZ.write([("w", try array(values, [count, rows, width]))], to: "\(folder)/codes.npz")
      try put(NPY.encoded(try array(scores, [count])), at: "\(folder)/scores.npy")
      let found = try await stylist(
        [
          "directions", "svm", "--network=\(plainNetwork)", "--latents=codes.npz",
          "--scores=scores.npy", "--share=0.5", "--out=first.safetensors",
        ], in: folder)
      #expect(found.exitCode == 0, "\(found.stderr)")
      #expect(
        found.words
          == ["stylist: codes.npz: nothing says for which generator these codes were found"])
    }
  }

  @Test(
    "a search whose learning rate cannot rise says that it leads nowhere",
    arguments: [1, 2, 19, 20])
  func fewSteps(count: Int) async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      let outcome = try await stylist(
        ["project"] + untrained + [
          "--target=\(photo)", "--num-steps=\(count)", "--outdir=out", "-n",
        ], in: folder)
      let inverted = try await stylist(
        ["invert"] + untrained + [
          "--data=\(photo)", "--refine-steps=\(count)", "--outdir=out", "-n",
        ], in: folder)
      for (outcome, option) in [(outcome, "--num-steps"), (inverted, "--refine-steps")] {
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        let notes = outcome.words.filter { $0.hasPrefix("stylist: note: \(option)=\(count): ") }
        #expect(notes.count == (count < 20 ? 1 : 0))
        #expect(notes.allSatisfy { $0.contains("nothing moves") == (count == 1) })
      }
    }
  }

  @Test("a boundary is found between w as between codes of W+")
  func boundaryOfW() async throws {
    try await withScratchFolder { folder in
      let (count, rows, width) = (40, 4, 512)
      // So near one another that all lie within the margin.
      let w = (0..<count * width).map { (Float($0 * 104_729 % 10_007) / 10_007 - 0.5) / 64 }
      let wPlus = stride(from: 0, to: w.count, by: width).flatMap { start in
        (0..<rows).flatMap { _ in w[start..<start + width] }
      }
      func write(_ numbers: [Float], _ shape: [Int], _ name: String) throws {
        let stored = try StoredTensor(
          elementType: .float32, shape: shape, bytes: ByteRegion(floatBytes(numbers), name: name))
        try put(NPY.encoded(stored), at: "\(folder)/\(name)")
      }
      try write(w, [count, width], "w.npy")
      try write(wPlus, [count, rows, width], "wplus.npy")
      try write((0..<count).map { w[$0 * width] }, [count], "scores.npy")
      var found: [[Float]] = []
      for name in ["w", "wplus"] {
        let outcome = try await stylist(
          ["directions", "svm"] + untrained + [
            "--latents=\(name).npy", "--scores=scores.npy", "--share=0.25",
            "--out=\(name).safetensors",
          ], in: folder)
        #expect(outcome.exitCode == 0, "\(outcome.stderr)")
        #expect(
          outcome.words.contains(
            "stylist: \(name).npy: nothing says for which generator these codes were found"))
        found.append(
          floats(
            try #require(
              Safetensors(ByteRegion(mapping: "\(folder)/\(name).safetensors")).tensors["vectors"]))
        )
      }
      // Means over rows that are equal are off by a rounding.
      #expect(zip(found[0], found[1]).allSatisfy { abs($0 - $1) < 1e-4 })
      let edited = try await stylist(
        ["edit", "direction"] + untrained + [
          "--latents=w.npy", "--direction=w.safetensors", "--outdir=out",
        ], in: folder)
      expect(edited, endsWith: 65, saying: "expected codes w [N, numWs, wDim], found w [40, 512]")
    }
  }

  @Test("a start with a row for every layer asks for the space W+")
  func start() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      func write(_ shape: [Int]) throws {
        let numbers = [Float](repeating: 0.5, count: shape.reduce(1, *))
        let stored = try StoredTensor(
          elementType: .float32, shape: shape, bytes: ByteRegion(floatBytes(numbers), name: "w"))
        try NPZ.write([("w", stored)], to: "\(folder)/w.npz")
      }
      func project(_ more: String...) async throws -> Outcome {
        try await stylist(
          ["project", "--target=\(photo)", "--start=w.npz", "--outdir=out", "-n"] + untrained
            + more,
          in: folder)
      }
      try write([1, 4, 512])
      expect(try await project(), endsWith: 64, saying: "give --space=w+")
      let fitting = try await project("--space=w+")
      #expect(fitting.exitCode == 0)
      #expect(
        fitting.words
          == ["stylist: w.npz: nothing says for which generator these codes were found"])
      try write([1, 3, 512])
      expect(
        try await project("--space=w+"), endsWith: 65,
        saying: "w.npz: expected one code of 1 or 4 rows of 512 numbers, found [1, 3, 512]")
    }
  }

  @Test("what cannot be used is refused before anything is written")
  func refusals() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      let bytes = try ByteRegion(mapping: "\(folder)/photo.png").copy()
      func refuses(_ code: Int32, _ words: String, _ arguments: [String]) async throws {
        let outcome = try await stylist(arguments + ["--outdir=out"], in: folder)
        expect(outcome, endsWith: code, saying: words)
        #expect(names(in: folder) == ["photo.png"])
      }
      let project = ["project"] + untrained
      try await refuses(66, "none.png", project + ["--target=none.png"])
      try await refuses(65, "expected", project + ["--target=\(plainNetwork)"])
      for (option, words) in [
        ("--space=z", "--space: expected w or w+"), ("--noise=some", "--noise: expected"),
        ("--num-steps=0", "--num-steps: expected"), ("--learning-rate=nan", "--learning-rate:"),
        ("--distance=lpips", "--distance"), ("--class=1", "without labels"),
        ("--learning-rate=101", "--learning-rate: expected above 0, at most 100, found 101"),
        ("--prior=1e10", "--prior: expected from 0 to 1000000000, found 1"),
      ] { try await refuses(64, words, project + ["--target=\(photo)", option]) }
      let edit = ["edit", "direction"] + untrained + ["--seeds=1"]
      try await refuses(66, "none.npy", edit + ["--direction=none.npy"])
      try await refuses(65, "expected directions", edit + ["--direction=\(photo)"])
      for points in ["1,2,3", "1,2,nan,4,5,6,7,8", "a,b,c,d,e,f,g,h"] {
        let outcome = try await stylist(
          ["align", "--source=\(photo)", "--points=\(points)", "--dest=out"], in: folder)
        expect(outcome, endsWith: 64, saying: "--points: expected eight numbers")
      }
      let over = try await stylist(
        ["directions", "sefa", "--out=photo.png"] + untrained, in: folder)
      expect(over, endsWith: 73, saying: "a file of directions to replace, found a PNG picture")
      #expect(try ByteRegion(mapping: "\(folder)/photo.png").copy() == bytes)
    }
  }

  @Test("align says the photographs that it cannot use at the end, and makes all others")
  func align() async throws {
    try await withScratchFolder { folder in
      _ = try photograph(in: folder)
      let one = try await stylist(
        ["align", "--source=photo.png", "--points=8,5,15,5,9,10,14,10", "--size=16", "--dest=one"],
        in: folder)
      #expect(one.exitCode == 0, "\(one.stderr)")
      #expect(names(in: "\(folder)/one") == ["landmarks.csv", "photo.png"])
      try FileManager.default.createDirectory(
        atPath: "\(folder)/photos", withIntermediateDirectories: false)
      try put(Array("no picture".utf8), at: "\(folder)/photos/bad.png")
      try put(
        ByteRegion(mapping: "\(folder)/photo.png").copy(), at: "\(folder)/photos/photo.png")
      let many = try await stylist(
        [
          "align", "--source=photos", "--points=one/landmarks.csv", "--size=16", "--dest=many",
        ], in: folder)
      #expect(many.exitCode == 65)
      #expect(many.words.count == 2 && many.words[0].contains("photos/bad.png"))
      #expect(many.words[1] == "stylist: 1 of 2 pictures could not be used")
      #expect(many.stdout == "many/photo.png\n")
      let same = try await stylist(
        ["align", "--source=photo.png", "--points=8,5,15,5,9,10,14,10", "--dest=."], in: folder)
      expect(same, endsWith: 64, saying: "--dest: expected another folder")
    }
  }

  /// Writes the weights of a detector of bright squares as facenet-pytorch's files.
  private func writeDetector(into folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false)
    let parameters = SquareDetector.parameters()
    for part in ["pnet", "rnet", "onet"] {
      let entries = parameters.filter { $0.name.hasPrefix("\(part).") }.map { name, tensor in
        let values = ByteRegion(floatBytes(tensor.values()), name: name)
        return (
          String(name.dropFirst(part.count + 1)),
          TorchArchive.Value.tensor(
            TensorToWrite(elementType: .float32, shape: tensor.shape) { values })
        )
      }
      try TorchArchive.write(.dictionary(entries), to: "\(folder)/\(part).pt")
    }
  }

  /// Writes a picture of 200×150 pixels with bright squares: their left and upper edges and sides.
  private func writeSquares(_ squares: [(Int, Int, Int)], to file: String) throws {
    var pixels = [UInt8](repeating: 0, count: 200 * 150 * 3)
    for (left, top, side) in squares {
      for row in top..<top + side {
        for place in (row * 200 + left) * 3..<(row * 200 + left + side) * 3 { pixels[place] = 255 }
      }
    }
    try PNG(image: ByteImage(width: 200, height: 150, channels: 3, pixels: pixels)).write(to: file)
  }

  @Test("align finds faces with weights from files, says where there is none, and makes a table")
  func alignWithDetector() async throws {
    try await withScratchFolder { folder in
      try writeDetector(into: "\(folder)/mtcnn")
      try FileManager.default.createDirectory(
        atPath: "\(folder)/photos", withIntermediateDirectories: false)
      try writeSquares([(61, 50, 40)], to: "\(folder)/photos/a.png")
      try writeSquares([], to: "\(folder)/photos/b.png")
      try writeSquares([(20, 20, 28), (120, 70, 40)], to: "\(folder)/photos/c.png")
      let arguments = ["align", "--source=photos", "--detector=mtcnn", "--size=16"]
      let dry = try await stylist(arguments + ["--dest=one", "-n"], in: folder)
      #expect(dry.exitCode == 0 && names(in: folder) == ["mtcnn", "photos"])
      let one = try await stylist(arguments + ["--dest=one", "--faces=largest"], in: folder)
      #expect(one.exitCode == 65)
      #expect(
        one.words.first?.hasSuffix("b.png: does not fit: expected a face, found none") == true)
      #expect(names(in: "\(folder)/one") == ["a.png", "c.png", "landmarks.csv"])
      let all = try await stylist(arguments + ["--dest=all", "--faces=all"], in: folder)
      #expect(names(in: "\(folder)/all") == ["a.png", "c-1.png", "c.png", "landmarks.csv"])
      #expect(all.words.count == 2)
      let only = try await stylist(arguments + ["--dest=only"], in: folder)
      #expect(only.words.contains { $0.contains("c.png: does not fit: expected one face") })

      // The table gives the same faces, and so does the one file that the three are made into.
      let again = try await stylist(
        [
          "align", "--source=photos", "--points=one/landmarks.csv", "--size=16", "--dest=again",
        ], in: folder)
      #expect(again.stdout == "again/a.png\nagain/c.png\n")
      let converted = try await stylist(
        ["model", "convert", "mtcnn", "detector.safetensors"], in: folder)
      #expect(converted.exitCode == 0, "\(converted.stderr)")
      #expect(converted.stdout.contains("detector: faces differ by 0.0 at worst"))
      let own = try await stylist(
        [
          "align", "--source=photos", "--detector=detector.safetensors", "--size=16", "--dest=own",
          "--faces=largest",
        ], in: folder)
      #expect(own.exitCode == 65)
      for name in ["a.png", "c.png", "landmarks.csv"] {
        let bytes = try ByteRegion(mapping: "\(folder)/one/\(name)").copy()
        #expect(try ByteRegion(mapping: "\(folder)/own/\(name)").copy() == bytes, "\(name)")
        if name.hasSuffix("png") {
          #expect(try ByteRegion(mapping: "\(folder)/again/\(name)").copy() == bytes, "\(name)")
        }
      }
    }
  }

  @Test("align refuses detectors that are not whole, and options that exclude one another")
  func detectorTroubles() async throws {
    try await withScratchFolder { folder in
      let photo = try photograph(in: folder)
      try writeDetector(into: "\(folder)/mtcnn")
      func refuses(_ code: Int32, _ words: String, _ options: [String]) async throws {
        let outcome = try await stylist(
          ["align", "--source=\(photo)", "--dest=out", "-n"] + options, in: folder)
        expect(outcome, endsWith: code, saying: words)
      }
      try await refuses(64, "give either --points=LIST or --detector=FOLDER", [])
      try await refuses(
        64, "give either", ["--points=8,5,15,5,9,10,14,10", "--detector=mtcnn"])
      try await refuses(
        64, "--min-face goes with --detector", ["--points=8,5,15,5,9,10,14,10", "--min-face=30"])
      try await refuses(
        64, "--min-face: expected 12 to 4096, found 4", ["--detector=mtcnn", "--min-face=4"])
      try await refuses(66, "none: missing", ["--detector=none"])
      try await refuses(65, "a folder with pnet, rnet and onet", ["--detector=mtcnn/pnet.pt"])
      try await refuses(65, "not recognised", ["--detector=\(photo)"])
      let hostile = npyOfObjects { $0.call("os", "system") { $0.text("touch canary") } }
      try FileManager.default.removeItem(atPath: "\(folder)/mtcnn/onet.pt")
      try await refuses(66, "mtcnn/onet.pt: missing", ["--detector=mtcnn"])
      try put(hostile, at: "\(folder)/mtcnn/onet.npy")
      try await refuses(77, "mtcnn/onet.npy: refused as unsafe", ["--detector=mtcnn"])
      #expect(names(in: folder) == ["mtcnn", "photo.png"])
    }
  }
}

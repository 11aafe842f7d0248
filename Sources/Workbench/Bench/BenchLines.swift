// What benchmarks printed, read again: lines of `stylist bench --json` and of other programs.

import Formats
import Foundation

/// A line of JSON that a benchmark printed; programs that are compared with print the same names.
struct BenchLine: Decodable {
  let system: String
  let command: String
  let cfg: String
  let batch: Int
  let dtype: String
  let threads: Int
  let sPerImage: Double
  let best: Double
  let peakMib: Double
  let runtimeMib: Double
  let resolution: Int?
  let attention: String?
  /// In training: the features at 1×1 and the most of a layer, where they are not the recipe's.
  let cbase: Int?
  let cmax: Int?
  /// `tuned` where the system's allocator keeps what is freed.
  let allocator: String?
  let machine: String?
  let date: String?
  let libtorch: String?
  let firstImageS: Double?
  let gflopPerImage: Double?
  let ceilingGflops: Double?
  let psnr: Double?
  let equalsFloat32: Bool?
  /// In training: seconds for an image in each phase.
  let phases: [String: Double]?

  private enum CodingKeys: String, CodingKey {
    case system, command, cfg, batch, dtype, threads, best, resolution, attention, cbase, cmax
    case allocator, machine, date, libtorch, psnr, phases
    case sPerImage = "s_per_image"
    case peakMib = "peak_mib"
    case runtimeMib = "runtime_mib"
    case firstImageS = "first_image_s"
    case gflopPerImage = "gflop_per_image"
    case ceilingGflops = "ceiling_gflops"
    case equalsFloat32 = "equals_float32"
  }

  /// The most memory that the work took, in 2²⁰ bytes beyond what the program held without it.
  var mib: Double { peakMib - runtimeMib }
}

/// What lines of the same work have in common.
struct BenchWork: Hashable {
  let command: String
  let cfg: String
  let resolution: Int?
  let attention: String?
  let cbase: Int?
  let cmax: Int?
  let batch: Int
  let dtype: String
  let threads: Int
  let machine: String?

  init(_ line: BenchLine) {
    (command, cfg, resolution) = (line.command, line.cfg, line.resolution)
    (attention, cbase, cmax) = (line.attention, line.cbase, line.cmax)
    (batch, dtype, threads) = (line.batch, line.dtype, line.threads)
    machine = line.machine
  }

  /// What the work is, without resolution, batch and number format.
  var name: String {
    let changes = [
      attention.map { "\($0) attention" }, cbase.map { "cbase \($0)" }, cmax.map { "cmax \($0)" },
    ].compactMap(\.self)
    return ([command == "train" ? "training \(cfg)" : cfg] + changes).joined(separator: ", ")
  }
}

/// Several timings of the same work by the same program, as one.
struct BenchTiming {
  let work: BenchWork
  /// Seconds for an image: the median of the lines' medians.
  let seconds: Double
  /// The least seconds for an image.
  let best: Double
  /// The most memory that the work took, in 2²⁰ bytes beyond what the program held without it.
  let mib: Double
  /// GFLOP of an image in a second; nil in training.
  let gflops: Double?
  /// The share of what the machine computes at best, in the median; nil in training.
  let fraction: Double?
  /// In training: the median seconds for an image in each phase.
  let phases: [String: Double]
  /// The first of the lines, for what does not vary.
  let line: BenchLine

  fileprivate init(_ work: BenchWork, _ lines: [BenchLine]) {
    self.work = work
    let seconds = median(lines.map(\.sPerImage))
    self.seconds = seconds
    best = lines.map(\.best).min() ?? 0
    mib = lines.map(\.mib).max() ?? 0
    let gflops = lines[0].gflopPerImage.map { $0 / seconds }
    let ceilings = lines.compactMap(\.ceilingGflops)
    self.gflops = gflops
    fraction = ceilings.isEmpty ? nil : gflops.map { $0 / median(ceilings) }
    let names = Set(lines.flatMap { ($0.phases ?? [:]).keys })
    phases = Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, median(lines.compactMap { $0.phases?[name] }))
      })
    line = lines[0]
  }
}

extension [BenchLine] {
  /// Reads the lines of a file.
  ///
  /// - Parameter path: A file with lines of JSON.
  /// - Returns: The lines, one at least.
  /// - Throws: `FileError` if it cannot be read, naming the line if one is something else.
  static func reading(_ path: String) throws(FileError) -> [BenchLine] {
    var lines: [BenchLine] = []
    try LogLines(path, of: "a file with lines of `stylist bench --json`").forEach(isWhole: true) {
      bytes throws(LogLines.Unexpected) in
      lines.append(try BenchLine(checking: bytes))
    }
    guard !lines.isEmpty else {
      throw FileError(
        .damaged, file: path, expected: "lines of `stylist bench --json`", found: "none")
    }
    return lines
  }

  /// The timings of one program, in the order in which they were first made.
  ///
  /// - Parameter isMeant: Says of a line whether it is that program's.
  /// - Returns: A timing for each work.
  func timings(where isMeant: (BenchLine) -> Bool) -> [BenchTiming] {
    var order: [BenchWork] = []
    var lines: [BenchWork: [BenchLine]] = [:]
    for line in self where isMeant(line) {
      let work = BenchWork(line)
      if lines[work] == nil { order.append(work) }
      lines[work, default: []].append(line)
    }
    return order.map { BenchTiming($0, lines[$0] ?? []) }
  }
}

// MARK: - Checks

extension BenchLine {
  /// A line, with every value checked.
  fileprivate init(checking bytes: Data) throws(LogLines.Unexpected) {
    do {
      self = try JSONDecoder().decode(BenchLine.self, from: bytes)
    } catch {
      throw Self.unexpected(error, bytes)
    }
    try checkWords()
    try checkNumbers()
  }

  private static func unexpected(_ error: any Error, _ bytes: Data) -> LogLines.Unexpected {
    let start = bytes.isEmpty ? "nothing" : String(decoding: bytes.prefix(60), as: UTF8.self)
    switch error {
    case DecodingError.keyNotFound(let key, _):
      return .init("\(key.stringValue), as `stylist bench --json` prints it,", found: start)
    case DecodingError.typeMismatch(let type, let context),
      DecodingError.valueNotFound(let type, let context):
      let name = context.codingPath.map(\.stringValue).joined(separator: ".")
      guard !name.isEmpty else { return .init("a line of `stylist bench --json`", found: start) }
      let kind = type == String.self ? "a text" : type == Bool.self ? "true or false" : "a number"
      return .init("\(kind) as \(name)", found: "another value")
    default: return .init("a line of `stylist bench --json`", found: start)
    }
  }

  private func checkWords() throws(LogLines.Unexpected) {
    let choices: [(name: String, value: String, allowed: [String])] = [
      ("system", system, ["stylist", "pytorch"]),
      ("command", command, ["generate", "encode", "train"]),
      ("dtype", dtype, Precision.allCases.map(\.rawValue)),
    ]
    for (name, value, allowed) in choices where !allowed.contains(value) {
      throw .init(
        "\(allowed.joined(separator: " or ")) as \(name)", found: String(value.prefix(60)))
    }
    let texts = [
      ("cfg", cfg), ("attention", attention), ("machine", machine), ("date", date),
      ("libtorch", libtorch),
    ]
    for case (let name, let text?) in texts {
      // What would break a table.
      let isPlain = text.unicodeScalars.allSatisfy {
        !"|`".unicodeScalars.contains($0) && !CharacterSet.controlCharacters.contains($0)
      }
      guard isPlain, (1...200).contains(text.count) else {
        throw .init(
          "1 to 200 letters that a table can hold as \(name)",
          found: text.isEmpty ? "none" : lineForPeople(String(text.prefix(60))))
      }
    }
  }

  private func checkNumbers() throws(LogLines.Unexpected) {
    let limit = 1e9
    let numbers: [(name: String, value: Double?, range: ClosedRange<Double>)] = [
      ("batch", Double(batch), 1...limit), ("threads", Double(threads), 1...limit),
      ("resolution", resolution.map(Double.init), 1...limit),
      ("s_per_image", sPerImage, 1e-9...limit), ("best", best, 1e-9...max(sPerImage, 1e-9)),
      ("peak_mib", peakMib, 1...limit), ("runtime_mib", runtimeMib, 0...max(peakMib, 0)),
      ("first_image_s", firstImageS, 0...limit), ("gflop_per_image", gflopPerImage, 0...limit),
      ("ceiling_gflops", ceilingGflops, 1e-3...limit), ("psnr", psnr, -1e3...1e3),
    ]
    for (name, value, range) in numbers {
      guard let value, !range.contains(value) else { continue }
      throw .init(
        "a number from \(fourDigits(range.lowerBound)) to \(fourDigits(range.upperBound)) as \(name)",
        found: "\(value)")
    }
    guard let bad = phases?.first(where: { !(1e-9...limit).contains($0.value) }) else { return }
    throw .init("seconds above 0 in phases", found: "\(bad.value)")
  }
}

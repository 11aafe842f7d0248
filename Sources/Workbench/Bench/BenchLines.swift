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
  /// `tuned` where the system's allocator keeps what is freed.
  let allocator: String?
  let machine: String?
  let firstImageS: Double?
  let gflopPerImage: Double?
  let gflops: Double?
  let fraction: Double?
  let psnr: Double?
  let equalsFloat32: Bool?
  /// In training: seconds for an image in each phase.
  let phases: [String: Double]?
}

/// What lines of the same work have in common.
struct BenchWork: Hashable {
  let command: String
  let cfg: String
  let resolution: Int?
  let attention: String?
  let batch: Int
  let dtype: String
  let threads: Int

  /// The name without resolution and batch.
  var name: String { attention.map { "\(cfg), \($0) attention" } ?? cfg }
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
  /// In training: the median seconds for an image in each phase.
  let phases: [String: Double]
  /// The first of the lines, for what does not vary.
  let line: BenchLine

  fileprivate init(_ work: BenchWork, _ lines: [BenchLine]) {
    self.work = work
    seconds = median(lines.map(\.sPerImage))
    best = lines.map(\.best).min() ?? 0
    mib = lines.map { $0.peakMib - $0.runtimeMib }.max() ?? 0
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
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    var lines: [BenchLine] = []
    try LogLines(path).forEach { bytes throws(LogLines.Unexpected) in
      guard let line = try? decoder.decode(BenchLine.self, from: bytes), line.isPlausible else {
        throw LogLines.Unexpected(
          "a line of `stylist bench --json`",
          found: bytes.isEmpty ? "nothing" : String(decoding: bytes.prefix(60), as: UTF8.self))
      }
      lines.append(line)
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
      let work = BenchWork(
        command: line.command, cfg: line.cfg, resolution: line.resolution,
        attention: line.attention, batch: line.batch, dtype: line.dtype, threads: line.threads)
      if lines[work] == nil { order.append(work) }
      lines[work, default: []].append(line)
    }
    return order.map { BenchTiming($0, lines[$0] ?? []) }
  }
}

extension BenchLine {
  /// Whether its numbers can be.
  fileprivate var isPlausible: Bool {
    batch > 0 && [sPerImage, best, peakMib].allSatisfy { $0.isFinite && $0 > 0 }
      && runtimeMib.isFinite && (resolution ?? 1) > 0
  }
}

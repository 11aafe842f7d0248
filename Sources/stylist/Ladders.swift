// The ladders that come with the program, and those that people write: a line of options for each rung.

import ArgumentParser
import Foundation
import Workbench

/// Names and options of trainings that are compared.
struct Ladder {
  /// One of them.
  struct Rung {
    let name: String
    /// Options of `stylist train gan`.
    let options: [String]
  }

  let name: String
  let rungs: [Rung]

  /// The ladders that come with the program.
  static let known: [(name: String, text: String)] = [
    (
      "stylegan",
      """
      config-a: --cfg=stylegan1-config-a
      config-b: --cfg=stylegan1-config-b
      config-c: --cfg=stylegan1-config-c
      config-d: --cfg=stylegan1-config-d
      config-e: --cfg=stylegan1-config-e
      config-f: --cfg=stylegan1-config-f
      """
    ),
    (
      "styleformer",
      """
      published: --cfg=styleformer
      no-demodulation: --cfg=styleformer --no-demodulate
      no-residual: --cfg=styleformer --residual=none
      residual-of-input: --cfg=styleformer --residual=input
      normalize-first: --cfg=styleformer --normalize=before-modulation
      normalize-last: --cfg=styleformer --normalize=after-attention
      feed-forward: --cfg=styleformer --feed-forward=4
      depth-8: --cfg=styleformer --depth=8
      depth-16: --cfg=styleformer --depth=16
      depth-64: --cfg=styleformer --depth=64
      """
    ),
    (
      "stylenat",
      """
      dual: --cfg=stylenat --dilations=dual
      dual-no-flips: --cfg=stylenat --dilations=dual --no-mirror
      dense: --cfg=stylenat --dilations=dense
      progressive-2: --cfg=stylenat --dilations=progressive --partitions=2
      progressive-3: --cfg=stylenat --dilations=progressive --partitions=3
      progressive-4: --cfg=stylenat --dilations=progressive --partitions=4
      """
    ),
  ]

  /// A ladder by its name, or one that a file holds.
  ///
  /// - Parameter name: A name or a path.
  /// - Throws: `UsageError` if there is no such ladder, or a line is none of a ladder.
  init(_ name: String) throws {
    guard let known = Self.known.first(where: { $0.name == name }) else {
      let names = Self.known.map(\.name).joined(separator: ", ")
      self.name = URL(filePath: name).deletingPathExtension().lastPathComponent
      rungs = try Self.rungs(in: Self.text(of: name, names: names), name)
      return
    }
    self.name = name
    rungs = try Self.rungs(in: known.text, name)
  }

  /// The most bytes and rungs of a file.
  private static let (mostBytes, mostRungs) = (65_536, 64)

  private static func text(of file: String, names: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw UsageError("ladder: expected \(names), or a file with rungs, found \(file)")
    }
    defer { try? handle.close() }
    guard let bytes = try? handle.read(upToCount: mostBytes + 1), bytes.count <= mostBytes,
      let text = String(data: bytes, encoding: .utf8)
    else {
      throw UsageError("\(file): expected at most \(mostBytes) bytes of text, found something else")
    }
    return text
  }

  private static func rungs(in text: String, _ file: String) throws -> [Rung] {
    var rungs: [Rung] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.prefix { $0 != "#" }
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      guard let match = line.wholeMatch(of: /\s*([A-Za-z0-9][A-Za-z0-9-]{0,39}):\s(.*)/) else {
        throw UsageError(
          "\(file), line \(index + 1): expected a name, a colon and options such as `no-noise: "
            + "--cfg=stylegan1-config-d`, found \(line.prefix(60))")
      }
      let name = String(match.1)
      guard !rungs.contains(where: { $0.name == name }) else {
        throw UsageError(
          "\(file), line \(index + 1): expected each name once, found \(name) again")
      }
      rungs.append(Rung(name: name, options: match.2.split(separator: " ").map(String.init)))
    }
    guard (1...mostRungs).contains(rungs.count) else {
      throw UsageError("\(file): expected 1 to \(mostRungs) rungs, found \(rungs.count)")
    }
    return rungs
  }
}

/// What may differ from rung to rung.
struct RungOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "See all pictures mirrored, too.")
  var mirror: Bool?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var augmentation: AugmentationOptions

  /// The options of a rung.
  ///
  /// - Parameter rung: The rung.
  /// - Returns: What its words mean.
  /// - Throws: `UsageError` about the first word that cannot be.
  static func parsed(_ rung: Ladder.Rung) throws -> RungOptions {
    do {
      return try parse(rung.options)
    } catch {
      throw UsageError("rung \(rung.name): \(message(for: error))")
    }
  }

  func fill(_ request: inout TrainGANRequest) {
    request.data.mirror = mirror ?? request.data.mirror
    recipe.fill(&request)
    augmentation.fill(&request)
  }
}

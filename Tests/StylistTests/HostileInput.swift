// A hostile file, and the whole program run on it with its time and memory measured.

import Foundation
import Formats
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A file that nobody should trust, what is done with it, and how the program must end.
struct HostileInput: Sendable, CustomTestStringConvertible {
  /// What people do with a file.
  enum Command: Sendable {
    case inspect, generate, codes, scan, convert

    /// The command line for a file.
    func arguments(_ file: String) -> [String] {
      switch self {
      case .inspect: ["model", "inspect", file]
      case .generate: ["generate", "--network=\(file)", "--seeds=0", "--outdir=out"]
      case .codes:
        ["generate", "--network=\(plainNetwork)", "--projected-w=\(file)", "--outdir=out"]
      case .scan: ["model", "scan", file]
      case .convert: ["model", "convert", file, "out.safetensors"]
      }
    }
  }

  /// The number of the group of attacks that it belongs to.
  let group: Int
  let title: String
  let command: Command
  let exitCode: Int32
  /// What the line on stderr says; of a scan, the line on stdout.
  let words: String
  /// The files and folders that the program may leave beside the input.
  var leaves: [String] = []
  let bytes: @Sendable () throws -> [UInt8]

  init(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    command: Command = .inspect, leaves: [String] = [],
    bytes: @escaping @Sendable () throws -> [UInt8]
  ) {
    (self.group, self.title, self.command) = (group, title, command)
    (self.exitCode, self.words, self.leaves, self.bytes) = (exitCode, words, leaves, bytes)
  }

  /// A pickle.
  init(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    command: Command = .inspect, pickle: @escaping @Sendable (PickleAssembler) -> PickleAssembler
  ) {
    self.init(group, title, exitCode, words, command: command) {
      pickle(PickleAssembler()).region.copy()
    }
  }

  var testDescription: String { "\(group): \(title)" }

  /// The name of the file, which says nothing about its form.
  static let file = "input"
}

/// How a run ended, and the most memory that it held.
struct BoundedRun: Sendable {
  let outcome: Outcome
  let peakBytes: Int

  /// The longest that a run may take, in seconds of a processor.
  static let seconds = 10
  /// The most memory beyond that of a run with a small file, and beyond the file's own size.
  static let spareBytes = 500_000_000
}

/// What a run holds that looks into a small valid file: mostly libtorch.
let usualBytes = Task {
  try await withScratchFolder { folder in
    let run = try await bounded(
      HostileInput.Command.inspect.arguments(plainNetwork), in: folder, report: "\(folder)/report")
    try #require(run.outcome.exitCode == 0, "\(run.outcome.stderr)")
    return run.peakBytes
  }
}

/// Expects the program to end as a hostile input says, in time, within its memory, and to leave
/// nothing behind.
func expectBounded(_ input: HostileInput) async throws {
  #expect(try await faults(input) == [])
}

/// What the program does with a hostile input, in the ways in which that differs from what it must.
func faults(_ input: HostileInput) async throws -> [String] {
  try await withScratchFolder { scratch in
    let folder = "\(scratch)/folder"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let (path, bytes) = ("\(folder)/\(HostileInput.file)", try input.bytes())
    try put(bytes, at: path)
    let run = try await bounded(
      input.command.arguments(HostileInput.file), in: folder, report: "\(scratch)/report")
    var faults = faults(run.outcome, input)
    let most = try await usualBytes.value + bytes.count + BoundedRun.spareBytes
    if run.peakBytes > most { faults.append("held \(run.peakBytes) bytes, more than \(most)") }
    let left = names(in: folder)
    if left != ([HostileInput.file] + input.leaves).sorted() { faults.append("left \(left)") }
    if try ByteRegion(mapping: path).copy() != bytes { faults.append("changed the file") }
    return faults
  }
}

private func faults(_ outcome: Outcome, _ input: HostileInput) -> [String] {
  var faults: [String] = []
  func require(_ holds: Bool, _ fault: String) {
    if !holds { faults.append("\(fault): \(outcome.stdout)\(outcome.stderr)") }
  }
  require(outcome.exitCode == input.exitCode, "ended with \(String(describing: outcome.exitCode))")
  // A run that goes well may be silent.
  require(outcome.words.count == (input.words.isEmpty ? 0 : 1), "not one line")
  let line = (input.command == .scan ? outcome.stdout : outcome.words.first) ?? ""
  require(input.words.isEmpty || line.contains(input.words), "does not say '\(input.words)'")
  require(
    input.command == .scan || input.exitCode == 0 || outcome.stdout.isEmpty, "wrote to stdout")
  let phrases: [Int32: [String]] = [
    65: [": damaged", ": not recognised", ": does not fit"], 69: [": cannot be used"],
    77: [": refused as unsafe"],
  ]
  guard let kinds = phrases[input.exitCode] else { return faults }
  require(
    kinds.contains { line.contains($0) } || line.hasPrefix("REFUSED: "), "says none of \(kinds)")
  require(line.contains(HostileInput.file), "does not name the file")
  require(
    line.contains(": expected ") && line.contains(", found ")
      || input.command == .scan && line.contains(": mentions "), "no expected and found")
  return faults
}

/// Runs the program with a limit of time; `report` is a file for what is measured.
private func bounded(
  _ arguments: [String], in folder: String, report: String
) async throws -> BoundedRun {
  let outcome = try await run(
    "Bounded", ["\(BoundedRun.seconds)", report, program("stylist")] + arguments, in: folder)
  let measured = try String(contentsOfFile: report, encoding: .utf8).split(separator: " ")
  let peak = try #require(measured.last.flatMap { Int($0.filter(\.isNumber)) })
  return BoundedRun(outcome: outcome, peakBytes: peak)
}

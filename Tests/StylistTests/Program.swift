// Runs the built program and collects what it says.

import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// How a run of the program ended.
struct Outcome: Sendable {
  let exitCode: Int32?
  let stdout: String
  let stderr: String

  init(_ status: TerminationStatus, _ stdout: String, _ stderr: String) {
    (exitCode, self.stdout, self.stderr) = (code(status), stdout, stderr)
  }

  /// The lines of stderr, without those that report progress.
  var words: [String] {
    stderr.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("{") }
  }

  /// The object that stdout holds as JSON.
  func json() throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(stdout.utf8))
    return try #require(value as? [String: Any])
  }
}

/// The folder that holds what was built.
private var products: String { Bundle.module.bundleURL.deletingLastPathComponent().path }

/// The published networks of the parity cases, without labels and with three classes.
let plainNetwork = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
let labelledNetwork = caseFile("checkpoint-stylegan2-ada-pkl-cond/network-protocol4.pkl")

/// An untrained network of 8×8 pictures.
let untrained = ["--cfg=config-e", "--res=8"]

/// The path of a program that was built.
func program(_ name: String) -> String { "\(products)/\(name)" }

/// Runs the program to its end.
func stylist(_ arguments: [String], path: String? = nil, in folder: String? = nil) async throws
  -> Outcome
{
  try await run("stylist", arguments, path: path, in: folder)
}

/// Runs a program that was built to its end.
func run(
  _ name: String, _ arguments: [String], path: String? = nil, in folder: String? = nil
) async throws -> Outcome {
  let result = try await Subprocess.run(
    .path(FilePath(program(name))), arguments: Arguments(arguments),
    environment: environment(path: path), workingDirectory: folder.map { FilePath($0) },
    output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
  return Outcome(result.terminationStatus, result.standardOutput, result.standardError)
}

/// Runs the program with its streams redirected as the shell says, such as `2>/dev/full`.
func stylist(_ arguments: [String], redirected redirection: String) async throws -> Int32? {
  let script = "exec \"$0\" \"$@\" \(redirection)"
  let result = try await Subprocess.run(
    .path("/bin/sh"), arguments: Arguments(["-c", script, products + "/stylist"] + arguments),
    environment: environment(path: nil), output: .discarded, error: .discarded)
  return code(result.terminationStatus)
}

/// Runs the program after a shell has done something, such as `ulimit -f 8`, perhaps by way of
/// another program.
func stylist(
  _ arguments: [String], after preparation: String, through wrapper: [String] = [],
  in folder: String
) async throws -> Outcome {
  let script = "\(preparation); exec \"$0\" \"$@\""
  let words = wrapper + [products + "/stylist"] + arguments
  let result = try await Subprocess.run(
    .path("/bin/sh"), arguments: Arguments(["-c", script] + words),
    environment: environment(path: nil), workingDirectory: FilePath(folder),
    output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
  return Outcome(result.terminationStatus, result.standardOutput, result.standardError)
}

/// Runs the program on a terminal of its own; what it says on either stream is its `stdout`.
func stylistOnTerminal(_ arguments: [String], in folder: String) async throws -> Outcome {
  let words = ["'\(program("stylist"))'"] + arguments.map { "'\($0)'" }
  let result = try await Subprocess.run(
    .name("script"),
    arguments: ["--quiet", "--return", "--command", words.joined(separator: " "), "/dev/null"],
    environment: environment(path: nil), workingDirectory: FilePath(folder), input: .none,
    output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
  return Outcome(result.terminationStatus, result.standardOutput, result.standardError)
}

/// Runs the program and kills it some time after its first words, if it has not ended by itself.
func stylist(_ arguments: [String], killedAfter time: Duration) async throws -> Outcome {
  let result = try await Subprocess.run(
    .path(FilePath(program("stylist"))), arguments: Arguments(arguments),
    environment: environment(path: nil), input: .none, output: .string(limit: 1 << 20),
    error: .sequence
  ) { execution in
    var stderr = ""
    for try await line in execution.standardError.strings() {
      if stderr.isEmpty {
        try await Task.sleep(for: time)
        try? execution.send(signal: .kill)
      }
      stderr += line + "\n"
    }
    return stderr
  }
  return Outcome(result.terminationStatus, result.standardOutput, result.closureResult)
}

/// Whether a test can give the program a single processor.
let canChooseProcessor = FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset")

/// Runs the program, and sends it a signal when it first reports progress, and perhaps another a moment
/// later; a shell may do something before, such as `trap '' HUP`.
func stylist(
  _ arguments: [String], signal: Signal, twice: Bool = false, onOneProcessor: Bool = false,
  after preparation: String = ":"
) async throws -> Outcome {
  let first = #"$(sed -n "s/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p" /proc/self/status)"#
  let script =
    "\(preparation); exec \(onOneProcessor ? "taskset -c \"\(first)\"" : "") \"$0\" \"$@\""
  let result = try await Subprocess.run(
    .path("/bin/sh"), arguments: Arguments(["-c", script, products + "/stylist"] + arguments),
    environment: environment(path: nil), input: .none, output: .string(limit: 1 << 20),
    error: .sequence
  ) { execution in
    var stderr = ""
    for try await line in execution.standardError.strings() {
      if stderr.isEmpty {
        try execution.send(signal: signal)
        if twice {
          try await Task.sleep(for: .milliseconds(100))
          try? execution.send(signal: signal)
        }
      }
      stderr += line + "\n"
    }
    return stderr
  }
  return Outcome(result.terminationStatus, result.standardOutput, result.closureResult)
}

func environment(path: String?) -> Environment {
  let fixed: [Environment.Key: String?] = ["COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"]
  return .inherit.updating(fixed).updating(path.map { ["PATH": $0] } ?? [:])
}

func code(_ status: TerminationStatus) -> Int32? {
  guard case .exited(let code) = status else { return nil }
  return code
}

/// Expects a run to end with a code and one line of words, having said nothing on stdout.
func expect(
  _ outcome: Outcome, endsWith code: Int32, saying words: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.exitCode == code, "\(outcome.stderr)", sourceLocation: sourceLocation)
  #expect(outcome.stdout.isEmpty, sourceLocation: sourceLocation)
  #expect(outcome.stderr.contains(words), "\(outcome.stderr)", sourceLocation: sourceLocation)
  #expect(outcome.words.count == 1, "\(outcome.stderr)", sourceLocation: sourceLocation)
}

/// The signals that people and systems end programs with.
enum SignalName: Sendable {
  case hangUp, interrupt, terminate

  var signal: Signal {
    switch self {
    case .hangUp: .terminalClosed
    case .interrupt: .interrupt
    case .terminate: .terminate
    }
  }
}

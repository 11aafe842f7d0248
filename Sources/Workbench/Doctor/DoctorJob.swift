// Whether this machine and this installation are right for Stylist.

import Foundation

/// Looks at everything that pictures and trainings depend on.
public struct DoctorJob: Sendable {
  /// Where the system describes the machine.
  package var system = SystemFiles()
  /// The variables that the program was started with.
  package var environment = ProcessInfo.processInfo.environment
  /// The folder for temporary files.
  package var temporaryFolder = FileManager.default.temporaryDirectory.path
  /// The current folder.
  package var currentFolder = FileManager.default.currentDirectoryPath

  /// A job that looks at this machine.
  public init() {}

  /// Looks at everything; nothing stays behind.
  ///
  /// - Returns: What was found.
  public func run() async -> DoctorReport {
    let processor = Processor(system)
    let programs = await [ffmpegCheck()]
    return DoctorReport(
      groups: [
        .init(name: "libtorch", checks: torchChecks()),
        .init(name: "machine", checks: machineChecks(processor)),
        .init(name: "threads", checks: threadChecks(processor)),
        .init(name: "files", checks: fileChecks()),
        .init(name: "programs", checks: programs),
      ],
      operators: operatorPaths())
  }
}

/// The files in which Linux describes the machine.
package struct SystemFiles: Sendable {
  /// What stands before every path: nothing, or the folder of another machine's files.
  package var root: String

  /// The files of this machine, or of another whose files are in a folder.
  package init(root: String = "") { self.root = root }

  /// The text of a file without surrounding space, or nil if there is none.
  package func text(_ path: String) -> String? {
    (try? String(contentsOfFile: root + path, encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The value behind a name and a colon, such as `model name` in `/proc/cpuinfo`.
  package func value(of name: String, in path: String) -> String? {
    text(path)?.split(separator: "\n").lazy.compactMap { line -> String? in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else {
        return nil
      }
      return parts[1].trimmingCharacters(in: .whitespaces)
    }.first
  }

  /// The names in a folder, sorted.
  package func names(in path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []).sorted()
  }
}

// Whether files are safe to open: each looked through, none opened.

public import Formats
import Foundation

/// Looks through files and folders for what careless programs would run.
public struct ScanJob: Sendable {
  /// What became of one file.
  public struct Finding: Encodable, Sendable {
    /// How the file ended up.
    public enum Verdict: String, Encodable, Sendable {
      /// Everything that it mentions is on the allow-list.
      case safe
      /// It asks for something that is never done here.
      case refused
      /// It cannot be read as what it seems to be.
      case damaged
      /// It could not be looked at.
      case unreadable
    }

    /// The file.
    public let file: String
    /// How it ended up.
    public let verdict: Verdict
    /// What the file seems to be.
    public let form: FileForm?
    /// The names that its pickles mention.
    public let names: [String]
    /// Those of the names that are not on the allow-list.
    public let unknownNames: [String]
    /// What is wrong, on one line.
    public let reason: String?
    /// The exit code that the file asks for.
    let exitCode: Int32

    private enum CodingKeys: String, CodingKey {
      case file, verdict, form, names, reason
      case unknownNames = "unknown_names"
    }

    /// The finding as a line.
    public var line: String {
      let what = form.map { $0 == .other ? "no pickle in it" : "\($0.rawValue)" } ?? ""
      switch verdict {
      case .safe: return "safe: \(file) (\(what))"
      case .refused:
        let names = unknownNames.isEmpty ? "" : "mentions \(shortened(unknownNames)); "
        return "REFUSED: \(file) (\(what)): \(names)\(reason ?? "")"
      case .damaged, .unreadable: return "\(verdict.rawValue): \(reason ?? file)"
      }
    }
  }

  /// The files, and folders to look through with all that is in them.
  public var paths: [String]

  /// A job for files and folders.
  public init(_ paths: [String]) { self.paths = paths }

  /// Looks through all files; none ends the work.
  ///
  /// - Parameter progress: Is told after every file.
  /// - Returns: A finding for each file, in the order of the paths.
  /// - Throws: `CancellationError` between files.
  public func run(progress: ProgressHandler) throws -> [Finding] {
    let files = paths.flatMap(Self.files)
    var findings: [Finding] = []
    for file in files {
      try Task.checkCancellation()
      findings.append(Finding(of: file))
      progress(JobProgress(done: findings.count, total: files.count, unit: "files"))
    }
    return findings
  }

  /// How a command that found this ends: 77 if any file is refused, else what the first other
  /// trouble asks for, else 0.
  ///
  /// - Parameter findings: What `run` gave.
  /// - Returns: The exit code.
  public static func exitCode(for findings: [Finding]) -> Int32 {
    let codes = findings.map(\.exitCode)
    return codes.contains(77) ? 77 : codes.first { $0 != 0 } ?? 0
  }

  /// The file, or all files in the folder and below it; links are not followed.
  private static func files(_ path: String) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return [path] }
    let inside = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return inside.sorted().map { "\(path)/\($0)" }.filter { file in
      let kind = try? FileManager.default.attributesOfItem(atPath: file)[.type]
      return kind as? FileAttributeType == .typeRegular
    }
  }
}

extension ScanJob.Finding {
  fileprivate init(of file: String) {
    self.file = file
    do throws(FileError) {
      let scan = try FileScan(of: file)
      form = scan.form
      names = scan.names.map(\.description)
      unknownNames = scan.unknownNames.map(\.description)
      reason = scan.refusal?.description
      verdict = scan.isUnsafe ? .refused : scan.refusal == nil ? .safe : .damaged
      exitCode = scan.isUnsafe ? 77 : scan.refusal?.kind.exitCode ?? 0
    } catch {
      (form, names, unknownNames) = (nil, [], [])
      (verdict, reason, exitCode) = (.unreadable, error.description, error.kind.exitCode)
    }
  }
}

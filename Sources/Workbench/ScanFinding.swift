// What became of one file of a scan: the verdict, and the line that says it.

public import Formats

extension ScanJob {
  /// What became of one file.
  public struct Finding: Encodable, Sendable {
    /// How the file ended up; in JSON, the words that are printed with underscores.
    public enum Verdict: String, Encodable, Sendable {
      /// Everything that it mentions is on the allow-list.
      case safe
      /// The same, but it holds source that the programs of its authors run.
      case source = "holds_source"
      /// It is clearly something else than a checkpoint, and no pickle.
      case foreign = "no_checkpoint"
      /// It asks for something that is never done here.
      case refused
      /// It cannot be read as what it seems to be.
      case damaged
      /// It is no pickle, and nothing else that is known.
      case notRecognised = "not_recognised"
      /// It could not be looked at.
      case unreadable = "not_looked_at"
    }

    /// The file.
    public let file: String
    /// How it ended up.
    public let verdict: Verdict
    /// What the file seems to be.
    public let form: FileForm?
    /// What it is in other words, if it is of no form that checkpoints have.
    public let content: String?
    /// How many files are packed in it, at any depth.
    public let packedFiles: Int
    /// How many of those are nothing that is known.
    public let unrecognisedFiles: Int
    /// The names that its pickles mention.
    public let names: [String]
    /// Those of the names that are not on the allow-list.
    public let unknownNames: [String]
    /// What is wrong, on one line.
    public let reason: String?
    /// What is wrong that the names do not tell, without the file if that is this one.
    private let explanation: String?
    /// The exit code that the file asks for.
    let exitCode: Int32

    private enum CodingKeys: String, CodingKey {
      case file, verdict, form, content, names, reason
      case packedFiles = "packed_files"
      case unrecognisedFiles = "unrecognised_files"
      case unknownNames = "unknown_names"
    }
  }
}

extension ScanJob.Finding {
  /// The finding as a line; names in it are as the file has them.
  public var line: String {
    // In the other forms of archives, files of numbers are what is expected.
    let unrecognised =
      unrecognisedFiles == 0 || form != .zip && form != .tar
      ? "" : "; \(unrecognisedFiles) of \(packedFiles) files not recognised"
    let what = "\(file) (\(content ?? form?.rawValue ?? "")\(unrecognised))"
    let explanation = explanation.map { ": \($0)" } ?? ""
    switch verdict {
    case .safe: return "safe: \(what)\(explanation)"
    case .source:
      return "holds source: \(what): nothing but data here; NVIDIA's programs run the Python in it"
    case .foreign: return "no checkpoint: \(what)"
    case .refused:
      let names = unknownNames.isEmpty ? "" : ": mentions \(shortened(unknownNames))"
      return "REFUSED: \(what)\(names)\(explanation)"
    case .damaged: return "damaged: \(reason ?? file)"
    case .notRecognised: return "not recognised: \(what)"
    case .unreadable: return "not looked at: \(reason ?? file)"
    }
  }

  init(of file: ListedFile) {
    self.file = file.path
    do throws(FileError) {
      if let objection = file.objection { throw objection }
      let scan = try FileScan(of: file.path)
      (form, content) = (scan.form, scan.content)
      names = scan.names.map(\.description)
      let unknown = scan.unknownNames.map(\.description)
      unknownNames = unknown
      (packedFiles, unrecognisedFiles) = (scan.packedCount, scan.unrecognisedCount)
      reason = scan.refusal?.description
      explanation = scan.refusal.flatMap { refusal in
        let isTold = unknown.contains(where: refusal.found.contains)
        let isHere = refusal.file == file.path
        return isTold ? nil : isHere ? refusal.explanation : refusal.description
      }
      verdict = Self.verdict(of: scan)
      exitCode =
        switch verdict {
        case .safe, .source, .foreign: 0
        case .refused: FileError.Kind.refusedAsUnsafe.exitCode
        case .damaged, .notRecognised, .unreadable: FileError.Kind.damaged.exitCode
        }
    } catch {
      (form, content, names, unknownNames, explanation) = (nil, nil, [], [], nil)
      (packedFiles, unrecognisedFiles) = (0, 0)
      (verdict, reason, exitCode) = (.unreadable, error.description, error.kind.exitCode)
    }
  }

  private static func verdict(of scan: FileScan) -> Verdict {
    guard !scan.isUnsafe else { return .refused }
    guard scan.refusal == nil || scan.refusal?.kind == .unsupported else { return .damaged }
    switch scan.form {
    case .foreign: return .foreign
    case .unknown: return .notRecognised
    default: return scan.holdsSource ? .source : .safe
    }
  }
}

// What a conversion would write, checked as far as it can be without writing.

import Checkpoints
import Formats
import Networks
import OrderedCollections
import SystemPackage

extension ConvertJob {
  /// What a job would write.
  public struct Plan: Encodable, Sendable {
    /// A file that would be written.
    public struct File: Encodable, Sendable {
      /// The file.
      public let file: String
      /// The networks in it.
      public let roles: [String]
      /// Whether it replaces a file that is there.
      public let replaces: Bool
    }

    private let isDryRun = true
    /// The files.
    public let files: [File]
    /// What is left out, a line each.
    public let remarks: [String]

    init(files: [File], remarks: [String]) { (self.files, self.remarks) = (files, remarks) }

    private enum CodingKeys: String, CodingKey {
      case isDryRun = "dry_run"
      case files = "would_write"
      case remarks
    }

    /// The plan as lines for people.
    public var lines: [String] {
      files.map { file in
        let roles = file.roles.joined(separator: ", ")
        return file.replaces
          ? "would replace \(file.file) by \(roles)" : "would write \(roles) to \(file.file)"
      } + remarks.map { "remark: \($0)" }
    }
  }

  /// A plan, and what is needed to carry it out.
  struct Prepared {
    let networks: OrderedDictionary<String, Checkpoint.Network>
    let notes: NetworkFileNotes
    let plan: Plan
  }

  /// Opens the sources and checks everything that can be checked before anything is written.
  func prepared() throws -> Prepared {
    guard !seeds.isEmpty else {
      throw RequestError("seeds", expected: "at least one to compare with", found: "none")
    }
    let sources = try Sources(of: self)
    let networks = try chosen(sources.networks)
    switch form {
    case .safetensors: break
    case .nvidia: try NVIDIAStateFile.check(networks)
    case .rosinality: try RosinalityFile.check(networks)
    case .styleswin: try StyleSwinFile.check(networks)
    case .stylenat: try StyleNATFile.check(networks)
    }
    return Prepared(
      networks: networks, notes: sources.notes,
      plan: Plan(
        files: try files(for: Array(networks.keys)), remarks: leftOut(of: sources, networks)))
  }

  private func chosen(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws(RequestError) -> OrderedDictionary<String, Checkpoint.Network> {
    let wanted = roles ?? form.preferredRoles(of: networks)
    if let missing = wanted.first(where: { networks[$0] == nil }) {
      throw RequestError(
        "--role", expected: "one of \(networks.keys.joined(separator: ", "))", found: missing)
    }
    return networks.filter { wanted.contains($0.key) }
  }

  private func files(for roles: [String]) throws -> [Plan.File] {
    let isOne = form.holdsSeveral || roles.count == 1
    let files =
      isOne
      ? [(destination, roles)] : roles.map { (destination.naming($0), [$0]) }
    return try files.map { file, roles in
      let old = try? Stat(FilePath(file))
      for source in sources {
        guard let old, let status = try? Stat(FilePath(source)) else { continue }
        guard (old.deviceID, old.inode) != (status.deviceID, status.inode) else {
          throw RequestError(
            "destination", expected: "another file than the source \(source)", found: file)
        }
      }
      try OutputFolder.check(file: file, mayReplace: mayReplace)
      return Plan.File(file: file, roles: roles, replaces: old != nil)
    }
  }

  /// What the job leaves out of the new files, a line each.
  private func leftOut(
    of sources: Sources, _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) -> [String] {
    var remarks: [String] = []
    let roles = sources.networks.keys.filter { networks[$0] == nil }
    if !roles.isEmpty, self.roles == nil {
      let why =
        form.holdsSeveral
        ? "\(form.rawValue) files have no room for such networks"
        : "a \(form.rawValue) file holds one network, choose with --role"
      remarks.append("left out: \(roles.joined(separator: ", ")); \(why)")
    }
    remarks += sources.otherParts.map { "left out: \($0)" }
    let notes = sources.notes.lines
    if form != .safetensors, !notes.isEmpty {
      remarks.append("left out: the notes \(notes.joined(separator: "; "))")
    }
    return remarks
  }
}

extension ConvertJob.Form {
  /// The networks that are converted where none are named: all that the form has room for, or the
  /// one that people look at and the encoder that belongs to it.
  fileprivate func preferredRoles(
    of networks: OrderedDictionary<String, Checkpoint.Network>
  ) -> [String] {
    let roles = ["G_ema", "G", "D"].filter { networks[$0] != nil }
    guard !holdsSeveral else { return roles }
    let others = [NetworkUse.encoder, .editor, .classifier, .attributes, .features, .detector]
      .flatMap(\.roles).filter { networks[$0] != nil }
    return Array(roles.prefix(1)) + others
  }
}

/// The networks of all sources by role, and what else the sources hold.
private struct Sources {
  var networks: OrderedDictionary<String, Checkpoint.Network> = [:]
  var notes = NetworkFileNotes()
  /// The other parts of each source that has some.
  var otherParts: [String] = []

  init(of job: ConvertJob) throws {
    for source in job.sources {
      let checkpoint = try Checkpoint.open(ShippedModels.file(source))
      for (role, network) in checkpoint.networks {
        guard networks.updateValue(network, forKey: role) == nil else {
          throw RequestError("sources", expected: "one \(role)", found: "another in \(source)")
        }
        try network.check()
      }
      if checkpoint.notes != NetworkFileNotes() { notes = checkpoint.notes }
      let parts = checkpoint.otherParts.joined(separator: ", ")
      if !parts.isEmpty { otherParts.append("\(parts) of \(source)") }
    }
  }
}

extension String {
  /// The path with a word before its extension: `a/b.c` and `D` give `a/b-D.c`.
  fileprivate func naming(_ word: String) -> String {
    var path = FilePath(self)
    let (stem, ending) = (path.stem ?? "", path.extension)
    path.removeLastComponent()
    path.append(ending.map { "\(stem)-\(word).\($0)" } ?? "\(stem)-\(word)")
    return path.string
  }
}

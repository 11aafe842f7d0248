// Networks turned into another form of file, and compared with what they were made from.

import Checkpoints
import Formats
import Networks
import OrderedCollections
import SystemPackage

/// Writes the networks of checkpoints in another form.
///
/// Every written file is opened again and compared with its source before it gets its name.
public struct ConvertJob: Sendable {
  /// A form of file.
  public enum Form: String, CaseIterable, Sendable, Codable {
    /// Our own network file: one network with its configuration.
    case safetensors
    /// A torch file of state dictionaries under NVIDIA's names.
    case nvidia
    /// A torch file of state dictionaries under rosinality's names.
    case rosinality

    /// Whether one file holds several networks.
    var holdsSeveral: Bool { self != .safetensors }
  }

  /// A written file.
  public struct Written: Encodable, Sendable {
    /// The file.
    public let file: String
    /// The networks in it.
    public let roles: [String]
    /// How far they are from their sources.
    public let comparisons: [NetworkComparison]
  }

  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// The files that hold the same networks as their sources.
    public let written: [Written]
    /// The comparison that did not hold, if one did not; its file was not kept.
    public let failure: NetworkComparison?

    /// The outcome as lines for people.
    public var lines: [String] {
      written.flatMap { file in file.comparisons.map(\.line) + [file.file] }
        + (failure.map { ["FAILS: \($0.line)"] } ?? [])
    }
  }

  /// The files to convert; their networks must have different roles.
  public var sources: [String]
  /// The file to create or replace; several networks that need a file each get their roles in it.
  public var destination: String
  /// The form of the new file.
  public var form: Form
  /// The networks to convert; nil for all that the form holds in one file, the preferred generator
  /// first.
  public var roles: [String]?
  /// The seeds to compare with.
  public var seeds: [UInt32] = [0, 1]
  /// The largest difference in pictures, whose range is [-1, 1], and in logits.
  public var tolerance = 1e-3

  /// A job that converts all networks that fit.
  public init(_ sources: [String], to destination: String, form: Form) {
    (self.sources, self.destination, self.form) = (sources, destination, form)
  }

  /// What would be written: the networks of each file.
  ///
  /// - Returns: Files and the roles in them.
  /// - Throws: What `run` throws before it writes.
  public func plan() throws -> [(file: String, roles: [String])] {
    try planned(chosen(networks().networks))
  }

  /// Converts and compares.
  ///
  /// - Parameter progress: Is told after every network.
  /// - Returns: What was written, up to the first comparison that does not hold.
  /// - Throws: `RequestError` if there are no such networks; `ConversionError` if the form cannot
  ///   hold one; `FileError`; `CancellationError` between networks.
  public func run(progress: ProgressHandler) throws -> Outcome {
    let (networks, notes) = try networks()
    let chosen = try chosen(networks)
    var written: [Written] = []
    var done = 0
    for (file, roles) in try planned(chosen) {
      let replacement = FileReplacement(of: file)
      do {
        let part = chosen.filter { roles.contains($0.key) }
        try write(part, notes: notes, to: replacement.temporary)
        let copy = try Checkpoint.open(replacement.temporary)
        var comparisons: [NetworkComparison] = []
        for (role, network) in part {
          try Task.checkCancellation()
          guard let converted = copy.networks[role] else {
            throw RequestError("conversion", expected: "\(role) in the new file", found: "none")
          }
          // rosinality's form has room for one mean of w, that of the averaged generator.
          let psi = form == .rosinality && role == "G" && part["G_ema"] != nil ? 1 : 0.7
          let comparison = try NetworkComparison(
            role: role, network, converted, seeds: seeds, psi: psi)
          guard comparison.holds(within: tolerance) else {
            replacement.discard()
            return Outcome(written: written, failure: comparison)
          }
          comparisons.append(comparison)
          done += 1
          progress(JobProgress(done: done, total: chosen.count, unit: "networks"))
        }
        try replacement.finish()
        written.append(Written(file: file, roles: roles, comparisons: comparisons))
      } catch {
        replacement.discard()
        throw error
      }
    }
    return Outcome(written: written, failure: nil)
  }
}

extension ConvertJob {
  private func write(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, notes: NetworkFileNotes,
    to path: String
  ) throws {
    switch form {
    case .safetensors:
      for (role, network) in networks {
        var notes = notes
        if network.wAvgSource != .stored { notes.wAvgSource = network.wAvgSource }
        try network.writeNetworkFile(role: role, notes: notes, to: path)
      }
    case .nvidia: try NVIDIAStateFile.write(networks, to: path)
    case .rosinality: try RosinalityFile.write(networks, to: path)
    }
  }

  /// All networks of the sources by role.
  private func networks() throws -> (
    networks: OrderedDictionary<String, Checkpoint.Network>, notes: NetworkFileNotes
  ) {
    var networks: OrderedDictionary<String, Checkpoint.Network> = [:]
    var notes = NetworkFileNotes()
    for source in sources {
      let checkpoint = try Checkpoint.open(source)
      for (role, network) in checkpoint.networks {
        guard networks.updateValue(network, forKey: role) == nil else {
          throw RequestError("sources", expected: "one \(role)", found: "another in \(source)")
        }
        guard network.isBuildable else {
          let kind = type(of: network.configuration).kind
          throw RequestError(
            "sources", expected: "networks that can be built", found: "\(kind), only read so far")
        }
        try network.check()
      }
      if checkpoint.notes != NetworkFileNotes() { notes = checkpoint.notes }
    }
    return (networks, notes)
  }

  private func chosen(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws(RequestError) -> OrderedDictionary<String, Checkpoint.Network> {
    let preferred = ["G_ema", "G", "D"].filter { networks[$0] != nil }
    let wanted = roles ?? (form.holdsSeveral ? preferred : Array(preferred.prefix(1)))
    if let missing = wanted.first(where: { networks[$0] == nil }) {
      throw RequestError(
        "role", expected: "one of \(networks.keys.joined(separator: ", "))", found: missing)
    }
    return networks.filter { wanted.contains($0.key) }
  }

  private func planned(
    _ networks: OrderedDictionary<String, Checkpoint.Network>
  ) throws -> [(file: String, roles: [String])] {
    let roles = Array(networks.keys)
    let isOne = form.holdsSeveral || roles.count == 1
    let files =
      isOne
      ? [(destination, roles)] : roles.map { (destination.naming($0), [$0]) }
    for (file, _) in files {
      guard !sources.contains(where: { FilePath($0) == FilePath(file) }) else {
        throw RequestError("destination", expected: "another file than the source", found: file)
      }
      try OutputFolder.check(file: file)
    }
    return files.map { (file: $0.0, roles: $0.1) }
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

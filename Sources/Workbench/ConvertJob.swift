// Networks turned into another form of file, and compared with what they were made from.

import Checkpoints
import Formats
import Networks
import OrderedCollections

/// Writes the networks of checkpoints in another form: all files, or none.
///
/// Every file is written under a temporary name, opened again and compared with its source. Files
/// get their names when all comparisons hold. A file that has its name stays, whatever becomes of
/// the report about it.
public struct ConvertJob: Sendable {
  /// A form of file.
  public enum Form: String, CaseIterable, Sendable, Codable {
    /// Our own network file: one network with its configuration.
    case safetensors
    /// A torch file of state dictionaries under NVIDIA's names.
    case nvidia
    /// A torch file of state dictionaries under rosinality's names.
    case rosinality
    /// A torch file of state dictionaries as StyleSwin's programs read them.
    case styleswin
    /// A torch file of state dictionaries as StyleNAT's programs read them.
    case stylenat

    /// Whether one file holds several networks.
    var holdsSeveral: Bool { self != .safetensors }

    /// Which mean of w a file keeps for a generator.
    enum KeptMean {
      case own
      /// The form has room for one, that of the averaged generator.
      case ofAverage
      /// The form has none.
      case none
    }

    /// Which mean of w a file keeps for a network.
    func keptMean(of role: String, beside average: Checkpoint.Network?) -> KeptMean {
      switch self {
      case .safetensors, .nvidia: .own
      case .rosinality: role == "G" && average != nil ? .ofAverage : .own
      case .styleswin, .stylenat: .none
      }
    }

    /// What the names of such files may end in, the usual first.
    public var endings: [String] { self == .safetensors ? ["safetensors"] : ["pt", "pth"] }
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
    /// The files, which hold the same networks as their sources; none if a comparison failed.
    public let written: [Written]
    /// The comparison that did not hold, if one did not.
    public let failure: NetworkComparison?
    /// What the new files do not keep, a line each.
    public let remarks: [String]

    /// The outcome as lines for people.
    public var lines: [String] {
      written.flatMap { file in file.comparisons.map(\.line) + [file.file] }
        + (failure.map { ["FAILS: \($0.line)"] } ?? []) + remarks.map { "remark: \($0)" }
    }
  }

  /// The files to convert; their networks must have different roles.
  public var sources: [String]
  /// The file to create; several networks that need a file each get their roles in its name.
  public var destination: String
  /// The form of the new file.
  public var form: Form
  /// Whether a file that has the name of a new one is replaced.
  public var mayReplace = false
  /// The networks to convert; nil for all that the form holds in one file, or the preferred
  /// generator and the encoder beside it.
  public var roles: [String]?
  /// The terms of use to state in the new file; nil for those of the source.
  public var licence: String?
  /// The seeds to compare with, at least one.
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
  public func plan() throws -> Plan { try prepared().plan }

  /// Converts and compares.
  ///
  /// - Parameter progress: Is told after every seed of every network.
  /// - Returns: What was written, or the first comparison that does not hold.
  /// - Throws: `RequestError` if there are no such networks; `ConversionError` if the form cannot
  ///   hold one; `FileError`; `CancellationError` between seeds, having written nothing.
  public func run(progress: ProgressHandler) throws -> Outcome {
    let conversion = try prepared()
    var remarks = conversion.plan.remarks
    let files = try conversion.plan.files.map { file in
      _ = try OutputFolder(of: file.file)
      return try FileReplacement(of: file.file, mayReplace: mayReplace)
    }
    defer { for file in files { file.discard() } }
    var done = 0
    func countSeed() throws {
      done += 1
      let total = conversion.networks.count * seeds.count
      progress(JobProgress(done: done, total: total, unit: "comparisons"))
      try Task.checkCancellation()
    }
    var written: [Written] = []
    for (file, planned) in zip(files, conversion.plan.files) {
      try Task.checkCancellation()
      let part = conversion.networks.filter { planned.roles.contains($0.key) }
      let comparisons = try file.write { temporary in
        try write(part, notes: conversion.notes, to: temporary)
        return try compare(part, with: temporary, &remarks, eachSeed: countSeed)
      }
      if let failure = comparisons.first(where: { !$0.holds(within: tolerance) }) {
        return Outcome(written: [], failure: failure, remarks: remarks)
      }
      written.append(Written(file: file.path, roles: planned.roles, comparisons: comparisons))
    }
    try FileReplacement.finish(files)
    return Outcome(written: written, failure: nil, remarks: remarks)
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
        if let licence { notes.licence = licence }
        if network.wAvgSource != .stored { notes.wAvgSource = network.wAvgSource }
        try network.writeNetworkFile(role: role, notes: notes, to: path)
      }
    case .nvidia: try NVIDIAStateFile.write(networks, to: path)
    case .rosinality: try RosinalityFile.write(networks, to: path)
    case .styleswin: try StyleSwinFile.write(networks, to: path)
    case .stylenat: try StyleNATFile.write(networks, to: path)
    }
  }

  /// Compares networks with those of a file, up to the first comparison that does not hold.
  private func compare(
    _ networks: OrderedDictionary<String, Checkpoint.Network>, with path: String,
    _ remarks: inout [String], eachSeed: () throws -> Void
  ) throws -> [NetworkComparison] {
    let copy = try Checkpoint.open(path).networks
    var comparisons: [NetworkComparison] = []
    for (role, network) in networks {
      guard let converted = copy[role] else {
        throw FileError(
          .damaged, file: path, expected: "\(role) in the new file",
          found: copy.keys.joined(separator: ", "))
      }
      let losses = try ConversionLosses(
        of: role, network, in: converted,
        keptMean: form.keptMean(of: role, beside: networks["G_ema"]))
      remarks += losses.remarks
      let comparison = try NetworkComparison(
        role: role, network, converted, seeds: seeds, psi: losses.losesMean ? 1 : 0.7,
        eachSeed: eachSeed)
      comparisons.append(comparison)
      guard comparison.holds(within: tolerance) else { break }
    }
    return comparisons
  }
}

// The folder of one training: its name, its files, and the lock that keeps a second training out.

public import Checkpoints
public import Formats
import Foundation
import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The folder of one training, held by this process alone until it is released.
///
/// It has the names that people's scripts know: `training_options.json`, `stats.jsonl`, `log.txt`,
/// `reals.png`, `fakes_init.png`, `fakes000200.png`, `network-snapshot-000200.safetensors`,
/// `metric-fid50k_full.jsonl`, and beside them `training-state-000200.safetensors`. Where several
/// snapshots fall into one kimg, their numbers have decimals: `fakes000000.512.png`.
public final class RunFolder {
  /// The folder, as the caller named it.
  public let path: String
  private let descriptor: FileDescriptor

  /// Makes the next folder in `outdir`: `00000-DESCRIPTION`, or one more than the last.
  ///
  /// - Parameters:
  ///   - outdir: The folder of all runs; made if it is not there.
  ///   - description: What is trained on what, without slashes.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public convenience init(in outdir: String, description: String) throws(FileError) {
    try makeFolders(outdir, expected: "a folder for runs")
    var number = Self.nextNumber(in: outdir)
    while true {
      let path = Self.path(number, description, in: outdir)
      do throws(Errno) {
        try makeFolder(FilePath(path))
      } catch .fileExists {
        // Another training took the number.
        number += 1
        continue
      } catch {
        throw FileError(
          .cannotCreate, file: path, expected: "a new folder for the run", found: "\(error)")
      }
      try self.init(opening: path)
      return
    }
  }

  /// The path that the next folder in `outdir` would have.
  ///
  /// - Parameters:
  ///   - outdir: The folder of all runs.
  ///   - description: What is trained on what, without slashes.
  /// - Returns: The path; another training may take it first.
  public static func nextPath(in outdir: String, description: String) -> String {
    path(nextNumber(in: outdir), description, in: outdir)
  }

  private static func nextNumber(in outdir: String) -> Int {
    (runs(in: outdir).last?.number ?? -1) + 1
  }

  private static func path(_ number: Int, _ description: String, in outdir: String) -> String {
    "\(outdir)/\(padded(number, 5))-\(description)"
  }

  /// Opens the folder of a training that goes on.
  ///
  /// - Parameter path: The folder.
  /// - Throws: `FileError` if it is none, cannot be written to, or another process trains in it.
  public init(opening path: String) throws(FileError) {
    self.path = path
    descriptor = try Self.locked(path)
    removeLeftovers()
  }

  /// Checks that a training could go on in a folder, and changes nothing.
  ///
  /// - Parameter path: The folder.
  /// - Throws: What `init(opening:)` throws.
  public static func check(_ path: String) throws(FileError) {
    let descriptor = try locked(path)
    try? descriptor.close()
  }

  private static func locked(_ path: String) throws(FileError) -> FileDescriptor {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .readOnly, options: [.directory, .closeOnExec])
    } catch {
      throw FileError(
        error as? Errno == .noSuchFileOrDirectory ? .missing : .unreadable, file: path,
        expected: "the folder of a training", found: "\(error)")
    }
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      try? descriptor.close()
      throw FileError(
        .cannotCreate, file: path, expected: "a folder in which nothing is being trained",
        found: "another process that is training in this folder")
    }
    guard access(path, W_OK) == 0 else {
      try? descriptor.close()
      throw FileError(
        .cannotCreate, file: path, expected: "a folder to write to", found: "no permission")
    }
    return descriptor
  }

  deinit { try? descriptor.close() }

  /// The path of a file in the folder.
  ///
  /// - Parameter name: The file's name.
  /// - Returns: The folder's path and the name.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Removes files that a killed training was writing; nobody else writes here.
  private func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names where name.hasPrefix(".") && name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(atPath: file(name))
    }
  }
}

// MARK: - What is in a folder

extension RunFolder {
  /// The options of the training.
  public static let optionsName = "training_options.json"
  /// The log for programs.
  public static let statisticsName = "stats.jsonl"
  /// The log for people.
  public static let logName = "log.txt"

  /// A sheet of the data.
  static let dataSheetName = "reals.png"
  /// A sheet of what is drawn before anything is learned.
  static let firstSampleSheetName = "fakes_init.png"

  /// The name of a metric's log.
  ///
  /// - Parameter metric: The metric's name.
  /// - Returns: `metric-fid50k_full.jsonl` for `fid50k_full`.
  public static func metricLogName(_ metric: String) -> String { "metric-\(metric).jsonl" }

  /// How the names of a snapshot's files say when it was.
  ///
  /// - Parameters:
  ///   - images: Images seen.
  ///   - isExact: Whether another snapshot of the same kimg has a name.
  /// - Returns: Whole kimg, as published: `000200`; or `000200.512`.
  static func stamp(images: Int, isExact: Bool) -> String {
    padded(images / 1000, 6) + (isExact ? ".\(padded(images % 1000, 3))" : "")
  }

  /// The name of a snapshot's network.
  ///
  /// - Parameter stamp: What `stamp(images:isExact:)` gives.
  /// - Returns: `network-snapshot-000200.safetensors` for `000200`.
  static func networkName(stamp: String) -> String { "network-snapshot-\(stamp).safetensors" }

  /// The name of the network of the snapshot that a state belongs to.
  ///
  /// - Parameter state: The path of a state.
  /// - Returns: `network-snapshot-000200.safetensors` for `…/training-state-000200.safetensors`.
  public static func networkName(ofState state: String) -> String {
    "network-snapshot-" + URL(filePath: state).lastPathComponent.dropFirst("training-state-".count)
  }

  /// When the network of a snapshot was written.
  ///
  /// - Parameter network: The path of a network.
  /// - Returns: Thousands of images seen; nil if it has another name.
  public static func kimg(ofNetwork network: String) -> Double? {
    URL(filePath: network).lastPathComponent.wholeMatch(of: networkPattern)
      .flatMap { Double($0.1) }
  }

  /// When the sheet of a snapshot was drawn.
  ///
  /// - Parameter sheet: The path of a sheet.
  /// - Returns: Thousands of images seen, 0 for that of the start; nil if it has another name.
  public static func kimg(ofSheet sheet: String) -> Double? {
    let name = URL(filePath: sheet).lastPathComponent
    return name == firstSampleSheetName
      ? 0 : name.wholeMatch(of: sheetPattern).flatMap { Double($0.1) }
  }

  private static var networkPattern: Regex<(Substring, Substring)> {
    /network-snapshot-([0-9]{6,}(?:\.[0-9]{3})?)\.safetensors/
  }

  private static var sheetPattern: Regex<(Substring, Substring)> {
    /fakes([0-9]{6,}(?:\.[0-9]{3})?)\.png/
  }

  /// The name of a snapshot's sheet.
  ///
  /// - Parameter stamp: What `stamp(images:isExact:)` gives.
  /// - Returns: `fakes000200.png` for `000200`.
  static func sampleSheetName(stamp: String) -> String { "fakes\(stamp).png" }

  /// The paths of the states in a folder, the newest first.
  ///
  /// - Parameter path: The folder.
  /// - Returns: The paths; none if it is not the folder of a training.
  public static func states(in path: String) -> [String] {
    numbered(in: path, /training-state-([0-9]{6,}(?:\.[0-9]{3})?)\.safetensors/)
  }

  /// The paths of the networks in a folder, the newest first.
  ///
  /// - Parameter path: The folder.
  /// - Returns: The paths; none if it is not the folder of a training.
  public static func networks(in path: String) -> [String] {
    numbered(in: path, networkPattern)
  }

  /// Bytes of a metric's log, at most: a line has some hundreds.
  private static let logLimit = 1 << 26

  /// Whether the log of a metric tells of a network.
  ///
  /// - Parameters:
  ///   - network: The name of the network's file.
  ///   - path: The folder.
  /// - Returns: Whether any does.
  static func isMeasured(_ network: String, in path: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.contains { name in
      guard name.wholeMatch(of: /metric-.*\.jsonl/) != nil,
        let log = try? ByteRegion(mapping: "\(path)/\(name)"), log.count <= logLimit
      else { return false }
      return Data(log.copy()).range(of: Data("\"\(network)\"".utf8)) != nil
    }
  }

  /// Removes states but the newest ones; what is no file is left.
  ///
  /// - Parameter count: How many stay.
  func removeStates(keeping count: Int) {
    let files = Self.states(in: path).filter { path in
      (try? Stat(FilePath(path), followTargetSymlink: false).type) == .regular
    }
    for old in files.dropFirst(count) { try? FileManager.default.removeItem(atPath: old) }
  }

  /// Removes the folder of a training that came to nothing: one without a state, in which is nothing
  /// but what a training makes before its first one.
  ///
  /// - Returns: Whether the folder is gone.
  @discardableResult
  public func removeIfStateless() -> Bool {
    let own = [
      Self.optionsName, Self.statisticsName, Self.logName, Self.dataSheetName,
      Self.firstSampleSheetName,
    ]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard names.allSatisfy({ own.contains($0) || $0.hasPrefix(EventFile.prefix) }) else {
      return false
    }
    return (try? FileManager.default.removeItem(atPath: path)) != nil
  }

  /// The paths of the sheets of what was learned in a folder, the newest first.
  ///
  /// - Parameter path: The folder.
  /// - Returns: The paths; none if it is not the folder of a training.
  public static func sampleSheets(in path: String) -> [String] {
    numbered(in: path, sheetPattern)
  }

  /// Whether a folder is that of a training.
  ///
  /// - Parameter path: The folder.
  /// - Returns: Whether it has the options of one.
  public static func isRun(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(path)/\(optionsName)")
  }

  /// The trainings in a folder of runs, by number.
  ///
  /// - Parameter outdir: The folder of all runs.
  /// - Returns: The number and path of each.
  public static func runs(in outdir: String) -> [(number: Int, path: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: outdir)) ?? []
    return names.compactMap { name in
      guard let match = name.wholeMatch(of: /([0-9]{5,})-.*/), let number = Int(match.1) else {
        return nil
      }
      return (number, "\(outdir)/\(name)")
    }.sorted { $0.number < $1.number }
  }

  /// The newest state that can be opened; whether its content is whole, only going on from it
  /// tells.
  ///
  /// - Parameter path: The folder.
  /// - Returns: The state's path; nil if there is none.
  public static func readableState(in path: String) -> String? {
    states(in: path).first { (try? TrainingState(reading: $0)) != nil }
  }

  /// The paths of the sheets in a folder: of the data, of the start, then by kimg.
  ///
  /// - Parameter path: The folder.
  /// - Returns: The paths of those that are there.
  public static func sheets(in path: String) -> [String] {
    ["reals.png", "fakes_init.png"].map { "\(path)/\($0)" }
      .filter { FileManager.default.fileExists(atPath: $0) }
      + numbered(in: path, sheetPattern).reversed()
  }

  /// Whether a process trains in a folder, or holds it for another reason.
  ///
  /// - Parameter path: The folder.
  /// - Returns: False also if there is no such folder.
  public static func isHeld(_ path: String) -> Bool {
    guard
      let descriptor = try? FileDescriptor.open(
        FilePath(path), .readOnly, options: [.directory, .closeOnExec])
    else { return false }
    // Shared and let go at once; closing lets go.
    defer { try? descriptor.close() }
    return flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0
  }

  /// The newest state that is whole.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - remark: Is told of each newer state that is damaged or no file, a line each.
  /// - Returns: The state and its path.
  /// - Throws: `FileError` if there is none.
  public static func newestState(
    in path: String, remark: (String) -> Void
  ) throws -> (state: TrainingState, path: String) {
    var damage: FileError?
    for file in states(in: path) {
      do {
        let state = try TrainingState(reading: file)
        try state.checkContent(of: file)
        return (state, file)
      } catch let error as FileError where [.damaged, .unreadable].contains(error.kind) {
        remark("\(error); an older state is tried")
        damage = error
      }
    }
    throw damage
      ?? FileError(
        .missing, file: path, expected: "a training-state-*.safetensors to go on from",
        found: "none")
  }

  private static func numbered(
    in path: String, _ pattern: Regex<(Substring, Substring)>
  ) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let found = names.compactMap { name -> (number: Double, path: String)? in
      guard let match = name.wholeMatch(of: pattern), let number = Double(match.1) else {
        return nil
      }
      return (number, "\(path)/\(name)")
    }
    return found.sorted { $0.number > $1.number }.map(\.path)
  }
}

/// A number with zeros in front.
private func padded(_ number: Int, _ digits: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

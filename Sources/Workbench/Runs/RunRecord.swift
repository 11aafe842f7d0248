// What `training_options.json` says of a training: its command, its options and its schedule.

import Formats
import Foundation
import Training

/// What `training_options.json` says, for people and their programs: going on takes everything from
/// the state.
struct RunRecord: Decodable {
  /// The largest file that is read.
  private static let sizeLimit = 1 << 20

  let command: String
  let version: String
  let options: any RunOptions
  var schedule: Schedule

  init(_ options: any RunOptions, _ schedule: Schedule, command: String) {
    (self.options, self.schedule, self.command) = (options, schedule, command)
    version = stylistVersion
  }

  /// The record in a folder.
  ///
  /// - Parameter folder: The folder of a training.
  /// - Throws: `FileError` if there is none that can be read.
  init(in folder: String) throws(FileError) {
    let file = OutputFolder.file(RunFolder.optionsName, in: folder)
    let bytes = try ByteRegion(mapping: file)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      guard bytes.count <= Self.sizeLimit else { throw CocoaError(.fileReadTooLarge) }
      self = try decoder.decode(Self.self, from: Data(bytes.copy()))
    } catch {
      throw FileError(
        .damaged, file: file, expected: "the options of a training",
        found: "\(bytes.count) bytes of something else")
    }
  }

  /// The schedule of a training whose states do not say it; nil if nothing does.
  ///
  /// - Parameter folder: The folder of a training.
  /// - Returns: The schedule.
  /// - Throws: `FileError` if there is a record that cannot be looked into.
  static func schedule(in folder: String) throws(FileError) -> Schedule? {
    do throws(FileError) {
      return try RunRecord(in: folder).schedule
    } catch {
      guard [.missing, .damaged].contains(error.kind) else { throw error }
      return nil
    }
  }

  /// The record with another schedule, which going on may bring.
  func with(_ schedule: Schedule) -> RunRecord {
    var record = self
    record.schedule = schedule
    return record
  }

  func write(in folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    try writeAtomically(to: folder.file(RunFolder.optionsName)) { try $0.write(json) }
  }
}

extension RunRecord: Encodable {
  private enum CodingKeys: CodingKey { case command, version, options, schedule, recipe }

  /// What is trained, as people type it.
  var kind: String { type(of: options).kind }

  /// Reads all values; what follows from the options is not looked at.
  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: CodingKeys.self)
    command = try object.decode(String.self, forKey: .command)
    version = try object.decode(String.self, forKey: .version)
    schedule = try object.decode(Schedule.self, forKey: .schedule)
    let kind = try object.decode(TrainingKind.self, forKey: .options).training
    guard let type = runKinds.first(where: { $0.kind == kind }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .options, in: object, debugDescription: "a training of the kind \(kind)")
    }
    options = try object.decode(type, forKey: .options)
  }

  /// Writes all values, and the recipe that follows from the options.
  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(command, forKey: .command)
    try object.encode(version, forKey: .version)
    try object.encode(KindedOptions(options), forKey: .options)
    try object.encode(schedule, forKey: .schedule)
    try object.encode(options.recipeValues(), forKey: .recipe)
  }
}

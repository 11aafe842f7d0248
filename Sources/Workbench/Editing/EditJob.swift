// What jobs have in common that edit pictures: photographs that are never replaced, whose codes are
// found first and kept.

import Formats

/// A job that edits pictures by their codes.
public protocol EditJob: GeneratorJob {
  /// What is edited, and how it is drawn.
  var request: EditRequest { get }

  /// All pictures whose codes are needed: those that are edited come first.
  var subjects: [EditSubject] { get }

  /// How many pictures are made.
  ///
  /// - Parameter counts: How many pictures each of `subjects` has.
  /// - Returns: Their number.
  func count(of counts: [Int]) -> Int

  /// The names of the pictures' files, without that of the sheet.
  var pictureNames: [String] { get }
}

extension EditJob {
  /// What is edited.
  public var subjects: [EditSubject] { [request.subject] }

  /// How many pictures will be made, if every photograph can be used.
  public var count: Int { count(of: subjects.map(\.count)) }

  /// How many photographs there are.
  public var photographCount: Int { photographs.reduce(0) { $0 + $1.count } }

  private var photographs: [PhotographCodes] { subjects.compactMap(\.photographs) }

  /// Checks that the files replace none of the photographs.
  ///
  /// - Parameter folder: The folder that files go into.
  /// - Throws: `RequestError` if one has the place of a photograph.
  public func check(into folder: String) throws(RequestError) {
    guard !photographs.isEmpty else { return }
    let written = Set(pictureNames + [EditDrawing.sheetName])
    for one in photographs {
      try OutputFolder.check("--outdir", folder, keeps: one.files, from: written)
    }
  }

  /// The photographs that cannot be decoded, for a run that makes nothing.
  ///
  /// - Returns: For each of `subjects` why, in their order.
  /// - Throws: What is not about a photograph.
  public func unusable() throws -> [[PictureFailure]] {
    try subjects.map { try $0.photographs?.unusable() ?? [] }
  }

  /// Finds the codes of photographs, and keeps them in files.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every photograph and every step of a search.
  /// - Returns: All subjects, with codes that are known.
  /// - Throws: What finding codes throws; `InterruptedWork` or `CancellationError`.
  func found(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> FoundSubjects {
    var all = FoundSubjects()
    for (subject, name) in zip(subjects, EditRequest.foundNames) {
      guard let photographs = subject.photographs else {
        all.subjects.append(subject)
        continue
      }
      let file = folder.file(name)
      let found = try await photographs.codes(
        on: host, keptIn: file, of: request.generatorHash, progress: progress)
      all.subjects.append(.found(found))
      all.failures += found.failures
      if !found.names.isEmpty { all.files.append(WrittenPicture(file: file)) }
    }
    return all
  }
}

/// Pictures with codes that are known.
struct FoundSubjects: Sendable {
  /// The pictures, of which those without a code are left out.
  var subjects: [EditSubject] = []
  /// The files in which codes are kept that were found.
  var files: [WrittenPicture] = []
  /// The photographs that were left out, in their order.
  var failures: [PictureFailure] = []

  /// Whether there is nothing to be edited, or nothing to edit it by.
  var isEmpty: Bool { subjects.contains { $0.count == 0 } }
}

/// Pictures that were edited.
public struct EditedPictures: Encodable, Sendable {
  /// The files, in the order in which they were written; the sheet comes last.
  public let files: [WrittenPicture]
  /// The photographs that were left out, in their order.
  public let failures: [PictureFailure]

  init(_ found: FoundSubjects, _ files: [WrittenPicture] = []) {
    (self.files, failures) = (found.files + files, found.failures)
  }
}

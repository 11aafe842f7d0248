// The sheet of a comparison of ways to edit: some codes for each attribute, and their edits.

import Formats
import Networks

/// Rows of some codes for each attribute: the unedited picture, and what each way makes of it.
struct EditingSheet {
  /// The most codes of an attribute, and rows in all where there are several attributes.
  private static let (codes, rows) = (3, 24)

  private let title: String
  private let attributes: [String]
  private let columns: [String]
  /// The codes that are shown.
  private let places: [Int]
  private let names: [String]
  private let provenance: Provenance
  /// Whether each attribute is given to each of the codes, not taken away.
  private var gives: [[Bool]]
  private var cells: [[Int: ByteImage]]

  /// A sheet without pictures.
  ///
  /// - Parameters:
  ///   - job: The comparison.
  ///   - subject: The codes that are shown.
  ///   - count: How many of them are edited.
  ///   - attributes: What is given and taken away.
  init(of job: MetricsEditingJob, _ subject: EditSubject, count: Int, attributes: [String]) {
    let shown = min(count, Self.codes, max(1, Self.rows / attributes.count))
    let all = subject.names
    places = (0..<shown).map { $0 * count / shown }
    names = places.map { all[$0] }
    columns = [MetricsEditingJob.uneditedName] + job.methods.map(\.name)
    title = "codes of \(job.name), edited"
    provenance = Provenance(command: job.command, network: job.name)
    self.attributes = attributes
    gives = attributes.map { _ in Array(repeating: true, count: shown) }
    cells = Array(repeating: [:], count: attributes.count * shown)
  }

  /// The column of a way.
  func column(of method: String) -> Int? { columns.firstIndex(of: method) }

  /// Adds an unedited picture to the rows of all attributes, if it is shown.
  ///
  /// - Parameters:
  ///   - picture: The picture.
  ///   - code: Its place among those that are edited.
  ///   - shows: Whether it shows each attribute.
  mutating func add(_ picture: ByteImage, code: Int, shows: [Bool]) {
    guard let place = places.firstIndex(of: code) else { return }
    for attribute in attributes.indices {
      gives[attribute][place] = !shows[attribute]
      cells[attribute * places.count + place][0] = picture
    }
  }

  /// Adds an edited picture, if it is shown.
  mutating func add(_ picture: ByteImage, attribute: Int, code: Int, column: Int) {
    guard let place = places.firstIndex(of: code) else { return }
    cells[attribute * places.count + place][column] = picture
  }

  /// What the sheet says, with the columns that have pictures.
  private func words(_ filled: [Int]) -> SheetWords {
    let rows = attributes.enumerated().flatMap { index, attribute in
      zip(names, gives[index]).map { name, isGiven in
        "\(isGiven ? "give" : "take") \(attribute), \(name)"
      }
    }
    return SheetWords(title: title, columns: filled.map { columns[$0] }, rows: rows)
  }

  /// Checks that the sheet is of a size that files have.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it would be too large.
  func check(_ traits: GeneratorTraits) throws(RequestError) {
    _ = try traits.sheet(words(Array(columns.indices)), isBare: false)
  }

  /// Writes the sheet.
  ///
  /// - Returns: Its name.
  @discardableResult
  func write(into folder: OutputFolder, _ traits: GeneratorTraits) throws -> String {
    let filled = columns.indices.filter { column in cells.contains { $0[column] != nil } }
    let rows = cells.map { cells in
      var row: [Int: ByteImage] = [:]
      for (place, column) in filled.enumerated() { row[place] = cells[column] }
      return row
    }
    let name = MetricsEditingJob.files.sheet
    try folder.write(words(filled), rows, of: traits, provenance, to: name)
    return name
  }
}

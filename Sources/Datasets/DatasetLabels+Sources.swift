// Labels that come from files beside the pictures, or from the folders that the pictures are in.

import Formats

extension DatasetLabels {
  /// The labels that a file beside the pictures gives to them.
  ///
  /// The content tells what it is: labels in the form of `dataset.json`, CelebA's list of attributes,
  /// or a table with commas. In the last two, pictures are found as in a list of attributes.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - files: The pictures.
  ///   - indices: The numbers of the pictures that need a label.
  /// - Throws: `DatasetError` about the file, or the first picture that has no label.
  public init(file path: String, of files: PictureFiles, _ indices: [Int]) throws(DatasetError) {
    switch try BesideFile(path) {
    case .list(let list): try self.init(list, of: files, indices)
    case .labels(nil, _): self = .none
    case .labels(let file?, let isTable):
      var rows: [String: Int] = [:]
      rows.reserveCapacity(file.paths.count)
      for (row, path) in file.paths.enumerated() { rows[path] = row }
      let labelled = try Self.rows(
        of: indices, in: files, file: path, expected: "a label for each picture"
      ) { path in
        rows[path] ?? (isTable ? Self.listNames(of: path).lazy.compactMap { rows[$0] }.first : nil)
      }
      self.init(file, rows: labelled)
    }
  }

  /// The labels that a file gives to things by their names, of whatever form the file is.
  ///
  /// A row is about what has its path as its name, or its file name, with or without the ending; where
  /// nothing has a name, rows are taken in their order, as published lists of codes are.
  ///
  /// - Parameters:
  ///   - path: The file: in the form of `dataset.json`, CelebA's list of attributes, or a table.
  ///   - names: What the labels are of; empty if nothing has a name.
  ///   - count: How many labels there must be.
  /// - Throws: `DatasetError` about the file, or the first name that has no label.
  public init(file path: String, ofNames names: [String], count: Int) throws(DatasetError) {
    let file: LabelFile?
    switch try BesideFile(path) {
    case .list(let list):
      let numbers = list.pictures.indices.flatMap { row in
        list.values(at: row).map { $0 ? Float(1) : 0 }
      }
      file = LabelFile(
        paths: list.pictures, values: .vectors(numbers, dimension: list.attributes.count),
        names: list.attributes)
    case .labels(let found, _): file = found
    }
    guard let file else {
      self = .none
      return
    }
    guard !names.isEmpty else {
      guard file.paths.count == count else {
        throw DatasetError(
          FileError(
            .doesNotFit, file: path,
            expected: "\(count) labels, in the order of what they are of, which has no names",
            found: "\(file.paths.count)"))
      }
      self.init(file, rows: Array(0..<count))
      return
    }
    var rows: [String: Int] = [:]
    for (row, path) in file.paths.enumerated() {
      for name in Self.shortNames(of: path) where rows[name] == nil { rows[name] = row }
    }
    let found = names.map { name in Self.shortNames(of: name).lazy.compactMap { rows[$0] }.first }
    if let missing = found.firstIndex(of: nil) {
      throw DatasetError(
        FileError(
          .doesNotFit, file: path, expected: "a label for each of \(count) names",
          found: "none for \(names[missing])"), index: missing,
        others: found.count { $0 == nil } - 1)
    }
    self.init(file, rows: found.compactMap(\.self))
  }

  /// What a path may be called: itself, its file name, and that without its ending.
  private static func shortNames(of path: String) -> [String] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) }
    return [path, name] + (stem.map { $0.isEmpty ? [] : [$0] } ?? [])
  }

  /// The folders that pictures are in as their classes, in the order of their names, which are kept.
  ///
  /// - Parameters:
  ///   - files: The pictures, all of them in folders below the data set's; of folders inside others,
  ///     the outer ones count.
  ///   - indices: The numbers of the pictures that need a label.
  /// - Throws: `DatasetError` about the first picture that is in no folder.
  public init(foldersOf files: PictureFiles, _ indices: [Int]) throws(DatasetError) {
    func folder(_ index: Int) -> Substring? {
      let path = files.pictures[index]
      return path.firstIndex { $0 == "/" || $0 == "\\" }.map { path[..<$0] }
    }
    let all = Set(files.pictures.indices.compactMap(folder))
    let names = all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let classes = indices.map { folder($0).flatMap { numbers[$0] } }
    let missing = zip(indices, classes).filter { $0.1 == nil }.map(\.0)
    if let first = missing.first {
      throw DatasetError(
        FileError(
          .doesNotFit, file: files.place(of: files.pictures[first]),
          expected: "a picture in a folder that is its class", found: "one in none"),
        index: first, others: missing.count - 1)
    }
    guard names.allSatisfy({ $0.unicodeScalars.count <= LabelFile.Limits().nameLength }) else {
      throw DatasetError(
        FileError(
          .doesNotFit, file: files.path,
          expected: "folders with names of at most \(LabelFile.Limits().nameLength) characters",
          found: "longer ones"))
    }
    self = .classes(
      classes.compactMap(\.self), count: max(names.count, 1), names: names.map(String.init))
  }
}

/// A file with labels, of a form that its content tells.
private enum BesideFile {
  case list(AttributeListFile)
  case labels(LabelFile?, isTable: Bool)

  init(_ path: String) throws(DatasetError) {
    do throws(FileError) {
      let bytes = try ByteRegion(mapping: path)
      let start = try bytes.slice(at: 0, count: min(bytes.count, 1 << 10)).copy()
      let text = String(decoding: start, as: UTF8.self)
        .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      let line = text.prefix { !$0.isNewline }.filter { $0 != " " }
      if !line.isEmpty, line.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
        self = .list(try AttributeListFile(bytes))
      } else if text.first == "{" {
        self = .labels(try LabelFile.read(bytes), isTable: false)
      } else {
        self = .labels(try LabelFile.readTable(bytes), isTable: true)
      }
    } catch {
      throw DatasetError(error)
    }
  }
}

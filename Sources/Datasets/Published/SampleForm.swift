// The forms in which CIFAR-10, CIFAR-100, STL-10 and MNIST are published, told by the names of files.

import Formats
import SystemPackage

/// A file of many pictures, and the part of the data set that it is.
struct SampleFile: Hashable, Sendable {
  let name: String
  let part: PictureSplits.Part
  /// The file with the classes, if it is another.
  var labels: String?
}

/// A form of a published data set.
enum SampleForm: CaseIterable, Sendable {
  /// A byte with the class before the samples.
  case cifar10
  /// Two bytes before the samples, of which the second is the class.
  case cifar100
  /// Dictionaries of Python's with arrays.
  case cifar10Pickles
  case cifar100Pickles
  /// Samples by columns, and the classes in files of their own.
  case stl10
  /// Arrays of bytes, grey.
  case mnist

  var name: String {
    switch self {
    case .cifar10, .cifar10Pickles: "CIFAR-10"
    case .cifar100, .cifar100Pickles: "CIFAR-100"
    case .stl10: "STL-10"
    case .mnist: "MNIST"
    }
  }

  /// The file with the names of the classes.
  var namesFile: String? {
    switch self {
    case .cifar10: "batches.meta.txt"
    case .cifar100: "fine_label_names.txt"
    case .cifar10Pickles: "batches.meta"
    case .cifar100Pickles: "meta"
    case .stl10: "class_names.txt"
    case .mnist: nil
    }
  }

  /// All files of pictures that there may be, in their order.
  private var files: [SampleFile] {
    switch self {
    case .cifar10, .cifar10Pickles:
      let ending = self == .cifar10 ? ".bin" : ""
      return (1...5).map { SampleFile(name: "data_batch_\($0)\(ending)", part: .train) }
        + [SampleFile(name: "test_batch\(ending)", part: .test)]
    case .cifar100:
      return [
        SampleFile(name: "train.bin", part: .train), SampleFile(name: "test.bin", part: .test),
      ]
    case .cifar100Pickles:
      return [SampleFile(name: "train", part: .train), SampleFile(name: "test", part: .test)]
    case .stl10:
      return [
        SampleFile(name: "train_X.bin", part: .train, labels: "train_y.bin"),
        SampleFile(name: "test_X.bin", part: .test, labels: "test_y.bin"),
        SampleFile(name: "unlabeled_X.bin", part: .unlabeled),
      ]
    case .mnist:
      // Some who unpack them write a dot, and some leave them packed.
      return [("train", PictureSplits.Part.train), ("t10k", .test)].flatMap { name, part in
        ["-", "."].flatMap { dot in
          ["", ".gz"].map { ending in
            SampleFile(
              name: "\(name)-images\(dot)idx3-ubyte\(ending)", part: part,
              labels: "\(name)-labels\(dot)idx1-ubyte\(ending)")
          }
        }
      }
    }
  }

  /// All names that mean something.
  static let knownNames = Set(
    allCases.flatMap { form in
      form.files.flatMap { [$0.name, $0.labels].compactMap(\.self) }
        + [form.namesFile].compactMap(\.self)
    })

  /// The files of pictures among files of these names; none if they are of another form.
  func files(among names: Set<String>) -> [SampleFile] {
    // The names of these two are too common to say enough by themselves.
    if self == .cifar100 || self == .cifar100Pickles {
      guard let namesFile, names.contains(namesFile) else { return [] }
    }
    var found = files.filter { names.contains($0.name) }
    // One of several spellings is enough.
    if self == .mnist {
      found = PictureSplits.Part.allCases.compactMap { part in found.first { $0.part == part } }
    }
    return found
  }

  /// Checks that of each part that is chosen all files are there.
  fileprivate func check(_ chosen: [SampleFile], in shelf: SampleShelf) throws(FileError) {
    guard self != .mnist else { return }
    let parts = Set(chosen.map(\.part))
    let missing = files.filter { parts.contains($0.part) && !chosen.contains($0) }
    guard let first = missing.first else { return }
    let count = files.count { $0.part == first.part }
    throw FileError(
      .missing, file: shelf.path,
      expected: "the \(count) files of \(name)'s part \(first.part.rawValue)",
      found: "no \(missing.map(\.name).joined(separator: ", ")); "
        + "one file alone is read by its own name")
  }
}

extension SampleSet {
  /// Whether a file may be, or hold, a data set that `init(path:splits:)` opens.
  static func mayBe(_ file: String, _ bytes: ByteRegion) -> Bool {
    SampleForm.knownNames.contains(FilePath(file).lastComponent?.string ?? "")
      || TarArchive.recognises(bytes)
  }

  /// Opens a data set.
  ///
  /// - Parameters:
  ///   - path: The folder of its files, the tar archive that it comes in, or one of its files.
  ///   - splits: The parts that are wanted; nil for `train`, or for what there is if that is not.
  /// - Throws: `FileError` if it is damaged, or has no such parts; it is nil if it is none that is
  ///   known.
  init?(path: String, splits: PictureSplits?) throws(FileError) {
    let (shelf, file) = try Self.shelf(path)
    for form in SampleForm.allCases {
      var files = form.files(among: shelf.names)
      if let file { files = files.filter { $0.name == file } }
      guard !files.isEmpty else { continue }
      let chosen = try Self.chosen(files, splits, of: form, path)
      // A file that is named is wanted by itself.
      if file == nil { try form.check(chosen, in: shelf) }
      try self.init(form, chosen, shelf)
      return
    }
    return nil
  }

  /// Where the files lie, and the one that was named, if it was one.
  private static func shelf(
    _ path: String
  ) throws(FileError) -> (shelf: SampleShelf, file: String?) {
    let known = SampleForm.knownNames
    guard !ListedFile.isFolder(path) else { return (SampleShelf(folder: path, known: known), nil) }
    let place = FilePath(path)
    if let file = place.lastComponent?.string, known.contains(file) {
      let folder = place.removingLastComponent().string
      return (SampleShelf(folder: folder.isEmpty ? "." : folder, known: known), file)
    }
    return (try SampleShelf(archive: ByteRegion(mapping: path), known: known), nil)
  }

  private static func chosen(
    _ files: [SampleFile], _ splits: PictureSplits?, of form: SampleForm, _ path: String
  ) throws(FileError) -> [SampleFile] {
    guard let splits else {
      let train = files.filter { $0.part == .train }
      return train.isEmpty ? files : train
    }
    guard let parts = splits.parts else { return files }
    let there = Set(files.map(\.part))
    if let absent = parts.first(where: { !there.contains($0) }) {
      let words = PictureSplits.Part.allCases.filter(there.contains).map(\.rawValue)
      throw FileError(
        .doesNotFit, file: path, expected: "the part \(absent.rawValue) of \(form.name)",
        found: words.joined(separator: " and "))
    }
    return parts.flatMap { part in files.filter { $0.part == part } }
  }

  private init(
    _ form: SampleForm, _ files: [SampleFile], _ shelf: SampleShelf
  ) throws(FileError) {
    let isLabelled = files.allSatisfy { $0.part != .unlabeled }
    var wanted = Set(files.map(\.name))
    if isLabelled {
      for labels in files.compactMap(\.labels) {
        guard shelf.names.contains(labels) else {
          throw FileError(
            .missing, file: "\(shelf.path)/\(labels)", expected: "the classes of the pictures",
            found: "no such file")
        }
        wanted.insert(labels)
      }
      if let file = form.namesFile, shelf.names.contains(file) { wanted.insert(file) }
    }
    let contents = try shelf.contents(of: wanted)
    var parts: [SamplePart] = []
    for file in files {
      guard let samples = contents[file.name] else { continue }
      let labels = isLabelled ? file.labels.flatMap { contents[$0] } : nil
      parts.append(try form.part(file.name, samples, labels))
    }
    let classCount =
      form.classCount ?? parts.compactMap { $0.classes?.max() }.max().map { $0 + 1 } ?? 0
    let names = try form.namesFile.flatMap { contents[$0] }
      .map { (bytes) throws(FileError) in
        Array(try form.classNames(bytes, classCount).prefix(classCount))
      }
    self.init(name: form.name, parts: parts, classNames: names ?? form.publishedClassNames)
  }
}

// The contents of CIFAR-10's, CIFAR-100's, STL-10's and MNIST's files.

import Formats

extension SampleForm {
  /// How pictures lie in files of this form, other than MNIST's.
  private var layout: SampleLayout {
    self == .stl10
      ? SampleLayout(width: 96, height: 96, channels: 3, order: .columns)
      : SampleLayout(width: 32, height: 32, channels: 3, order: .rows)
  }

  /// The classes that there are, whether there are pictures of them or not; nil for as many as there
  /// may be.
  var classCount: Int? {
    switch self {
    case .cifar10, .cifar10Pickles, .stl10: 10
    case .cifar100, .cifar100Pickles: 100
    case .mnist: nil
    }
  }

  /// Reads a file of pictures.
  ///
  /// - Parameters:
  ///   - file: Its name.
  ///   - bytes: Its content.
  ///   - labels: The file with the classes; nil if they are not wanted, or stand beside the samples.
  /// - Throws: `FileError` of kind `damaged`.
  /// - Returns: Its pictures.
  func part(
    _ file: String, _ bytes: ByteRegion, _ labels: ByteRegion?
  ) throws(FileError) -> SamplePart {
    switch self {
    case .cifar10: try records(file, bytes, before: 1)
    case .cifar100: try records(file, bytes, before: 2)
    case .cifar10Pickles: try pickled(file, bytes, key: "labels")
    case .cifar100Pickles: try pickled(file, bytes, key: "fine_labels")
    case .stl10: try columns(file, bytes, labels)
    case .mnist: try arrays(file, bytes, labels)
    }
  }

  /// The number of records of so many bytes that fill a file.
  private func count(_ bytes: ByteRegion, recordBytes: Int) throws(FileError) -> Int {
    guard bytes.count > 0, bytes.count.isMultiple(of: recordBytes) else {
      throw bytes.error(
        at: bytes.count / recordBytes * recordBytes,
        expected: "\(name) pictures of \(recordBytes) bytes each",
        found: "\(bytes.count) bytes in all")
    }
    return bytes.count / recordBytes
  }

  /// Records of which the last byte before the samples is the class.
  private func records(
    _ file: String, _ bytes: ByteRegion, before: Int
  ) throws(FileError) -> SamplePart {
    let stride = layout.byteCount + before
    let count = try count(bytes, recordBytes: stride)
    var classes: [Int] = []
    for index in 0..<count {
      let offset = index * stride + before - 1
      classes.append(Int(bytes[offset]))
      try check(classes[index], in: bytes, at: offset)
    }
    return SamplePart(
      file: file, layout: layout, records: bytes, stride: stride, offset: before, count: count,
      classes: classes)
  }

  private func check(
    _ value: Int, in bytes: ByteRegion, at offset: Int, from first: Int = 0
  ) throws(FileError) {
    guard let classCount, !(first..<classCount + first ~= value) else { return }
    throw bytes.error(
      at: offset, expected: "a class from \(first) to \(classCount + first - 1)", found: "\(value)")
  }

  /// STL-10: samples by columns; classes from 1 to 10.
  private func columns(
    _ file: String, _ bytes: ByteRegion, _ labels: ByteRegion?
  ) throws(FileError) -> SamplePart {
    let count = try count(bytes, recordBytes: layout.byteCount)
    var classes: [Int]?
    if let labels {
      guard labels.count == count else {
        throw labels.error(
          at: 0, expected: "\(count) classes, one for each picture of \(file)",
          found: "\(labels.count)")
      }
      var own: [Int] = []
      for index in 0..<count {
        try check(Int(labels[index]), in: labels, at: index, from: 1)
        own.append(Int(labels[index]) - 1)
      }
      classes = own
    }
    return SamplePart(
      file: file, layout: layout, records: bytes, stride: layout.byteCount, offset: 0,
      count: count, classes: classes)
  }

  /// The most that a packed file may unpack to: ten times MNIST's largest.
  private static let arrayLimit = 1 << 29

  /// MNIST: arrays of bytes.
  ///
  /// Pictures of 28 x 28 get a black border of 2 pixels, as the published tool makes it, so that their
  /// sides are a power of two.
  private func arrays(
    _ file: String, _ bytes: ByteRegion, _ labels: ByteRegion?
  ) throws(FileError) -> SamplePart {
    let array = try idx(bytes)
    guard array.shape.count == 3, !array.shape.contains(0), array.shape[1] <= 1 << 14,
      array.shape[2] <= 1 << 14
    else {
      throw bytes.error(
        at: 4, expected: "pictures: three axes, of which two have at most 16384 pixels",
        found: array.shape.map(String.init).joined(separator: " x "))
    }
    let (height, width) = (array.shape[1], array.shape[2])
    let layout = SampleLayout(
      width: width, height: height, channels: 1, order: .rows,
      border: (width, height) == (28, 28) ? 2 : 0)
    var classes: [Int]?
    if let labels {
      let own = try idx(labels)
      guard own.shape == [array.shape[0]] else {
        throw labels.error(
          at: 4, expected: "\(array.shape[0]) classes, one for each picture of \(file)",
          found: own.shape.map(String.init).joined(separator: " x "))
      }
      classes = own.elements.withUnsafeBytes { $0.map(Int.init) }
    }
    return SamplePart(
      file: file, layout: layout, records: array.elements, stride: layout.byteCount, offset: 0,
      count: array.shape[0], classes: classes)
  }

  private func idx(_ bytes: ByteRegion) throws(FileError) -> IDX {
    guard GzipFile.recognises(bytes) else { return try IDX(bytes) }
    return try IDX(GzipFile.contents(of: bytes, limit: Self.arrayLimit))
  }
}

// MARK: - Python's batches

extension SampleForm {
  /// A dictionary of Python's, of which nothing is built.
  private func dictionary(_ bytes: ByteRegion) throws(FileError) -> PickleDictionary {
    let value = try PickleReader(bytes, allowing: .numPy).readWhole()
    guard let dictionary = value.asDictionary else {
      throw bytes.error(at: 0, expected: "a dictionary of Python's", found: value.kind)
    }
    return dictionary
  }

  /// An array of samples, and a list of classes.
  private func pickled(
    _ file: String, _ bytes: ByteRegion, key: String
  ) throws(FileError) -> SamplePart {
    let dictionary = try dictionary(bytes)
    guard let value = dictionary["data"],
      let array = try StoredTensor(numPy: value, file: bytes.name)
    else {
      throw bytes.error(
        at: 0, expected: "an array under \"data\"", found: dictionary["data"]?.kind ?? "none")
    }
    guard array.elementType == .uint8, array.shape.count == 2, array.shape[0] > 0,
      array.shape[1] == layout.byteCount
    else {
      let shape = array.shape.map(String.init).joined(separator: " x ")
      throw bytes.error(
        at: 0, expected: "bytes, \(layout.byteCount) for each picture",
        found: "\(array.elementType), \(shape)")
    }
    let count = array.shape[0]
    guard let items = dictionary[key]?.asItems, items.count == count else {
      let items = dictionary[key]?.asItems
      throw bytes.error(
        at: 0, expected: "\(count) classes under \"\(key)\"",
        found: items.map { "\($0.count)" } ?? dictionary[key]?.kind ?? "none")
    }
    var classes: [Int] = []
    for item in items {
      guard let value = item.asInt else {
        throw bytes.error(at: 0, expected: "whole numbers under \"\(key)\"", found: item.kind)
      }
      try check(Int(value), in: bytes, at: 0)
      classes.append(Int(value))
    }
    return SamplePart(
      file: file, layout: layout, records: array.contiguousBytes(), stride: layout.byteCount,
      offset: 0, count: count, classes: classes)
  }

  // MARK: Names of classes

  private static let nameLength = 100

  /// The names that are published of the classes, for where their file is not; CIFAR-100 is not told
  /// without it.
  var publishedClassNames: [String] {
    switch self {
    case .cifar10, .cifar10Pickles:
      [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
      ]
    case .stl10:
      ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
    case .cifar100, .cifar100Pickles, .mnist: []
    }
  }

  /// The names of the classes, at least as many as there are classes.
  func classNames(_ bytes: ByteRegion, _ count: Int) throws(FileError) -> [String] {
    var names: [String]
    switch self {
    case .cifar10Pickles, .cifar100Pickles:
      let key = self == .cifar10Pickles ? "label_names" : "fine_label_names"
      let items = try dictionary(bytes)[key]?.asItems ?? []
      names = items.prefix(1 << 12).compactMap(\.asString)
    default:
      guard bytes.count <= 1 << 16, let text = String(validating: bytes.copy(), as: UTF8.self)
      else {
        throw bytes.error(
          at: 0, expected: "names of classes in UTF-8, at most 65536 bytes",
          found: "\(bytes.count) bytes, or others")
      }
      names = text.split(whereSeparator: \.isNewline).map { line in
        String(line.trimmingPrefix { $0 == " " }.reversed().trimmingPrefix { $0 == " " }.reversed())
      }.filter { !$0.isEmpty }
    }
    guard names.count >= count, Set(names).count == names.count,
      names.allSatisfy({ 1...Self.nameLength ~= $0.unicodeScalars.count })
    else {
      throw bytes.error(
        at: 0,
        expected: "a name for each of \(count) classes, all different, of at most "
          + "\(Self.nameLength) characters",
        found: names.isEmpty ? "none" : shortened(names))
    }
    return names
  }
}

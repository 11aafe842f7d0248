// Pictures that lie as plain samples in files of many: CIFAR-10 and -100, STL-10, MNIST.

import Formats

/// How the samples of a picture lie in a file.
struct SampleLayout: Hashable, Sendable {
  /// Which samples lie side by side.
  enum Order: Sendable {
    /// Those of a row, one channel after the other.
    case rows
    /// Those of a column, one channel after the other.
    case columns
  }

  let width: Int
  let height: Int
  let channels: Int
  let order: Order
  /// Rows and columns of black around the picture.
  var border = 0

  /// Bytes of the picture in the file.
  var byteCount: Int { width * height * channels }

  /// The size of the picture with its border.
  var header: ImageHeader {
    ImageHeader(width: width + 2 * border, height: height + 2 * border, channels: channels)
  }

  /// The picture with its border.
  ///
  /// - Parameter samples: As many bytes as it has in the file.
  /// - Returns: The picture.
  func image(_ samples: ByteRegion) -> ByteImage {
    let (newWidth, newHeight) = (width + 2 * border, height + 2 * border)
    var pixels = [UInt8](repeating: 0, count: newWidth * newHeight * channels)
    let (down, across) = order == .rows ? (width, 1) : (1, height)
    samples.withUnsafeBytes { samples in
      for channel in 0..<channels {
        for row in 0..<height {
          var source = channel * width * height + row * down
          var target = ((row + border) * newWidth + border) * channels + channel
          for _ in 0..<width {
            pixels[target] = samples[source]
            source += across
            target += channels
          }
        }
      }
    }
    return ByteImage(width: newWidth, height: newHeight, channels: channels, pixels: pixels)
  }
}

/// The pictures in a file of many.
struct SamplePart: Sendable {
  /// The file, without its folder.
  let file: String
  let layout: SampleLayout
  /// The bytes of all pictures, and perhaps of what stands before each.
  let records: ByteRegion
  /// Bytes from one picture to the next.
  let stride: Int
  /// Bytes before the samples of each.
  let offset: Int
  let count: Int
  /// The class of each picture; nil if there are none.
  let classes: [Int]?

  func samples(at index: Int) throws(FileError) -> ByteRegion {
    try records.slice(at: index * stride + offset, count: layout.byteCount)
  }
}

/// A published data set of samples.
struct SampleSet: Sendable {
  /// What people call it.
  let name: String
  let parts: [SamplePart]
  /// The names of the classes; empty if they are not there.
  let classNames: [String]

  /// The files and numbers of all pictures, as paths: `data_batch_1.bin/00000`.
  var pictureNames: [String] {
    parts.flatMap { part in
      (0..<part.count).map { "\(part.file)/\(Self.fiveDigits($0))" }
    }
  }

  private static func fiveDigits(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  private func place(of index: Int) -> (part: SamplePart, index: Int) {
    var rest = index
    for part in parts {
      if rest < part.count { return (part, rest) }
      rest -= part.count
    }
    preconditionFailure("picture \(index) of \(index - rest)")
  }

  func samples(at index: Int) throws(FileError) -> ByteRegion {
    let (part, index) = place(of: index)
    return try part.samples(at: index)
  }

  func header(at index: Int) -> ImageHeader { place(of: index).part.layout.header }

  func image(at index: Int) throws(FileError) -> ByteImage {
    let (part, index) = place(of: index)
    return part.layout.image(try part.samples(at: index))
  }

  /// The classes of all pictures; nil if some have none.
  func labelFile(_ names: [String]) -> LabelFile? {
    var classes: [Int] = []
    for part in parts {
      guard let own = part.classes else { return nil }
      classes += own
    }
    return LabelFile(paths: names, values: .classes(classes), names: classNames)
  }
}

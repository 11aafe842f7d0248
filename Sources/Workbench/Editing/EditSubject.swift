// What is edited, and what all edits have in common.

import Formats
import Networks

/// Pictures that are edited, by their codes.
public enum EditSubject: Hashable, Sendable {
  /// The codes of seeds.
  case seeds([UInt32])
  /// The codes of a file.
  case codes(CodeFile)

  /// How many pictures there are.
  public var count: Int {
    switch self {
    case .seeds(let seeds): seeds.count
    case .codes(let file): file.codes.count
    }
  }

  /// The seed of a picture, if it has one.
  func seed(_ index: Int) -> UInt32? {
    guard case .seeds(let seeds) = self else { return nil }
    return seeds[index]
  }

  /// What people call a picture.
  func name(_ index: Int) -> String {
    switch self {
    case .seeds(let seeds): "seed \(seeds[index])"
    case .codes(let file): file.names.isEmpty ? "code \(index)" : file.names[index]
    }
  }

  /// What the names of a picture's files begin with.
  func stem(_ index: Int) -> String {
    seed(index).map { "seed\(padded(Int($0), to: 4))" } ?? padded(index, to: 2)
  }

  /// Starts the stream of a picture's random noise.
  func noiseSeed(_ index: Int) -> UInt32 { seed(index) ?? UInt32(truncatingIfNeeded: index) }

  /// Checks that the codes are a generator's.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - hash: Its content hash.
  ///   - network: The generator as the command names it.
  /// - Throws: `MisfitError` if they are not.
  func check(_ traits: GeneratorTraits, hash: String, network: String) throws(MisfitError) {
    guard case .codes(let file) = self else { return }
    let codes = file.codes
    guard codes.numWs == traits.numWs, codes.wDim == traits.wDim else {
      throw MisfitError(
        file.path, expected: "codes [N, \(traits.numWs), \(traits.wDim)] of the network \(network)",
        found: "[\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
    guard let found = file.generatorHash, found != hash else { return }
    throw MisfitError(
      file.path, expected: "codes of the generator \(hash.prefix(12)) in \(network)",
      found: "those of \(found.prefix(12))")
  }

  /// The code of a picture.
  ///
  /// - Parameters:
  ///   - index: The picture.
  ///   - host: The generator.
  ///   - settings: Truncation and class of seeds.
  /// - Returns: W+ of one picture.
  func code(_ index: Int, on host: GeneratorHost, _ settings: PictureSettings) async -> Codes {
    switch self {
    case .seeds(let seeds): await host.codes(seeds: [seeds[index]], settings: settings)
    case .codes(let file): file.codes[index]
    }
  }
}

/// What all edits need: what is edited, which rows of it, and how the pictures are drawn.
public struct EditRequest: Sendable {
  /// What is edited.
  public var subject: EditSubject
  /// The rows of W+ that change; nil for all, or for those that a direction was found for.
  public var rows: Range<Int>?
  /// Truncation, class and noise.
  public var settings = PictureSettings()
  /// Whether the sheet shows pictures only, without words.
  public var isBare = false
  /// The content hash of the generator's numbers.
  public let generatorHash: String
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A request without truncation, with the network's own noise.
  ///
  /// - Parameters:
  ///   - subject: What is edited.
  ///   - source: Where the generator comes from, for its hash.
  ///   - provenance: What the pictures say about how they were made.
  /// - Throws: As opening the generator's file throws.
  public init(_ subject: EditSubject, of source: NetworkSource, provenance: Provenance) throws {
    (self.subject, self.provenance) = (subject, provenance)
    generatorHash = try source.contentHash()
  }

  /// Checks that a generator can draw what is asked for.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - edits: How many codes will come out.
  /// - Throws: `RequestError` if class or rows do not fit, or the codes were too many for a file;
  ///   `MisfitError` if the codes are another generator's.
  func check(_ traits: GeneratorTraits, edits: Int) throws {
    try traits.check(settings)
    try subject.check(traits, hash: generatorHash, network: provenance.network)
    if let rows, rows.upperBound > traits.numWs {
      throw RequestError(
        "--layers", expected: "rows of W+ from 0 to \(traits.numWs - 1)",
        found: "\(rows.upperBound - 1)")
    }
    let most = Codes.numberLimit / (traits.numWs * traits.wDim)
    guard edits <= most else {
      throw RequestError(
        "edited codes", expected: "at most \(grouped(most))", found: grouped(edits))
    }
  }
}

/// Draws edited codes: pictures in files of their own, a sheet of them, and a file of the codes.
struct EditDrawing {
  private let request: EditRequest
  private let host: GeneratorHost
  private let folder: OutputFolder
  private var pictures: PictureWriter
  private var sheet: PictureSheet
  private var edited: [(code: Codes, name: String)] = []

  init(
    _ request: EditRequest, on host: GeneratorHost, into folder: OutputFolder,
    sheet: PictureSheet
  ) {
    (self.request, self.host, self.folder, self.sheet) = (request, host, folder, sheet)
    pictures = PictureWriter(folder)
  }

  /// The picture of a code, with the noise of the picture that it was made from.
  func picture(_ code: Codes, noiseSeed: UInt32) async -> ByteImage {
    await host.picture(
      code, noise: request.settings.noise, noiseLayers: request.settings.noiseLayers,
      noiseSeed: noiseSeed)
  }

  /// Puts a picture into a cell of the sheet.
  mutating func place(_ picture: ByteImage, column: Int, row: Int) {
    sheet.place(picture, column: column, row: row)
  }

  /// Writes a picture, which says how it was made.
  ///
  /// - Parameters:
  ///   - picture: The picture.
  ///   - name: The file's name without its ending.
  ///   - seed: Its seed, if it is of one.
  /// - Throws: `FileError` if it cannot be written.
  mutating func write(_ picture: ByteImage, _ name: String, seed: UInt32?) throws {
    var record = request.provenance
    record.seed = seed.map(String.init)
    try pictures.write(picture, "\(name).png", seed: seed, record)
  }

  /// Keeps an edited code for the file of codes.
  mutating func keep(_ code: Codes, _ name: String) { edited.append((code, name)) }

  /// Writes `codes.safetensors` and `grid.png`.
  ///
  /// - Returns: All files; the sheet comes last.
  /// - Throws: `FileError` if one cannot be written.
  mutating func finished() throws -> [WrittenPicture] {
    var files = pictures.written
    if !edited.isEmpty {
      let path = folder.file("codes.safetensors")
      try Codes.joined(edited.map(\.code)).write(
        to: path, generatorHash: request.generatorHash, names: edited.map(\.name))
      files.append(WrittenPicture(file: path))
    }
    guard let image = sheet.image else { return files }
    try pictures.write(image, "grid.png", request.provenance)
    return files + pictures.written.suffix(1)
  }
}

// What is edited, and what all edits have in common.

import Checkpoints
import Formats
import Networks

/// Pictures that are edited, by their codes.
public enum EditSubject: Sendable {
  /// The codes of seeds.
  case seeds([UInt32])
  /// The codes of a file.
  case codes(CodeFile)
  /// Photographs, whose codes are found first.
  case photographs(PhotographCodes)
  /// The codes of photographs, found.
  case found(NamedCodes)

  /// Whether they are of seeds.
  public var isOfSeeds: Bool { if case .seeds = self { true } else { false } }

  /// Whether they are photographs.
  public var isOfPhotographs: Bool { if case .photographs = self { true } else { false } }

  /// The photographs whose codes are to be found; nil for other pictures.
  var photographs: PhotographCodes? {
    if case .photographs(let photographs) = self { photographs } else { nil }
  }

  /// How many pictures there are.
  public var count: Int {
    switch self {
    case .seeds(let seeds): seeds.count
    case .codes(let file): file.codes.count
    case .photographs(let photographs): photographs.count
    case .found(let found): found.names.count
    }
  }

  /// The seed of a picture, if it has one.
  func seed(_ index: Int) -> UInt32? {
    guard case .seeds(let seeds) = self else { return nil }
    return seeds[index]
  }

  /// What people call the pictures.
  var names: [String] {
    switch self {
    case .seeds(let seeds): seeds.map { "seed \($0)" }
    case .codes(let file):
      file.names.isEmpty ? (0..<file.codes.count).map { "code \($0)" } : file.names
    case .photographs(let photographs): photographs.names()
    case .found(let found): found.names
    }
  }

  /// What the names of the pictures' files begin with.
  var stems: [String] {
    switch self {
    case .seeds(let seeds): seeds.map { "seed\(padded(Int($0), to: 4))" }
    case .codes(let file):
      file.names.canNameFiles ? file.names : (0..<file.codes.count).map { padded($0, to: 2) }
    case .photographs, .found: names
    }
  }

  /// Starts the stream of a picture's random noise.
  func noiseSeed(_ index: Int) -> UInt32 { seed(index) ?? UInt32(truncatingIfNeeded: index) }

  /// Checks that the codes are of a generator's size, or that those of photographs can be found.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - network: The generator as the command names it.
  /// - Throws: `MisfitError` if they are not; for photographs what `PhotographCodes/check(_:of:)`
  ///   throws.
  func check(_ traits: GeneratorTraits, network: String) throws {
    if case .photographs(let photographs) = self { try photographs.check(traits, of: network) }
    guard case .codes(let file) = self else { return }
    let codes = file.codes
    guard codes.numWs == traits.numWs, codes.wDim == traits.wDim else {
      throw MisfitError(
        file.path, expected: "codes [N, \(traits.numWs), \(traits.wDim)] of the network \(network)",
        found: "[\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
  }

  /// What is questionable about taking the codes of a file for a generator's, or about the search
  /// for others; nil for nothing.
  func remark(of owner: CodeOwner) throws(MisfitError) -> String? {
    if case .photographs(let photographs) = self { return photographs.remark }
    guard case .codes(let file) = self else { return nil }
    return try owner.remark(about: "codes", in: file.path, of: file.generatorHash)
  }

  /// The code of a picture; traps for photographs whose codes are not found yet.
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
    case .photographs: preconditionFailure("photographs whose codes were not found")
    case .found(let found): found.codes[index]
    }
  }
}

extension [String] {
  /// Whether there are texts, no two alike, with which names of files in one folder can begin.
  fileprivate var canNameFiles: Bool {
    // Some file systems do not tell letters by their case.
    !isEmpty && Set(map { $0.lowercased() }).count == count && allSatisfy(\.canNameFile)
  }
}

extension String {
  /// The most bytes of a name, of which there may be two in that of a file.
  private static let nameLimit = 100

  fileprivate var canNameFile: Bool {
    1...Self.nameLimit ~= utf8.count && !hasPrefix(".")
      && unicodeScalars.allSatisfy { scalar in
        scalar != "/" && scalar != "\\" && scalar.properties.generalCategory != .control
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
  /// The generator, as files of codes and directions know it.
  let owner: CodeOwner
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// The files in which codes are kept that were found for photographs: of those that are edited,
  /// and of references.
  public static let foundNames = ["found.safetensors", "found-references.safetensors"]

  /// The content hash of the generator's numbers.
  public var generatorHash: String { owner.hashes[0] }

  /// A request without truncation, with the network's own noise.
  ///
  /// - Parameters:
  ///   - subject: What is edited.
  ///   - source: Where the generator comes from, for its hash.
  ///   - takesOthers: Whether codes and directions of other generators are taken, too.
  ///   - provenance: What the pictures say about how they were made.
  /// - Throws: As opening the generator's file throws.
  public init(
    _ subject: EditSubject, of source: NetworkSource, takesOthers: Bool = false,
    provenance: Provenance
  ) throws {
    (self.subject, self.provenance) = (subject, provenance)
    owner = try source.owner(provenance.network, takesOthers: takesOthers)
  }

  /// Checks that a generator can draw what is asked for.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - edits: How many codes will come out.
  /// - Throws: `RequestError` if class or rows do not fit, or the codes were too many for a file;
  ///   `MisfitError` if the codes are of another size.
  func check(_ traits: GeneratorTraits, edits: Int) throws {
    try traits.check(settings)
    try subject.check(traits, network: provenance.network)
    try traits.check(rows: rows)
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
  static let sheetName = "grid.png"
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
  ///   - name: The file's name.
  ///   - seed: Its seed, if it is of one.
  /// - Throws: `FileError` if it cannot be written.
  mutating func write(_ picture: ByteImage, _ name: String, seed: UInt32?) throws {
    var record = request.provenance
    record.seed = seed.map(String.init)
    try pictures.write(picture, name, seed: seed, record)
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
    try pictures.write(image, Self.sheetName, request.provenance)
    return files + pictures.written.suffix(1)
  }
}

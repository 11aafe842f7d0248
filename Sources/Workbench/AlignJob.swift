// Faces in photographs brought to one place and size, before they are inverted or learned from.

public import Datasets
public import Formats
import Foundation

/// Finds the faces of a picture.
public protocol FaceFinder: Sendable {
  /// The faces of a picture, the largest first.
  ///
  /// - Parameter picture: The picture, upright, in RGB.
  /// - Returns: Their points; none where there is no face.
  /// - Throws: What the finder cannot do without.
  func faces(in picture: ByteImage) async throws -> [FaceLandmarks]
}

/// Cuts faces out of pictures as FFHQ's were cut, upright and of one size.
public struct AlignJob: Sendable {
  /// Where the points of faces come from.
  public enum Points: Sendable {
    /// These, for the one picture there is.
    case given(FaceLandmarks)
    /// A table, by the pictures' paths.
    case table(LandmarkFile, name: String)
    /// A finder, such as a network.
    case finder(any FaceFinder)
  }

  /// What becomes of pictures with several faces.
  public enum Choice: String, CaseIterable, Sendable {
    /// They are left out, and said.
    case only
    /// The largest face is taken.
    case largest
    /// Every face becomes a picture.
    case all
  }

  /// A face that was cut out.
  public struct AlignedFace: Encodable, Hashable, Sendable {
    /// The picture that it is in.
    public let source: String
    /// The aligned picture.
    public let file: String
    /// The points by which it was aligned.
    public let landmarks: FaceLandmarks
    /// The part of the source that it shows.
    public let part: Quadrilateral
  }

  /// What was made.
  public struct Outcome: Encodable, Sendable {
    /// The faces, in the order of the pictures.
    public internal(set) var aligned: [AlignedFace] = []
    /// The pictures that were left out, in their order.
    public internal(set) var failures: [PictureFailure] = []

    /// What is questionable about the points, a line each.
    public internal(set) var remarks: [String] = []

    /// The outcome as lines for people.
    public var lines: [String] { aligned.map(\.file) }
  }

  private let source: String
  private let points: Points
  /// The rule.
  public var rule = FaceAlignment()
  /// What becomes of pictures with several faces.
  public var choice = Choice.only

  /// A job for a picture, a folder or an archive.
  ///
  /// - Parameters:
  ///   - source: The picture, folder or ZIP archive.
  ///   - points: Where the points of faces come from.
  public init(_ source: String, points: Points) {
    (self.source, self.points) = (source, points)
  }

  /// The pictures that there are.
  ///
  /// - Parameter folder: Where the faces go.
  /// - Returns: Their number.
  /// - Throws: `FileError` if there is none; `RequestError` for several pictures with the points of
  ///   one, or if a face would replace a photograph.
  public func plan(into folder: String) throws -> Int {
    try files(into: folder).pictures.count
  }

  private func files(into folder: String) throws -> PictureFiles {
    let files = try PictureFiles.at(source)
    guard !files.pictures.isEmpty else { throw files.emptiness }
    if case .given = points, files.pictures.count > 1 {
      throw RequestError(
        "--points", expected: "a table for \(files.pictures.count) pictures",
        found: "the points of one")
    }
    // The face of a PNG has the name of the PNG.
    let written = Set(files.pictures.map { "\(fileStem(ofPicture: $0)).png" })
    try OutputFolder.check("--dest", folder, keeps: files, from: written)
    return files
  }

  /// The pictures that cannot be used, as far as it can be known without seeking faces: for a run
  /// that makes nothing.
  ///
  /// - Parameter folder: Where the faces go.
  /// - Returns: Why, in their order.
  /// - Throws: What `plan` throws.
  public func unusable(into folder: String) async throws -> [PictureFailure] {
    let files = try files(into: folder)
    var failures: [PictureFailure] = []
    for index in files.pictures.indices {
      do throws(any Error) {
        let picture = try files.image(at: index)
        if case .finder = points { continue }
        let name = files.pictures[index]
        _ = try await faces(in: picture, name, files.place(of: name))
      } catch {
        failures.append(try failure(error))
      }
    }
    return failures
  }

  /// Why there is nothing of a picture; errors that are not about it are thrown again.
  private func failure(_ error: any Error) throws -> PictureFailure {
    if let error = error as? FileError, [.cannotCreate, .ioFailed].contains(error.kind) {
      throw error
    }
    guard let code = exitCode(for: error) else { throw error }
    return PictureFailure(reason: "\(error)", exitCode: code)
  }

  /// Cuts out all faces: `NAME.png` for the face of `NAME.jpg`, `NAME-1.png` and so on for further
  /// ones, and `landmarks.csv` with the points of all.
  ///
  /// - Parameters:
  ///   - folder: Where the pictures go.
  ///   - progress: Is told after every picture.
  /// - Returns: What was made, and what was not and why.
  /// - Throws: What `plan` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between pictures.
  public func run(into folder: OutputFolder, progress: ProgressHandler) async throws -> Outcome {
    let files = try files(into: folder.path)
    var outcome = Outcome()
    var names: Set<String> = []
    for index in files.pictures.indices {
      try Task.checkCancellation()
      let place = files.place(of: files.pictures[index])
      do throws(any Error) {
        let picture = try files.image(at: index).inRGB
        let name = files.pictures[index]
        let faces = try await faces(in: picture, name, place)
        try cut(faces, outOf: picture, name, place, into: folder, &names, &outcome)
      } catch {
        outcome.failures.append(try failure(error))
      }
      progress(JobProgress(done: index + 1, total: files.pictures.count, unit: "pictures"))
    }
    if case .table(let table, let name) = points {
      let unused = Set(table.faces.keys).subtracting(files.pictures).sorted()
      if !unused.isEmpty {
        outcome.remarks.append(
          "\(name): there is no picture for \(unused.count) of its \(table.faces.count) names: "
            + shortened(unused))
      }
    }
    if !outcome.aligned.isEmpty { try writeTable(of: outcome.aligned, folder) }
    return outcome
  }

  /// Writes the faces of a picture.
  private func cut(
    _ faces: [FaceLandmarks], outOf picture: ByteImage, _ source: String, _ place: String,
    into folder: OutputFolder, _ names: inout Set<String>, _ outcome: inout Outcome
  ) throws {
    for (number, face) in faces.enumerated() {
      let file = folder.file(unused(fileStem(ofPicture: source), number, &names))
      try PNG(image: rule.aligned(picture, face)).write(to: file)
      if let exchanged = FaceAlignment.exchange(in: face) {
        outcome.remarks.append(
          "\(place): left and right of \(exchanged) seem to be exchanged; "
            + "look whether \(file) is mirrored or upside down")
      }
      outcome.aligned.append(
        AlignedFace(source: source, file: file, landmarks: face, part: rule.part(of: face)))
    }
  }

  /// The faces to cut out of a picture.
  private func faces(in picture: ByteImage, _ name: String, _ place: String) async throws
    -> [FaceLandmarks]
  {
    let all: [FaceLandmarks]
    switch points {
    case .given(let face): all = [face]
    case .table(let table, let file):
      guard let found = table.faces[name] else {
        throw FileError(
          .doesNotFit, file: place, expected: "a line for it in \(file)", found: "none")
      }
      all = found.sorted { $0.eyeDistance > $1.eyeDistance }
    case .finder(let finder): all = try await finder.faces(in: picture)
    }
    guard let first = all.first else {
      throw FileError(.doesNotFit, file: place, expected: "a face", found: "none")
    }
    guard all.count == 1 || choice != .only else {
      throw FileError(
        .doesNotFit, file: place, expected: "one face (--faces=largest or all takes more)",
        found: "\(all.count)")
    }
    let chosen = choice == .all ? all : [first]
    for face in chosen { try check(face, picture, place) }
    return chosen
  }

  /// Checks that the points of a face lie in the picture and are not all in one place.
  private func check(_ face: FaceLandmarks, _ picture: ByteImage, _ place: String)
    throws(FileError)
  {
    let (width, height) = (Double(picture.width), Double(picture.height))
    if let outside = face.points.first(where: {
      !(-0.5..<width).contains($0.x) || !(-0.5..<height).contains($0.y)
    }) {
      throw FileError(
        .doesNotFit, file: place,
        expected: "points within \(picture.width)×\(picture.height) pixels",
        found: "\(plain(outside.x)),\(plain(outside.y))")
    }
    guard face.eyeDistance >= 1, face.points[2] != face.points[0] else {
      throw FileError(
        .doesNotFit, file: place, expected: "eyes at least a pixel apart, and a mouth elsewhere",
        found: "points in one place")
    }
    // Eyes at the left of one another and a mouth as far below cancel out.
    guard rule.part(of: face).corners.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
      throw FileError(
        .doesNotFit, file: place, expected: "points that say which way the face stands",
        found: "eyes and mouth that contradict one another; left and right of "
          + "\(FaceAlignment.exchange(in: face) ?? "some") seem to be exchanged")
    }
  }

  /// A name that no other picture of this run has.
  private func unused(_ stem: String, _ number: Int, _ names: inout Set<String>) -> String {
    var name = number == 0 ? "\(stem).png" : "\(stem)-\(number).png"
    var copy = 1
    while !names.insert(name).inserted {
      copy += 1
      name = "\(stem)-\(number)-\(copy).png"
    }
    return name
  }

  /// The points of all faces, for `--points` of another run.
  private func writeTable(of faces: [AlignedFace], _ folder: OutputFolder) throws {
    let heading =
      "file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,"
      + "left_mouth_x,left_mouth_y,right_mouth_x,right_mouth_y"
    let lines = faces.map { face in
      let name = face.source.contains(",") ? "\"\(face.source)\"" : face.source
      return ([name] + face.landmarks.points.flatMap { [plain($0.x), plain($0.y)] })
        .joined(separator: ",")
    }
    let text = ([heading] + lines).map { $0 + "\n" }.joined()
    try writeAtomically(to: folder.file("landmarks.csv")) { try $0.write(Array(text.utf8)) }
  }
}

extension AlignJob.Points {
  /// The points that somebody names: eight numbers, or a table.
  ///
  /// - Parameter text: Numbers divided by commas, or the path of a table.
  /// - Throws: `RequestError` for other than eight numbers; `FileError` if the table cannot be read.
  public init(_ text: String) throws {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    let isNumbers = numbers.count == parts.count
    guard parts.count > 1, isNumbers || !FileManager.default.fileExists(atPath: text) else {
      self = .table(try LandmarkFile(path: text), name: text)
      return
    }
    guard isNumbers, numbers.count == 8, numbers.allSatisfy(\.isFinite) else {
      throw RequestError(
        "--points", expected: "eight numbers: x and y of both eyes and both corners of the mouth",
        found: text)
    }
    self = .given(FaceLandmarks(numbers))
  }
}

extension AlignJob {
  /// The rule for faces of a size.
  ///
  /// - Parameters:
  ///   - size: Their width and height, in pixels.
  ///   - supersampling: How many times as large they are sampled first.
  /// - Returns: The rule.
  /// - Throws: `RequestError` for sizes that no picture can have.
  public static func rule(size: Int, supersampling: Int) throws(RequestError) -> FaceAlignment {
    guard 8...2048 ~= size else {
      throw RequestError("--size", expected: "8 to 2048", found: "\(size)")
    }
    guard 1...8 ~= supersampling, size * supersampling <= 8192 else {
      throw RequestError(
        "--supersample", expected: "1 to \(min(8, 8192 / size)) for this size",
        found: "\(supersampling)")
    }
    return FaceAlignment(size: size, supersampling: supersampling)
  }
}

extension FaceLandmarks {
  /// How far the eyes are apart, in pixels.
  var eyeDistance: Double { hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y) }
}

// Projection: the code of a photograph, sought by gradients, with what people look at.

import Datasets
import Formats
import Foundation
public import Inversion
public import Networks
import SystemPackage

/// Seeks the code of a picture and writes it with the picture that it makes.
public struct ProjectJob: Sendable {
  /// What was found.
  public struct Outcome: Encodable, Sendable {
    /// The files, in the order in which they were written.
    public let files: [String]
    /// The distance from the target at the start and at the end.
    public let distance: [Double]
    /// How near the picture is to the target.
    public let likeness: PictureLikeness
    /// How long the search took.
    public let seconds: Double

    /// The outcome as lines for people.
    public var lines: [String] {
      let (first, last) = (distance.first ?? 0, distance.last ?? 0)
      let figures = String(
        format: "distance %.4g, %.4g at the start; %@; %.1f seconds", last, first,
        likeness.words, seconds)
      return files + [figures]
    }
  }

  /// The photograph.
  public var target: String
  /// How the code is sought.
  public var settings = ProjectionSettings()
  /// How the distance of pictures is measured.
  public var distance = PictureDistance.pyramid
  /// Where random numbers start.
  public var seed: UInt32 = 303
  /// The class, for generators with labels; nil for class 0.
  public var classIndex: Int?
  /// A file with the code to start from; nil for the mean of w.
  public var start: String?
  /// Whether a code of another generator is taken, too.
  public var takesOthers = false
  /// Whether a video of the search is written.
  public var savesVideo = false
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A job with the published settings.
  ///
  /// - Parameters:
  ///   - target: The photograph.
  ///   - provenance: What the pictures say about how they were made.
  public init(_ target: String, provenance: Provenance) {
    (self.target, self.provenance) = (target, provenance)
  }

  /// The names of the files that are written.
  public static let fileNames = [
    "target.png", "proj.png", "distance.png", "projected_w.npz", "codes.safetensors", "proj.webp",
  ]

  /// The target's name without folder and ending.
  private var name: String { fileStem(ofPicture: FilePath(target).lastComponent?.string ?? target) }

  /// Frames of a video: more are left out evenly.
  private static let frameLimit = 300

  /// A job whose files are read.
  public struct Prepared: Sendable {
    /// What is questionable about the files, a line each.
    public let remarks: [String]
    fileprivate let target: ByteImage
    fileprivate let request: ProjectionRequest
  }

  /// The class, beside what matters to other pictures alone.
  public var pictureSettings: PictureSettings {
    var settings = PictureSettings()
    settings.classIndex = classIndex
    return settings
  }

  /// Checks everything that can be known before the search, and reads the files.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - source: Where it comes from, for its hash.
  /// - Returns: What the search starts with.
  /// - Throws: `FileError` if the photograph or the code cannot be read; `MisfitError` if the code is
  ///   of another size, or of another generator and those are not taken; `RequestError` if the
  ///   space or the class does not fit; `ConfigurationError`
  ///   for settings that cannot be.
  public func prepared(_ traits: GeneratorTraits, _ source: NetworkSource) throws -> Prepared {
    try settings.validate()
    try traits.check(pictureSettings)
    try distance.check(traits)
    let picture = try ByteImage(path: target)
    var request = ProjectionRequest()
    (request.settings, request.distance, request.seed) = (settings, distance, seed)
    request.classIndex = classIndex
    let file = try start.map { try startCode($0, traits) }
    request.start = file?.codes
    let remark = try file.flatMap {
      try source.owner(provenance.network, takesOthers: takesOthers).remark(
        about: "codes", in: $0.path, of: $0.generatorHash)
    }
    return Prepared(
      remarks: [remark].compactMap(\.self), target: picture.target(for: traits), request: request)
  }

  private func startCode(_ path: String, _ traits: GeneratorTraits) throws -> CodeFile {
    let file = try CodeFile(reading: path)
    let codes = file.codes
    guard codes.count == 1, codes.wDim == traits.wDim, [1, traits.numWs].contains(codes.numWs)
    else {
      throw MisfitError(
        path, expected: "one code of 1 or \(traits.numWs) rows of \(traits.wDim) numbers",
        found: "[\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
    guard settings.space == .wPlus || codes.numWs == 1 else {
      throw RequestError(
        "--space", expected: "w+ for a start with a row for every layer: give --space=w+",
        found: "w")
    }
    return file
  }

  /// Seeks the code, and writes `target.png`, `proj.png`, `projected_w.npz`, `codes.safetensors` with
  /// the noise and the generator's hash, `distance.png`, and `proj.webp` if a video is wanted.
  ///
  /// A search that is interrupted after its first step writes all but the video of what it has
  /// found so far.
  ///
  /// - Parameters:
  ///   - prepared: What `prepared(_:_:)` made of the job, for the same generator.
  ///   - source: Where the generator comes from, for its hash.
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every step, and after every frame.
  /// - Returns: What was found.
  /// - Throws: `InversionError` if numbers become not finite; `FileError` if a
  ///   file cannot be written; if it was interrupted, `InterruptedWork`, or `CancellationError`
  ///   before the first step.
  public func run(
    _ prepared: Prepared, _ source: NetworkSource, on host: GeneratorHost,
    into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    let (target, request) = (prepared.target, prepared.request)
    let hash = try source.contentHash()
    let steps = settings.steps
    let everyStep = max(1, (steps + Self.frameLimit - 1) / Self.frameLimit)
    let began = ContinuousClock.now
    let found = try await host.project(
      target, request, keepingEvery: savesVideo ? everyStep : nil
    ) { step in
      progress(JobProgress(done: step.step + 1, total: steps, unit: "steps"))
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let kind: NoiseKind = settings.noise == .none ? .none : .const
    let picture = await host.picture(found.code, with: found.noise, or: kind)
    var pictures = PictureWriter(folder)
    try pictures.write(target, "target.png", provenance)
    try pictures.write(picture, "proj.png", provenance)
    try pictures.write(plot(found.history), "distance.png", provenance)
    var files = pictures.written.map(\.file)
    for name in ["projected_w.npz", "codes.safetensors"] { files.append(folder.file(name)) }
    try found.code.writeNPZ(to: folder.file("projected_w.npz"))
    try found.code.write(
      to: folder.file("codes.safetensors"), generatorHash: hash,
      names: [name], noise: found.noise)
    let left = savesVideo ? "\(folder.path), without the video" : folder.path
    if found.isInterrupted {
      throw InterruptedWork(description: "what was found so far is in \(left)")
    }
    if savesVideo {
      files.append(folder.file("proj.webp"))
      do {
        try await writeVideo(
          found.path + [found.code], target, found, kind, host, folder.file("proj.webp"), progress)
      } catch is CancellationError {
        throw InterruptedWork(description: "what was found is in \(left)")
      }
    }
    let distances = found.history.map(\.distance)
    return Outcome(
      files: files, distance: [distances.first, distances.last].compactMap(\.self),
      likeness: PictureLikeness(target, picture), seconds: seconds)
  }

  /// The distance over the steps.
  private func plot(_ history: [ProjectionStep]) -> ByteImage {
    let steps = history.map { Double($0.step) }
    let distances = history.map(\.distance)
    var canvas = Canvas(
      width: PanelFrame.size.width, height: PanelFrame.size.height, background: .white)
    LinePanel(
      title: "distance from the target", unit: "steps",
      horizontal: Axis(from: 0, to: steps.last ?? 1), vertical: Axis(of: distances),
      lines: [LinePanel.Line(colour: Colour.series(0), width: 2.5, x: steps, y: distances)]
    ).draw(x: 0, y: 0, on: &canvas)
    return canvas.image
  }

  /// The search, with the target at its left.
  private func writeVideo(
    _ codes: [Codes], _ target: ByteImage, _ found: ProjectionOutcome, _ kind: NoiseKind,
    _ host: GeneratorHost, _ file: String, _ progress: ProgressHandler
  ) async throws {
    let video = VideoFile(
      path: file, form: .webp, width: 2 * target.width, height: target.height,
      hasAlpha: target.channels == 4, framesPerSecond: 20)
    try await video.write { append in
      for (index, code) in codes.enumerated() {
        try Task.checkCancellation()
        let picture = await host.picture(code, with: found.noise, or: kind)
        var frame = Sheet(
          columns: 2, rows: 1, cellWidth: target.width, cellHeight: target.height,
          channels: target.channels)
        frame.place(target, column: 0, row: 0)
        frame.place(picture, column: 1, row: 0)
        try await append(frame.image)
        progress(JobProgress(done: index + 1, total: codes.count, unit: "frames"))
      }
    }
  }
}

extension ProjectJob {
  /// Settings in the words of the command line.
  ///
  /// - Parameters:
  ///   - space: `w` or `w+`.
  ///   - noise: `optimized`, `stored` or `none`.
  ///   - steps: How often the code is moved.
  ///   - learningRate: The largest learning rate.
  ///   - prior: The weight of the prior.
  /// - Returns: The settings.
  /// - Throws: `RequestError` for words and numbers that there are not.
  public static func settings(
    space: String, noise: String, steps: Int, learningRate: Double, prior: Double
  ) throws(RequestError) -> ProjectionSettings {
    var settings = ProjectionSettings()
    settings.space = try Self.space(space)
    guard let noise = ProjectionSettings.Noise(rawValue: noise) else {
      throw RequestError("--noise", expected: "optimized, stored or none", found: noise)
    }
    (settings.noise, settings.steps, settings.learningRate) = (noise, steps, learningRate)
    settings.priorWeight = prior
    do {
      try settings.validate()
    } catch {
      throw RequestError(
        error,
        options: [
          "steps": "--num-steps", "learningRate": "--learning-rate", "priorWeight": "--prior",
        ])
    }
    return settings
  }

  /// A space in the words of the command line.
  ///
  /// - Parameter name: `w` or `w+`.
  /// - Returns: The space.
  /// - Throws: `RequestError` for other words.
  static func space(_ name: String) throws(RequestError) -> ProjectionSettings.Space {
    switch name.lowercased() {
    case "w": return .w
    case "w+", "wplus": return .wPlus
    default: throw RequestError("--space", expected: "w or w+", found: name)
    }
  }
}

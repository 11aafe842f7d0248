// Videos of smooth walks through W+: one keyframe's picture turns into the next, and the last into
// the first.

import Formats
public import Networks
import Tensors

/// Makes a looping video in which every cell of a grid walks through its own keyframes.
public struct VideoJob: Sendable {
  /// The seeds of the keyframes: all of the first cell, then all of the second, left to right and
  /// top to bottom.
  public var seeds: [UInt32]
  /// Cells side by side and one below the other.
  public var grid = GridSize(columns: 1, rows: 1)
  /// Keyframes of each cell; nil for as many as the seeds give.
  ///
  /// With more, the seeds are used again from the first.
  public var keyframes: Int?
  /// Frames from one keyframe to the next.
  public var framesPerKeyframe = 120
  /// Frames shown in a second.
  public var framesPerSecond = 60
  /// Puts the seeds in the random order of this seed first.
  public var shuffleSeed: UInt32?
  /// Truncation, class and noise.
  public var settings = PictureSettings()

  /// A job for some seeds.
  ///
  /// - Parameter seeds: The seeds of the keyframes.
  public init(seeds: [UInt32]) { self.seeds = seeds }

  /// The keyframes of all cells together, and the frames in all cells from one keyframe to the
  /// next, may be this many.
  private static let countLimit = 1 << 20
  /// The bytes that their codes may take.
  private static let codeLimit = 1 << 30

  /// The keyframes of each cell, and frames in all.
  ///
  /// - Returns: Both numbers.
  /// - Throws: `RequestError` if the seeds do not fill the grid evenly, or there are none or too
  ///   many frames.
  public func plan() throws(RequestError) -> (keyframes: Int, frames: Int) {
    let cells = grid.count
    guard cells <= Self.countLimit else {
      throw RequestError("--grid", expected: "at most \(Self.countLimit) cells", found: "\(cells)")
    }
    guard !seeds.isEmpty, keyframes != nil || seeds.count.isMultiple(of: cells) else {
      throw RequestError(
        "--seeds", expected: "a multiple of the \(cells) cells of the grid", found: "\(seeds.count)"
      )
    }
    let each = keyframes ?? seeds.count / cells
    let limit = Self.countLimit / cells
    guard (1...limit).contains(each) else {
      throw RequestError(
        "--num-keyframes", expected: "1 to \(limit) for each cell", found: "\(each)")
    }
    guard (1...limit).contains(framesPerKeyframe) else {
      throw RequestError(
        "--w-frames", expected: "1 to \(limit) for each keyframe", found: "\(framesPerKeyframe)")
    }
    guard (1...1000).contains(framesPerSecond) else {
      throw RequestError("--fps", expected: "1 to 1000", found: "\(framesPerSecond)")
    }
    return (each, each * framesPerKeyframe)
  }

  /// Checks the file's name, and that the program that its form needs is there.
  ///
  /// - Parameter file: The file to write.
  /// - Throws: `RequestError` for a form that is not known, `UnavailableError` without the program,
  ///   `FileError` of kind `cannotCreate`.
  public static func check(output file: String) async throws {
    try await VideoForm(of: file).checkProgram()
    try OutputFolder.check(file: file)
  }

  /// Checks that a generator can make the video.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - file: The file to write.
  /// - Throws: `RequestError` if there is no such class, or frames or codes would be too large.
  public func check(_ traits: GeneratorTraits, output file: String) throws(RequestError) {
    let each = try plan().keyframes
    try traits.check(settings)
    try traits.check(sheet: grid)
    let size = frameSize(traits)
    let limit = try VideoForm(of: file).sideLimit
    guard size.width <= limit, size.height <= limit else {
      throw RequestError(
        "--grid", expected: "frames of at most \(limit) pixels a side",
        found: "\(size.width)×\(size.height)")
    }
    let codes = grid.count * (each + framesPerKeyframe)
    let most = Self.codeLimit / (traits.numWs * traits.wDim * MemoryLayout<Float>.size)
    guard codes <= most else {
      throw RequestError(
        "--w-frames", expected: "at most \(most) codes in memory: fewer cells, keyframes or frames",
        found: "\(codes)")
    }
  }

  /// The size of a frame, in pixels.
  private func frameSize(_ traits: GeneratorTraits) -> (width: Int, height: Int) {
    (grid.columns * traits.resolution, grid.rows * traits.visibleRows.count)
  }

  /// Makes and writes the video, and the folder that it stands in.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - file: The file; its extension says the form: `webp`, `mp4` or `gif`.
  ///   - progress: Is told after every frame.
  /// - Throws: What the checks throw; `FileError` if the file cannot be written;
  ///   `CancellationError` between frames.
  public func run(on host: GeneratorHost, into file: String, progress: ProgressHandler) async throws
  {
    try await Self.check(output: file)
    try check(host.traits, output: file)
    _ = try OutputFolder(of: file)
    let (each, frames) = try plan()
    let cells = await keyframes(each, host)
    let size = frameSize(host.traits)
    let video = VideoFile(
      path: file, form: try VideoForm(of: file), width: size.width, height: size.height,
      hasAlpha: host.traits.imgChannels == 4, framesPerSecond: framesPerSecond)
    try await video.write { append in
      for keyframe in 0..<each {
        var paths: [Codes] = []
        for cell in cells {
          paths.append(
            await host.path(from: keyframe, of: cell, framesPerKeyframe: framesPerKeyframe))
        }
        for index in 0..<framesPerKeyframe {
          try Task.checkCancellation()
          try await append(await frame(paths.map { $0[index] }, host))
          let done = keyframe * framesPerKeyframe + index + 1
          progress(JobProgress(done: done, total: frames, unit: "frames"))
        }
      }
    }
  }

  /// The keyframes of each cell.
  private func keyframes(_ each: Int, _ host: GeneratorHost) async -> [Codes] {
    var order = (0..<each * grid.count).map { seeds[$0 % seeds.count] }
    if let shuffleSeed {
      var state = RandomState(seed: shuffleSeed)
      state.shuffle(&order)
    }
    var cells: [Codes] = []
    for cell in 0..<grid.count {
      let seeds = Array(order[cell * each..<(cell + 1) * each])
      cells.append(await host.codes(seeds: seeds, settings: settings))
    }
    return cells
  }

  /// The picture of all cells at one moment.
  private func frame(_ codes: [Codes], _ host: GeneratorHost) async -> ByteImage {
    var sheet: Sheet?
    for (cell, code) in codes.enumerated() {
      let picture = await host.picture(
        code, noise: settings.noise, noiseLayers: settings.noiseLayers)
      sheet = sheet ?? Sheet(grid, of: picture)
      sheet?.place(picture, column: cell % grid.columns, row: cell / grid.columns)
    }
    guard let image = sheet?.image else { preconditionFailure("a video of no cells") }
    return image
  }
}

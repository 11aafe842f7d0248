// Videos of smooth walks through W+: one keyframe's picture turns into the next, and the last into the first.

import Formats
import Networks
import Tensors

/// Makes a looping video in which every cell of a grid walks through its own keyframes.
public struct VideoJob: Sendable {
  /// The seeds of the keyframes: all of the first cell, then all of the second, left to right and top to bottom.
  public var seeds: [UInt32]
  /// Cells side by side and one below the other.
  public var grid = GridSize(columns: 1, rows: 1)
  /// Keyframes of each cell; nil for as many as the seeds give. With more, the seeds are used again from the first.
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

  /// The keyframes of each cell, and frames in all.
  ///
  /// - Returns: Both numbers.
  /// - Throws: `RequestError` if the seeds do not fill the grid evenly.
  public func plan() throws(RequestError) -> (keyframes: Int, frames: Int) {
    if keyframes == nil && seeds.count % grid.count != 0 {
      throw RequestError(
        description:
          "seeds: expected a multiple of the \(grid.count) cells of the grid, found \(seeds.count)")
    }
    let each = keyframes ?? seeds.count / grid.count
    guard each > 0, framesPerKeyframe > 0, each <= 1 << 20, framesPerKeyframe <= 1 << 20 else {
      throw RequestError(
        description:
          "frames: expected at least one keyframe and frame, found \(each) and \(framesPerKeyframe)")
    }
    return (each, each * framesPerKeyframe)
  }

  /// Makes and writes the video.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - file: The file; its extension says the form: `webp`, `mp4` or `gif`.
  ///   - progress: Is told after every frame.
  /// - Throws: `FileError` if the file cannot be written, `UnavailableError` without the program that its form needs;
  ///   `CancellationError` between frames.
  public func run(on host: GeneratorHost, into file: String, progress: ProgressHandler) async throws {
    let (each, frames) = try plan()
    let cells = await keyframes(each, host)
    let traits = host.traits
    let video = VideoFile(
      path: file, width: grid.columns * traits.resolution,
      height: grid.rows * traits.visibleRows.count, framesPerSecond: framesPerSecond)
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
      cells.append(
        await host.codes(seeds: seeds, settings: settings))
    }
    return cells
  }

  /// The picture of all cells at one moment.
  private func frame(_ codes: [Codes], _ host: GeneratorHost) async -> ByteImage {
    var sheet: Sheet?
    for (cell, code) in codes.enumerated() {
      let picture = await host.picture(code, noise: settings.noise)
      sheet = sheet ?? Sheet(grid, of: picture)
      sheet?.place(picture, column: cell % grid.columns, row: cell / grid.columns)
    }
    guard let image = sheet?.image else { preconditionFailure("a video of no cells") }
    return image
  }
}

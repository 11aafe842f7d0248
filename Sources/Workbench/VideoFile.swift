// Video files in the forms that people share: animated WebP by libwebp, MP4 and GIF by the `ffmpeg` program.

import Formats
import Subprocess

/// A video file about to be written.
struct VideoFile {
  let path: String
  /// The size of every frame, in pixels.
  let width: Int
  let height: Int
  let framesPerSecond: Int

  /// Takes the next frame.
  typealias Append = (ByteImage) async throws -> Void

  /// Forms by the extension of the file's name.
  static let extensions = ["webp", "mp4", "gif"]

  /// Writes the frames that `body` appends; the file appears under its name only when it is whole.
  func write(_ body: (Append) async throws -> Void) async throws {
    switch path.split(separator: ".").last?.lowercased() {
    case "webp": try await writeWebP(body)
    case "mp4": try await writeWithFFmpeg(Self.mp4Options, body)
    case "gif": try await writeWithFFmpeg(gifOptions, body)
    default:
      let names = Self.extensions.map { ".\($0)" }.joined(separator: ", ")
      throw FileError(
        .cannotCreate, file: path, expected: "a name that ends in one of \(names)",
        found: "another name")
    }
  }

  private func writeWebP(_ body: (Append) async throws -> Void) async throws {
    let animation = try WebPAnimation(
      path: path, width: width, height: height, frameMilliseconds: 1000 / Double(framesPerSecond),
      quality: .lossy(90))
    try await body { try animation.append($0) }
    try animation.finish()
  }

  // MARK: ffmpeg

  /// H.264 as every player shows it: 4:2:0, even sides.
  private static let mp4Options = [
    "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p",
    "-movflags", "+faststart", "-f", "mp4",
  ]

  /// One palette for the whole video. GIF counts hundredths of a second: 50 frames a second are the most.
  private var gifOptions: [String] {
    let rate = min(50, framesPerSecond)
    return [
      "-vf", "fps=\(rate),split[a][b];[a]palettegen[p];[b][p]paletteuse", "-f", "gif",
    ]
  }

  private func writeWithFFmpeg(_ options: [String], _ body: (Append) async throws -> Void)
    async throws
  {
    let program = Executable.name("ffmpeg")
    guard (try? await program.resolveExecutablePath(in: .inherit)) != nil else {
      throw UnavailableError(
        description: "\(path): needs the program ffmpeg, which is not installed; "
          + "install it, or give a name that ends in .webp")
    }
    let input = [
      "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
      "\(width)x\(height)", "-r", "\(framesPerSecond)", "-i", "-",
    ]
    let replacement = FileReplacement(of: path)
    defer { replacement.discard() }
    let result = try await Subprocess.run(
      program, arguments: Arguments(input + options + [replacement.temporary]),
      input: .inputWriter, output: .discarded, error: .string(limit: 4096)
    ) { execution in
      try await body { frame in
        _ = try await execution.standardInputWriter.write(frame.inColour.pixels)
      }
      try await execution.standardInputWriter.finish()
    }
    guard result.terminationStatus.isSuccess else {
      throw FileError(
        .ioFailed, file: path, expected: "ffmpeg to write the video",
        found: result.standardError)
    }
    try replacement.finish()
  }
}

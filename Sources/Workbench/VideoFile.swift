// Video files in the forms that people share: animated WebP by libwebp, MP4 and GIF by the `ffmpeg`
// program.

import Formats
import Foundation
import Subprocess
import SystemPackage

/// The forms of video files, by the extension of the file's name.
enum VideoForm: String, CaseIterable {
  case webp, mp4, gif

  /// The form that a file's name asks for.
  init(of path: String) throws(RequestError) {
    let name = FilePath(path).extension?.lowercased()
    guard let form = name.flatMap(Self.init(rawValue:)) else {
      let names = Self.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
      throw RequestError("--output", expected: "a name that ends in one of \(names)", found: path)
    }
    self = form
  }

  /// Checks that the program that writes this form is there.
  func checkProgram() async throws(UnavailableError) {
    guard self != .webp else { return }
    guard await Self.ffmpegPath() != nil else {
      throw UnavailableError(
        description: "a .\(rawValue) file needs the program ffmpeg, which is not installed; "
          + "install it, or give a name that ends in .webp")
    }
  }

  /// Where the program is that writes MP4 and GIF; nil if it is not installed.
  static func ffmpegPath() async -> String? {
    try? await ffmpeg.resolveExecutablePath(in: .inherit).string
  }

  /// The pixels that a side of a frame may have.
  var sideLimit: Int { self == .webp ? WebP.sideLimit : 1 << 14 }

  fileprivate static let ffmpeg = Executable.name("ffmpeg")
}

/// A video file about to be written.
struct VideoFile {
  let path: String
  let form: VideoForm
  /// The size of every frame, in pixels.
  let width: Int
  let height: Int
  /// Whether frames have an opacity beside their colours.
  let hasAlpha: Bool
  let framesPerSecond: Int

  /// Takes the next frame.
  typealias Append = (ByteImage) async throws -> Void

  /// Writes the frames that `body` appends; the file appears under its name only when it is whole.
  func write(_ body: (Append) async throws -> Void) async throws {
    switch form {
    case .webp: try await writeWebP(body)
    case .mp4: try await writeWithFFmpeg(Self.mp4Options, body)
    case .gif: try await writeWithFFmpeg(gifOptions, body)
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

  /// One palette for the whole video.
  ///
  /// GIF counts hundredths of a second: 50 frames a second are the most.
  private var gifOptions: [String] {
    let rate = min(50, framesPerSecond)
    return [
      "-vf", "fps=\(rate),split[a][b];[a]palettegen[p];[b][p]paletteuse", "-f", "gif",
    ]
  }

  /// ffmpeg ended before it had all frames; it says why.
  private struct Refused: Error {}

  private func writeWithFFmpeg(_ options: [String], _ body: (Append) async throws -> Void)
    async throws
  {
    let input = [
      "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", hasAlpha ? "rgba" : "rgb24", "-s",
      "\(width)x\(height)", "-r", "\(framesPerSecond)", "-i", "-",
    ]
    let replacement = try FileReplacement(of: path)
    defer { replacement.discard() }
    let result = try await Subprocess.run(
      VideoForm.ffmpeg, arguments: Arguments(input + options + [replacement.temporary]),
      input: .inputWriter, output: .discarded, error: .string(limit: 1 << 20)
    ) { execution in
      do {
        try await body { frame in
          do {
            _ = try await execution.standardInputWriter.write(frame.inColour.pixels)
          } catch {
            throw Refused()
          }
        }
      } catch is Refused {}
      try await execution.standardInputWriter.finish()
    }
    guard result.terminationStatus.isSuccess else {
      let words = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
        .replacing(replacement.temporary, with: path)
      throw FileError(
        .ioFailed, file: path, expected: "ffmpeg to write the video",
        found: words.isEmpty ? "\(result.terminationStatus)" : words)
    }
    try replacement.finish()
  }
}

// What the program ffmpeg is given, told by a stand-in for it.

import Formats
import Foundation
import TestSupport
import Testing

@Suite("Videos by ffmpeg")
struct FFmpegTests {
  /// Runs `video` with a script in the place of ffmpeg.
  private func video(_ script: String, in folder: String, _ more: [String] = []) async throws
    -> Outcome
  {
    let program = "\(folder)/bin/ffmpeg"
    try FileManager.default.createDirectory(
      atPath: "\(folder)/bin", withIntermediateDirectories: true)
    try put(Array("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n".utf8), at: program)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
    return try await stylist(
      [
        "video", "--network=\(plainNetwork)", "--seeds=0,1", "--w-frames=3", "--fps=7",
        "--output=out/walk.mp4",
      ] + more,
      path: "\(folder)/bin", in: folder)
  }

  @Test("gets every frame as raw pixels, and the file appears when it is whole")
  func frames() async throws {
    try await withScratchFolder { folder in
      // The last argument is the file to write.
      let outcome = try await video(
        "echo \"$*\" > arguments; for last; do :; done; cat > \"$last\"", in: folder)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(names(in: "\(folder)/out") == ["walk.mp4"])
      #expect(try ByteRegion(mapping: "\(folder)/out/walk.mp4").count == 6 * 16 * 16 * 3)
      let arguments = try String(contentsOfFile: "\(folder)/arguments", encoding: .utf8)
      #expect(arguments.contains("-f rawvideo -pix_fmt rgb24 -s 16x16 -r 7 -i -"))
    }
  }

  @Test("74: says why ffmpeg failed, and leaves nothing")
  func failure() async throws {
    try await withScratchFolder { folder in
      let outcome = try await video(
        "echo 'no such codec' >&2; exit 1", in: folder, ["--w-frames=3000"])
      expect(outcome, endsWith: 74, saying: "no such codec")
      #expect(names(in: "\(folder)/out").isEmpty)
    }
  }

  @Test("74: names the file that it was asked for, whatever name ffmpeg was given")
  func failureName() async throws {
    try await withScratchFolder { folder in
      let outcome = try await video(
        "for last; do :; done; echo \"$last: no space\" >&2; exit 1", in: folder)
      expect(outcome, endsWith: 74, saying: "found out/walk.mp4: no space")
      #expect(!outcome.stderr.contains("partial"))
    }
  }
}

// Videos: their frames, their loop, and the program that writes some of them.

import Formats
import Foundation
import Networks
import TestSupport
import Testing
import Workbench

@Suite("Videos")
struct VideoJobTests {
  private func job(_ seeds: [UInt32] = [1, 2, 3], frames: Int = 2) -> VideoJob {
    var job = VideoJob(seeds: seeds)
    (job.framesPerKeyframe, job.framesPerSecond) = (frames, 10)
    return job
  }

  @Test("plans as many keyframes as there are seeds for each cell")
  func plan() throws {
    var job = job([1, 2, 3, 4, 5, 6], frames: 7)
    #expect(try job.plan() == (6, 42))
    job.grid = GridSize(columns: 2, rows: 1)
    #expect(try job.plan() == (3, 21))
    job.keyframes = 5
    #expect(try job.plan() == (5, 35))
  }

  @Test("writes every frame")
  func frames() async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/new/walk.webp"
      try await job().run(on: GeneratorHost(plainNetwork), into: path, progress: silently)
      let content = try WebP.read(ByteRegion(mapping: path))
      #expect(content.frameCount == 6)
      #expect((content.first.width, content.first.height) == (16, 16))
      #expect(names(in: "\(folder)/new") == ["walk.webp"])
    }
  }

  @Test("passes through every keyframe, and the last step leads back to the first")
  func loop() async throws {
    let host = try GeneratorHost(plainNetwork)
    let keyframes = await host.codes(seeds: [1, 2, 3], settings: PictureSettings())
    var path: [Codes] = []
    for keyframe in 0..<3 {
      path.append(await host.path(from: keyframe, of: keyframes, framesPerKeyframe: 100))
    }
    for keyframe in 0..<3 { #expect(path[keyframe][0] == keyframes[keyframe]) }
    func distance(_ a: Codes, _ b: Codes) -> Float {
      zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
    }
    // A hundredth of the way: the path is smooth, so no step is much longer than the way from key
    // to key is.
    let closing = distance(path[2][99], path[0][0])
    #expect(closing > 0)
    #expect(closing < distance(keyframes[2], keyframes[0]) / 10)
  }

  @Test("a video of one keyframe stands still")
  func still() async throws {
    let host = try GeneratorHost(plainNetwork)
    let code = await host.codes(seeds: [1], settings: PictureSettings())
    let path = await host.path(from: 0, of: code, framesPerKeyframe: 3)
    #expect((0..<3).allSatisfy { path[$0] == code })
  }

  @Test("a video that is cancelled leaves nothing")
  func cancellation() async throws {
    try await withScratchFolder { folder in
      let host = try GeneratorHost(plainNetwork)
      let job = job()
      let work = Task {
        try await job.run(on: host, into: "\(folder)/walk.webp") { step in
          if step.done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      await #expect(throws: CancellationError.self) { try await work.value }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test(
    "refuses names that say no form", arguments: ["walk", "walk.avi", "webp", ".webp", "a.webp/b"])
  func forms(name: String) async throws {
    await #expect(throws: RequestError.self) { try await VideoJob.check(output: "/tmp/\(name)") }
  }

  @Test("refuses a folder or a pipe in the place of the file")
  func inTheWay() async throws {
    try await withScratchFolder { folder in
      _ = try OutputFolder(making: "\(folder)/folder.webp")
      #expect(mkfifo("\(folder)/pipe.webp", 0o600) == 0)
      for name in ["folder", "pipe"] {
        await #expect(throws: FileError.self) {
          try await VideoJob.check(output: "\(folder)/\(name).webp")
        }
      }
    }
  }
}

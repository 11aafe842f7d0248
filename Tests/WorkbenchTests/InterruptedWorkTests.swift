// Searches that are cancelled: what they keep, and that they say nothing of what there is not.

import Datasets
import Editing
import Formats
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Interrupted searches")
struct InterruptedWorkTests {
  /// Progress that cancels its own task when so much is done.
  private func cancelling(at done: Int) -> ProgressHandler {
    { progress in
      if progress.done == done { withUnsafeCurrentTask { $0?.cancel() } }
    }
  }

  /// Runs `body` in a task of its own, cancelled before it begins if that is wanted, and gives what
  /// it throws.
  private func failure(
    cancelled: Bool = false, _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> any Error {
    let task = Task {
      if cancelled { withUnsafeCurrentTask { $0?.cancel() } }
      try await body()
    }
    guard case .failure(let error) = await task.result else {
      throw FileError(.doesNotFit, file: "task", expected: "an error", found: "none")
    }
    return error
  }

  private func photographs(_ count: Int, in folder: String) throws -> PhotographCodes {
    _ = try OutputFolder(making: "\(folder)/photos")
    for index in 0..<count {
      try PNG(image: noise(width: 16, height: 16, channels: 3, seed: UInt32(index + 1)))
        .write(to: "\(folder)/photos/\(index).png")
    }
    return try PhotographCodes(
      "\(folder)/photos", encoder: nil, search: CodeSearch(steps: 2, fromEncoder: false))
  }

  @Test("a search speaks of what it found only if it took a step, and of the video it leaves out")
  func project() async throws {
    try await withScratchFolder { folder in
      _ = try photographs(1, in: folder)
      @Sendable func run(
        into name: String, cancelled: Bool = false, video: Bool,
        _ progress: @escaping ProgressHandler
      ) async throws -> any Error {
        try await failure(cancelled: cancelled) {
          var job = ProjectJob("\(folder)/photos/0.png", provenance: provenance(nil))
          job.settings = try ProjectJob.settings(
            space: "w", noise: "stored", steps: 4, learningRate: 0.1, prior: 0)
          job.savesVideo = video
          let host = try GeneratorHost(plainNetwork)
          let prepared = try job.prepared(host.traits, plainNetwork)
          _ = try await job.run(
            prepared, plainNetwork, on: host, into: OutputFolder(making: "\(folder)/\(name)"),
            progress: progress)
        }
      }
      let early = try await run(into: "early", cancelled: true, video: false, silently)
      #expect(early is CancellationError && names(in: "\(folder)/early").isEmpty)
      let late = try await run(into: "late", video: false, cancelling(at: 2))
      #expect("\(late)" == "what was found so far is in \(folder)/late")
      let video = try await run(into: "video", video: true, cancelling(at: 2))
      #expect("\(video)" == "what was found so far is in \(folder)/video, without the video")
      #expect(late is InterruptedWork && video is InterruptedWork)
      let files = [
        "codes.safetensors", "distance.png", "proj.png", "projected_w.npz", "target.png",
      ]
      #expect(names(in: "\(folder)/late") == files && names(in: "\(folder)/video") == files)
    }
  }

  @Test("an inversion speaks of codes only if a photograph is done")
  func invert() async throws {
    try await withScratchFolder { folder in
      let codes = try photographs(3, in: folder)
      @Sendable func run(into name: String, _ progress: @escaping ProgressHandler) async throws
        -> any Error
      {
        try await failure {
          let job = InvertJob(codes, provenance: provenance(nil))
          _ = try await job.run(
            plainNetwork, on: GeneratorHost(plainNetwork),
            into: OutputFolder(making: "\(folder)/\(name)"), progress: progress)
        }
      }
      // Two steps and the end of a photograph are three.
      let early = try await run(into: "early", cancelling(at: 1))
      #expect(early is CancellationError && names(in: "\(folder)/early").isEmpty)
      let late = try await run(into: "late", cancelling(at: 6))
      #expect(late is InterruptedWork && "\(late)".hasSuffix("codes are of the 2 pictures done"))
      #expect(try CodeFile(reading: "\(folder)/late/codes.safetensors").names == ["0", "1"])
    }
  }

  @Test("an edit of photographs keeps the codes that it has found, and edits them later")
  func edit() async throws {
    try await withScratchFolder { folder in
      let codes = try photographs(3, in: folder)
      let path = "\(folder)/directions.safetensors"
      let direction = Tensor.seeded([16], seed: 1).cast(to: .float32)
      try DirectionFile([LatentDirection(direction)]).write(to: path)
      @Sendable func run(
        _ subject: EditSubject, into name: String, _ progress: @escaping ProgressHandler
      ) async throws -> EditedPictures {
        var job = try EditDirectionJob(try editRequest(subject), along: path)
        job.strengths = [1]
        return try await job.run(
          on: GeneratorHost(plainNetwork), into: OutputFolder(making: "\(folder)/\(name)"),
          progress: progress)
      }
      let early = try await failure {
        _ = try await run(.photographs(codes), into: "early", cancelling(at: 1))
      }
      #expect(early is CancellationError && names(in: "\(folder)/early").isEmpty)
      let late = try await failure {
        _ = try await run(.photographs(codes), into: "late", cancelling(at: 6))
      }
      let found = "\(folder)/late/found.safetensors"
      #expect(late is InterruptedWork)
      #expect("\(late)" == "the codes of 2 photographs are in \(found)")
      #expect(names(in: "\(folder)/late") == ["found.safetensors"])
      let file = try CodeFile(reading: found)
      #expect(file.names == ["0", "1"])
      #expect(file.generatorHash == (try editRequest().generatorHash))
      // They are those of a search that nobody interrupts.
      let whole = try await run(.photographs(codes), into: "whole", silently)
      #expect(
        whole.failures.isEmpty && whole.files.first?.file.hasSuffix("found.safetensors") == true)
      let again = try await run(.codes(file), into: "again", silently)
      #expect(
        again.files.map(\.file).prefix(2) == [
          "\(folder)/again/0-strength1.png", "\(folder)/again/1-strength1.png",
        ])
      for name in ["0", "1"] {
        let pictures = try ["whole", "again"].map {
          try PNG(path: "\(folder)/\($0)/\(name)-strength1.png").image
        }
        #expect(pictures[0] == pictures[1])
      }
    }
  }

  @Test("names of codes name files if they can, and all of them")
  func stems() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/directions.safetensors"
      let direction = Tensor.seeded([16], seed: 1).cast(to: .float32)
      try DirectionFile([LatentDirection(direction)]).write(to: path)
      let long = String(repeating: "a", count: 101)
      for (names, stems) in [
        (["a b", "c"], ["a b", "c"]), (["a", "a"], ["00", "01"]), (["a", "A"], ["00", "01"]),
        (["a", "b/c"], ["00", "01"]), (["", "b"], ["00", "01"]), (["..", "b"], ["00", "01"]),
        (["a\n", "b"], ["00", "01"]), ([long, "b"], ["00", "01"]), ([], ["00", "01"]),
      ] {
        let file = try writeNamedCodes(names, to: "\(folder)/codes.safetensors")
        var job = try EditDirectionJob(try editRequest(.codes(file)), along: path)
        job.strengths = [1]
        #expect(job.pictureNames == stems.map { "\($0)-strength1.png" })
      }
    }
  }
}

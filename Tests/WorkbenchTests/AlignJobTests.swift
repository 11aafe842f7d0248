// Faces cut out of pictures: which, by which points, and what becomes of pictures that cannot be
// used.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing
import Workbench

@Suite("Cutting faces out of pictures")
struct AlignJobTests {
  /// Writes pictures of 40×30 pixels and a table of points, and runs a job over them.
  private func align(
    _ pictures: [String], table: String, choice: AlignJob.Choice = .only, in folder: String
  ) async throws -> AlignJob.Outcome {
    let points = "\(folder)/points.csv"
    try writeAtomically(to: points) { try $0.write(Array(table.utf8)) }
    return try await align(pictures, AlignJob.Points(points), choice: choice, in: folder)
  }

  private func align(
    _ pictures: [String], _ points: AlignJob.Points, choice: AlignJob.Choice = .only,
    in folder: String
  ) async throws -> AlignJob.Outcome {
    let source = "\(folder)/photos"
    for name in pictures {
      let file = "\(source)/\(name)"
      _ = try OutputFolder(of: file)
      let pixels = (0..<40 * 30 * 3).map { UInt8($0 % 251) }
      try PNG(image: ByteImage(width: 40, height: 30, channels: 3, pixels: pixels)).write(to: file)
    }
    var job = AlignJob(source, points: points)
    job.rule = FaceAlignment(size: 16, supersampling: 1)
    job.choice = choice
    return try await job.run(into: try OutputFolder(making: "\(folder)/out"), progress: silently)
  }

  private static let heading =
    "file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,"
    + "left_mouth_x,left_mouth_y,right_mouth_x,right_mouth_y\n"

  @Test("every picture of a table becomes a face; the others are said and do not stop it")
  func table() async throws {
    try await withScratchFolder { folder in
      let outcome = try await align(
        ["a.png", "b.png", "in/c.png", "d.png"],
        table: Self.heading + "a.png,15,10,25,10,16,20,24,20\nin/c.png,14,9,24,9,15,19,23,19\n"
          + "d.png,15,10,45,10,16,20,24,20\n", in: folder)
      #expect(outcome.aligned.map(\.source) == ["a.png", "in/c.png"])
      #expect(
        outcome.aligned.map(\.file) == ["\(folder)/out/a.png", "\(folder)/out/in-c.png"])
      #expect(outcome.failures.count == 2)
      #expect(outcome.failures[0].reason.contains("b.png: does not fit: expected a line for it"))
      #expect(outcome.failures[1].reason.contains("points within 40×30 pixels, found 45,10"))
      #expect(outcome.failures.allSatisfy { $0.exitCode == 65 })
      let face = try PNG(path: outcome.aligned[0].file).image
      #expect((face.width, face.height) == (16, 16))

      // The table that it writes is one that it reads.
      let again = try LandmarkFile(path: "\(folder)/out/landmarks.csv")
      #expect(again.faces["in/c.png"] == [outcome.aligned[1].landmarks])
    }
  }

  @Test("names of a table that no picture has are said")
  func unusedLines() async throws {
    let line = ",15,10,25,10,16,20,24,20\n"
    let table = Self.heading + ["b.png", "a.png", "c.png"].map { $0 + line }.joined()
    try await withScratchFolder { folder in
      let some = try await align(["a.png"], table: table, in: folder)
      #expect(
        some.remarks
          == ["\(folder)/points.csv: there is no picture for 2 of its 3 names: b.png, c.png"])
      let all = try await align(["a.png", "b.png", "c.png"], table: table, in: folder)
      #expect(all.remarks.isEmpty && all.aligned.count == 3)
    }
  }

  @Test("points whose left and right are exchanged are said, however the face is turned")
  func exchangedPoints() async throws {
    // Eyes, then corners of the mouth, of a face whose middle is in 0, 0.
    let upright = [(-4.0, -3.0), (4, -3), (-3, 5), (3, 5)]
    for turn in stride(from: 0.0, to: 6.28, by: 0.7) {
      func face(_ places: [Int]) -> FaceLandmarks {
        FaceLandmarks(
          places.flatMap { place in
            let (x, y) = upright[place]
            return [x * cos(turn) - y * sin(turn) + 20, x * sin(turn) + y * cos(turn) + 15]
          })
      }
      #expect(FaceAlignment.exchange(in: face([0, 1, 2, 3])) == nil, "\(turn)")
      #expect(FaceAlignment.exchange(in: face([1, 0, 2, 3])) == "the eyes")
      #expect(FaceAlignment.exchange(in: face([0, 1, 3, 2])) == "the corners of the mouth")
      #expect(
        FaceAlignment.exchange(in: face([1, 0, 3, 2])) == "the eyes, and the corners of the mouth,")
    }
    let table = Self.heading + "a.png,25,10,15,10,24,21,16,21\nb.png,15,10,25,10,16,20,24,20\n"
    try await withScratchFolder { folder in
      let outcome = try await align(["a.png", "b.png"], table: table, in: folder)
      #expect(outcome.aligned.count == 2 && outcome.remarks.count == 1)
      #expect(
        outcome.remarks.first?.hasPrefix(
          "\(folder)/photos/a.png: left and right of the eyes, and the corners of the mouth, seem to "
            + "be exchanged") == true)
      // With eyes as far apart as from the mouth, nothing says which way it stands.
      let undecided = try await align(
        ["a.png"], table: Self.heading + "a.png,25,10,15,10,24,20,16,20\n", in: folder)
      #expect(undecided.aligned.isEmpty)
      #expect(undecided.failures.first?.reason.contains("which way the face stands") == true)
    }
  }

  @Test("a picture with several faces is left out, or gives its largest, or all")
  func severalFaces() async throws {
    let table = Self.heading + "a.png,15,10,20,10,16,15,19,15\na.png,10,10,30,10,12,25,28,25\n"
    try await withScratchFolder { folder in
      let only = try await align(["a.png"], table: table, in: folder)
      #expect(only.aligned.isEmpty)
      #expect(only.failures.first?.reason.contains("expected one face") == true)
      let largest = try await align(["a.png"], table: table, choice: .largest, in: folder)
      #expect(largest.aligned.map(\.landmarks.leftEye.x) == [10])
      let all = try await align(["a.png"], table: table, choice: .all, in: folder)
      #expect(all.aligned.map(\.file) == ["\(folder)/out/a.png", "\(folder)/out/a-1.png"])
    }
  }

  /// Finds so many faces beside one another, and cannot count to nine.
  private struct CountingFinder: FaceFinder {
    let count: Int

    func faces(in picture: ByteImage) async throws -> [FaceLandmarks] {
      guard count < 9 else { throw FileError(.damaged, file: "x", expected: "y", found: "z") }
      return (0..<count).map { number in
        let x = 10 + Double(number)
        return FaceLandmarks([x, 8, x + 10, 8, x + 2, 18, x + 8, 18])
      }
    }
  }

  @Test("a finder's faces are cut out, the first where one is wanted, and none is said")
  func finder() async throws {
    try await withScratchFolder { folder in
      func run(_ count: Int, _ choice: AlignJob.Choice) async throws -> AlignJob.Outcome {
        try await align(
          ["a.png"], .finder(CountingFinder(count: count)), choice: choice, in: folder)
      }
      let none = try await run(0, .largest)
      #expect(none.aligned.isEmpty)
      #expect(none.failures.map(\.exitCode) == [65])
      #expect(none.failures.first?.reason.hasSuffix("expected a face, found none") == true)
      #expect(try await run(1, .only).aligned.count == 1)
      #expect(try await run(2, .only).failures.first?.reason.contains("expected one face") == true)
      #expect(try await run(3, .largest).aligned.map(\.landmarks.leftEye.x) == [10])
      #expect(try await run(3, .all).aligned.map(\.landmarks.leftEye.x) == [10, 11, 12])
      #expect(try await run(9, .all).failures.map(\.exitCode) == [65])
    }
  }

  @Test("CelebA's list is read as it is")
  func celebA() throws {
    let list = """
      2
      lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y
      000001.jpg   69  109  106  113   77  142   73  152  108  154
      000002.jpg   69  110  107  112   81  135   70  151  108  153
      """
    try withScratchFolder { folder in
      let file = "\(folder)/list.txt"
      try writeAtomically(to: file) { try $0.write(Array(list.utf8)) }
      let faces = try LandmarkFile(path: file).faces
      #expect(faces.count == 2)
      #expect(faces["000001.jpg"] == [FaceLandmarks([69, 109, 106, 113, 73, 152, 108, 154])])
    }
  }

  @Test(
    "tables that do not fit are refused with their line",
    arguments: [
      ("", "nothing"), ("name,x\n", "name,x"), (heading + "a.png,1,2,3\n", "in line 2"),
      (heading + "a.png,1,2,3,4,5,6,seven,8\n", "in line 2"),
      (heading + "a.png,1,2,3,4,5,6,7e99,8\n", "in line 2, column right_mouth_x, found 7e99"),
      (
        heading + "\na.png,1,2,3,4,5,6,7,8\r\nb.png,1,nan,3,4,5,6,7,8\n",
        "in line 4, column left_eye_y, found nan"
      ),
      (heading + "a.png,1,2,3,inf,5,6,7,8\n", "in line 2, column right_eye_y, found inf"),
    ])
  func badTables(text: String, words: String) throws {
    try withScratchFolder { folder in
      let file = "\(folder)/points.csv"
      try writeAtomically(to: file) { try $0.write(Array(text.utf8)) }
      let error = #expect(throws: FileError.self) { try LandmarkFile(path: file) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }
}

// The code of the article "Aligning faces", and what it says about it.

import Datasets
import Formats
import Foundation
import TestSupport
import Testing

@Suite("Aligning faces, the article") struct AligningFacesArticleTests {
  @Test("a face is cut out by four points")
  func rule() {
    let photograph = ByteImage(
      width: 640, height: 480, channels: 3, pixels: (0..<640 * 480 * 3).map { UInt8($0 % 253) })

    let face = FaceLandmarks([310, 242, 420, 236, 330, 360, 412, 355])
    let rule = FaceAlignment(size: 256)
    let aligned = rule.aligned(photograph, face)  // 256×256
    let corners = rule.part(of: face).corners  // where it was, to put it back

    #expect((aligned.width, aligned.height, aligned.channels) == (256, 256, 3))
    #expect(corners.count == 4 && corners[0].x < corners[3].x && corners[0].y < corners[1].y)
  }

  @Test("the table of the article is one that is read")
  func table() throws {
    let page = try #require(try DocumentationPage.all().first { $0.name == "AligningFaces" })
    let table = try #require(page.blocks.first { $0.lines[0].hasPrefix("file,") })
    try withScratchFolder { folder in
      try put(Array(table.lines.joined(separator: "\n").utf8), at: "\(folder)/points.csv")
      let faces = try LandmarkFile(path: "\(folder)/points.csv").faces
      #expect(
        faces["ann.jpg"] == [FaceLandmarks([310, 242, 420, 236, 330, 360, 412, 355])])
    }
  }
}

// Detectors of faces from files: what they find in pictures, and which files they refuse.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Detectors from files")
struct FaceDetectorHostTests {
  /// Writes one of our own files that finds bright squares.
  private func writeDetector(
    in folder: String, _ change: (ParameterStore) -> Void = { _ in }
  ) throws -> String {
    let network = MTCNN(Scope(ParameterStore()))
    withoutGradients {
      for (name, tensor) in SquareDetector.parameters() { network.parameters[name].assign(tensor) }
      change(network.parameters)
    }
    let path = "\(folder)/detector.safetensors"
    try writeNetworkFile(network.parameters, configuration: MTCNNConfiguration(), to: path)
    return path
  }

  /// A picture with a bright square.
  private func picture(
    width: Int, height: Int, left: Int, top: Int, side: Int
  ) -> ByteImage {
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for row in top..<top + side {
      for place in (row * width + left) * 3..<(row * width + left + side) * 3 {
        pixels[place] = 255
      }
    }
    return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
  }

  @Test("points are in the pixels of the picture, also where a smaller copy is searched")
  func points() async throws {
    try await withScratchFolder { folder in
      let host = try FaceDetectorHost(writeDetector(in: folder))
      for (width, height, left, top, side, tolerance) in [
        (200, 150, 61, 50, 40, 1.5), (3000, 2000, 1300, 500, 320, 8),
      ] {
        let image = picture(width: width, height: height, left: left, top: top, side: side)
        let faces = await host.faces(in: image)
        #expect(faces.count == 1)
        let face = try #require(faces.first)
        let (x, y) = (Double(left) - 0.5, Double(top) - 0.5)
        let expected = [0, 1, 2, 3].map { i in
          ImagePoint(x: x + Double(i % 2 * side), y: y + Double(i / 2 * side))
        }
        for (a, b) in zip(face.points, expected) {
          #expect(abs(a.x - b.x) < tolerance && abs(a.y - b.y) < tolerance, "\(a), expected \(b)")
          #expect((a.x * 100).rounded() / 100 == a.x)
        }
        #expect(await host.faces(in: image) == faces)
      }
    }
  }

  @Test("faces of which a point lies outside the picture are left out")
  func outside() async throws {
    try await withScratchFolder { folder in
      let path = try writeDetector(in: folder) { store in
        // The left eye a whole box to the left.
        store["onet.dense6_3.bias"].sliced(0..<1, axis: 0).assign(.full(-1, [1]))
      }
      let host = try FaceDetectorHost(path)
      let near = picture(width: 200, height: 150, left: 61, top: 50, side: 40)
      #expect(await host.faces(in: near).isEmpty)
      let far = picture(width: 300, height: 150, left: 161, top: 50, side: 40)
      #expect(await host.faces(in: far).count == 1)
    }
  }

  @Test("files of anything else, numbers that are none and sizes below a window are refused")
  func refusals() throws {
    try withScratchFolder { folder in
      let path = try writeDetector(in: folder) { store in
        store["rnet.conv1.bias"].assign(.full(.nan, [28]))
      }
      expect(.damaged, says: "expected finite numbers, found others in rnet.conv1.bias") {
        _ = try FaceDetectorHost(path)
      }
      expect(.missing) { _ = try FaceDetectorHost("\(folder)/none") }
      expect(.missing, says: "\(folder)/pnet.pt") { _ = try FaceDetectorHost(folder) }
      try TorchArchive.write(.dictionary([]), to: "\(folder)/pnet.pt")
      expect(
        .notRecognised,
        says:
          "a folder with pnet, rnet and onet, or a .safetensors file of a detector, found a torch file"
      ) {
        _ = try FaceDetectorHost("\(folder)/pnet.pt")
      }
      var lpips = LPIPSConfiguration()
      lpips.widthDivisor = 64
      let other = "\(folder)/lpips.safetensors"
      try writeNetworkFile(
        LPIPS(lpips, Scope(ParameterStore())).parameters, configuration: lpips, to: other)
      expect(.doesNotFit, says: "file of a detector, found only features") {
        _ = try FaceDetectorHost(other)
      }
      for size in [11, 0, -5, 5000] {
        #expect(throws: RequestError.self) { try FaceDetectorHost(path, minFaceSize: size) }
      }
    }
  }
}

// The example on the first page about file formats.

import Formats
import TestSupport
import Testing

@Suite("First example of Formats") struct FormatsPageTests {
  @Test("a tensor is written and read again")
  func example() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/w.safetensors"

      let values: [Float] = [0.5, 1.5]
      let bytes = values.withUnsafeBytes { [UInt8]($0) }
      let entry = Safetensors.Entry(name: "w", elementType: .float32, shape: [2]) {
        ByteRegion(bytes, name: "w")
      }
      try Safetensors.write([entry], metadata: ["made by": "example"], to: path)

      let file = try Safetensors(path: path)
      print(file.names, file.metadata, file.tensors["w"]?.shape ?? [])
      print(FileForm(of: try ByteRegion(mapping: path)))  // told by its content, not by its name

      #expect(file.tensors["w"].map(floats) == values)
      #expect(FileForm(of: try ByteRegion(mapping: path)) == .safetensors)
    }
  }
}

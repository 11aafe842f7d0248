// One picture from a checkpoint, step by step: z of a seed → w → W+ → image → PNG.

import Checkpoints
import Formats
import Networks
import Tensors

@main
struct GenerateImage {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 2, let network = arguments.first, let picture = arguments.last else {
      print("usage: GenerateImage NETWORK.pkl PICTURE.png")
      return
    }

    // A checkpoint is opened as data; nothing in it runs. G_ema is the generator that people look
    // at.
    let checkpoint = try Checkpoint.open(network)
    guard let found = checkpoint.preferredGenerator else {
      print("\(network) holds no generator")
      return
    }
    let generator = try found.network.makeGenerator()

    // Seed 85 is the same z as numpy.random.RandomState(85).randn(1, zDim).
    let z = generator.z(seed: 85)
    let w = generator.map(z: z, labels: generator.label(classIndex: 0))  // [1, wDim]
    let wPlus = generator.broadcast(w, truncation: Truncation(psi: 0.7))  // [1, numWs, wDim]
    let image = withoutGradients { generator.synthesize(wPlus, options: SynthesisOptions()) }

    // From [1, 3, H, W] around [-1, 1] to bytes, exactly as the family's own code rounds.
    let bytes = generator.traits.pixelEncoding.bytes(image)  // [1, H, W, 3]
    let pixels = ByteImage(
      width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
      pixels: bytes.values(as: UInt8.self))
    try PNG(image: pixels).write(to: picture)
    print("\(picture): \(pixels.width)×\(pixels.height), from \(found.role) in \(network)")
  }
}

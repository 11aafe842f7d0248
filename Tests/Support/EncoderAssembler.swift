// Parts of the files in which programs keep encoders beside the generators that they are for.

import Checkpoints
package import Formats
package import Networks
package import Tensors

/// The entries of a dictionary in a torch file.
package typealias TorchEntries = [(key: String, value: TorchArchive.Value)]

/// Three stages of one unit, the last as wide as the tiny generators' w.
package func tinyTrunk() -> IRSEConfiguration {
  var trunk = IRSEConfiguration(
    stemWidth: 2, stages: [2, 3, 4].map { .init(width: $0, units: 1) })
  trunk.squeezeReduction = 2
  return trunk
}

/// Pictures of 256×256, and codes of 4 rows of 4.
package func tinyEncoderShape() -> EncoderShape {
  var shape = EncoderShape()
  (shape.trunk, shape.numWs, shape.wDim) = (tinyTrunk(), 4, 4)
  return shape
}

/// An encoder of pSp or e4e of that shape.
package func tinyPSp(_ head: PSpEncoderConfiguration.Head) -> PSpEncoderConfiguration {
  var configuration = PSpEncoderConfiguration()
  (configuration.shape, configuration.head) = (tinyEncoderShape(), head)
  if head == .gradual || head == .offsets {
    (configuration.coarseEnd, configuration.middleEnd) = (1, 3)
    configuration.headConvolutions = [5, 6, 7]
  }
  return configuration
}

/// A tensor of float32 as it is, or one of int64 as zeros.
package func torchValue(_ tensor: Tensor) -> TorchArchive.Value {
  .tensor(
    TensorToWrite(
      elementType: tensor.dtype == .int64 ? .int64 : .float32, shape: tensor.shape
    ) {
      guard tensor.dtype == .int64 else {
        return ByteRegion(floatBytes(tensor.values()), name: "x")
      }
      return ByteRegion([UInt8](repeating: 0, count: 8 * tensor.count), name: "x")
    })
}

/// A generator under rosinality's names, with a prefix.
package func rosinalityEntries(of generator: StyleGAN2, prefix: String) throws -> TorchEntries {
  try withScratchFolder { folder in
    try writeNetworkFile(
      generator.parameters, configuration: generator.configuration,
      to: "\(folder)/g.safetensors")
    try RosinalityFile.write(
      Checkpoint.open("\(folder)/g.safetensors").networks, to: "\(folder)/g.pt")
    let state = try TorchState(reading: "\(folder)/g.pt").tensors
    return try state.filter { $0.key.hasPrefix("g_ema.") }.map {
      (prefix + $0.key.dropFirst("g_ema.".count), torchValue(try Tensor.reading($0.value)))
    }
  }
}

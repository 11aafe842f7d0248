// The example on the first page about inversion.

import Inversion
import Networks
import TestSupport
import Tensors
import Testing

@Suite("First example of Inversion") struct InversionPageTests {
  @Test("the code of a picture is found, and its picture made")
  func example() throws {
    let generator = makeGenerator(smallStyleGAN2())
    let target = picture(of: code(of: 7, generator), by: generator)

    let statistics = LatentStatistics(of: generator, count: 1000)
    var settings = ProjectionSettings()
    (settings.steps, settings.space) = (50, .wPlus)

    let projector = try Projector(
      of: target, by: generator, distance: .pyramid, statistics: statistics, settings: settings)
    let found = try projector.run { step in
      print(step.step, step.distance)
    }
    let picture = found.picture(by: generator)  // [1, 3, H, W], with the noise that was found

    #expect(picture.shape == target.shape)
    #expect((picture - target).square().mean().item() < found.history[0].pixelDifference)
  }
}

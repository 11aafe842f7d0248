// The schedule of growing, and real images on the way.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Progressive growing") struct ProgressiveGrowingTests {
  @Test("a resolution is trained, the next is faded in, and so on to the end")
  func schedule() {
    let schedule = GrowingSchedule()
    let expected: [(kimg: Double, lod: Double, resolution: Int)] = [
      (0, 7, 8), (600, 7, 8), (900, 6.5, 16), (1200, 6, 16), (1800, 6, 16), (1801, 5.998_333, 32),
      (8400, 0, 1024), (25_000, 0, 1024),
    ]
    for (kimg, lod, resolution) in expected {
      let found = schedule.lod(kimg: kimg, resolution: 1024)
      #expect(abs(found - lod) < 1e-6, "\(kimg)")
      #expect(GrowingSchedule.resolution(atLod: found, of: 1024) == resolution, "\(kimg)")
    }
  }

  @Test("without fading the resolution doubles at once, and without phases never")
  func edges() {
    var schedule = GrowingSchedule()
    (schedule.stableKimg, schedule.fadeKimg) = (100, 0)
    #expect(schedule.lod(kimg: 99.9, resolution: 32) == 2)
    #expect(schedule.lod(kimg: 100, resolution: 32) == 1)
    schedule.stableKimg = 0
    #expect(schedule.lod(kimg: 1000, resolution: 32) == 2)
    schedule.initialResolution = 64
    #expect(schedule.lod(kimg: 0, resolution: 32) == 0)
  }

  @Test("real images keep the detail that their level has, and are as large as the network's")
  func reals() {
    let x = Tensor.seeded([2, 3, 4, 4], seed: 1)
    expectClose(fadedReals(x, lod: 0), x, atol: 0)
    #expect(fadedReals(x, lod: 1).shape == [2, 3, 8, 8])
    #expect(fadedReals(x, lod: 1.5, isFullSize: false).shape == [2, 3, 4, 4])
    expectClose(
      nearestUpsample2d(fadedReals(x, lod: 1.5, isFullSize: false)), fadedReals(x, lod: 1.5),
      atol: 0)
    let half = fadedReals(x, lod: 0.5)
    // Their means over 2×2 stay, their details are halved.
    let mean = x.reshaped(2, 3, 2, 2, 2, 2).mean(over: 3, 5, keepAxes: true)
    let coarse = mean.expanded(2, 3, 2, 2, 2, 2).reshaped(2, 3, 4, 4)
    expectClose(half - coarse, (x - coarse) / 2, atol: 1e-12)
  }
}

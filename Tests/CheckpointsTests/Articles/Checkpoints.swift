// The example on the first page about checkpoints.

import Checkpoints
import Networks
import TestSupport
import Testing

@Suite("First example of Checkpoints") struct CheckpointsPageTests {
  @Test("a file gives its preferred generator")
  func example() throws {
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")

    let checkpoint = try Checkpoint.open(path)
    guard let found = checkpoint.preferredGenerator else { return }
    let generator = try found.network.makeGenerator()
    print(found.role, generator.traits.resolution, found.network.wAvgSource)

    #expect(found.role == "G_ema" && generator.traits.resolution == 16)
  }
}

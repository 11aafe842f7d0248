// The example on the first page about the workbench.

import TestSupport
import Testing
import Workbench

@Suite("First example of Workbench") struct WorkbenchPageTests {
  @Test("a job writes the pictures of seeds")
  func example() async throws {
    let network = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
    try await withScratchFolder { outdir in
      let host = try GeneratorHost(.file(network))
      var settings = PictureSettings()
      settings.truncationPsi = 0.7

      var job = GenerateJob(.seeds([0, 1, 85])) { seed in
        Provenance(command: "example", network: network, seed: seed.map(String.init))
      }
      job.settings = settings
      let files = try await job.run(on: host, into: OutputFolder(making: outdir)) { progress in
        print(progress.done, "of", progress.total, progress.unit)
      }

      #expect(files.map(\.seed) == [0, 1, 85])
      #expect(names(in: outdir) == ["seed0000.png", "seed0001.png", "seed0085.png"])
    }
  }
}

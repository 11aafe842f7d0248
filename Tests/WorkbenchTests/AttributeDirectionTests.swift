// Directions of attributes that classifiers see: they are the boundaries of the generator's own codes.

import Checkpoints
import Editing
import Formats
import Layers
import Networks
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Directions of attributes")
struct AttributeDirectionTests {
  private func run(
    _ folder: String, _ change: (inout AttributeDirections) -> Void
  ) async throws -> (outcome: DirectionsJob.Outcome, directions: [LatentDirection]) {
    let classifier = smallAttributeClassifier(["Smiling", "Bald", "Young"])
    let path = "\(folder)/c.safetensors"
    try writeNetworkFile(classifier.parameters, configuration: classifier.configuration, to: path)
    var wanted = AttributeDirections(by: path)
    (wanted.samples, wanted.share) = (200, 0.25)
    change(&wanted)
    var job = DirectionsJob(.attributes(wanted))
    job.seed = 5
    let host = try GeneratorHost(plainNetwork)
    try job.check(host.traits)
    let file = "\(folder)/directions.safetensors"
    let outcome = try await job.run(
      plainNetwork, on: host, into: file, progress: silently)
    return (outcome, try DirectionFile(reading: file).directions)
  }

  @Test("each is across the boundary between codes whose pictures most surely have it or not")
  func boundaries() async throws {
    try await withScratchFolder { folder in
      let (outcome, directions) = try await run(folder) { $0.attributes = ["bald", "0"] }
      #expect(outcome.directions.map(\.name) == ["Bald", "Smiling"])
      #expect(directions.map(\.name) == ["Bald", "Smiling"])
      let (g, classifier) = (
        try generator(plainNetwork), smallAttributeClassifier(["Smiling", "Bald", "Young"])
      )
      let (codes, logits) = withoutGradients {
        let z = Tensor.concatenate((5..<205).map { g.z(seed: $0) }, axis: 0)
        let w = g.map(z: z, labels: nil)
        let img = g.synthesize(g.broadcast(w), options: SynthesisOptions())
        return (w, classifier(averagePool2d(g.traits.pixelEncoding.colours(img))))
      }
      var settings = SemanticBoundarySettings()
      (settings.chosen, settings.seed) = (.share(0.25), 5)
      for (direction, place) in zip(directions, [1, 0]) {
        let wanted = try SemanticBoundary(
          codes: codes, scores: logits.selected(place, axis: 1).values(as: Double.self),
          settings: settings)
        expectClose(direction.vector, wanted.direction.vector, atol: 2e-3)
      }
    }
  }

  @Test(
    "made orthogonal they have nothing in common, and all attributes are taken if none is named")
  func orthogonal() async throws {
    try await withScratchFolder { folder in
      let (outcome, directions) = try await run(folder) { $0.areOrthogonal = true }
      #expect(outcome.directions.map(\.name) == ["Smiling", "Bald", "Young"])
      let plain = try await run(folder) { _ in }.directions
      for (index, direction) in directions.enumerated() {
        #expect(abs(direction.vector.norm().item() - 1) < 1e-5)
        for (other, vector) in plain.map(\.vector).enumerated() where other != index {
          #expect(abs((direction.vector * vector).sum().item()) < 1e-5)
        }
      }
    }
  }

  @Test("what cannot be is refused")
  func refusals() async throws {
    try await withScratchFolder { folder in
      for (words, change) in [
        ("did you mean Smiling?", { $0.attributes = ["Smilin"] }),
        ("--samples: expected 4 to 10,000,000, found 3", { $0.samples = 3 }),
        ("--share: expected above 0, at most 0.5, found 0.6", { $0.share = 0.6 }),
        (
          "--orthogonal: expected 2 to 16 attributes, found 1",
          { ($0.attributes, $0.areOrthogonal) = (["Bald"], true) }
        ),
      ] as [(String, (inout AttributeDirections) -> Void)] {
        let error = await #expect(throws: RequestError.self) { _ = try await run(folder, change) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      }
    }
  }
}

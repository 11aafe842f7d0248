// Pictures mixed of more and more latents, as the distances of a study see them.

import Formats
import Networks
import Tensors

extension GeneratorHost {
  /// Measures the generator, and says at which of the metrics it is.
  ///
  /// - Parameters:
  ///   - job: What is measured, and how.
  ///   - progress: Is told after every batch of pictures, with the place of the metric.
  /// - Returns: The numbers, and how they were made.
  /// - Throws: As `measure(_:progress:)` does.
  func measure(
    _ job: MetricsGeneratorJob, progress: @escaping @Sendable (Int, JobProgress) -> Void
  ) throws -> MetricsGeneratorJob.Outcome {
    var place = 0
    return try job.run(on: generator) {
      progress(place, $0)
    } found: { _ in
      place += 1
    }
  }

  /// A sheet with a row for each number of latents: the first pictures that are measured.
  ///
  /// - Parameters:
  ///   - latents: The most latents.
  ///   - job: Which pictures are measured.
  /// - Returns: The sheet.
  /// - Throws: `RequestError` if it would be too large; an error about data whose labels are needed.
  func mixedSheet(latents: Int, by job: MetricsGeneratorJob) throws -> ByteImage {
    let labels = try LabelDraw(of: job.data?.open(for: traits), for: traits)
    let columns = 8
    let seeds = (0..<columns).map { (job.seed ?? 0) &+ UInt32($0) }
    var sheet = try traits.sheet(
      SheetWords(
        title: "pictures of one latent, and mixed of more at random rows of W+",
        columns: seeds.map { "seed \($0)" },
        rows: (1...latents).map { counted($0, "latent") }), isBare: false)
    for count in 1...latents {
      try Task.checkCancellation()
      let pictures = GeneratedPictures(
        generator, content: "", count: columns, firstSeed: seeds[0], settings: job.settings,
        latents: count, labels: labels)
      for first in stride(from: 0, to: columns, by: pictures.step) {
        let drawn = withoutGradients {
          traits.pixelEncoding.bytes(
            pictures.drawn(first..<min(first + pictures.step, columns))
              .sliced(traits.visibleRows, axis: 2))
        }
        for index in 0..<drawn.size(0) {
          sheet.place(
            ByteImage(drawn.sliced(index..<index + 1, axis: 0)), column: first + index,
            row: count - 1)
        }
      }
    }
    guard let image = sheet.image else { preconditionFailure("a sheet without pictures") }
    return image
  }
}

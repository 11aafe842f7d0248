// How time and memory grow with resolution and batch, as a picture.

import Formats

/// Two panels over the resolution: seconds and memory, both logarithmic.
struct GrowthPlot {
  private let timings: [BenchTiming]

  init(_ timings: [BenchTiming]) { self.timings = timings }

  /// The picture: a colour for each network, strong for the smallest batch and pale for others.
  var image: ByteImage {
    let size = LinePanel.size
    var names: [String] = []
    for timing in timings where !names.contains(timing.work.name) { names.append(timing.work.name) }
    let batches = Set(timings.map(\.work.batch)).sorted()
    let legend = Legend(names: names)
    var canvas = Canvas(
      width: 2 * size.width, height: size.height + legend.height, background: .white)
    let resolutions = Set(timings.compactMap(\.work.resolution)).sorted().map(Double.init)
    let others = batches.dropFirst().map(String.init).joined(separator: ", ")
    let words =
      batches.count > 1
      ? ": batch \(batches[0]) strong, \(others) pale"
      : ""
    let panels: [(title: String, value: (BenchTiming) -> Double)] = [
      ("seconds an image\(words)", \.seconds), ("memory, MiB", \.mib),
    ]
    for (place, panel) in panels.enumerated() {
      let lines = batches.reversed().flatMap { batch in
        names.enumerated().map { index, name in
          let all = timings.filter { $0.work.name == name && $0.work.batch == batch }
            .sorted { ($0.work.resolution ?? 0) < ($1.work.resolution ?? 0) }
          let colour = Colour.series[index % Colour.series.count]
          return LinePanel.Line(
            colour: batch == batches[0] ? colour : colour.pale, width: 3,
            x: all.map { Double($0.work.resolution ?? 0) },
            y: all.map { max(panel.value($0), 1e-6) })
        }
      }
      LinePanel(
        title: panel.title, unit: place == 0 ? "" : "pixels",
        horizontal: Axis(logarithmicFor: resolutions, marks: resolutions),
        vertical: Axis(logarithmicFor: lines.flatMap(\.y)), lines: lines
      ).draw(x: place * size.width, y: 0, on: &canvas)
    }
    legend.draw(y: size.height, width: 2 * size.width, on: &canvas)
    return canvas.image
  }
}

// How time and memory grow with resolution and batch, as a picture.

import Formats

/// Two panels over the resolution: seconds and memory, both logarithmic.
struct GrowthPlot {
  private let timings: [BenchTiming]

  init(_ timings: [BenchTiming]) { self.timings = timings }

  /// What a line is of: the work, and its number format where that is not float32.
  static func name(_ work: BenchWork) -> String {
    work.dtype == Precision.float32.rawValue ? work.name : "\(work.name), \(work.dtype)"
  }

  /// The picture: a colour for each network, the strongest for the smallest batch.
  var image: ByteImage {
    let size = PanelFrame.size
    var names: [String] = []
    for timing in timings where !names.contains(Self.name(timing.work)) {
      names.append(Self.name(timing.work))
    }
    let batches = Set(timings.map(\.work.batch)).sorted()
    let shades = "batch " + batches.map(String.init).joined(separator: ", then ")
    let legend = Legend(
      names: names, note: batches.count > 1 ? "\(shades), from strong to pale" : shades)
    var canvas = Canvas(
      width: 2 * size.width, height: size.height + legend.height, background: .white)
    let resolutions = Set(timings.compactMap(\.work.resolution)).sorted().map(Double.init)
    let panels: [(title: String, value: (BenchTiming) -> Double)] = [
      ("seconds an image, logarithmic", \.seconds), ("memory in MiB, logarithmic", \.mib),
    ]
    for (place, panel) in panels.enumerated() {
      let lines = batches.enumerated().reversed().flatMap { rank, batch in
        names.enumerated().map { index, name in
          let all = timings.filter { Self.name($0.work) == name && $0.work.batch == batch }
            .sorted { ($0.work.resolution ?? 0) < ($1.work.resolution ?? 0) }
          let colour = Colour.series(index)
          return LinePanel.Line(
            colour: colour.faded(by: 0.7 * Double(rank) / Double(max(batches.count - 1, 1))),
            // Of lines that lie on one another, the ones below are seen beside those above.
            width: max(2, 5 - 1.5 * Double(index)), x: all.map { Double($0.work.resolution ?? 0) },
            y: all.map { max(panel.value($0), 1e-6) }, isDotted: true)
        }
      }
      LinePanel(
        title: panel.title, unit: "pixels of a side, logarithmic",
        horizontal: Axis(logarithmicFor: resolutions, marks: resolutions),
        vertical: Axis(logarithmicFor: lines.flatMap(\.y)), lines: lines
      ).draw(x: place * size.width, y: 0, on: &canvas)
    }
    legend.draw(y: size.height, width: 2 * size.width, on: &canvas)
    return canvas.image
  }
}

// Whether attention moves along with what it looks at: neighbourhoods against windows, as numbers
// and as a plot.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

/// Measures how much the results of attention differ where a feature map is moved.
public struct EquivarianceJob: Sendable {
  /// One kind of attention.
  public struct Kind: Encodable, Hashable, Sendable {
    /// What it is, such as `windows of 8`.
    public let name: String
    /// The differences for shifts of 1, 2, … pixels, relative to the results' own spread.
    public let differences: [Double]
  }

  /// What was measured.
  public struct Result: Encodable, Hashable, Sendable {
    /// The width and height of the map, in pixels.
    public let resolution: Int
    /// Pixels at each border that are not compared.
    public let margin: Int
    /// The shifts along both axes, in pixels.
    public let shifts: [Int]
    /// The kinds of attention.
    public let kinds: [Kind]
  }

  private static let resolution = 64
  private static let channels = 64
  private static let heads = 4
  private static let (kernelSize, dilation, windowSize) = (7, 4, 8)
  /// As far as dilated neighbourhoods reach, and no border moves the others' within it.
  private static let margin = kernelSize / 2 * dilation + dilation

  /// Starts the random weights and maps.
  public var seed: UInt64

  /// A job that starts its random weights and maps from a seed.
  public init(seed: UInt64) { self.seed = seed }

  /// Measures all kinds for shifts of 1 to 8 pixels.
  ///
  /// - Parameter progress: Is told after each kind.
  /// - Returns: The differences.
  /// - Throws: `CancellationError` between kinds.
  public func run(progress: ProgressHandler) throws -> Result {
    func neighbourhoods(_ dilation: Int, _ p: Scope) -> any PixelAttention {
      HydraAttention(
        HydraNeighborhoodAttention(
          p, dim: Self.channels, heads: Self.heads, kernelSizes: [Self.kernelSize],
          dilations: [dilation]))
    }
    let makers: [(name: String, make: (Scope) -> any PixelAttention)] = [
      ("neighbourhoods of 7x7", { neighbourhoods(1, $0) }),
      ("neighbourhoods of 7x7, dilation 4", { neighbourhoods(Self.dilation, $0) }),
      (
        "windows of 8, and windows moved by 4",
        {
          DoubleAttention(
            $0, dim: Self.channels, resolution: Self.resolution, heads: Self.heads,
            windowSize: Self.windowSize)
        }
      ),
    ]
    let shifts = Array(1...8)
    var kinds: [Kind] = []
    for maker in makers {
      try Task.checkCancellation()
      let generator = TorchGenerator(seed: seed)
      let store = ParameterStore()
      let attention = maker.make(Scope(store, generator: generator))
      store.drawLivelyWeights(generator)
      let differences = shifts.map { shift in
        attention.translationError(
          resolution: Self.resolution, channels: Self.channels, shift: shift, margin: Self.margin,
          generator: generator)
      }
      kinds.append(Kind(name: maker.name, differences: differences))
      progress(JobProgress(done: kinds.count, total: makers.count, unit: "kinds of attention"))
    }
    return Result(
      resolution: Self.resolution, margin: Self.margin, shifts: shifts, kinds: kinds)
  }

  /// Draws what was measured, and writes it as PNG.
  ///
  /// - Parameters:
  ///   - result: What was measured.
  ///   - file: The file to create or replace.
  ///   - provenance: What the picture says about how it was made.
  /// - Throws: `FileError` if it cannot be written.
  public static func write(_ result: Result, to file: String, _ provenance: Provenance) throws {
    let shifts = result.shifts.map(Double.init)
    let lines = result.kinds.enumerated().map { index, kind in
      // Lines that lie on one another can be seen if those below are wider.
      LinePanel.Line(
        colour: Colour.series(index), width: Double(4 * (result.kinds.count - index) - 1),
        x: [0] + shifts, y: [0] + kind.differences)
    }
    let legend = Legend(names: result.kinds.map(\.name))
    let size = PanelFrame.size
    var canvas = Canvas(
      width: size.width, height: size.height + legend.height, background: .white)
    LinePanel(
      title: "change of the result, relative", unit: "pixels",
      horizontal: Axis(from: 0, to: shifts.last ?? 1),
      vertical: Axis(of: lines.flatMap(\.y)), lines: lines
    ).draw(x: 0, y: 0, on: &canvas)
    legend.draw(y: size.height, width: size.width, on: &canvas)
    try PNG(image: canvas.image, texts: provenance.texts).write(to: file)
  }
}

extension ParameterStore {
  /// Gives matrices unit gain and everything else unit normals: new networks start with weights so
  /// small that attention is almost a mean.
  fileprivate func drawLivelyWeights(_ generator: TorchGenerator) {
    withoutGradients {
      for entry in entries.values where entry.role == .parameter {
        let shape = entry.tensor.shape
        let gain = shape.count == 2 ? 1 / Double(shape[1]).squareRoot() : 1
        entry.tensor.assign(.randn(shape, generator: generator) * gain)
      }
    }
  }
}

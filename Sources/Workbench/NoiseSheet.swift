// The sheet that shows what noise does to pictures, each with its name.

import Formats

/// A row for each seed: a whole draw, the mean, the deviation, and some draws or parts of them.
struct NoiseSheet {
  private static let gap = 8
  private static let captionHeight = 24
  /// How wide pictures are shown, in pixels.
  private static let shownWidths = 256...512

  private let job: NoiseJob
  private let cell: (width: Int, height: Int)
  private let rows: Int
  private var canvas: Canvas?

  /// An empty sheet for pictures of a size.
  init(rows: Int, job: NoiseJob, width: Int, height: Int) {
    self.job = job
    self.rows = rows
    let range = Self.shownWidths
    // Small pictures are enlarged by a whole number, so that their pixels stay what they are.
    let shown =
      width < range.lowerBound
      ? (range.lowerBound + width - 1) / width * width : min(width, range.upperBound)
    cell = (shown, max(height * shown / width, 1))
  }

  private var drawn: Int { min(NoiseJob.shownDraws, job.draws) }

  /// Pictures side by side.
  var columns: Int { (job.crop == nil ? 2 : 3) + drawn }
  /// Columns of pixels.
  var width: Int { columns * (cell.width + Self.gap) + Self.gap }
  /// Rows of pixels.
  var height: Int { rows * (cell.height + Self.captionHeight) + Self.gap }

  /// The sheet so far.
  var image: ByteImage { emptyOrFilled.image }

  private var emptyOrFilled: Canvas {
    canvas ?? Canvas(width: width, height: height, background: .white)
  }

  /// Shows what was found about a seed in its row.
  mutating func add(_ found: NoiseJob.Found, row: Int) {
    var canvas = emptyOrFilled
    let gain = plain(NoiseJob.deviationGain)
    var cells = [
      ("seed \(found.seed): mean of \(job.draws)", found.mean),
      ("deviation x\(gain)", found.deviation),
    ]
    if found.crops.isEmpty {
      cells += found.draws.enumerated().map { ("draw \($0)", $1) }
    } else {
      cells.insert(("draw 0", found.draws[0]), at: 1)
      cells += found.crops.enumerated().map { ("part of draw \($0)", $1) }
    }
    let top = row * (cell.height + Self.captionHeight)
    for (column, (caption, picture)) in cells.enumerated() {
      let left = Self.gap + column * (cell.width + Self.gap)
      canvas.text(fitted(caption), x: left, y: top + 6, colour: .ink, scale: 2)
      canvas.place(fitted(picture.inRGB), x: left, y: top + Self.captionHeight)
    }
    self.canvas = canvas
  }

  /// As much of a text as a cell is wide.
  private func fitted(_ text: String) -> String {
    String(text.prefix(cell.width / Canvas.advance(scale: 2)))
  }

  /// The picture as large as a cell can show it.
  private func fitted(_ picture: ByteImage) -> ByteImage {
    let scale = min(
      Double(cell.width) / Double(picture.width), Double(cell.height) / Double(picture.height))
    return picture.resized(
      width: max(Int(Double(picture.width) * scale), 1),
      height: max(Int(Double(picture.height) * scale), 1), filter: scale < 1 ? .lanczos : .box)
  }
}

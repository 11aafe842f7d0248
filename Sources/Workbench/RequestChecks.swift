// Whether a generator can make what is asked for, known from its traits alone, before it is built.

import Formats
import Networks

extension GeneratorTraits {
  /// The rows of W+ that style mixing takes unless told otherwise: 0 to 6, as far as there are so
  /// many.
  var defaultMixingRows: Set<Int> { Set(0..<min(7, usedWs.upperBound)) }

  /// Checks truncation and its cutoff, the layers of the noise, and class.
  func check(_ settings: PictureSettings) throws(RequestError) {
    try check(noiseLayers: settings.noiseLayers)
    let psi = settings.truncationPsi
    guard psi.magnitude <= 1000 else {
      throw RequestError("--trunc", expected: "a number from -1000 to 1000", found: "\(psi)")
    }
    if let cutoff = settings.truncationCutoff, cutoff > numWs {
      throw RequestError(
        "--trunc-cutoff", expected: "0 to \(numWs), the rows of W+", found: "\(cutoff)")
    }
    guard let index = settings.classIndex, !(0..<labelDim).contains(index) else { return }
    throw RequestError(
      "--class",
      expected: labelDim == 0 ? "none, for a network without labels" : "0 to \(labelDim - 1)",
      found: "\(index)")
  }

  /// Checks that there are the layers that will get noise.
  private func check(noiseLayers layers: Range<Int>?) throws(RequestError) {
    guard let layers, !layers.isEmpty, layers.upperBound > noiseLayers else { return }
    throw RequestError(
      "--noise-layers",
      expected: noiseLayers == 0
        ? "none, for a network without noise" : "layers from 0 to \(noiseLayers - 1)",
      found: "\(layers.upperBound - 1)")
  }

  /// Checks that there are the rows of W+ that will be mixed, and that pictures depend on them.
  func check(_ group: StyleGroup) throws(RequestError) {
    let rows = group.rows(in: self)
    let expected = "rows from \(usedWs.lowerBound) to \(usedWs.upperBound - 1)"
    guard !rows.isEmpty else {
      throw RequestError(
        "--styles", expected: expected,
        found: "\(group.name ?? "none"), of which a network of \(resolution) pixels has no rows")
    }
    guard let row = rows.sorted().first(where: { !usedWs.contains($0) }) else { return }
    // The network has such a row, and its pictures do not depend on it.
    let isUnread = (0..<numWs).contains(row)
    throw RequestError(
      "--styles", expected: expected, found: "\(row)" + (isUnread ? ", which is never read" : ""))
  }

  /// Checks that there are the rows of W+ that an option names, and that pictures depend on them.
  func check(rows: Range<Int>?) throws(RequestError) {
    guard let rows, rows != rows.clamped(to: usedWs) else { return }
    let row = rows.lowerBound < usedWs.lowerBound ? rows.lowerBound : rows.upperBound - 1
    throw RequestError(
      "--layers",
      expected: "rows of W+ from \(usedWs.lowerBound) to \(usedWs.upperBound - 1)",
      found: "\(row)" + ((0..<numWs).contains(row) ? ", which is never read" : ""))
  }

  /// Checks that codes are of the generator's size.
  func check(_ codes: Codes) throws(MisfitError) {
    guard codes.numWs == numWs, codes.wDim == wDim else {
      throw MisfitError(
        "codes", expected: "[N, \(numWs), \(wDim)]",
        found: "[\(codes.count), \(codes.numWs), \(codes.wDim)]")
    }
  }

  /// Checks that a sheet of pictures is of a size that files have, and that memory can be taken
  /// for.
  func check(sheet grid: GridSize, limits: ImageLimits = ImageLimits()) throws(RequestError) {
    try check(
      sheet: grid, width: grid.columns * resolution, height: grid.rows * visibleRows.count,
      limits: limits)
  }

  /// Checks the size of a sheet with its words.
  func check(
    sheet grid: GridSize, width: Int, height: Int, limits: ImageLimits = ImageLimits()
  ) throws(RequestError) {
    guard width <= limits.side, height <= limits.side, width * height <= limits.pixels else {
      throw RequestError(
        "sheet", expected: "at most \(limits.side) pixels a side and \(limits.pixels) in all",
        found: "\(grid.columns)×\(grid.rows) pictures, \(width)×\(height) pixels")
    }
  }
}

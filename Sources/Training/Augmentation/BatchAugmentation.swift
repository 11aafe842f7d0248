// The augmentation of a batch: what was drawn for each picture, done to images.

import Layers
public import Tensors

/// What happens to each picture of a batch.
///
/// Images can be differentiated by, as often as one likes, so that the R1 penalty passes through.
/// Pictures to which nothing happens are passed on as they are; the published program resamples them
/// too, which changes them by rounding errors only.
///
/// How far pictures are continued beyond their edges before they move depends on the farthest corner
/// of the whole batch, as in the published program: it shows where even the continued picture ends.
public struct BatchAugmentation: ImageTransform {
  /// What happens to each picture.
  public let pictures: [PictureAugmentation]
  /// Standard normal noise, [N, C, H, W]; nil where there is none.
  public let pixelNoise: Tensor?

  /// What happens to the pictures of a batch.
  ///
  /// - Parameters:
  ///   - pictures: One for each.
  ///   - pixelNoise: Standard normal noise of the images' shape; nil if no picture gets any.
  public init(_ pictures: [PictureAugmentation], pixelNoise: Tensor? = nil) {
    (self.pictures, self.pixelNoise) = (pictures, pixelNoise)
  }

  /// What happens to some of the pictures.
  public func rows(_ range: Range<Int>) -> BatchAugmentation {
    BatchAugmentation(
      Array(pictures[range]), pixelNoise: pixelNoise.map { $0.sliced(range, axis: 0) })
  }

  /// Transforms images: moves them, changes colours, filters, adds noise, cuts out.
  ///
  /// - Parameter images: [N, C, H, W].
  /// - Returns: [N, C, H, W].
  public func callAsFunction(_ images: Tensor) -> Tensor {
    precondition(
      images.rank == 4 && images.size(0) == pictures.count,
      "augmentation of \(pictures.count) pictures for images of shape \(images.shape)")
    var x = onThose(of: images, where: \.isMoved) { moved($0, by: $1.map(\.inverseMap)) }
    x = onThose(of: x, where: \.isRecoloured) { recoloured($0, by: $1.map(\.colourMap)) }
    x = onThose(of: x, where: \.isFiltered) { filtered($0, gains: $1.map(\.bandGains)) }
    return cut(noisy(x))
  }

  /// Changes those images to which something happens, and leaves the others as they are.
  private func onThose(
    of images: Tensor, where isChanged: (PictureAugmentation) -> Bool,
    _ change: (Tensor, [PictureAugmentation]) -> Tensor
  ) -> Tensor {
    let chosen = pictures.indices.filter { isChanged(pictures[$0]) }
    guard !chosen.isEmpty else { return images }
    guard chosen.count < pictures.count else { return change(images, pictures) }
    func places(_ indices: [Int]) -> Tensor { Tensor(indices).moved(to: images.device) }
    let others = pictures.indices.filter { !isChanged(pictures[$0]) }
    let changed = change(images.picked(places(chosen), axis: 0), chosen.map { pictures[$0] })
    let both = Tensor.concatenate([changed, images.picked(places(others), axis: 0)], axis: 0)
    var order = [Int](repeating: 0, count: pictures.count)
    for (place, index) in (chosen + others).enumerated() { order[index] = place }
    return both.picked(places(order), axis: 0)
  }

  /// Numbers as a tensor beside images: of their type, on their device.
  private func tensor(_ numbers: [Double], _ shape: [Int], like images: Tensor) -> Tensor {
    Tensor(numbers, shape: shape).cast(to: images.dtype).moved(to: images.device)
  }
}

// MARK: - Moving

/// How far images are continued beyond their edges, in pixels.
private struct Margins {
  var left = 0, right = 0, top = 0, bottom = 0

  /// What is read of images of a size by maps, filters among it.
  init(of maps: [PlanarMap], width: Int, height: Int, reach: Int) {
    let (x, y) = (Double(width - 1) / 2, Double(height - 1) / 2)
    let corners = maps.flatMap { map in [map(-x, -y), map(x, -y), map(x, y), map(-x, y)] }
    func margin(_ farthest: Double, _ edge: Double, _ length: Int) -> Int {
      let beyond = farthest - edge + 2 * Double(reach)
      return Int(min(max(beyond, 0), Double(length - 1)).rounded(.up))
    }
    let (columns, rows) = (corners.map(\.x), corners.map(\.y))
    left = margin(-(columns.min() ?? 0), x, width)
    right = margin(columns.max() ?? 0, x, width)
    top = margin(-(rows.min() ?? 0), y, height)
    bottom = margin(rows.max() ?? 0, y, height)
  }
}

/// Images moved by maps from the pixels of the results, counted from their centres.
///
/// They are continued by reflection, enlarged to twice their size, sampled, and reduced again, which
/// keeps fine detail from turning into false patterns.
private func moved(_ x: Tensor, by maps: [PlanarMap]) -> Tensor {
  let (h, w) = (x.size(2), x.size(3))
  let filter = resampleFilter(Wavelets.sym6).moved(to: x.device)
  let reach = Wavelets.sym6.count / 4
  let m = Margins(of: maps, width: w, height: h, reach: reach)
  let continued: Tensor = call("aten::reflection_pad2d", x, [m.left, m.right, m.top, m.bottom])
  let large = upsample2d(continued, filter: filter)
  let (rows, columns) = (2 * (h + 2 * reach), 2 * (w + 2 * reach))
  // From the sampled image's pixels to its centre, to half the size, through the map, and back to
  // the pixels of what was continued and enlarged.
  let toCentre = PlanarMap(shiftX: 0.5 - Double(columns) / 2, shiftY: 0.5 - Double(rows) / 2)
  let fromCentre = PlanarMap(
    shiftX: Double(large.size(3)) / 2 - 0.5, shiftY: Double(large.size(2)) / 2 - 0.5)
  let aside = PlanarMap(
    shiftX: Double(m.left - m.right) / 2, shiftY: Double(m.top - m.bottom) / 2)
  // Places lie between the pixels of the enlarged image as they do between those of the image.
  let (half, double) = (
    PlanarMap(scaleX: 0.5, scaleY: 0.5) * PlanarMap(shiftX: 0.5, shiftY: 0.5),
    PlanarMap(shiftX: -0.5, shiftY: -0.5) * PlanarMap(scaleX: 2, scaleY: 2)
  )
  let all = maps.flatMap { (fromCentre * double * aside * $0 * half * toCentre).rows }
  let sampled = affineSampled(
    large, at: Tensor(all, shape: [maps.count, 2, 3]), height: rows, width: columns)
  return downsample2d(sampled, filter: filter, padding: Padding(-2 * reach), flipFilter: true)
}

// MARK: - Colours

extension BatchAugmentation {
  private func recoloured(_ x: Tensor, by maps: [ColourMap]) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    guard c != 1 else {
      // Grey changes as the mean of three equal colours does.
      let factors = maps.map { $0.matrix.reduce(0, +) / 3 }
      let shifts = maps.map { $0.shift.reduce(0, +) / 3 }
      return x * tensor(factors, [n, 1, 1, 1], like: x) + tensor(shifts, [n, 1, 1, 1], like: x)
    }
    precondition(c >= 3, "colours of \(c) channels")
    let matrices = tensor(maps.flatMap(\.matrix), [n, 3, 3], like: x)
    let shifts = tensor(maps.flatMap(\.shift), [n, 3, 1], like: x)
    let colours = x.sliced(0..<3, axis: 1).reshaped(n, 3, h * w)
    let y: Tensor = call("aten::baddbmm", shifts, matrices, colours)
    let changed = y.reshaped(n, 3, h, w)
    // Opacity is no colour.
    return c == 3
      ? changed : Tensor.concatenate([changed, x.sliced(3..<c, axis: 1)], axis: 1)
  }
}

// MARK: - Filtering, noise, cutting out

extension BatchAugmentation {
  private func filtered(_ x: Tensor, gains: [[Double]]) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    let (reach, taps) = (Wavelets.reach, 2 * Wavelets.reach + 1)
    let filters = tensor(gains.flatMap(Wavelets.filter), [n, 1, taps], like: x)
      .expanded(n, c, taps).reshaped(n * c, 1, 1, taps)
    let continued: Tensor = call(
      "aten::reflection_pad2d", x.reshaped(1, n * c, h, w), [reach, reach, reach, reach])
    let rows = continued.conv2d(filters, groups: n * c)
    return rows.conv2d(filters.reshaped(n * c, 1, taps, 1), groups: n * c).reshaped(n, c, h, w)
  }

  private func noisy(_ x: Tensor) -> Tensor {
    guard let pixelNoise, pictures.contains(where: { $0.noiseDeviation != 0 }) else { return x }
    let deviations = tensor(pictures.map(\.noiseDeviation), [x.size(0), 1, 1, 1], like: x)
    return x + pixelNoise.cast(to: x.dtype).moved(to: x.device) * deviations
  }

  private func cut(_ x: Tensor) -> Tensor {
    guard pictures.contains(where: { $0.cutoutSize > 0 }) else { return x }
    let (n, h, w) = (x.size(0), x.size(2), x.size(3))
    /// 1 at the places of one axis that the square covers, else 0.
    func covered(_ centre: KeyPath<PictureAugmentation, Double>, _ length: Int) -> [Double] {
      pictures.flatMap { picture in
        (0..<length).map { place in
          let away = abs((Double(place) + 0.5) / Double(length) - picture[keyPath: centre])
          return away < picture.cutoutSize / 2 ? 1 : 0
        }
      }
    }
    let rows = tensor(covered(\.cutoutY, h), [n, 1, h, 1], like: x)
    let columns = tensor(covered(\.cutoutX, w), [n, 1, 1, w], like: x)
    return x * (1 - rows * columns)
  }
}

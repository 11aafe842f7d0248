// Ways to spoil a picture by a known strength.

import Foundation
import Layers
package import Tensors

/// A way to spoil a picture, by a strength from 0, not at all, to 1.
///
/// How much strength 1 changes was chosen by eye, so that portraits are about equally far from what
/// they were: who is shown can still be told, but nobody would call the two alike. Strengths between
/// are that share of the amplitude, the width or the way. Nobody else was asked: it is a yardstick of
/// known order within a kind, and a rough one between kinds.
package enum PictureDistortion: String, CaseIterable, Codable, Sendable {
  /// Normal noise, of deviation 0.5 for samples in [-1, 1].
  case noise
  /// A Gaussian blur, of deviation a 25th of the width.
  case blur
  /// A shift to any side by a sixth of the width.
  case shift
  /// All lighter, or all darker, by 0.6.
  case brightness
  /// Less contrast: a quarter of it is left.
  case contrast
  /// A tint of no lightness, of amplitude 0.5.
  case colour
  /// Blocks of 8×8 whose frequencies are rounded to multiples of 1.2, as JPEG's are.
  case blocks
  /// Squares of one colour, of a 13th of the width.
  case mosaic
  /// A square of one colour before the picture, of half its width.
  case occlusion

  /// Spoils a picture.
  ///
  /// - Parameters:
  ///   - picture: [1, 3, S, S] in [-1, 1].
  ///   - strength: From 0 to 1.
  ///   - random: Decides what the strength does not: the side, the colour, the place, the noise.
  /// - Returns: [1, 3, S, S] in [-1, 1].
  package func callAsFunction(
    _ picture: Tensor, strength: Double, random: inout RandomState
  ) -> Tensor {
    let side = picture.size(3)
    let angle = 2 * Double.pi * random.uniform()
    let spoiled: Tensor
    switch self {
    case .noise:
      let noise = random.randn(picture.count).map(Float.init)
      spoiled = picture + Tensor(noise, shape: picture.shape) * (0.5 * strength)
    case .blur:
      spoiled = Self.blurred(picture, deviation: strength * Double(side) / 25)
    case .shift:
      let way = strength * Double(side) / 6
      spoiled = Self.moved(
        Self.moved(picture, by: way * cos(angle), axis: 3), by: way * sin(angle), axis: 2)
    case .brightness:
      spoiled = picture + (angle < .pi ? 0.6 : -0.6) * strength
    case .contrast:
      let mean = picture.mean(over: 2, 3, keepAxes: true)
      spoiled = mean + (picture - mean) * (1 - 0.75 * strength)
    case .colour:
      // Three directions of one plane, whose sum is nothing.
      let tint = (0..<3).map { Float(cos(angle + 2 * .pi * Double($0) / 3)) }
      spoiled = picture + Tensor(tint, shape: [1, 3, 1, 1]) * (0.5 * strength)
    case .blocks:
      spoiled = Self.rounded(picture, step: 1.2 * strength)
    case .mosaic:
      let cells = max(Int((Double(side) / max(1, strength * Double(side) / 13)).rounded()), 1)
      spoiled = adaptiveAveragePool2d(
        adaptiveAveragePool2d(picture, height: cells, width: cells), height: side, width: side)
    case .occlusion:
      spoiled = Self.covered(picture, side: Int((strength * Double(side) / 2).rounded()), &random)
    }
    return spoiled.clamped(from: -1, to: 1)
  }

  /// A blur along both axes, the edges repeated.
  private static func blurred(_ picture: Tensor, deviation: Double) -> Tensor {
    guard deviation > 0 else { return picture }
    let reach = max(Int((3 * deviation).rounded(.up)), 1)
    let weights = (-reach...reach).map { exp(-0.5 * pow(Double($0) / deviation, 2)) }
    let sum = weights.reduce(0, +)
    return [2, 3].reduce(picture) { x, axis in
      let parts = zip(-reach...reach, weights).map {
        moved(x, by: Double($0), axis: axis) * ($1 / sum)
      }
      return parts.dropFirst().reduce(parts[0], +)
    }
  }

  /// A picture moved along an axis, between pixels by their mixture, the edge repeated.
  private static func moved(_ picture: Tensor, by way: Double, axis: Int) -> Tensor {
    let length = picture.size(axis)
    func whole(_ places: Int) -> Tensor {
      let from = (0..<length).map { min(max($0 - places, 0), length - 1) }
      return picture.picked(Tensor(from), axis: axis)
    }
    let floor = Int(way.rounded(.down))
    let share = way - Double(floor)
    return share > 0 ? whole(floor) * (1 - share) + whole(floor + 1) * share : whole(floor)
  }

  /// Blocks of 8×8 whose cosine transform is rounded to multiples of a step.
  private static func rounded(_ picture: Tensor, step: Double) -> Tensor {
    let (side, block) = (picture.size(3), min(8, picture.size(3)))
    guard step > 0, side % block == 0 else { return picture }
    let rows = (0..<block).flatMap { k in
      (0..<block).map { x in
        let scale = (k == 0 ? 1.0 : 2.0) / Double(block)
        return Float(
          scale.squareRoot() * cos(.pi * (Double(x) + 0.5) * Double(k) / Double(block)))
      }
    }
    let transform = Tensor(rows, shape: [block, block])
    let blocks = picture.reshaped(3, side / block, block, side / block, block)
      .permuted(0, 1, 3, 2, 4)  // [C, h, w, 8, 8]
    let frequencies = transform.matmul(blocks).matmul(transform.transposed(0, 1))
    let kept = (frequencies / step).rounded() * step
    return transform.transposed(0, 1).matmul(kept).matmul(transform)
      .permuted(0, 1, 3, 2, 4).reshaped(picture.shape)
  }

  /// A square of one colour somewhere before the picture.
  private static func covered(
    _ picture: Tensor, side: Int, _ random: inout RandomState
  ) -> Tensor {
    let all = picture.size(3)
    let colour = random.rand(3).map { Float(2 * $0 - 1) }
    let places = random.randint(0..<all - side + 1, 2)
    let mask = (0..<all * all).map { place -> Float in
      let isInside =
        (places[0]..<places[0] + side).contains(place / all)
        && (places[1]..<places[1] + side).contains(place % all)
      return isInside ? 1 : 0
    }
    let cover = Tensor(mask, shape: [1, 1, all, all])
    return picture * (1 - cover) + Tensor(colour, shape: [1, 3, 1, 1]) * cover
  }
}

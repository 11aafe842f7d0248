// What a training takes on this machine, as far as that is known without training.

import Foundation
import Tensors
import Training

/// What a training takes on this machine, estimated.
///
/// Time follows from what is computed, from how fast the machine just was at a convolution, of which
/// trainings reach a share, and from how many operators run, each of which takes its time even where
/// there is little to compute. Both were measured with two threads on one machine. Figures are right
/// within a factor of two or so; the log of a training says what it really takes.
public struct TrainingEstimate: Encodable, Sendable {
  /// GFLOP for each image that training counts, of which a multiply-add is two.
  public let gflopPerImage: Double
  /// Operators that run for each image that training counts.
  public let operatorsPerImage: Double
  /// Images a second.
  public let imagesPerSecond: Double
  /// MiB of memory that the training takes at most.
  public let memoryMib: Double
  /// MiB of memory that the machine has.
  public let machineMib: Double

  /// The share of a convolution's speed that trainings reach: at 64×64 pixels 0.26 of StyleNAT, 0.36 of
  /// Styleformer, 0.39 and 0.63 of StyleGAN2 with few channels and twice as many.
  private static let share = 0.4
  /// Seconds that an operator takes beside what it computes: with tiny networks 6e-6 in StyleSwin, 8e-6 in
  /// StyleNAT, 13e-6 in StyleGAN2 and 30e-6 in Styleformer.
  private static let operatorSeconds = 12e-6
  /// What libtorch and the program take, in MiB.
  private static let runtimeMib = 180.0
  /// What is taken beside what is kept for gradients, as a share of that: results on the way.
  private static let passingShare = 1.25

  /// Looks at a recipe, and at the machine for a fraction of a second.
  ///
  /// - Parameters:
  ///   - recipe: What is trained, and how.
  ///   - threads: Threads that one operation may use.
  /// - Throws: `CancellationError`.
  init(of recipe: GANRecipe, threads: Int) throws {
    let cost = recipe.cost
    Machine.setThreadCount(threads)
    let rate = try ComputeCeiling.convolutionGflops(dtype: .float32, rounds: 3)
    gflopPerImage = 2 * cost.multiplyAdds / 1e9
    operatorsPerImage = cost.operatorCalls
    imagesPerSecond =
      1 / (gflopPerImage / (rate * Self.share) + operatorsPerImage * Self.operatorSeconds)
    let tensors = Double(cost.lastingBytes) + Self.passingShare * Double(cost.passingBytes)
    memoryMib = Self.runtimeMib + tensors / 1_048_576
    machineMib = Double(ProcessInfo.processInfo.physicalMemory) / 1_048_576
  }

  /// The estimate as lines for people.
  ///
  /// - Parameter kimg: Thousands of images that are to be seen.
  /// - Returns: One line, and one more if the machine has not so much memory.
  func lines(of kimg: Double) -> [String] {
    let seconds = 1000 * kimg / imagesPerSecond
    let days = Int(min(seconds / 86400, 1e9))
    let time = days > 1 ? counted(days, "day") : clock(seconds)
    let line =
      "estimated: \(String(format: imagesPerSecond < 10 ? "%.2g" : "%.0f", imagesPerSecond)) images a second, \(time) in all; "
      + "memory \(byteCount(memoryMib * 1_048_576))"
    guard memoryMib > machineMib else { return [line] }
    return [
      line,
      "this machine has \(byteCount(machineMib * 1_048_576)) of memory: --batch-gpu=N with a smaller N needs less, and so may --gradient-checkpointing",
    ]
  }
}

// libtorch's random generator, with a state that can be saved.

import CTorch

/// A stream of random numbers, the same as `torch.Generator` gives for the same seed.
public final class TorchGenerator {
  let handle: CTorchGeneratorRef
  /// The device on which the numbers are drawn.
  public let device: Device

  /// A generator that starts as `torch.manual_seed(seed)` does.
  ///
  /// - Parameters:
  ///   - seed: Any number.
  ///   - device: Where the numbers will be drawn.
  public init(seed: UInt64, device: Device = .cpu) {
    var error = CTorchError()
    guard let handle = ctorch_generator_new("\(device)", seed, &error) else {
      TorchError(error).endProgram()
    }
    self.handle = handle
    self.device = device
  }

  deinit { ctorch_generator_release(handle) }

  /// The whole state, to continue the stream later from the same place.
  public var state: [UInt8] {
    var error = CTorchError()
    guard let state = ctorch_generator_state(handle, &error) else {
      TorchError(error).endProgram()
    }
    return Tensor(owning: state).values(as: UInt8.self)
  }

  /// Continues a stream from the place where its state was taken.
  ///
  /// - Parameter state: What `state` gave, on a device of the same kind.
  /// - Throws: `TorchError` if it is not the state of such a generator; this one is then unchanged.
  public func restore(_ state: [UInt8]) throws(TorchError) {
    var error = CTorchError()
    // A tensor that is only named in the call could be released before the call begins.
    let tensor = Tensor(state)
    let isSet = withExtendedLifetime(tensor) {
      ctorch_generator_set_state(handle, tensor.handle, &error)
    }
    if !isSet { throw TorchError(error) }
  }
}

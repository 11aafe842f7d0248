// Threads, and what libtorch and the processor are.

import CTorch

/// The libtorch that is linked and the processor it runs on.
public enum Machine {
  /// The threads that one operation may use.
  public static var threadCount: Int { Int(ctorch_thread_count()) }

  /// Sets how many threads one operation may use.
  ///
  /// - Parameter count: At least 1.
  public static func setThreadCount(_ count: Int) {
    precondition(count > 0, "\(count) threads")
    ctorch_set_thread_count(Int32(count))
  }

  /// Lets tensors use the memory again that others were freed from, for as long as the program runs.
  ///
  /// Fresh pages take time that networks then save: about a seventh was measured. What the program
  /// held at its peak it keeps, and freed memory below 32 MiB too, whoever asked for it. Tensors that
  /// would hold more than the machine has, its swap space included, are refused as out of memory:
  /// therefore programs call this, once and before they do anything else, and libraries do not.
  public static func reuseMemory() { ctorch_reuse_memory() }

  /// The version of libtorch that this program was built for, such as `2.13.0`.
  public static var torchVersion: String { String(cString: ctorch_version()) }

  /// What the loaded libtorch says about how it was built, over several lines.
  public static var torchBuild: String { String(cString: ctorch_build_description()) }

  /// The file that libtorch's operators were loaded from, if the system says.
  public static var torchLibrary: String? { ctorch_library_path().map { String(cString: $0) } }

  /// Whether libtorch can compute on a CUDA device.
  public static var hasCUDA: Bool { ctorch_cuda_is_available() }

  /// Whether the loaded libtorch has an operator; builds for some processors lack some.
  ///
  /// - Parameter name: The operator and its overload, such as `aten::add.Tensor`.
  /// - Returns: Whether it can be called.
  public static func hasOperator(_ name: StaticString) -> Bool {
    name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount) {
      ctorch_has_operator($0)
    }
  }

  /// The processor features that libtorch chose its kernels for, such as `AVX512`.
  public static var featureLevel: String { String(cString: ctorch_cpu_capability()) }
}

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

  /// libtorch's version, such as `2.13.0`.
  public static var torchVersion: String { String(cString: ctorch_version()) }

  /// The processor features that libtorch chose its kernels for, such as `AVX512`.
  public static var featureLevel: String { String(cString: ctorch_cpu_capability()) }
}

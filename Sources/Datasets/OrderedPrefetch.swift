// Work on items that several threads do ahead, with the results in the order of the items.

import Foundation
import Synchronization

/// The results of work on items, in order, worked out ahead by several threads.
///
/// Results are the same as without threads, which is the plain way: with none, each item is worked
/// on when its result is asked for.
public final class OrderedPrefetch<Item: Sendable, Value: Sendable> {
  private let queue: OperationQueue?
  private let ahead: Int
  private let nextItem: () -> Item?
  private let work: @Sendable (Item) -> Value
  private var pending: [Slot] = []

  /// A place for a result.
  private final class Slot: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isReady = DispatchSemaphore(value: 0)

    func put(_ result: Value) {
      value.withLock { $0 = result }
      isReady.signal()
    }

    func take() -> Value? {
      isReady.wait()
      return value.withLock { $0 }
    }
  }

  /// Work on items; nothing begins before the first result is asked for.
  ///
  /// - Parameters:
  ///   - threads: How many items are worked on at a time; 0 to work when asked.
  ///   - ahead: How many results may wait to be asked for, at least 1.
  ///   - items: Gives the items in order, then nil.
  ///   - work: Works on an item, on any thread.
  public init(
    threads: Int, ahead: Int, items: @escaping () -> Item?,
    work: @escaping @Sendable (Item) -> Value
  ) {
    precondition(threads >= 0 && ahead > 0, "\(threads) threads that work \(ahead) items ahead")
    (self.ahead, nextItem, self.work) = (ahead, items, work)
    if threads > 0 {
      let queue = OperationQueue()
      queue.maxConcurrentOperationCount = threads
      self.queue = queue
    } else {
      queue = nil
    }
  }

  deinit { queue?.cancelAllOperations() }

  /// The next result; nil after the last item.
  public func next() -> Value? {
    guard let queue else { return nextItem().map(work) }
    while pending.count < ahead, let item = nextItem() {
      let (slot, work) = (Slot(), work)
      queue.addOperation { slot.put(work(item)) }
      pending.append(slot)
    }
    return pending.isEmpty ? nil : pending.removeFirst().take()
  }
}

// ExportDesk: exports of the link tree that people ask for and watch, one at a time.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "migration/adoption_desk.h"
#include "migration/link_exporter.h"

namespace berth {

struct ExportView {
  std::uint64_t run = 0;
  bool is_running = false;
  LinkAction action = LinkAction::write;
  std::string failure = {};  ///< why it ended early
  ExportReport report = {};
  std::uint64_t first = 0;  ///< number of the first difference below
  std::vector<std::string> differences = {};
};

/// Threading: any thread where nothing else is said. Lifetime: outlives the loop; the loop ends after stop().
class ExportDesk {
 public:
  ExportDesk(boost::asio::any_io_executor loop, LinkExporter& exporter, AdoptionDesk& adoption, Log& log);

  /// Refused: conflict (one is under way, or the volume's own links are not read yet).
  Result<std::uint64_t> start(LinkAction action);
  /// The latest, with differences from number `from` on; nothing if it has another number.
  std::optional<ExportView> look(std::uint64_t run, std::uint64_t from);

  /// What waits in the queue, for the background and on the loop. Nothing while an export goes on, or adoption.
  Task<> write_queue();
  /// On the loop: makes the tree equal once, if links are to be followed and never were.
  Task<> begin_following(LinkStore& links);

  /// After the loop has ended: what is left in the queue.
  Task<> write_last() { return exporter_.write_queue_to_end(); }

  void stop() { is_stopping_ = true; }

 private:
  Task<> run_by_hand(LinkAction action);

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  LinkExporter& exporter_;
  AdoptionDesk& adoption_;
  Log& log_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  // Loop only.
  bool is_exporting_ = false;
  // Guarded by mutex_.
  std::mutex mutex_;
  ExportView view_;
};

}  // namespace berth

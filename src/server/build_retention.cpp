#include "server/build_retention.h"

namespace berth {

RetentionEngineOptions build_retention_engine_options(const ServerConfig& config) {
  return {.entry_limit = config.retention.entry_limit,
          .grace = config.gc.grace,
          .uses_trash = config.trash.keep_or_default().count() > 0,
          .deletions_per_second = config.retention.deletions_per_second};
}

RetentionDeskOptions build_retention_desk_options(const ReadOnlyMode& read_only) {
  return {.read_only = &read_only};
}

Jobs::Jobs(JobStore& store, const Clock& clock, Metrics& metrics)
    : book(store, clock, metrics),
      collection(book.add("garbage-collection", "reviews")),
      scrub(book.add("scrub", "bytes")),
      upload_purge(book.add("upload-purge", "uploads")),
      retention(book.add("retention", "deletions")),
      adoption(book.add("adoption", "repositories")),
      snapshot(book.add("metadata-snapshot", "")) {}

}  // namespace berth

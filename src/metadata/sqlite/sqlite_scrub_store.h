// SqliteScrubStore: what a check of the stored bytes asks the embedded metadata database.
#pragma once

#include <vector>

#include "metadata/scrub_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteScrubStore final : public ScrubStore {
 public:
  SqliteScrubStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<std::vector<BlobRecord>> list_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<std::vector<BlobRecord>> least_recently_verified(WallTime before, std::optional<BlobRecord> after,
                                                        std::size_t limit) override;
  Task<std::optional<BlobRecord>> find_blob_record(Digest digest) override;
  Task<std::vector<Digest>> without_record(std::vector<Digest> digests) override;
  Task<> record_verified(std::vector<Digest> digests, WallTime now) override;
  Task<bool> mark_blob_found(Digest digest, WallTime now) override;
  Task<AffectedImages> images_of(Digest digest, std::size_t limit) override;
  Task<std::optional<SharedBytes>> manifest_bytes(Digest digest) override;
  Task<bool> must_compare() override;
  Task<> set_must_compare(bool is_on) override;
  Task<std::vector<WallTime>> note_orphans(std::vector<Digest> digests, WallTime now) override;
  Task<std::size_t> forget_orphans(WallTime before, std::size_t limit) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth

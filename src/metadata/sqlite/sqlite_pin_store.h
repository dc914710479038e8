// SqlitePinStore: pins in the embedded metadata database.
#pragma once

#include "metadata/pin_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqlitePinStore final : public PinStore {
 public:
  SqlitePinStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<bool> put_pin(Pin pin) override;
  Task<bool> delete_pin(RepositoryName repository, Digest digest, WallTime review_due) override;
  Task<PinPage> list_pins(std::string from, std::size_t limit) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth

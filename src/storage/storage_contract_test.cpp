// Runs the contract against every storage there is, also behind faults that a caller must not notice.
#include "storage/storage_contract.h"

#include "storage/filesystem/filesystem_storage.h"
#include "storage/measured_storage.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/faulty_blob_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

class MemoryUnderTest final : public StorageUnderTest {
 public:
  BlobStore& blobs() override { return storage_.blobs(); }
  BlobFiles& files() override { return storage_.files(); }
  BlobUploads& uploads() override { return storage_.uploads(); }
  IdentityFile& identity() override { return storage_.identity(); }

 private:
  ManualClock clock_;
  MemoryStorage storage_{clock_};
};

class FilesystemUnderTest final : public StorageUnderTest {
 public:
  BlobStore& blobs() override { return storage_.blobs(); }
  BlobFiles& files() override { return storage_.files(); }
  BlobUploads& uploads() override { return storage_.uploads(); }
  IdentityFile& identity() override { return storage_.identity(); }

 private:
  TemporaryDirectory directory_;
  SystemEntropy entropy_;
  BlockingPool disk_{"disk", 2, 64};
  // Small steps, so that the contract's megabytes cross every border.
  FilesystemStorage storage_{{.root = directory_.file("root"),
                              .writeback_interval_bytes = 64 << 10,
                              .reread_buffer_bytes = 10'000,
                              .reread_job_bytes = 100'000},
                             disk_,
                             entropy_};
};

class MeasuredUnderTest final : public StorageUnderTest {
 public:
  BlobStore& blobs() override { return blobs_; }
  BlobFiles& files() override { return inner_.files(); }
  BlobUploads& uploads() override { return uploads_; }
  IdentityFile& identity() override { return inner_.identity(); }

 private:
  MemoryUnderTest inner_;
  ManualClock clock_;
  Metrics metrics_;
  StorageActions actions_{metrics_, "memory"};
  MeasuredBlobStore blobs_{inner_.blobs(), actions_, clock_};
  MeasuredBlobUploads uploads_{inner_.uploads(), actions_, clock_};
};

template <class Inner>
class FaultyUnderTest final : public StorageUnderTest {
 public:
  FaultyUnderTest() {
    blobs_.faults().set_chances({.delay = 0.5});
    uploads_.faults().set_chances({.short_write = 0.5, .delay = 0.5});
  }
  BlobStore& blobs() override { return blobs_; }
  BlobFiles& files() override { return inner_.files(); }
  BlobUploads& uploads() override { return uploads_; }
  IdentityFile& identity() override { return inner_.identity(); }

 private:
  Inner inner_;
  FaultyBlobStore blobs_{inner_.blobs(), 1};
  FaultyBlobUploads uploads_{inner_.uploads(), 2};
};

template <class Storage>
StorageFactory factory(const std::string& name) {
  return {.name = name, .make = [] { return std::make_unique<Storage>(); }};
}

INSTANTIATE_TEST_SUITE_P(Storages, StorageContract,
                         testing::Values(factory<MemoryUnderTest>("memory"), factory<FilesystemUnderTest>("filesystem"),
                                         factory<MeasuredUnderTest>("measured"),
                                         factory<FaultyUnderTest<MemoryUnderTest>>("slow_memory"),
                                         factory<FaultyUnderTest<FilesystemUnderTest>>("slow_filesystem")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace berth

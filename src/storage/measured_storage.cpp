#include "storage/measured_storage.h"

#include <chrono>
#include <utility>

namespace berth {

namespace {

// Observes when it goes, also when the call threw.
class Timing {
 public:
  Timing(Histogram& histogram, const Clock& clock) : histogram_(histogram), clock_(clock), begun_(clock.monotonic()) {}
  ~Timing() { histogram_.observe(std::chrono::duration<double>(clock_.monotonic() - begun_).count()); }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

 private:
  Histogram& histogram_;
  const Clock& clock_;
  MonotonicTime begun_;
};

Histogram& action(Metrics& metrics, const std::string& driver, const char* name) {
  return metrics.histogram("registry_storage_action_seconds", "The number of seconds that the storage action takes.",
                           {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
                           {{"driver", driver}, {"action", name}});
}

class MeasuredUpload final : public BlobUpload {
 public:
  MeasuredUpload(std::unique_ptr<BlobUpload> inner, StorageActions& actions, const Clock& clock)
      : inner_(std::move(inner)), actions_(actions), clock_(clock) {}

  Task<> append(std::span<const std::byte> bytes) override { return inner_->append(bytes); }
  Task<> expect_size(std::uint64_t total_bytes) override { return inner_->expect_size(total_bytes); }
  std::uint64_t size_bytes() const override { return inner_->size_bytes(); }
  Task<UploadProgress> sync() override { return inner_->sync(); }
  Task<Digest> seal(HashAlgorithm algorithm) override { return inner_->seal(algorithm); }
  Task<SealOutcome> append_and_seal(std::span<const std::byte> last, HashAlgorithm algorithm) override {
    return inner_->append_and_seal(last, algorithm);
  }
  Task<> publish(Digest digest) override {
    const Timing timing(actions_.move, clock_);
    co_await inner_->publish(digest);
  }
  Task<> discard() override {
    const Timing timing(actions_.remove, clock_);
    co_await inner_->discard();
  }

 private:
  std::unique_ptr<BlobUpload> inner_;
  StorageActions& actions_;
  const Clock& clock_;
};

}  // namespace

StorageActions::StorageActions(Metrics& metrics, const std::string& driver)
    : stat(action(metrics, driver, "Stat")),
      reader(action(metrics, driver, "Reader")),
      put_content(action(metrics, driver, "PutContent")),
      remove(action(metrics, driver, "Delete")),
      writer(action(metrics, driver, "Writer")),
      move(action(metrics, driver, "Move")) {}

Task<std::optional<BlobInfo>> MeasuredBlobStore::find(Digest digest) {
  const Timing timing(actions_.stat, clock_);
  co_return co_await inner_.find(digest);
}

Task<std::optional<ByteSource>> MeasuredBlobStore::open(Digest digest) {
  const Timing timing(actions_.reader, clock_);
  co_return co_await inner_.open(digest);
}

Task<> MeasuredBlobStore::put(Digest digest, SharedBytes bytes) {
  const Timing timing(actions_.put_content, clock_);
  co_await inner_.put(digest, std::move(bytes));
}

Task<bool> MeasuredBlobStore::delete_without_reference_check(Digest digest) {
  const Timing timing(actions_.remove, clock_);
  co_return co_await inner_.delete_without_reference_check(digest);
}

Task<std::unique_ptr<BlobUpload>> MeasuredBlobUploads::open(UploadId id, UploadProgress progress) {
  const Timing timing(actions_.writer, clock_);
  std::unique_ptr<BlobUpload> upload = co_await inner_.open(std::move(id), std::move(progress));
  if (!upload) co_return nullptr;
  co_return std::make_unique<MeasuredUpload>(std::move(upload), actions_, clock_);
}

Task<bool> MeasuredBlobUploads::remove(UploadId id) {
  const Timing timing(actions_.remove, clock_);
  co_return co_await inner_.remove(std::move(id));
}

}  // namespace berth

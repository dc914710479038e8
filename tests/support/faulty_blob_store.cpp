#include "tests/support/faulty_blob_store.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth {
namespace {

Task<> pause(int rounds) {
  for (int round = 0; round < rounds; ++round) co_await boost::asio::post(boost::asio::use_awaitable);
}

bool can_fail_after(StorageCall call) {
  return call == StorageCall::put_blob || call == StorageCall::delete_blob || call == StorageCall::publish;
}

class FaultyBlobUpload final : public BlobUpload {
 public:
  FaultyBlobUpload(std::unique_ptr<BlobUpload> inner, Faults& faults) : inner_(std::move(inner)), faults_(faults) {}

  Task<> append(std::span<const std::byte> bytes) override {
    require_whole();
    const Faults::Fate fate = faults_.decide(StorageCall::append);
    co_await pause(fate.delay_rounds);
    fate.throw_if_before();
    while (fate.is_shortened && bytes.size() > 1) {
      const std::size_t piece = faults_.pick(bytes.size());
      co_await inner_->append(bytes.first(piece));
      bytes = bytes.subspan(piece);
    }
    co_await inner_->append(bytes);
  }

  Task<> expect_size(std::uint64_t total_bytes) override {
    require_whole();
    const Faults::Fate fate = faults_.decide(StorageCall::other);
    co_await pause(fate.delay_rounds);
    fate.throw_if_before();
    co_await inner_->expect_size(total_bytes);
  }

  std::uint64_t size_bytes() const override { return inner_->size_bytes(); }

  Task<UploadProgress> sync() override {
    co_await breakable(StorageCall::sync);
    co_return co_await inner_->sync();
  }

  Task<Digest> seal(HashAlgorithm algorithm) override {
    co_await breakable(StorageCall::seal);
    co_return co_await inner_->seal(algorithm);
  }

  Task<> publish(Digest digest) override {
    require_whole();
    const Faults::Fate fate = faults_.decide(StorageCall::publish);
    co_await pause(fate.delay_rounds);
    is_broken_ = fate.fails_before || fate.fails_after;
    fate.throw_if_before();
    co_await inner_->publish(digest);
    fate.throw_if_after();
  }

  Task<> discard() override {
    const Faults::Fate fate = faults_.decide(StorageCall::discard);
    co_await pause(fate.delay_rounds);
    fate.throw_if_before();
    co_await inner_->discard();
  }

 private:
  void require_whole() const {
    if (is_broken_) throw Failure(FailureKind::storage, "an earlier sync or publish of this upload failed");
  }

  Task<> breakable(StorageCall call) {
    require_whole();
    const Faults::Fate fate = faults_.decide(call);
    co_await pause(fate.delay_rounds);
    is_broken_ = fate.fails_before;
    fate.throw_if_before();
  }

  std::unique_ptr<BlobUpload> inner_;
  Faults& faults_;
  bool is_broken_ = false;
};

}  // namespace

void Faults::set_chances(const FaultChances& chances) {
  const std::scoped_lock lock(mutex_);
  chances_ = chances;
}

void Faults::fail_next(StorageCall call, FailureKind kind, FaultMoment moment, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  demands_.insert_or_assign(call, Demand{.kind = kind, .moment = moment, .count = count});
}

void Faults::shorten_next_read() {
  const std::scoped_lock lock(mutex_);
  shorten_next_read_ = true;
}

std::size_t Faults::failed_count() const {
  const std::scoped_lock lock(mutex_);
  return failed_count_;
}

Faults::Fate Faults::decide(StorageCall call) {
  const std::scoped_lock lock(mutex_);
  Fate fate{.kind = chances_.kind};
  if (happens_locked(chances_.delay)) fate.delay_rounds = std::uniform_int_distribution(1, 5)(random_);
  fate.fails_before = happens_locked(chances_.failure);
  fate.fails_after = !fate.fails_before && can_fail_after(call) && happens_locked(chances_.failure_after);
  if (call == StorageCall::append) fate.is_shortened = happens_locked(chances_.short_write);
  if (call == StorageCall::open_blob) {
    fate.is_shortened = happens_locked(chances_.short_read) || shorten_next_read_;
    shorten_next_read_ = false;
  }
  if (const auto demand = demands_.find(call); demand != demands_.end()) {
    fate.fails_before = demand->second.moment == FaultMoment::before;
    fate.fails_after = !fate.fails_before;
    fate.kind = demand->second.kind;
    if (--demand->second.count == 0) demands_.erase(demand);
  }
  if (fate.fails_before || fate.fails_after) ++failed_count_;
  return fate;
}

std::size_t Faults::pick(std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  return std::uniform_int_distribution<std::size_t>(1, limit)(random_);
}

bool Faults::happens_locked(double chance) {
  return chance > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < chance;
}

void Faults::Fate::throw_if_before() const {
  if (fails_before) throw Failure(kind, "a fault of the test, before the call");
}

void Faults::Fate::throw_if_after() const {
  if (fails_after) throw Failure(kind, "a fault of the test, after the call");
}

Task<std::optional<BlobInfo>> FaultyBlobStore::find(Digest digest) {
  const Faults::Fate fate = faults_.decide(StorageCall::find_blob);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_return co_await inner_.find(digest);
}

Task<std::optional<ByteSource>> FaultyBlobStore::open(Digest digest) {
  const Faults::Fate fate = faults_.decide(StorageCall::open_blob);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  std::optional<ByteSource> source = co_await inner_.open(digest);
  if (source && fate.is_shortened && source->size() > 0) {
    source = source->slice(0, source->size() - faults_.pick(static_cast<std::size_t>(source->size())));
  }
  co_return source;
}

Task<> FaultyBlobStore::put(Digest digest, SharedBytes bytes) {
  const Faults::Fate fate = faults_.decide(StorageCall::put_blob);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_await inner_.put(digest, std::move(bytes));
  fate.throw_if_after();
}

Task<bool> FaultyBlobStore::delete_without_reference_check(Digest digest) {
  const Faults::Fate fate = faults_.decide(StorageCall::delete_blob);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  const bool was_there = co_await inner_.delete_without_reference_check(digest);
  fate.throw_if_after();
  co_return was_there;
}

Task<StorageSpace> FaultyBlobStore::space() {
  const Faults::Fate fate = faults_.decide(StorageCall::space);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_return co_await inner_.space();
}

Task<> FaultyBlobStore::check_health() {
  const Faults::Fate fate = faults_.decide(StorageCall::check_health);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_await inner_.check_health();
}

Task<std::unique_ptr<BlobUpload>> FaultyBlobUploads::open(UploadId id, UploadProgress progress) {
  const Faults::Fate fate = faults_.decide(StorageCall::open_upload);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  std::unique_ptr<BlobUpload> upload = co_await inner_.open(std::move(id), std::move(progress));
  if (!upload) co_return nullptr;
  co_return std::make_unique<FaultyBlobUpload>(std::move(upload), faults_);
}

Task<bool> FaultyBlobUploads::remove(UploadId id) {
  const Faults::Fate fate = faults_.decide(StorageCall::other);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_return co_await inner_.remove(std::move(id));
}

Task<std::vector<UploadFile>> FaultyBlobUploads::list(std::optional<UploadId> after, std::size_t limit) {
  const Faults::Fate fate = faults_.decide(StorageCall::other);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_return co_await inner_.list(std::move(after), limit);
}

Task<std::size_t> FaultyBlobUploads::remove_stale_temporaries(WallTime older_than) {
  const Faults::Fate fate = faults_.decide(StorageCall::other);
  co_await pause(fate.delay_rounds);
  fate.throw_if_before();
  co_return co_await inner_.remove_stale_temporaries(older_than);
}

}  // namespace berth

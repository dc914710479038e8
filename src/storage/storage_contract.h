// What every implementation of BlobStore, BlobFiles, BlobUploads and IdentityFile must do. A test program includes this
// and instantiates StorageContract with the implementations it has.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/failure.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"
#include "storage/identity_file.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"

namespace berth {

/// A storage that is empty when made, with all that it needs.
class StorageUnderTest {
 public:
  virtual ~StorageUnderTest() = default;
  virtual BlobStore& blobs() = 0;
  virtual BlobFiles& files() = 0;
  virtual BlobUploads& uploads() = 0;
  virtual IdentityFile& identity() = 0;
};

struct StorageFactory {
  std::string name;
  std::function<std::unique_ptr<StorageUnderTest>()> make;
};

class StorageContract : public testing::TestWithParam<StorageFactory> {
 protected:
  BlobStore& blobs() { return storage_->blobs(); }
  BlobFiles& files() { return storage_->files(); }
  BlobUploads& uploads() { return storage_->uploads(); }
  IdentityFile& identity() { return storage_->identity(); }

  static std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
  static Digest digest(std::string_view text) { return digest_of(HashAlgorithm::sha256, text); }
  static UploadId upload_id(std::string_view text) { return UploadId::parse(text).value(); }

  std::unique_ptr<BlobUpload> open(std::string_view id, UploadProgress progress = {}) {
    return run_task(uploads().open(upload_id(id), std::move(progress)));
  }
  static void append(BlobUpload& upload, std::string_view text) { run_task(upload.append(bytes_of(text))); }
  std::optional<std::string> content(const Digest& digest) {
    const std::optional<ByteSource> source = run_task(blobs().open(digest));
    if (!source) return std::nullopt;
    return read_all(*source);
  }
  std::vector<std::string> upload_names() {
    std::vector<std::string> names;
    for (const UploadFile& file : run_task(uploads().list(std::nullopt, 100))) names.push_back(file.id.text());
    return names;
  }

 private:
  std::unique_ptr<StorageUnderTest> storage_ = GetParam().make();
};

// --- BlobStore
// --------------------------------------------------------------------------------------------------------

TEST_P(StorageContract, HasNoBlobThatNobodyPut) {
  EXPECT_FALSE(run_task(blobs().find(digest("x"))).has_value());
  EXPECT_FALSE(run_task(blobs().open(digest("x"))).has_value());
  EXPECT_FALSE(run_task(blobs().delete_without_reference_check(digest("x"))));
}

TEST_P(StorageContract, ServesWhatWasPut) {
  run_task(blobs().put(digest("hello"), SharedBytes("hello")));
  ASSERT_TRUE(run_task(blobs().find(digest("hello"))).has_value());
  EXPECT_EQ(run_task(blobs().find(digest("hello")))->size_bytes, 5U);
  EXPECT_EQ(content(digest("hello")), "hello");
  EXPECT_FALSE(content(digest("hellO")).has_value());
}

TEST_P(StorageContract, ServesAnEmptyBlob) {
  run_task(blobs().put(digest(""), SharedBytes("")));
  EXPECT_EQ(run_task(blobs().find(digest("")))->size_bytes, 0U);
  EXPECT_EQ(content(digest("")), "");
}

TEST_P(StorageContract, ServesPartsOfABlob) {
  run_task(blobs().put(digest("0123456789"), SharedBytes("0123456789")));
  const std::optional<ByteSource> source = run_task(blobs().open(digest("0123456789")));
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(read_all(source->slice(3, 4)), "3456");
  EXPECT_EQ(read_all(source->slice(3, 4).slice(1, 2)), "45");
}

TEST_P(StorageContract, PutsOverWhateverIsThere) {
  // A damaged blob heals by being put again; the store itself does not look at the bytes.
  run_task(blobs().put(digest("good"), SharedBytes("bad!!")));
  const std::optional<ByteSource> before = run_task(blobs().open(digest("good")));
  run_task(blobs().put(digest("good"), SharedBytes("good")));
  EXPECT_EQ(content(digest("good")), "good");
  EXPECT_EQ(read_all(*before), "bad!!") << "an answer under way keeps the bytes it began with";
}

TEST_P(StorageContract, KeepsAlgorithmsApart) {
  const Digest sha512 = digest_of(HashAlgorithm::sha512, "hello");
  run_task(blobs().put(sha512, SharedBytes("hello")));
  EXPECT_FALSE(content(digest("hello")).has_value());
  EXPECT_EQ(content(sha512), "hello");
}

TEST_P(StorageContract, DeletesABlobOnce) {
  run_task(blobs().put(digest("a"), SharedBytes("a")));
  run_task(blobs().put(digest("b"), SharedBytes("b")));
  EXPECT_TRUE(run_task(blobs().delete_without_reference_check(digest("a"))));
  EXPECT_FALSE(run_task(blobs().find(digest("a"))).has_value());
  EXPECT_FALSE(content(digest("a")).has_value());
  EXPECT_FALSE(run_task(blobs().delete_without_reference_check(digest("a"))));
  EXPECT_EQ(content(digest("b")), "b");
}

TEST_P(StorageContract, KeepsABlobReadableWhileItIsHeld) {
  run_task(blobs().put(digest("held"), SharedBytes("held")));
  const std::optional<ByteSource> source = run_task(blobs().open(digest("held")));
  EXPECT_TRUE(run_task(blobs().delete_without_reference_check(digest("held"))));
  EXPECT_EQ(read_all(*source), "held");
}

TEST_P(StorageContract, TakesADeletedBlobAgain) {
  run_task(blobs().put(digest("a"), SharedBytes("a")));
  run_task(blobs().delete_without_reference_check(digest("a")));
  run_task(blobs().put(digest("a"), SharedBytes("a")));
  EXPECT_EQ(content(digest("a")), "a");
}

TEST_P(StorageContract, TellsItsSpaceAndThatItIsWell) {
  const StorageSpace space = run_task(blobs().space());
  EXPECT_GT(space.total_bytes, 0U);
  EXPECT_LE(space.available_bytes, space.total_bytes);
  EXPECT_NO_THROW(run_task(blobs().check_health()));
}

// --- BlobFiles
// --------------------------------------------------------------------------------------------------------

TEST_P(StorageContract, ListsFilesOfBlobsInPages) {
  EXPECT_TRUE(run_task(files().list({}, 10)).entries.empty());
  std::map<std::string, std::uint64_t> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string text = "blob " + std::to_string(i);
    const Digest each = i % 4 == 0 ? digest_of(HashAlgorithm::sha512, text) : digest(text);
    run_task(blobs().put(each, SharedBytes(text)));
    expected.emplace(each.to_string(), text.size());
  }
  for (const std::size_t limit : {1U, 7U, 40U, 100U}) {
    std::map<std::string, std::uint64_t> listed;
    std::size_t count = 0;
    for (std::optional<FilePosition> position = FilePosition(); position;) {
      const StoredFilePage page = run_task(files().list(*position, limit));
      EXPECT_LE(page.entries.size(), limit);
      for (const StoredFile& file : page.entries) {
        ASSERT_TRUE(file.digest.has_value()) << file.path;
        listed.emplace(file.digest->to_string(), file.size_bytes);
        ++count;
      }
      position = page.next;
    }
    EXPECT_EQ(listed, expected);
    EXPECT_EQ(count, expected.size()) << "each once";
  }
}

TEST_P(StorageContract, LooksAtFilesOneForEach) {
  run_task(blobs().put(digest("small"), SharedBytes("small")));
  run_task(blobs().put(digest("larger than that"), SharedBytes("larger than that")));
  const std::vector<Digest> asked{digest("larger than that"), digest("nobody's"), digest("small")};
  const std::vector<FileLook> sizes = run_task(files().look_at(asked, 0));
  ASSERT_EQ(sizes.size(), 3U);
  EXPECT_EQ(sizes[0].size_bytes, 16U);
  EXPECT_FALSE(sizes[1].size_bytes.has_value());
  EXPECT_EQ(sizes[2].size_bytes, 5U);
  EXPECT_EQ(sizes[2].bytes.view(), "");
  const std::vector<FileLook> looks = run_task(files().look_at(asked, 5));
  EXPECT_EQ(looks[0].size_bytes, 16U);
  EXPECT_EQ(looks[0].bytes.view(), "") << "more than was to be read";
  EXPECT_FALSE(looks[1].size_bytes.has_value());
  EXPECT_EQ(looks[2].bytes.view(), "small");
}

TEST_P(StorageContract, MovesADamagedFileAside) {
  run_task(blobs().put(digest("good"), SharedBytes("bad")));
  run_task(blobs().put(digest("other"), SharedBytes("other")));
  const std::optional<std::string> place = run_task(files().quarantine(digest("good")));
  EXPECT_EQ(place, "berth/quarantine/sha256-" + digest("good").hex());
  EXPECT_FALSE(content(digest("good")).has_value());
  EXPECT_FALSE(run_task(files().quarantine(digest("good"))).has_value());
  run_task(blobs().put(digest("good"), SharedBytes("worse")));
  EXPECT_EQ(run_task(files().quarantine(digest("good"))), *place + ".2") << "what lies there stays";
  run_task(blobs().put(digest("good"), SharedBytes("good")));
  EXPECT_EQ(content(digest("good")), "good");
  EXPECT_EQ(run_task(files().list({}, 10)).entries.size(), 2U);
}

// --- BlobUpload
// -------------------------------------------------------------------------------------------------------

TEST_P(StorageContract, PublishesWhatWasAppended) {
  const auto upload = open("u1");
  ASSERT_NE(upload, nullptr);
  append(*upload, "hello ");
  append(*upload, "");
  append(*upload, "world");
  EXPECT_EQ(upload->size_bytes(), 11U);
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello world"));
  EXPECT_FALSE(content(digest("hello world")).has_value()) << "nothing is visible before publish()";
  run_task(upload->publish(digest("hello world")));
  EXPECT_EQ(content(digest("hello world")), "hello world");
  EXPECT_TRUE(upload_names().empty());
}

TEST_P(StorageContract, SealsWithTheLastBytesInOneStep) {
  const auto upload = open("u1");
  append(*upload, "hello ");
  const SealOutcome sealed = run_task(upload->append_and_seal(bytes_of("world"), HashAlgorithm::sha256));
  EXPECT_EQ(sealed.digest, digest("hello world"));
  EXPECT_FALSE(sealed.append_failure);
  EXPECT_EQ(upload->size_bytes(), 11U);
  run_task(upload->publish(digest("hello world")));
  EXPECT_EQ(content(digest("hello world")), "hello world");

  const auto whole = open("u2");
  const Digest sha512 = digest_of(HashAlgorithm::sha512, "all of it");
  EXPECT_EQ(run_task(whole->append_and_seal(bytes_of("all of it"), HashAlgorithm::sha512)).digest, sha512);
  run_task(whole->publish(sha512));
  EXPECT_EQ(content(sha512), "all of it");

  EXPECT_EQ(run_task(open("u3")->append_and_seal({}, HashAlgorithm::sha256)).digest, digest(""));
}

TEST_P(StorageContract, PublishesAnEmptyUpload) {
  const auto upload = open("u1");
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest(""));
  run_task(upload->publish(digest("")));
  EXPECT_EQ(content(digest("")), "");
}

TEST_P(StorageContract, PublishesOverWhateverIsThere) {
  run_task(blobs().put(digest("good"), SharedBytes("bad")));
  const auto upload = open("u1");
  append(*upload, "good");
  run_task(upload->seal(HashAlgorithm::sha256));
  run_task(upload->publish(digest("good")));
  EXPECT_EQ(content(digest("good")), "good");
}

TEST_P(StorageContract, SealsInAnotherAlgorithmThanWasHashed) {
  const auto upload = open("u1");
  append(*upload, "hello");
  const Digest sha512 = digest_of(HashAlgorithm::sha512, "hello");
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha512)), sha512);
  run_task(upload->publish(sha512));
  EXPECT_EQ(content(sha512), "hello");
}

TEST_P(StorageContract, GoesOnAfterASealThatDidNotFit) {
  const auto upload = open("u1");
  append(*upload, "hello");
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello"));
  append(*upload, " world");
  EXPECT_THROW(run_task(upload->publish(digest("hello"))), Failure) << "that seal is past";
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello world"));
  run_task(upload->publish(digest("hello world")));
  EXPECT_EQ(content(digest("hello world")), "hello world");
}

TEST_P(StorageContract, RefusesToPublishUnderADigestThatWasNotSealed) {
  const auto upload = open("u1");
  append(*upload, "hello");
  EXPECT_THROW(run_task(upload->publish(digest("hello"))), Failure);
  run_task(upload->seal(HashAlgorithm::sha256));
  EXPECT_THROW(run_task(upload->publish(digest("other"))), Failure);
  EXPECT_FALSE(content(digest("other")).has_value());
  EXPECT_FALSE(content(digest("hello")).has_value());
}

TEST_P(StorageContract, RefusesEverythingAfterTheEnd) {
  const auto upload = open("u1");
  append(*upload, "hello");
  run_task(upload->seal(HashAlgorithm::sha256));
  run_task(upload->publish(digest("hello")));
  EXPECT_THROW(append(*upload, "more"), Failure);
  EXPECT_THROW(run_task(upload->sync()), Failure);
  EXPECT_THROW(run_task(upload->seal(HashAlgorithm::sha256)), Failure);
  run_task(upload->discard());
  EXPECT_EQ(content(digest("hello")), "hello") << "discard() after publish() removes nothing";
}

TEST_P(StorageContract, ResumesWhereTheRecordedProgressStands) {
  UploadProgress progress;
  {
    const auto upload = open("u1");
    append(*upload, "hello ");
    progress = run_task(upload->sync());
    EXPECT_EQ(progress.durable_offset, 6U);
    append(*upload, "lost words");
  }
  const auto upload = open("u1", progress);
  ASSERT_NE(upload, nullptr);
  EXPECT_EQ(upload->size_bytes(), 6U) << "what lies beyond the recorded offset is cut off";
  append(*upload, "world");
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello world"));
  run_task(upload->publish(digest("hello world")));
  EXPECT_EQ(content(digest("hello world")), "hello world");
}

TEST_P(StorageContract, ResumesFromTheStartWithoutWhatWasNeverRecorded) {
  append(*open("u1"), "never synced");
  const auto upload = open("u1");
  EXPECT_EQ(upload->size_bytes(), 0U);
  append(*upload, "new");
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("new"));
}

TEST_P(StorageContract, HashesAgainWhenTheStateCannotBeImported) {
  UploadProgress progress;
  {
    const auto upload = open("u1");
    append(*upload, "hello ");
    progress = run_task(upload->sync());
  }
  for (const std::string& state : {std::string(), std::string("not a state"), std::string(300, 'x')}) {
    progress.hash_state = state;
    const auto upload = open("u1", progress);
    ASSERT_NE(upload, nullptr);
    append(*upload, "world");
    EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello world"));
    EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello world"));
  }
}

TEST_P(StorageContract, HashesAgainWhenTheStateIsOfAnotherOffsetOrAlgorithm) {
  UploadProgress early;
  UploadProgress late;
  {
    const auto upload = open("u1");
    append(*upload, "hello ");
    early = run_task(upload->sync());
    append(*upload, "world");
    late = run_task(upload->sync());
  }
  late.hash_state = early.hash_state;
  EXPECT_EQ(run_task(open("u1", late)->seal(HashAlgorithm::sha256)), digest("hello world"));
  late.algorithm = HashAlgorithm::sha512;
  EXPECT_EQ(run_task(open("u1", late)->seal(HashAlgorithm::sha512)), digest_of(HashAlgorithm::sha512, "hello world"));
}

TEST_P(StorageContract, GivesAProgressThatAnotherObjectGoesOnFromEachTime) {
  UploadProgress progress{.algorithm = HashAlgorithm::sha512};
  std::string all;
  for (int round = 0; round < 4; ++round) {
    const auto upload = open("u1", progress);
    ASSERT_NE(upload, nullptr);
    const std::string part(1000U + static_cast<std::size_t>(round), static_cast<char>('a' + round));
    append(*upload, part);
    all += part;
    progress = run_task(upload->sync());
    EXPECT_EQ(progress.durable_offset, all.size());
    EXPECT_EQ(progress.algorithm, HashAlgorithm::sha512);
  }
  EXPECT_EQ(run_task(open("u1", progress)->seal(HashAlgorithm::sha512)), digest_of(HashAlgorithm::sha512, all));
}

TEST_P(StorageContract, OpensNothingWhenBytesThatWereRecordedAreGone) {
  EXPECT_EQ(open("gone", {.durable_offset = 1}), nullptr);
  {
    const auto upload = open("short");
    append(*upload, "123");
    run_task(upload->sync());
  }
  EXPECT_EQ(open("short", {.durable_offset = 4}), nullptr);
  EXPECT_NE(open("short", {.durable_offset = 3}), nullptr) << "looking did not harm the file";
}

TEST_P(StorageContract, KeepsUploadsApart) {
  const auto first = open("u1");
  const auto second = open("u2");
  append(*first, "one");
  append(*second, "two");
  append(*first, "!");
  EXPECT_EQ(run_task(second->seal(HashAlgorithm::sha256)), digest("two"));
  EXPECT_EQ(run_task(first->seal(HashAlgorithm::sha256)), digest("one!"));
}

TEST_P(StorageContract, TakesAHintOfTheSizeHoweverWrongItIs) {
  const auto upload = open("u1");
  run_task(upload->expect_size(3 << 20));
  EXPECT_EQ(upload->size_bytes(), 0U);
  append(*upload, "less than was said");
  run_task(upload->expect_size(1));
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("less than was said"));
  run_task(upload->publish(digest("less than was said")));
  EXPECT_EQ(run_task(blobs().find(digest("less than was said")))->size_bytes, 18U);
}

TEST_P(StorageContract, HoldsBigUploadsInManyPieces) {
  const auto upload = open("u1");
  std::string all;
  run_task(upload->expect_size(5 << 20));
  for (int piece = 0; piece < 20; ++piece) {
    const std::string bytes((256U << 10) + 13U, static_cast<char>('a' + piece));
    append(*upload, bytes);
    all += bytes;
  }
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha512)), digest_of(HashAlgorithm::sha512, all));
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest(all));
  run_task(upload->publish(digest(all)));
  EXPECT_EQ(content(digest(all)), all);
}

TEST_P(StorageContract, DiscardsAnUpload) {
  const auto upload = open("u1");
  append(*upload, "bytes");
  run_task(upload->discard());
  EXPECT_TRUE(upload_names().empty());
  EXPECT_THROW(append(*upload, "more"), Failure);
  EXPECT_EQ(open("u1", {.durable_offset = 5}), nullptr);
}

// --- BlobUploads
// ------------------------------------------------------------------------------------------------------

TEST_P(StorageContract, RemovesAnUploadThatIsNotOpen) {
  append(*open("u1"), "bytes");
  EXPECT_TRUE(run_task(uploads().remove(upload_id("u1"))));
  EXPECT_FALSE(run_task(uploads().remove(upload_id("u1"))));
  EXPECT_TRUE(upload_names().empty());
}

TEST_P(StorageContract, FailsToPublishAnUploadThatWasRemovedMeanwhile) {
  const auto upload = open("u1");
  append(*upload, "bytes");
  run_task(upload->seal(HashAlgorithm::sha256));
  run_task(uploads().remove(upload_id("u1")));
  EXPECT_THROW(run_task(upload->publish(digest("bytes"))), Failure);
  EXPECT_FALSE(content(digest("bytes")).has_value());
  EXPECT_FALSE(run_task(blobs().find(digest("bytes"))).has_value());
}

TEST_P(StorageContract, ListsUploadsInPages) {
  EXPECT_TRUE(upload_names().empty());
  for (const char* id : {"c", "a", "e", "b", "d"}) append(*open(id), "bytes");
  EXPECT_EQ(upload_names(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  const std::vector<UploadFile> page = run_task(uploads().list(upload_id("b"), 2));
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id.text(), "c");
  EXPECT_EQ(page[1].id.text(), "d");
  EXPECT_TRUE(run_task(uploads().list(upload_id("e"), 2)).empty());
  EXPECT_EQ(run_task(uploads().list(upload_id("bb"), 1)).at(0).id.text(), "c") << "the id after which need not exist";
}

TEST_P(StorageContract, RemovesNoUploadAsATemporary) {
  append(*open("u1"), "bytes");
  run_task(uploads().remove_stale_temporaries(WallTime::max()));
  EXPECT_EQ(upload_names(), std::vector<std::string>{"u1"});
}

// --- IdentityFile
// -----------------------------------------------------------------------------------------------------

TEST_P(StorageContract, KeepsOneIdentity) {
  EXPECT_FALSE(run_task(identity().read()).has_value());
  EXPECT_FALSE(run_task(identity().has_foreign_repositories()));
  run_task(identity().create("6b3c9a93-af5d-473f-a4ff-9710022185cd"));
  EXPECT_EQ(run_task(identity().read()), "6b3c9a93-af5d-473f-a4ff-9710022185cd");
  EXPECT_THROW(run_task(identity().create("another")), Failure);
  EXPECT_EQ(run_task(identity().read()), "6b3c9a93-af5d-473f-a4ff-9710022185cd");
}

}  // namespace berth

// The contract of AccountStore: what every implementation must do, run by each of them
// (account_store_contract_test.cpp).
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/account_store.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {

/// An empty store with what it stands on.
class AccountStoreHolder {
 public:
  virtual ~AccountStoreHolder() = default;
  virtual AccountStore& store() = 0;
};

struct AccountStoreFactory {
  std::string name;
  /// `directory` is an empty directory of its own.
  std::unique_ptr<AccountStoreHolder> (*make)(const std::filesystem::path& directory);
};

class AccountStoreContract : public testing::TestWithParam<AccountStoreFactory> {
 protected:
  using Names = std::vector<std::string>;

  static AccountName name(std::string_view text) { return AccountName::parse(text).value(); }
  static WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }
  static Digest secret(std::string_view text) { return digest_of(HashAlgorithm::sha256, text); }

  static UserRecord user(std::string_view text) {
    return {
        .name = name(text), .secret_hash = "$y$of " + std::string(text), .created = at(0), .last_login = std::nullopt};
  }
  static GroupRecord group(std::string_view text) { return {.name = name(text), .note = "people", .created = at(1)}; }
  static RobotRecord robot(std::string_view text) {
    return {.name = name(text),
            .note = "builds",
            .secret = secret(text),
            .rights = {"pull:**", "push:team/app"},
            .created = at(2),
            .created_by = "alice",
            .expires = at(1000),
            .last_used = std::nullopt};
  }
  static TokenRecord token(std::string_view id, std::string_view of) {
    return {.id = std::string(id),
            .user = name(of),
            .note = "laptop",
            .secret = secret(id),
            .rights = {},
            .created = at(3),
            .expires = std::nullopt,
            .last_used = std::nullopt};
  }
  static RuleRecord rule(std::string_view id, std::size_t position = 0) {
    return {.id = std::string(id),
            .position = position,
            .rule = "rule " + std::string(id),
            .note = "why",
            .created = at(4),
            .created_by = "alice"};
  }

  AccountStore& store() { return holder_->store(); }

  /// "1 a, 2 b": positions and ids.
  std::string rules() {
    std::string text;
    for (const RuleRecord& each : run_task(store().list_rules(0, 1000)).entries) {
      text += (text.empty() ? "" : ", ") + std::to_string(each.position) + " " + each.id;
    }
    return text;
  }

  /// Runs tasks side by side, so that their commits can be shared.
  static void run_together(std::vector<Task<bool>> tasks) {
    boost::asio::io_context loop(1);
    std::exception_ptr first;
    for (Task<bool>& task : tasks) {
      boost::asio::co_spawn(loop, std::move(task), [&first](const std::exception_ptr& error, bool was_done) {
        EXPECT_TRUE(was_done);
        if (error && !first) first = error;
      });
    }
    loop.run();
    if (first) std::rethrow_exception(first);
  }

  /// All names of a list, walked `limit` at a time.
  template <class List, class NameOf>
  static Names walk(List list, NameOf name_of, std::size_t limit) {
    Names names;
    std::optional<std::string> after;
    for (;;) {
      const auto page = run_task(list(after, limit));
      EXPECT_LE(page.entries.size(), limit);
      for (const auto& entry : page.entries) names.push_back(name_of(entry));
      if (!page.has_more) return names;
      after = names.back();
    }
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<AccountStoreHolder> holder_ = GetParam().make(directory_.path());
};

}  // namespace berth

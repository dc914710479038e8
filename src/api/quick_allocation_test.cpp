// A hot request allocates nothing, from the socket through the cache and back: counted, not timed.
#include <gtest/gtest.h>

// The sanitizers bring a malloc of their own, which cannot be counted this way.
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "http/server.h"
#include "tests/support/api_in_memory.h"

namespace {

std::atomic<bool> is_counting{false};
std::atomic<std::size_t> allocation_count{0};

void count_allocation() {
  if (is_counting.load(std::memory_order_relaxed)) allocation_count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// glibc's own under their second names; what is allocated here is freed by the usual free().
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  count_allocation();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  count_allocation();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}

namespace berth {
namespace {

class QuickAllocation : public testing::Test {
 protected:
  explicit QuickAllocation(std::vector<Authenticator*> authenticators = {})
      : api_(policy_with_deletes(), {}, std::move(authenticators), {.pulls = &pulls_}) {
    server_.start();
    const std::string address = server_.bound_addresses().at(0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  }

  /// Sends the request and takes the answer, which has `size` bytes.
  void exchange(const std::string& request, std::size_t size) {
    ASSERT_EQ(::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    ASSERT_EQ(::recv(socket_.get(), answer_.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
  }
  std::size_t size_of_answer(const std::string& request) {
    ::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
    std::size_t filled = 0;
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), answer_.data() + filled, answer_.size() - filled, 0);
      if (count <= 0) return 0;
      filled += static_cast<std::size_t>(count);
      const std::string_view text(answer_.data(), filled);
      const std::size_t end = text.find("\r\n\r\n");
      const std::size_t field = text.find("Content-Length: ");
      if (end == std::string_view::npos || field == std::string_view::npos) continue;
      const std::size_t length = request.starts_with("HEAD") ? 0 : std::stoul(std::string(text.substr(field + 16, 20)));
      if (filled == end + 4 + length) return filled;
    }
  }

  /// Each hot request, with these fields more.
  void expect_no_allocation(const std::string& more) {
    const std::string layer(50'000, 'l');
    const std::string image = api_.world.image("team/app", layer);
    ASSERT_EQ(api_.client.put("/v2/team/app/manifests/v1", {.body = image}).status, 201U);
    const std::string fields =
        " HTTP/1.1\r\nHost: registry.example:5000\r\nUser-Agent: docker/20.10\r\n" + more + "Accept: */*\r\n\r\n";
    for (const std::string& start :
         {std::string("GET /v2/team/app/manifests/v1"), std::string("HEAD /v2/team/app/manifests/v1"),
          "GET /v2/team/app/manifests/" + sha256_of(image).to_string(),
          "GET /v2/team/app/blobs/" + sha256_of(layer).to_string(),
          "HEAD /v2/team/app/blobs/" + sha256_of(layer).to_string(), std::string("GET /v2/team/app/tags/list?n=10"),
          std::string("GET /v2/_catalog"), std::string("GET /v2/")}) {
      const std::string request = start + fields;
      std::size_t size = 0;
      for (int i = 0; i < 50; ++i) size = size_of_answer(request);
      ASSERT_GT(size, 0U) << start;
      allocation_count = 0;
      is_counting = true;
      for (int i = 0; i < 1000; ++i) exchange(request, size);
      is_counting = false;
      EXPECT_EQ(allocation_count, 0U) << start;
    }
    EXPECT_NE(pull_metrics_.render().find("berth_pull_times_marks 1"), std::string::npos) << "pulls were noted";
  }

  MemoryMetadataStore pulled_;
  ManualClock clock_;
  Metrics pull_metrics_;
  PullTimes pulls_{pulled_, clock_, pull_metrics_};
  ApiInMemory api_;
  http::Server server_{{.listeners = {{.address = "127.0.0.1:0"}}, .tls = {}, .limits = {}, .loop_count = 1},
                       api_.api.handler(),
                       {},
                       *api_.world.log,
                       api_.metrics,
                       api_.api.quick_handler()};
  UniqueFd socket_;
  std::string answer_ = std::string(1 << 20, '\0');
};

/// Whoever comes is the user that he says.
class EveryUser final : public Authenticator {
 public:
  Task<Authentication> authenticate(Credentials credentials) override {
    const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
    Identity who{.kind = IdentityKind::user,
                 .name = basic != nullptr ? basic->user : "token",
                 .proof = basic != nullptr ? Proof::password : Proof::token};
    co_return Authentication::accept(std::make_shared<const Identity>(std::move(who)));
  }
};

EveryUser& every_user() {
  static EveryUser users;
  return users;
}

class QuickAllocationOfKnownCallers : public QuickAllocation {
 protected:
  QuickAllocationOfKnownCallers() : QuickAllocation({&every_user()}) {
    std::vector<AccessRule> rules;
    for (int i = 0; i < 1000; ++i) {
      rules.push_back(
          {.subjects = {AccessSubject::parse("user:somebody").value()},
           .actions = {AccessAction::pull},
           .repositories = {NamePattern::parse_repository("team/app" + std::to_string(i) + "/**").value()}});
    }
    rules.push_back({.subjects = {AccessSubject::parse("authenticated").value()},
                     .actions = {AccessAction::pull, AccessAction::push, AccessAction::catalog}});
    rules.push_back({.subjects = {AccessSubject::parse("anonymous").value()},
                     .actions = {AccessAction::pull, AccessAction::push},
                     .repositories = {NamePattern::parse_repository("team/*").value()}});
    api_.access.set_policy(AccessPolicy::compile({.rules = std::move(rules)}));
  }
};

TEST_F(QuickAllocation, AHotRequestAllocatesNothing) {
  expect_no_allocation("");
}

TEST_F(QuickAllocationOfKnownCallers, AHotRequestAllocatesNothing) {
  expect_no_allocation("Authorization: Basic YWxpY2U6YQ==\r\n");
  expect_no_allocation("Authorization: Bearer " + std::string(900, 'x') + "\r\n");
}

}  // namespace
}  // namespace berth

#endif

// RateLimits: how much callers may ask for in a time, and what they are told of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/identity.h"
#include "cluster/budgets.h"
#include "http/response.h"
#include "net/headers.h"
#include "net/ip_address.h"
#include "observe/metrics.h"

namespace berth {

struct OwnerLimits {
  BudgetLimit requests = {};
  BudgetLimit pulls = {};  ///< images: see PullCount
  BudgetLimit bytes = {};  ///< of answers' bodies

  bool is_set() const { return requests.is_set() || pulls.is_set() || bytes.is_set(); }
};

struct RateLimitOptions {
  OwnerLimits anonymous = {};   ///< each address, or /64 of IPv6, of callers without a name
  OwnerLimits user = {};        ///< each user
  OwnerLimits robot = {};       ///< each robot
  OwnerLimits name_space = {};  ///< each first segment of a repository's name, all callers together
  std::size_t owner_count = 100'000;

  bool is_on() const { return anonymous.is_set() || user.is_set() || robot.is_set() || name_space.is_set(); }
};

/// Who asks, and where; views that outlive the request's steps.
struct RateOwner {
  IdentityKind kind = IdentityKind::anonymous;
  std::string_view name = {};             ///< of users and robots
  std::optional<IpAddress> address = {};  ///< nothing: a unix socket's peer
  std::string_view repository = {};       ///< may be empty
};

/// What a request is to the count of pulls. A pull is a manifest that was sent to a GET and is no index: an image for
/// several platforms is fetched as its index and then one manifest, and counts once, for each platform that is fetched,
/// as Docker Hub counts. HEAD and 304 only look whether there is something new.
enum class PullCount {
  none,  ///< not about a manifest
  look,  ///< HEAD of one: is told how much is left
  take,  ///< GET of one
};

/// A request that must wait.
struct RateRefusal {
  std::string_view what;        ///< "requests", "pulls", "bytes"
  std::string_view owner_kind;  ///< "anonymous", "user", "robot", "namespace"
  BudgetLimit limit;
  std::chrono::seconds wait;
};

/// Threading: any loop. Asking allocates nothing; telling does.
class RateLimits {
 public:
  RateLimits(RateLimitOptions options, Budgets& budgets, Metrics& metrics);

  bool is_on() const { return is_on_; }

  /// Before anything is done for the request. Takes a request and, if it is one, a pull from each budget it falls
  /// under; nothing is taken if one of them has nothing left.
  std::optional<RateRefusal> admit(const RateOwner& owner, PullCount pull);

  /// The same for an answer that is ready and says nothing of limits: false if it has to go the long way. Takes the
  /// bytes, too.
  bool admit_at_once(const RateOwner& owner, PullCount pull, std::uint64_t body_bytes);

  /// When the answer is known: takes the bytes that it sends, gives back the pull if it sends none, and adds the fields
  /// that tell clients how many they have left to answers about manifests.
  void settle(const RateOwner& owner, PullCount pull, std::uint64_t body_bytes, http::Response& response);

  /// 429.
  http::Response refuse(const RateOwner& owner, const RateRefusal& refusal);

 private:
  struct Scope {
    std::string_view kind;  ///< for people
    std::string_view owner;
    const OwnerLimits* limits;
  };
  /// The caller's own, and the namespace's. Unused ones have no limits.
  std::array<Scope, 2> scopes_of(const RateOwner& owner) const;
  bool limits_pulls(const RateOwner& owner) const;
  void add_pull_fields(const RateOwner& owner, Headers& fields);
  void add_fields(Headers& fields, std::string_view what, const BudgetLimit& limit, std::uint64_t remaining,
                  std::chrono::seconds wait) const;
  void count(const RateRefusal& refusal);

  // Fixed after construction.
  const RateLimitOptions options_;
  const bool is_on_;
  Budgets& budgets_;
  Metrics& metrics_;
};

/// "team" of "team/app"; a name of one segment is its own namespace.
std::string_view namespace_of(std::string_view repository);

}  // namespace berth
